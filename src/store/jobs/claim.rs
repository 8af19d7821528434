//! The lease of a job: taking it, and who else has it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{PgPool, Row};
use uuid::Uuid;

use super::{columns, merge_state, parse_settings, required_fields};
use crate::domain::ids::RowId;
use crate::domain::job::{Columns, Flow, ImportPolicy, JobId, Owner, ParseSettings};
use crate::domain::required::RequiredFields;
use crate::propagation::trace_parent;
use crate::store::sql::{self, moment};
use crate::store::wanted::REQUESTED_SINCE;
use crate::store::{MergeState, StoreError};

/// The lease of a job, with the state of the job when the lease was taken.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The job.
    pub job: JobId,
    /// The owner.
    pub owner: Owner,
    /// The file's key in the object store.
    pub object_key: String,
    /// The token of the lease, which every write of the run checks.
    pub token: Uuid,
    /// Whether the run reads the file or reprocesses staged rows.
    pub flow: Flow,
    /// Transient failures so far.
    pub attempts: u32,
    /// Earlier runs since the last progress that never ended, because their workers were killed.
    pub cut_off: u32,
    /// The version of the object from which an earlier run staged rows.
    pub object_version: Option<String>,
    /// The base of the reserved block of staging ids.
    pub staging_base: Option<RowId>,
    /// Whether the job has tables of its own, attached or not.
    pub has_tables: bool,
    /// How far the merge of these tables has got; `None` if there is none.
    pub(crate) merge: Option<MergeState>,
    /// Data rows staged by earlier runs.
    pub checkpoint: u64,
    /// Rows that were not discarded when the last run ended; `None` before that.
    pub staged_rows: Option<u64>,
    /// Whether the shared table contains rows of the job although its checkpoint is 0.
    pub has_leftovers: bool,
    /// Whether valid rows become contacts before the review is done.
    pub policy: ImportPolicy,
    /// The mapping of the file's columns, if a person matched them or it was remembered.
    pub columns: Option<Columns>,
    /// Whether the owner has remembered mappings for files with other headers or this one.
    pub has_mappings: bool,
    /// How the file is read, as far as a person has set it.
    pub settings: ParseSettings,
    /// The fields that its rows must have.
    pub required: RequiredFields,
}

/// The outcome of an attempt to claim a job.
#[derive(Debug)]
pub enum Claimed {
    /// This run has the lease.
    Ours(Box<Claim>),
    /// Another run has the lease, which expires after this time.
    Busy(Duration),
    /// The job is COMPLETED: nothing is left to do.
    Completed,
    /// The job is FAILED, and the message that requests the run is from before its failure.
    Failed,
    /// A person cancelled the job.
    Cancelled,
    /// The rows of the job were removed because they were too old.
    RowsRemoved,
    /// The job does not exist.
    Unknown,
}

