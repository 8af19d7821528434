//! `undo_progress`: the progress of the undo of an import, for pages and the API.
//!
//! The undo is one transaction, so its progress is written on another connection. An entry expires at `undo_until`, since
//! a killed program does not remove it.

use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};

use super::{StoreError, sql};
use crate::domain::job::JobId;

/// The progress of the undo of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct UndoProgress {
    /// Contacts processed so far.
    pub done: i64,
    /// Contacts that the import created or changed.
    pub total: i64,
}

/// Writes the progress of the undo of a job's import, which expires after fifteen seconds.
pub(crate) async fn write(pool: &PgPool, job: JobId, progress: UndoProgress) -> Result<(), StoreError> {
    let UndoProgress { done, total } = progress;
    let write = format!(
        "INSERT INTO undo_progress VALUES ({job}, {done}, {total}, now() + interval '15 seconds')
         ON CONFLICT (undo_job_id)
         DO UPDATE SET undo_done = {done}, undo_total = {total}, undo_until = excluded.undo_until"
    );
    sql::once_changed(pool, &write).await?;
    Ok(())
}

/// Returns the progress of the undo of a job's import; `None` if none is running.
pub(crate) async fn read(pool: &PgPool, job: JobId) -> Result<Option<UndoProgress>, StoreError> {
    let read = format!(
        "SELECT undo_done, undo_total FROM undo_progress WHERE undo_job_id = {job} AND undo_until > now()"
    );
    let row = sql::once(pool, &read).await?.pop();
    let progress =
        |row: PgRow| Ok(UndoProgress { done: row.try_get("undo_done")?, total: row.try_get("undo_total")? });
    row.map(progress).transpose()
}

/// Deletes the entry of an undo that has ended.
pub(crate) async fn remove(pool: &PgPool, job: JobId) -> Result<(), StoreError> {
    sql::once_changed(pool, &format!("DELETE FROM undo_progress WHERE undo_job_id = {job}")).await?;
    Ok(())
}
