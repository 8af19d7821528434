//! Fills the table `decided` with the rows that a decision changes, and their new values.

use sqlx::types::Json;
use sqlx::{AssertSqlSafe, PgConnection, Postgres, QueryBuilder};

use super::same_key;
use crate::domain::decision::{Decision, Edits, Filter};
use crate::domain::field::{Field, PerField};
use crate::domain::ids::{ActionId, RowId};
use crate::domain::merge::{ChosenRows, Merge};
use crate::domain::rules::IssueType;
use crate::store::copy::{Spool, Target};
use crate::store::filter::{self, IN_QUESTION, IssuesOf};
use crate::store::sql;
use crate::store::{JobTables, StoreError, extra_columns};

/// What a row is to be beside its values: expressions over the row `s` in the order of the table's last columns.
struct Change {
    status: &'static str,
    accepted: &'static str,
    on_existing: &'static str,
}

const UNCHANGED: Change = Change {
    status: "s.staging_status",
    accepted: "s.staging_accepted",
    on_existing: "s.staging_on_existing",
};
/// Editing restores a discarded row and accepts a malformed one, since the person who edits it has seen what was malformed.
const EDITED: Change = Change {
    status: "CASE s.staging_status WHEN 'DISCARD' THEN 'ISSUE' ELSE s.staging_status END",
    accepted: "s.staging_accepted OR s.staging_residue IS NOT NULL",
    ..UNCHANGED
};
/// No decision changes a row that is already a contact.
const NO_CONTACT: &str = " AND s.staging_status IS DISTINCT FROM 'SUCCESS'";
const DISCARDED: Change = Change { status: "'DISCARD'", ..UNCHANGED };
/// Rows that conflict with an existing contact.
const EXISTING: IssuesOf<'static> = IssuesOf::of_type(IssueType::ExistingEmail);

/// Inserts the rows that match the filter and that the decision changes, and locks them. For decisions whose new values
/// the program computes, call [`correct`] before.
pub(crate) async fn fill(
    connection: &mut PgConnection,
    tables: JobTables,
    which: &Filter,
    decision: &Decision,
) -> Result<(), StoreError> {
    match decision {
        Decision::Edit(edits) => edited(connection, tables, which, edits).await,
        Decision::Correct | Decision::Replace(_) => corrected(connection, tables).await,
        Decision::KeepRow { row } => kept(connection, tables, which, Kept::Row(*row)).await,
        Decision::KeepFirst => kept(connection, tables, which, Kept::First).await,
        Decision::KeepLast => kept(connection, tables, which, Kept::Last).await,
        Decision::Merge(merge) => merged(connection, tables, which, merge).await,
        Decision::Discard => plain(connection, tables, which, DISCARDED, &[], IN_QUESTION).await,
        Decision::Restore => {
            let restored = Change { status: "'ISSUE'", ..UNCHANGED };
            plain(connection, tables, which, restored, &[], " AND s.staging_status = 'DISCARD'").await
        }
        Decision::Accept => {
            let accepted = Change { accepted: "true", ..UNCHANGED };
            // Rows in bulk are not accepted for the encoding of their file: that is one question about all of its letters.
            let is_bulk = which.rows.is_none() && which.issues.is_none();
            let spared = if is_bulk { " AND NOT s.staging_encoding_in_doubt" } else { "" };
            let condition = format!("{IN_QUESTION} AND s.staging_residue IS NOT NULL{spared}");
            plain(connection, tables, which, accepted, &[], &condition).await
        }
        Decision::KeepContact => plain(connection, tables, which, DISCARDED, &[EXISTING], IN_QUESTION).await,
        Decision::Overwrite => {
            let overwritten = Change { on_existing: "'OVERWRITE'", ..UNCHANGED };
            plain(connection, tables, which, overwritten, &[EXISTING], IN_QUESTION).await
        }
        Decision::Fill => {
            let filled = Change { on_existing: "'FILL'", ..UNCHANGED };
            plain(connection, tables, which, filled, &[EXISTING], IN_QUESTION).await
        }
    }
}