/// Takes the lease of a job for `lease`, unless another run has it, and sets the job to PROCESSING.
///
/// A job whose run has locked it with [`hold`](super::hold) is busy for as long as the connection of that run lives, even after its
/// lease has expired.
///
/// `required`: the fields that rows must have if the job does not name them; recorded with the job.
///
/// `sent_at`: when the message that requests the run was sent. A FAILED job is run again on request only, and a message from before its
/// failure is a copy of the request that has failed. The clocks of queue and database may differ, so a request that the job's row shows
/// to be newer counts in any case.
///
/// What the run causes, such as webhooks, continues the current trace.
///
/// The run counts as unfinished until [`finish`](super::finish), [`fail`](super::fail) or [`release`](super::release) records its end.
pub async fn claim(
    pool: &PgPool,
    id: JobId,
    lease: Duration,
    required: RequiredFields,
    sent_at: Option<DateTime<Utc>>,
) -> Result<Claimed, StoreError> {
    let token = Uuid::new_v4();
    let is_old = sent_at.map_or_else(|| "false".to_owned(), is_old);
    let trace = trace_parent().map(|parent| format!(", job_trace_parent = '{parent}'")).unwrap_or_default();
    // The rows of a NEEDS_REVIEW job are staged, by whichever program, so its file is never read again.
    let claim = format!(
        "UPDATE jobs SET job_status = 'PROCESSING', job_lease_token = '{token}', job_lease_until = now() + {lease},
                job_process_start = now(), job_process_end = NULL, job_failure = NULL, job_failure_reason = NULL,
                job_unfinished_runs = job_unfinished_runs + 1,
                job_required_fields = coalesce(job_required_fields, '{{{required}}}'),
                job_staged_at = CASE WHEN job_status = 'NEEDS_REVIEW'
                                     THEN coalesce(job_staged_at, now()) ELSE job_staged_at END{trace}
         WHERE job_id = (
             SELECT job_id FROM jobs
             WHERE job_id = {id} AND job_status <> 'COMPLETED' AND job_cancelled_at IS NULL
               AND job_rows_removed_at IS NULL AND NOT {is_old}
               AND (job_lease_until IS NULL OR job_lease_until <= now())
             FOR UPDATE SKIP LOCKED)
         RETURNING job_user_id, job_s3_object_key, job_attempts, job_object_version, job_staging_base, job_checkpoint,
                   job_partitioned, job_merge, job_import_policy, job_columns, job_required_fields, job_encoding, job_header_line,
                   job_part, job_delimiter, job_quote, job_values, job_staged_at IS NOT NULL AS staged, job_unfinished_runs,
                   nullif(job_ready_rows::int8 + job_issue_rows + job_success_rows, 0) AS staged_rows,
                   EXISTS (SELECT FROM column_mappings WHERE mapping_owner = job_user_id COLLATE \"C\") AS has_mappings,
                   job_checkpoint = 0
                       AND EXISTS (SELECT FROM ONLY staging WHERE staging_job_id = job_id) AS has_leftovers",
        lease = sql::interval(lease)
    );
    let Some(row) = sql::once(pool, &claim).await?.pop() else {
        return refusal(pool, id, &is_old).await;
    };
    let flow = if row.try_get("staged")? { Flow::Reprocess } else { Flow::Initial };
    Ok(Claimed::Ours(Box::new(Claim {
        job: id,
        owner: Owner(row.try_get("job_user_id")?),
        object_key: row.try_get("job_s3_object_key")?,
        token,
        flow,
        attempts: row.try_get::<i32, _>("job_attempts")?.unsigned_abs(),
        cut_off: row.try_get::<i32, _>("job_unfinished_runs")?.unsigned_abs().saturating_sub(1),
        object_version: row.try_get("job_object_version")?,
        staging_base: row.try_get("job_staging_base")?,
        has_tables: row.try_get("job_partitioned")?,
        merge: merge_state(&row)?,
        checkpoint: row.try_get::<i32, _>("job_checkpoint")?.unsigned_abs().into(),
        staged_rows: row.try_get::<Option<i64>, _>("staged_rows")?.map(i64::unsigned_abs),
        has_leftovers: row.try_get("has_leftovers")?,
        policy: row.try_get::<&str, _>("job_import_policy")?.parse()?,
        columns: columns(&row)?,
        has_mappings: row.try_get("has_mappings")?,
        settings: parse_settings(&row)?,
        required: required_fields(&row)?,
    })))
}

/// Returns the SQL condition that a message sent at that time requests the run with which the job has FAILED, or an earlier one.
fn is_old(sent_at: DateTime<Utc>) -> String {
    format!(
        "(job_status = 'FAILED' AND coalesce({} < job_process_end, false) AND NOT {REQUESTED_SINCE})",
        moment(&sent_at)
    )
}

/// Returns why a job could not be claimed.
async fn refusal(pool: &PgPool, id: JobId, is_old: &str) -> Result<Claimed, StoreError> {
    let query = format!(
        "SELECT job_status = 'COMPLETED' AS completed, {is_old} AS failed, job_cancelled_at IS NOT NULL AS cancelled,
                job_rows_removed_at IS NOT NULL AS removed,
                coalesce(extract(epoch FROM job_lease_until - now()), 0)::float8 AS seconds
         FROM jobs WHERE job_id = {id}"
    );
    Ok(match sql::once(pool, &query).await?.pop() {
        None => Claimed::Unknown,
        Some(row) if row.try_get("completed")? => Claimed::Completed,
        Some(row) if row.try_get("removed")? => Claimed::RowsRemoved,
        Some(row) if row.try_get("cancelled")? => Claimed::Cancelled,
        Some(row) if row.try_get("failed")? => Claimed::Failed,
        Some(row) => Claimed::Busy(Duration::from_secs_f64(row.try_get::<f64, _>("seconds")?.max(0.0))),
    })
}
