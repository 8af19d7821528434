//! `cancel`, `delete` and `audit`: actions on whole jobs, and the list of actions.

use serde_json::json;

use super::list::List;
use super::output::{Printer, counted};
use super::session::Session;
use super::{Status, show};
use crate::actions;
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

/// Deletes a job.
pub(crate) async fn delete(session: &Session, job: JobId) -> anyhow::Result<Status> {
    let context = &session.context;
    actions::delete(&session.owners, &context.objects, &session.request(), job).await?;
    eprintln!("deleted job {job} with its rows and issues; its contacts stay");
    session.result(&json!({ "deleted": job }))?;
    Ok(Status::Done)
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
