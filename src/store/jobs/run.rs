//! A run's side of `jobs`: the lease under which it writes, its checkpoints and its end.
//!
//! Every write here names the token of the lease and fails with [`StoreError::LeaseLost`] where it
//! touches no row.

use std::time::Duration;

use sqlx::types::Json;
use sqlx::{PgConnection, PgPool, Row};
use uuid::Uuid;

use super::RowCounts;
use crate::domain::ids::RowId;
use crate::domain::job::{Columns, Flow, ImportPolicy, JobId, JobStatus, Owner};
use crate::store::sql::{self, NOT_FLUSHED};
use crate::store::{Home, StoreError};

/// A job that this run may work on, as it stood when the lease was taken.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The job.
    pub job: JobId,
    /// Whose it is.
    pub owner: Owner,
    /// The file's key in the store.
    pub object_key: String,
    /// What every write of the run names.
    pub token: Uuid,
    /// Where the rows come from.
    pub flow: Flow,
    /// Transient failures so far.
    pub attempts: u32,
    /// Runs before this one that began, got no further and never came to an end: their workers were killed.
    pub cut_off: u32,
    /// The object's version that rows were staged from by an earlier run.
    pub object_version: Option<String>,
    /// The base of the reserved block of staging ids.
    pub staging_base: Option<RowId>,
    /// Whether the job has a partition of its own, attached or not.
    pub partitioned: bool,
    /// Data rows staged by earlier runs.
    pub checkpoint: u64,
    /// Whether rows of the job are in the shared table, though none is staged for good.
    pub has_leftovers: bool,
    /// Whether valid rows become contacts before the review is done.
    pub policy: ImportPolicy,
    /// Which columns of the file are which, where a person has matched them.
    pub columns: Option<Columns>,
}
/// What came of the attempt to claim a job.
#[derive(Debug)]
pub enum Claimed {
    /// The lease is ours.
    Ours(Claim),
    /// Another run holds the lease for that much longer.
    Busy(Duration),
    /// There is nothing to do: the job is COMPLETED.
    Completed,
    /// A person has called it off.
    Cancelled,
    /// There is no such job.
    Unknown,
}

/// Takes the lease of a job for `lease`, if nobody holds it, and makes the job PROCESSING.
///
/// A run inside [`hold`] is alive as long as its connection is, whatever the time says: its job is busy.
///
/// The run counts as one that has not come to an end until [`settle`], [`fail`] or [`release`] says that it has.
pub async fn claim(pool: &PgPool, id: JobId, lease: Duration) -> Result<Claimed, StoreError> {
    let token = Uuid::new_v4();
    // A job that was NEEDS_REVIEW is staged, whoever staged it: its file is never read again.
    let claim = format!(
        "UPDATE jobs SET job_status = 'PROCESSING', job_lease_token = '{token}', job_lease_until = now() + {lease},
                job_process_start = now(), job_process_end = NULL, job_failure = NULL,
                job_unfinished_runs = job_unfinished_runs + 1,
                job_staged_at = CASE WHEN job_status = 'NEEDS_REVIEW' THEN coalesce(job_staged_at, now()) ELSE job_staged_at END
         WHERE job_id = (
             SELECT job_id FROM jobs
             WHERE job_id = {id} AND job_status <> 'COMPLETED' AND job_cancelled_at IS NULL
               AND (job_lease_until IS NULL OR job_lease_until <= now())
             FOR UPDATE SKIP LOCKED)
         RETURNING job_user_id, job_s3_object_key, job_attempts, job_object_version, job_staging_base, job_checkpoint,
                   job_partitioned, job_import_policy, job_columns, job_staged_at IS NOT NULL AS staged,
                   job_unfinished_runs, job_checkpoint = 0 AND EXISTS (SELECT FROM staging_shared WHERE staging_job_id = job_id) AS has_leftovers",
        lease = sql::interval(lease)
    );
    let Some(row) = sql::once(pool, &claim).await?.pop() else {
        return refusal(pool, id).await;
    };
    let flow = if row.try_get("staged")? { Flow::Reprocess } else { Flow::Initial };
    Ok(Claimed::Ours(Claim {
        job: id,
        owner: Owner(row.try_get("job_user_id")?),
        object_key: row.try_get("job_s3_object_key")?,
        token,
        flow,
        attempts: row.try_get::<i32, _>("job_attempts")?.unsigned_abs(),
        cut_off: row.try_get::<i32, _>("job_unfinished_runs")?.unsigned_abs().saturating_sub(1),
        object_version: row.try_get("job_object_version")?,
        staging_base: row.try_get("job_staging_base")?,
        partitioned: row.try_get("job_partitioned")?,
        checkpoint: row.try_get::<i32, _>("job_checkpoint")?.unsigned_abs().into(),
        has_leftovers: row.try_get("has_leftovers")?,
        policy: row.try_get::<&str, _>("job_import_policy")?.parse()?,
        columns: row.try_get::<Option<Json<Columns>>, _>("job_columns")?.map(|Json(columns)| columns),
    }))
}

