//! How a run reports its progress and timings, and how it is stopped.

use std::future::Future;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::RunError;
use crate::domain::progress::{Phase, Progress};
use crate::metrics::{METRICS, Part};
use crate::store::StoreError;
use crate::store::jobs::Claim;

/// Receives a run's progress and can stop it.
#[derive(Clone)]
pub(crate) struct Control {
    /// Receives the progress.
    pub progress: watch::Sender<Progress>,
    /// Asks the run to stop at the end of its chunk.
    pub stop: CancellationToken,
    /// Cancelled when the lease or the message is lost. The run must stop as soon as possible and write nothing
    /// more.
    pub lost: Vec<CancellationToken>,
}

impl Control {
    /// Returns an error if the run must stop or has lost its lease.
    pub(super) fn check(&self, claim: &Claim) -> Result<(), RunError> {
        if self.is_lost() {
            return Err(StoreError::LeaseLost(claim.job).into());
        }
        match self.stop.is_cancelled() {
            true => Err(RunError::Stopped),
            false => Ok(()),
        }
    }

    /// Returns whether another run may have taken over.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost.iter().any(CancellationToken::is_cancelled)
    }

    pub(super) fn report(&self, phase: Phase, rows: u64, total_rows: Option<u64>) {
        METRICS.note_progress();
        self.progress.send_replace(Progress { phase, rows, total_rows });
    }

    /// Reports that the run waits for another import of the owner, which is no progress.
    pub(super) fn report_wait(&self) {
        let waiting = Progress { phase: Phase::Waiting, ..Progress::default() };
        self.progress.send_if_modified(|shown| std::mem::replace(shown, waiting) != waiting);
    }

    /// Reports work that goes on while rows are saved: visible once they are.
    pub(super) fn report_beside(&self, phase: Phase, rows: u64, total_rows: Option<u64>) {
        METRICS.note_progress();
        self.progress.send_if_modified(|shown| {
            let is_visible = !shown.is_saving();
            if is_visible {
                *shown = Progress { phase, rows, total_rows };
            }
            is_visible
        });
    }
}

/// How much of the time a task in the background works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// All of it.
    Full,
    /// Half of it.
    Half,
}

impl Pace {
    /// Waits after a step that took so long.
    pub(super) async fn rest(self, took: Duration) {
        match self {
            Pace::Full => {}
            Pace::Half => tokio::time::sleep(took).await,
        }
    }
}

/// Runs one part of a run as a span, and logs and counts how long it took. Parts may run concurrently.
pub(super) async fn timed<T>(
    claim: &Claim,
    part: &'static str,
    work: impl Future<Output = Result<T, RunError>>,
) -> Result<T, RunError> {
    let started = Instant::now();
    let done = work.instrument(tracing::info_span!("part", otel.name = part)).await?;
    let seconds = started.elapsed().as_secs_f64();
    METRICS.parts.get_or_create(&Part { flow: claim.flow.as_str(), part }).observe(seconds);
    tracing::debug!(job_id = claim.job.0, part, seconds, "part ended");
    Ok(done)
}
