//! `issue_items`: which rows an issue is about.

use sqlx::{AssertSqlSafe, PgConnection, PgPool};

use super::copy::Spool;
use super::{Count, Home, StoreError};
use crate::domain::job::Owner;

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
pub async fn insert(connection: &mut PgConnection, home: Home, links: Links) -> Result<(), StoreError> {
    if links.spool.is_empty() {
        return Ok(());
    }
    let copy = format!("COPY {} (item_issue_id, item_staging_id) FROM STDIN", home.items());
    links.spool.send(connection, &copy).await
}

/// How many rows an issue of an owner's job has.
pub async fn count(pool: &PgPool, owner: &Owner, home: Home, issue: i32) -> Result<Count, StoreError> {
    let query = AssertSqlSafe(format!(
        "SELECT count(*) FROM (SELECT FROM ONLY {} WHERE item_issue_id = $3 ORDER BY item_staging_id LIMIT $4 + 1) AS counted
         WHERE EXISTS (SELECT FROM ONLY {} JOIN jobs ON job_id = issues_job_id
                       WHERE issue_id = $3 AND job_id = $2 AND job_user_id = $1)",
        home.items(),
        home.issues()
    ));
    let query = sqlx::query_scalar(query).bind(&owner.0).bind(home.job().0).bind(issue).bind(Count::MOST);
    Ok(Count(query.fetch_one(pool).await?))
}
