//! The rows that a decision changes, with their new values, in a temporary table of its transaction, `decided`. They are
//! counted, shown, recorded and written from that table, so that a preview shows exactly what the decision would do.
//!
//! All rows in the table belong to the job, so they are joined by their primary key and no other condition. With outdated
//! statistics the planner expects one row of a job that was just imported, and would compare every row with every other.

mod candidates;
mod choose;
mod new_values;
mod raise;
mod standing;

pub(crate) use candidates::*;
pub(crate) use choose::*;
pub(crate) use new_values::*;
pub(crate) use raise::{Opened, open, raise};
use sqlx::{AssertSqlSafe, PgConnection, Row};
pub(crate) use standing::*;

use super::jobs::RowCounts;
use super::{JobTables, StoreError, extra_columns, raised, sql};
use crate::domain::extra::Extra;
use crate::domain::field::{Field, PerField};
use crate::domain::ids::{ActionId, RowId};
use crate::domain::row::RowStatus;

/// Creates the tables `decided`, `corrected`, `raised`, `known` and `rekeyed`, which exist until the transaction ends. The first two
/// have the new values of rows, the others the issues that these values raise. Their `…_extra` is NULL where the
/// values in columns that belong to no field do not change, which are large, and an empty object where none remain.
/// `decided_differs`: the row is discarded and has such values that the row merged with it lacks.
pub(crate) async fn create(connection: &mut PgConnection) -> Result<(), StoreError> {
    let table = AssertSqlSafe(format!(
        "CREATE TEMPORARY TABLE decided (decided_id bigint PRIMARY KEY, {},
             decided_status staging_status_enum, decided_accepted boolean NOT NULL,
             decided_on_existing staging_on_existing_enum, decided_extra jsonb,
             decided_differs boolean NOT NULL DEFAULT false) ON COMMIT DROP;
         CREATE TEMPORARY TABLE corrected (corrected_id bigint NOT NULL, {}, corrected_extra jsonb) ON COMMIT DROP;
         {};
         {};
         {}",
        Field::list(|field| format!("decided_{field} varchar")),
        Field::list(|field| format!("corrected_{field} varchar")),
        raised::TABLE,
        raise::KNOWN_TABLE,
        raise::REKEYED_TABLE
    ));
    sqlx::raw_sql(table).execute(connection).await?;
    Ok(())
}

/// The number of rows that a decision changes, by kind of change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Counts {
    /// Rows that change in any way.
    pub rows: i64,
    /// Rows that become discarded.
    pub discarded: i64,
    /// Discarded rows that are restored.
    pub restored: i64,
    /// Rows whose values change.
    pub edited: i64,
    /// Rows that are discarded by a merge and differ from the merged row in columns that belong to no field.
    #[serde(default)]
    pub differing: i64,
}

from_row!(Counts { rows, discarded, restored, edited, differing });

/// Counts the rows in `decided` by kind of change.
pub(crate) async fn counts(
    connection: &mut PgConnection,
    job_tables: JobTables,
) -> Result<Counts, StoreError> {
    sqlx::raw_sql("ANALYZE decided").execute(&mut *connection).await?;
    let query = AssertSqlSafe(format!(
        "SELECT count(*) AS rows,
                count(*) FILTER (WHERE decided_status = 'DISCARD'
                                   AND staging_status IS DISTINCT FROM 'DISCARD') AS discarded,
                count(*) FILTER (WHERE decided_status IS DISTINCT FROM 'DISCARD'
                                   AND staging_status = 'DISCARD') AS restored,
                count(*) FILTER (WHERE decided_extra IS NOT NULL OR ({}) IS DISTINCT FROM ({})) AS edited,
                count(*) FILTER (WHERE decided_differs) AS differing
         FROM decided JOIN {} ON staging_id = decided_id",
        Field::columns("staging"),
        Field::columns("decided"),
        job_tables.staging()
    ));
    Ok(sql::query_as(query).fetch_one(connection).await?)
}

/// Returns by how many rows the decision changes the count of each status; negative numbers are decreases.
pub(crate) async fn moves(
    connection: &mut PgConnection,
    job_tables: JobTables,
) -> Result<RowCounts, StoreError> {
    let more = |status: &str| {
        format!(
            "count(*) FILTER (WHERE decided_status = '{status}')
                    - count(*) FILTER (WHERE staging_status = '{status}')"
        )
    };
    let query = AssertSqlSafe(format!(
        "SELECT {},
                {},
                {}
         FROM decided JOIN {} ON staging_id = decided_id",
        more("READY"),
        more("ISSUE"),
        more("DISCARD"),
        job_tables.staging()
    ));
    let moved = sql::query_as(query).fetch_one(connection).await?;
    let (ready, with_issues, discarded): (i64, i64, i64) = moved;
    Ok(RowCounts { ready, with_issues, discarded, ..RowCounts::default() })
}

