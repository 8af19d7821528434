//! The jobs that have changed since a snapshot.

use sqlx::{AssertSqlSafe, PgConnection, Row};

use super::{JOB, Job, job};
use crate::domain::job::{JobId, Owner};
use crate::domain::snapshot::Snapshot;
use crate::store::{StoreError, sql};

/// The jobs of an owner that have changed since a snapshot.
#[derive(Debug)]
pub(crate) struct Changed {
    /// Their ids, in the order of their changes, at most as many as asked for.
    pub jobs: Vec<JobId>,
    /// The snapshot of this query: what it has not seen is found since this one.
    pub until: Snapshot,
}

/// Returns up to `limit` jobs that have changed since `since`, whichever transaction has committed first.
pub(crate) async fn changed_since(
    connection: &mut PgConnection,
    owner: &Owner,
    since: &Snapshot,
    limit: i64,
) -> Result<Changed, StoreError> {
    let query = "SELECT pg_current_snapshot()::text AS until, ARRAY(
             SELECT job_id::bigint FROM jobs
             WHERE job_user_id = $1 AND job_changed >= pg_snapshot_xmin($2::text::pg_snapshot)
               AND NOT pg_visible_in_snapshot(job_changed, $2::text::pg_snapshot)
             ORDER BY job_changed, job_id LIMIT $3) AS jobs";
    let query = sql::query(query).bind(&owner.0).bind(since.to_string()).bind(limit);
    let row = query.fetch_one(connection).await?;
    let jobs: Vec<i64> = row.try_get("jobs")?;
    Ok(Changed { jobs: jobs.into_iter().map(JobId).collect(), until: sql::snapshot(&row, "until")? })
}

/// Returns up to `limit` jobs of an owner for which a run is requested or in progress, the newest first, and the snapshot of
/// this query.
pub(crate) async fn wanted(
    connection: &mut PgConnection,
    owner: &Owner,
    limit: i64,
) -> Result<Changed, StoreError> {
    let query = "SELECT pg_current_snapshot()::text AS until, ARRAY(
             SELECT job_id::bigint FROM jobs WHERE job_user_id = $1 AND job_available_at IS NOT NULL
             ORDER BY job_available_at DESC LIMIT $2) AS jobs";
    let row = sql::query(query).bind(&owner.0).bind(limit).fetch_one(connection).await?;
    let jobs: Vec<i64> = row.try_get("jobs")?;
    Ok(Changed { jobs: jobs.into_iter().map(JobId).collect(), until: sql::snapshot(&row, "until")? })
}

/// Returns those of these jobs that an owner has, without their interpretations, in the order of the ids.
pub(crate) async fn with_ids(
    connection: &mut PgConnection,
    owner: &Owner,
    ids: &[JobId],
) -> Result<Vec<Job>, StoreError> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let query = format!(
        "SELECT NULL::jsonb AS job_interpretation, {JOB}
         WHERE job_user_id = $1 AND job_id = ANY ($2::bigint[])
         ORDER BY array_position($2::bigint[], job_id::bigint)"
    );
    let rows = sql::query(AssertSqlSafe(query)).bind(&owner.0).bind(ids).fetch_all(connection).await?;
    rows.iter().map(job).collect()
}