async fn refusal(pool: &PgPool, id: JobId) -> Result<Claimed, StoreError> {
    let query = format!(
        "SELECT job_status = 'COMPLETED' AS completed, job_cancelled_at IS NOT NULL AS cancelled,
                coalesce(extract(epoch FROM job_lease_until - now()), 0)::float8 AS seconds
         FROM jobs WHERE job_id = {id}"
    );
    Ok(match sql::once(pool, &query).await?.pop() {
        None => Claimed::Unknown,
        Some(row) if row.try_get("completed")? => Claimed::Completed,
        Some(row) if row.try_get("cancelled")? => Claimed::Cancelled,
        Some(row) => Claimed::Busy(Duration::from_secs_f64(row.try_get::<f64, _>("seconds")?.max(0.0))),
    })
}

/// Turns "no row touched" into the loss of the lease.
fn held(claim: &Claim, rows_changed: u64) -> Result<(), StoreError> {
    match rows_changed {
        0 => Err(StoreError::LeaseLost(claim.job)),
        _ => Ok(()),
    }
}

/// Holds the lease for another `lease` from now on. A run inside [`hold`] needs no renewal.
pub(crate) async fn renew(pool: &PgPool, claim: &Claim, lease: Duration) -> Result<(), StoreError> {
    let (job, token, lease) = (claim.job, claim.token, sql::interval(lease));
    let renew = format!(
        "UPDATE jobs SET job_lease_until = now() + {lease}
         WHERE job_id = (SELECT job_id FROM jobs WHERE job_id = {job} AND job_lease_token = '{token}' FOR NO KEY UPDATE SKIP LOCKED)"
    );
    if sql::once_changed(pool, &renew).await? > 0 {
        return Ok(());
    }
    let query = format!("SELECT FROM jobs WHERE job_id = {job} AND job_lease_token = '{token}'");
    held(claim, sql::once_changed(pool, &query).await?)
}

/// Holds the job itself until the transaction ends, in place of the lease's time: a repeatable-read
/// transaction could not write a row that renewals change meanwhile.
///
/// Not FOR UPDATE: a row of the job that one transaction updates twice has its foreign key checked again,
/// and the run's own helpers beside this transaction must not wait for it.
pub(crate) async fn hold(connection: &mut PgConnection, claim: &Claim) -> Result<(), StoreError> {
    let query = sql::query("SELECT FROM jobs WHERE job_id = $1 AND job_lease_token = $2 FOR NO KEY UPDATE")
        .bind(claim.job.0)
        .bind(claim.token);
    held(claim, query.execute(connection).await?.rows_affected())
}

/// What the survey of a file settled before its first row is staged.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// The object's version.
    pub object_version: String,
    /// Data rows in the file.
    pub total_rows: u64,
    /// Where they go.
    pub place: Place,
}

