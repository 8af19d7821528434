//! Writes the progress of a run to the database while the run lasts.

use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::domain::progress::Progress;
use crate::store::StoreError;
use crate::store::jobs::Claim;
use crate::store::run_progress;

/// A shorter run writes no progress.
const FIRST: Duration = Duration::from_secs(1);
/// The time between two writes of progress that changes.
const INTERVAL: Duration = Duration::from_millis(500);
/// The time after which unchanged progress is written again, since entries expire.
const LONGEST_INTERVAL: Duration = Duration::from_secs(5);
/// How long one write may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A task that writes the progress of a run.
pub(super) struct Published {
    stop: DropGuard,
    task: JoinHandle<()>,
}

impl Published {
    /// Starts writing what `progress` receives.
    pub(super) fn start(pool: &PgPool, claim: &Claim, progress: watch::Receiver<Progress>) -> Published {
        let stop = CancellationToken::new();
        let task = tokio::spawn(publish(pool.clone(), claim.clone(), progress, stop.clone()));
        Published { stop: stop.drop_guard(), task }
    }

    /// Stops writing, and removes what was written.
    pub(super) async fn stop(self) {
        drop(self.stop);
        // The task can fail only by a panic, which has been reported; its entry expires.
        let _ = self.task.await;
    }
}

async fn publish(
    pool: PgPool,
    claim: Claim,
    mut progress: watch::Receiver<Progress>,
    stop: CancellationToken,
) {
    let mut wait = FIRST;
    let mut is_written = false;
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(wait) => {}
        }
        let now = *progress.borrow_and_update();
        attempt(&claim, run_progress::write(&pool, claim.job, claim.token, now)).await;
        is_written = true;
        wait = INTERVAL;
        tokio::select! {
            () = stop.cancelled() => break,
            _ = tokio::time::timeout(LONGEST_INTERVAL, progress.changed()) => {}
        }
    }
    if is_written {
        attempt(&claim, run_progress::remove(&pool, claim.job, claim.token)).await;
    }
}

/// Awaits a write. Its failure harms no run.
async fn attempt(claim: &Claim, write: impl Future<Output = Result<(), StoreError>>) {
    match tokio::time::timeout(PATIENCE, write).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(job_id = claim.job.0, %error, "cannot write the progress"),
        Err(_) => tracing::debug!(job_id = claim.job.0, "timed out writing the progress"),
    }
}
