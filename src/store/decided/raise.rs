//! What the new values of rows raise: new issues, reopened ones, and issues that move with their rows to another key.
//!
//! An issue about an e-mail has the e-mail as its key. If all of its rows get another value that is wrong too, the issue gets the
//! new value as its key and remains open, with its note and its assignment. Otherwise one mistake that follows another would count
//! as a resolved issue.

use sqlx::{AssertSqlSafe, PgConnection};

use crate::store::raised::{self, Pairs};
use crate::store::{JobTables, StoreError, sql};

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
         CREATE INDEX ON raised (raised_key, raised_type);
         CREATE INDEX ON raised (raised_staging_id);
         ANALYZE raised;
         {};
         ANALYZE rekeyed",
        rekeyed(tables)
    ));
    sqlx::raw_sql(prepare).execute(&mut *connection).await?;
    let query = AssertSqlSafe(format!(
        "SELECT count(*) AS raised, count(*) FILTER (WHERE issue_id IS NULL AND rekeyed_issue IS NULL) AS new,
                count(*) FILTER (WHERE issue_resolved) AS reopened
         FROM (SELECT DISTINCT raised_job, raised_type, raised_key FROM raised) AS raised
         LEFT JOIN {} ON issues_job_id = raised_job AND issue_type = raised_type AND issue_key = raised_key
         LEFT JOIN rekeyed ON rekeyed_type = raised_type AND rekeyed_key = raised_key",
        tables.issues()
    ));
    Ok(sql::query_as(query).fetch_one(connection).await?)
}

/// Returns the statement that chooses the issues that get another key: all of their rows raise the same issue of the same type,
/// which does not exist yet. Of several issues with the same new key, the first gets it.
fn rekeyed(tables: JobTables) -> String {
    let (issues, items, job) = (tables.issues(), tables.items(), tables.job());
    format!(
        "WITH touched AS MATERIALIZED (
             SELECT DISTINCT item_issue_id AS id FROM raised JOIN {items} ON item_staging_id = raised_staging_id)
         INSERT INTO rekeyed
         SELECT DISTINCT ON (issue_type, new_key) issue_id, issue_type, new_key, new_description
         FROM (SELECT issue_id, issue_type, min(raised_key) AS new_key, min(raised_description) AS new_description
               FROM (SELECT issue_id, issues_job_id, issue_type, issue_resolved, raised_key, raised_description,
                            EXISTS (SELECT FROM {issues} AS known
                                    WHERE known.issues_job_id = raised_job AND known.issue_type = raised_type
                                      AND known.issue_key = raised_key) AS is_known
                     FROM touched JOIN {issues} AS issue ON issue_id = id
                     JOIN {items} ON item_issue_id = issue_id
                     LEFT JOIN raised ON raised_staging_id = item_staging_id AND raised_type = issue_type
                     OFFSET 0) AS member
               WHERE issues_job_id = {job} AND NOT issue_resolved
               GROUP BY issue_id, issue_type
               HAVING count(raised_key) = count(*) AND min(raised_key) = max(raised_key) AND NOT bool_or(is_known)) AS moved
         ORDER BY issue_type, new_key, issue_id"
    )
}

/// Opens the issues that [`raise`] has found, and links their rows. Call it after the values are written.
pub(crate) async fn open(connection: &mut PgConnection, tables: JobTables) -> Result<(), StoreError> {
    let rekey = AssertSqlSafe(format!(
        "UPDATE {} SET issue_key = rekeyed_key, issue_description = rekeyed_description
         FROM rekeyed WHERE issue_id = rekeyed_issue",
        tables.issues()
    ));
    sqlx::raw_sql(rekey).execute(&mut *connection).await?;
    raised::add(connection, tables).await
}
