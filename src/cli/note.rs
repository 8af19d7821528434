//! `note`: notes on issues.

use super::Status;
use super::session::Session;
use crate::actions;
use crate::domain::ids::IssueId;
use crate::domain::job::JobId;
use crate::domain::note::Note;

/// Leaves a note on an issue, or removes it.
pub(crate) async fn note(
    session: &Session,
    job: JobId,
    issue: IssueId,
    note: &Note,
) -> anyhow::Result<Status> {
    let marked = actions::note(&session.owners, &session.request(), job, issue, note).await?;
    match (marked.action, note.text()) {
        (None, _) => eprintln!("issue {issue} has this note already"),
        (Some(_), Some(_)) => eprintln!("left a note on issue {issue}"),
        (Some(_), None) => eprintln!("removed the note on issue {issue}"),
    }
    session.result(&marked)?;
    Ok(Status::Done)
}

/// Parses the text of a note.
pub(super) fn note_text(text: &str) -> Result<Note, String> {
    Note::new(text).map_err(|refusal| refusal.to_string())
}
