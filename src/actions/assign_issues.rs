//! Assigns issues to people: a hint who decides, which keeps nobody else from it.

use serde_json::json;

use super::decide::in_review;
use super::{ActionError, MarkedIssues, Request};
use crate::domain::assigned::AssignedTo;
use crate::domain::decision::{ActionKind, Filter};
use crate::domain::job::JobId;
use crate::domain::refusal::Refusal;
use crate::store::{OwnerPool, issue_assignees, issues, staging};

/// Assigns the open issues of the rows that match the filter: those that the filter asks for, if it names issues, their type
/// or to whom they are assigned. `me` is the name of who asks. Others are known if they have acted on the owner's data. An undo does
/// not restore assignments.
pub async fn assign_issues(
    owners: &OwnerPool,
    request: &Request,
    job: JobId,
    which: &Filter,
    to: &AssignedTo,
    me: &str,
) -> Result<MarkedIssues, ActionError> {
    let (which, to) = (which.clone().of_person(me), to.clone().of(me));
    if let Some(refusal) = which.refusal() {
        return Err(ActionError::Invalid { field: "filter", reason: Refusal::SearchText(refusal) });
    }
    let mut transaction = owners.begin(&request.owner).await?;
    if let Some(earlier) = request.earlier(&mut transaction).await? {
        return Ok(earlier);
    }
    if let Some(name) = to.person().filter(|name| *name != me && *name != request.owner.0) {
        let people = issue_assignees::people(&mut transaction, &request.owner).await?;
        if !people.iter().any(|known| known == name) {
            let reason = Refusal::UnknownPerson { name: name.to_owned(), people };
            return Err(ActionError::Invalid { field: "to", reason });
        }
    }
    let job = in_review(&mut transaction, &request.owner, job).await?;
    let rows = which.rows.as_deref().unwrap_or_default();
    if let Some(row) = staging::first_missing(&mut transaction, job.tables(), rows).await? {
        return Err(ActionError::NoRow(row));
    }
    let named = which.issues.as_deref().unwrap_or_default();
    if let Some(issue) = issues::first_missing(&mut transaction, job.tables(), named).await? {
        return Err(ActionError::NoIssue(issue));
    }
    let changed = issue_assignees::assign(&mut transaction, job.tables(), &which, to.person()).await?;
    let marked = MarkedIssues { action: None, issues: i64::try_from(changed).unwrap_or(i64::MAX) };
    let parameters = json!({ "filter": which, "to": to });
    let marked = request.mark(&mut transaction, ActionKind::Assign, job.id, &parameters, marked).await?;
    transaction.commit().await?;
    Ok(marked)
}
