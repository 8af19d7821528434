//! The queue in the database: the jobs table itself.
//!
//! `job_available_at` is when work on a job is wanted from; NULL says that none is. A receive moves it
//! to the end of the visibility timeout, and that very moment is the receipt: every later change applies
//! only where it still stands there, so that a request made meanwhile is never swallowed. NOTIFY is a
//! hint that saves the wait for the next look at the table; nothing depends on it.
//!
//! No change here waits for the disk. When a crash of the server undoes one, a job is delivered again or its count of
//! deliveries is too low: its lease, which is flushed, decides who works on it, and a COMPLETED job is left alone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions, PgRow};
use sqlx::{PgPool, Row};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::{
    DeadLetters, Delivery, JobMessage, Late, QueueError, QueueHealth, Receipt, ReceiveOptions, Renewal,
    Unreadable,
};
use crate::domain::job::JobId;
use crate::store::sql::{self, NOT_FLUSHED};
use crate::store::{StoreError, schema};

/// The channel of the hints.
const CHANNEL: &str = "ingest_jobs";
/// The longest time between two looks at the table: a producer that only inserts gives no hint.
const LOOK: Duration = Duration::from_secs(1);

/// The jobs table as a queue. Clones share the connections.
#[derive(Clone)]
pub struct PostgresQueue {
    pool: PgPool,
    options: ReceiveOptions,
    listener: Arc<Mutex<Listener>>,
    late: Late,
}

/// What listens for hints.
#[derive(Default)]
enum Listener {
    /// Nothing yet: it is not known whether hints would come.
    #[default]
    None,
    /// Nothing: the connection was cut, or cannot be made.
    Cut,
    /// A connection of its own.
    Listening(PgListener),
    /// A pooler stands in between: hints would come to whoever uses the server's connection next.
    Pooled,
}

impl PostgresQueue {
    pub(super) fn new(pool: PgPool, options: ReceiveOptions) -> Self {
        Self { pool, options, listener: Arc::default(), late: Late::default() }
    }

    pub(super) fn late(&self) -> &Late {
        &self.late
    }

    pub(super) async fn receive(
        &self,
        at_most: usize,
        stop: &CancellationToken,
    ) -> Result<Vec<Delivery>, QueueError> {
        let until = tokio::time::Instant::now() + self.options.wait;
        while !stop.is_cancelled() && at_most > 0 {
            // Listening starts before the look, so that a hint in between is not missed.
            // A pool that has no connection free must not hold the look up for long.
            let _ = tokio::time::timeout(LOOK, self.listen()).await;
            let claim = claim(self.clone(), at_most);
            let deliveries = self.late.guard(stop, claim).await?;
            if !deliveries.is_empty() || tokio::time::Instant::now() >= until {
                return Ok(deliveries);
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep_until(until.min(tokio::time::Instant::now() + LOOK)) => {}
                () = self.hint() => {}
            }
        }
        Ok(Vec::new())
    }

    pub(super) async fn send(&self, message: &JobMessage) -> Result<(), QueueError> {
        let send = format!(
            "WITH wanted AS (UPDATE jobs SET job_available_at = now() WHERE job_id = {} RETURNING 1)
             SELECT pg_notify('{CHANNEL}', '') FROM wanted",
            message.job_id
        );
        match sql::once(&self.pool, &send).await.map_err(QueueError::database("send a message"))?.len() {
            0 => Err(QueueError::NoSuchJob(message.job_id)),
            _ => Ok(()),
        }
    }

    pub(super) async fn check(&self) -> Result<QueueHealth, QueueError> {
        let query = "SELECT count(*) FILTER (WHERE job_available_at <= now()) AS waiting,
                    count(*) FILTER (WHERE job_available_at > now()) AS hidden
             FROM jobs WHERE job_available_at IS NOT NULL";
        let counts =
            sql::once(&self.pool, query).await.map_err(QueueError::database("count the messages"))?;
        let mut health = QueueHealth { waiting: 0, hidden: 0, dead_letters: DeadLetters::Jobs };
        for row in counts {
            let count = |name| row.try_get::<i64, _>(name).map(i64::unsigned_abs);
            health.waiting = count("waiting").map_err(QueueError::database("count the messages"))?;
            health.hidden = count("hidden").map_err(QueueError::database("count the messages"))?;
        }
        Ok(health)
    }

