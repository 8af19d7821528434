//! What people can do: upload a file, decide about its rows, request another run, undo. The command line, the
//! pages and the API are thin layers over these actions.
//!
//! Guarantees: each action is one transaction, limited to the data of one owner, and recorded with who did it and
//! what changed. A request that is sent twice under one idempotency key is carried out once.
//!
//! Dead letters are an exception: they are the operator's, and messages have no owner. See `dead_letters.rs`.

mod assign;
mod assign_issues;
mod beginning;
mod case;
mod check_file;
mod contact;
mod correct;
mod corrections_content;
mod corrections_file;
mod dead_letters;
mod decide;
mod delete_contacts;
mod edit_rows;
mod effect;
mod export;
mod forget;
mod job;
mod mappings;
mod note;
mod other_columns;
mod person;
mod preview_file;
mod record;
mod reread;
mod resumable;
mod retry;
mod stored_file;
mod tail;
mod undo;
mod undo_import;
mod upload;
mod upload_lease;
mod validate;
mod webhooks;

pub(crate) use assign::field_source;
pub use assign::{Assignment, ColumnChoice, FieldSource};
pub use assign_issues::assign_issues;
pub(crate) use beginning::{Beginning, PREVIEW_BYTES, preview_limit};
pub use case::{Case, Cases, Existing, cases, cases_of};
pub(crate) use check_file::{FileContent, check_file, check_limit};
pub use contact::{
    EditedContact, columns_of as contact_columns, edit as edit_contact, missing as missing_contact,
    tag as contact_tag,
};
pub use correct::{Corrected, CorrectionsPreview, correct, preview_corrections};
pub use corrections_content::CORRECTIONS_LIMIT;
pub use corrections_file::{CorrectionsFile, corrections_file};
pub(crate) use dead_letters::{
    DeadLetter, DeadLetters, Handled, LetterAction, LetterId, LetterMessage, WhichLetters,
};
pub use decide::{Preview, decide, decide_issue, decide_with_note, edit_row, preview};
pub use delete_contacts::{
    DeletedContacts, DeletionPreview, delete_contact, delete_contacts, preview_deletion,
};
pub use edit_rows::{RowEdit, edit_rows, preview_rows};
pub use effect::{Effect, MarkedIssues, RestoredContacts};
pub use export::{Export, Selection, export};
pub use forget::{Forgotten, forget};
pub use job::{Changed, JobDeletion, cancel, delete, preview_delete, reprocess, set_policy};
pub use mappings::{change_mapping, forget_mapping};
pub use note::note;
pub use person::{AboutPerson, KnownContact, KnownDecision, KnownFile, KnownRow, about};
pub(crate) use preview_file::{
    FilePreview, GivenSettings, MatchedColumn, checked_values, parse_settings, preview_file,
};
pub use record::{Idempotency, Request};
pub(crate) use reread::preview_job;
pub use reread::{Remember, Reread, can_reread, reread};
pub use resumable::ResumableError;
pub(crate) use resumable::{UploadState, create_upload, delete_upload, find_upload, is_final};
pub use retry::{Retried, count_failed, retry_failed};
pub use undo::{UndoPreview, preview_undo, undo};
pub use undo_import::{UndoImportPreview, Undone, preview_undo_import, undo_import};
pub use upload::{Upload, Uploaded, UploadedPart, upload};
pub(crate) use upload_lease::UploadLease;
pub use validate::Warning;
pub(crate) use webhooks::{create_webhook, delete_webhook, resend_event, test_webhook};

use sqlx::PgConnection;

use crate::domain::ids::{ActionId, ContactId, IssueId, MappingId, RowId};
use crate::domain::job::{JobId, JobStatus};
use crate::domain::refusal::Refusal;
use crate::exports::ExportError;
use crate::objects::ObjectError;
use crate::queue::{AfterCommit, JobMessage, Queue, QueueError};
use crate::store::StoreError;
use crate::store::wanted::{self, Due};

/// Requests a run of a job. Without a queue the caller runs the job; if the caller dies, a worker on the database
/// queue picks the job up a minute later.
async fn enqueue(
    transaction: &mut PgConnection,
    queue: Option<&Queue>,
    job: JobId,
    key: &str,
) -> Result<AfterCommit, StoreError> {
    match queue {
        Some(queue) => queue.enqueue(transaction, JobMessage { job_id: job, s3_key: key.to_owned() }).await,
        None => {
            wanted::want(transaction, job, Due::InAMinute).await?;
            Ok(AfterCommit::nothing())
        }
    }
}

/// The thing that somebody saw and wants to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// A row.
    Row(RowId),
    /// A contact.
    Contact(ContactId),
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Seen::Row(row) => write!(f, "row {row}"),
            Seen::Contact(contact) => write!(f, "contact {contact}"),
        }
    }
}

