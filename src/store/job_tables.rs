//! The tables that contain a job's rows, issues and issue items: those that small jobs share, or a large job's own.

use crate::domain::job::JobId;

/// The tables of a job's rows, issues and issue items. Queries about one job name them, with ONLY: a query of the
/// parent tables would read the tables of every job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobTables {
    /// The tables that small jobs share.
    Shared(JobId),
    /// The job's own tables; see [`super::partition`].
    Own(JobId),
}

impl JobTables {
    /// Returns the tables of a job; `partitioned` is its `job_partitioned`.
    pub(crate) fn of(job: JobId, partitioned: bool) -> JobTables {
        if partitioned { JobTables::Own(job) } else { JobTables::Shared(job) }
    }

    /// Returns the job.
    pub(crate) fn job(self) -> JobId {
        match self {
            JobTables::Shared(job) | JobTables::Own(job) => job,
        }
    }

    /// Returns the name of the table of the job's rows. Like the other two names, it consists only of letters,
    /// underscores and the job's number, so it is safe as part of a statement.
    pub(super) fn staging(self) -> String {
        self.table("staging", "staging_shared")
    }

    /// Returns the name of the table of the job's issues.
    pub(super) fn issues(self) -> String {
        self.table("issues", "issues")
    }

    /// Returns the name of the table that links the job's issues to its rows.
    pub(super) fn items(self) -> String {
        self.table("issue_items", "issue_items")
    }

    fn table(self, name: &str, shared: &str) -> String {
        match self {
            JobTables::Shared(_) => shared.to_owned(),
            JobTables::Own(job) => format!("{name}_job_{job}"),
        }
    }
}
