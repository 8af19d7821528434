//! Rows that have become repeats of other rows of their job, since a person has edited one of them.

use sqlx::{AssertSqlSafe, PgConnection};

use super::sql;
use crate::domain::ids::RowId;
use crate::store::{JobTables, StoreError};

/// What repeats said in columns that belong to no field.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Absorbed {
    /// The repeats with values that the kept rows lacked. They are discarded.
    pub rows: i64,
    /// The number of values that filled an empty one of a kept row.
    pub filled: i64,
    /// The number of repeats with a value that differs from that of the kept row.
    pub differing: i64,
    /// The first of them: the line, that of the kept row, and the names of the columns.
    pub first: Vec<(i64, i64, Vec<String>)>,
}

/// Rows that repeat others: the row `repeats[i]` repeats `kept[i]`.
#[derive(Debug)]
pub(crate) struct Pairs<'a> {
    /// The repeats.
    pub repeats: &'a [RowId],
    /// The rows that are kept.
    pub kept: &'a [RowId],
    /// Whether no SUCCESS row has its contact.
    pub is_unfinished: bool,
}

/// Fills the empty values of rows from their repeats, in columns that belong to no field, and discards the repeats. Does
/// nothing about repeats without other values. Rows that have their contacts stay as they are. Lists at most `listed` repeats
/// that differ.
pub(crate) async fn absorb(
    connection: &mut PgConnection,
    tables: JobTables,
    pairs: &Pairs<'_>,
    listed: i64,
) -> Result<Absorbed, StoreError> {
    let (staging, job) = (tables.staging(), tables.job());
    let table = "CREATE TEMPORARY TABLE absorbed (
             repeat_id bigint PRIMARY KEY, kept_id bigint NOT NULL, repeat_line bigint, kept_line bigint,
             repeat_extra jsonb NOT NULL, kept_extra jsonb NOT NULL, filled jsonb NOT NULL) ON COMMIT DROP";
    sqlx::raw_sql(table).execute(&mut *connection).await?;
    // Tables are joined by their keys alone, one after the other: see `decided`.
    let find = AssertSqlSafe(format!(
        "INSERT INTO absorbed
         SELECT repeat_id, kept_id, repeat_line, kept_line, repeat_extra, kept_extra,
                CASE WHEN is_done THEN kept_extra ELSE merged || kept_extra END
         FROM (SELECT *, ingest_merged(repeat_extra) OVER (PARTITION BY kept_id ORDER BY repeat_id DESC
                    ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS merged
               FROM (SELECT repeat_id, kept_id, repeat_line, repeat_extra, repeat_job, has_contact,
                            kept.staging_line AS kept_line, coalesce(kept.staging_extra, '{{}}') AS kept_extra,
                            kept.staging_job_id AS kept_job,
                            kept.staging_status IS NOT DISTINCT FROM 'SUCCESS' AND NOT $3 AS is_done
                     FROM (SELECT staging_id AS repeat_id, kept_id, staging_line AS repeat_line,
                                  staging_extra AS repeat_extra, staging_job_id AS repeat_job,
                                  staging_status IS NOT DISTINCT FROM 'SUCCESS' AND NOT $3 AS has_contact
                           FROM unnest($1::bigint[], $2::bigint[]) AS pair (id, kept_id)
                           JOIN {staging} ON staging_id = id OFFSET 0) AS repeat
                     JOIN {staging} AS kept ON kept.staging_id = kept_id OFFSET 0) AS joined
               WHERE repeat_job = {job} AND kept_job = {job} AND NOT has_contact
                 AND repeat_extra IS NOT NULL AND NOT kept_extra @> repeat_extra) AS repeat"
    ));
    let find = sql::query(find).bind(pairs.repeats).bind(pairs.kept).bind(pairs.is_unfinished);
    let found = find.execute(&mut *connection).await?;
    if found.rows_affected() == 0 {
        return Ok(Absorbed::default());
    }
    sqlx::raw_sql("ANALYZE absorbed").execute(&mut *connection).await?;
    let fill = AssertSqlSafe(format!(
        "UPDATE {staging} SET staging_extra = filled
         FROM (SELECT DISTINCT ON (kept_id) kept_id, kept_extra, filled FROM absorbed ORDER BY kept_id) AS kept
         WHERE staging_id = kept_id AND filled <> kept_extra"
    ));
    sql::query(fill).execute(&mut *connection).await?;
    let discard = AssertSqlSafe(format!(
        "UPDATE {staging} SET staging_status = 'DISCARD' FROM absorbed WHERE staging_id = repeat_id"
    ));
    sql::query(discard).execute(&mut *connection).await?;
    let filled = "SELECT coalesce(sum((SELECT count(*) FROM jsonb_object_keys(filled - ARRAY(
             SELECT jsonb_object_keys(kept_extra))))), 0)::bigint
         FROM (SELECT DISTINCT ON (kept_id) kept_extra, filled FROM absorbed ORDER BY kept_id) AS kept";
    let filled: i64 = sql::query_scalar(filled).fetch_one(&mut *connection).await?;
    let differing = "SELECT coalesce(repeat_line, 0), coalesce(kept_line, 0), columns, count(*) OVER () FROM (
             SELECT repeat_id, repeat_line, kept_line, ARRAY(
                 SELECT key FROM jsonb_each(repeat_extra) WHERE value IS DISTINCT FROM filled -> key) AS columns
             FROM absorbed) AS compared
         WHERE columns <> '{}' ORDER BY repeat_id LIMIT $1";
    let differing: Vec<(i64, i64, Vec<String>, i64)> =
        sql::query_as(differing).bind(listed).fetch_all(connection).await?;
    let count = differing.first().map_or(0, |(.., count)| *count);
    let first = differing.into_iter().map(|(line, kept_line, columns, _)| (line, kept_line, columns));
    Ok(Absorbed { rows: found.rows_affected() as i64, filled, differing: count, first: first.collect() })
}
