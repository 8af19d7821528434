//! `jobs`: reads and inserts jobs. `decide.rs` changes them for people, `run.rs` for the run that has the lease,
//! `changed.rs` finds those that have changed, `failed.rs` those that their owner can run again, and `given_up.rs` those
//! that the operator must see to.

pub(crate) mod changed;
mod claim;
mod decide;
mod failed;
mod given_up;
mod run;

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool, Row};

pub use claim::{Claim, Claimed, claim};
pub use decide::*;
pub use failed::FailedFilter;
pub(crate) use failed::{count_failed, failed};
pub(crate) use given_up::{GivenUp, count_given_up, given_up, given_up_job};
pub(crate) use run::*;

use super::undo_progress::UndoProgress;
use super::{Count, JobTables, MergeState, StoreError, filter, sql};
use crate::domain::failure::Failure;
use crate::domain::ids::RowId;
use crate::domain::interpretation::Interpretation;
use crate::domain::job::{Columns, FixedValues, ImportPolicy, JobId, JobStatus, Owner, ParseSettings, Quote};
use crate::domain::progress::Progress;
use crate::domain::required::RequiredFields;

/// A job as people see it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Job {
    /// `job_id`.
    pub id: JobId,
    /// `job_user_id`.
    pub owner: String,
    /// The original name of the file.
    pub filename: String,
    /// The file's key in the object store.
    pub object_key: String,
    /// The status.
    pub status: JobStatus,
    /// When valid rows become contacts.
    pub policy: ImportPolicy,
    /// Whether a person cancelled it.
    pub cancelled: bool,
    /// Whether a run is in progress.
    pub running: bool,
    /// Whether a run is requested or in progress.
    pub wanted: bool,
    /// Data rows in the file.
    pub total_rows: i32,
    /// Rows processed so far.
    pub processed_rows: i32,
    /// The progress of its run, once the run has taken a second.
    pub progress: Option<Progress>,
    /// Rows skipped because they repeat an earlier row of the file.
    pub repeated_rows: i32,
    /// Open issues.
    pub open_issues: i32,
    /// Rows by status.
    pub counts: RowCounts,
    /// The progress of the undo of the import, while one is running.
    pub undoing: Option<UndoProgress>,
    /// Why it FAILED, in English.
    pub failure: Option<String>,
    /// Why it FAILED; `None` if an earlier or a later version has recorded it.
    #[serde(skip)]
    pub failure_reason: Option<Failure>,
    /// The tables of its rows, issues and issue items.
    #[serde(skip)]
    pub(crate) tables: JobTables,
    /// Whether it has tables of its own, even if its rows are not all staged yet.
    #[serde(skip)]
    pub has_tables: bool,
    /// The id before that of its first row; `None` if no run of this program has reserved a block of ids.
    #[serde(skip)]
    pub(crate) staging_base: Option<RowId>,
    /// The hash of the file's bytes; `None` if the job was not created by this program.
    #[serde(skip)]
    pub content_hash: Option<String>,
    /// How its file is read, as far as a person has set it.
    pub settings: ParseSettings,
    /// The columns that a person has assigned, or that were remembered.
    #[serde(skip)]
    pub(crate) columns: Option<Columns>,
    /// How its file was read. `None` before its first run, and in lists.
    pub interpretation: Option<Interpretation>,
    /// The fields that its rows must have, as recorded by its first run; the default before that.
    #[serde(skip)]
    pub required: RequiredFields,
    /// When the job was created.
    pub created_at: DateTime<Utc>,
    /// When the latest run started.
    pub started_at: Option<DateTime<Utc>>,
    /// When the latest run ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// When its rows and issues were removed because they were too old.
    pub rows_removed_at: Option<DateTime<Utc>>,
    /// When its stored file was deleted.
    pub file_removed_at: Option<DateTime<Utc>>,
}

/// A job's rows by status: as the last run left them, updated by every decision since.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RowCounts {
    /// Valid rows that are not imported yet.
    pub ready: i64,
    /// Rows that violate a rule.
    pub with_issues: i64,
    /// Rows discarded by a person, or because an edit made them repeat another row.
    pub discarded: i64,
    /// Rows whose contacts exist.
    pub consolidated: i64,
    /// Rows skipped because they repeat an earlier row of the file.
    pub repeated: i64,
}

