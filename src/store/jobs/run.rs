//! Changes that a run makes to its job: the renewal of its lease, the checkpoints and the end.
//!
//! Every write checks the token of the lease, and fails with [`StoreError::LeaseLost`] if no row matches it.

use std::time::Duration;

use sqlx::types::Json;
use sqlx::{PgConnection, PgPool, Row};

use super::{Claim, RowCounts, merge_state};
use crate::domain::failure::Failure;
use crate::domain::ids::RowId;
use crate::domain::interpretation::{Interpretation, RepeatDifferences};
use crate::domain::job::{JobId, JobStatus};
use crate::store::sql::{self, NOT_FLUSHED};
use crate::store::{JobTables, StoreError};

/// Fails with [`StoreError::LeaseLost`] if no row was changed.
fn held(claim: &Claim, rows_changed: u64) -> Result<(), StoreError> {
    match rows_changed {
        0 => Err(StoreError::LeaseLost(claim.job)),
        _ => Ok(()),
    }
}

/// Extends the lease to `lease` from now. A run that has locked its job with [`hold`] needs no renewal.
pub(crate) async fn renew(pool: &PgPool, claim: &Claim, lease: Duration) -> Result<(), StoreError> {
    let (job, token, lease) = (claim.job, claim.token, sql::interval(lease));
    let renew = format!(
        "UPDATE jobs SET job_lease_until = now() + {lease}
         WHERE job_id = (
             SELECT job_id FROM jobs
             WHERE job_id = {job} AND job_lease_token = '{token}'
             FOR NO KEY UPDATE SKIP LOCKED)"
    );
    if sql::once_changed(pool, &renew).await? > 0 {
        return Ok(());
    }
    let query = format!("SELECT FROM jobs WHERE job_id = {job} AND job_lease_token = '{token}'");
    held(claim, sql::once_changed(pool, &query).await?)
}

/// Locks the job's row until the transaction ends, which replaces renewals of the lease: a repeatable-read transaction
/// could not write a row that a renewal changed after its snapshot.
///
/// Not FOR UPDATE: when a transaction updates a row of the job twice, PostgreSQL checks its foreign key again, and the
/// run's own transactions on other connections must not wait for this lock.
pub(crate) async fn hold(connection: &mut PgConnection, claim: &Claim) -> Result<(), StoreError> {
    let query = sql::query("SELECT FROM jobs WHERE job_id = $1 AND job_lease_token = $2 FOR NO KEY UPDATE")
        .bind(claim.job.0)
        .bind(claim.token);
    held(claim, query.execute(connection).await?.rows_affected())
}

/// Stores the columns and fixed values of a claim with its job, so that later runs use the same.
pub(crate) async fn set_columns(connection: &mut PgConnection, claim: &Claim) -> Result<(), StoreError> {
    let query =
        "UPDATE jobs SET job_columns = $3, job_values = $4 WHERE job_id = $1 AND job_lease_token = $2";
    let query = sql::query(query).bind(claim.job.0).bind(claim.token).bind(claim.columns.as_ref().map(Json));
    let query = query.bind(claim.settings.fixed().map(Json));
    held(claim, query.execute(connection).await?.rows_affected())
}

/// Adds what repeats say in columns that belong to no field to the report of how the file was read. The job must be locked by
/// [`hold`].
pub(crate) async fn add_repeats(
    connection: &mut PgConnection,
    claim: &Claim,
    repeats: RepeatDifferences,
) -> Result<(), StoreError> {
    let query = sql::query_scalar("SELECT job_interpretation FROM jobs WHERE job_id = $1").bind(claim.job.0);
    let read: Option<Json<Interpretation>> = query.fetch_one(&mut *connection).await?;
    // A file that an earlier version has read has no report.
    let Some(Json(mut read)) = read else { return Ok(()) };
    read.repeats.extend(repeats);
    let query = "UPDATE jobs SET job_interpretation = $3 WHERE job_id = $1 AND job_lease_token = $2";
    let query = sql::query(query).bind(claim.job.0).bind(claim.token).bind(Json(read));
    held(claim, query.execute(connection).await?.rows_affected())
}

/// The decisions made from the survey of a file, before its first row is staged.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// The object's version.
    pub object_version: String,
    /// Data rows in the file.
    pub total_rows: u64,
    /// Where the rows are staged.
    pub location: RowLocation,
    /// How the file was read, for people.
    pub interpretation: Interpretation,
    /// The names of the columns that belong to no field and have values, in the order of the file.
    pub extra_columns: Vec<String>,
}

