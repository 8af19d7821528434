//! What waits for workers and for people, of all owners: for monitoring.

use std::time::Duration;

use sqlx::{PgPool, Row};

use super::{StoreError, sql};
use crate::domain::job::JobStatus;

/// What waits.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Backlog {
    /// The number of jobs that are not COMPLETED, by status, and of their open issues.
    pub jobs: Vec<Unfinished>,
    /// How long the first of the jobs that a worker could receive has waited.
    pub oldest: Option<Duration>,
}

/// Jobs of one status.
#[derive(Debug, PartialEq)]
pub(crate) struct Unfinished {
    /// The status.
    pub status: JobStatus,
    /// The number of jobs.
    pub jobs: i64,
    /// The number of their open issues.
    pub open_issues: i64,
}

/// Returns what waits. Reads only jobs that are not COMPLETED.
pub(crate) async fn read(pool: &PgPool) -> Result<Backlog, StoreError> {
    // A job with a lease is in progress, though a queue other than the database still wants it.
    let oldest = "SELECT extract(epoch FROM now() - job_available_at)::float8 AS seconds FROM jobs
         WHERE job_available_at <= now() AND (job_lease_until IS NULL OR job_lease_until <= now())
         ORDER BY job_available_at LIMIT 1";
    let seconds = match sql::once(pool, oldest).await?.first() {
        Some(row) => Some(row.try_get::<f64, _>("seconds")?),
        None => None,
    };
    let counts = "SELECT job_status::text AS status, count(*) AS jobs, sum(job_issue_count)::bigint AS open_issues FROM jobs
         WHERE job_status <> 'COMPLETED' GROUP BY job_status ORDER BY job_status";
    let mut jobs = Vec::new();
    for row in sql::once(pool, counts).await? {
        let status = row.try_get::<String, _>("status")?.parse()?;
        let open_issues = row.try_get::<Option<i64>, _>("open_issues")?.unwrap_or_default();
        jobs.push(Unfinished { status, jobs: row.try_get("jobs")?, open_issues });
    }
    let oldest = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    Ok(Backlog { jobs, oldest })
}
