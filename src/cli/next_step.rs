//! What to do after a failed action: a command, if there is one.

use crate::actions::ActionError;

/// Returns the next step after a failed action; `None` if the message already says it, or if there is nothing to
/// do.
pub(super) fn after(error: &ActionError) -> Option<&'static str> {
    match error {
        ActionError::NoJob(_) => Some("list the jobs with `ingest jobs`"),
        ActionError::NoRow(_) | ActionError::NoIssue(_) => {
            Some("list the open issues and their rows with `ingest issues JOB`")
        }
        ActionError::NoAction(_) | ActionError::NotUndoable(_) | ActionError::ContactDeleted { .. } => {
            Some("list the actions with `ingest audit`")
        }
        ActionError::NoMapping(_) => Some("list the remembered mappings with `ingest mappings list`"),
        ActionError::NoContact(_) | ActionError::EmailTaken | ActionError::RestoredContacts(_) => {
            Some("list the contacts with `ingest contacts`")
        }
        ActionError::NotInReview { .. }
        | ActionError::Running(_)
        | ActionError::Unread(_)
        | ActionError::RowsRemoved(_)
        | ActionError::Unfit { .. } => Some("see its status with `ingest jobs`"),
        ActionError::DeadLetters(_)
        | ActionError::Queue(_)
        | ActionError::Object(_)
        | ActionError::Store(_) => Some("check the configuration with `ingest doctor`"),
        ActionError::Consolidated(_)
        | ActionError::Stale(_)
        | ActionError::OtherCount { .. }
        | ActionError::Invalid { .. }
        | ActionError::KeyReused
        | ActionError::Busy
        | ActionError::TooLarge(_)
        | ActionError::Resumable(_)
        | ActionError::Export(_)
        | ActionError::Read { .. }
        | ActionError::Record(_) => None,
    }
}
