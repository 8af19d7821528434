//! Changes that people make to a job. The caller must first [`lock`] the job.

use sqlx::types::Json;
use sqlx::{PgConnection, PgPool, Row};

use super::{Job, RowCounts, job, one, sql};
use crate::domain::failure::Failure;
use crate::domain::ids::RowId;
use crate::domain::job::{Columns, ImportPolicy, JobId, Owner, ParseSettings, Quote};
use crate::domain::required::RequiredFields;
use crate::store::StoreError;

/// Locks a job of an owner until the transaction ends and returns it; no run can claim it in that time. Fails with a
/// transient error after waiting five seconds for another lock.
pub async fn lock(
    connection: &mut PgConnection,
    owner: &Owner,
    id: JobId,
) -> Result<Option<Job>, StoreError> {
    sql::limit_lock_waits(connection).await?;
    let query = sqlx::AssertSqlSafe(one() + " FOR UPDATE");
    let row = sql::query(query).bind(&owner.0).bind(id.0).fetch_optional(connection).await?;
    row.as_ref().map(job).transpose()
}

/// Returns the job of a row of an owner.
pub(crate) async fn of_row(
    connection: &mut PgConnection,
    owner: &Owner,
    row: RowId,
) -> Result<Option<JobId>, StoreError> {
    let query = "SELECT staging_job_id FROM staging JOIN jobs ON job_id = staging_job_id
         WHERE staging_id = $2 AND job_user_id = $1";
    Ok(sql::query_scalar(query).bind(&owner.0).bind(row).fetch_optional(connection).await?)
}

/// Adds `more` to the count of open issues and returns the new count.
pub(crate) async fn add_issues(
    connection: &mut PgConnection,
    id: JobId,
    more: i64,
) -> Result<i32, StoreError> {
    let query = "UPDATE jobs SET job_issue_count = greatest(job_issue_count + $2, 0)
         WHERE job_id = $1 RETURNING job_issue_count";
    Ok(sql::query_scalar(query).bind(id.0).bind(more as i32).fetch_one(connection).await?)
}

/// Adds `more` to the counts of a job's rows by status; negative numbers subtract.
pub(crate) async fn move_rows(
    connection: &mut PgConnection,
    id: JobId,
    more: &RowCounts,
) -> Result<(), StoreError> {
    let query = "UPDATE jobs SET
                job_ready_rows = greatest(job_ready_rows + $2, 0),
                job_issue_rows = greatest(job_issue_rows + $3, 0),
                job_discarded_rows = greatest(job_discarded_rows + $4, 0),
                job_success_rows = greatest(job_success_rows + $5, 0)
         WHERE job_id = $1";
    let RowCounts { ready, with_issues, discarded, consolidated, repeated: _ } = *more;
    let query = sql::query(query).bind(id.0).bind(ready as i32).bind(with_issues as i32);
    query.bind(discarded as i32).bind(consolidated as i32).execute(connection).await?;
    Ok(())
}

/// Cancels a job: it becomes FAILED with the reason and its English `words`, and later messages for it have no effect.
pub(crate) async fn cancel(
    connection: &mut PgConnection,
    id: JobId,
    reason: &Failure,
    words: &str,
) -> Result<(), StoreError> {
    let query = "UPDATE jobs SET job_status = 'FAILED', job_failure = $2, job_failure_reason = $3, job_cancelled_at = now(),
                job_process_end = coalesce(job_process_end, now()), job_lease_token = NULL, job_lease_until = NULL
         WHERE job_id = $1";
    sql::query(query).bind(id.0).bind(words).bind(Json(reason)).execute(connection).await?;
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

/// How the file of a job is read from now on.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Reading<'a> {
    /// What a person has set.
    pub settings: &'a ParseSettings,
    /// The columns that a person has assigned.
    pub columns: Option<&'a Columns>,
    /// The fields that rows must have.
    #[serde(skip)]
    pub required: RequiredFields,
}

/// Returns a job to its state before the first run, and sets how its file is read. Its rows and issues must be deleted.
pub(crate) async fn restart(
    connection: &mut PgConnection,
    id: JobId,
    reading: &Reading<'_>,
) -> Result<(), StoreError> {
    let query =
        "UPDATE jobs SET job_status = 'PENDING', job_encoding = $2, job_header_line = $3, job_values = $4,
                job_columns = $5, job_required_fields = $6, job_part = $7, job_delimiter = $8, job_quote = $9,
                job_interpretation = NULL, job_extra_columns = '{}',
                job_total_rows = 0, job_processed_rows = 0, job_issue_count = 0,
                job_ready_rows = 0, job_issue_rows = 0, job_discarded_rows = 0, job_success_rows = 0,
                job_repeated_rows = 0, job_checkpoint = 0, job_staged_at = NULL, job_staging_base = NULL,
                job_object_version = NULL, job_partitioned = false, job_merge = NULL, job_attempts = 0, job_unfinished_runs = 0,
                job_failure = NULL, job_failure_reason = NULL, job_cancelled_at = NULL, job_process_start = NULL, job_process_end = NULL
         WHERE job_id = $1";
    let Reading { settings, columns, required } = reading;
    let query = sql::query(query).bind(id.0).bind(&settings.encoding).bind(settings.line());
    let query = query.bind(settings.fixed().map(Json)).bind(columns.map(Json)).bind(required.names());
    let query = query.bind(&settings.part).bind(settings.delimiter.map(String::from));
    let query = query.bind(settings.quote.map(Quote::as_str));
    query.execute(connection).await?;
    Ok(())
}

/// Returns a job to the review after its import was undone.
pub(crate) async fn reopen(connection: &mut PgConnection, id: JobId) -> Result<(), StoreError> {
    let query = "UPDATE jobs SET job_status = 'NEEDS_REVIEW' WHERE job_id = $1";
    sql::query(query).bind(id.0).execute(connection).await?;
    Ok(())
}

/// Deletes a job, and with it its rows, issues and issue items in the shared tables.
pub(crate) async fn delete(connection: &mut PgConnection, id: JobId) -> Result<(), StoreError> {
    sql::query("DELETE FROM jobs WHERE job_id = $1").bind(id.0).execute(connection).await?;
    Ok(())
}

/// Returns whether a job of the owner refers to this key of the object store.
pub(crate) async fn has_file(
    connection: &mut PgConnection,
    owner: &Owner,
    key: &str,
) -> Result<bool, StoreError> {
    let query = "SELECT EXISTS (SELECT FROM jobs WHERE job_user_id = $1 AND job_s3_object_key = $2)";
    Ok(sql::query_scalar(query).bind(&owner.0).bind(key).fetch_one(connection).await?)
}

/// Returns whether another job, of any owner, refers to the same key of the object store.
///
/// Takes the pool because the transaction that deletes the job does not see the jobs of other owners. Waits for locks on
/// the table `jobs`, so a transaction must call this before it takes such a lock itself.
pub(crate) async fn shares_file(pool: &PgPool, id: JobId) -> Result<bool, StoreError> {
    let query = format!(
        "SELECT EXISTS (SELECT FROM jobs AS other WHERE job_id <> {id}
             AND job_s3_object_key = (SELECT job_s3_object_key FROM jobs WHERE job_id = {id})) AS shares"
    );
    let row = sql::once(pool, &query).await?.pop().ok_or(StoreError::Unreadable)?;
    Ok(row.try_get("shares")?)
}
