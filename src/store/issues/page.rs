//! Pages of a job's issues, and the number of those that match. A search by text reads values of rows too, so each search reads a
//! limited number of issues.

use sqlx::{AssertSqlSafe, PgConnection};

use super::{ISSUE, issue};
use crate::domain::assigned::AssignedTo;
use crate::domain::ids::IssueId;
use crate::domain::job::Owner;
use crate::domain::rules::IssueType;
use crate::store::bounded::{self, PAGE_BYTES, Slice, row_bytes};
use crate::store::filter::{self, ASSIGNEE};
use crate::store::issues::Issue;
use crate::store::{Count, JobTables, Matches, StoreError, issue_rank, sql};

/// The most issues of a rule that one search by text reads.
const SPAN: i64 = 5_000;

/// A filter of issues by whether they are resolved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Only open issues.
    #[default]
    Open,
    /// Only resolved issues.
    #[serde(rename = "settled")]
    Resolved,
    /// All issues.
    All,
}

impl State {
    /// Returns the values of `issue_resolved`.
    fn resolved(self) -> &'static [bool] {
        match self {
            State::Open => &[false],
            State::Resolved => &[true],
            State::All => &[false, true],
        }
    }
}

/// A filter of a job's issues.
#[derive(Debug, Clone, Default)]
pub struct IssueFilter {
    /// Only issues of this rule.
    pub kind: Option<IssueType>,
    /// Open issues, resolved issues or all.
    pub state: State,
    /// Only issues that are assigned to this person, or to nobody.
    pub assigned: Option<AssignedTo>,
    /// Only issues that contain this text in their key, their description, or a value of one of their first hundred rows,
    /// ignoring case.
    pub text: Option<String>,
}

/// A page of issues.
#[derive(Debug)]
pub struct IssuePage {
    /// The issues.
    pub items: Vec<Issue>,
    /// The issue after which the next page starts; `None` at the end.
    pub next: Option<IssueId>,
    /// Whether a search stopped before it had found a whole page.
    pub continues: bool,
}

/// Returns up to `limit` issues of an owner's job, fewer if they are large, oldest first, starting after `after` if it is
/// set. A search by text may find fewer, or none, before its end.
pub async fn page(
    connection: &mut PgConnection,
    owner: &Owner,
    job_tables: JobTables,
    which: &IssueFilter,
    after: Option<IssueId>,
    limit: i64,
) -> Result<IssuePage, StoreError> {
    let text = which.text.as_deref().filter(|text| !text.is_empty());
    let end = match text {
        Some(_) => end_of_span(&mut *connection, owner, job_tables, which, after).await?,
        None => None,
    };
    // The index contains the ids of each rule in order, so a page is the lowest ids among one page of each rule. The
    // condition is a range of rule and id, so that no other index provides this order.
    let bytes = row_bytes(["issue_key", "issue_description", "issue_resolution_comment"]);
    let rows = format!(
        "{ISSUE}, {bytes}
         FROM {} AS rank, unnest($3::boolean[]) AS resolved,
              LATERAL (SELECT * FROM {} WHERE issues_job_id = $2 AND issue_resolved = resolved
                         AND (issue_rank, issue_id) > (rank, $5) AND issue_rank <= rank
                         AND ($9::bigint IS NULL OR issue_id <= $9)
                         AND ($7 IS NULL OR {}) AND ($8 IS NULL OR {ASSIGNEE} = $8)
                      ORDER BY issue_rank, issue_id LIMIT $6) AS issue
         WHERE EXISTS (SELECT FROM jobs WHERE job_id = $2 AND job_user_id = $1)
           AND ($4 IS NULL OR rank = $4)
         ORDER BY issue_id LIMIT $6",
        issue_rank::all(),
        job_tables.issues(),
        filter::issue_contains(job_tables, "$7"),
    );
    let query = AssertSqlSafe(bounded::within(PAGE_BYTES, &rows, "issue_id"));
    let rows = sql::query(query)
        .bind(&owner.0)
        .bind(job_tables.job().0)
        .bind(which.state.resolved())
        .bind(which.kind.map(issue_rank::of))
        .bind(after.unwrap_or(IssueId(0)))
        .bind(limit + 1)
        .bind(text.map(filter::anywhere))
        .bind(which.assigned.as_ref().map(filter::assignee))
        .bind(end)
        .fetch_all(connection)
        .await?;
    let Slice { items, more } = bounded::slice(&rows, limit, issue)?;
    let last = items.last().map(|last| last.id);
    Ok(IssuePage { next: if more { last } else { end }, continues: !more && end.is_some(), items })
}

/// Returns the issue with which a search that starts after `after` ends; `None` if it reads all that follow.
async fn end_of_span(
    connection: &mut PgConnection,
    owner: &Owner,
    job_tables: JobTables,
    which: &IssueFilter,
    after: Option<IssueId>,
) -> Result<Option<IssueId>, StoreError> {
    let query = AssertSqlSafe(format!(
        "SELECT min(issue_id)
         FROM {} AS rank, unnest($3::boolean[]) AS resolved,
              LATERAL (SELECT issue_id FROM {} WHERE issues_job_id = $2 AND issue_resolved = resolved
                         AND (issue_rank, issue_id) > (rank, $5) AND issue_rank <= rank
                       ORDER BY issue_rank, issue_id OFFSET {SPAN} - 1 LIMIT 1) AS issue
         WHERE EXISTS (SELECT FROM jobs WHERE job_id = $2 AND job_user_id = $1)
           AND ($4 IS NULL OR rank = $4)",
        issue_rank::all(),
        job_tables.issues(),
    ));
    let query = sql::query_scalar(query)
        .bind(&owner.0)
        .bind(job_tables.job().0)
        .bind(which.state.resolved())
        .bind(which.kind.map(issue_rank::of))
        .bind(after.unwrap_or(IssueId(0)));
    Ok(query.fetch_one(connection).await?)
}

/// Counts the open issues of an owner's job that match the filter, among the first [`Count::MOST`] of each rule.
pub async fn count_open_matching(
    connection: &mut PgConnection,
    owner: &Owner,
    job_tables: JobTables,
    which: &IssueFilter,
) -> Result<Matches, StoreError> {
    let query = AssertSqlSafe(format!(
        "SELECT count(*) FILTER (WHERE ($5 IS NULL OR {}) AND ($6 IS NULL OR {ASSIGNEE} = $6)) AS number,
                NOT coalesce(bool_or(position > $4), false) AS is_all
         FROM {} AS rank,
              LATERAL (SELECT *, row_number() OVER () AS position FROM (
                           SELECT * FROM {} WHERE issues_job_id = $2 AND NOT issue_resolved
                             AND issue_rank >= rank AND issue_rank <= rank
                           ORDER BY issue_rank, issue_id LIMIT $4 + 1) AS issue) AS issue
         WHERE EXISTS (SELECT FROM jobs WHERE job_id = $2 AND job_user_id = $1)
           AND ($3 IS NULL OR rank = $3)",
        filter::issue_contains(job_tables, "$5"),
        issue_rank::all(),
        job_tables.issues(),
    ));
    let query = sql::query_as(query)
        .bind(&owner.0)
        .bind(job_tables.job().0)
        .bind(which.kind.map(issue_rank::of))
        .bind(Count::MOST)
        .bind(which.text.as_deref().filter(|text| !text.is_empty()).map(filter::anywhere))
        .bind(which.assigned.as_ref().map(filter::assignee));
    Ok(query.fetch_one(connection).await?)
}
