//! `run_progress`: the progress of a run, for pages and the API.
//!
//! The last transactions of a run lock its job for as long as they take, so progress is written to a table of its own. An
//! entry expires at `run_until`, since a killed worker does not remove it.

use sqlx::PgPool;
use uuid::Uuid;

use super::{StoreError, sql};
use crate::domain::job::JobId;
use crate::domain::progress::Progress;
use crate::store::sql::NOT_FLUSHED;

/// Writes the progress of the run of a job that has the lease `token`. It expires after fifteen seconds.
pub(crate) async fn write(
    pool: &PgPool,
    job: JobId,
    token: Uuid,
    progress: Progress,
) -> Result<(), StoreError> {
    let Progress { phase, rows, total_rows } = progress;
    let total = total_rows.map_or_else(|| "NULL".to_owned(), |total| total.to_string());
    let write = format!(
        "{NOT_FLUSHED};
         INSERT INTO run_progress VALUES ({job}, '{token}', '{phase}', {rows}, {total}, now() + interval '15 seconds')
         ON CONFLICT (run_job_id) DO UPDATE
         SET run_token = excluded.run_token, run_phase = excluded.run_phase, run_rows = excluded.run_rows,
             run_total_rows = excluded.run_total_rows, run_until = excluded.run_until"
    );
    sql::once_changed(pool, &write).await?;
    Ok(())
}

/// Deletes the entry of a run that has ended.
pub(crate) async fn remove(pool: &PgPool, job: JobId, token: Uuid) -> Result<(), StoreError> {
    let remove = format!("DELETE FROM run_progress WHERE run_job_id = {job} AND run_token = '{token}'");
    sql::once_changed(pool, &remove).await?;
    Ok(())
}
