//! What is older than its time of retention, found and removed in small steps.
//!
//! A job is marked in one transaction, after which nobody can use its rows. Then its rows are deleted in steps. A program that is killed in between leaves the mark, and the next one continues.

use std::time::Duration;

use sqlx::types::Json;
use sqlx::{AssertSqlSafe, PgConnection, Row};

use super::{JobTables, StoreError, own_tables, sql};
use crate::domain::failure::Failure;
use crate::domain::field::Field;
use crate::domain::job::JobId;

/// The key of the advisory lock of the program that removes.
const TURN: i64 = 0x0001_A9E5_70FF;
/// Maximum number of rows, issues or records that one statement deletes.
const STEP: i64 = 5_000;

/// How much is removed, or would be, by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Removed {
    /// Jobs that lose their rows and issues.
    pub jobs: i64,
    /// Rows of these jobs.
    pub rows: i64,
    /// Actions, with what they recorded of rows.
    pub actions: i64,
    /// Changes of contacts.
    pub changes: i64,
    /// Deleted contacts that lose their values.
    pub deleted_contacts: i64,
    /// Stored files.
    pub files: i64,
}

/// A job that ended before `$1` and that nobody works on: no run is requested or in progress, and no person has done
/// anything with it since.
const ENDED: &str = "job_status IN ('COMPLETED', 'NEEDS_REVIEW', 'FAILED') AND job_available_at IS NULL
         AND coalesce(job_process_end, job_cancelled_at) < $1
         AND (job_lease_until IS NULL OR job_lease_until < now())
         AND NOT EXISTS (SELECT FROM actions WHERE action_job_id = job_id AND action_at >= $1)";
/// The job has rows.
const WITH_ROWS: &str = "job_rows_removed_at IS NULL
         AND (job_staged_at IS NOT NULL OR job_checkpoint > 0 OR job_status IN ('COMPLETED', 'NEEDS_REVIEW'))";
/// The file of the job `jobs` is in the store, and no other job that is younger reads it.
const WITH_FILE: &str = "job_file_removed_at IS NULL AND NOT EXISTS (
             SELECT FROM jobs AS other WHERE other.job_s3_object_key = jobs.job_s3_object_key
                AND (coalesce(other.job_process_end, other.job_cancelled_at) IS NULL
                     OR coalesce(other.job_process_end, other.job_cancelled_at) >= $1
                     OR other.job_available_at IS NOT NULL))";

/// Takes the turn to remove until the transaction ends. Returns whether it was free.
pub(crate) async fn try_turn(connection: &mut PgConnection) -> Result<bool, StoreError> {
    let query = "SELECT pg_try_advisory_xact_lock($1)";
    Ok(sql::query_scalar(query).bind(TURN).fetch_one(connection).await?)
}

/// The time before which something is too old.
pub(crate) type Cutoff = chrono::DateTime<chrono::Utc>;

/// Returns the time before which something is older than `age`, by the clock of the database.
pub(crate) async fn cutoff(connection: &mut PgConnection, age: Duration) -> Result<Cutoff, StoreError> {
    let query = "SELECT now() - make_interval(secs => $1)";
    Ok(sql::query_scalar(query).bind(age.as_secs_f64()).fetch_one(connection).await?)
}

/// Returns jobs whose rows are too old, at most `limit`.
pub(crate) async fn jobs_with_old_rows(
    connection: &mut PgConnection,
    before: Cutoff,
    limit: i64,
) -> Result<Vec<JobId>, StoreError> {
    let query = AssertSqlSafe(format!(
        "SELECT job_id FROM jobs WHERE {WITH_ROWS} AND {ENDED} ORDER BY job_id LIMIT $2"
    ));
    Ok(sql::query_scalar(query).bind(before).bind(limit).fetch_all(connection).await?)
}

/// Counts these jobs and their rows.
pub(crate) async fn count_old_rows(
    connection: &mut PgConnection,
    before: Cutoff,
) -> Result<(i64, i64), StoreError> {
    let query = AssertSqlSafe(format!(
        "SELECT count(*), coalesce(sum(job_total_rows - job_repeated_rows), 0)::bigint
         FROM jobs WHERE {WITH_ROWS} AND {ENDED}"
    ));
    Ok(sql::query_as(query).bind(before).fetch_one(connection).await?)
}

