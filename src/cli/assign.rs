//! `assign`: whom issues are assigned to.

use super::Status;
use super::output::counted;
use super::row_filter::{FilterArgs, ensure_chosen, person};
use super::session::Session;
use crate::actions;
use crate::domain::assigned::AssignedTo;
use crate::domain::decision::Filter;
use crate::domain::ids::IssueId;
use crate::domain::job::JobId;

/// Whose issues to assign, and to whom.
#[derive(Debug, clap::Args)]
pub(crate) struct AssignArgs {
    /// Issue numbers, as `ingest issues` shows them.
    issues: Vec<IssueId>,
    /// The person: me, nobody, or the name of one who has worked on the data.
    #[arg(long, value_name = "PERSON", value_parser = person)]
    to: AssignedTo,
    #[command(flatten)]
    which: FilterArgs,
    /// The issues of every row of the job.
    #[arg(long)]
    all: bool,
}

/// Assigns open issues to a person, or to nobody.
pub(crate) async fn assign(session: &Session, job: JobId, args: AssignArgs) -> anyhow::Result<Status> {
    let AssignArgs { issues, to, which, all } = args;
    let named = Some(issues).filter(|issues| !issues.is_empty());
    let filter = Filter { issues: named, ..which.filter(&session.owner) };
    ensure_chosen(job, &filter, all)?;
    let (request, me) = (session.request(), &session.owner.0);
    let marked = actions::assign_issues(&session.owners, &request, job, &filter, &to, me).await?;
    let to = to.of(me);
    eprintln!("assigned {} to {}", counted(marked.issues, "open issue"), to.person().unwrap_or("nobody"));
    session.result(&marked)?;
    Ok(Status::Done)
}
