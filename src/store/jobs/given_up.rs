//! Jobs that were given up: FAILED for a reason that the operator must fix. Of all owners, since the operator fixes it.

use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, PgPool, Row};

use super::sql;
use crate::domain::failure::Failure;
use crate::domain::job::JobId;
use crate::store::{Count, StoreError};

/// A job that was given up.
#[derive(Debug)]
pub(crate) struct GivenUp {
    /// The job.
    pub id: JobId,
    /// Its owner.
    pub owner: String,
    /// The file's key in the object store.
    pub object_key: String,
    /// The original name of the file.
    pub filename: String,
    /// When its last run ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// Why it was given up.
    pub reason: String,
}

from_row!(GivenUp { id = "job_id", owner = "job_user_id", object_key = "job_s3_object_key", filename = "job_original_filename", ended_at = "job_process_end", reason = "failure" });

/// The jobs that were given up, unless another run was requested since. `$1`: the kinds of failures.
const GIVEN_UP: &str =
    "SELECT job_id, job_user_id, job_s3_object_key, job_original_filename, job_process_end,
        coalesce(job_failure, '') AS failure
    FROM jobs WHERE job_status = 'FAILED' AND job_failure_reason ->> 'kind' = ANY ($1)
        AND (job_available_at IS NULL OR job_available_at <= job_process_end)";

/// Returns up to `limit` jobs that were given up, newest first, starting after `before` if it is set.
pub(crate) async fn given_up(
    pool: &PgPool,
    before: Option<JobId>,
    limit: i64,
) -> Result<Vec<GivenUp>, StoreError> {
    let query = format!("{GIVEN_UP} AND ($2::bigint IS NULL OR job_id < $2) ORDER BY job_id DESC LIMIT $3");
    let query =
        sql::query(AssertSqlSafe(query)).bind(Failure::GIVEN_UP).bind(before.map(|id| id.0)).bind(limit);
    let rows = sql::fetch(pool, query).await?;
    rows.iter().map(|row| Ok(sqlx::FromRow::from_row(row)?)).collect()
}

/// Counts the jobs that were given up.
pub(crate) async fn count_given_up(pool: &PgPool) -> Result<Count, StoreError> {
    let query = format!("SELECT count(*) AS count FROM ({GIVEN_UP} LIMIT $2) AS counted");
    let query = sql::query(AssertSqlSafe(query)).bind(Failure::GIVEN_UP).bind(Count::MOST + 1);
    let rows = sql::fetch(pool, query).await?;
    Ok(Count(rows.first().ok_or(StoreError::Unreadable)?.try_get("count")?))
}

/// Returns a job if it was given up.
pub(crate) async fn given_up_job(pool: &PgPool, id: JobId) -> Result<Option<GivenUp>, StoreError> {
    let query = format!("{GIVEN_UP} AND job_id = $2");
    let query = sql::query(AssertSqlSafe(query)).bind(Failure::GIVEN_UP).bind(id.0);
    let row = sql::fetch(pool, query).await?.pop();
    row.map(|row| Ok(sqlx::FromRow::from_row(&row)?)).transpose()
}
