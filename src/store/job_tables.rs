//! The tables that contain a job's rows, issues and issue items: those that all jobs share, a large job's own, or both
//! while its records move from one to the other.

use crate::domain::job::JobId;

/// The tables of a job's rows, issues and issue items.
///
/// Own tables inherit from the shared ones, so a query of a shared table reads the tables of every large job, unless it says
/// ONLY. Names for queries contain that word where it is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobTables {
    /// The tables that all jobs share.
    Shared(JobId),
    /// The job's own tables; see [`super::own_tables`].
    Own(JobId),
    /// The job's own tables, whose records may begin to move to the shared ones; see [`super::merge`].
    Announced(JobId),
    /// The shared tables and the job's own: each record is in one of them, while they move.
    Moving(JobId),
}

/// What a record of a job is about. There is one shared table of each kind, and each large job has one of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecordKind {
    /// Rows of the file.
    Rows,
    /// Issues.
    Issues,
    /// Links between issues and rows.
    Items,
}

/// How far the merge of a large job's own tables into the shared ones has got: `job_merge`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MergeState {
    /// No record has moved yet. From now on, transactions use both tables.
    Announced,
    /// Records move.
    Moving,
    /// The own tables are empty. Transactions that began earlier may still use them.
    Emptied,
}

impl RecordKind {
    /// All kinds; each refers only to the ones before it.
    pub(crate) const ALL: [RecordKind; 3] = [RecordKind::Rows, RecordKind::Issues, RecordKind::Items];

    /// Returns the name of the shared table.
    pub(crate) fn shared(self) -> &'static str {
        match self {
            RecordKind::Rows => "staging",
            RecordKind::Issues => "issues",
            RecordKind::Items => "issue_items",
        }
    }

    /// Returns the name of the table from which own tables inherit. It inherits from the shared table and is empty, so that
    /// attaching an own table never waits for a VACUUM of the shared one.
    pub(crate) fn parent(self) -> String {
        format!("{}_own", self.shared())
    }

    /// Returns the name of a job's own table. It consists only of letters, underscores and the job's number.
    pub(crate) fn own(self, job: JobId) -> String {
        format!("{}_job_{job}", self.shared())
    }

    /// Returns the name of the primary key.
    pub(crate) fn key(self) -> &'static str {
        match self {
            RecordKind::Rows => "staging_id",
            RecordKind::Issues => "issue_id",
            RecordKind::Items => "issue_item_id",
        }
    }
}

impl MergeState {
    /// Returns the state with this name in the database.
    pub(crate) fn named(name: &str) -> Option<MergeState> {
        [MergeState::Announced, MergeState::Moving, MergeState::Emptied]
            .into_iter()
            .find(|state| state.as_str() == name)
    }

    /// Returns the name in the database.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            MergeState::Announced => "announced",
            MergeState::Moving => "moving",
            MergeState::Emptied => "emptied",
        }
    }
}

impl JobTables {
    /// Returns the tables of a job; `has_own` is its `job_partitioned`, and `merge` its `job_merge`.
    pub(crate) fn of(job: JobId, has_own: bool, merge: Option<MergeState>) -> JobTables {
        match (has_own, merge) {
            (false, _) | (true, Some(MergeState::Emptied)) => JobTables::Shared(job),
            (true, None) => JobTables::Own(job),
            (true, Some(MergeState::Announced)) => JobTables::Announced(job),
            (true, Some(MergeState::Moving)) => JobTables::Moving(job),
        }
    }

    /// Returns the job.
    pub(crate) fn job(self) -> JobId {
        match self {
            JobTables::Shared(job)
            | JobTables::Own(job)
            | JobTables::Announced(job)
            | JobTables::Moving(job) => job,
        }
    }

    /// Returns the name of the table of the job's rows, for queries and changes. Like the other names, it consists only of
    /// letters, underscores, the job's number and perhaps ONLY, so it is safe as part of a statement.
    pub(super) fn staging(self) -> String {
        self.queried(RecordKind::Rows)
    }

    /// Returns the name of the table of the job's issues, for queries and changes.
    pub(super) fn issues(self) -> String {
        self.queried(RecordKind::Issues)
    }

    /// Returns the name of the table that links the job's issues to its rows, for queries and changes.
    pub(super) fn items(self) -> String {
        self.queried(RecordKind::Items)
    }

    /// Returns the name of the table into which new records are inserted.
    ///
    /// While records move, a new link is inserted into the job's own table, which has no foreign keys then: its row and its
    /// issue can be in different tables. It moves after both.
    pub(super) fn inserted(self, kind: RecordKind) -> String {
        match (self, kind) {
            (JobTables::Shared(_), _) | (JobTables::Moving(_), RecordKind::Rows | RecordKind::Issues) => {
                kind.shared().to_owned()
            }
            (JobTables::Own(job) | JobTables::Announced(job), _)
            | (JobTables::Moving(job), RecordKind::Items) => kind.own(job),
        }
    }

    fn queried(self, kind: RecordKind) -> String {
        match self {
            JobTables::Shared(_) => format!("ONLY {}", kind.shared()),
            JobTables::Own(job) => format!("ONLY {}", kind.own(job)),
            JobTables::Announced(_) | JobTables::Moving(_) => kind.shared().to_owned(),
        }
    }
}