/// The table and the ids of a job's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowLocation {
    /// The tables of the job.
    pub tables: JobTables,
    /// Row n of the file, counted from 1, has the `staging_id` base + n.
    pub base: RowId,
}

impl RowLocation {
    /// Returns the id of row `number` of the file, counted from 1.
    pub(crate) fn row(self, number: u64) -> RowId {
        RowId(self.base.0 + number as i64)
    }
}

/// Saves the plan.
pub(crate) async fn plan(
    connection: &mut PgConnection,
    claim: &Claim,
    plan: &Plan,
) -> Result<(), StoreError> {
    let query = sql::query(
        "UPDATE jobs SET job_total_rows = $3, job_processed_rows = job_checkpoint, job_staging_base = $4,
                job_object_version = $5, job_partitioned = $6, job_interpretation = $7,
                job_extra_columns = $8
         WHERE job_id = $1 AND job_lease_token = $2",
    )
    .bind(claim.job.0)
    .bind(claim.token)
    .bind(total_rows(plan.total_rows)?)
    .bind(plan.location.base)
    .bind(&plan.object_version)
    .bind(matches!(plan.location.tables, JobTables::Own(_)))
    .bind(Json(&plan.interpretation))
    .bind(&plan.extra_columns);
    held(claim, query.execute(connection).await?.rows_affected())
}

/// The most rows of a job: the comparison of rows uses the two highest bits of a 32-bit row number as flags.
const MOST_ROWS: u64 = (1 << 30) - 1;

/// Converts a number of rows to the type of its column; fails if it exceeds [`MOST_ROWS`].
fn total_rows(rows: u64) -> Result<i32, StoreError> {
    match i32::try_from(rows) {
        Ok(number) if rows <= MOST_ROWS => Ok(number),
        _ => Err(StoreError::TooLarge { what: "the number of rows", value: rows }),
    }
}

/// Reserves a block of staging ids for a file of `rows` data rows, unless an earlier run has staged rows in its block.
/// With `own`, the rows get tables of their own.
///
/// Runs in a transaction of its own: in the transaction that writes the rows, it would make all other jobs wait until
/// that ends. It does not wait for the disk: whatever refers to the block is logged after the reservation, so a crash
/// cannot lose the reservation and keep a reference to the block.
pub(crate) async fn reserve(
    pool: &PgPool,
    claim: &Claim,
    rows: u64,
    own: bool,
) -> Result<RowLocation, StoreError> {
    if let Some(base) = claim.staging_base
        // With no row staged yet, the file may have been replaced by one with more rows than the block.
        && claim.checkpoint > 0
    {
        return Ok(RowLocation { tables: JobTables::of(claim.job, claim.has_tables, claim.merge), base });
    }
    let (count, kind) = (total_rows(rows)?, if own { "partition" } else { "shared" });
    let reserve = format!(
        "{NOT_FLUSHED};
         UPDATE staging_id_blocks SET block_next_id = block_next_id + {count} WHERE block_kind = '{kind}'
         RETURNING block_next_id - {count} - 1 AS base"
    );
    let row = sql::once(pool, &reserve).await?.pop().ok_or(StoreError::Unreadable)?;
    Ok(RowLocation { tables: JobTables::of(claim.job, own, None), base: row.try_get("base")? })
}

/// Returns the tables and ids of a staged job's rows. The base is 0 if no run has reserved a block.
pub(crate) async fn location(connection: &mut PgConnection, job: JobId) -> Result<RowLocation, StoreError> {
    let query = "SELECT job_partitioned, job_merge, coalesce(job_staging_base, 0) AS base FROM jobs WHERE job_id = $1";
    let row = sql::query(query).bind(job.0).fetch_one(connection).await?;
    let tables = JobTables::of(job, row.try_get("job_partitioned")?, merge_state(&row)?);
    Ok(RowLocation { tables, base: row.try_get("base")? })
}

/// Records that the first `rows` data rows of the file are processed, `repeated` of them as repeats.
pub(crate) async fn checkpoint(
    connection: &mut PgConnection,
    claim: &Claim,
    rows: u64,
    repeated: u64,
) -> Result<(), StoreError> {
    let query = sql::query(
        "UPDATE jobs SET job_checkpoint = $3, job_processed_rows = $3, job_repeated_rows = $4, job_unfinished_runs = 1
         WHERE job_id = $1 AND job_lease_token = $2",
    )
    .bind(claim.job.0)
    .bind(claim.token)
    .bind(rows as i32)
    .bind(repeated as i32);
    held(claim, query.execute(connection).await?.rows_affected())
}

