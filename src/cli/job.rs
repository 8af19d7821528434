//! `cancel`, `delete` and `audit`: actions on whole jobs, and the list of actions.

use serde_json::json;

use super::list::List;
use super::output::{Printer, counted, printable};
use super::session::Session;
use super::{Status, confirm, show};
use crate::actions::{self, JobDeletion};
use crate::domain::ids::{ActionId, JobId, RowId};
use crate::store::actions::{self as trail, ActionFilter};

/// Actions that are read at a time, however long the list is.
const AT_ONCE: i64 = 1_000;

/// Cancels a job.
pub(crate) async fn cancel(session: &Session, job: JobId) -> anyhow::Result<Status> {
    actions::cancel(&session.owners, &session.request(), job).await?;
    eprintln!("cancelled job {job}; run it again with `ingest reprocess {job}`");
    show::result_of(session, job).await?;
    Ok(Status::Done)
}

/// How to delete a job.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct DeleteArgs {
    /// Only say what would be deleted.
    #[arg(long)]
    dry_run: bool,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

/// Deletes a job, after a confirmation.
pub(crate) async fn delete(session: &Session, job: JobId, args: DeleteArgs) -> anyhow::Result<Status> {
    if args.dry_run {
        let preview = actions::preview_delete(&session.owners, &session.request(), job).await?;
        eprintln!("would delete {}; run without --dry-run to delete", in_words(job, &preview));
        let JobDeletion { filename: _, rows, issues, deletes_file } = preview;
        session.result(
            &json!({ "job": job, "rows": rows, "issues": issues.number, "deletes_file": deletes_file }),
        )?;
        return Ok(Status::Done);
    }
    if !args.yes && !is_confirmed(session, job).await? {
        eprintln!("deleted nothing");
        return Ok(Status::Failed);
    }
    let context = &session.context;
    actions::delete(&session.owners, &context.objects, &session.request(), job).await?;
    eprintln!("deleted job {job} with its rows and issues; its contacts stay");
    session.result(&json!({ "deleted": job }))?;
    Ok(Status::Done)
}

/// Asks on the terminal.
async fn is_confirmed(session: &Session, job: JobId) -> anyhow::Result<bool> {
    let preview = actions::preview_delete(&session.owners, &session.request(), job).await?;
    let what = in_words(job, &preview);
    anyhow::ensure!(
        confirm::is_attended(),
        "deleting {what} cannot be undone, and nobody is there to confirm it; add --yes, or --dry-run to change nothing"
    );
    Ok(confirm::ask_for_yes(&format!("delete {what}? Its contacts stay. This cannot be undone."))?)
}

fn in_words(job: JobId, preview: &JobDeletion) -> String {
    let JobDeletion { filename, rows, issues, deletes_file } = preview;
    let filename = printable(filename);
    let (rows, at_least) = (counted(*rows, "row"), if issues.is_all { "" } else { "at least " });
    let issues = counted(issues.number, "issue");
    match deletes_file {
        true => format!("job {job} ({filename}) with {rows}, {at_least}{issues} and its stored file"),
        false => format!("job {job} ({filename}) with {rows} and {at_least}{issues}"),
    }
}

/// Lists actions, newest first.
pub(crate) async fn audit(
    session: &Session,
    job: Option<JobId>,
    row: Option<RowId>,
    list: &List,
) -> anyhow::Result<Status> {
    let which = ActionFilter { job, row, ..ActionFilter::default() };
    let mut db = session.read().await?;
    let header = ["action", "when", "who", "what", "job", "request", "result", "undone by"];
    let mut printer = Printer::on_stdout(list.format(session), &header)?;
    let (mut shown, mut last, limit) = (0, list.after.map(ActionId), list.limit(session));
    let mut next = None;
    while shown < limit {
        let at_once = AT_ONCE.min(limit - shown);
        let page = trail::page(&mut db, &session.owner, &which, last, at_once).await?;
        for action in &page.items {
            printer.put(action, |action| {
                vec![
                    action.id.to_string(),
                    action.at.format("%Y-%m-%d %H:%M:%SZ").to_string(),
                    action.actor.clone(),
                    action.kind.to_string(),
                    action.job.map(|job| job.to_string()).unwrap_or_default(),
                    action.request.to_string(),
                    action.result.to_string(),
                    action.undone_by.map(|undo| undo.to_string()).unwrap_or_default(),
                ]
            })?;
        }
        shown += page.items.len() as i64;
        next = page.next(|action| action.id);
        if next.is_none() {
            break;
        }
        last = next;
    }
    printer.finish()?;
    if let Some(next) = next {
        eprintln!("showed {}; continue with `--after {next}`", counted(shown, "action"));
    }
    Ok(Status::Done)
}
