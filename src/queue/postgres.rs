//! The queue in the database: the jobs table itself.
//!
//! `job_available_at` is when work on a job is wanted from; NULL says that none is. A receive moves it
//! to the end of the visibility timeout, and that very moment is the receipt: every later change applies
//! only where it still stands there, so that a request made meanwhile is never swallowed. NOTIFY is a
//! hint that saves the wait for the next look at the table; nothing depends on it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions, PgRow};
use sqlx::{PgPool, Row};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::{
    DeadLetters, Delivery, JobMessage, Late, QueueError, QueueHealth, Receipt, ReceiveOptions, Renewal,
    Unreadable,
};
use crate::domain::job::JobId;

/// The channel of the hints.
const CHANNEL: &str = "ingest_jobs";
/// The longest time between two looks at the table: a producer that only inserts gives no hint.
const LOOK: Duration = Duration::from_secs(1);

/// The jobs table as a queue. Clones share the connections.
#[derive(Clone)]
pub struct PostgresQueue {
    pool: PgPool,
    options: ReceiveOptions,
    listener: Arc<Mutex<Option<PgListener>>>,
    late: Late,
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
        let sent = sqlx::query(
            "WITH wanted AS (UPDATE jobs SET job_available_at = now() WHERE job_id = $1 RETURNING 1)
             SELECT pg_notify('ingest_jobs', '') FROM wanted",
        )
        .bind(message.job_id.0)
        .fetch_optional(&self.pool)
        .await
        .map_err(QueueError::database("send a message"))?;
        sent.map(|_| ()).ok_or(QueueError::NoSuchJob(message.job_id))
    }

    pub(super) async fn check(&self) -> Result<QueueHealth, QueueError> {
        let counts = sqlx::query(
            "SELECT count(*) FILTER (WHERE job_available_at <= now()) AS waiting,
                    count(*) FILTER (WHERE job_available_at > now()) AS hidden
             FROM jobs WHERE job_available_at IS NOT NULL",
        )
        .fetch_one(&self.pool)
        .await;
        let count = |row: &PgRow, name| row.try_get::<i64, _>(name).map(i64::unsigned_abs);
        counts
            .and_then(|row| Ok((count(&row, "waiting")?, count(&row, "hidden")?)))
            .map(|(waiting, hidden)| QueueHealth { waiting, hidden, dead_letters: DeadLetters::Jobs })
            .map_err(QueueError::database("count the messages"))
    }

    /// Listens from now on. Without a listener the looks at the table go on, so a failure is not one of
    /// the receive; the next round tries again.
    async fn listen(&self) {
        let Ok(mut listener) = self.listener.try_lock() else { return };
        if let Some(listener) = listener.as_mut() {
            // Hints about what the coming look will find.
            while listener.next_buffered().is_some() {}
            return;
        }
        // A connection beside the pool: it is held for good, and the pool's are for work.
        let options = PgConnectOptions::clone(&self.pool.connect_options());
        let own = PgPoolOptions::new().max_connections(1).connect_lazy_with(options);
        if let Ok(mut new) = PgListener::connect_with(&own).await
            && new.listen(CHANNEL).await.is_ok()
        {
            *listener = Some(new);
        }
    }

    /// Returns when a hint came; never when there is none to listen to.
    async fn hint(&self) {
        if let Ok(mut listener) = self.listener.try_lock()
            && let Some(listening) = listener.as_mut()
        {
            match listening.try_recv().await {
                Ok(Some(_)) => return,
                // The connection was cut: hints may be lost, and the next round listens anew.
                Ok(None) | Err(_) => *listener = None,
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
    let rows = sqlx::query(
        "WITH due AS MATERIALIZED (
             SELECT job_id FROM jobs WHERE job_available_at <= now()
             ORDER BY job_available_at, job_id LIMIT $1 FOR UPDATE SKIP LOCKED
         )
         UPDATE jobs SET job_available_at = now() + $2, job_delivery_count = job_delivery_count + 1
         FROM due WHERE jobs.job_id = due.job_id
         RETURNING jobs.job_id, job_s3_object_key, job_available_at, job_delivery_count",
    )
    .bind(i64::try_from(at_most).unwrap_or(i64::MAX))
    .bind(span(queue.options.visibility))
    .fetch_all(&queue.pool)
    .await
    .map_err(QueueError::database("receive messages"))?;
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
        let done = sqlx::query(
            "UPDATE jobs SET job_available_at = $3 WHERE job_id = (
                 SELECT job_id FROM jobs WHERE job_id = $1 AND job_available_at = ANY($2) FOR NO KEY UPDATE SKIP LOCKED)",
        )
        .bind(self.job_id.0)
        .bind(stands.as_slice())
        .bind(next)
        .execute(&self.pool)
        .await
        .map_err(QueueError::database("renew a message"))?;
        if done.rows_affected() > 0 {
            *stands = vec![next];
            return Ok(Renewal::Renewed);
        }
        // A run may hold the job's row for long, and meanwhile nobody can receive the job.
        match self.is_ours(&stands).await? {
            true => Ok(Renewal::Renewed),
            false => Ok(Renewal::Superseded),
        }
    }

    async fn is_ours(&self, stands: &[DateTime<Utc>]) -> Result<bool, QueueError> {
        let query = "SELECT EXISTS (SELECT FROM jobs WHERE job_id = $1 AND job_available_at = ANY($2))";
        let found = sqlx::query_scalar(query).bind(self.job_id.0).bind(stands).fetch_one(&self.pool).await;
        found.map_err(QueueError::database("look for a message"))
    }

    pub(super) async fn ack(&self) -> Result<(), QueueError> {
        self.finish(
            "remove a message",
            sqlx::query(
                "UPDATE jobs SET job_available_at = NULL, job_delivery_count = 0
                 WHERE job_id = $1 AND job_available_at = ANY($2)",
            ),
            None,
        )
        .await
    }

    pub(super) async fn retry_in(&self, wait: Duration) -> Result<(), QueueError> {
        self.finish(
            "delay a message",
            sqlx::query("UPDATE jobs SET job_available_at = now() + $3 WHERE job_id = $1 AND job_available_at = ANY($2)"),
            Some(wait),
        )
        .await
    }

    pub(super) async fn release(&self) -> Result<(), QueueError> {
        self.finish(
            "give a message back",
            sqlx::query(
                "WITH back AS (
                     UPDATE jobs SET job_available_at = now(), job_delivery_count = greatest(job_delivery_count - 1, 0)
                     WHERE job_id = $1 AND job_available_at = ANY($2) RETURNING 1
                 )
                 SELECT pg_notify('ingest_jobs', '') FROM back",
            ),
            None,
        )
        .await
    }

    /// Nothing to change means that a newer request stands, which is left as it is.
    async fn finish(
        &self,
        action: &'static str,
        query: sqlx::query::Query<'_, sqlx::Postgres, sqlx::postgres::PgArguments>,
        wait: Option<Duration>,
    ) -> Result<(), QueueError> {
        let stands = self.stands.lock().await;
        let query = query.bind(self.job_id.0).bind(stands.clone());
        let query = match wait {
            Some(wait) => query.bind(span(wait)),
            None => query,
        };
        query.execute(&self.pool).await.map(|_| ()).map_err(QueueError::database(action))
    }
}

/// PostgreSQL's `interval` of a duration.
fn span(duration: Duration) -> sqlx::postgres::types::PgInterval {
    let microseconds = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
    sqlx::postgres::types::PgInterval { months: 0, days: 0, microseconds }
}
