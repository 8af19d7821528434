//! To whom issues are assigned (`issues.issue_assignee`), and the people that an owner's data names.

use sqlx::{AssertSqlSafe, PgConnection, QueryBuilder};

use super::{JobTables, StoreError, filter, sql};
use crate::domain::decision::Filter;
use crate::domain::job::Owner;

/// The number of latest actions whose actors are known people.
const LATEST_ACTIONS: i64 = 2_000;

/// Returns the names of the people who have performed the latest actions on the owner's data, in alphabetical order.
pub(crate) async fn people(connection: &mut PgConnection, owner: &Owner) -> Result<Vec<String>, StoreError> {
    let query = AssertSqlSafe(format!(
        "SELECT DISTINCT action_actor FROM (
             SELECT action_actor FROM actions WHERE action_owner = $1 ORDER BY action_id DESC LIMIT {LATEST_ACTIONS}) AS latest
         ORDER BY action_actor"
    ));
    Ok(sql::query_scalar(query).bind(&owner.0).fetch_all(connection).await?)
}

/// Assigns the open issues of the rows that match the filter to a person, or to nobody: those that the filter asks for, if it
/// names issues, their type or to whom they are assigned. Returns the number of issues that have changed. Tables are joined by
/// their keys alone: see [`filter::push_rows`].
pub(crate) async fn assign(
    connection: &mut PgConnection,
    job_tables: JobTables,
    which: &Filter,
    person: Option<&str>,
) -> Result<u64, StoreError> {
    let mut query = QueryBuilder::new(
        "WITH chosen AS MATERIALIZED (SELECT DISTINCT item_issue_id AS id FROM (SELECT s.staging_id AS chosen_id",
    );
    filter::push_rows(&mut query, job_tables, which, &[], "");
    query.push(format!(
        ") AS s JOIN {} ON item_staging_id = chosen_id),
         assigned AS MATERIALIZED (
             SELECT issue_id AS id FROM (
                 SELECT issue.* FROM chosen JOIN {} AS issue ON issue_id = id OFFSET 0) AS issue
             WHERE issue_assignee IS DISTINCT FROM ",
        job_tables.items(),
        job_tables.issues()
    ));
    query.push_bind(person);
    if let Some(named) = &which.issues {
        query.push(" AND issue_id = ANY (").push_bind(named).push(")");
    }
    filter::push_issue(&mut query, job_tables, filter::open_issues(which));
    query.push(format!(") UPDATE {} AS issue SET issue_assignee = ", job_tables.issues()));
    query.push_bind(person).push(" FROM assigned WHERE issue.issue_id = assigned.id");
    Ok(query.build().persistent(false).execute(connection).await?.rows_affected())
}
