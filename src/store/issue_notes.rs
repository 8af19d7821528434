//! The notes of people on issues: `issues.issue_resolution_comment`, which other programs read and write too.

use sqlx::{AssertSqlSafe, PgConnection};

use super::{JobTables, StoreError, sql};
use crate::domain::ids::IssueId;
use crate::domain::note::Note;

/// Sets or removes the note on an issue of the job. Returns whether it was different.
pub(crate) async fn set(
    connection: &mut PgConnection,
    job_tables: JobTables,
    issue: IssueId,
    note: &Note,
) -> Result<bool, StoreError> {
    let query = AssertSqlSafe(format!(
        "UPDATE {} SET issue_resolution_comment = $2
         WHERE issue_id = $1 AND coalesce(issue_resolution_comment, '') <> coalesce($2, '')",
        job_tables.issues()
    ));
    let changed = sql::query(query).bind(issue).bind(note.text()).execute(connection).await?;
    Ok(changed.rows_affected() > 0)
}

/// Sets or removes the note on the issues that the decision in the table `decided` has resolved in this transaction, and on
/// those that its request has named.
pub(crate) async fn set_decided(
    connection: &mut PgConnection,
    job_tables: JobTables,
    named: &[IssueId],
    note: &Note,
) -> Result<(), StoreError> {
    let query = AssertSqlSafe(format!(
        "WITH touched AS MATERIALIZED (
             SELECT DISTINCT item_issue_id AS id FROM decided JOIN {} ON item_staging_id = decided_id),
         noted AS MATERIALIZED (
             SELECT issue_id AS id FROM (
                 SELECT issue.* FROM touched JOIN {issues} AS issue ON issue_id = id OFFSET 0) AS issue
             WHERE issue_resolved AND issue_resolved_at = now() OR issue_id = ANY ($2))
         UPDATE {issues} AS issue SET issue_resolution_comment = $1 FROM noted WHERE issue.issue_id = noted.id",
        job_tables.items(),
        issues = job_tables.issues()
    ));
    sql::query(query).bind(note.text()).bind(named).execute(connection).await?;
    Ok(())
}
