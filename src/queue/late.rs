//! Receives that are still in progress when the worker stops.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Delivery, QueueError};

/// Receives in progress, each in a task of its own, so that a message that arrives after its caller has stopped
/// waiting is released rather than left hidden.
#[derive(Clone, Default)]
pub(super) struct Late(TaskTracker);

/// How long a receive may continue after a stop. Cutting off a long poll at once loses the message that is on its
/// way; waiting for it would delay the exit by 20 seconds.
const LAST_RECEIVE: Duration = Duration::from_secs(1);

impl Late {
    /// Waits for up to `at_most` until late messages are released, after the last receive. Returns `false` if a receive is
    /// still in progress.
    pub(super) async fn drain(&self, at_most: Duration) -> bool {
        self.0.close();
        tokio::time::timeout(at_most, self.0.wait()).await.is_ok()
    }

    /// Returns what `receive` returns, or nothing once `stop` is cancelled.
    pub(super) async fn guard(
        &self,
        stop: &CancellationToken,
        receive: impl Future<Output = Result<Vec<Delivery>, QueueError>> + Send + 'static,
    ) -> Result<Vec<Delivery>, QueueError> {
        let (brings, mut brought) = tokio::sync::oneshot::channel();
        let stopped = stop.clone();
        self.0.spawn(async move {
            let too_late = async {
                stopped.cancelled().await;
                tokio::time::sleep(LAST_RECEIVE).await;
            };
            let received = tokio::select! {
                biased;
                received = receive => received,
                () = too_late => return,
            };
            if let Err(Ok(late)) = brings.send(received) {
                give_back(late).await;
            }
        });
        let received = tokio::select! {
            biased;
            received = &mut brought => Some(received),
            () = stop.cancelled() => None,
        };
        // A message may still arrive between the stop and the closing of the channel; one that arrives later is
        // released.
        let received = received.or_else(|| {
            brought.close();
            brought.try_recv().ok().map(Ok)
        });
        match received {
            Some(Ok(received)) => received,
            // A task that was cut off, panicked or ended with its runtime has received nothing to return.
            Some(Err(_)) | None => Ok(Vec::new()),
        }
    }
}

async fn give_back(late: Vec<Delivery>) {
    for delivery in late {
        let message_id = delivery.message_id.clone();
        if let Err(unfinished) = delivery.release().await {
            let error = unfinished.error;
            tracing::warn!(message_id, %error, "cannot release a message received after the stop; it stays hidden until its visibility timeout");
        }
    }
}
