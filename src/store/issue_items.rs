//! `issue_items`: which rows an issue is about.

use sqlx::{AssertSqlSafe, PgConnection};

use super::copy::{Spool, Target};
use super::{Count, Home, StoreError, sql};
use crate::domain::ids::{IssueId, RowId};
use crate::domain::job::Owner;

/// New links, kept until their rows and issues are there, however many they become.
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

/// Writes links that are not there yet.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    home: Home,
    links: Links,
) -> Result<(), StoreError> {
    const WRITTEN: &[(&str, &str)] = &[("item_issue_id", "integer"), ("item_staging_id", "bigint")];
    links.spool.send(connection, &Target::new(home.items(), WRITTEN)).await
}

/// A row of an issue as people see it.
#[derive(Debug, Clone, serde::Serialize, sqlx::FromRow)]
pub struct Item {
    /// The issue.
    #[sqlx(rename = "item_issue_id")]
    pub issue_id: IssueId,
    /// The row: what `edit` and `discard` take.
    #[sqlx(rename = "staging_id")]
    pub row: RowId,
    /// The line of the file.
    #[sqlx(rename = "staging_line")]
    pub line: Option<i64>,
    /// The e-mail as it stands.
    #[sqlx(rename = "staging_email")]
    pub email: Option<String>,
    /// The first name as it stands.
    #[sqlx(rename = "staging_first_name")]
    pub first_name: Option<String>,
    /// The last name as it stands.
    #[sqlx(rename = "staging_last_name")]
    pub last_name: Option<String>,
    /// The company as it stands.
    #[sqlx(rename = "staging_company")]
    pub company: Option<String>,
    /// One word of `staging_status_enum`.
    pub status: Option<String>,
}

/// Rows of issues of an owner's job, in the order of issue and row: of each issue at most `limit`, after the
/// row `after` where that is given. `home`: where the job's rows are.
pub async fn page(
    connection: &mut PgConnection,
    owner: &Owner,
    home: Home,
    issues: &[IssueId],
    after: Option<RowId>,
    limit: i64,
) -> Result<Vec<Item>, StoreError> {
    let links = AssertSqlSafe(format!(
        "SELECT issue, item_staging_id FROM unnest($3::integer[]) AS issue,
             LATERAL (SELECT item_staging_id FROM ONLY {} WHERE item_issue_id = issue AND item_staging_id > $4
                      ORDER BY item_staging_id LIMIT $5) AS item
         WHERE EXISTS (SELECT FROM jobs WHERE job_id = $2 AND job_user_id = $1)",
        home.items()
    ));
    let links =
        sql::query_as(links).bind(&owner.0).bind(home.job().0).bind(issues).bind(after.unwrap_or(RowId(0)));
    let links: Vec<(IssueId, RowId)> = links.bind(limit).fetch_all(&mut *connection).await?;
    let (issues, rows): (Vec<IssueId>, Vec<RowId>) = links.into_iter().unzip();
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    // A row of another job has no place among them.
    let query = AssertSqlSafe(format!(
        "SELECT item_issue_id, staging_id, staging_line, staging_email, staging_first_name, staging_last_name,
                staging_company, staging_status::text AS status
         FROM unnest($1::integer[], $2::bigint[]) AS link (item_issue_id, row),
              LATERAL (SELECT * FROM {} WHERE staging_id = row AND staging_job_id = $3 LIMIT 1) AS staged
         ORDER BY item_issue_id, staging_id",
        home.staging()
    ));
    Ok(sql::query_as(query).bind(issues).bind(rows).bind(home.job().0).fetch_all(connection).await?)
}

/// How many rows an issue of an owner's job has.
pub async fn count(
    connection: &mut PgConnection,
    owner: &Owner,
    home: Home,
    issue: IssueId,
) -> Result<Count, StoreError> {
    let query = AssertSqlSafe(format!(
        "SELECT count(*) FROM (SELECT FROM ONLY {} WHERE item_issue_id = $3 ORDER BY item_staging_id LIMIT $4 + 1) AS counted
         WHERE EXISTS (SELECT FROM ONLY {} JOIN jobs ON job_id = issues_job_id
                       WHERE issue_id = $3 AND job_id = $2 AND job_user_id = $1)",
        home.items(),
        home.issues()
    ));
    let query = sql::query_scalar(query).bind(&owner.0).bind(home.job().0).bind(issue).bind(Count::MOST);
    Ok(Count(query.fetch_one(connection).await?))
}