    /// Listens from now on. Without a listener the looks at the table go on, so a failure is not one of
    /// the receive; the next round tries again.
    async fn listen(&self) {
        let Ok(mut listener) = self.listener.try_lock() else { return };
        match &mut *listener {
            // Hints about what the coming look will find.
            Listener::Listening(listener) => while listener.next_buffered().is_some() {},
            Listener::Pooled => {}
            Listener::None => match schema::is_pooled(&self.pool).await {
                Ok(true) => {
                    tracing::info!("the database is behind a pooler: new jobs are looked for once a second");
                    *listener = Listener::Pooled;
                }
                Ok(false) => *listener = self.new_listener().await.unwrap_or(Listener::Cut),
                Err(_) => {}
            },
            Listener::Cut => *listener = self.new_listener().await.unwrap_or(Listener::Cut),
        }
    }

    async fn new_listener(&self) -> Result<Listener, StoreError> {
        // A connection beside the pool: it is held for good, and the pool's are for work.
        let options = PgConnectOptions::clone(&self.pool.connect_options());
        let own = PgPoolOptions::new().max_connections(1).connect_lazy_with(options);
        let mut listener = PgListener::connect_with(&own).await?;
        listener.listen(CHANNEL).await?;
        Ok(Listener::Listening(listener))
    }

