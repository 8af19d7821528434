//! The queue of `webhook_deliveries`, as workers see it: of all owners.
//!
//! An attempt has a lease, so no two workers send an event at once. The end of the lease is the receipt: what becomes of the
//! attempt is recorded only as long as nobody has begun another or requested that the event is sent again.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::domain::ids::{DeliveryId, WebhookId};
use crate::domain::job::JobId;
use crate::domain::trace_parent::TraceParent;
use crate::domain::webhook::{WebhookEvent, WebhookUrl};
use crate::store::{StoreError, interval, sql};

/// An attempt to send an event.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    /// The delivery.
    pub id: DeliveryId,
    /// The webhook.
    pub webhook: WebhookId,
    /// The number of this attempt, from 1 on.
    pub number: i32,
    /// The end of its lease.
    leased_until: DateTime<Utc>,
    /// The id of the event for the receiver.
    pub message: Uuid,
    /// The event.
    pub event: WebhookEvent,
    /// The job that changed; `None` for a test.
    pub job: Option<JobId>,
    /// Counts of the job after the change.
    pub counts: Option<serde_json::Value>,
    /// The name of the job's file, unless the job was deleted.
    pub filename: Option<String>,
    /// Where the trace of the job continues.
    pub trace_parent: Option<TraceParent>,
    /// When it happened.
    pub created_at: DateTime<Utc>,
    /// Where to send it.
    pub url: WebhookUrl,
    /// What signs the request.
    pub secret: String,
}

/// Why an attempt failed.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    /// The status of the response, if there was one.
    pub status: Option<u16>,
    /// What went wrong.
    pub error: String,
}

/// The most due deliveries that are considered at once.
const CONSIDERED: i64 = 1_000;

/// Begins up to `at_most` attempts, at most one for each webhook, those due longest first. Leaves out the webhooks that are
/// `busy`.
pub(crate) async fn claim(
    pool: &PgPool,
    busy: &[WebhookId],
    at_most: usize,
    lease: Duration,
) -> Result<Vec<Attempt>, StoreError> {
    // One round trip, since each worker asks once a second. The outer condition is evaluated again after a wait for another
    // worker's change.
    let busy: Vec<String> = busy.iter().map(ToString::to_string).collect();
    let claim = format!(
        "WITH due AS MATERIALIZED (
             SELECT delivery_id FROM webhook_deliveries
             WHERE delivery_due_at <= now() AND delivery_id IN (
                 SELECT DISTINCT ON (delivery_webhook_id) delivery_id FROM (
                     SELECT delivery_id, delivery_webhook_id, delivery_due_at FROM webhook_deliveries
                     WHERE delivery_due_at <= now() AND delivery_webhook_id <> ALL ('{{{busy}}}'::bigint[])
                     ORDER BY delivery_due_at LIMIT {CONSIDERED}) AS oldest
                 ORDER BY delivery_webhook_id, delivery_due_at)
             ORDER BY delivery_due_at LIMIT {at_most} FOR UPDATE SKIP LOCKED)
         UPDATE webhook_deliveries
         SET delivery_due_at = now() + {lease}, delivery_attempts = delivery_attempts + 1
         FROM webhooks WHERE webhook_id = delivery_webhook_id AND delivery_id IN (SELECT delivery_id FROM due)
         RETURNING delivery_id, webhook_id, delivery_attempts, delivery_due_at, delivery_message, delivery_event,
             delivery_job_id, delivery_job, delivery_created_at, webhook_url, webhook_secret,
             (SELECT job_original_filename FROM jobs WHERE job_id = delivery_job_id AND job_user_id = webhook_owner)
                 AS filename,
             (SELECT job_trace_parent FROM jobs WHERE job_id = delivery_job_id AND job_user_id = webhook_owner)
                 AS trace_parent",
        busy = busy.join(","),
        lease = sql::interval(lease)
    );
    let mut attempts = Vec::new();
    for row in sql::once(pool, &claim).await? {
        attempts.push(Attempt {
            id: row.try_get("delivery_id")?,
            webhook: row.try_get("webhook_id")?,
            number: row.try_get("delivery_attempts")?,
            leased_until: row.try_get("delivery_due_at")?,
            message: row.try_get("delivery_message")?,
            event: row.try_get::<&str, _>("delivery_event")?.parse()?,
            job: row.try_get::<Option<i64>, _>("delivery_job_id")?.map(JobId),
            counts: row.try_get("delivery_job")?,
            filename: row.try_get("filename")?,
            trace_parent: row.try_get::<Option<&str>, _>("trace_parent")?.and_then(|text| text.parse().ok()),
            created_at: row.try_get("delivery_created_at")?,
            url: row.try_get::<String, _>("webhook_url")?.parse().map_err(|_| StoreError::Unreadable)?,
            secret: row.try_get("webhook_secret")?,
        });
    }
    Ok(attempts)
}

