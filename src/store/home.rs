//! Where a job's rows, issues and items are: in the tables that small jobs share, or in a large job's own.

use crate::domain::job::JobId;

/// The tables that hold what a job has staged. Questions about one job go there, with ONLY, and not to all
/// tables alike, each of which would be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Home {
    /// The tables that small jobs share.
    Shared(JobId),
    /// The job's own; see [`super::partition`].
    Own(JobId),
}

impl Home {
    /// By `jobs.job_partitioned`.
    pub(crate) fn of(job: JobId, partitioned: bool) -> Home {
        if partitioned { Home::Own(job) } else { Home::Shared(job) }
    }

    /// Whose rows.
    pub(crate) fn job(self) -> JobId {
        match self {
            Home::Shared(job) | Home::Own(job) => job,
        }
    }

    /// The table of its rows. As with the other two there is nothing in the name but letters and the job's
    /// number, which makes it safe as a part of a statement.
    pub(super) fn staging(self) -> String {
        self.table("staging", "staging_shared")
    }

    /// The table of its issues.
    pub(super) fn issues(self) -> String {
        self.table("issues", "issues")
    }

    /// The table that links its issues to its rows.
    pub(super) fn items(self) -> String {
        self.table("issue_items", "issue_items")
    }

    fn table(self, name: &str, shared: &str) -> String {
        match self {
            Home::Shared(_) => shared.to_owned(),
            Home::Own(job) => format!("{name}_job_{job}"),
        }
    }
}