    /// Returns when a hint came; never when there is none to listen to.
    async fn hint(&self) {
        if let Ok(mut listener) = self.listener.try_lock()
            && let Listener::Listening(listening) = &mut *listener
        {
            match listening.try_recv().await {
                Ok(Some(_)) => return,
                // The connection was cut: hints may be lost, and the next round listens anew.
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

async fn claim(queue: PostgresQueue, at_most: usize) -> Result<Vec<Delivery>, QueueError> {
    // MATERIALIZED: as a plain subquery PostgreSQL may run it again for each row and exceed the limit.
    let claim = format!(
        "{NOT_FLUSHED};
         WITH due AS MATERIALIZED (
             SELECT job_id FROM jobs WHERE job_available_at <= now()
             ORDER BY job_available_at, job_id LIMIT {at_most} FOR UPDATE SKIP LOCKED
         )
         UPDATE jobs SET job_available_at = now() + {}, job_delivery_count = job_delivery_count + 1
         FROM due WHERE jobs.job_id = due.job_id
         RETURNING jobs.job_id, job_s3_object_key, job_available_at, job_delivery_count",
        sql::interval(queue.options.visibility)
    );
    let rows = sql::once(&queue.pool, &claim).await.map_err(QueueError::database("receive messages"))?;
    let deliveries: Result<Vec<_>, _> = rows.iter().map(|row| delivery(&queue, row)).collect();
    deliveries.map_err(QueueError::database("read a message"))
}

fn delivery(queue: &PostgresQueue, row: &PgRow) -> Result<Delivery, sqlx::Error> {
    let job_id = JobId(row.try_get("job_id")?);
    let key: Option<String> = row.try_get("job_s3_object_key")?;
    let count: i32 = row.try_get("job_delivery_count")?;
    let hidden_until = row.try_get("job_available_at")?;
    let received_at = Instant::now();
    let body = key.filter(|key| !key.is_empty()).map(|s3_key| JobMessage { job_id, s3_key });
    let receipt = PostgresReceipt {
        pool: queue.pool.clone(),
        visibility: queue.options.visibility,
        job_id,
        received_at,
        first: hidden_until,
        stands: Mutex::new(vec![hidden_until]),
    };
    Ok(Delivery {
        message_id: format!("job-{job_id}-{count}"),
        attempt: count.unsigned_abs(),
        body: body.ok_or_else(|| Unreadable {
            raw: JobMessage { job_id, s3_key: String::new() }.to_json(),
            reason: "the job has no object key".to_owned(),
        }),
        received_at,
        receipt: Receipt::Postgres(Arc::new(receipt)),
    })
}

/// The right to finish a delivery: the moment that `job_available_at` stands at.
pub(super) struct PostgresReceipt {
    pool: PgPool,
    visibility: Duration,
    job_id: JobId,
    received_at: Instant,
    first: DateTime<Utc>,
    /// More than one while it is unknown whether a renewal, whose answer was lost, took effect.
    stands: Mutex<Vec<DateTime<Utc>>>,
}

impl PostgresReceipt {
    pub(super) fn visibility(&self) -> Duration {
        self.visibility
    }

    /// A renewal that finds another moment than ours is no loss: somebody asked for the job again, or
    /// received it, and then the job's lease decides who may work on it.
    pub(super) async fn extend(&self) -> Result<Renewal, QueueError> {
        let mut stands = self.stands.lock().await;
        // Counted from the database's own clock, by ours since then: the value is known before the
        // answer, so that an answer that is lost leaves no doubt for long.
        let elapsed = TimeDelta::microseconds(
            i64::try_from(self.received_at.elapsed().as_micros()).unwrap_or(i64::MAX),
        );
        let next = self.first + elapsed;
        if !stands.contains(&next) {
            stands.push(next);
        }
        let renew = format!(
            "UPDATE jobs SET job_available_at = {} WHERE job_id = (
                 SELECT job_id FROM jobs WHERE {} FOR NO KEY UPDATE SKIP LOCKED)",
            moment(&next),
            self.is_ours(&stands)
        );
        let renewed =
            sql::once_changed(&self.pool, &renew).await.map_err(QueueError::database("renew a message"))?;
        if renewed > 0 {
            *stands = vec![next];
            return Ok(Renewal::Renewed);
        }
        // A run may hold the job's row for long, and meanwhile nobody can receive the job.
        let look = format!("SELECT FROM jobs WHERE {}", self.is_ours(&stands));
        let found = sql::once(&self.pool, &look).await.map_err(QueueError::database("look for a message"))?;
        Ok(if found.is_empty() { Renewal::Superseded } else { Renewal::Renewed })
    }

    /// The condition that the message is the one that was received.
    fn is_ours(&self, stands: &[DateTime<Utc>]) -> String {
        let moments: Vec<_> = stands.iter().map(moment).collect();
        format!("job_id = {} AND job_available_at IN ({})", self.job_id, moments.join(", "))
    }

    pub(super) async fn ack(&self) -> Result<(), QueueError> {
        self.finish("remove a message", "job_available_at = NULL, job_delivery_count = 0").await
    }

    pub(super) async fn retry_in(&self, wait: Duration) -> Result<(), QueueError> {
        let change = format!("job_available_at = now() + {}", sql::interval(wait));
        self.finish("delay a message", &change).await
    }

    pub(super) async fn release(&self) -> Result<(), QueueError> {
        let change = "job_available_at = now(), job_delivery_count = greatest(job_delivery_count - 1, 0)";
        self.finish("give a message back", change).await?;
        let hint = format!("SELECT pg_notify('{CHANNEL}', '')");
        sql::once(&self.pool, &hint).await.map_err(QueueError::database("give a message back"))?;
        Ok(())
    }

    /// Nothing to change means that a newer request stands, which is left as it is.
    async fn finish(&self, action: &'static str, change: &str) -> Result<(), QueueError> {
        let stands = self.stands.lock().await;
        let finish = format!("{NOT_FLUSHED}; UPDATE jobs SET {change} WHERE {}", self.is_ours(&stands));
        sql::once_changed(&self.pool, &finish).await.map_err(QueueError::database(action))?;
        Ok(())
    }
}

/// A moment as a part of a statement, exact to the microsecond as the database holds it.
fn moment(moment: &DateTime<Utc>) -> String {
    format!("'{}'::timestamptz", moment.to_rfc3339_opts(SecondsFormat::Micros, true))
}