/// The columns of a job, and its table.
const JOB: &str = "job_id, job_user_id, job_original_filename, job_s3_object_key,
    job_status::text AS status, job_import_policy,
    job_cancelled_at IS NOT NULL AS cancelled,
    coalesce(job_lease_until > now(), false) AS running,
    job_available_at IS NOT NULL AS wanted,
    job_content_hash, job_staging_base, job_required_fields, job_columns, job_encoding, job_header_line, job_part,
    job_delimiter, job_quote, job_values, job_partitioned AS has_tables,
    job_ready_rows, job_issue_rows, job_discarded_rows, job_success_rows,
    job_total_rows, job_processed_rows, job_repeated_rows, job_issue_count, job_failure, job_failure_reason,
    job_merge, job_staged_at IS NOT NULL AS staged,
    (SELECT ARRAY[undo_done, undo_total] FROM undo_progress
     WHERE undo_job_id = job_id AND undo_until > now()) AS undoing,
    (SELECT jsonb_build_object('phase', run_phase, 'rows', run_rows, 'total_rows', run_total_rows) FROM run_progress
     WHERE run_job_id = job_id AND run_token = job_lease_token AND run_until > now()) AS progress,
    job_created_at, job_process_start, job_process_end, job_rows_removed_at, job_file_removed_at FROM jobs";

/// Returns the query for one job, by owner `$1` and id `$2`. It makes that job the current job of the transaction: see
/// [the wall](super::wall).
fn one() -> String {
    format!(
        "SELECT set_config('ingest.job', job_id::text, true), job_interpretation, {JOB} WHERE job_user_id = $1 AND job_id = $2"
    )
}

/// Reads `job_required_fields`.
fn required_fields(row: &PgRow) -> Result<RequiredFields, StoreError> {
    match row.try_get::<Option<Vec<String>>, _>("job_required_fields")? {
        Some(names) => {
            RequiredFields::of(names.iter().map(String::as_str)).map_err(|_| StoreError::Unreadable)
        }
        None => Ok(RequiredFields::default()),
    }
}

/// Reads `job_columns`.
fn columns(row: &PgRow) -> Result<Option<Columns>, StoreError> {
    Ok(row.try_get::<Option<Json<_>>, _>("job_columns")?.map(|Json(columns)| columns))
}

/// Reads how a person has set a job's file to be read.
fn parse_settings(row: &PgRow) -> Result<ParseSettings, StoreError> {
    let line: Option<i32> = row.try_get("job_header_line")?;
    let values: Option<Json<FixedValues>> = row.try_get("job_values")?;
    Ok(ParseSettings {
        encoding: row.try_get("job_encoding")?,
        header_line: line.map(i32::unsigned_abs),
        part: row.try_get("job_part")?,
        delimiter: row.try_get::<Option<&str>, _>("job_delimiter")?.and_then(|text| text.chars().next()),
        quote: row.try_get::<Option<&str>, _>("job_quote")?.map(str::parse).transpose()?,
        values: values.map(|Json(values)| values).unwrap_or_default(),
    })
}

/// Reads `job_failure_reason`, except for a reason that this version does not know.
fn failure_reason(row: &PgRow) -> Result<Option<Failure>, StoreError> {
    let stored: Option<serde_json::Value> = row.try_get("job_failure_reason")?;
    Ok(stored.and_then(|stored| serde_json::from_value(stored).ok()))
}

/// Reads the progress of a run, except in a phase that this version does not know.
fn progress(row: &PgRow) -> Result<Option<Progress>, StoreError> {
    let stored: Option<serde_json::Value> = row.try_get("progress")?;
    Ok(stored.and_then(|stored| serde_json::from_value(stored).ok()))
}

