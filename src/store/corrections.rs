//! Rows that are downloaded, corrected in a spreadsheet and uploaded. The uploaded rows are in a temporary table of the
//! transaction, `uploaded`, so that one join finds their rows in the job, however many they are.

use futures::{Stream, TryStreamExt};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Row};

use super::copy::{Spool, Target};
use super::{JobTables, StoreError, sql};
use crate::domain::extra::Extra;
use crate::domain::field::{FIELDS, Field, PerField};
use crate::domain::ids::RowId;
use crate::domain::job::Owner;

/// A row with an open issue.
#[derive(Debug)]
pub(crate) struct OpenRow {
    /// `staging_id`.
    pub row: RowId,
    /// The line of the file.
    pub line: Option<i64>,
    /// The values as they stand; empty where there is none.
    pub values: PerField<String>,
    /// `staging_row_hash`.
    pub hash: String,
    /// The descriptions of all open issues of the row.
    pub reasons: String,
    /// The notes on these issues.
    pub notes: String,
    /// Its values in columns that belong to no field.
    pub extra: Extra,
}

/// Returns the rows of an owner's job that have an open issue and are neither discarded nor imported, in the order of the
/// file.
pub(crate) fn open_rows<'c>(
    connection: &'c mut PgConnection,
    owner: &Owner,
    tables: JobTables,
) -> impl Stream<Item = Result<OpenRow, StoreError>> + Unpin + 'c {
    let query = AssertSqlSafe(format!(
        "SELECT s.staging_id, s.staging_line, {}, s.staging_row_hash, reasons, notes, s.staging_extra
         FROM (SELECT s.*, reasons, notes FROM (
                   SELECT item_staging_id,
                          string_agg(coalesce(issue_description, issue_type::text), '; ' ORDER BY issue_id) AS reasons,
                          coalesce(string_agg(nullif(issue_resolution_comment, ''), '; ' ORDER BY issue_id), '') AS notes
                   FROM {} JOIN {} ON item_issue_id = issue_id
                   WHERE issues_job_id = $2 AND NOT issue_resolved GROUP BY item_staging_id) AS open
               JOIN {} s ON s.staging_id = item_staging_id OFFSET 0) AS s
         WHERE s.staging_job_id = $2 AND EXISTS (SELECT FROM jobs WHERE job_id = $2 AND job_user_id = $1)
           AND (s.staging_status IN ('READY', 'ISSUE') OR s.staging_status IS NULL)
         ORDER BY s.staging_id",
        texts("s.staging"),
        tables.issues(),
        tables.items(),
        tables.staging()
    ));
    let row = |row: PgRow| {
        Ok(OpenRow {
            row: row.try_get("staging_id")?,
            line: row.try_get("staging_line")?,
            values: per_field(row.try_get("texts")?)?,
            hash: row.try_get("staging_row_hash")?,
            reasons: row.try_get("reasons")?,
            notes: row.try_get("notes")?,
            extra: sql::extra(&row, "staging_extra")?,
        })
    };
    let rows = sql::query(query).bind(owner.0.clone()).bind(tables.job().0).fetch(connection);
    rows.map_err(StoreError::from).and_then(move |found| std::future::ready(row(found)))
}

fn texts(prefix: &str) -> String {
    format!("ARRAY[{}]::text[] AS texts", Field::list(|field| format!("coalesce({prefix}_{field}, '')")))
}

fn per_field<T>(values: Vec<T>) -> Result<PerField<T>, StoreError> {
    <[T; FIELDS]>::try_from(values).map(PerField::from).map_err(|_| StoreError::Unreadable)
}

/// Rows of a file of corrections, buffered until [`take_in`]. Any number of rows: large buffers go to a file.
#[derive(Default)]
pub(crate) struct Uploaded {
    spool: Spool,
}

impl Uploaded {
    /// Adds a row: its line, its key as written in the file, the hash in the key if it is valid, and its normalised values;
    /// a value is `None` if the file does not have the column. `extra`: its values in columns that belong to no field, as a
    /// JSON object, also the empty ones; empty if the file has no such columns.
    pub(crate) fn push(
        &mut self,
        line: u64,
        key: &str,
        hash: Option<&str>,
        values: PerField<Option<&str>>,
        extra: &str,
    ) -> Result<(), StoreError> {
        self.spool.push(|copy| {
            copy.plain(line).text(key);
            for value in [hash].into_iter().chain(values.values().into_iter().copied()) {
                match value {
                    Some(value) => copy.text(value),
                    None => copy.null(),
                };
            }
            copy.text_or_null(extra);
        })?;
        Ok(())
    }
}

