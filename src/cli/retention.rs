//! `retention`: removes what is older than its time of retention.

use super::Status;
use super::output::counted;
use super::session::Session;
use crate::pipeline::retention;
use crate::shutdown::Shutdown;
use crate::store::retention::Removed;

/// Removes what is too old, or says how much it is.
pub(crate) async fn run(session: &Session, dry_run: bool) -> anyhow::Result<Status> {
    let keep = session.retention();
    if keep.keeps_all() {
        eprintln!(
            "everything is kept; set STAGING_RETENTION_DAYS, AUDIT_RETENTION_DAYS or FILE_RETENTION_DAYS to change that"
        );
        session.result(&Removed::default())?;
        return Ok(Status::Done);
    }
    if dry_run {
        let removed = retention::count(&session.context, keep).await?;
        eprintln!("would remove {}; run without --dry-run to remove", in_words(&removed));
        session.result(&removed)?;
        return Ok(Status::Done);
    }
    let shutdown = Shutdown::on_signals()?;
    let removed = retention::remove(&session.context, keep, &shutdown.stop_receiving).await?;
    eprintln!("removed {}", in_words(&removed));
    session.result(&removed)?;
    Ok(Status::Done)
}

fn in_words(removed: &Removed) -> String {
    let Removed { jobs, rows, actions, changes, deleted_contacts, files } = *removed;
    let deleted = match deleted_contacts {
        0 => String::new(),
        deleted => format!(", the values of {}", counted(deleted, "deleted contact")),
    };
    format!(
        "{} of {}, {}, {} of contacts, {}{deleted}",
        counted(rows, "row"),
        counted(jobs, "job"),
        counted(actions, "action"),
        counted(changes, "change"),
        counted(files, "file")
    )
}
