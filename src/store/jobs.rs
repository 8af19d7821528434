//! `jobs`: what is known of a job; `run.rs`, the lease under which a run writes.

mod run;

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgPool, Row};

pub use run::*;

use super::{Count, Home, StoreError, interval};
use crate::domain::job::{JobId, JobStatus, Owner};

/// A job as people see it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Job {
    /// `job_id`.
    pub id: i32,
    /// `job_user_id`.
    pub owner: String,
    /// The name of the file as it was given.
    pub filename: String,
    /// The file's key in the store.
    pub object_key: String,
    /// One word of `job_status_enum`.
    pub status: String,
    /// Data rows in the file.
    pub total_rows: i32,
    /// Rows done so far.
    pub processed_rows: i32,
    /// Rows left out since an earlier row of the file says the same.
    pub repeated_rows: i32,
    /// Open issues.
    pub open_issues: i32,
    /// Why it is FAILED.
    pub failure: Option<String>,
    /// Whether what it has staged is in tables of its own.
    #[serde(skip)]
    partitioned: bool,
    /// When the producer made it.
    pub created_at: DateTime<Utc>,
    /// When the latest run started.
    pub started_at: Option<DateTime<Utc>>,
    /// When the latest run ended.
    pub ended_at: Option<DateTime<Utc>>,
}

const JOB: &str =
    "SELECT job_id, job_user_id, job_original_filename, job_s3_object_key, job_status::text AS status,
    job_total_rows, job_processed_rows, job_repeated_rows, job_issue_count, job_failure,
    job_partitioned AND job_staged_at IS NOT NULL AS job_partitioned,
    job_created_at, job_process_start, job_process_end FROM jobs";

fn job(row: &PgRow) -> Result<Job, sqlx::Error> {
    Ok(Job {
        id: row.try_get("job_id")?,
        owner: row.try_get("job_user_id")?,
        filename: row.try_get("job_original_filename")?,
        object_key: row.try_get("job_s3_object_key")?,
        status: row.try_get("status")?,
        total_rows: row.try_get("job_total_rows")?,
        processed_rows: row.try_get("job_processed_rows")?,
        repeated_rows: row.try_get("job_repeated_rows")?,
        open_issues: row.try_get("job_issue_count")?,
        failure: row.try_get("job_failure")?,
        partitioned: row.try_get("job_partitioned")?,
        created_at: row.try_get("job_created_at")?,
        started_at: row.try_get("job_process_start")?,
        ended_at: row.try_get("job_process_end")?,
    })
}

impl Job {
    /// The status as a value.
    pub fn status(&self) -> Result<JobStatus, StoreError> {
        Ok(self.status.parse()?)
    }

    /// Where its rows, issues and items are. A large job has none until all of its rows are staged.
    pub fn home(&self) -> Home {
        Home::of(JobId(self.id), self.partitioned)
    }
}

/// One job of an owner.
pub async fn get(pool: &PgPool, owner: &Owner, id: JobId) -> Result<Option<Job>, StoreError> {
    let query = sqlx::AssertSqlSafe(format!("{JOB} WHERE job_user_id = $1 AND job_id = $2"));
    let row = sqlx::query(query).bind(&owner.0).bind(id.0).fetch_optional(pool).await?;
    Ok(row.as_ref().map(job).transpose()?)
}

/// An owner's jobs, newest first: at most `limit`, older than `before` where that is given.
pub async fn list(
    pool: &PgPool,
    owner: &Owner,
    before: Option<JobId>,
    limit: i64,
) -> Result<Vec<Job>, StoreError> {
    let query = sqlx::AssertSqlSafe(format!(
        "{JOB} WHERE job_user_id = $1 AND job_id < coalesce($2, 2147483647) ORDER BY job_id DESC LIMIT $3"
    ));
    let rows =
        sqlx::query(query).bind(&owner.0).bind(before.map(|id| id.0)).bind(limit).fetch_all(pool).await?;
    Ok(rows.iter().map(job).collect::<Result<_, _>>()?)
}

/// How many jobs an owner has.
pub async fn count(pool: &PgPool, owner: &Owner) -> Result<Count, StoreError> {
    let query = "SELECT count(*) FROM (SELECT FROM jobs WHERE job_user_id = $1 LIMIT $2 + 1) AS counted";
    Ok(Count(sqlx::query_scalar(query).bind(&owner.0).bind(Count::MOST).fetch_one(pool).await?))
}

/// Inserts a PENDING job. `wanted`: put it into the database's queue; otherwise the caller sends a
/// message, or runs the job itself.
pub async fn insert(
    connection: &mut PgConnection,
    owner: &Owner,
    filename: &str,
    key: &str,
    wanted: bool,
) -> Result<JobId, StoreError> {
    let id = sqlx::query_scalar(
        "INSERT INTO jobs (job_user_id, job_original_filename, job_s3_object_key, job_status, job_total_rows,
                           job_processed_rows, job_issue_count, job_available_at)
         VALUES ($1, $2, $3, 'PENDING', 0, 0, 0, CASE WHEN $4 THEN now() ELSE now() + interval '1 minute' END) RETURNING job_id",
    )
    .bind(&owner.0)
    .bind(filename)
    .bind(key)
    .bind(wanted)
    .fetch_one(connection)
    .await?;
    Ok(JobId(id))
}

/// Jobs that want work and have neither a live lease nor, it seems, a message: PENDING or PROCESSING,
/// and overdue by `grace`. Each is given to one caller, and again after twice as long each time: a
/// long queue is no lost message.
pub async fn stranded(
    pool: &PgPool,
    grace: Duration,
    limit: i64,
) -> Result<Vec<(JobId, String)>, StoreError> {
    let rows = sqlx::query(
        "UPDATE jobs SET job_available_at = now(), job_delivery_count = job_delivery_count + 1
         WHERE job_id IN (
             SELECT job_id FROM jobs
             WHERE job_available_at <= now() - $1 * power(2, least(job_delivery_count, 10)) AND job_status IN ('PENDING', 'PROCESSING')
               AND (job_lease_until IS NULL OR job_lease_until <= now())
             ORDER BY job_available_at LIMIT $2 FOR UPDATE SKIP LOCKED)
         RETURNING job_id, job_s3_object_key",
    )
    .bind(interval(grace))
    .bind(limit)
    .fetch_all(pool)
    .await?;
    rows.iter().map(|row| Ok((JobId(row.try_get("job_id")?), row.try_get("job_s3_object_key")?))).collect()
}

/// The status of a job, whose row is locked until the transaction ends: no run can claim it meanwhile.
/// PROCESSING when another transaction has it.
pub async fn lock(connection: &mut PgConnection, id: JobId) -> Result<JobStatus, StoreError> {
    let query = "SELECT job_status::text FROM jobs WHERE job_id = $1 FOR UPDATE SKIP LOCKED";
    let status: Option<String> = sqlx::query_scalar(query).bind(id.0).fetch_optional(connection).await?;
    Ok(status.map_or(Ok(JobStatus::Processing), |word| word.parse())?)
}

/// Nothing is wanted of the job any more: for a run that was not asked for through the database's queue,
/// which answers by itself.
pub async fn unwant(pool: &PgPool, id: JobId) -> Result<(), StoreError> {
    sqlx::query("UPDATE jobs SET job_available_at = NULL, job_delivery_count = 0 WHERE job_id = $1 AND job_available_at IS NOT NULL")
        .bind(id.0)
        .execute(pool)
        .await?;
    Ok(())
}
