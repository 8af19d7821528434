//! `workers`: the workers that run. A worker that was killed leaves its entry, which expires.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{PgPool, Row};
use uuid::Uuid;

use super::sql::NOT_FLUSHED;
use super::{StoreError, sql};
use crate::domain::worker_state::WorkerState;

/// The time after which an entry that was not renewed has expired.
const EXPIRES_AFTER: Duration = Duration::from_secs(60);

/// A worker.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct WorkerEntry {
    /// Its id.
    #[serde(skip)]
    pub id: Uuid,
    /// Its host and process.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The URL of its SQS queue, or `database`.
    pub queue: String,
    /// Maximum number of concurrent jobs.
    pub places: u32,
    /// Jobs in progress.
    pub running: u32,
    /// What it does with new jobs.
    pub state: WorkerState,
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// When it last renewed its entry.
    pub seen_at: DateTime<Utc>,
}

/// Adds a worker, and removes entries that have expired.
pub(crate) async fn add(pool: &PgPool, worker: &WorkerEntry) -> Result<(), StoreError> {
    let expired = format!(
        "DELETE FROM workers WHERE worker_id IN (
             SELECT worker_id FROM workers WHERE worker_seen_at < now() - {} FOR UPDATE SKIP LOCKED)",
        sql::interval(EXPIRES_AFTER)
    );
    sql::once_changed(pool, &expired).await?;
    let query = "INSERT INTO workers (worker_id, worker_name, worker_version, worker_queue, worker_places, worker_running,
                                      worker_state, worker_started_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (worker_id) DO NOTHING";
    let query = sql::query(query)
        .bind(worker.id)
        .bind(&worker.name)
        .bind(&worker.version)
        .bind(&worker.queue)
        .bind(i32::try_from(worker.places).unwrap_or(i32::MAX))
        .bind(i32::try_from(worker.running).unwrap_or(i32::MAX))
        .bind(worker.state.as_str())
        .bind(worker.started_at);
    sql::execute(pool, query).await?;
    Ok(())
}

/// Renews an entry. Returns `false` if it has expired and was removed.
pub(crate) async fn renew(
    pool: &PgPool,
    id: Uuid,
    state: WorkerState,
    running: u32,
) -> Result<bool, StoreError> {
    let renew = format!(
        "{NOT_FLUSHED}; UPDATE workers SET worker_state = '{state}', worker_running = {running}, worker_seen_at = now()
         WHERE worker_id = '{id}'"
    );
    Ok(sql::once_changed(pool, &renew).await? > 0)
}

/// Removes the entry of a worker that has ended.
pub(crate) async fn remove(pool: &PgPool, id: Uuid) -> Result<(), StoreError> {
    sql::once_changed(pool, &format!("DELETE FROM workers WHERE worker_id = '{id}'")).await?;
    Ok(())
}

/// Returns the workers that run, in the order of their starts.
pub(crate) async fn list(pool: &PgPool) -> Result<Vec<WorkerEntry>, StoreError> {
    let query = format!(
        "SELECT worker_id, worker_name, worker_version, worker_queue, worker_places, worker_running, worker_state,
                worker_started_at, worker_seen_at
         FROM workers WHERE worker_seen_at >= now() - {} ORDER BY worker_started_at, worker_id",
        sql::interval(EXPIRES_AFTER)
    );
    let rows = sql::once(pool, &query).await?;
    let entry = |row: &sqlx::postgres::PgRow| {
        Ok(WorkerEntry {
            id: row.try_get("worker_id")?,
            name: row.try_get("worker_name")?,
            version: row.try_get("worker_version")?,
            queue: row.try_get("worker_queue")?,
            places: row.try_get::<i32, _>("worker_places")?.unsigned_abs(),
            running: row.try_get::<i32, _>("worker_running")?.unsigned_abs(),
            state: row.try_get::<&str, _>("worker_state")?.parse()?,
            started_at: row.try_get("worker_started_at")?,
            seen_at: row.try_get("worker_seen_at")?,
        })
    };
    rows.iter().map(entry).collect()
}
