//! `issues`: the questions put to a person, one a job, rule and key.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool, Row};

use super::StoreError;
use crate::domain::issue::IssueType;
use crate::domain::job::{JobId, Owner};
use crate::domain::rules::Violation;

/// A row's share in an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raised {
    /// The rule.
    pub issue_type: IssueType,
    /// `issue_key`.
    pub key: String,
    /// `issue_description`.
    pub description: String,
    /// The row.
    pub staging_id: i64,
}

impl Raised {
    /// The row's share in the issue that its violation belongs to.
    pub fn new(violation: Violation, staging_id: i64) -> Raised {
        let Violation { issue_type, key, description } = violation;
        Raised { issue_type, key, description, staging_id }
    }
}

/// What a run has raised, in columns, as the database takes it.
#[derive(Debug, Default)]
pub(super) struct Columns {
    pub types: Vec<&'static str>,
    pub keys: Vec<String>,
    pub descriptions: Vec<String>,
    pub staging_ids: Vec<i64>,
}

impl Columns {
    pub(super) fn of(raised: &[Raised]) -> Columns {
        let mut columns = Columns::default();
        for one in raised {
            columns.types.push(one.issue_type.as_str());
            columns.keys.push(one.key.clone());
            columns.descriptions.push(one.description.clone());
            columns.staging_ids.push(one.staging_id);
        }
        columns
    }
}

/// Makes the issues that are not there yet, and links the rows to them.
pub async fn raise(connection: &mut PgConnection, job: JobId, raised: &[Raised]) -> Result<(), StoreError> {
    if raised.is_empty() {
        return Ok(());
    }
    let columns = Columns::of(raised);
    sqlx::query(
        "INSERT INTO issues (issues_job_id, issue_type, issue_key, issue_description)
         SELECT $1, type::issue_type_enum, key, min(description)
         FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[]) AS given (type, key, description, id)
         GROUP BY type, key ORDER BY min(id)
         ON CONFLICT (issues_job_id, issue_type, issue_key) DO NOTHING",
    )
    .bind(job.0)
    .bind(&columns.types)
    .bind(&columns.keys)
    .bind(&columns.descriptions)
    .bind(&columns.staging_ids)
    .execute(&mut *connection)
    .await?;
    super::issue_items::link(connection, job, &columns).await
}

/// Makes `issue_resolved` follow what the rows raise: opens again what was resolved although a row
/// still raises it, and resolves what no row raises any more.
pub async fn follow(connection: &mut PgConnection, job: JobId, raised: &[Raised]) -> Result<(), StoreError> {
    let columns = Columns::of(raised);
    sqlx::query(
        "UPDATE issues SET issue_resolved = false, issue_resolved_at = NULL, issue_resolved_by = NULL
         FROM (SELECT DISTINCT type, key FROM unnest($2::text[], $3::text[]) AS given (type, key)) AS given
         WHERE issues_job_id = $1 AND issue_resolved AND issue_type = given.type::issue_type_enum AND issue_key = given.key",
    )
    .bind(job.0)
    .bind(&columns.types)
    .bind(&columns.keys)
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "UPDATE issues SET issue_resolved = true, issue_resolved_at = coalesce(issue_resolved_at, now()),
                issue_resolved_by = coalesce(issue_resolved_by, 'recheck')
         WHERE issues_job_id = $1 AND (NOT issue_resolved OR issue_resolved_at IS NULL)
           AND NOT EXISTS (SELECT FROM unnest($2::text[], $3::text[]) AS given (type, key)
                           WHERE given.key = issue_key AND given.type = issue_type::text)",
    )
    .bind(job.0)
    .bind(&columns.types)
    .bind(&columns.keys)
    .execute(connection)
    .await?;
    Ok(())
}

/// Open issues of a job.
pub async fn count_open(connection: &mut PgConnection, job: JobId) -> Result<i64, StoreError> {
    let query = "SELECT count(*) FROM issues WHERE issues_job_id = $1 AND NOT issue_resolved";
    Ok(sqlx::query_scalar(query).bind(job.0).fetch_one(connection).await?)
}

/// Keys of the job's malformed-row issues that a person has said yes to.
pub async fn accepted_malformed(
    connection: &mut PgConnection,
    job: JobId,
) -> Result<Vec<String>, StoreError> {
    let query = "SELECT issue_key FROM issues WHERE issues_job_id = $1 AND issue_type = 'MALFORMED_ROW' AND issue_resolved";
    Ok(sqlx::query_scalar(query).bind(job.0).fetch_all(connection).await?)
}

/// Deletes all issues of a job with their items.
pub async fn delete_all(connection: &mut PgConnection, job: JobId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM issues WHERE issues_job_id = $1").bind(job.0).execute(connection).await?;
    Ok(())
}

/// Issues of a job, a count of open ones each rule.
pub async fn open_by_type(pool: &PgPool, job: JobId) -> Result<Vec<(IssueType, i64)>, StoreError> {
    let rows = sqlx::query(
        "SELECT issue_type::text AS type, count(*) AS count FROM issues
         WHERE issues_job_id = $1 AND NOT issue_resolved GROUP BY issue_type ORDER BY issue_type",
    )
    .bind(job.0)
    .fetch_all(pool)
    .await?;
    rows.iter().map(|row| Ok((row.try_get::<&str, _>("type")?.parse()?, row.try_get("count")?))).collect()
}

/// An issue as people see it, without its rows.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Issue {
    /// `issue_id`.
    pub id: i32,
    /// One word of `issue_type_enum`.
    pub issue_type: String,
    /// The value it is about, or the hash of the row that it is the own of.
    pub key: String,
    /// The words for a person.
    pub description: Option<String>,
    /// Whether it is settled.
    pub resolved: bool,
    /// Who settled it.
    pub resolved_by: Option<String>,
    /// With what words.
    pub comment: Option<String>,
    /// When it was raised.
    pub created_at: DateTime<Utc>,
}

/// Issues of an owner's job, oldest first: at most `limit`, after `after` where that is given;
/// open ones only unless `resolved_too`.
pub async fn page(
    pool: &PgPool,
    owner: &Owner,
    job: JobId,
    resolved_too: bool,
    after: Option<i32>,
    limit: i64,
) -> Result<Vec<Issue>, StoreError> {
    let rows = sqlx::query(
        "SELECT issue_id, issue_type::text AS type, issue_key, issue_description, issue_resolved, issue_resolved_by,
                issue_resolution_comment, issue_created_at
         FROM issues JOIN jobs ON job_id = issues_job_id
         WHERE job_user_id = $1 AND job_id = $2 AND (NOT issue_resolved OR $3) AND issue_id > $4
         ORDER BY issue_id LIMIT $5",
    )
    .bind(&owner.0)
    .bind(job.0)
    .bind(resolved_too)
    .bind(after.unwrap_or(0))
    .bind(limit)
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Issue {
                id: row.try_get("issue_id")?,
                issue_type: row.try_get("type")?,
                key: row.try_get("issue_key")?,
                description: row.try_get("issue_description")?,
                resolved: row.try_get("issue_resolved")?,
                resolved_by: row.try_get("issue_resolved_by")?,
                comment: row.try_get("issue_resolution_comment")?,
                created_at: row.try_get("issue_created_at")?,
            })
        })
        .collect()
}
