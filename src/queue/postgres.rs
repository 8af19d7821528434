//! The queue in the database: the jobs table itself.
//!
//! `job_available_at` is the time from which work on a job is wanted; NULL means that none is. A receive moves it
//! to the end of the visibility timeout, and that exact time is the receipt: every later change applies only while
//! the column still has this value, so that a concurrent request is never overwritten. NOTIFY is only a hint that
//! saves waiting for the next poll; nothing depends on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::{
    Body, Content, DeadLetters, Delivery, JobMessage, Late, QueueError, QueueHealth, Receipt, ReceiveOptions,
    Renewal, Unreadable,
};
use crate::domain::job::JobId;
use crate::propagation::continuing;
use crate::store::wanted::{self, Answer, CHANNEL, Received, Sizes};
use crate::store::{StoreError, schema};

/// Maximum time between two polls of the table: a producer that only inserts sends no hint.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// The jobs table as a queue. Clones share the connections.
#[derive(Clone)]
pub struct PostgresQueue {
    pool: PgPool,
    options: ReceiveOptions,
    listener: Arc<Mutex<Listener>>,
    late: Late,
    /// The job received last: the next one is of another owner, if any has one.
    last: Arc<AtomicI64>,
}

/// What listens for hints.
#[derive(Default)]
enum Listener {
    /// Not listening yet: it is not known whether hints would arrive.
    #[default]
    None,
    /// Not listening: the connection was cut or cannot be opened.
    Cut,
    /// Listening on a connection of its own.
    Listening(PgListener),
    /// Not listening: behind a pooler, hints would go to the next user of the server's connection.
    Pooled,
}

impl PostgresQueue {
    pub(super) fn new(pool: PgPool, options: ReceiveOptions) -> Self {
        Self { pool, options, listener: Arc::default(), late: Late::default(), last: Arc::default() }
    }

    pub(super) fn late(&self) -> &Late {
        &self.late
    }

    pub(super) async fn receive(
        &self,
        at_most: usize,
        stop: &CancellationToken,
    ) -> Result<Vec<Delivery>, QueueError> {
        self.receive_of(Sizes::All, at_most, stop, stop).await
    }

    /// Receives a job that is not known to be large. Polls no more once `can_start_any` is cancelled.
    pub(super) async fn receive_small(
        &self,
        stop: &CancellationToken,
        can_start_any: &CancellationToken,
    ) -> Result<Vec<Delivery>, QueueError> {
        self.receive_of(Sizes::NotLarge, 1, stop, can_start_any).await
    }

    /// Polls until `stop` or `end`. A stop may cut off a poll; the end lets it finish, so that no job is received in vain.
    async fn receive_of(
        &self,
        sizes: Sizes,
        at_most: usize,
        stop: &CancellationToken,
        end: &CancellationToken,
    ) -> Result<Vec<Delivery>, QueueError> {
        let until = tokio::time::Instant::now() + self.options.wait;
        while !stop.is_cancelled() && !end.is_cancelled() && at_most > 0 {
            // Start listening before the poll, so that no hint in between is missed. A pool without a free
            // connection must not delay the poll for long.
            let _ = tokio::time::timeout(POLL_INTERVAL, self.listen()).await;
            let claim = claim(self.clone(), sizes, at_most);
            let deliveries = self.late.guard(stop, claim).await?;
            if !deliveries.is_empty() || tokio::time::Instant::now() >= until {
                return Ok(deliveries);
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = end.cancelled() => {}
                () = tokio::time::sleep_until(until.min(tokio::time::Instant::now() + POLL_INTERVAL)) => {}
                () = self.hint() => {}
            }
        }
        Ok(Vec::new())
    }

    pub(super) async fn send(&self, message: &JobMessage) -> Result<(), QueueError> {
        match wanted::send(&self.pool, message.job_id)
            .await
            .map_err(QueueError::database("send a message"))?
        {
            true => Ok(()),
            false => Err(QueueError::NoSuchJob(message.job_id)),
        }
    }

    pub(super) async fn check(&self) -> Result<QueueHealth, QueueError> {
        let counts = wanted::counts(&self.pool).await;
        let (waiting, hidden) = counts.map_err(QueueError::database("count the messages"))?;
        Ok(QueueHealth { waiting, hidden, dead_letters: DeadLetters::Jobs })
    }

    /// Starts listening. Without a listener, polling continues, so an error here does not fail the receive; the
    /// next round tries again.
    async fn listen(&self) {
        let Ok(mut listener) = self.listener.try_lock() else { return };
        match &mut *listener {
            // Discard hints about what the next poll will see anyway.
            Listener::Listening(listener) => while listener.next_buffered().is_some() {},
            Listener::Pooled => {}
            Listener::None => match schema::is_pooled(&self.pool).await {
                Ok(true) => {
                    tracing::info!("the database is behind a pooler; polling for jobs once a second");
                    *listener = Listener::Pooled;
                }
                Ok(false) => *listener = self.new_listener().await.unwrap_or(Listener::Cut),
                Err(_) => {}
            },
            Listener::Cut => *listener = self.new_listener().await.unwrap_or(Listener::Cut),
        }
    }

