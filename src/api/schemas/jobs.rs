//! Jobs and their issues.

use chrono::{DateTime, Utc};

use crate::actions;
use crate::domain;
use crate::domain::ids::{ActionId, ContactId, IssueId, JobId};
use crate::domain::interpretation::Interpretation;
use crate::domain::job::{FixedValues, ImportPolicy, JobStatus, ParseSettings, Quote};
use crate::domain::progress::{Phase, Progress};
use crate::domain::rules::IssueType;
use crate::store;
use crate::store::issues;
use crate::store::jobs::RowCounts;
use crate::store::undo_progress::UndoProgress;

schema! {
    /// A job.
    store::jobs::Job as Job {
        /// The id.
        #[schema(value_type = i64)]
        id: JobId,
        /// The owner.
        owner: String,
        /// The original name of the file.
        filename: String,
        /// The file's key in the object store.
        object_key: String,
        /// The status.
        status: JobStatus,
        /// When valid rows become contacts.
        policy: ImportPolicy,
        /// Whether a person cancelled it.
        cancelled: bool,
        /// Whether a run is in progress.
        running: bool,
        /// Whether a run is requested or in progress.
        wanted: bool,
        /// Data rows in the file.
        total_rows: i32,
        /// Rows processed so far.
        processed_rows: i32,
        /// The progress of its run, once the run has taken a second.
        progress: Option<Progress>,
        /// Rows skipped because they repeat an earlier row of the file.
        repeated_rows: i32,
        /// Open issues.
        open_issues: i32,
        /// Rows by status.
        counts: RowCounts,
        /// The progress of the undo of the import, while one is running.
        undoing: Option<UndoProgress>,
        /// Why the job is FAILED.
        failure: Option<String>,
        /// How its file is read, as far as a person has set it.
        settings: ParseSettings,
        /// How its file was read; `null` before its first run, and in lists.
        interpretation: Option<Interpretation>,
        /// When the job was created.
        created_at: DateTime<Utc>,
        /// When the latest run started.
        started_at: Option<DateTime<Utc>>,
        /// When the latest run ended.
        ended_at: Option<DateTime<Utc>>,
        /// When its rows and issues were removed because they were too old; its contacts stay.
        rows_removed_at: Option<DateTime<Utc>>,
        /// When its stored file was deleted.
        file_removed_at: Option<DateTime<Utc>>,
    } without { failure_reason, tables, has_tables, staging_base, content_hash, columns, required }
}

schema! {
    /// What a person has set about how a file is read; the rest is detected.
    domain::job::ParseSettings as ParseSettings {
        /// The name of the encoding.
        #[schema(nullable = false)]
        encoding: Option<String>,
        /// The physical line of the header, from 1.
        #[schema(nullable = false)]
        header_line: Option<u32>,
        /// The sheet of a workbook or the file of an archive.
        #[schema(nullable = false)]
        part: Option<String>,
        /// The character between two cells.
        #[schema(nullable = false)]
        delimiter: Option<char>,
        /// The quote around cells.
        #[schema(nullable = false)]
        quote: Option<Quote>,
        /// The fields that have the same value in every row; absent if there are none.
        #[schema(required = false)]
        values: FixedValues,
    }
}

schema! {
    /// A job's rows by status: as the last run left them, updated by every decision since.
    store::jobs::RowCounts as RowCounts {
        /// Valid rows that are not imported yet.
        ready: i64,
        /// Rows that violate a rule.
        with_issues: i64,
        /// Rows discarded by a person, or because an edit made them repeat another row.
        discarded: i64,
        /// Rows whose contacts exist.
        consolidated: i64,
        /// Rows skipped because they repeat an earlier row of the file.
        repeated: i64,
    }
}

schema! {
    /// The progress of a run.
    domain::progress::Progress as RunProgress {
        /// The current phase.
        phase: Phase,
        /// Rows done in this phase; 0 in phases that do not count rows.
        rows: u64,
        /// Rows of this phase, if known.
        total_rows: Option<u64>,
    }
}

schema! {
    /// The progress of the undo of an import.
    store::undo_progress::UndoProgress as UndoProgress {
        /// Contacts processed so far.
        done: i64,
        /// Contacts that the import created or changed.
        total: i64,
    }
}

schema! {
    /// The result of an action on a job.
    actions::Changed as Changed {
        /// The recorded action.
        #[schema(value_type = i64)]
        action: ActionId,
        /// The job.
        #[schema(value_type = i64)]
        job: JobId,
        /// Its status before.
        before: JobStatus,
        /// Its status after; `null` if it is deleted.
        after: Option<JobStatus>,
    }
}

schema! {
    /// The result of running failed jobs again.
    actions::Retried as Retried {
        /// Jobs that will run again; with `dry_run`, jobs that would.
        jobs: i64,
        /// Jobs that somebody else has run, changed or deleted meanwhile.
        skipped: i64,
        /// Send it as `after` to continue; `null` if there are no more jobs.
        #[schema(value_type = Option<i64>)]
        next: Option<JobId>,
    }
}

schema! {
    /// The result of undoing an import.
    actions::Undone as Undone {
        /// The recorded action.
        #[schema(value_type = i64)]
        action: ActionId,
        /// Contacts created by the job that were deleted.
        removed: i64,
        /// Contacts changed by the job whose earlier values were restored.
        restored: i64,
        /// Contacts skipped because somebody changed them after the import, at most a thousand.
        #[schema(value_type = Vec<i64>)]
        kept: Vec<ContactId>,
    }
}

schema! {
    /// An issue, without its rows.
    store::issues::Issue as Issue {
        /// The id.
        #[schema(value_type = i64)]
        id: IssueId,
        /// The rule.
        issue_type: IssueType,
        /// The value that the issue is about, or the hash of the row if the issue concerns one row.
        key: String,
        /// A description.
        description: Option<String>,
        /// Whether it is resolved.
        resolved: bool,
        /// The person who resolved it.
        resolved_by: Option<String>,
        /// The note on it.
        comment: Option<String>,
        /// The person to whom it is assigned.
        assignee: Option<String>,
        /// When the issue was raised.
        created_at: DateTime<Utc>,
    }
}

const _: () = {
    /// Selects issues by whether they are resolved.
    #[derive(utoipa::ToSchema)]
    #[serde(rename_all = "lowercase")]
    enum State {
        /// Only open issues.
        Open,
        /// Only resolved issues.
        #[serde(rename = "settled")]
        Resolved,
        /// All issues.
        All,
    }

    // Does not compile if the cases differ.
    const _: fn(issues::State) -> State = |state| match state {
        issues::State::Open => State::Open,
        issues::State::Resolved => State::Resolved,
        issues::State::All => State::All,
    };

    described_by!(issues::State, State);
};