async fn plain(
    connection: &mut PgConnection,
    tables: JobTables,
    which: &Filter,
    change: Change,
    linked: &[IssuesOf<'_>],
    condition: &str,
) -> Result<(), StoreError> {
    let Change { status, accepted, on_existing } = change;
    let mut query = QueryBuilder::new(format!(
        "INSERT INTO decided
         SELECT s.staging_id, {}, ({status})::staging_status_enum, {accepted},
                ({on_existing})::staging_on_existing_enum",
        Field::columns("s.staging")
    ));
    filter::push_rows(&mut query, tables, which, linked, condition);
    query.build().persistent(false).execute(&mut *connection).await?;
    drop_unchanged(connection, tables).await
}

async fn edited(
    connection: &mut PgConnection,
    tables: JobTables,
    which: &Filter,
    edits: &Edits,
) -> Result<(), StoreError> {
    let mut query = QueryBuilder::new("INSERT INTO corrected SELECT s.staging_id");
    for (field, value) in edits.values().iter() {
        match value {
            Some(value) => query.push(", ").push_bind((*value).to_owned()),
            None => query.push(format!(", s.staging_{field}")),
        };
    }
    if !edits.extra.is_empty() {
        let (before, after) = extra_columns::around_edits("s.staging_extra");
        query.push(format!(", {before}")).push_bind(Json(edits.extra.clone())).push(after);
    }
    filter::push_rows(&mut query, tables, which, &[], NO_CONTACT);
    query.build().persistent(false).execute(&mut *connection).await?;
    corrected(connection, tables).await
}

/// New values of rows, buffered until [`correct`]. Any number of rows: large buffers go to a file.
#[derive(Default)]
pub(crate) struct Corrections {
    spool: Spool,
}

impl Corrections {
    /// Adds a row; a value of `None` stays unchanged. `extra`: all values in columns that belong to no field, as a JSON
    /// object, or `None` if they stay unchanged.
    pub(crate) fn push(
        &mut self,
        id: RowId,
        values: PerField<Option<&str>>,
        extra: Option<&str>,
    ) -> Result<(), StoreError> {
        self.spool.push(|line| {
            line.plain(id);
            for value in values.values().into_iter().copied().chain([extra]) {
                match value {
                    Some(value) => line.text(value),
                    None => line.null(),
                };
            }
        })?;
        Ok(())
    }
}

/// Inserts new values that the program has computed into the table `corrected`.
pub(crate) async fn correct(
    connection: &mut PgConnection,
    tables: JobTables,
    corrections: Corrections,
) -> Result<(), StoreError> {
    let target = Target::new("corrected", &[("corrected_id", "bigint")]);
    let target = target.with_fields("corrected").with(&[("corrected_extra", "jsonb")]);
    corrections.spool.send(connection, &target).await?;
    let complete = AssertSqlSafe(format!(
        "UPDATE corrected SET {} FROM {} WHERE staging_id = corrected_id",
        Field::list(|field| format!("corrected_{field} = coalesce(corrected_{field}, staging_{field})")),
        tables.staging()
    ));
    sql::query(complete).execute(connection).await?;
    Ok(())
}

async fn corrected(connection: &mut PgConnection, tables: JobTables) -> Result<(), StoreError> {
    let Change { status, accepted, on_existing, .. } = EDITED;
    let query = AssertSqlSafe(format!(
        "INSERT INTO decided
         SELECT s.staging_id, {}, ({status})::staging_status_enum, {accepted}, {on_existing}, corrected_extra
         FROM (SELECT s.*, corrected.* FROM (
                   SELECT DISTINCT ON (corrected_id) * FROM corrected ORDER BY corrected_id) AS corrected
               JOIN {} s ON s.staging_id = corrected_id OFFSET 0 FOR NO KEY UPDATE OF s) AS s
         WHERE s.staging_job_id = $1{NO_CONTACT}
           AND (corrected_extra IS NOT NULL OR ({}) IS DISTINCT FROM ({}))",
        Field::list(|field| format!("nullif(corrected_{field}, '')")),
        tables.staging(),
        Field::list(|field| format!("coalesce(s.staging_{field}, '')")),
        Field::list(|field| format!("coalesce(corrected_{field}, '')"))
    ));
    sql::query(query).bind(tables.job().0).execute(connection).await?;
    Ok(())
}

/// Returns a query's WITH clause with the subquery `member`: the rows of each group that shares an e-mail and
/// has a row that matches the filter, without rows that are discarded or imported. Tables are joined by their keys
/// alone: see [`filter::push_rows`].
fn members(tables: JobTables, which: &Filter) -> QueryBuilder<Postgres> {
    let (staging, items, issues, job) = (tables.staging(), tables.items(), tables.issues(), tables.job());
    let mut query = QueryBuilder::new(
        "WITH chosen AS MATERIALIZED (SELECT DISTINCT item_issue_id FROM (SELECT s.staging_id AS chosen_id",
    );
    filter::push_rows(&mut query, tables, which, &[], IN_QUESTION);
    query.push(format!(
        ") AS s JOIN {items} ON item_staging_id = chosen_id),
         member AS (
             SELECT * FROM (
                 SELECT issue_id, issues_job_id, issue_type, issue_key, s.* FROM chosen
                 JOIN {issues} ON issue_id = item_issue_id
                 JOIN {items} AS item ON item.item_issue_id = issue_id
                 JOIN {staging} s ON s.staging_id = item_staging_id OFFSET 0) AS s
             WHERE issues_job_id = {job} AND issue_type = 'DUPLICATE_EMAIL'
               AND s.staging_job_id = {job}{IN_QUESTION} AND {})",
        same_key("s.staging_email")
    ));
    query
}

/// The row of a group that is not discarded.
enum Kept {
    Row(RowId),
    First,
    Last,
}

async fn kept(
    connection: &mut PgConnection,
    tables: JobTables,
    which: &Filter,
    kept: Kept,
) -> Result<(), StoreError> {
    let mut query = members(tables, which);
    let Change { accepted, on_existing, .. } = UNCHANGED;
    query.push(format!(
        " INSERT INTO decided SELECT s.staging_id, {}, 'DISCARD', {accepted}, {on_existing} FROM (SELECT *, ",
        Field::columns("s.staging")
    ));
    match kept {
        Kept::Row(row) => query
            .push("bool_or(staging_id = ")
            .push_bind(row)
            .push(") OVER of_issue AND staging_id <> ")
            .push_bind(row),
        Kept::First => query.push("staging_id <> min(staging_id) OVER of_issue"),
        Kept::Last => query.push("staging_id <> max(staging_id) OVER of_issue"),
    };
    query.push(" AS goes FROM member WINDOW of_issue AS (PARTITION BY issue_id)) AS s WHERE goes");
    query.build().persistent(false).execute(connection).await?;
    Ok(())
}

async fn merged(
    connection: &mut PgConnection,
    tables: JobTables,
    which: &Filter,
    merge: &Merge,
) -> Result<(), StoreError> {
    let Merge { edits, from } = merge;
    let mut query = members(tables, which);
    query.push(format!(
        " INSERT INTO decided
         SELECT s.staging_id,
                {},
                CASE WHEN is_first THEN s.staging_status ELSE 'DISCARD' END,
                s.staging_accepted OR is_first AND s.staging_residue IS NOT NULL, s.staging_on_existing,
                CASE WHEN is_first AND new_extra IS DISTINCT FROM s.staging_extra THEN new_extra END,
                NOT is_first AND s.staging_extra IS NOT NULL AND NOT new_extra @> s.staging_extra
         FROM (SELECT *, ",
        Field::joined(",\n                ", |field| format!(
            "CASE WHEN is_first THEN new_staging_{field} ELSE s.staging_{field} END"
        ))
    ));
    if edits.extra.is_empty() && from.extra.is_empty() {
        query.push("merged_extra AS new_extra");
    } else {
        let (before, after) = extra_columns::around_edits("merged_extra");
        let chosen = if from.extra.is_empty() { "" } else { "chosen_extra || " };
        query.push(format!("coalesce({before}{chosen}")).push_bind(Json(edits.extra.clone()));
        query.push(format!("{after}, merged_extra) AS new_extra"));
    }
    query.push(format!(
        " FROM (SELECT *, staging_id = min(staging_id) OVER of_issue AS is_first, count(*) OVER of_issue AS rows,
                {MERGED_EXTRA} AS merged_extra"
    ));
    for ((field, edit), (_, row)) in edits.values().iter().zip(from.values.iter()) {
        let column = format!("staging_{field}");
        query.push(", nullif(");
        match (edit, row) {
            (Some(value), _) => query.push_bind((*value).to_owned()),
            (None, Some(row)) => push_value_of(&mut query, *row, |query| query.push(&column)),
            // The first value in the group that is not empty.
            (None, None) => query.push(format!(
                "first_value({column}) OVER (PARTITION BY issue_id ORDER BY coalesce({column}, '') = '', staging_id)"
            )),
        };
        query.push(format!(", '') AS new_{column}"));
    }
    push_chosen(&mut query, from);
    query.push(" FROM member WINDOW of_issue AS (PARTITION BY issue_id)) AS s WHERE rows > 1");
    if !from.is_empty() {
        query.push(" AND has_chosen");
    }
    query.push(") AS s");
    query.build().persistent(false).execute(&mut *connection).await?;
    drop_unchanged(connection, tables).await
}

/// Adds `, … AS has_chosen`, whether the group includes all chosen rows, and `, … AS chosen_extra`, their values in columns that
/// belong to no field, if there are any.
fn push_chosen(query: &mut QueryBuilder<Postgres>, from: &ChosenRows) {
    let rows = from.rows();
    if !rows.is_empty() {
        let count = rows.len();
        query.push(", count(*) FILTER (WHERE staging_id = ANY (").push_bind(rows);
        query.push(format!(")) OVER of_issue = {count} AS has_chosen"));
    }
    if !from.extra.is_empty() {
        let columns: Vec<String> = from.extra.keys().cloned().collect();
        query.push(", jsonb_object(").push_bind(columns).push("::text[], ARRAY[");
        for (at, (column, row)) in from.extra.iter().enumerate() {
            query.push(if at == 0 { "coalesce(" } else { ", coalesce(" });
            push_value_of(query, *row, |query| query.push("staging_extra ->> ").push_bind(column.clone()));
            query.push(", '')");
        }
        query.push("]) AS chosen_extra");
    }
}

/// Adds the value that `expression` has for one row of the group.
fn push_value_of(
    query: &mut QueryBuilder<Postgres>,
    row: RowId,
    expression: impl FnOnce(&mut QueryBuilder<Postgres>) -> &mut QueryBuilder<Postgres>,
) -> &mut QueryBuilder<Postgres> {
    query.push("max(");
    expression(query);
    query.push(") FILTER (WHERE staging_id = ").push_bind(row).push(") OVER of_issue")
}

/// The values of a group of rows in columns that belong to no field: of several in one column, that of the first row. The
/// later operand of a concatenation wins, hence the order.
const MERGED_EXTRA: &str = "ingest_merged(staging_extra) OVER (PARTITION BY issue_id ORDER BY staging_id DESC
                    ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)";

/// Inserts the earlier values of the rows of an action, if the rows have not changed since the action.
pub(crate) async fn fill_undo(
    connection: &mut PgConnection,
    tables: JobTables,
    action: ActionId,
) -> Result<(), StoreError> {
    let query = AssertSqlSafe(format!(
        "WITH undoing AS MATERIALIZED (SELECT * FROM action_rows WHERE row_action_id = $1)
         INSERT INTO decided SELECT s.staging_id, {}, before_status, before_accepted, before_on_existing, before_extra
         FROM (SELECT s.*, undoing.* FROM undoing JOIN {} s ON s.staging_id = row_staging_id
               OFFSET 0 FOR NO KEY UPDATE OF s) AS s
         WHERE s.staging_job_id = $2{NO_CONTACT}
           AND ({}, s.staging_accepted,
                s.staging_on_existing, s.staging_status IS NOT DISTINCT FROM 'DISCARD') IS NOT DISTINCT FROM
               ({}, after_accepted, after_on_existing, after_status IS NOT DISTINCT FROM 'DISCARD')
           AND (after_extra IS NULL OR after_extra = coalesce(s.staging_extra, '{{}}'))",
        Field::columns("before"),
        tables.staging(),
        Field::columns("s.staging"),
        Field::columns("after")
    ));
    sql::query(query).bind(action).bind(tables.job().0).execute(connection).await?;
    Ok(())
}

/// Returns up to `limit` rows of an action that are not in the table, because they have changed since the action.
pub(crate) async fn not_undone(
    connection: &mut PgConnection,
    action: ActionId,
    limit: i64,
) -> Result<Vec<RowId>, StoreError> {
    let query = "SELECT row_staging_id FROM action_rows
         WHERE row_action_id = $1 AND NOT EXISTS (SELECT FROM decided WHERE decided_id = row_staging_id)
         ORDER BY row_staging_id LIMIT $2";
    Ok(sql::query_scalar(query).bind(action).bind(limit).fetch_all(connection).await?)
}

async fn drop_unchanged(connection: &mut PgConnection, tables: JobTables) -> Result<(), StoreError> {
    let query = AssertSqlSafe(format!(
        "DELETE FROM decided USING {} WHERE staging_id = decided_id
           AND ({}, staging_status, staging_accepted, staging_on_existing) IS NOT DISTINCT FROM
               ({}, decided_status, decided_accepted, decided_on_existing)
           AND (decided_extra IS NULL OR decided_extra = coalesce(staging_extra, '{{}}'))",
        tables.staging(),
        Field::columns("staging"),
        Field::columns("decided")
    ));
    sql::query(query).execute(connection).await?;
    Ok(())
}
