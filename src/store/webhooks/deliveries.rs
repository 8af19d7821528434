//! `webhook_deliveries`, as the owner of a webhook sees them.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use crate::domain::ids::{DeliveryId, WebhookId};
use crate::domain::job::{JobId, Owner};
use crate::domain::webhook::WebhookEvent;
use crate::store::{StoreError, sql};

/// An event for a webhook.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    /// `delivery_id`.
    pub id: DeliveryId,
    /// The event.
    pub event: WebhookEvent,
    /// The job that changed; `None` for a test.
    pub job: Option<JobId>,
    /// When it happened.
    pub created_at: DateTime<Utc>,
    /// The number of attempts so far.
    pub attempts: i32,
    /// How far it is.
    pub progress: Progress,
    /// The status of the last response.
    pub status: Option<i16>,
    /// What went wrong in the last attempt.
    pub error: Option<String>,
}

/// How far a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// The receiver has accepted it.
    Delivered(DateTime<Utc>),
    /// The next attempt is due at this time.
    Due(DateTime<Utc>),
    /// All attempts failed.
    Failed,
}

const COLUMNS: &str = "delivery_id, delivery_event, delivery_job_id, delivery_created_at, delivery_attempts,
    delivery_due_at, delivery_delivered_at, delivery_status, delivery_error";

fn delivery(row: &PgRow) -> Result<Delivery, StoreError> {
    let (delivered, due) = (row.try_get("delivery_delivered_at")?, row.try_get("delivery_due_at")?);
    Ok(Delivery {
        id: row.try_get("delivery_id")?,
        event: row.try_get::<&str, _>("delivery_event")?.parse()?,
        job: row.try_get::<Option<i64>, _>("delivery_job_id")?.map(JobId),
        created_at: row.try_get("delivery_created_at")?,
        attempts: row.try_get("delivery_attempts")?,
        progress: match (delivered, due) {
            (_, Some(due)) => Progress::Due(due),
            (Some(delivered), None) => Progress::Delivered(delivered),
            (None, None) => Progress::Failed,
        },
        status: row.try_get("delivery_status")?,
        error: row.try_get("delivery_error")?,
    })
}

/// Returns up to `limit` deliveries of a webhook of the owner, newest first, before `before`.
pub(crate) async fn list_deliveries(
    connection: &mut PgConnection,
    owner: &Owner,
    webhook: WebhookId,
    before: Option<DeliveryId>,
    limit: i64,
) -> Result<Vec<Delivery>, StoreError> {
    let query = sqlx::AssertSqlSafe(format!(
        "SELECT {COLUMNS} FROM webhook_deliveries
         WHERE delivery_webhook_id = $1 AND delivery_owner = $2 AND ($3::bigint IS NULL OR delivery_id < $3)
         ORDER BY delivery_id DESC LIMIT $4"
    ));
    let query = sql::query(query).bind(webhook).bind(&owner.0).bind(before).bind(limit);
    query.fetch_all(connection).await?.iter().map(delivery).collect()
}

/// Requests another attempt of a delivery of the owner, at once and with all retries. Returns whether there is such a
/// delivery.
pub(crate) async fn resend(
    connection: &mut PgConnection,
    owner: &Owner,
    webhook: WebhookId,
    id: DeliveryId,
) -> Result<bool, StoreError> {
    let query = "UPDATE webhook_deliveries
         SET delivery_due_at = now(), delivery_attempts = 0, delivery_delivered_at = NULL, delivery_error = NULL,
             delivery_status = NULL
         WHERE delivery_id = $1 AND delivery_webhook_id = $2 AND delivery_owner = $3";
    let query = sql::query(query).bind(id).bind(webhook).bind(&owner.0);
    Ok(query.execute(connection).await?.rows_affected() > 0)
}

/// Requests a test of a webhook of the owner, also of a disabled one, which it enables. Returns the delivery; `None` if
/// there is no such webhook.
pub(crate) async fn test(
    connection: &mut PgConnection,
    owner: &Owner,
    webhook: WebhookId,
) -> Result<Option<Delivery>, StoreError> {
    let query = sqlx::AssertSqlSafe(format!(
        "WITH webhook AS (
             UPDATE webhooks SET webhook_disabled_at = NULL WHERE webhook_id = $1 AND webhook_owner = $2
             RETURNING webhook_id, webhook_owner)
         INSERT INTO webhook_deliveries (delivery_owner, delivery_webhook_id, delivery_event)
         SELECT webhook_owner, webhook_id, $3 FROM webhook RETURNING {COLUMNS}"
    ));
    let query = sql::query(query).bind(webhook).bind(&owner.0).bind(WebhookEvent::Test.as_str());
    query.fetch_optional(connection).await?.as_ref().map(delivery).transpose()
}