/// Marks a job whose rows are too old, unless somebody is using it. A job that is not COMPLETED becomes FAILED with the
/// reason. Returns the number of its rows; `None` if it is not marked.
pub(crate) async fn mark(
    connection: &mut PgConnection,
    job: JobId,
    before: Cutoff,
    reason: &Failure,
    words: &str,
) -> Result<Option<i64>, StoreError> {
    let update = AssertSqlSafe(format!(
        "UPDATE jobs SET job_rows_removed_at = now(), job_rows_left = true,
                job_failure = CASE job_status WHEN 'COMPLETED' THEN job_failure ELSE $3 END,
                job_failure_reason = CASE job_status WHEN 'COMPLETED' THEN job_failure_reason ELSE $4 END,
                job_status = CASE job_status WHEN 'COMPLETED' THEN job_status ELSE 'FAILED' END
         WHERE job_id = (SELECT job_id FROM jobs WHERE job_id = $2 AND {WITH_ROWS} AND {ENDED}
                         FOR UPDATE SKIP LOCKED)
         RETURNING (job_total_rows - job_repeated_rows)::bigint"
    ));
    let query = sql::query_scalar(update).bind(before).bind(job.0).bind(words).bind(Json(reason));
    Ok(query.fetch_optional(connection).await?)
}

/// Returns the marked jobs that still have rows, at most `limit`, and whether each has tables of its own.
pub(crate) async fn marked(
    connection: &mut PgConnection,
    limit: i64,
) -> Result<Vec<(JobId, bool)>, StoreError> {
    let query = "SELECT job_id, job_partitioned FROM jobs WHERE job_rows_left ORDER BY job_id LIMIT $1";
    let rows = sql::query(query).bind(limit).fetch_all(connection).await?;
    rows.iter().map(|row| Ok((row.try_get("job_id")?, row.try_get("job_partitioned")?))).collect()
}

/// Drops the own tables of a marked job. Fails with a transient error if somebody uses them.
pub(crate) async fn drop_tables(connection: &mut PgConnection, job: JobId) -> Result<(), StoreError> {
    own_tables::drop(connection, job).await?;
    let update = "UPDATE jobs SET job_partitioned = false, job_merge = NULL, job_merge_at = NULL
         WHERE job_id = $1 AND job_rows_left";
    sql::query(update).bind(job.0).execute(connection).await?;
    Ok(())
}

/// Deletes some issues and rows of a marked job from the shared tables. Returns whether there may be more.
pub(crate) async fn delete_some_rows(connection: &mut PgConnection, job: JobId) -> Result<bool, StoreError> {
    let tables = JobTables::Shared(job);
    let statements = [
        format!(
            "DELETE FROM {issues} WHERE issue_id IN (
                 SELECT issue_id FROM {issues} WHERE issues_job_id = $1 LIMIT $2)",
            issues = tables.issues()
        ),
        format!(
            "DELETE FROM {staging} WHERE staging_id IN (
                 SELECT staging_id FROM {staging} WHERE staging_job_id = $1 LIMIT $2)",
            staging = tables.staging()
        ),
    ];
    for statement in statements {
        let query = sql::query(AssertSqlSafe(statement)).bind(job.0).bind(STEP);
        if query.execute(&mut *connection).await?.rows_affected() > 0 {
            return Ok(true);
        }
    }
    let update = "UPDATE jobs SET job_rows_left = false WHERE job_id = $1";
    sql::query(update).bind(job.0).execute(connection).await?;
    Ok(false)
}

/// Counts changes of contacts, actions, and the contacts that they have deleted, that are too old.
pub(crate) async fn count_old_records(
    connection: &mut PgConnection,
    before: Cutoff,
) -> Result<(i64, i64, i64), StoreError> {
    let query = "SELECT (SELECT count(*) FROM contact_changes WHERE change_at < $1),
             (SELECT count(*) FROM actions WHERE action_at < $1),
             (SELECT count(deleted_email) FROM deleted_contacts JOIN actions ON action_id = deleted_action_id
              WHERE action_at < $1)";
    Ok(sql::query_as(query).bind(before).fetch_one(connection).await?)
}

/// Deletes some changes of contacts that are too old, the oldest first. Returns their number.
pub(crate) async fn delete_some_changes(
    connection: &mut PgConnection,
    before: Cutoff,
) -> Result<i64, StoreError> {
    let delete = "DELETE FROM contact_changes USING (
             SELECT change_id AS id, change_at AS at FROM contact_changes ORDER BY change_id LIMIT $2) AS oldest
         WHERE change_id = id AND at < $1";
    let query = sql::query(delete).bind(before).bind(STEP);
    Ok(query.execute(connection).await?.rows_affected() as i64)
}