/// Records that the receiver has accepted the event.
pub(crate) async fn delivered(pool: &PgPool, attempt: &Attempt, status: u16) -> Result<(), StoreError> {
    let query = "UPDATE webhook_deliveries
         SET delivery_due_at = NULL, delivery_delivered_at = now(), delivery_status = $3, delivery_error = NULL
         WHERE delivery_id = $1 AND delivery_due_at = $2";
    let query = sql::query(query).bind(attempt.id).bind(attempt.leased_until).bind(status as i16);
    sql::execute(pool, query).await.map(|_| ())
}

/// Records that the attempt failed, and that another is due after `wait`.
pub(crate) async fn retry(
    pool: &PgPool,
    attempt: &Attempt,
    failure: &Failure,
    wait: Duration,
) -> Result<(), StoreError> {
    record(pool, attempt, failure, Some(wait)).await
}

/// Records that the last attempt failed.
pub(crate) async fn failed(pool: &PgPool, attempt: &Attempt, failure: &Failure) -> Result<(), StoreError> {
    record(pool, attempt, failure, None).await
}

async fn record(
    pool: &PgPool,
    attempt: &Attempt,
    failure: &Failure,
    wait: Option<Duration>,
) -> Result<(), StoreError> {
    let query = "UPDATE webhook_deliveries
         SET delivery_due_at = now() + $3, delivery_status = $4, delivery_error = $5
         WHERE delivery_id = $1 AND delivery_due_at = $2";
    let query = sql::query(query).bind(attempt.id).bind(attempt.leased_until).bind(wait.map(interval));
    let query = query.bind(failure.status.map(|status| status as i16)).bind(&failure.error);
    sql::execute(pool, query).await.map(|_| ())
}

/// Disables a webhook whose URL is gone. What was due is not sent.
pub(crate) async fn gone(pool: &PgPool, attempt: &Attempt, failure: &Failure) -> Result<(), StoreError> {
    let query = "WITH disabled AS (
             UPDATE webhooks SET webhook_disabled_at = now() WHERE webhook_id = $1 AND webhook_disabled_at IS NULL)
         UPDATE webhook_deliveries SET delivery_due_at = NULL, delivery_status = $2, delivery_error = $3
         WHERE delivery_webhook_id = $1 AND delivery_due_at IS NOT NULL";
    let status = failure.status.map(|status| status as i16);
    let query = sql::query(query).bind(attempt.webhook).bind(status).bind(&failure.error);
    sql::execute(pool, query).await.map(|_| ())
}

/// Deletes up to a thousand deliveries that have ended and are older than `age`. Returns how many.
pub(crate) async fn remove_old(pool: &PgPool, age: Duration) -> Result<u64, StoreError> {
    let query = "DELETE FROM webhook_deliveries WHERE delivery_id IN (
             SELECT delivery_id FROM webhook_deliveries
             WHERE delivery_created_at < now() - $1 AND delivery_due_at IS NULL
             ORDER BY delivery_created_at LIMIT 1000 FOR UPDATE SKIP LOCKED)";
    Ok(sql::execute(pool, sql::query(query).bind(interval(age))).await?.rows_affected())
}
