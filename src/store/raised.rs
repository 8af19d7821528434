//! Everything that a recheck raises, in a temporary table of its transaction. Issues and links are then updated from the
//! table by set-based statements, however many there are.

use sqlx::{AssertSqlSafe, PgConnection};

use super::copy::{Lines, Target};
use super::issues::Raised;
use super::{JobTables, RecordKind, StoreError};
use crate::domain::issue::RESOLVED_BY_RUN;

/// Pairs of an issue and one of its rows, encoded for COPY.
#[derive(Default)]
pub(crate) struct Batch {
    lines: Lines,
}

impl Batch {
    /// Adds a pair.
    pub(crate) fn push(&mut self, raised: &Raised) {
        self.lines.push(0, |line| {
            line.plain(raised.issue_type)
                .text(&raised.key)
                .text(&raised.description)
                .plain(raised.staging_id);
        });
    }

    /// Returns the number of pairs.
    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Returns the bytes that the pairs take in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.lines.bytes()
    }
}

/// Creates the temporary table `raised`; it exists until the transaction ends.
pub(crate) async fn create(connection: &mut PgConnection, tables: JobTables) -> Result<(), StoreError> {
    let table = format!(
        "CREATE TEMPORARY TABLE raised (
             raised_type issue_type_enum NOT NULL,
             raised_key varchar COLLATE \"C\" NOT NULL,
             raised_description varchar NOT NULL,
             raised_staging_id bigint NOT NULL,
             raised_job integer NOT NULL DEFAULT {})
         ON COMMIT DROP",
        tables.job()
    );
    sqlx::raw_sql(AssertSqlSafe(table)).execute(connection).await?;
    Ok(())
}

/// Inserts a batch into `raised` and empties the batch.
pub(crate) async fn insert(connection: &mut PgConnection, batch: &mut Batch) -> Result<(), StoreError> {
    const WRITTEN: &[(&str, &str)] = &[
        ("raised_type", "issue_type_enum"),
        ("raised_key", "varchar"),
        ("raised_description", "varchar"),
        ("raised_staging_id", "bigint"),
    ];
    batch.lines.send(connection, &Target::new("raised", WRITTEN)).await?;
    batch.lines.clear();
    Ok(())
}

/// Updates the job's issues and links from the table: inserts missing ones, reopens resolved issues that a row still
/// raises, resolves issues that no row raises any more, and unlinks rows that no longer raise an open issue. Resolved
/// issues keep their links.
///
/// Joins use whole keys, including the job's number as a column, so that outdated statistics of the job do not make the
/// planner expect a single issue.
pub(crate) async fn apply(connection: &mut PgConnection, tables: JobTables) -> Result<(), StoreError> {
    let (issues, items, job) = (tables.issues(), tables.items(), tables.job());
    let (new_issues, new_items) = (tables.inserted(RecordKind::Issues), tables.inserted(RecordKind::Items));
    let statements = [
        "ANALYZE raised".to_owned(),
        format!(
            "INSERT INTO {new_issues} (issues_job_id, issue_type, issue_key, issue_description)
             SELECT {job}, raised_type, raised_key, min(raised_description) FROM raised
             GROUP BY raised_type, raised_key ORDER BY min(raised_staging_id)
             ON CONFLICT (issues_job_id, issue_type, issue_key) DO NOTHING"
        ),
        format!(
            "CREATE TEMPORARY TABLE linked ON COMMIT DROP AS
             SELECT DISTINCT issue_id AS linked_issue, raised_staging_id AS linked_row FROM raised
             JOIN {issues} ON issues_job_id = raised_job AND issue_type = raised_type AND issue_key = raised_key"
        ),
        "CREATE UNIQUE INDEX ON linked (linked_issue, linked_row)".to_owned(),
        "ANALYZE linked".to_owned(),
        format!(
            "INSERT INTO {new_items} (item_issue_id, item_staging_id) SELECT linked_issue, linked_row FROM linked
             ON CONFLICT (item_issue_id, item_staging_id) DO NOTHING"
        ),
        format!(
            "UPDATE {issues} SET issue_resolved = false, issue_resolved_at = NULL, issue_resolved_by = NULL
             WHERE issues_job_id = {job} AND issue_resolved AND EXISTS (SELECT FROM linked WHERE linked_issue = issue_id)"
        ),
        format!(
            "UPDATE {issues} SET issue_resolved = true, issue_resolved_at = coalesce(issue_resolved_at, now()),
                    issue_resolved_by = coalesce(issue_resolved_by, '{RESOLVED_BY_RUN}')
             WHERE issues_job_id = {job} AND (NOT issue_resolved OR issue_resolved_at IS NULL)
               AND NOT EXISTS (SELECT FROM linked WHERE linked_issue = issue_id)"
        ),
        format!(
            "DELETE FROM {items} USING {issues}
             WHERE item_issue_id = issue_id AND issues_job_id = {job} AND NOT issue_resolved
               AND NOT EXISTS (SELECT FROM linked WHERE linked_issue = issue_id AND linked_row = item_staging_id)"
        ),
    ];
    for statement in statements {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *connection).await?;
    }
    Ok(())
}
