//! A search of a job's rows in bounded time, however few rows match, and the origins of rows.

use sqlx::postgres::PgRow;
use sqlx::{PgConnection, QueryBuilder};

use super::{RowView, select_view, sql, view};
use crate::domain::decision::Filter;
use crate::domain::ids::{JobId, RowId};
use crate::domain::job::Owner;
use crate::store::bounded::{self, PAGE_BYTES};
use crate::store::filter::IssuesOf;
use crate::store::jobs::Job;
use crate::store::{JobTables, StoreError, extra_columns, filter};

/// The most rows that one search reads. To find a few discarded rows in a million takes several searches.
const SPAN: i64 = 40_000;

/// The result of a search.
#[derive(Debug)]
pub struct RowPage {
    /// Matching rows, in the order of the file.
    pub rows: Vec<RowView>,
    /// The row after which the next search continues; `None` at the end.
    pub next: Option<RowId>,
    /// Whether the page ends early because its rows are large.
    pub is_cut: bool,
}

/// Up to this number of open issues, the rows that have one are read by their issues: in a million rows, a search row by row
/// would take many spans to find them. With more of them, a span has enough of these rows for a page.
const FEW_ISSUES: i64 = 2_000;

/// Returns up to `limit` rows of an owner's job that match the filter, starting after the row `after` if it is set.
pub async fn scan(
    connection: &mut PgConnection,
    owner: &Owner,
    job: &Job,
    which: &Filter,
    after: Option<RowId>,
    limit: i64,
) -> Result<RowPage, StoreError> {
    let linked = match filter::required_issues(which) {
        Some(wanted) => linked(connection, owner, job.tables(), wanted, after, limit + 1).await?,
        None => None,
    };
    match linked {
        Some(linked) => among(connection, owner, job, which, &linked, limit).await,
        None => in_span(connection, owner, job, which, after, limit).await,
    }
}

