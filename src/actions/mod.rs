//! What a person does: upload a file, edit and discard rows, ask for another run. Faces (command line,
//! pages, API) are thin over these.

mod review;
mod upload;

pub use review::{Edits, discard, edit};
pub use upload::{Uploaded, upload};

use crate::domain::job::{JobId, JobStatus};
use crate::objects::ObjectError;
use crate::store::StoreError;

/// Why an action was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum ActionError {
    /// The owner has no such row.
    #[error("there is no row {0}; `ingest issues JOB` lists the rows that need a decision")]
    NoRow(i64),
    /// The row's job is not in a state in which rows may be changed.
    #[error(
        "row {row} belongs to job {job}, which is {status}: rows can be changed while a job is NEEDS_REVIEW or FAILED"
    )]
    NotInReview {
        /// The row.
        row: i64,
        /// Its job.
        job: JobId,
        /// The job's status.
        status: JobStatus,
    },
    /// The row has become a contact.
    #[error("row {0} is a contact already and cannot be changed here")]
    Consolidated(i64),
    /// The file to upload could not be read.
    #[error("{file}: {source}")]
    Read {
        /// The file as it was named.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The store of the files.
    #[error(transparent)]
    Object(#[from] ObjectError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for ActionError {
    fn from(error: sqlx::Error) -> Self {
        StoreError::from(error).into()
    }
}
