//! `undo_progress`: how far the undo of an import has come, for whoever watches.
//!
//! The undo is one transaction, so its progress is written on another connection. An entry counts until `undo_until`: a
//! program that was killed leaves one.

use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};

use super::{StoreError, sql};
use crate::domain::job::JobId;

/// How far the undo of an import has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct UndoProgress {
    /// Contacts that are done.
    pub done: i64,
    /// Contacts that the import made or changed.
    pub total: i64,
}

/// Writes the progress of the undo of a job's import, which counts for fifteen seconds.
pub(crate) async fn write(pool: &PgPool, job: JobId, progress: UndoProgress) -> Result<(), StoreError> {
    let UndoProgress { done, total } = progress;
    let write = format!(
        "INSERT INTO undo_progress VALUES ({job}, {done}, {total}, now() + interval '15 seconds')
         ON CONFLICT (undo_job_id) DO UPDATE SET undo_done = {done}, undo_total = {total}, undo_until = excluded.undo_until"
    );
    sql::once_changed(pool, &write).await?;
    Ok(())
}

/// Reads the progress of the undo of a job's import; `None` if none is under way.
pub(crate) async fn read(pool: &PgPool, job: JobId) -> Result<Option<UndoProgress>, StoreError> {
    let read = format!(
        "SELECT undo_done, undo_total FROM undo_progress WHERE undo_job_id = {job} AND undo_until > now()"
    );
    let found = sql::once(pool, &read).await?.pop();
    let progress =
        |row: PgRow| Ok(UndoProgress { done: row.try_get("undo_done")?, total: row.try_get("undo_total")? });
    found.map(progress).transpose()
}

/// Removes the entry of an undo that has ended.
pub(crate) async fn remove(pool: &PgPool, job: JobId) -> Result<(), StoreError> {
    sql::once_changed(pool, &format!("DELETE FROM undo_progress WHERE undo_job_id = {job}")).await?;
    Ok(())
}