/// Returns the first `limit` rows after `after` that have one of these issues; `None` if there are more than
/// [`FEW_ISSUES`] of them.
async fn linked(
    connection: &mut PgConnection,
    owner: &Owner,
    tables: JobTables,
    wanted: IssuesOf<'_>,
    after: Option<RowId>,
    limit: i64,
) -> Result<Option<Vec<RowId>>, StoreError> {
    // The order of the index, so that no other index seems to be better.
    let mut query = QueryBuilder::new(format!(
        "WITH wanted AS MATERIALIZED (
             SELECT issue_id FROM {} WHERE issues_job_id = {job}
               AND EXISTS (SELECT FROM jobs WHERE job_id = {job} AND job_user_id = ",
        tables.issues(),
        job = tables.job()
    ));
    query.push_bind(&owner.0).push(")");
    filter::push_issue(&mut query, tables, wanted);
    query.push(format!(
        " ORDER BY issue_rank, issue_id LIMIT {FEW_ISSUES} + 1),
         few AS MATERIALIZED (SELECT count(*) <= {FEW_ISSUES} AS few FROM wanted)
         SELECT few, ARRAY(
             SELECT DISTINCT item.item_staging_id FROM wanted, LATERAL (
                 SELECT item_staging_id FROM {} WHERE item_issue_id = issue_id AND item_staging_id > ",
        tables.items()
    ));
    query.push_bind(after.unwrap_or(RowId(0))).push(" ORDER BY item_staging_id LIMIT ").push_bind(limit);
    query
        .push(") AS item WHERE few ORDER BY item.item_staging_id LIMIT ")
        .push_bind(limit)
        .push(") FROM few");
    let (few, rows): (bool, Vec<RowId>) =
        query.build_query_as().persistent(false).fetch_one(connection).await?;
    Ok(few.then_some(rows))
}

/// Returns up to `limit` of the rows `linked` that match the filter. The next search starts after them.
async fn among(
    connection: &mut PgConnection,
    owner: &Owner,
    job: &Job,
    which: &Filter,
    linked: &[RowId],
    limit: i64,
) -> Result<RowPage, StoreError> {
    let tables = job.tables();
    let searched = &linked[..linked.len().min(limit as usize)];
    let (start, bounded_end) = bounded::around(PAGE_BYTES, "staging_id");
    let mut query = QueryBuilder::new(format!(
        "{start}{} FROM (SELECT * FROM {} WHERE staging_id = ANY (",
        select_view(),
        tables.staging()
    ));
    query.push_bind(searched).push(format!(
        ") OFFSET 0) s WHERE s.staging_job_id = {job} AND EXISTS (SELECT FROM jobs WHERE job_id = {job} AND job_user_id = ",
        job = tables.job()
    ));
    query.push_bind(&owner.0).push(")");
    filter::push_each(&mut query, tables, which);
    query.push(" ORDER BY s.staging_id").push(bounded_end);
    let found = query.build().persistent(false).fetch_all(&mut *connection).await?;
    let (rows, is_cut) = read(connection, job, &found).await?;
    let next = match is_cut {
        true => rows.last().map(|row| row.row),
        false => searched.last().copied().filter(|_| linked.len() > searched.len()),
    };
    Ok(RowPage { rows, next, is_cut })
}

/// Like [`scan`], row by row, in a part of the job.
async fn in_span(
    connection: &mut PgConnection,
    owner: &Owner,
    job: &Job,
    which: &Filter,
    after: Option<RowId>,
    limit: i64,
) -> Result<RowPage, StoreError> {
    let tables = job.tables();
    let (start, bounded_end) = bounded::around(PAGE_BYTES, "staging_id");
    // With bounds, nearly all rows belong to the job, and are read in order by the primary key. For a plain comparison,
    // the planner would expect only a few rows, and would read and sort the index over jobs or all rows in the bounds.
    let of_job = match job.staging_base {
        Some(_) => format!("coalesce(s.staging_job_id = {}, false)", tables.job()),
        None => format!("s.staging_job_id = {}", tables.job()),
    };
    let mut query = QueryBuilder::new(format!(
        "{start}{} FROM {} s WHERE {of_job} AND EXISTS (SELECT FROM jobs WHERE job_id = {job} AND job_user_id = ",
        select_view(),
        tables.staging(),
        job = tables.job()
    ));
    query.push_bind(&owner.0).push(") AND s.staging_id > ");
    // Rows that another program inserted have ids outside of a reserved block, so there are no bounds: all are read.
    let from = after.or(job.staging_base).unwrap_or(RowId(0));
    let end = job.staging_base.map(|base| RowId(base.0 + i64::from(job.total_rows)));
    let to = end.map(|end| end.min(RowId(from.0.saturating_add(SPAN))));
    query.push_bind(from);
    if let Some(to) = to {
        query.push(" AND s.staging_id <= ").push_bind(to);
    }
    filter::push_each(&mut query, tables, which);
    query.push(" ORDER BY s.staging_id LIMIT ").push_bind(limit + 1).push(bounded_end);
    let found = query.build().persistent(false).fetch_all(&mut *connection).await?;
    let (mut rows, is_cut) = read(connection, job, &found).await?;
    let more = is_cut || rows.len() as i64 > limit;
    rows.truncate(limit as usize);
    let next = match more {
        true => rows.last().map(|row| row.row),
        false => to.filter(|to| end.is_some_and(|end| *to < end)),
    };
    Ok(RowPage { rows, next, is_cut })
}

/// Reads the rows of a page, and whether it ends early because its rows are large.
async fn read(
    connection: &mut PgConnection,
    job: &Job,
    found: &[PgRow],
) -> Result<(Vec<RowView>, bool), StoreError> {
    let mut rows: Vec<RowView> = found.iter().map(view).collect::<Result<_, _>>()?;
    extra_columns::sort(connection, job.id, rows.iter_mut().map(|row| &mut row.extra).collect()).await?;
    Ok((rows, bounded::is_cut(found)?))
}

/// The origin of a row.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The row.
    pub row: RowId,
    /// Its job.
    pub job: JobId,
    /// The name of the file.
    pub filename: String,
    /// The line in the file.
    pub line: Option<i64>,
}

from_row!(Origin { row, job, filename, line });

/// Returns the origins of rows of an owner's jobs. Skips rows that were deleted with their jobs.
pub async fn origins(
    connection: &mut PgConnection,
    owner: &Owner,
    rows: &[RowId],
) -> Result<Vec<Origin>, StoreError> {
    let query = "SELECT row, job_id AS job, job_original_filename AS filename, staging_line AS line
         FROM unnest($2::bigint[]) AS row,
              LATERAL (SELECT * FROM staging WHERE staging_id = row LIMIT 1) AS s JOIN jobs ON job_id = staging_job_id
         WHERE job_user_id = $1";
    Ok(sql::query_as(query).bind(&owner.0).bind(rows).fetch_all(connection).await?)
}
