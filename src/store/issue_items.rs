//! `issue_items`: the links between issues and their rows.

use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, FromRow, PgConnection, Row};

use super::copy::{Spool, Target};
use super::{Count, JobTables, RecordKind, StoreError, extra_columns, sql};
use crate::domain::extra::Extra;
use crate::domain::field::{Field, PerField, by_name};
use crate::domain::ids::{IssueId, RowId};
use crate::domain::job::Owner;

/// New links, buffered until their rows and issues are inserted. Any number of links: large buffers go to a file.
#[derive(Default)]
pub(crate) struct Links {
    spool: Spool,
}

impl Links {
    /// Adds the link of a row to an issue.
    pub(crate) fn push(&mut self, issue: IssueId, row: RowId) -> Result<(), StoreError> {
        Ok(self.spool.push(|line| {
            line.plain(issue).plain(row);
        })?)
    }
}

/// Inserts links that do not exist yet.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    job_tables: JobTables,
    links: Links,
) -> Result<(), StoreError> {
    const WRITTEN: &[(&str, &str)] = &[("item_issue_id", "bigint"), ("item_staging_id", "bigint")];
    links.spool.send(connection, &Target::new(job_tables.inserted(RecordKind::Items), WRITTEN)).await
}

/// A row of an issue as people see it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Item {
    /// The issue.
    pub issue_id: IssueId,
    /// The row, as passed to `edit` and `discard`.
    pub row: RowId,
    /// The line in the file.
    pub line: Option<i64>,
    /// The current values.
    #[serde(flatten, serialize_with = "by_name::serialize")]
    pub values: PerField<Option<String>>,
    /// The status, a value of `staging_status_enum`.
    pub status: Option<String>,
    /// Its values in columns that belong to no field, in the order of the file.
    pub extra: Extra,
}

impl FromRow<'_, PgRow> for Item {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Item {
            issue_id: row.try_get("item_issue_id")?,
            row: row.try_get("staging_id")?,
            line: row.try_get("staging_line")?,
            values: sql::values(row, "staging")?,
            status: row.try_get("status")?,
            extra: sql::extra(row, "staging_extra")?,
        })
    }
}

/// Returns up to `limit` rows of each of `issues` of an owner's job, ordered by issue and row, starting after the row
/// `after` if it is set.
pub async fn page(
    connection: &mut PgConnection,
    owner: &Owner,
    job_tables: JobTables,
    issues: &[IssueId],
    after: Option<RowId>,
    limit: i64,
) -> Result<Vec<Item>, StoreError> {
    let links = AssertSqlSafe(format!(
        "SELECT issue, item_staging_id FROM unnest($3::bigint[]) AS issue,
             LATERAL (SELECT item_staging_id FROM {} WHERE item_issue_id = issue AND item_staging_id > $4
                      ORDER BY item_staging_id LIMIT $5) AS item
         WHERE EXISTS (SELECT FROM jobs WHERE job_id = $2 AND job_user_id = $1)",
        job_tables.items()
    ));
    let links = sql::query_as(links)
        .bind(&owner.0)
        .bind(job_tables.job().0)
        .bind(issues)
        .bind(after.unwrap_or(RowId(0)));
    let links: Vec<(IssueId, RowId)> = links.bind(limit).fetch_all(&mut *connection).await?;
    let (issues, rows): (Vec<IssueId>, Vec<RowId>) = links.into_iter().unzip();
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    // Excludes rows of another job.
    let query = AssertSqlSafe(format!(
        "SELECT item_issue_id, staging_id, staging_line, {}, staging_status::text AS status, staging_extra
         FROM unnest($1::bigint[], $2::bigint[]) AS link (item_issue_id, row),
              LATERAL (SELECT * FROM {} WHERE staging_id = row AND staging_job_id = $3 LIMIT 1) AS staged
         ORDER BY item_issue_id, staging_id",
        Field::columns("staging"),
        job_tables.staging()
    ));
    let query = sql::query_as(query).bind(issues).bind(rows).bind(job_tables.job().0);
    let mut items: Vec<Item> = query.fetch_all(&mut *connection).await?;
    let values = items.iter_mut().map(|item| &mut item.extra).collect();
    extra_columns::sort(connection, job_tables.job(), values).await?;
    Ok(items)
}

/// Returns the rows that share an issue with one of `rows`, in the order of the file: the first `of_each` of each issue, and
/// at most `limit`.
pub async fn sharing(
    connection: &mut PgConnection,
    owner: &Owner,
    job_tables: JobTables,
    rows: &[RowId],
    of_each: i64,
    limit: i64,
) -> Result<Vec<RowId>, StoreError> {
    let query = AssertSqlSafe(format!(
        "SELECT DISTINCT item.item_staging_id
         FROM (SELECT DISTINCT item_issue_id AS issue FROM {items} WHERE item_staging_id = ANY ($3)) AS shared,
              LATERAL (SELECT item_staging_id FROM {items} WHERE item_issue_id = issue
                       ORDER BY item_staging_id LIMIT $4) AS item
         WHERE EXISTS (SELECT FROM jobs WHERE job_id = $2 AND job_user_id = $1)
         ORDER BY item.item_staging_id LIMIT $5",
        items = job_tables.items()
    ));
    let query = sql::query_scalar(query).bind(&owner.0).bind(job_tables.job().0).bind(rows);
    Ok(query.bind(of_each).bind(limit).fetch_all(connection).await?)
}

/// Counts the rows of an issue of an owner's job.
pub async fn count(
    connection: &mut PgConnection,
    owner: &Owner,
    job_tables: JobTables,
    issue: IssueId,
) -> Result<Count, StoreError> {
    let query = AssertSqlSafe(format!(
        "SELECT count(*) FROM (SELECT FROM {} WHERE item_issue_id = $3 ORDER BY item_staging_id LIMIT $4 + 1) AS counted
         WHERE EXISTS (SELECT FROM {} JOIN jobs ON job_id = issues_job_id
                       WHERE issue_id = $3 AND job_id = $2 AND job_user_id = $1)",
        job_tables.items(),
        job_tables.issues()
    ));
    let query =
        sql::query_scalar(query).bind(&owner.0).bind(job_tables.job().0).bind(issue).bind(Count::MOST);
    Ok(Count(query.fetch_one(connection).await?))
}
