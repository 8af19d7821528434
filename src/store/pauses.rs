//! `pauses`: the queues from which the operator lets workers take no new jobs, and why.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgPool};

use super::{StoreError, sql};
use crate::domain::pause::PauseReason;

/// `pause_queue` of a pause of all queues.
const ALL: &str = "";

/// A pause.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Pause {
    /// The queue; empty for all queues.
    pub queue: String,
    /// Why, in the words of whoever paused it.
    pub reason: String,
    /// Who paused it.
    pub actor: String,
    /// When.
    pub at: DateTime<Utc>,
}

from_row!(Pause { queue = "pause_queue", reason = "pause_reason", actor = "pause_actor", at = "pause_at" });

impl std::fmt::Display for Pause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Pause { reason, actor, at, .. } = self;
        write!(f, "paused since {} by {actor}: {reason}", at.format("%Y-%m-%d %H:%M:%SZ"))
    }
}

/// Which workers a pause is for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Extent<'a> {
    /// Those of all queues.
    AllQueues,
    /// Those of one queue.
    Queue(&'a str),
}

/// Returns the pause that applies to the workers of `queue`. One of all queues goes before one of the queue.
pub(crate) async fn of(pool: &PgPool, queue: &str) -> Result<Option<Pause>, StoreError> {
    // There are as many as somebody has typed, and workers read them often: one round trip, without parameters.
    let query = "SELECT pause_queue, pause_reason, pause_actor, pause_at FROM pauses ORDER BY pause_queue";
    let rows = sql::once(pool, query).await?;
    let pauses = rows.iter().map(Pause::from_row).collect::<Result<Vec<_>, _>>()?;
    Ok(pauses.into_iter().find(|pause| pause.queue == ALL || pause.queue == queue))
}

/// Begins a pause, or replaces the reason of one that has begun.
pub(crate) async fn begin(
    pool: &PgPool,
    extent: Extent<'_>,
    reason: &PauseReason,
    actor: &str,
) -> Result<(), StoreError> {
    let queue = match extent {
        Extent::AllQueues => ALL,
        Extent::Queue(queue) => queue,
    };
    let query = "INSERT INTO pauses (pause_queue, pause_reason, pause_actor) VALUES ($1, $2, $3)
         ON CONFLICT (pause_queue) DO UPDATE
         SET pause_reason = excluded.pause_reason, pause_actor = excluded.pause_actor";
    sql::execute(pool, sql::query(query).bind(queue).bind(reason.as_str()).bind(actor)).await?;
    Ok(())
}

/// Ends the pauses that apply to the workers of `queue`. Returns them.
pub(crate) async fn end(pool: &PgPool, queue: &str) -> Result<Vec<Pause>, StoreError> {
    let query = "DELETE FROM pauses WHERE pause_queue IN ($1, $2)
         RETURNING pause_queue, pause_reason, pause_actor, pause_at";
    let rows = sql::fetch(pool, sql::query(query).bind(ALL).bind(queue)).await?;
    rows.iter().map(|row| Ok(Pause::from_row(row)?)).collect()
}
