//! `issues`: questions to a person, one for each job, rule and key.

mod page;

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Row};

pub use page::{IssueFilter, IssuePage, State, count_open_matching, page};

use super::copy::{Lines, Target};
use super::{Count, JobTables, RecordKind, StoreError, issue_rank, sql};
use crate::domain::ids::{IssueId, RowId};
use crate::domain::issue::{ENCODING_ISSUE_KEY, RESOLVED_BY_RUN};
use crate::domain::job::{JobId, Owner};
use crate::domain::row::RowHash;
use crate::domain::rules::{IssueType, Residue, Violation};

/// An issue and one of the rows that raise it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Raised {
    /// The rule.
    pub issue_type: IssueType,
    /// `issue_key`.
    pub key: String,
    /// `issue_description`.
    pub description: String,
    /// The row.
    pub staging_id: RowId,
}

impl Raised {
    /// Returns the issue that the violation of a row raises.
    pub(crate) fn new(violation: Violation, staging_id: RowId) -> Raised {
        let Violation { issue_type, key, description } = violation;
        Raised { issue_type, key, description, staging_id }
    }
}

/// New issues encoded for COPY.
#[derive(Default)]
pub(crate) struct Batch {
    lines: Lines,
}

impl Batch {
    /// Adds an issue of `job` with an id from [`reserve`].
    pub(crate) fn push(&mut self, id: IssueId, job: JobId, issue: &Raised) {
        // The order of the unique index, as far as the first 15 bytes of the key decide it.
        let mut order = [0; 16];
        order[0] = issue.issue_type as u8;
        let length = issue.key.len().min(15);
        order[1..=length].copy_from_slice(&issue.key.as_bytes()[..length]);
        self.lines.push(u128::from_be_bytes(order), |line| {
            line.plain(id).plain(job).plain(issue.issue_type).text(&issue.key).text(&issue.description);
        });
    }
}

/// Reserves ids for `count` new issues; returns them in ascending order.
pub(crate) async fn reserve(connection: &mut PgConnection, count: usize) -> Result<Vec<IssueId>, StoreError> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let query = "SELECT array_agg(nextval(counter))
         FROM (SELECT pg_get_serial_sequence('issues', 'issue_id')::regclass AS counter OFFSET 0) AS of_table,
              generate_series(1, $1)";
    let mut ids: Vec<IssueId> = sql::query_scalar(query).bind(count as i64).fetch_one(connection).await?;
    // Others may draw from the sequence at the same time, but each draw is higher than the one before.
    ids.sort_unstable();
    Ok(ids)
}

const WRITTEN: &[(&str, &str)] = &[
    ("issue_id", "bigint"),
    ("issues_job_id", "bigint"),
    ("issue_type", "issue_type_enum"),
    ("issue_key", "varchar"),
    ("issue_description", "varchar"),
];

/// Inserts issues that do not exist yet: for the first run of a job, which creates each issue once.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    job_tables: JobTables,
    batch: &mut Batch,
) -> Result<(), StoreError> {
    let table = job_tables.inserted(RecordKind::Issues);
    match job_tables {
        JobTables::Shared(_) | JobTables::Announced(_) | JobTables::Moving(_) => {
            batch.lines.send_by_key(connection, &Target::shared(table, WRITTEN)).await
        }
        // These tables have no index yet, so the order of the lines does not matter.
        JobTables::Own(_) => batch.lines.send(connection, &Target::new(table, WRITTEN)).await,
    }
}

/// The malformed rows of a job that a person accepted by resolving their issue.
#[derive(Debug, Default)]
pub(crate) struct AcceptedRows {
    hashes: HashSet<RowHash>,
    /// Whether the issue about the encoding is resolved.
    encoding: bool,
}

impl AcceptedRows {
    /// Returns whether the row with this hash and residue was accepted.
    pub(crate) fn contains(&self, hash: RowHash, residue: Residue<'_>) -> bool {
        match residue.is_about_encoding {
            true => self.encoding,
            false => self.hashes.contains(&hash),
        }
    }
}

/// Returns the job's malformed rows that a person accepted. The key of their issues is the hash of the row, unless the
/// issue is about the encoding.
pub(crate) async fn accepted_malformed(
    connection: &mut PgConnection,
    job_tables: JobTables,
) -> Result<AcceptedRows, StoreError> {
    let query = AssertSqlSafe(format!(
        "SELECT issue_key FROM {} WHERE issues_job_id = $1 AND issue_rank = {} AND issue_resolved",
        job_tables.issues(),
        issue_rank::of(IssueType::MalformedRow)
    ));
    let mut keys = sql::query_scalar(query).bind(job_tables.job().0).fetch(connection);
    let mut accepted = AcceptedRows::default();
    while let Some(key) = keys.try_next().await? {
        // A key that is not a hash belongs to no row.
        let key: String = key;
        accepted.encoding |= key == ENCODING_ISSUE_KEY;
        accepted.hashes.extend(key.parse::<RowHash>());
    }
    Ok(accepted)
}

