//! What the new values of rows raise: new issues, reopened ones, and issues that move with their rows to another key.
//!
//! An issue about an e-mail has the e-mail as its key. If all of its rows get another value that is wrong too, the issue gets the
//! new value as its key and remains open, with its note and its assignment. Otherwise one mistake that follows another would count
//! as a resolved issue.

use sqlx::{AssertSqlSafe, PgConnection};

use crate::store::raised::{self, JOIN_AS_PLANNED, JOIN_BY_HASH, Pairs};
use crate::store::{JobTables, StoreError, sql};

/// The statement that creates the table of the issues that new values raise and that exist already.
pub(super) const KNOWN_TABLE: &str = "CREATE TEMPORARY TABLE known (
             known_issue bigint PRIMARY KEY,
             known_type issue_type_enum NOT NULL,
             known_key varchar COLLATE \"C\" NOT NULL,
             known_resolved boolean NOT NULL) ON COMMIT DROP";

/// The statement that creates the table of the issues that get another key, and their new descriptions.
pub(super) const REKEYED_TABLE: &str = "CREATE TEMPORARY TABLE rekeyed (
             rekeyed_issue bigint PRIMARY KEY,
             rekeyed_type issue_type_enum NOT NULL,
             rekeyed_key varchar COLLATE \"C\" NOT NULL,
             rekeyed_description varchar NOT NULL) ON COMMIT DROP";

/// The issues that new values raise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Opened {
    /// All of them, also those that are open already.
    pub raised: i64,
    /// Issues that do not exist yet.
    pub new: i64,
    /// Issues that are resolved.
    pub reopened: i64,
}

from_row!(Opened { raised, new, reopened });

/// Stores what the new values raise in the table `raised`, gives these rows the status ISSUE, and chooses the issues that get
/// another key. Returns the issues that [`open`] will open. Call it once, before the values are written.
pub(crate) async fn raise(
    connection: &mut PgConnection,
    tables: JobTables,
    pairs: Pairs,
) -> Result<Opened, StoreError> {
    raised::insert_all(connection, pairs).await?;
    let prepare = AssertSqlSafe(format!(
        "UPDATE decided SET decided_status = 'ISSUE'
         WHERE decided_status = 'READY' AND decided_id IN (SELECT raised_staging_id FROM raised);
         CREATE INDEX ON raised (raised_staging_id);
         ANALYZE raised;
         {JOIN_BY_HASH};
         INSERT INTO known SELECT issue_id, issue_type, issue_key, issue_resolved FROM {}
         WHERE issues_job_id = {} AND (issue_type, issue_key) IN (SELECT raised_type, raised_key FROM raised);
         {JOIN_AS_PLANNED};
         ANALYZE known;
         {};
         ANALYZE rekeyed",
        tables.issues(),
        tables.job(),
        rekeyed(tables)
    ));
    sqlx::raw_sql(prepare).execute(&mut *connection).await?;
    let query = "SELECT count(*) AS raised, count(*) FILTER (WHERE known_issue IS NULL AND rekeyed_issue IS NULL) AS new,
                count(*) FILTER (WHERE known_resolved) AS reopened
         FROM (SELECT DISTINCT raised_type, raised_key FROM raised) AS raised
         LEFT JOIN known ON known_type = raised_type AND known_key = raised_key
         LEFT JOIN rekeyed ON rekeyed_type = raised_type AND rekeyed_key = raised_key";
    Ok(sql::query_as(query).fetch_one(connection).await?)
}

/// Returns the statement that chooses the issues that get another key: all of their rows raise the same issue of the same type,
/// which does not exist yet. Of several issues with the same new key, the first gets it.
///
/// Rows and issues are joined by their ids alone: with a condition on the job, and outdated statistics, the planner would expect one
/// row and compare every row with every other.
fn rekeyed(tables: JobTables) -> String {
    let (issues, items, job) = (tables.issues(), tables.items(), tables.job());
    format!(
        "WITH fresh AS MATERIALIZED (
             SELECT * FROM raised
             WHERE NOT EXISTS (SELECT FROM known WHERE known_type = raised_type AND known_key = raised_key))
         INSERT INTO rekeyed
         SELECT DISTINCT ON (raised_type, new_key) issue_id, raised_type, new_key, new_description
         FROM (SELECT issue_id, raised_type, min(raised_key) AS new_key, min(raised_description) AS new_description
               FROM (SELECT issue_id, issues_job_id, issue_resolved, fresh.* FROM fresh
                     JOIN {items} ON item_staging_id = raised_staging_id
                     JOIN {issues} ON issue_id = item_issue_id AND issue_type = raised_type
                     OFFSET 0) AS member
               WHERE issues_job_id = {job} AND NOT issue_resolved
               GROUP BY issue_id, raised_type
               HAVING min(raised_key) = max(raised_key)
                  AND count(*) = (SELECT count(*) FROM {items} WHERE item_issue_id = issue_id)) AS moved
         ORDER BY raised_type, new_key, issue_id"
    )
}

/// Opens the issues that [`raise`] has found, and links their rows. Adds the new ones to `known`. Call it after the values are
/// written.
pub(crate) async fn open(connection: &mut PgConnection, tables: JobTables) -> Result<(), StoreError> {
    let issues = tables.issues();
    let rekey = AssertSqlSafe(format!(
        "UPDATE {issues} SET issue_key = rekeyed_key, issue_description = rekeyed_description
         FROM rekeyed WHERE issue_id = rekeyed_issue"
    ));
    sqlx::raw_sql(rekey).execute(&mut *connection).await?;
    raised::add(connection, tables).await?;
    let new = AssertSqlSafe(format!(
        "INSERT INTO known SELECT issue_id, issue_type, issue_key, issue_resolved
         FROM (SELECT DISTINCT linked_issue FROM linked) AS linked JOIN {issues} ON issue_id = linked_issue
         ON CONFLICT (known_issue) DO NOTHING;
         ANALYZE known"
    ));
    sqlx::raw_sql(new).execute(connection).await?;
    Ok(())
}