/// Why an action was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum ActionError {
    /// The owner has no such job.
    #[error("there is no job {0}")]
    NoJob(JobId),
    /// The owner, or the job, has no such row.
    #[error("there is no row {0}")]
    NoRow(RowId),
    /// The job has no such issue.
    #[error("there is no issue {0} of this job")]
    NoIssue(IssueId),
    /// The owner has no such remembered mapping.
    #[error("there is no mapping {0}")]
    NoMapping(MappingId),
    /// The owner has no such action.
    #[error("there is no action {0}")]
    NoAction(ActionId),
    /// The owner has no such contact.
    #[error("there is no contact {0}")]
    NoContact(ContactId),
    /// The contact was deleted.
    #[error("contact {contact} was deleted{}", action.map(|action| format!("; undo action {action} to restore it")).unwrap_or_default())]
    ContactDeleted {
        /// The contact.
        contact: ContactId,
        /// The action that deleted it, if its undo restores the contact.
        action: Option<ActionId>,
    },
    /// A filter selects another number of contacts than the preview has counted.
    #[error(
        "the number of selected contacts is {now} now and was {expected} in the preview; nothing was deleted; preview it again"
    )]
    OtherCount {
        /// The number of contacts now.
        now: i64,
        /// The number in the preview.
        expected: i64,
    },
    /// The job is not in a state in which rows may be changed.
    #[error("job {job} is {status}; rows can be changed only while a job is NEEDS_REVIEW or FAILED")]
    NotInReview {
        /// The job.
        job: JobId,
        /// Its status.
        status: JobStatus,
    },
    /// A run is working on the job.
    #[error("job {0} is running; try again when the run has ended")]
    Running(JobId),
    /// A job has not read its whole file, which may contain the person who is to be erased.
    #[error(
        "job {0} has not read its whole file yet, and the person is in it; run it again or delete it first"
    )]
    Unread(JobId),
    /// The rows of the job were too old and are removed.
    #[error("the rows of job {0} were removed after their time of retention; import its file again")]
    RowsRemoved(JobId),
    /// The status of the job does not allow the action.
    #[error("job {job} is {status}: {reason}")]
    Unfit {
        /// The job.
        job: JobId,
        /// Its status.
        status: JobStatus,
        /// Why not.
        reason: &'static str,
    },
    /// The row has become a contact.
    #[error("row {0} was already imported as a contact; edit the contact instead")]
    Consolidated(RowId),
    /// The row or contact has changed since the person saw it.
    #[error("someone else changed {0}; reload it and try again")]
    Stale(Seen),
    /// The action cannot be undone.
    #[error("action {0} changed no rows or was already undone")]
    NotUndoable(ActionId),
    /// The action has restored deleted contacts, which cannot be undone.
    #[error("action {0} restored deleted contacts and cannot be undone; delete the contacts again")]
    RestoredContacts(ActionId),
    /// The request is invalid.
    #[error("{field}: {reason}")]
    Invalid {
        /// The part of the request, as a JSON pointer without its first slash.
        field: &'static str,
        /// What is wrong with it.
        reason: Refusal,
    },
    /// The owner has another contact with the e-mail.
    #[error("another contact already has this e-mail")]
    EmailTaken,
    /// A key was used before, for another request.
    #[error("this idempotency key was used for another request")]
    KeyReused,
    /// Another action with the same key, or on the same job, is in progress.
    #[error("another action is in progress; try again")]
    Busy,
    /// The file exceeds the size limit.
    #[error("the file is larger than the limit of {0} bytes")]
    TooLarge(u64),
    /// A request of an upload in parts was refused.
    #[error(transparent)]
    Resumable(#[from] ResumableError),
    /// The file to upload could not be read.
    #[error("{file}: {source}")]
    Read {
        /// The file's name in the request.
        file: String,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The file cannot be written.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// The record of an action cannot be parsed.
    #[error("the record of an earlier action cannot be read: {0}")]
    Record(#[from] serde_json::Error),
    /// The queue failed while dead letters were read, redriven or dropped.
    #[error("cannot read or change the dead letters: {0}")]
    DeadLetters(#[source] QueueError),
    /// The queue failed.
    #[error("the run was recorded but could not be queued: {0}")]
    Queue(#[from] QueueError),
    /// The store of the files failed.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// The database failed.
    #[error(transparent)]
    Store(StoreError),
}

impl ActionError {
    /// Returns whether the same action may succeed later.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(self, Self::Busy | Self::Read { .. })
            || matches!(self, Self::Store(error) if error.is_transient())
            || matches!(self, Self::Object(error) if error.is_transient())
            || matches!(self, Self::Queue(error) if error.is_transient())
    }
}

impl From<StoreError> for ActionError {
    fn from(error: StoreError) -> Self {
        match error {
            error if error.is_lock_timeout() || error.is_conflict_in("actions") => ActionError::Busy,
            error if error.is_conflict_in("contacts") => ActionError::EmailTaken,
            error => ActionError::Store(error),
        }
    }
}

impl From<sqlx::Error> for ActionError {
    fn from(error: sqlx::Error) -> Self {
        StoreError::from(error).into()
    }
}