/// Records that all rows are staged: later runs of the job reprocess them and do not read the file.
pub(crate) async fn staged(connection: &mut PgConnection, claim: &Claim) -> Result<(), StoreError> {
    let query =
        sql::query("UPDATE jobs SET job_staged_at = now() WHERE job_id = $1 AND job_lease_token = $2")
            .bind(claim.job.0)
            .bind(claim.token);
    held(claim, query.execute(connection).await?.rows_affected())
}

/// The result of a successful run.
#[derive(Debug, Clone)]
pub(crate) struct Finished {
    /// NEEDS_REVIEW if issues are open, COMPLETED otherwise.
    pub status: JobStatus,
    /// Open issues.
    pub open_issues: u64,
    /// The job's rows by status. The discarded rows are calculated from the others.
    pub counts: RowCounts,
}

/// Ends a successful run. The time of the end is `clock_timestamp()`, since `now()` is the start of the transaction,
/// which may be long ago. A run of one transaction passes as `planned` what [`plan`] and [`checkpoint`] would have saved.
pub(crate) async fn finish(
    connection: &mut PgConnection,
    claim: &Claim,
    finished: &Finished,
    planned: Option<&Plan>,
) -> Result<(), StoreError> {
    let RowCounts { ready, with_issues, consolidated, repeated, .. } = finished.counts;
    let query = sql::query(
        "UPDATE jobs SET
                job_total_rows = coalesce($8, job_total_rows),
                job_processed_rows = coalesce($8, job_total_rows),
                job_checkpoint = coalesce($8, job_checkpoint),
                job_repeated_rows = coalesce($9, job_repeated_rows),
                job_staging_base = coalesce($10, job_staging_base),
                job_object_version = coalesce($11, job_object_version),
                job_partitioned = coalesce($12, job_partitioned),
                job_interpretation = coalesce($13, job_interpretation),
                job_extra_columns = coalesce($14, job_extra_columns),
                job_ready_rows = $5, job_issue_rows = $6, job_success_rows = $7,
                job_discarded_rows = greatest(
                    coalesce($8, job_total_rows) - coalesce($9, job_repeated_rows) - $5 - $6 - $7, 0),
                job_status = $3::text::job_status_enum, job_issue_count = $4,
                job_staged_at = coalesce(job_staged_at, now()), job_process_end = clock_timestamp(),
                job_attempts = 0, job_unfinished_runs = 0, job_lease_token = NULL, job_lease_until = NULL
         WHERE job_id = $1 AND job_lease_token = $2",
    )
    .bind(claim.job.0)
    .bind(claim.token)
    .bind(finished.status.as_str())
    .bind(finished.open_issues as i32)
    .bind(ready as i32)
    .bind(with_issues as i32)
    .bind(consolidated as i32)
    .bind(planned.map(|plan| total_rows(plan.total_rows)).transpose()?)
    .bind(planned.map(|_| repeated as i32))
    .bind(planned.map(|plan| plan.location.base))
    .bind(planned.map(|plan| plan.object_version.as_str()))
    .bind(planned.map(|plan| matches!(plan.location.tables, JobTables::Own(_))))
    .bind(planned.map(|plan| Json(&plan.interpretation)))
    .bind(planned.map(|plan| &plan.extra_columns));
    held(claim, query.execute(connection).await?.rows_affected())
}

/// Ends a run and sets its job to FAILED, with the reason and its English `words`.
pub(crate) async fn fail(
    pool: &PgPool,
    claim: &Claim,
    reason: &Failure,
    words: &str,
) -> Result<(), StoreError> {
    let query = sql::query(
        "UPDATE jobs SET job_status = 'FAILED', job_failure = $3, job_failure_reason = $4,
                job_process_end = clock_timestamp(), job_attempts = 0,
                job_unfinished_runs = 0, job_lease_token = NULL, job_lease_until = NULL
         WHERE job_id = $1 AND job_lease_token = $2",
    )
    .bind(claim.job.0)
    .bind(claim.token)
    .bind(words)
    .bind(Json(reason));
    held(claim, sql::execute(pool, query).await?.rows_affected())
}

/// Releases the lease before the work is done. With `failed`, counts one more transient failure.
pub(crate) async fn release(pool: &PgPool, claim: &Claim, failed: bool) -> Result<(), StoreError> {
    let (job, token, failures) = (claim.job, claim.token, i32::from(failed));
    let release = format!(
        "UPDATE jobs SET job_lease_token = NULL, job_lease_until = NULL, job_attempts = job_attempts + {failures},
                job_unfinished_runs = greatest(job_unfinished_runs - 1, 0)
         WHERE job_id = {job} AND job_lease_token = '{token}'"
    );
    held(claim, sql::once_changed(pool, &release).await?)
}