/// Where the rows of a file go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// The table.
    pub home: Home,
    /// Row n of the file, counted from 1, has the `staging_id` base + n.
    pub base: RowId,
}

impl Place {
    /// Returns the row of a number in the file, from 1.
    pub(crate) fn row(self, number: u64) -> RowId {
        RowId(self.base.0 + number as i64)
    }
}

/// Writes the plan down.
pub(crate) async fn plan(
    connection: &mut PgConnection,
    claim: &Claim,
    plan: &Plan,
) -> Result<(), StoreError> {
    let query = sql::query(
        "UPDATE jobs SET job_total_rows = $3, job_processed_rows = job_checkpoint, job_staging_base = $4, job_object_version = $5,
                job_partitioned = $6
         WHERE job_id = $1 AND job_lease_token = $2",
    )
    .bind(claim.job.0)
    .bind(claim.token)
    .bind(total_rows(plan.total_rows)?)
    .bind(plan.place.base)
    .bind(&plan.object_version)
    .bind(matches!(plan.place.home, Home::Own(_)));
    held(claim, query.execute(connection).await?.rows_affected())
}

/// The most rows of a job: their numbers leave two bits free for what is compared beside them.
const MOST_ROWS: u64 = (1 << 30) - 1;

/// The number of a job's rows as its column holds it.
fn total_rows(rows: u64) -> Result<i32, StoreError> {
    match i32::try_from(rows) {
        Ok(number) if rows <= MOST_ROWS => Ok(number),
        _ => Err(StoreError::TooLarge { what: "the number of rows", value: rows }),
    }
}

/// Reserves a block of staging ids for a file of `rows` data rows, unless an earlier run has staged rows in
/// its own. `partition`: whether they are to have a partition of their own.
///
/// Never in the transaction that writes the rows: all jobs would wait for its end. Nor is the disk waited
/// for: what names the block is logged behind it, so it is never known without being taken.
pub(crate) async fn reserve(
    pool: &PgPool,
    claim: &Claim,
    rows: u64,
    partition: bool,
) -> Result<Place, StoreError> {
    if let Some(base) = claim.staging_base
        // Without a row staged the file may be another one by now, and have more rows than the block.
        && claim.checkpoint > 0
    {
        return Ok(Place { home: Home::of(claim.job, claim.partitioned), base });
    }
    let (count, kind) = (total_rows(rows)?, if partition { "partition" } else { "shared" });
    let reserve = format!(
        "{NOT_FLUSHED};
         UPDATE staging_id_blocks SET block_next_id = block_next_id + {count} WHERE block_kind = '{kind}'
         RETURNING block_next_id - {count} - 1 AS base"
    );
    let row = sql::once(pool, &reserve).await?.pop().ok_or(StoreError::Unreadable)?;
    Ok(Place { home: Home::of(claim.job, partition), base: row.try_get("base")? })
}

/// Where the rows of a staged job are. The base is 0 where no run has reserved a block.
pub(crate) async fn place(connection: &mut PgConnection, job: JobId) -> Result<Place, StoreError> {
    let query = "SELECT job_partitioned, coalesce(job_staging_base, 0) FROM jobs WHERE job_id = $1";
    let (partitioned, base) = sql::query_as(query).bind(job.0).fetch_one(connection).await?;
    Ok(Place { home: Home::of(job, partitioned), base })
}

/// The first `rows` data rows of the file are staged, `repeated` of them counted as repeats.
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

/// All rows are staged: from here on a run of the job reprocesses.
pub(crate) async fn staged(connection: &mut PgConnection, claim: &Claim) -> Result<(), StoreError> {
    let query =
        sql::query("UPDATE jobs SET job_staged_at = now() WHERE job_id = $1 AND job_lease_token = $2")
            .bind(claim.job.0)
            .bind(claim.token);
    held(claim, query.execute(connection).await?.rows_affected())
}

