//! Rows of a job by their ids.

use sqlx::{AssertSqlSafe, PgConnection};

use super::{RowView, select_view, sql, view};
use crate::domain::ids::RowId;
use crate::domain::job::Owner;
use crate::store::{JobTables, StoreError, extra_columns};

/// Locks rows of an owner's job until the transaction ends and returns them.
pub(crate) async fn hold(
    connection: &mut PgConnection,
    owner: &Owner,
    tables: JobTables,
    rows: &[RowId],
) -> Result<Vec<RowView>, StoreError> {
    of_ids(connection, owner, tables, rows, " FOR NO KEY UPDATE").await
}

/// Returns rows of an owner's job, in the order of the file.
pub(crate) async fn list(
    connection: &mut PgConnection,
    owner: &Owner,
    tables: JobTables,
    rows: &[RowId],
) -> Result<Vec<RowView>, StoreError> {
    of_ids(connection, owner, tables, rows, "").await
}

async fn of_ids(
    connection: &mut PgConnection,
    owner: &Owner,
    tables: JobTables,
    rows: &[RowId],
    lock: &str,
) -> Result<Vec<RowView>, StoreError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let query = AssertSqlSafe(format!(
        "{} FROM (SELECT * FROM {} WHERE staging_id = ANY ($3) OFFSET 0{lock}) s
         WHERE s.staging_job_id = $2 AND EXISTS (SELECT FROM jobs WHERE job_id = $2 AND job_user_id = $1)
         ORDER BY s.staging_id",
        select_view(),
        tables.staging()
    ));
    let query = sql::query(query).bind(&owner.0).bind(tables.job().0).bind(rows);
    let rows = query.fetch_all(&mut *connection).await?;
    let mut rows: Vec<RowView> = rows.iter().map(view).collect::<Result<_, _>>()?;
    extra_columns::sort(connection, tables.job(), rows.iter_mut().map(|row| &mut row.extra).collect())
        .await?;
    Ok(rows)
}