/// Resolves all issues of a job, when no row raises an issue any more.
pub(crate) async fn resolve_all(
    connection: &mut PgConnection,
    job_tables: JobTables,
) -> Result<(), StoreError> {
    let query = AssertSqlSafe(format!(
        "UPDATE {} SET issue_resolved = true, issue_resolved_at = coalesce(issue_resolved_at, now()),
                issue_resolved_by = coalesce(issue_resolved_by, '{RESOLVED_BY_RUN}')
         WHERE issues_job_id = $1 AND (NOT issue_resolved OR issue_resolved_at IS NULL)",
        job_tables.issues()
    ));
    sql::query(query).bind(job_tables.job().0).execute(connection).await?;
    Ok(())
}

/// Deletes the issues of a job and their issue items.
pub(crate) async fn delete_all(
    connection: &mut PgConnection,
    job_tables: JobTables,
) -> Result<(), StoreError> {
    let query = AssertSqlSafe(format!("DELETE FROM {} WHERE issues_job_id = $1", job_tables.issues()));
    sql::query(query).bind(job_tables.job().0).execute(connection).await?;
    Ok(())
}

/// Returns the first of `issues` that does not belong to the job.
pub(crate) async fn first_missing(
    connection: &mut PgConnection,
    job_tables: JobTables,
    issues: &[IssueId],
) -> Result<Option<IssueId>, StoreError> {
    if issues.is_empty() {
        return Ok(None);
    }
    let query = AssertSqlSafe(format!(
        "SELECT issue FROM unnest($1::bigint[]) AS issue
         WHERE (SELECT issues_job_id FROM {} WHERE issue_id = issue) IS DISTINCT FROM $2 LIMIT 1",
        job_tables.issues()
    ));
    Ok(sql::query_scalar(query).bind(issues).bind(job_tables.job().0).fetch_optional(connection).await?)
}

/// Counts all open issues of a job by rule, without [`Count::MOST`]: slow for millions. Skips rules that have none.
pub(crate) async fn count_open(
    connection: &mut PgConnection,
    job_tables: JobTables,
) -> Result<Vec<(IssueType, u64)>, StoreError> {
    let query = AssertSqlSafe(format!(
        "SELECT issue_type::text, count(*) FROM {} AS issue
         WHERE issues_job_id = $1 AND NOT issue_resolved GROUP BY issue_type ORDER BY issue.issue_type",
        job_tables.issues()
    ));
    let counts: Vec<(String, i64)> =
        sql::query_as(query).bind(job_tables.job().0).fetch_all(connection).await?;
    counts.into_iter().map(|(kind, count)| Ok((kind.parse()?, count.unsigned_abs()))).collect()
}

/// Counts the open issues of an owner's job by rule. Skips rules that have none.
pub async fn counts(
    connection: &mut PgConnection,
    owner: &Owner,
    job_tables: JobTables,
) -> Result<Vec<(IssueType, Count)>, StoreError> {
    // One rule at a time in the order of the index, like `page`.
    let query = AssertSqlSafe(format!(
        "SELECT rank, count FROM {} AS rank, {} AS open
         WHERE count > 0 AND EXISTS (SELECT FROM jobs WHERE job_id = $2 AND job_user_id = $1) ORDER BY rank",
        issue_rank::all(),
        counted(job_tables, false)
    ));
    let query = sql::query_as(query).bind(&owner.0).bind(job_tables.job().0).bind(Count::MOST);
    let counts: Vec<(i16, i64)> = query.fetch_all(connection).await?;
    counts.into_iter().map(|(rank, count)| Ok((issue_rank::type_of(rank)?, Count(count)))).collect()
}

/// Returns a LATERAL subquery that counts the issues of the job `$2` and the rule `rank`, up to `$3` + 1.
fn counted(job_tables: JobTables, resolved: bool) -> String {
    format!(
        "LATERAL (SELECT count(*) FROM
                      (SELECT FROM {} WHERE issues_job_id = $2 AND issue_resolved = {resolved}
                         AND issue_rank >= rank AND issue_rank <= rank
                       ORDER BY issue_rank, issue_id LIMIT $3 + 1) AS counted)",
        job_tables.issues()
    )
}

/// The progress of the review of one rule's issues.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// The rule.
    pub kind: IssueType,
    /// Open issues.
    pub open: Count,
    /// Resolved issues.
    pub resolved: Count,
}

