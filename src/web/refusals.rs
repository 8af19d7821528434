//! Messages for failed actions, in the viewer's language.

use super::words::{job_status, sentence};
use crate::actions::{ActionError, ResumableError};
use crate::domain::refusal::Refusal;
use crate::exports::ExportError;
use crate::http::Problem;
use crate::texts::{Text, refusal_on_page};

/// Returns why an action failed, as a sentence, or `None` if a person cannot act on it.
pub(crate) fn action_error(text: &Text, error: &ActionError) -> Option<String> {
    Some(match error {
        ActionError::NoJob(job) => text.error_no_job(job.to_string()),
        ActionError::NoRow(row) => text.error_no_row(row.to_string()),
        ActionError::NoIssue(issue) => text.error_no_issue(issue.to_string()),
        ActionError::NoAction(action) => text.error_no_action(action.to_string()),
        ActionError::NoMapping(mapping) => text.error_no_mapping(mapping.to_string()),
        ActionError::NoContact(contact) => text.error_no_contact(contact.to_string()),
        ActionError::ContactDeleted { contact, action: Some(action) } => {
            text.error_contact_deleted_by(contact.to_string(), action.to_string())
        }
        ActionError::ContactDeleted { contact, action: None } => {
            text.error_contact_deleted(contact.to_string())
        }
        ActionError::OtherCount { now, expected } => {
            text.error_other_count(text.number(*now), text.number(*expected))
        }
        ActionError::NotInReview { status, .. } => text.error_not_in_review(job_status(text, *status).word),
        ActionError::Running(_) => text.error_running(),
        ActionError::RowsRemoved(_) => text.error_rows_removed(),
        ActionError::Unread(job) => text.error_unread(job.to_string()),
        ActionError::Unfit { status, .. } => text.error_unfit(job_status(text, *status).word),
        ActionError::Consolidated(_) => text.error_consolidated(),
        ActionError::Stale(_) => text.error_stale(),
        ActionError::NotUndoable(_) => text.error_not_undoable(),
        ActionError::RestoredContacts(_) => text.error_restored_contacts(),
        ActionError::Invalid { reason, .. } => sentence(&refusal_on_page(text, reason)),
        ActionError::EmailTaken => text.error_email_taken(),
        ActionError::KeyReused => text.error_key_reused(),
        ActionError::Busy => text.error_busy(),
        ActionError::TooLarge(limit) => {
            text.error_too_large(text.number(i64::try_from(*limit).unwrap_or(i64::MAX)))
        }
        ActionError::Resumable(ResumableError::NoUpload) => text.error_no_upload(),
        ActionError::Resumable(ResumableError::TooMany(limit)) => {
            text.error_too_many_uploads(text.number(*limit))
        }
        ActionError::Resumable(ResumableError::InProgress) => text.error_busy(),
        ActionError::Export(ExportError::Refused(reason)) => sentence(&refusal_on_page(text, reason)),
        ActionError::Export(ExportError::Io(_) | ExportError::Library { .. })
        | ActionError::Resumable(ResumableError::OtherOffset(_) | ResumableError::TooManyBytes(_))
        | ActionError::Read { .. }
        | ActionError::Record(_)
        | ActionError::DeadLetters(_)
        | ActionError::Queue(_)
        | ActionError::Object(_)
        | ActionError::Store(_) => return None,
    })
}

/// Returns why a value or a file was refused, if that is the problem.
pub(super) fn reason(problem: &Problem) -> Option<&Refusal> {
    match problem.action_error() {
        Some(ActionError::Invalid { reason, .. }) => Some(reason),
        Some(_) | None => problem.refusal(),
    }
}