fn job(row: &PgRow) -> Result<Job, StoreError> {
    let progress = progress(row)?;
    Ok(Job {
        id: row.try_get("job_id")?,
        owner: row.try_get("job_user_id")?,
        filename: row.try_get("job_original_filename")?,
        object_key: row.try_get("job_s3_object_key")?,
        status: row.try_get::<&str, _>("status")?.parse()?,
        policy: row.try_get::<&str, _>("job_import_policy")?.parse()?,
        cancelled: row.try_get("cancelled")?,
        // A run that has locked its job lets its lease expire.
        running: row.try_get("running")? || progress.is_some(),
        progress,
        wanted: row.try_get("wanted")?,
        has_tables: row.try_get("has_tables")?,
        staging_base: row.try_get("job_staging_base")?,
        content_hash: row.try_get("job_content_hash")?,
        total_rows: row.try_get("job_total_rows")?,
        processed_rows: row.try_get("job_processed_rows")?,
        repeated_rows: row.try_get("job_repeated_rows")?,
        open_issues: row.try_get("job_issue_count")?,
        counts: RowCounts {
            ready: row.try_get::<i32, _>("job_ready_rows")?.into(),
            with_issues: row.try_get::<i32, _>("job_issue_rows")?.into(),
            discarded: row.try_get::<i32, _>("job_discarded_rows")?.into(),
            consolidated: row.try_get::<i32, _>("job_success_rows")?.into(),
            repeated: row.try_get::<i32, _>("job_repeated_rows")?.into(),
        },
        undoing: match row.try_get::<Option<Vec<i64>>, _>("undoing")?.as_deref() {
            Some([done, total]) => Some(UndoProgress { done: *done, total: *total }),
            _ => None,
        },
        settings: parse_settings(row)?,
        columns: columns(row)?,
        interpretation: row.try_get::<Option<Json<_>>, _>("job_interpretation")?.map(|Json(read)| read),
        required: required_fields(row)?,
        failure: row.try_get("job_failure")?,
        failure_reason: failure_reason(row)?,
        tables: tables(row)?,
        created_at: row.try_get("job_created_at")?,
        started_at: row.try_get("job_process_start")?,
        ended_at: row.try_get("job_process_end")?,
        rows_removed_at: row.try_get("job_rows_removed_at")?,
        file_removed_at: row.try_get("job_file_removed_at")?,
    })
}

/// Returns the tables of a job.
fn tables(row: &PgRow) -> Result<JobTables, StoreError> {
    let has_own = row.try_get("has_tables")? && row.try_get("staged")?;
    Ok(JobTables::of(row.try_get("job_id")?, has_own, merge_state(row)?))
}

/// Returns how far the merge of a job's own tables has got; `None` if there is none.
fn merge_state(row: &PgRow) -> Result<Option<MergeState>, StoreError> {
    let name: Option<&str> = row.try_get("job_merge")?;
    name.map(|name| MergeState::named(name).ok_or(StoreError::Unreadable)).transpose()
}

impl Job {
    /// Returns the name of its file, with the part of it that is read.
    pub fn label(&self) -> String {
        match &self.settings.part {
            Some(part) => format!("{}, {part}", self.filename),
            None => self.filename.clone(),
        }
    }

    /// Returns how many of its rows are before `row` or are this row; `None` if the ids of its rows are in no order.
    pub(crate) fn searched_until(&self, row: RowId) -> Option<i64> {
        self.staging_base.map(|base| row.0 - base.0)
    }

    /// Returns the tables of its rows, issues and issue items. A large job has none until all of its rows are staged.
    pub fn tables(&self) -> JobTables {
        self.tables
    }
}

/// Returns one job of an owner.
pub async fn get(connection: &mut PgConnection, owner: &Owner, id: JobId) -> Result<Option<Job>, StoreError> {
    let row =
        sql::query(sqlx::AssertSqlSafe(one())).bind(&owner.0).bind(id.0).fetch_optional(connection).await?;
    row.as_ref().map(job).transpose()
}

/// A filter of jobs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// Only jobs in this status.
    pub status: Option<JobStatus>,
    /// Only jobs whose file name contains this text, ignoring case.
    pub text: Option<String>,
}

/// Returns up to `limit` jobs of an owner, newest first, starting after `before` if it is set.
pub async fn list(
    connection: &mut PgConnection,
    owner: &Owner,
    which: &JobFilter,
    before: Option<JobId>,
    limit: i64,
) -> Result<Vec<Job>, StoreError> {
    let mut query = sqlx::QueryBuilder::new(format!(
        "SELECT NULL::jsonb AS job_interpretation, {JOB} WHERE job_user_id = "
    ));
    query.push_bind(&owner.0);
    if let Some(before) = before {
        query.push(" AND job_id < ").push_bind(before.0);
    }
    if let Some(status) = which.status {
        query.push(" AND job_status = ").push_bind(status.as_str()).push("::text::job_status_enum");
    }
    if let Some(text) = which.text.as_deref().filter(|text| !text.is_empty()) {
        query
            .push(format!(" AND {} ILIKE ", filter::searched("job_original_filename")))
            .push_bind(filter::anywhere(text));
    }
    query.push(" ORDER BY job_id DESC LIMIT ").push_bind(limit);
    let rows = query.build().persistent(false).fetch_all(connection).await?;
    rows.iter().map(job).collect()
}

