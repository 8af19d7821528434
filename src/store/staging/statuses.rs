//! Changes of the statuses of many rows of a job.

use sqlx::{AssertSqlSafe, PgConnection};

use super::sql;
use crate::domain::ids::RowId;
use crate::domain::row::RowStatus;
use crate::store::{JobTables, StoreError};

/// Sets the statuses of rows of the job: `ids[i]` becomes `statuses[i]`.
pub(crate) async fn set_statuses(
    connection: &mut PgConnection,
    tables: JobTables,
    ids: &[RowId],
    statuses: &[RowStatus],
) -> Result<(), StoreError> {
    let words: Vec<&str> = statuses.iter().map(|status| status.as_str()).collect();
    let query = AssertSqlSafe(format!(
        "UPDATE {} SET staging_status = given.status::staging_status_enum
         FROM unnest($1::bigint[], $2::text[]) AS given (id, status) WHERE staging_id = given.id",
        tables.staging()
    ));
    sql::query(query).bind(ids).bind(words).execute(connection).await?;
    Ok(())
}

/// Sets all rows of a job that are not discarded to SUCCESS.
pub(crate) async fn mark_success(connection: &mut PgConnection, tables: JobTables) -> Result<(), StoreError> {
    let query = AssertSqlSafe(format!(
        "UPDATE {} SET staging_status = 'SUCCESS' WHERE staging_job_id = $1
           AND (staging_status IN ('READY', 'ISSUE') OR staging_status IS NULL)",
        tables.staging()
    ));
    sql::query(query).bind(tables.job().0).execute(connection).await?;
    Ok(())
}

/// Sets the READY rows of a job to SUCCESS.
pub(crate) async fn mark_ready_success(
    connection: &mut PgConnection,
    tables: JobTables,
) -> Result<(), StoreError> {
    let query = AssertSqlSafe(format!(
        "UPDATE {} SET staging_status = 'SUCCESS' WHERE staging_job_id = $1 AND staging_status = 'READY'",
        tables.staging()
    ));
    sql::query(query).bind(tables.job().0).execute(connection).await?;
    Ok(())
}

/// Returns whether a job has SUCCESS rows and none of them created or changed a contact, also one that is deleted since.
/// Contacts of a run appear all at once, so this is what a first run leaves that ends between its rows and its contacts.
pub(crate) async fn lack_contacts(
    connection: &mut PgConnection,
    tables: JobTables,
) -> Result<bool, StoreError> {
    let Some((first, last)) = consolidated(connection, tables).await? else { return Ok(false) };
    let query = "SELECT NOT EXISTS (SELECT FROM contacts WHERE staging_id BETWEEN $2 AND $3)
            AND NOT EXISTS (SELECT FROM deleted_contacts WHERE deleted_staging_id BETWEEN $2 AND $3)
            AND NOT EXISTS (SELECT FROM contact_changes WHERE change_job_id = $1 AND change_undone_by IS NULL)";
    Ok(sql::query_scalar(query).bind(tables.job().0).bind(first).bind(last).fetch_one(connection).await?)
}

/// Sets SUCCESS rows of a job that neither created nor changed a contact to READY, and returns their number. A run leaves
/// such rows if it ends after writing its rows and before the transaction with its contacts commits. A row whose contact was
/// deleted has created one: another run does not create it again.
pub(crate) async fn mark_unfinished(
    connection: &mut PgConnection,
    tables: JobTables,
) -> Result<u64, StoreError> {
    let table = tables.staging();
    let Some((first, last)) = consolidated(connection, tables).await? else { return Ok(0) };
    // Rows and their contacts are combined by UNION ALL and grouped by row. In a join, the planner would expect one row on
    // each side and compare them row by row. The bounds let the query use the index of contacts by row. Rows are updated in
    // the order of the table: in any other, each of millions of updates waits for the disk.
    let query = AssertSqlSafe(format!(
        "WITH unfinished AS MATERIALIZED (
             SELECT id FROM (
                 SELECT staging_id AS id, false AS made FROM {table}
                 WHERE staging_job_id = $1 AND staging_status = 'SUCCESS'
                 UNION ALL SELECT staging_id, true FROM contacts WHERE staging_id BETWEEN $2 AND $3
                 UNION ALL SELECT deleted_staging_id, true FROM deleted_contacts
                 WHERE deleted_staging_id BETWEEN $2 AND $3
                 UNION ALL SELECT change_staging_id, true FROM contact_changes
                 WHERE change_job_id = $1 AND change_undone_by IS NULL
             ) AS heap GROUP BY id HAVING NOT bool_or(made) ORDER BY id)
         UPDATE {table} SET staging_status = 'READY' FROM unfinished WHERE staging_id = id"
    ));
    let marked = sql::query(query).bind(tables.job().0).bind(first).bind(last).execute(connection).await?;
    Ok(marked.rows_affected())
}

/// Returns the first and the last SUCCESS row of a job; `None` if it has none.
pub(in crate::store) async fn consolidated(
    connection: &mut PgConnection,
    tables: JobTables,
) -> Result<Option<(RowId, RowId)>, StoreError> {
    // `+ 0` prevents the use of the primary key, which would be scanned through the rows of all earlier jobs.
    let query = AssertSqlSafe(format!(
        "SELECT min(staging_id + 0), max(staging_id + 0) FROM {}
         WHERE staging_job_id = $1 AND staging_status = 'SUCCESS'",
        tables.staging()
    ));
    let bounds: (Option<RowId>, Option<RowId>) =
        sql::query_as(query).bind(tables.job().0).fetch_one(connection).await?;
    Ok(bounds.0.zip(bounds.1))
}
