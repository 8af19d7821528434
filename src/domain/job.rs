//! A job: one file of one owner, and how far it has come.

use std::fmt;

use super::field::PerField;
pub use super::ids::JobId;
use super::words::words;

/// The user whose job it is: `jobs.job_user_id`, and the owner of every contact that the job makes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Owner(pub String);

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

words! {
    /// `job_status_enum`.
    JobStatus, "job status" {
        /// Waiting for its first run.
        Pending = "PENDING",
        /// A run holds its lease, or died holding it.
        Processing = "PROCESSING",
        /// A person has open issues to decide.
        NeedsReview = "NEEDS_REVIEW",
        /// Its contacts exist.
        Completed = "COMPLETED",
        /// Ended with a reason in words; runs again on request.
        Failed = "FAILED",
    }
}

words! {
    /// When a job's valid rows become contacts: the words of `jobs.job_import_policy`.
    #[derive(Default)]
    ImportPolicy, "import policy" {
        /// All of them when the review is done.
        #[default]
        Hold = "HOLD",
        /// At once; the others when they are settled.
        AtOnce = "AT_ONCE",
    }
}

/// Which columns of its file are which, where a person has matched them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Columns {
    /// Where e-mail, first name, last name and company are, from 0.
    #[schema(value_type = [u16; 4])]
    pub places: PerField<u16>,
    /// How many columns the file has.
    pub columns: u16,
}

words! {
    /// Which of the two flows a run follows; the words of the log field `flow_type`.
    Flow, "flow" {
        /// Rows come out of the file.
        Initial = "INITIAL_PROCESSING",
        /// Rows come out of the staging table; the file is not read again.
        Reprocess = "REPROCESSING",
    }
}
