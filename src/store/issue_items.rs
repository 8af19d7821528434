//! `issue_items`: which rows an issue is about.

use sqlx::{PgConnection, PgPool, Row};

use super::StoreError;
use super::copy::Spool;
use crate::domain::job::{JobId, Owner};

/// New links, kept until their rows and issues are there, however many they become.
#[derive(Default)]
pub struct Links {
    spool: Spool,
}

impl Links {
    /// Adds the link of a row to an issue.
    pub fn push(&mut self, issue: i32, row: i64) -> Result<(), StoreError> {
        Ok(self.spool.push(|line| {
            line.plain(issue).plain(row);
        })?)
    }
}

/// Writes links that are not there yet.
pub async fn insert(connection: &mut PgConnection, links: Links) -> Result<(), StoreError> {
    if links.spool.is_empty() {
        return Ok(());
    }
    // The check of the foreign key would be planned anew for each row: PostgreSQL takes the one plan that fits
    // all partitions for dearer than it is.
    sqlx::raw_sql("SET LOCAL plan_cache_mode = force_generic_plan").execute(&mut *connection).await?;
    links.spool.send(connection, "COPY issue_items (item_issue_id, item_staging_id) FROM STDIN").await
}

/// A row of an issue as people see it.
#[derive(Debug, Clone, serde::Serialize, sqlx::FromRow)]
pub struct Item {
    /// The issue.
    #[sqlx(rename = "item_issue_id")]
    pub issue_id: i32,
    /// The row: what `edit` and `discard` take.
    #[sqlx(rename = "staging_id")]
    pub row: i64,
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

/// The rows of some issues of an owner, in the order of issue and row.
pub async fn of_issues(pool: &PgPool, owner: &Owner, issues: &[i32]) -> Result<Vec<Item>, StoreError> {
    let query = "SELECT item_issue_id, staging_id, staging_line, staging_email, staging_first_name, staging_last_name,
                staging_company, staging_status::text AS status
         FROM issue_items JOIN staging ON staging_id = item_staging_id JOIN jobs ON job_id = staging_job_id
         WHERE item_issue_id = ANY ($2) AND job_user_id = $1 ORDER BY item_issue_id, staging_id";
    Ok(sqlx::query_as(query).bind(&owner.0).bind(issues).fetch_all(pool).await?)
}

/// Rows of a job that belong to an open issue.
pub async fn count_open_rows(pool: &PgPool, job: JobId) -> Result<i64, StoreError> {
    let query = "SELECT count(DISTINCT item_staging_id) AS rows FROM issue_items JOIN issues ON issue_id = item_issue_id
         WHERE issues_job_id = $1 AND NOT issue_resolved";
    Ok(sqlx::query(query).bind(job.0).fetch_one(pool).await?.try_get("rows")?)
}