/// Creates the table `uploaded`, which exists until the transaction ends, and matches its rows to rows of the job.
pub(crate) async fn take_in(
    connection: &mut PgConnection,
    tables: JobTables,
    uploaded: Uploaded,
) -> Result<(), StoreError> {
    // The column with the job's number lets the join below use whole keys alone, whatever the statistics of the job.
    let table = AssertSqlSafe(format!(
        "CREATE TEMPORARY TABLE uploaded (
             uploaded_line bigint NOT NULL,
             uploaded_key varchar NOT NULL,
             uploaded_hash varchar COLLATE \"C\",
             {},
             uploaded_extra jsonb,
             uploaded_row bigint,
             uploaded_is_contact boolean NOT NULL DEFAULT false,
             uploaded_job bigint NOT NULL DEFAULT {})
         ON COMMIT DROP",
        Field::list(|field| format!("uploaded_{field} varchar")),
        tables.job()
    ));
    sqlx::raw_sql(table).execute(&mut *connection).await?;
    const KEYS: [(&str, &str); 3] =
        [("uploaded_line", "bigint"), ("uploaded_key", "varchar"), ("uploaded_hash", "varchar")];
    let target = Target::new("uploaded", &KEYS).with_fields("uploaded").with(&[("uploaded_extra", "jsonb")]);
    uploaded.spool.send(connection, &target).await?;
    sqlx::raw_sql("ANALYZE uploaded").execute(&mut *connection).await?;
    let find = AssertSqlSafe(format!(
        "UPDATE uploaded SET uploaded_row = staging_id,
                uploaded_is_contact = staging_status IS NOT DISTINCT FROM 'SUCCESS'
         FROM {} WHERE staging_job_id = uploaded_job AND staging_row_hash = uploaded_hash",
        tables.staging()
    ));
    sql::query(find).execute(&mut *connection).await?;
    sqlx::raw_sql("ANALYZE uploaded").execute(connection).await?;
    Ok(())
}

/// Returns the first line that repeats the key of an earlier line with other values, after the number of the earlier line.
pub(crate) async fn contradiction(connection: &mut PgConnection) -> Result<Option<(i64, i64)>, StoreError> {
    let query = AssertSqlSafe(format!(
        "SELECT first_line, uploaded_line FROM (
             SELECT uploaded_line, first_value(uploaded_line) OVER of_key AS first_line,
                    ({}, uploaded_extra) IS DISTINCT FROM ({}, first_value(uploaded_extra) OVER of_key) AS differs
             FROM uploaded WHERE uploaded_hash IS NOT NULL
             WINDOW of_key AS (PARTITION BY uploaded_hash ORDER BY uploaded_line)) AS compared
         WHERE differs ORDER BY uploaded_line LIMIT 1",
        Field::columns("uploaded"),
        Field::list(|field| format!("first_value(uploaded_{field}) OVER of_key"))
    ));
    Ok(sql::query_as(query).fetch_optional(connection).await?)
}

/// A row whose values in the file differ from those in the job.
#[derive(Debug)]
pub(crate) struct Difference {
    /// The row.
    pub row: RowId,
    /// The values as they stand; empty where there is none.
    pub stored: PerField<String>,
    /// The same as the file has them; `None` where it has no such column.
    pub given: PerField<Option<String>>,
    /// The values as they stand in columns that belong to no field.
    pub stored_extra: Extra,
    /// The same as the file has them, also empty ones.
    pub given_extra: Extra,
}

/// Returns and locks the rows whose values differ from the file. Skips rows that are imported.
pub(crate) fn differences(
    connection: &mut PgConnection,
    tables: JobTables,
) -> impl Stream<Item = Result<Difference, StoreError>> + Unpin + '_ {
    let query = AssertSqlSafe(format!(
        "SELECT s.staging_id, {},
                ARRAY[{}]::text[] AS given, s.staging_extra, s.uploaded_extra
         FROM (SELECT s.*, uploaded.* FROM uploaded JOIN {} s ON s.staging_id = uploaded_row
               OFFSET 0 FOR NO KEY UPDATE OF s) AS s
         WHERE s.staging_job_id = $1 AND s.staging_status IS DISTINCT FROM 'SUCCESS'
           AND ({} OR EXISTS (
               SELECT FROM jsonb_each_text(uploaded_extra) WHERE value <> coalesce(s.staging_extra ->> key, '')))",
        texts("s.staging"),
        Field::columns("uploaded"),
        tables.staging(),
        Field::joined(" OR ", |field| format!("uploaded_{field} <> coalesce(s.staging_{field}, '')"))
    ));
    let difference = |row: PgRow| {
        Ok(Difference {
            row: row.try_get("staging_id")?,
            stored: per_field(row.try_get("texts")?)?,
            given: per_field(row.try_get("given")?)?,
            stored_extra: sql::extra(&row, "staging_extra")?,
            given_extra: sql::extra(&row, "uploaded_extra")?,
        })
    };
    let rows = sql::query(query).bind(tables.job().0).fetch(connection);
    rows.map_err(StoreError::from).and_then(move |found| std::future::ready(difference(found)))
}

/// The reason why a row of the file changes nothing in the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    /// The job has no row with its key.
    Unknown,
    /// Its row is already a contact.
    Contact,
}

/// A row of a file of corrections.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FileRow {
    /// The line on which it starts, counted from 1.
    pub line: u64,
    /// The start of its value in the column `row_key`, to find it in the file.
    pub row_key: String,
}

/// Returns the number of uploaded rows that change nothing for the reason `why`, and the first `limit` of them.
pub(crate) async fn left(
    connection: &mut PgConnection,
    why: Left,
    limit: i64,
) -> Result<(u64, Vec<FileRow>), StoreError> {
    let condition = match why {
        Left::Unknown => "uploaded_row IS NULL",
        Left::Contact => "uploaded_is_contact",
    };
    let query = AssertSqlSafe(format!(
        "SELECT uploaded_line, left(uploaded_key, 80), count(*) OVER () FROM uploaded WHERE {condition}
         ORDER BY uploaded_line LIMIT $1"
    ));
    let found: Vec<(i64, String, i64)> = sql::query_as(query).bind(limit).fetch_all(connection).await?;
    let count = found.first().map_or(0, |(.., count)| count.unsigned_abs());
    let row = |(line, row_key, _): (i64, String, i64)| FileRow { line: line.unsigned_abs(), row_key };
    Ok((count, found.into_iter().map(row).collect()))
}