/// How a run ended that went through.
#[derive(Debug, Clone)]
pub(crate) struct Settled {
    /// NEEDS_REVIEW where issues are open, COMPLETED otherwise.
    pub status: JobStatus,
    /// Issues that are open.
    pub open_issues: u64,
    /// The job's rows. Those that are not counted are discarded.
    pub counts: RowCounts,
}

/// Ends a run that went through. The end is told by the clock: `now()` is when the transaction began, which may be long
/// ago. `planned`: what [`plan`] and [`checkpoint`] would have written, for a run of one transaction.
pub(crate) async fn settle(
    connection: &mut PgConnection,
    claim: &Claim,
    settled: &Settled,
    planned: Option<&Plan>,
) -> Result<(), StoreError> {
    let RowCounts { ready, with_issues, consolidated, repeated, .. } = settled.counts;
    let query = sql::query(
        "UPDATE jobs SET job_total_rows = coalesce($8, job_total_rows), job_processed_rows = coalesce($8, job_total_rows),
                job_checkpoint = coalesce($8, job_checkpoint), job_repeated_rows = coalesce($9, job_repeated_rows),
                job_staging_base = coalesce($10, job_staging_base), job_object_version = coalesce($11, job_object_version),
                job_partitioned = coalesce($12, job_partitioned),
                job_ready_rows = $5, job_issue_rows = $6, job_success_rows = $7,
                job_discarded_rows = greatest(coalesce($8, job_total_rows) - coalesce($9, job_repeated_rows) - $5 - $6 - $7, 0),
                job_status = $3::text::job_status_enum, job_issue_count = $4,
                job_staged_at = coalesce(job_staged_at, now()), job_process_end = clock_timestamp(), job_attempts = 0,
                job_unfinished_runs = 0, job_lease_token = NULL, job_lease_until = NULL
         WHERE job_id = $1 AND job_lease_token = $2",
    )
    .bind(claim.job.0)
    .bind(claim.token)
    .bind(settled.status.as_str())
    .bind(settled.open_issues as i32)
    .bind(ready as i32)
    .bind(with_issues as i32)
    .bind(consolidated as i32)
    .bind(planned.map(|plan| total_rows(plan.total_rows)).transpose()?)
    .bind(planned.map(|_| repeated as i32))
    .bind(planned.map(|plan| plan.place.base))
    .bind(planned.map(|plan| plan.object_version.as_str()))
    .bind(planned.map(|plan| matches!(plan.place.home, Home::Own(_))));
    held(claim, query.execute(connection).await?.rows_affected())
}

/// Ends a run FAILED, with the reason in words for the owner.
pub(crate) async fn fail(pool: &PgPool, claim: &Claim, reason: &str) -> Result<(), StoreError> {
    let query = sql::query(
        "UPDATE jobs SET job_status = 'FAILED', job_failure = $3, job_process_end = clock_timestamp(), job_attempts = 0,
                job_unfinished_runs = 0, job_lease_token = NULL, job_lease_until = NULL
         WHERE job_id = $1 AND job_lease_token = $2",
    )
    .bind(claim.job.0)
    .bind(claim.token)
    .bind(reason);
    held(claim, sql::execute(pool, query).await?.rows_affected())
}

/// Gives the lease back in the middle of the work. `failed`: counts one more transient failure.
pub(crate) async fn release(pool: &PgPool, claim: &Claim, failed: bool) -> Result<(), StoreError> {
    let (job, token, failures) = (claim.job, claim.token, i32::from(failed));
    let release = format!(
        "UPDATE jobs SET job_lease_token = NULL, job_lease_until = NULL, job_attempts = job_attempts + {failures},
                job_unfinished_runs = greatest(job_unfinished_runs - 1, 0)
         WHERE job_id = {job} AND job_lease_token = '{token}'"
    );
    held(claim, sql::once_changed(pool, &release).await?)
}
