//! The places of a worker: `WORKER_CONCURRENCY` for any job, and one more for a small job, so that small jobs do not wait
//! for large ones.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// Maximum number of messages of large jobs that wait for a place. They are hidden from other workers for seconds.
const MOST_WAITING: usize = 64;

/// The places. Clones share them.
#[derive(Clone)]
pub(super) struct Places {
    total: usize,
    any: Arc<Semaphore>,
    small: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

/// What can start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Free {
    /// So many jobs of any size.
    Any(usize),
    /// One small job.
    Small,
}

/// The place of a running job. Dropping it makes it free.
pub(super) struct Place {
    /// Whether the place is for a small job only.
    pub is_small: bool,
    _permit: OwnedSemaphorePermit,
}

impl Places {
    /// Creates `jobs` places for any job, and one for a small job if `small_job`.
    pub(super) fn new(jobs: usize, small_job: bool) -> Places {
        let (places, small) = (|number| Arc::new(Semaphore::new(number)), usize::from(small_job));
        let (any, small_places) = (places(jobs), places(small));
        Places { total: jobs + small, any, small: small_places, waiting: places(MOST_WAITING) }
    }

    /// Returns the number of places.
    pub(super) fn total(&self) -> usize {
        self.total
    }

    /// Returns the number of places that are taken.
    pub(super) fn taken(&self) -> usize {
        self.total - self.any.available_permits() - self.small.available_permits()
    }

    /// Waits until a job can start.
    pub(super) async fn free(&self) -> Free {
        tokio::select! {
            biased;
            () = self.any_free() => Free::Any(self.any.available_permits().max(1)),
            () = self.small_free() => Free::Small,
        }
    }

    /// Waits until a job of any size can start.
    pub(super) async fn any_free(&self) {
        drop(permit(&self.any).await);
    }

    async fn small_free(&self) {
        // A large job that is received must be able to wait.
        drop(permit(&self.waiting).await);
        drop(permit(&self.small).await);
    }

    /// Takes a free place, one for any job if possible.
    pub(super) async fn take(&self) -> Place {
        tokio::select! {
            biased;
            any = permit(&self.any) => Place { is_small: false, _permit: any },
            small = permit(&self.small) => Place { is_small: true, _permit: small },
        }
    }

    /// Waits for a place for any job. Returns `None` after `patience`, after `stop`, or if too many wait already.
    pub(super) async fn wait(&self, patience: Duration, stop: &CancellationToken) -> Option<Place> {
        if let Ok(any) = self.any.clone().try_acquire_owned() {
            return Some(Place { is_small: false, _permit: any });
        }
        let _waiting = self.waiting.try_acquire().ok()?;
        tokio::select! {
            biased;
            () = stop.cancelled() => None,
            any = permit(&self.any) => Some(Place { is_small: false, _permit: any }),
            () = tokio::time::sleep(patience) => None,
        }
    }
}

async fn permit(places: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    match places.clone().acquire_owned().await {
        Ok(permit) => permit,
        // Nobody closes the semaphore.
        Err(_) => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_more_job_can_start_if_it_is_small() {
        let places = Places::new(2, true);
        assert_eq!(places.free().await, Free::Any(2));
        let (first, second) = (places.take().await, places.take().await);
        assert!(!first.is_small && !second.is_small);
        assert_eq!(places.free().await, Free::Small);
        let third = places.take().await;
        assert!(third.is_small);
        let full = tokio::time::timeout(Duration::from_millis(10), places.free()).await;
        assert!(full.is_err(), "all places are taken");
        drop(first);
        assert_eq!(places.free().await, Free::Any(1));
    }

    #[tokio::test]
    async fn a_large_job_waits_for_a_place_for_any_job() {
        let places = Places::new(1, true);
        let stop = CancellationToken::new();
        let running = places.take().await;
        assert!(places.wait(Duration::ZERO, &stop).await.is_none());
        let waits = places.wait(Duration::from_secs(60), &stop);
        tokio::pin!(waits);
        assert!(futures::poll!(&mut waits).is_pending());
        drop(running);
        assert!(waits.await.is_some_and(|place| !place.is_small));
        let _running = places.take().await;
        stop.cancel();
        assert!(places.wait(Duration::from_secs(60), &stop).await.is_none());
    }
}
