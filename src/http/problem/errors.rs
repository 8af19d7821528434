//! Turns the errors of the rooms below into problems.

use super::{Kind, Problem};
use crate::actions::{ActionError, ResumableError};
use crate::auth::oidc::{ProviderError, Refusal};
use crate::domain::refusal;
use crate::exports::ExportError;
use crate::objects::ObjectError;
use crate::queue::QueueError;
use crate::store::StoreError;

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if error.is_cancelled() {
            return Problem::because(Kind::Timeout, refusal::Refusal::SlowQuery);
        }
        match error.is_transient() {
            true => Problem::unavailable(&error),
            false => Problem::internal(&error),
        }
    }
}

impl From<ObjectError> for Problem {
    fn from(error: ObjectError) -> Self {
        match error {
            error @ ObjectError::Content { .. } => Problem::of_body(&error),
            ObjectError::NotFound { .. } => Problem::because(Kind::NotFound, refusal::Refusal::FileGone),
            ObjectError::NoStore { ref bucket, .. } => {
                let refusal = refusal::Refusal::NoStore { bucket: bucket.clone() };
                Problem::unavailable(&error).detail(refusal.to_string()).refusing(refusal)
            }
            error if error.is_transient() => Problem::unavailable(&error),
            error => Problem::internal(&error),
        }
    }
}

impl From<QueueError> for Problem {
    fn from(error: QueueError) -> Self {
        match error.is_transient() {
            true => Problem::unavailable(&error),
            false => Problem::internal(&error),
        }
    }
}

impl From<ActionError> for Problem {
    fn from(error: ActionError) -> Self {
        match error {
            ActionError::Store(error) => error.into(),
            ActionError::Object(error) => error.into(),
            ActionError::Queue(error) | ActionError::DeadLetters(error) => error.into(),
            ActionError::Record(error) => Problem::internal(&error),
            error @ ActionError::Read { .. } => Problem::of_body(&error),
            ActionError::Export(error @ (ExportError::Io(_) | ExportError::Library { .. })) => {
                Problem::internal(&error)
            }
            error => Problem::refused(error),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Token(words) => {
                Problem::new(Kind::Unauthenticated).detail(words).refusing(refusal::Refusal::BadToken)
            }
            Refusal::Provider(error @ ProviderError::Refused(_)) => {
                tracing::warn!(%error, "sign-in failed");
                Problem::because(Kind::Unauthenticated, refusal::Refusal::SignInRejected)
            }
            Refusal::Provider(error) => Problem::unavailable(&error),
        }
    }
}

impl Problem {
    /// Creates the problem for an action that was refused because of its arguments or the current state.
    fn refused(error: ActionError) -> Problem {
        let problem = match &error {
            ActionError::NoRow(row) => Problem::not_found(error.to_string()).row(*row),
            ActionError::NoJob(_)
            | ActionError::NoIssue(_)
            | ActionError::NoAction(_)
            | ActionError::NoMapping(_)
            | ActionError::NoContact(_)
            | ActionError::Resumable(ResumableError::NoUpload)
            | ActionError::ContactDeleted { .. } => Problem::not_found(error.to_string()),
            ActionError::Consolidated(row) => Problem::conflict(error.to_string()).row(*row),
            ActionError::Stale(_) | ActionError::OtherCount { .. } => {
                Problem::new(Kind::Precondition).detail(error.to_string())
            }
            ActionError::Invalid { field, reason } => {
                Problem::invalid(format!("#/{field}"), reason.to_string())
            }
            ActionError::KeyReused => Problem::new(Kind::Invalid).detail(error.to_string()),
            ActionError::TooLarge(_) | ActionError::Resumable(ResumableError::TooManyBytes(_)) => {
                Problem::new(Kind::TooLarge).detail(error.to_string())
            }
            ActionError::Resumable(ResumableError::TooMany(_)) => {
                Problem::new(Kind::TooMany).detail(error.to_string())
            }
            ActionError::Resumable(ResumableError::InProgress) => {
                Problem::new(Kind::Locked).detail(error.to_string())
            }
            ActionError::Export(_) => Problem::new(Kind::Invalid).parameter("format", error.to_string()),
            ActionError::NotInReview { .. }
            | ActionError::Running(_)
            | ActionError::Unread(_)
            | ActionError::RowsRemoved(_)
            | ActionError::Unfit { .. }
            | ActionError::NotUndoable(_)
            | ActionError::RestoredContacts(_)
            | ActionError::EmailTaken
            | ActionError::Busy
            | ActionError::Resumable(ResumableError::OtherOffset(_))
            | ActionError::Read { .. }
            | ActionError::Record(_)
            | ActionError::DeadLetters(_)
            | ActionError::Queue(_)
            | ActionError::Object(_)
            | ActionError::Store(_) => Problem::conflict(error.to_string()),
        };
        problem.of_action(error)
    }
}
