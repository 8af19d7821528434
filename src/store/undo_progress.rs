//! `undo_progress`: how far the undo of an import has come, for whoever watches.
//!
//! The undo is one transaction, so its progress is written on another connection. An entry counts until `undo_until`: a
//! program that was killed leaves one.

use sqlx::{PgConnection, PgPool};

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
pub async fn write(pool: &PgPool, job: JobId, progress: UndoProgress) -> Result<(), StoreError> {
    let write = "INSERT INTO undo_progress VALUES ($1, $2, $3, now() + interval '15 seconds')
         ON CONFLICT (undo_job_id) DO UPDATE SET undo_done = $2, undo_total = $3, undo_until = excluded.undo_until";
    sql::query(write).bind(job.0).bind(progress.done).bind(progress.total).execute(pool).await?;
    Ok(())
}

/// Reads the progress of the undo of a job's import; `None` if none is under way.
pub async fn read(connection: &mut PgConnection, job: JobId) -> Result<Option<UndoProgress>, StoreError> {
    let read =
        "SELECT undo_done, undo_total FROM undo_progress WHERE undo_job_id = $1 AND undo_until > now()";
    let found: Option<(i64, i64)> = sql::query_as(read).bind(job.0).fetch_optional(connection).await?;
    Ok(found.map(|(done, total)| UndoProgress { done, total }))
}

/// Removes the entry of an undo that has ended.
pub async fn remove(pool: &PgPool, job: JobId) -> Result<(), StoreError> {
    sql::query("DELETE FROM undo_progress WHERE undo_job_id = $1").bind(job.0).execute(pool).await?;
    Ok(())
}
