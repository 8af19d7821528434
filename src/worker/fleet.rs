//! A worker among others: its entry in the list of workers, and pauses, which it looks for.

use std::time::Duration;

use chrono::Utc;
use tokio::time::Instant;
use uuid::Uuid;

use super::Worker;
use super::gate::Gate;
use super::places::Places;
use crate::domain::worker_state::WorkerState;
use crate::metrics::METRICS;
use crate::shutdown::Shutdown;
use crate::store::workers::{self, WorkerEntry};
use crate::store::{StoreError, pauses};

/// The time between two looks for a pause.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// The time between two renewals of the entry, unless the state changes.
const RENEW_EVERY: Duration = Duration::from_secs(10);
/// How long a stop waits for the removal of the entry.
const PATIENCE: Duration = Duration::from_secs(2);

/// The entry of this worker.
pub(super) struct Member<'a> {
    worker: &'a Worker,
    places: Places,
    entry: WorkerEntry,
    is_added: bool,
    renewed_at: Option<Instant>,
}

impl<'a> Member<'a> {
    /// Describes this worker. Does not add its entry yet.
    pub(super) fn new(worker: &'a Worker, places: Places) -> Member<'a> {
        let host = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
        let (host, now) = (host.unwrap_or_else(|| "unknown".to_owned()), Utc::now());
        let entry = WorkerEntry {
            id: Uuid::new_v4(),
            name: format!("{host}:{}", std::process::id()),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            queue: worker.queue.name().to_owned(),
            places: u32::try_from(places.total()).unwrap_or(u32::MAX),
            running: 0,
            state: WorkerState::Paused,
            started_at: now,
            seen_at: now,
        };
        Member { worker, places, entry, is_added: false, renewed_at: None }
    }

    /// Opens and closes the gate as the operator wants it, and renews the entry, until the stop.
    pub(super) async fn follow(&mut self, gate: &Gate, shutdown: &Shutdown) {
        let stop = &shutdown.stop_receiving;
        let mut could_look = true;
        while !stop.is_cancelled() {
            let looked = tokio::select! {
                () = stop.cancelled() => break,
                looked = self.look(gate, shutdown) => looked,
            };
            // The receive reports that the database does not answer, too: this is said once.
            if let (Err(error), true) = (&looked, could_look) {
                tracing::warn!(%error, "cannot look whether workers are paused; trying again");
            }
            could_look = looked.is_ok();
            tokio::select! {
                () = stop.cancelled() => {}
                () = shutdown.quiet.cancelled(), if !shutdown.quiet.is_cancelled() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
        METRICS.takes_jobs.set(0);
        self.show(WorkerState::Stopping).await;
    }

    /// Removes the entry, once no job is running.
    pub(super) async fn leave(self) {
        let removed = workers::remove(&self.worker.control, self.entry.id);
        if let Ok(Err(error)) = tokio::time::timeout(PATIENCE, removed).await {
            tracing::warn!(%error, "cannot remove the worker from the list; it disappears in a minute");
        }
    }

    async fn look(&mut self, gate: &Gate, shutdown: &Shutdown) -> Result<(), StoreError> {
        let state = match shutdown.quiet.is_cancelled() {
            true => WorkerState::Quiet,
            false => match pauses::of(&self.worker.control, self.worker.queue.name()).await? {
                None => WorkerState::Working,
                Some(pause) => {
                    if self.entry.state != WorkerState::Paused || !self.is_added {
                        tracing::info!(reason = pause.reason, by = pause.actor, "paused: taking no new jobs");
                    }
                    WorkerState::Paused
                }
            },
        };
        let takes_jobs = state == WorkerState::Working;
        if gate.set(takes_jobs) && takes_jobs && self.is_added {
            tracing::info!("the pause has ended: taking new jobs");
        }
        METRICS.takes_jobs.set(i64::from(takes_jobs));
        // Whoever drains a worker waits for its last job.
        let has_drained = !takes_jobs && self.running() != self.entry.running;
        let is_due = self.renewed_at.is_none_or(|at| at.elapsed() >= RENEW_EVERY);
        match is_due || has_drained || state != self.entry.state {
            true => self.renew(state).await,
            false => Ok(()),
        }
    }

    fn running(&self) -> u32 {
        u32::try_from(self.places.taken()).unwrap_or(u32::MAX)
    }

    async fn renew(&mut self, state: WorkerState) -> Result<(), StoreError> {
        let control = &self.worker.control;
        self.entry.state = state;
        self.entry.running = self.running();
        if !self.is_added || !workers::renew(control, self.entry.id, state, self.entry.running).await? {
            workers::add(control, &self.entry).await?;
            self.is_added = true;
        }
        self.renewed_at = Some(Instant::now());
        Ok(())
    }

    async fn show(&mut self, state: WorkerState) {
        // The list is for information, and the stop must not wait for it.
        let _ = tokio::time::timeout(PATIENCE, self.renew(state)).await;
    }
}
