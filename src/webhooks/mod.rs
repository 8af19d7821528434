//! Sends events to webhooks, signed as [Standard Webhooks](https://www.standardwebhooks.com/) has it.
//!
//! A trigger records an event in the transaction that changes the job (migration 33). Workers take turns: each attempt has a
//! lease, so that no two workers send one event at once. A receiver may still get an event twice, if a worker dies after the
//! receiver has accepted it, and recognises it by its id.

mod addresses;
mod sender;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::PgPool;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::field::Empty;
use tracing::{Instrument, Span};

pub(crate) use addresses::AllowedNetworks;
pub(crate) use sender::Sender;

use self::sender::Answer;
use crate::domain::ids::WebhookId;
use crate::metrics::{Ended, METRICS};
use crate::propagation::{continue_trace, continuing};
use crate::store::StoreError;
use crate::store::webhooks::{self, Attempt, Failure};

/// The most attempts at once. A webhook has at most one.
const AT_ONCE: usize = 16;
/// How long an attempt keeps other workers from the event. Longer than [`Sender::TIMEOUT`].
const LEASE: Duration = Duration::from_secs(60);
/// How long a stop waits for attempts in progress. Those that it cuts off are repeated after their leases.
const DRAIN: Duration = Duration::from_secs(1);
/// The wait between two searches for events.
const POLL: Duration = Duration::from_secs(1);
/// How long deliveries are listed after their creation.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// The wait between two removals of old deliveries.
const TIDY_EVERY: Duration = Duration::from_secs(60 * 60);

/// The waits after failed attempts: eleven attempts in about three days.
const WAITS: [Duration; 10] = {
    const fn minutes(minutes: u64) -> Duration {
        Duration::from_secs(minutes * 60)
    }
    [
        Duration::from_secs(5),
        minutes(1),
        minutes(5),
        minutes(30),
        minutes(2 * 60),
        minutes(5 * 60),
        minutes(10 * 60),
        minutes(14 * 60),
        minutes(20 * 60),
        minutes(24 * 60),
    ]
};

/// Returns the wait after a number of failed attempts, with a jitter of a tenth, so that a receiver that comes back is not
/// overrun; `None` after the last attempt.
fn wait(failures: i32) -> Option<Duration> {
    let wait = usize::try_from(failures).ok()?.checked_sub(1).and_then(|at| WAITS.get(at))?;
    Some(wait.mul_f64(1.0 + fastrand::f64() / 10.0))
}

