//! Notes on issues, without a decision.

use serde_json::json;

use super::decide::in_review;
use super::{ActionError, MarkedIssues, Request};
use crate::domain::decision::ActionKind;
use crate::domain::ids::IssueId;
use crate::domain::job::JobId;
use crate::domain::note::Note;
use crate::store::{OwnerPool, issue_notes, issues};

/// Sets the note on an issue of a job under review, or removes it if it is empty. An undo does not restore notes; the record
/// has each of them.
pub async fn note(
    owners: &OwnerPool,
    request: &Request,
    job: JobId,
    issue: IssueId,
    note: &Note,
) -> Result<MarkedIssues, ActionError> {
    let mut transaction = owners.begin(&request.owner).await?;
    if let Some(earlier) = request.earlier(&mut transaction).await? {
        return Ok(earlier);
    }
    let job = in_review(&mut transaction, &request.owner, job).await?;
    if let Some(issue) = issues::first_missing(&mut transaction, job.tables(), &[issue]).await? {
        return Err(ActionError::NoIssue(issue));
    }
    let is_changed = issue_notes::set(&mut transaction, job.tables(), issue, note).await?;
    let marked = MarkedIssues { action: None, issues: is_changed.into() };
    let parameters = json!({ "issue": issue, "note": note });
    let marked = request.mark(&mut transaction, ActionKind::Note, job.id, &parameters, marked).await?;
    transaction.commit().await?;
    Ok(marked)
}