/// A row before and after a decision.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Example {
    /// The row.
    pub row: RowId,
    /// Its values before.
    pub before: PerField<String>,
    /// Its values after.
    pub after: PerField<String>,
    /// Its values before in columns that belong to no field, if any of them changes.
    pub extra_before: Extra,
    /// The same after.
    pub extra_after: Extra,
    /// Its status before.
    pub status_before: Option<RowStatus>,
    /// Its status after.
    pub status_after: Option<RowStatus>,
}

/// Returns the first `limit` rows of `decided`, before and after the decision.
pub(crate) async fn examples(
    connection: &mut PgConnection,
    job_tables: JobTables,
    limit: i64,
) -> Result<Vec<Example>, StoreError> {
    let query = AssertSqlSafe(format!(
        "SELECT decided_id, staging_status::text AS before, decided_status::text AS after,
                ARRAY[{}, {}]::text[] AS texts,
                CASE WHEN decided_extra IS NOT NULL THEN staging_extra END AS extra_before, decided_extra
         FROM decided JOIN {} ON staging_id = decided_id ORDER BY decided_id LIMIT $1",
        Field::list(|field| format!("coalesce(staging_{field}, '')")),
        Field::list(|field| format!("coalesce(decided_{field}, '')")),
        job_tables.staging()
    ));
    let rows = sql::query(query).bind(limit).fetch_all(&mut *connection).await?;
    let status = |text: Option<String>| text.map(|word| word.parse::<RowStatus>()).transpose();
    let examples = rows
        .iter()
        .map(|row| {
            let mut texts = row.try_get::<Vec<String>, _>("texts")?.into_iter();
            let mut next = || PerField::from_fn(|_| texts.next().unwrap_or_default());
            Ok(Example {
                row: row.try_get("decided_id")?,
                before: next(),
                after: next(),
                extra_before: sql::extra(row, "extra_before")?,
                extra_after: sql::extra(row, "decided_extra")?,
                status_before: status(row.try_get("before")?)?,
                status_after: status(row.try_get("after")?)?,
            })
        })
        .collect::<Result<Vec<Example>, StoreError>>();
    let mut examples = examples?;
    let changed = examples.iter_mut();
    let values = changed.flat_map(|example| [&mut example.extra_before, &mut example.extra_after]).collect();
    extra_columns::sort(connection, job_tables.job(), values).await?;
    Ok(examples)
}

/// Writes the rows, and records their values before and after as rows of the action.
pub(crate) async fn apply(
    connection: &mut PgConnection,
    job_tables: JobTables,
    action: ActionId,
) -> Result<(), StoreError> {
    let staging = job_tables.staging();
    let record = AssertSqlSafe(format!(
        "INSERT INTO action_rows (row_action_id, row_staging_id, {}, before_status, before_accepted, before_on_existing,
                before_extra, {}, after_status, after_accepted, after_on_existing, after_extra)
         SELECT $1, staging_id, {}, staging_status, staging_accepted, staging_on_existing,
                CASE WHEN decided_extra IS NOT NULL THEN coalesce(staging_extra, '{{}}') END,
                {}, decided_status, decided_accepted, decided_on_existing, decided_extra
         FROM decided JOIN {staging} ON staging_id = decided_id ORDER BY staging_id",
        Field::columns("before"),
        Field::columns("after"),
        Field::columns("staging"),
        Field::columns("decided")
    ));
    sql::query(record).bind(action).execute(&mut *connection).await?;
    let change = AssertSqlSafe(format!(
        "UPDATE {staging} SET {}, staging_status = decided_status,
                staging_accepted = decided_accepted, staging_on_existing = decided_on_existing,
                staging_extra = CASE WHEN decided_extra IS NULL THEN staging_extra ELSE nullif(decided_extra, '{{}}') END
         FROM decided WHERE staging_id = decided_id",
        Field::list(|field| format!("staging_{field} = decided_{field}"))
    ));
    sql::query(change).execute(connection).await?;
    Ok(())
}

/// Returns an SQL condition: the expression `email` is the e-mail that an issue is about.
///
/// The issue's key is the value in lower case, or a part of it if it is too long for an index. The result of `lower()`
/// depends on the database's locale: in some it maps I to another letter, in some it does not map letters beyond ASCII.
fn same_key(email: &str) -> String {
    format!("(issue_key IN (lower({email}), lower({email} COLLATE \"C\")) OR octet_length({email}) > 1024)")
}