/// Removes the values of some contacts that were deleted too long ago. Returns the number of entries, which remain, and of
/// those that had values.
pub(crate) async fn empty_some_deleted_contacts(
    connection: &mut PgConnection,
    before: Cutoff,
) -> Result<(i64, i64), StoreError> {
    // Without its action, an entry is not found again, and the action can be deleted. The entries are an array, not a join:
    // outdated statistics would let the planner compare each with all.
    let set = Field::list(|field| format!("deleted_{field} = NULL"));
    let update = AssertSqlSafe(format!(
        "WITH old AS MATERIALIZED (
             SELECT deleted_contact_id AS id, deleted_email IS NOT NULL AS has_values FROM deleted_contacts
             WHERE deleted_action_id IN (
                 SELECT action_id FROM (SELECT * FROM actions ORDER BY action_id LIMIT 1000) AS oldest
                 WHERE action_at < $1)
             LIMIT $2),
         emptied AS (
             UPDATE deleted_contacts SET {set}, deleted_key = NULL, deleted_extra = NULL, deleted_action_id = NULL
             WHERE deleted_contact_id = ANY (ARRAY(SELECT id FROM old)) RETURNING deleted_contact_id)
         SELECT (SELECT count(*) FROM emptied), (SELECT count(*) FROM old WHERE has_values)"
    ));
    Ok(sql::query_as(update).bind(before).bind(STEP).fetch_one(connection).await?)
}

/// Deletes some actions that are too old, the oldest first, after what they recorded of rows. Returns the number of
/// actions, and whether there may be more.
pub(crate) async fn delete_some_actions(
    connection: &mut PgConnection,
    before: Cutoff,
) -> Result<(i64, bool), StoreError> {
    // A change that an action made is as old as the action, and gone before it.
    const OLD: &str = "SELECT action_id FROM (SELECT * FROM actions ORDER BY action_id LIMIT 1000) AS oldest
         WHERE action_at < $1
           AND NOT EXISTS (SELECT FROM contact_changes WHERE change_action_id = action_id)
           AND NOT EXISTS (SELECT FROM contact_changes WHERE change_undone_by = action_id)
           AND NOT EXISTS (SELECT FROM deleted_contacts WHERE deleted_action_id = action_id)";
    let images = AssertSqlSafe(format!(
        "DELETE FROM action_rows WHERE (row_action_id, row_staging_id) IN (
             SELECT row_action_id, row_staging_id FROM action_rows WHERE row_action_id IN ({OLD}) LIMIT $2)"
    ));
    let query = sql::query(images).bind(before).bind(STEP);
    if query.execute(&mut *connection).await?.rows_affected() > 0 {
        return Ok((0, true));
    }
    let actions = AssertSqlSafe(format!("DELETE FROM actions WHERE action_id IN ({OLD})"));
    let deleted = sql::query(actions).bind(before).execute(connection).await?.rows_affected() as i64;
    Ok((deleted, deleted > 0))
}

/// Returns jobs whose stored files are too old, at most `limit`.
pub(crate) async fn jobs_with_old_files(
    connection: &mut PgConnection,
    before: Cutoff,
    limit: i64,
) -> Result<Vec<JobId>, StoreError> {
    let query = AssertSqlSafe(format!(
        "SELECT job_id FROM jobs WHERE {ENDED} AND {WITH_FILE} ORDER BY job_id LIMIT $2"
    ));
    Ok(sql::query_scalar(query).bind(before).bind(limit).fetch_all(connection).await?)
}

/// Counts these jobs.
pub(crate) async fn count_old_files(
    connection: &mut PgConnection,
    before: Cutoff,
) -> Result<i64, StoreError> {
    let query = AssertSqlSafe(format!("SELECT count(*) FROM jobs WHERE {ENDED} AND {WITH_FILE}"));
    Ok(sql::query_scalar(query).bind(before).fetch_one(connection).await?)
}

/// Records that the file of a job is removed, unless somebody is using the job. Returns the key of the file, which the caller
/// deletes before the commit; `None` if it stays.
pub(crate) async fn release_file(
    connection: &mut PgConnection,
    job: JobId,
    before: Cutoff,
) -> Result<Option<String>, StoreError> {
    let update = AssertSqlSafe(format!(
        "UPDATE jobs SET job_file_removed_at = now()
         WHERE job_id = (SELECT job_id FROM jobs WHERE job_id = $2 AND {ENDED} AND {WITH_FILE}
                         FOR UPDATE SKIP LOCKED)
         RETURNING job_s3_object_key"
    ));
    Ok(sql::query_scalar(update).bind(before).bind(job.0).fetch_optional(connection).await?)
}