/// Returns the progress of the review of an owner's job, for each rule that has an issue, open or resolved.
pub async fn progress(
    connection: &mut PgConnection,
    owner: &Owner,
    job_tables: JobTables,
) -> Result<Vec<Progress>, StoreError> {
    let query = AssertSqlSafe(format!(
        "SELECT rank, open.count, resolved.count FROM {} AS rank, {} AS open, {} AS resolved
         WHERE open.count + resolved.count > 0 AND EXISTS (SELECT FROM jobs WHERE job_id = $2 AND job_user_id = $1)
         ORDER BY rank",
        issue_rank::all(),
        counted(job_tables, false),
        counted(job_tables, true)
    ));
    let query = sql::query_as(query).bind(&owner.0).bind(job_tables.job().0).bind(Count::MOST);
    let counts: Vec<(i16, i64, i64)> = query.fetch_all(connection).await?;
    let progress = |(rank, open, resolved): (i16, i64, i64)| {
        Ok(Progress { kind: issue_rank::type_of(rank)?, open: Count(open), resolved: Count(resolved) })
    };
    counts.into_iter().map(progress).collect()
}

/// An issue as people see it, without its rows.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Issue {
    /// `issue_id`.
    pub id: IssueId,
    /// The rule.
    pub issue_type: IssueType,
    /// The value that the issue is about, or the hash of the row if the issue concerns one row.
    pub key: String,
    /// A description for people.
    pub description: Option<String>,
    /// Whether it is resolved.
    pub resolved: bool,
    /// Who resolved it.
    pub resolved_by: Option<String>,
    /// The note on it.
    pub comment: Option<String>,
    /// The person to whom it is assigned.
    pub assignee: Option<String>,
    /// When it was raised.
    pub created_at: DateTime<Utc>,
}

impl Issue {
    /// Returns the note on it, `None` if there is no text.
    pub(crate) fn note(&self) -> Option<&str> {
        self.comment.as_deref().filter(|note| !note.is_empty())
    }
}

const ISSUE: &str = "SELECT issue_id, issue_type::text AS type, issue_key, issue_description, issue_resolved,
     issue_resolved_by, issue_resolution_comment, issue_assignee, issue_created_at";

fn issue(row: &PgRow) -> Result<Issue, StoreError> {
    Ok(Issue {
        id: row.try_get("issue_id")?,
        issue_type: row.try_get::<&str, _>("type")?.parse()?,
        key: row.try_get("issue_key")?,
        description: row.try_get("issue_description")?,
        resolved: row.try_get("issue_resolved")?,
        resolved_by: row.try_get("issue_resolved_by")?,
        comment: row.try_get("issue_resolution_comment")?,
        assignee: row.try_get("issue_assignee")?,
        created_at: row.try_get("issue_created_at")?,
    })
}

/// Returns one issue of an owner's job.
pub async fn get(
    connection: &mut PgConnection,
    owner: &Owner,
    job_tables: JobTables,
    id: IssueId,
) -> Result<Option<Issue>, StoreError> {
    let query = AssertSqlSafe(format!(
        "{ISSUE} FROM (SELECT * FROM {} WHERE issue_id = $3 OFFSET 0) AS issue JOIN jobs ON job_id = issues_job_id
         WHERE issues_job_id = $2 AND job_user_id = $1",
        job_tables.issues()
    ));
    let row =
        sql::query(query).bind(&owner.0).bind(job_tables.job().0).bind(id).fetch_optional(connection).await?;
    row.as_ref().map(issue).transpose()
}

/// Returns the open issues of rows of an owner's job, each with its row, ordered by row and issue.
pub async fn open_of_rows(
    connection: &mut PgConnection,
    owner: &Owner,
    job_tables: JobTables,
    rows: &[RowId],
) -> Result<Vec<(RowId, Issue)>, StoreError> {
    let query = AssertSqlSafe(format!(
        "{ISSUE}, item_staging_id
         FROM (SELECT issue.*, item_staging_id FROM {} JOIN {} AS issue ON issue_id = item_issue_id
               WHERE item_staging_id = ANY ($3) OFFSET 0) AS issue
         WHERE issues_job_id = $2 AND NOT issue_resolved
           AND EXISTS (SELECT FROM jobs WHERE job_id = $2 AND job_user_id = $1)
         ORDER BY item_staging_id, issue_id",
        job_tables.items(),
        job_tables.issues()
    ));
    let rows =
        sql::query(query).bind(&owner.0).bind(job_tables.job().0).bind(rows).fetch_all(connection).await?;
    rows.iter().map(|row| Ok((row.try_get("item_staging_id")?, issue(row)?))).collect()
}
