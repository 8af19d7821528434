//! Everything that a recheck or the new values of a decision raise, in a temporary table of the transaction. Issues and links
//! are then updated from the table by set-based statements, however many there are.

use sqlx::{AssertSqlSafe, PgConnection};

use super::copy::{Line, Lines, Spool, Target};
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
        self.lines.push(0, |line| write(line, raised));
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

/// The statement that creates the temporary table `raised`, which exists until the transaction ends.
pub(super) const TABLE: &str = "CREATE TEMPORARY TABLE raised (
             raised_type issue_type_enum NOT NULL,
             raised_key varchar COLLATE \"C\" NOT NULL,
             raised_description varchar NOT NULL,
             raised_staging_id bigint NOT NULL)
         ON COMMIT DROP";

/// Creates the table.
pub(crate) async fn create(connection: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::raw_sql(TABLE).execute(connection).await?;
    Ok(())
}

/// Makes the following statements compare the issues of a job with what is in the table by a hash join, unless that is little.
///
/// Without statistics of the job, the planner expects it to have one issue and would read all of them for each pair. No index prevents
/// this: row-level security keeps a comparison of types out of index conditions.
pub(super) const JOIN_BY_HASH: &str = "SELECT set_config('enable_nestloop',
             ((SELECT count(*) FROM (SELECT FROM raised LIMIT 20) AS pair) < 20)::text, true)";
/// Ends the effect of [`JOIN_BY_HASH`].
pub(super) const JOIN_AS_PLANNED: &str = "SET LOCAL enable_nestloop TO DEFAULT";

/// The columns that [`write`] writes.
const WRITTEN: &[(&str, &str)] = &[
    ("raised_type", "issue_type_enum"),
    ("raised_key", "varchar"),
    ("raised_description", "varchar"),
    ("raised_staging_id", "bigint"),
];

fn write(line: &mut Line<'_>, raised: &Raised) {
    let Raised { issue_type, key, description, staging_id } = raised;
    line.plain(*issue_type).text(key).text(description).plain(*staging_id);
}

/// Inserts a batch into `raised` and empties the batch.
pub(crate) async fn insert(connection: &mut PgConnection, batch: &mut Batch) -> Result<(), StoreError> {
    batch.lines.send(connection, &Target::new("raised", WRITTEN)).await?;
    batch.lines.clear();
    Ok(())
}

/// Any number of pairs, buffered until [`insert_all`]: large buffers go to a file.
#[derive(Default)]
pub(crate) struct Pairs {
    spool: Spool,
}

impl Pairs {
    /// Adds a pair.
    pub(crate) fn push(&mut self, raised: &Raised) -> Result<(), StoreError> {
        Ok(self.spool.push(|line| write(line, raised))?)
    }
}

/// Inserts pairs into `raised`.
pub(crate) async fn insert_all(connection: &mut PgConnection, pairs: Pairs) -> Result<(), StoreError> {
    pairs.spool.send(connection, &Target::new("raised", WRITTEN)).await
}

/// Adds what is in the table to the job's issues and links: inserts missing ones, and reopens resolved issues.
pub(crate) async fn add(connection: &mut PgConnection, tables: JobTables) -> Result<(), StoreError> {
    run(connection, &added(tables)).await
}

/// Updates the job's issues and links from the table: inserts missing ones, reopens resolved issues that a row still
/// raises, resolves issues that no row raises any more, and unlinks rows that no longer raise an open issue. Resolved
/// issues keep their links.
pub(crate) async fn apply(connection: &mut PgConnection, tables: JobTables) -> Result<(), StoreError> {
    let (issues, items, job) = (tables.issues(), tables.items(), tables.job());
    run(connection, &["ANALYZE raised".to_owned()]).await?;
    run(connection, &added(tables)).await?;
    let statements = [
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
    run(connection, &statements).await
}

/// Returns the statements that insert missing issues and links and reopen resolved issues. They leave the pairs of an issue
/// and a row in the temporary table `linked`.
fn added(tables: JobTables) -> [String; 8] {
    let (issues, job) = (tables.issues(), tables.job());
    let (new_issues, new_items) = (tables.inserted(RecordKind::Issues), tables.inserted(RecordKind::Items));
    [
        JOIN_BY_HASH.to_owned(),
        // While records move, an issue can be in the job's own table, where the unique key of the shared one does not see it.
        format!(
            "INSERT INTO {new_issues} (issues_job_id, issue_type, issue_key, issue_description)
             SELECT {job}, raised_type, raised_key, min(raised_description) FROM raised
             WHERE NOT EXISTS (SELECT FROM {issues} WHERE issues_job_id = {job} AND issue_type = raised_type
                                                      AND issue_key = raised_key)
             GROUP BY raised_type, raised_key ORDER BY min(raised_staging_id)
             ON CONFLICT (issues_job_id, issue_type, issue_key) DO NOTHING"
        ),
        format!(
            "CREATE TEMPORARY TABLE linked ON COMMIT DROP AS
             SELECT DISTINCT issue_id AS linked_issue, raised_staging_id AS linked_row FROM raised
             JOIN {issues} ON issues_job_id = {job} AND issue_type = raised_type AND issue_key = raised_key"
        ),
        JOIN_AS_PLANNED.to_owned(),
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
    ]
}

async fn run(connection: &mut PgConnection, statements: &[String]) -> Result<(), StoreError> {
    for statement in statements {
        sqlx::raw_sql(AssertSqlSafe(statement.as_str())).execute(&mut *connection).await?;
    }
    Ok(())
}