/// Returns the names of the files of those of these jobs that an owner has.
pub(crate) async fn filenames(
    connection: &mut PgConnection,
    owner: &Owner,
    ids: &[JobId],
) -> Result<Vec<(JobId, String)>, StoreError> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let query = "SELECT job_id::bigint, job_original_filename FROM jobs WHERE job_id = ANY ($2::bigint[]) AND job_user_id = $1";
    Ok(sql::query_as(query).bind(&owner.0).bind(ids).fetch_all(connection).await?)
}

/// Counts an owner's jobs.
pub async fn count(connection: &mut PgConnection, owner: &Owner) -> Result<Count, StoreError> {
    let query = "SELECT count(*) FROM (SELECT FROM jobs WHERE job_user_id = $1 LIMIT $2 + 1) AS counted";
    Ok(Count(sql::query_scalar(query).bind(&owner.0).bind(Count::MOST).fetch_one(connection).await?))
}

/// A job to insert.
#[derive(Debug)]
pub(crate) struct New<'a> {
    /// The owner.
    pub owner: &'a Owner,
    /// The original name of the file.
    pub filename: &'a str,
    /// The file's key in the object store.
    pub key: &'a str,
    /// The size of the file.
    pub file_bytes: u64,
    /// When valid rows become contacts.
    pub policy: ImportPolicy,
    /// The hash of the file's bytes.
    pub content_hash: &'a str,
    /// The mapping of the file's columns, if a person matched them.
    pub columns: Option<&'a Columns>,
    /// How the file is read, as far as a person has set it.
    pub settings: &'a ParseSettings,
    /// The fields that its rows must have; `None` for those of the worker that runs it.
    pub required: Option<RequiredFields>,
}

/// Inserts a PENDING job without requesting a run of it.
pub(crate) async fn insert(connection: &mut PgConnection, new: &New<'_>) -> Result<JobId, StoreError> {
    let id = sql::query_scalar(
        "INSERT INTO jobs (job_user_id, job_original_filename, job_s3_object_key, job_status, job_total_rows,
                           job_processed_rows, job_issue_count, job_import_policy, job_content_hash,
                           job_columns, job_encoding, job_header_line, job_part, job_delimiter, job_quote, job_values,
                           job_required_fields, job_file_bytes, job_available_at)
         VALUES ($1, $2, $3, 'PENDING', 0, 0, 0, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, NULL) RETURNING job_id",
    )
    .bind(&new.owner.0)
    .bind(new.filename)
    .bind(new.key)
    .bind(new.policy.as_str())
    .bind(new.content_hash)
    .bind(new.columns.map(Json))
    .bind(&new.settings.encoding)
    .bind(new.settings.line())
    .bind(&new.settings.part)
    .bind(new.settings.delimiter.map(String::from))
    .bind(new.settings.quote.map(Quote::as_str))
    .bind(new.settings.fixed().map(Json))
    .bind(new.required.map(RequiredFields::names))
    .bind(i64::try_from(new.file_bytes).unwrap_or(i64::MAX))
    .fetch_one(&mut *connection)
    .await?;
    Ok(id)
}

/// Returns the owner's latest job for a file with these bytes. Locks the hash until the transaction ends, so that of two
/// simultaneous uploads the second finds the job of the first.
pub(crate) async fn by_content(
    connection: &mut PgConnection,
    owner: &Owner,
    content_hash: &str,
) -> Result<Option<JobId>, StoreError> {
    sql::query("SELECT pg_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 0))")
        .bind(&owner.0)
        .bind(content_hash)
        .execute(&mut *connection)
        .await?;
    // A job without its rows and without its file cannot be used again.
    let query = "SELECT max(job_id) FROM jobs WHERE job_user_id = $1 AND job_content_hash = $2
             AND job_rows_removed_at IS NULL";
    Ok(sql::query_scalar(query).bind(&owner.0).bind(content_hash).fetch_one(connection).await?)
}

/// Records that a run that lost its lease has ended: its worker was not killed, so the run does not count as killed.
pub(crate) async fn outlived(pool: &PgPool, id: JobId) -> Result<(), StoreError> {
    let count_down = format!(
        "UPDATE jobs SET job_unfinished_runs = job_unfinished_runs - 1
         WHERE job_id = {id} AND job_unfinished_runs > 0"
    );
    sql::once_changed(pool, &count_down).await?;
    Ok(())
}
