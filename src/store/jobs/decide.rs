//! What people do to a job. Each function works on a job that [`lock`] holds.

use sqlx::{PgConnection, PgPool, Row};

use super::{Job, RowCounts, job, one, sql};
use crate::domain::ids::RowId;
use crate::domain::job::{ImportPolicy, JobId, Owner};
use crate::store::StoreError;

/// A job of an owner, held until the transaction ends: no run can claim it meanwhile. Waits five seconds at most
/// for whoever else holds it; a transient error says that it took longer.
pub async fn lock(
    connection: &mut PgConnection,
    owner: &Owner,
    id: JobId,
) -> Result<Option<Job>, StoreError> {
    sqlx::raw_sql("SET LOCAL lock_timeout = '5s'").execute(&mut *connection).await?;
    let query = sqlx::AssertSqlSafe(one() + " FOR UPDATE");
    let row = sql::query(query).bind(&owner.0).bind(id.0).fetch_optional(connection).await?;
    row.as_ref().map(job).transpose()
}

/// The job of a row of an owner.
pub(crate) async fn of_row(
    connection: &mut PgConnection,
    owner: &Owner,
    row: RowId,
) -> Result<Option<JobId>, StoreError> {
    let query = "SELECT staging_job_id FROM staging JOIN jobs ON job_id = staging_job_id WHERE staging_id = $2 AND job_user_id = $1";
    Ok(sql::query_scalar(query).bind(&owner.0).bind(row).fetch_optional(connection).await?)
}

/// Adds to the count of open issues; gives the new count.
pub(crate) async fn add_issues(
    connection: &mut PgConnection,
    id: JobId,
    more: i64,
) -> Result<i32, StoreError> {
    let query = "UPDATE jobs SET job_issue_count = greatest(job_issue_count + $2, 0) WHERE job_id = $1 RETURNING job_issue_count";
    Ok(sql::query_scalar(query).bind(id.0).bind(more as i32).fetch_one(connection).await?)
}

/// Counts rows of a job that have come to another status.
pub(crate) async fn move_rows(
    connection: &mut PgConnection,
    id: JobId,
    more: &RowCounts,
) -> Result<(), StoreError> {
    let query = "UPDATE jobs SET job_ready_rows = greatest(job_ready_rows + $2, 0), job_issue_rows = greatest(job_issue_rows + $3, 0),
                job_discarded_rows = greatest(job_discarded_rows + $4, 0), job_success_rows = greatest(job_success_rows + $5, 0)
         WHERE job_id = $1";
    let RowCounts { ready, with_issues, discarded, consolidated, repeated: _ } = *more;
    let query = sql::query(query).bind(id.0).bind(ready as i32).bind(with_issues as i32);
    query.bind(discarded as i32).bind(consolidated as i32).execute(connection).await?;
    Ok(())
}

/// Cancels a job: FAILED with the reason, and messages that ask for it change nothing.
pub(crate) async fn cancel(connection: &mut PgConnection, id: JobId, reason: &str) -> Result<(), StoreError> {
    let query = "UPDATE jobs SET job_status = 'FAILED', job_failure = $2, job_cancelled_at = now(),
                job_process_end = coalesce(job_process_end, now()), job_lease_token = NULL, job_lease_until = NULL
         WHERE job_id = $1";
    sql::query(query).bind(id.0).bind(reason).execute(connection).await?;
    Ok(())
}

/// Sets when valid rows become contacts.
pub(crate) async fn set_policy(
    connection: &mut PgConnection,
    id: JobId,
    policy: ImportPolicy,
) -> Result<(), StoreError> {
    let query = "UPDATE jobs SET job_import_policy = $2 WHERE job_id = $1";
    sql::query(query).bind(id.0).bind(policy.as_str()).execute(connection).await?;
    Ok(())
}

/// A job whose contacts were taken back is under review again.
pub(crate) async fn reopen(connection: &mut PgConnection, id: JobId) -> Result<(), StoreError> {
    let query = "UPDATE jobs SET job_status = 'NEEDS_REVIEW' WHERE job_id = $1";
    sql::query(query).bind(id.0).execute(connection).await?;
    Ok(())
}

/// Deletes a job, and with it what the tables that jobs share hold of it.
pub(crate) async fn delete(connection: &mut PgConnection, id: JobId) -> Result<(), StoreError> {
    sql::query("DELETE FROM jobs WHERE job_id = $1").bind(id.0).execute(connection).await?;
    Ok(())
}

/// Whether a job of the owner has this file in the store.
pub(crate) async fn has_file(
    connection: &mut PgConnection,
    owner: &Owner,
    key: &str,
) -> Result<bool, StoreError> {
    let query = "SELECT EXISTS (SELECT FROM jobs WHERE job_user_id = $1 AND job_s3_object_key = $2)";
    Ok(sql::query_scalar(query).bind(&owner.0).bind(key).fetch_one(connection).await?)
}

/// Whether another job, of any owner, has the same file in the store. Not asked in the transaction that deletes the job,
/// which sees nothing of other owners. Waits for who locks `jobs`, so a transaction asks before it does.
pub(crate) async fn shares_file(pool: &PgPool, id: JobId) -> Result<bool, StoreError> {
    let query = format!(
        "SELECT EXISTS (SELECT FROM jobs AS other WHERE job_id <> {id}
             AND job_s3_object_key = (SELECT job_s3_object_key FROM jobs WHERE job_id = {id})) AS shares"
    );
    let row = sql::once(pool, &query).await?.pop().ok_or(StoreError::Unreadable)?;
    Ok(row.try_get("shares")?)
}
