//! `issues`: the questions put to a person, one a job, rule and key.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool, Row};

use super::StoreError;
use super::copy::Lines;
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

/// New issues encoded for COPY.
#[derive(Default)]
pub struct Batch {
    lines: Lines,
}

impl Batch {
    /// Adds an issue of `job` under an id of [`reserve`].
    pub fn push(&mut self, id: i32, job: JobId, issue: &Raised) {
        // The order of the unique index, as far as 15 bytes tell.
        let mut place = [0; 16];
        place[0] = issue.issue_type as u8;
        let length = issue.key.len().min(15);
        place[1..=length].copy_from_slice(&issue.key.as_bytes()[..length]);
        self.lines.push(u128::from_be_bytes(place), |line| {
            line.plain(id).plain(job).plain(issue.issue_type).text(&issue.key).text(&issue.description);
        });
    }
}

/// Ids for `count` new issues, rising.
pub async fn reserve(connection: &mut PgConnection, count: usize) -> Result<Vec<i32>, StoreError> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let query = "SELECT array_agg(nextval(pg_get_serial_sequence('issues', 'issue_id'))::int) FROM generate_series(1, $1)";
    let mut ids: Vec<i32> = sqlx::query_scalar(query).bind(count as i64).fetch_one(connection).await?;
    // Others may draw from the sequence at the same time, but each draw is higher than the one before.
    ids.sort_unstable();
    Ok(ids)
}

/// Writes issues that are not there yet: for the first run of a job, which makes each once.
pub async fn insert(connection: &mut PgConnection, batch: &mut Batch) -> Result<(), StoreError> {
    let copy = "COPY issues (issue_id, issues_job_id, issue_type, issue_key, issue_description) FROM STDIN";
    batch.lines.send(connection, copy).await
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

/// Resolves all issues of a job: no row raises anything any more.
pub async fn resolve_all(connection: &mut PgConnection, job: JobId) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE issues SET issue_resolved = true, issue_resolved_at = coalesce(issue_resolved_at, now()),
                issue_resolved_by = coalesce(issue_resolved_by, 'recheck')
         WHERE issues_job_id = $1 AND (NOT issue_resolved OR issue_resolved_at IS NULL)",
    )
    .bind(job.0)
    .execute(connection)
    .await?;
    Ok(())
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
         WHERE issues_job_id = $1 AND NOT issue_resolved GROUP BY issue_type ORDER BY issues.issue_type",
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

/// Which issues of a job.
#[derive(Debug, Clone, Copy, Default)]
pub struct Which {
    /// Of this kind only.
    pub kind: Option<IssueType>,
    /// Settled ones too.
    pub resolved_too: bool,
}

/// Issues of an owner's job, oldest first: at most `limit`, after `after` where that is given.
pub async fn page(
    pool: &PgPool,
    owner: &Owner,
    job: JobId,
    which: Which,
    after: Option<i32>,
    limit: i64,
) -> Result<Vec<Issue>, StoreError> {
    // The index has the ids of each kind in order: a page is the least of a page of each.
    let rows = sqlx::query(
        "SELECT issue_id, issue_type::text AS type, issue_key, issue_description, issue_resolved, issue_resolved_by,
                issue_resolution_comment, issue_created_at
         FROM unnest(enum_range(NULL::issue_type_enum)) AS kind, unnest(ARRAY[false, true]) AS settled,
              LATERAL (SELECT * FROM issues WHERE issues_job_id = $2 AND issue_resolved = settled AND issue_type = kind
                         AND issue_id > $5 ORDER BY issue_id LIMIT $6) AS issue
         WHERE EXISTS (SELECT FROM jobs WHERE job_id = $2 AND job_user_id = $1)
           AND (NOT settled OR $3) AND ($4 IS NULL OR kind = $4::issue_type_enum)
         ORDER BY issue_id LIMIT $6",
    )
    .bind(&owner.0)
    .bind(job.0)
    .bind(which.resolved_too)
    .bind(which.kind.map(|kind| kind.as_str()))
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
