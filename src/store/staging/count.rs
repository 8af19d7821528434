//! The number of a job's rows with issues that match a filter.

use sqlx::{PgConnection, QueryBuilder};

use crate::domain::decision::Filter;
use crate::domain::job::Owner;
use crate::store::{Count, JobTables, Matches, StoreError, filter};

/// Counts the rows of an owner's job that have an open issue and match the filter, among the first [`Count::MOST`] issues and as
/// many of their rows.
pub async fn count_matching(
    connection: &mut PgConnection,
    owner: &Owner,
    tables: JobTables,
    which: &Filter,
) -> Result<Matches, StoreError> {
    let (job, most) = (tables.job(), Count::MOST);
    let mut query = QueryBuilder::new(format!(
        "WITH wanted AS MATERIALIZED (
             SELECT issue_id AS issue FROM {} WHERE issues_job_id = {job}
               AND EXISTS (SELECT FROM jobs WHERE job_id = {job} AND job_user_id = ",
        tables.issues()
    ));
    query.push_bind(&owner.0).push(")");
    filter::push_issue(&mut query, tables, filter::open_issues(which));
    query.push(format!(
        " ORDER BY issue_rank, issue_id LIMIT {most} + 1),
         linked AS MATERIALIZED (
             SELECT DISTINCT item.id FROM wanted, LATERAL (
                 SELECT item_staging_id AS id FROM {} WHERE item_issue_id = issue
                 ORDER BY item_staging_id LIMIT {most} + 1) AS item
             ORDER BY item.id LIMIT {most} + 1)
         SELECT count(*) AS number,
                (SELECT count(*) FROM wanted) <= {most} AND (SELECT count(*) FROM linked) <= {most} AS is_all
         FROM linked, LATERAL (SELECT * FROM {} WHERE staging_id = linked.id LIMIT 1) AS s
         WHERE s.staging_job_id = {job}",
        tables.items(),
        tables.staging()
    ));
    filter::push_values(&mut query, which);
    Ok(query.build_query_as().persistent(false).fetch_one(connection).await?)
}
