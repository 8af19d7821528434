//! `edit` and `discard`.

use super::Status;
use super::session::Session;
use crate::actions::{self, Edits};

/// The arguments of `edit`.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("values").required(true).multiple(true).args(["email", "first_name", "last_name", "company"])))]
pub struct EditArgs {
    /// The row's number, as `ingest issues` shows it.
    row: i64,
    /// The new e-mail.
    #[arg(long)]
    email: Option<String>,
    /// The new first name.
    #[arg(long)]
    first_name: Option<String>,
    /// The new last name.
    #[arg(long)]
    last_name: Option<String>,
    /// The new company.
    #[arg(long)]
    company: Option<String>,
}

/// Changes a row.
pub async fn edit(session: &Session, args: EditArgs) -> anyhow::Result<Status> {
    let EditArgs { row, email, first_name, last_name, company } = args;
    let edits = Edits { email, first_name, last_name, company };
    let job = actions::edit(&session.context.pool, &session.owner, row, &edits).await?;
    eprintln!("row {row} changed; `ingest reprocess {job}` judges it again");
    Ok(Status::Done)
}

/// Leaves rows out.
pub async fn discard(session: &Session, rows: &[i64]) -> anyhow::Result<Status> {
    for job in actions::discard(&session.context.pool, &session.owner, rows).await? {
        eprintln!("discarded rows of job {job}; `ingest reprocess {job}` goes on without them");
    }
    Ok(Status::Done)
}
