//! Publishes the changes of the jobs of all owners to an SNS topic.
//!
//! A trigger records an event in the transaction that changes the job (migration 45). One worker at a time publishes them, in their
//! order. A subscriber may still get an event twice, if a worker dies after SNS has accepted it, and recognises it by its id; a FIFO
//! topic drops such an event within five minutes.

mod publisher;

use std::time::Duration;

use sqlx::PgPool;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub(crate) use publisher::Publisher;

use self::publisher::Published;
use crate::metrics::{Ended, METRICS};
use crate::store::StoreError;
use crate::store::topic_events;

/// How long an attempt keeps other workers from the topic. Longer than [`Publisher::TIMEOUT`].
const LEASE: Duration = Duration::from_secs(60);
/// The wait between two searches for events.
const POLL: Duration = Duration::from_secs(1);
/// The wait between two notes that the topic is in use. Events are recorded for a day after the last one.
const USE_EVERY: Duration = Duration::from_secs(60 * 60);
/// The wait after a failed attempt. It doubles with each further failure.
const FIRST_WAIT: Duration = Duration::from_secs(5);
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(5 * 60);

/// Publishes what is recorded until `stop`.
pub(crate) async fn publish(pool: &PgPool, publisher: &Publisher, stop: &CancellationToken) {
    let mut used: Option<Instant> = None;
    while !stop.is_cancelled() {
        if used.is_none_or(|used| used.elapsed() >= USE_EVERY) {
            match topic_events::use_topic(pool, publisher.topic()).await {
                Ok(()) => used = Some(Instant::now()),
                Err(error) => tracing::warn!(%error, "cannot note that the topic is in use; trying again"),
            }
        }
        let has_published = publish_batch(pool, publisher).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "cannot look for events of the topic; trying again later");
            false
        });
        if !has_published {
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }
}

/// Publishes the oldest events. Returns whether there may be more to publish now.
async fn publish_batch(pool: &PgPool, publisher: &Publisher) -> Result<bool, StoreError> {
    let topic = publisher.topic();
    let Some(batch) = topic_events::claim(pool, topic, Publisher::AT_ONCE, LEASE).await? else {
        return Ok(false);
    };
    let Published { ended, failure } = publisher.publish(&batch.events).await;
    METRICS.topic_events.get_or_create(&Ended { outcome: "published" }).inc_by(ended.len() as u64);
    let Some(error) = failure else {
        topic_events::end(pool, topic, &batch, &ended, None).await?;
        return Ok(true);
    };
    METRICS.topic_events.get_or_create(&Ended { outcome: "retried" }).inc();
    let (wait, error) = (wait(batch.failures), error.to_string());
    tracing::warn!(
        topic = topic.as_str(),
        error,
        failures = batch.failures + 1,
        retry_in_seconds = wait.as_secs(),
        "events could not be published; retrying"
    );
    topic_events::end(pool, topic, &batch, &ended, Some((&error, wait))).await?;
    Ok(false)
}

/// Returns the wait after an attempt that failed, after as many `failures` before.
fn wait(failures: i32) -> Duration {
    let doublings = u32::try_from(failures).unwrap_or_default().min(16);
    (FIRST_WAIT * (1 << doublings)).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_limit() {
        assert_eq!([0, 1, 2, 6, i32::MAX].map(|failures| wait(failures).as_secs()), [5, 10, 20, 300, 300]);
    }
}