/// Sends what is due until `stop`, and gives the attempts in progress another second.
pub(crate) async fn send(pool: &PgPool, sender: &Sender, stop: &CancellationToken) {
    let busy = Arc::new(Mutex::new(HashSet::new()));
    let mut attempts = JoinSet::new();
    let mut tidied = tokio::time::Instant::now();
    while !stop.is_cancelled() {
        let begun = match begin(pool, sender, &busy, &mut attempts).await {
            Ok(begun) => begun,
            Err(error) => {
                tracing::warn!(%error, "cannot look for events of webhooks; trying again later");
                0
            }
        };
        if tidied.elapsed() >= TIDY_EVERY {
            tidied = tokio::time::Instant::now();
            tidy(pool, stop).await;
        }
        let wait = if begun == 0 { POLL } else { Duration::ZERO };
        tokio::select! {
            () = stop.cancelled() => {}
            Some(_) = attempts.join_next() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
    let all_ended = async { while attempts.join_next().await.is_some() {} };
    // Dropping the rest cuts it off.
    let _ = tokio::time::timeout(DRAIN, all_ended).await;
}

/// Begins attempts of webhooks that are not busy. Returns their number.
async fn begin(
    pool: &PgPool,
    sender: &Sender,
    busy: &Arc<Mutex<HashSet<WebhookId>>>,
    attempts: &mut JoinSet<()>,
) -> Result<usize, StoreError> {
    let free = AT_ONCE.saturating_sub(attempts.len());
    if free == 0 {
        return Ok(0);
    }
    let known: Vec<WebhookId> = lock(busy).iter().copied().collect();
    let claimed = webhooks::claim(pool, &known, free, LEASE).await?;
    let begun = claimed.len();
    for attempt in claimed {
        lock(busy).insert(attempt.webhook);
        let (pool, sender, busy) = (pool.clone(), sender.clone(), Arc::clone(busy));
        attempts.spawn(async move {
            let webhook = attempt.webhook;
            let _ended = scopeguard::guard((), |()| {
                lock(&busy).remove(&webhook);
            });
            let span = span(&attempt);
            continue_trace(&span, &continuing(attempt.trace_parent));
            try_once(&pool, &sender, &attempt).instrument(span).await;
        });
    }
    Ok(begun)
}

fn lock(busy: &Mutex<HashSet<WebhookId>>) -> std::sync::MutexGuard<'_, HashSet<WebhookId>> {
    // No panic can leave the set half-changed.
    busy.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the span of a request. The URL may contain secrets, so only its host is an attribute.
fn span(attempt: &Attempt) -> Span {
    let url = attempt.url.url();
    tracing::info_span!(
        "webhook",
        otel.name = "POST",
        otel.kind = "client",
        otel.status_code = Empty,
        http.request.method = "POST",
        http.request.resend_count = attempt.number - 1,
        http.response.status_code = Empty,
        server.address = url.host_str(),
        server.port = url.port_or_known_default(),
        error.type = Empty,
        ingest.webhook.id = attempt.webhook.0,
        ingest.webhook.event = attempt.event.as_str(),
        ingest.job.id = attempt.job.map(|job| job.0),
    )
}

/// Adds what the receiver has answered to the current span.
fn record(answer: &Answer) {
    let span = Span::current();
    let failed = |failure: &Failure| {
        let kind = failure.status.map_or_else(|| "no_response".to_owned(), |status| status.to_string());
        span.record("http.response.status_code", failure.status);
        span.record("error.type", kind);
        span.record("otel.status_code", "ERROR");
    };
    match answer {
        Answer::Accepted { status } => {
            span.record("http.response.status_code", status);
        }
        Answer::Gone(failure) | Answer::Failed(failure) => failed(failure),
    }
}

/// Sends an event once and records the result.
async fn try_once(pool: &PgPool, sender: &Sender, attempt: &Attempt) {
    let (delivery_id, webhook_id, number) = (attempt.id.0, attempt.webhook.0, attempt.number);
    let answer = sender.send(attempt).await;
    record(&answer);
    let (outcome, recorded) = match &answer {
        Answer::Accepted { status } => ("delivered", webhooks::delivered(pool, attempt, *status).await),
        Answer::Gone(failure) => {
            tracing::warn!(webhook_id, "a webhook is gone: its receiver answered 410; it is disabled");
            ("gone", webhooks::gone(pool, attempt, failure).await)
        }
        Answer::Failed(failure) => match wait(number) {
            Some(wait) => {
                let retry_in_seconds = wait.as_secs();
                tracing::info!(
                    webhook_id,
                    delivery_id,
                    attempt = number,
                    status = failure.status,
                    retry_in_seconds,
                    "an event could not be delivered; retrying"
                );
                ("retried", webhooks::retry(pool, attempt, failure, wait).await)
            }
            None => {
                tracing::warn!(
                    webhook_id,
                    delivery_id,
                    attempt = number,
                    status = failure.status,
                    "an event could not be delivered, and is given up"
                );
                ("given_up", webhooks::failed(pool, attempt, failure).await)
            }
        },
    };
    METRICS.webhooks.get_or_create(&Ended { outcome }).inc();
    if let Err(error) = recorded {
        // The event is sent again after the lease.
        tracing::warn!(webhook_id, delivery_id, %error, "cannot record the delivery of an event");
    }
}

/// Removes all old deliveries, in small steps.
async fn tidy(pool: &PgPool, stop: &CancellationToken) {
    let mut deliveries = 0;
    while !stop.is_cancelled() {
        match webhooks::remove_old(pool, KEPT).await {
            Ok(0) => break,
            Ok(removed) => deliveries += removed,
            Err(error) => {
                tracing::warn!(%error, "cannot remove old deliveries of webhooks");
                break;
            }
        }
    }
    if deliveries > 0 {
        tracing::info!(deliveries, "removed old deliveries of webhooks");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end() {
        let seconds = |failures| wait(failures).map(|wait| wait.as_secs());
        assert!(seconds(1).is_some_and(|wait| (5..=6).contains(&wait)));
        for failures in 2..=10 {
            assert!(seconds(failures) > seconds(failures - 1));
        }
        assert_eq!((wait(0), wait(11), wait(i32::MAX)), (None, None, None));
    }
}
