//! The size of a job, as far as it is known before its run: its rows once they are counted, and `job_file_bytes`.

use sqlx::{PgPool, Row};

use super::{StoreError, sql};
use crate::domain::job::{JobId, JobSize};

/// Returns the SQL condition that a job of `jobs` is not known to be large.
pub(super) fn is_not_large() -> String {
    format!(
        "job_total_rows <= {} AND coalesce(job_file_bytes, 0) <= {}",
        JobSize::SMALL_ROWS,
        JobSize::SMALL_FILE_BYTES
    )
}

/// Returns the size of a job, or `None` if neither its rows nor the size of its file are known. A job that does not exist
/// is small.
pub(crate) async fn get(pool: &PgPool, job: JobId) -> Result<Option<JobSize>, StoreError> {
    let query = format!("SELECT job_total_rows, job_file_bytes FROM jobs WHERE job_id = {job}");
    let rows = sql::once(pool, &query).await?;
    let Some(row) = rows.first() else { return Ok(Some(JobSize::Small)) };
    Ok(match (row.try_get("job_total_rows")?, row.try_get("job_file_bytes")?) {
        (0, None) => None,
        (rows, file_bytes) => Some(JobSize::of(rows, file_bytes.unwrap_or_default())),
    })
}

/// Records the size of a job's file.
pub(crate) async fn set_file_bytes(pool: &PgPool, job: JobId, file_bytes: i64) -> Result<(), StoreError> {
    let set = format!("UPDATE jobs SET job_file_bytes = {file_bytes} WHERE job_id = {job}");
    sql::once_changed(pool, &set).await?;
    Ok(())
}
