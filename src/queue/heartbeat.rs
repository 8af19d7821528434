//! Renews something that expires, while work under it continues.
//!
//! Renews after a third of the time that one renewal lasts, so that two renewals may fail. Reports a loss when a
//! renewal reports one, or when the last renewal must have expired.

use std::time::{Duration, Instant};

use tokio::task::JoinHandle;
use tokio::time::{sleep_until, timeout_at};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::metrics::{METRICS, Renewed};

/// The result of a renewal that succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Renewal {
    /// Valid again for the full time, counted from the start of the renewal.
    Renewed,
    /// No longer needs renewal; nothing is lost.
    Superseded,
    /// Belongs to someone else now.
    Lost,
}

/// What a heartbeat renews.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Renewable {
    /// The visibility timeout of a message.
    Message,
    /// The lease of a job.
    Lease,
}

impl Renewable {
    /// Returns its name in logs and metrics.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Renewable::Message => "message",
            Renewable::Lease => "lease",
        }
    }

    fn count(self, outcome: &'static str) {
        METRICS.renewals.get_or_create(&Renewed { of: self.as_str(), outcome }).inc();
    }
}

/// A task that renews. Dropping the heartbeat stops it.
#[derive(Debug)]
pub struct Heartbeat {
    lost: CancellationToken,
    stop: DropGuard,
    task: JoinHandle<()>,
}

impl Heartbeat {
    /// Starts renewing `what`, which is valid for `first` from `since` on, and for `lasts`
    /// from each renewal on.
    ///
    /// A renewal in progress when the heartbeat ends is completed.
    pub(crate) fn start<F, R, E>(
        what: Renewable,
        first: Duration,
        lasts: Duration,
        since: Instant,
        renew: F,
    ) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<Renewal, E>> + Send + 'static,
        E: std::fmt::Display + Send + 'static,
    {
        let (lost, stop) = (CancellationToken::new(), CancellationToken::new());
        let task = tokio::spawn(beat(what, [first, lasts], since, renew, lost.clone(), stop.clone()));
        Self { lost, stop: stop.drop_guard(), task }
    }

    /// Returns a token that is cancelled on loss. Work that relies on what was renewed must then end.
    pub fn lost(&self) -> &CancellationToken {
        &self.lost
    }

    /// Stops renewing, after waiting for a renewal in progress.
    pub async fn stop(self) {
        drop(self.stop);
        // The task can fail only by a panic, which has been reported; the outcome would be the same.
        let _ = self.task.await;
    }
}

async fn beat<F, R, E>(
    what: Renewable,
    [first, lasts]: [Duration; 2],
    since: Instant,
    renew: F,
    lost: CancellationToken,
    stop: CancellationToken,
) where
    F: Fn() -> R + Send + Sync,
    R: Future<Output = Result<Renewal, E>> + Send,
    E: std::fmt::Display + Send,
{
    let mut lapses = tokio::time::Instant::from_std(since) + first;
    let mut next = lapses - first.mul_f64(2.0 / 3.0);
    let mut failures = 0;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep_until(next.min(lapses)) => {}
        }
        let requested_at = tokio::time::Instant::now();
        match timeout_at(lapses, renew()).await {
            Ok(Ok(Renewal::Renewed)) => {
                what.count("renewed");
                failures = 0;
                lapses = requested_at + lasts;
                next = requested_at + lasts / 3;
            }
            Ok(Ok(Renewal::Superseded)) => return,
            Ok(Ok(Renewal::Lost)) => {
                what.count("lost");
                tracing::warn!(what = what.as_str(), "lost to another worker");
                return lost.cancel();
            }
            Ok(Err(error)) => {
                what.count("failed");
                failures += 1;
                if failures == 1 {
                    tracing::warn!(what = what.as_str(), %error, "renewal failed; retrying until it expires");
                }
                next = requested_at + (lasts / 20).clamp(Duration::from_millis(20), Duration::from_secs(5));
            }
            Err(_) => {}
        }
        if tokio::time::Instant::now() >= lapses {
            what.count("expired");
            tracing::warn!(what = what.as_str(), failures, "expired: it could not be renewed in time");
            return lost.cancel();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const LASTS: Duration = Duration::from_millis(300);

    fn start(
        answer: impl Fn(usize) -> Result<Renewal, &'static str> + Send + Sync + 'static,
    ) -> (Heartbeat, Arc<AtomicUsize>) {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let heartbeat = Heartbeat::start(Renewable::Lease, LASTS, LASTS, Instant::now(), move || {
            std::future::ready(answer(counted.fetch_add(1, Ordering::SeqCst)))
        });
        (heartbeat, count)
    }

    #[tokio::test]
    async fn renews_after_a_third_despite_failures() {
        let (heartbeat, count) = start(|n| if n == 1 { Err("away") } else { Ok(Renewal::Renewed) });
        tokio::time::sleep(LASTS * 2).await;
        assert!((4..=8).contains(&count.load(Ordering::SeqCst)), "{count:?}");
        assert!(!heartbeat.lost().is_cancelled());
        heartbeat.stop().await;
    }

    #[tokio::test]
    async fn a_short_first_term_is_renewed_in_time() {
        let renewed = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&renewed);
        let heartbeat = Heartbeat::start(Renewable::Lease, LASTS, LASTS * 1000, Instant::now(), move || {
            counted.fetch_add(1, Ordering::SeqCst);
            std::future::ready(Ok::<_, &str>(Renewal::Renewed))
        });
        tokio::time::sleep(LASTS * 2).await;
        assert_eq!(renewed.load(Ordering::SeqCst), 1);
        assert!(!heartbeat.lost().is_cancelled());
        heartbeat.stop().await;
    }

    #[tokio::test]
    async fn a_refused_or_missing_renewal_is_a_loss() {
        let (told, _) = start(|_| Ok(Renewal::Lost));
        let (never, count) = start(|_| Err("away"));
        let started = Instant::now();
        told.lost().cancelled().await;
        assert!(started.elapsed() < LASTS);
        never.lost().cancelled().await;
        assert!(started.elapsed() >= LASTS - Duration::from_millis(20));
        assert!(count.load(Ordering::SeqCst) > 3);
    }

    #[tokio::test]
    async fn a_hanging_renewal_is_a_loss_once_the_term_expires() {
        let started = Instant::now();
        let heartbeat = Heartbeat::start(
            Renewable::Lease,
            LASTS,
            LASTS,
            started,
            std::future::pending::<Result<Renewal, &str>>,
        );
        heartbeat.lost().cancelled().await;
        assert!(started.elapsed() < LASTS * 2);
    }

    #[tokio::test]
    async fn a_superseded_renewal_ends_without_a_loss() {
        let (heartbeat, count) = start(|_| Ok(Renewal::Superseded));
        tokio::time::sleep(LASTS * 2).await;
        assert_eq!(count.load(Ordering::SeqCst), 1);
        assert!(!heartbeat.lost().is_cancelled());
    }
}