    async fn new_listener(&self) -> Result<Listener, StoreError> {
        // A connection outside the pool: it stays open, and the pool's are for work.
        let options = PgConnectOptions::clone(&self.pool.connect_options());
        let own = PgPoolOptions::new().max_connections(1).connect_lazy_with(options);
        let mut listener = PgListener::connect_with(&own).await?;
        listener.listen(CHANNEL).await?;
        Ok(Listener::Listening(listener))
    }

    /// Waits for a hint; waits forever if there is no listener.
    async fn hint(&self) {
        if let Ok(mut listener) = self.listener.try_lock()
            && let Listener::Listening(listening) = &mut *listener
        {
            match listening.try_recv().await {
                Ok(Some(_)) => return,
                // The connection was cut: hints may be lost, and the next round listens again.
                Ok(None) | Err(_) => *listener = Listener::Cut,
            }
        }
        std::future::pending().await
    }
}

impl std::fmt::Display for PostgresQueue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("queue in the database")
    }
}

async fn claim(queue: PostgresQueue, sizes: Sizes, at_most: usize) -> Result<Vec<Delivery>, QueueError> {
    let last = JobId(queue.last.load(Ordering::Relaxed));
    let received = wanted::receive(&queue.pool, sizes, at_most, queue.options.visibility, last).await;
    let received = received.map_err(QueueError::database("receive messages"))?;
    if let Some(last) = received.last() {
        queue.last.store(last.job.0, Ordering::Relaxed);
    }
    Ok(received.into_iter().map(|received| delivery(&queue, received)).collect())
}

fn delivery(queue: &PostgresQueue, received: Received) -> Delivery {
    let Received { job, object_key, count, trace_parent, due_at, hidden_until } = received;
    let received_at = Instant::now();
    // Both times are of the database's clock.
    let waited = (hidden_until - due_at).to_std().unwrap_or_default();
    let waited = Some(waited.saturating_sub(queue.options.visibility));
    let key = object_key.filter(|key| !key.is_empty());
    let body = key.map(|s3_key| Body::Content(Content::Job(JobMessage { job_id: job, s3_key })));
    let receipt = PostgresReceipt {
        pool: queue.pool.clone(),
        visibility: queue.options.visibility,
        job,
        received_at,
        due_at,
        first: hidden_until,
        stands: Mutex::new(vec![hidden_until]),
    };
    Delivery {
        message_id: format!("job-{job}-{count}"),
        attempt: count,
        body: body.ok_or_else(|| Unreadable {
            raw: JobMessage { job_id: job, s3_key: String::new() }.to_json(),
            reason: "the job has no object key".to_owned(),
        }),
        waited,
        trace: continuing(trace_parent),
        // A request is one entry of the queue, so no old one can be left.
        sent_at: None,
        received_at,
        receipt: Receipt::Postgres(Arc::new(receipt)),
    }
}

/// The right to finish a delivery: the value of `job_available_at`.
pub(super) struct PostgresReceipt {
    pool: PgPool,
    visibility: Duration,
    job: JobId,
    received_at: Instant,
    due_at: DateTime<Utc>,
    first: DateTime<Utc>,
    /// Several values while it is unknown whether a renewal with a lost answer took effect.
    stands: Mutex<Vec<DateTime<Utc>>>,
}

impl PostgresReceipt {
    pub(super) fn visibility(&self) -> Duration {
        self.visibility
    }

    /// A renewal that finds another value is no loss: somebody requested the job again or received it, and the
    /// job's lease decides who may work on it.
    pub(super) async fn extend(&self) -> Result<Renewal, QueueError> {
        let mut stands = self.stands.lock().await;
        // The database's clock at the receipt plus our own elapsed time: the new value is known before the answer,
        // so a lost answer causes only brief doubt.
        let elapsed = TimeDelta::microseconds(
            i64::try_from(self.received_at.elapsed().as_micros()).unwrap_or(i64::MAX),
        );
        let next = self.first + elapsed;
        if !stands.contains(&next) {
            stands.push(next);
        }
        let hidden = wanted::hide(&self.pool, self.job, &stands, &next).await;
        if hidden.map_err(QueueError::database("renew a message"))? {
            *stands = vec![next];
            return Ok(Renewal::Renewed);
        }
        // A run may lock the job's row for long, but then nobody else can receive the job.
        let is_current = wanted::is_current(&self.pool, self.job, &stands).await;
        Ok(match is_current.map_err(QueueError::database("look for a message"))? {
            true => Renewal::Renewed,
            false => Renewal::Superseded,
        })
    }

    pub(super) async fn ack(&self) -> Result<(), QueueError> {
        self.answer("remove a message", Answer::Done).await
    }

    pub(super) async fn retry_in(&self, wait: Duration) -> Result<(), QueueError> {
        self.answer("delay a message", Answer::Later(wait)).await
    }

    pub(super) async fn release(&self) -> Result<(), QueueError> {
        self.answer("give a message back", Answer::Back).await
    }

    pub(super) async fn decline(&self) -> Result<(), QueueError> {
        self.answer("decline a message", Answer::Declined(self.due_at)).await
    }

    async fn answer(&self, action: &'static str, answer: Answer) -> Result<(), QueueError> {
        let stands = self.stands.lock().await;
        wanted::answer(&self.pool, self.job, &stands, answer).await.map_err(QueueError::database(action))
    }
}
