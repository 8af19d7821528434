//! Jobs of an owner that are FAILED and that the owner can run again.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::domain::job::{JobId, Owner};
use crate::store::{Count, StoreError, filter};

/// A filter of failed jobs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FailedFilter {
    /// Only jobs whose latest run ended at this time or later.
    pub since: Option<DateTime<Utc>>,
    /// Only jobs whose file name contains this text, ignoring case.
    pub text: Option<String>,
}

/// Adds the conditions: nobody has cancelled the job or requested another run since, and it has its rows.
fn add_conditions(query: &mut sqlx::QueryBuilder<sqlx::Postgres>, owner: &Owner, which: &FailedFilter) {
    query.push("job_user_id = ").push_bind(owner.0.clone()).push(
        " AND job_status = 'FAILED' AND job_cancelled_at IS NULL AND job_rows_removed_at IS NULL
         AND (job_available_at IS NULL OR job_available_at <= job_process_end)
         AND coalesce(job_lease_until <= now(), true)",
    );
    if let Some(since) = which.since {
        query.push(" AND job_process_end >= ").push_bind(since);
    }
    if let Some(text) = which.text.as_deref().filter(|text| !text.is_empty()) {
        query
            .push(format!(" AND {} ILIKE ", filter::searched("job_original_filename")))
            .push_bind(filter::anywhere(text));
    }
}

/// Returns up to `limit` of the jobs, newest first, starting after `before` if it is set.
pub(crate) async fn failed(
    connection: &mut PgConnection,
    owner: &Owner,
    which: &FailedFilter,
    before: Option<JobId>,
    limit: i64,
) -> Result<Vec<JobId>, StoreError> {
    let mut query = sqlx::QueryBuilder::new("SELECT job_id::bigint FROM jobs WHERE ");
    add_conditions(&mut query, owner, which);
    if let Some(before) = before {
        query.push(" AND job_id < ").push_bind(before.0);
    }
    query.push(" ORDER BY job_id DESC LIMIT ").push_bind(limit);
    let ids: Vec<i64> = query.build_query_scalar().persistent(false).fetch_all(connection).await?;
    Ok(ids.into_iter().map(JobId).collect())
}

/// Counts the jobs.
pub(crate) async fn count_failed(
    connection: &mut PgConnection,
    owner: &Owner,
    which: &FailedFilter,
) -> Result<Count, StoreError> {
    let mut query = sqlx::QueryBuilder::new("SELECT count(*) FROM (SELECT FROM jobs WHERE ");
    add_conditions(&mut query, owner, which);
    query.push(" LIMIT ").push_bind(Count::MOST + 1).push(") AS counted");
    Ok(Count(query.build_query_scalar().persistent(false).fetch_one(connection).await?))
}
