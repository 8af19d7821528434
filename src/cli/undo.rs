//! `undo`: undoes an action, or the import of a job.
//!
//! An undo of an action can itself be undone, so it asks on a terminal only. An undo of an import removes contacts: without a
//! terminal it needs `--yes`.

use anyhow::bail;
use tokio_util::sync::CancellationToken;

use super::contacts::report_restored;
use super::decide::{changed_rows, report_skipped, report_warnings};
use super::output::{counted, printable};
use super::session::Session;
use super::{Status, confirm, undo_progress};
use crate::actions::{self, Effect, RestoredContacts, UndoImportPreview, UndoPreview, Undone};
use crate::domain::ids::{ActionId, JobId};

/// What to undo, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct UndoArgs {
    /// The action's number, as `ingest audit` shows it.
    #[arg(required_unless_present = "import", conflicts_with = "import")]
    action: Option<ActionId>,
    /// Remove the contacts that this job created, and restore the earlier values of those it changed.
    #[arg(long, value_name = "JOB")]
    import: Option<JobId>,
    /// Only say what would be removed and restored.
    #[arg(long)]
    dry_run: bool,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

/// Undoes an action or an import.
pub(crate) async fn run(session: &Session, args: &UndoArgs) -> anyhow::Result<Status> {
    match (args.action, args.import) {
        (Some(action), _) => undo_action(session, action, args).await,
        (None, Some(job)) => undo_import(session, job, args).await,
        (None, None) => bail!("name an action, or a job with --import"),
    }
}

/// Asks on the terminal after saying what would be done.
fn is_confirmed(what: &str, would: &str) -> std::io::Result<bool> {
    eprintln!("this would {would}");
    let confirmed = confirm::ask(&format!("undo {what}? [y/N]"), &["y", "yes"])?;
    if !confirmed {
        eprintln!("undid nothing");
    }
    Ok(confirmed)
}

async fn undo_action(session: &Session, action: ActionId, args: &UndoArgs) -> anyhow::Result<Status> {
    let is_asked = !args.yes && confirm::is_attended();
    if args.dry_run || is_asked {
        let preview = actions::preview_undo(&session.owners, &session.request(), action).await?;
        let would = would_undo(&preview);
        if args.dry_run {
            eprintln!("would {would}; run without --dry-run to undo");
            report_warnings(&preview.warnings);
            session.result(&preview)?;
            return Ok(Status::Done);
        }
        if !is_confirmed(&format!("action {action}"), &would)? {
            return Ok(Status::Failed);
        }
    }
    let effect = actions::undo(&session.owners, &session.request(), action).await?;
    report(&effect);
    session.result(&effect)?;
    Ok(Status::Done)
}

/// Returns what the undo of an action would do.
fn would_undo(preview: &UndoPreview) -> String {
    let mut parts = Vec::new();
    let left = preview.left.len() as i64;
    match &preview.contacts {
        Some(contacts) => {
            let RestoredContacts { restored, email_taken, first_taken: _, values_removed } = contacts;
            parts.push(format!("restore {}", counted(*restored, "contact")));
            for (skipped, why) in [
                (*email_taken, "whose e-mail another contact has now"),
                (*values_removed, "whose values were removed"),
            ] {
                if skipped > 0 {
                    parts.push(format!("skip {} {why}", counted(skipped, "contact")));
                }
            }
        }
        None => {
            parts.push(format!("change back {}", changed_rows(&preview.changed)));
            let reopened = preview.issues.reopened + preview.issues.raised;
            for (issues, verb) in [(reopened, "open"), (preview.issues.settled, "resolve")] {
                if issues > 0 {
                    parts.push(format!("{verb} {}", counted(issues, "issue")));
                }
            }
        }
    }
    if left > 0 {
        parts.push(format!("skip {} that someone else changed", counted(left, "row")));
    }
    parts.join(", ")
}

/// Reports what the undo of an action did.
fn report(effect: &Effect) {
    if let Some(contacts) = &effect.contacts {
        return report_restored(contacts);
    }
    let opened = effect.issues.reopened + effect.issues.raised;
    eprintln!(
        "changed back {} and opened {}; {} still open",
        changed_rows(&effect.changed),
        counted(opened, "issue"),
        counted(effect.open_issues, "issue")
    );
    report_skipped(&effect.left);
}

async fn undo_import(session: &Session, job: JobId, args: &UndoArgs) -> anyhow::Result<Status> {
    if args.dry_run || !args.yes {
        let preview = actions::preview_undo_import(&session.owners, &session.request(), job).await?;
        let would = would_undo_import(&preview);
        if args.dry_run {
            eprintln!("would {would}; run without --dry-run to undo");
            session.result(&preview)?;
            return Ok(Status::Done);
        }
        if !confirm::is_attended() {
            bail!(
                "this would {would}, and nobody is there to confirm it; add --yes, or --dry-run to change nothing"
            );
        }
        if !is_confirmed(&format!("the import of job {job}"), &would)? {
            return Ok(Status::Failed);
        }
    }
    let undone = undo_import_shown(session, job).await?;
    let did = in_words(&[("removed", undone.removed), ("restored the earlier values of", undone.restored)]);
    eprintln!("{did}; job {job} is under review again");
    if !undone.kept.is_empty() {
        let kept: Vec<String> = undone.kept.iter().map(ToString::to_string).collect();
        eprintln!(
            "skipped {} changed since the import: {}",
            counted(kept.len() as i64, "contact"),
            printable(&kept.join(", "))
        );
    }
    session.result(&undone)?;
    Ok(Status::Done)
}

/// Returns what the undo of an import would do.
fn would_undo_import(preview: &UndoImportPreview) -> String {
    let UndoImportPreview { removed, restored, kept } = *preview;
    let would = in_words(&[("remove", removed), ("restore the earlier values of", restored)]);
    match kept {
        0 => would,
        kept => format!("{would}, and skip {} changed since the import", counted(kept, "contact")),
    }
}

/// Returns what is done to how many contacts, without what is done to none.
fn in_words(done: &[(&str, i64)]) -> String {
    let some = done.iter().filter(|(_, count)| *count > 0);
    let parts: Vec<String> =
        some.map(|(verb, count)| format!("{verb} {}", counted(*count, "contact"))).collect();
    match parts.is_empty() {
        true => format!("{} no contact", done.first().map_or("", |(verb, _)| verb)),
        false => parts.join(" and "),
    }
}

/// Undoes an import, and shows its progress.
async fn undo_import_shown(session: &Session, job: JobId) -> anyhow::Result<Undone> {
    let done = CancellationToken::new();
    let watch = undo_progress::watch(session.control.clone(), job, done.clone());
    let shown = tokio::spawn(watch);
    let undone = actions::undo_import(&session.owners, &session.request(), job).await;
    done.cancel();
    shown.await?;
    Ok(undone?)
}
