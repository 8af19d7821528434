//! `webhooks`: URLs of an owner that receive the changes of jobs.

mod deliveries;
mod due;

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, Row};

use super::{StoreError, sql};
use crate::domain::ids::WebhookId;
use crate::domain::job::Owner;
use crate::domain::webhook::{WebhookEvent, WebhookUrl};

pub(crate) use deliveries::{Delivery, Progress, list_deliveries, resend, test};
pub(crate) use due::{Attempt, Failure, claim, delivered, failed, gone, remove_old, retry};

/// A webhook as its owner sees it.
#[derive(Debug, Clone)]
pub(crate) struct Webhook {
    /// `webhook_id`.
    pub id: WebhookId,
    /// Where events are sent.
    pub url: WebhookUrl,
    /// The events that it receives.
    pub events: Vec<WebhookEvent>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When the receiver said that the URL is gone; nothing is sent since then.
    pub disabled_at: Option<DateTime<Utc>>,
}

/// The most webhooks of an owner.
pub(crate) const MOST_WEBHOOKS: i64 = 20;

const COLUMNS: &str = "webhook_id, webhook_url, webhook_events, webhook_created_at, webhook_disabled_at";

fn webhook(row: &PgRow) -> Result<Webhook, StoreError> {
    let events: Vec<String> = row.try_get("webhook_events")?;
    Ok(Webhook {
        id: row.try_get("webhook_id")?,
        url: row.try_get::<String, _>("webhook_url")?.parse().map_err(|_| StoreError::Unreadable)?,
        events: events.iter().map(|event| Ok(event.parse()?)).collect::<Result<_, StoreError>>()?,
        created_at: row.try_get("webhook_created_at")?,
        disabled_at: row.try_get("webhook_disabled_at")?,
    })
}

/// Inserts a webhook; returns `None` if the owner already has [`MOST_WEBHOOKS`].
pub(crate) async fn insert(
    connection: &mut PgConnection,
    owner: &Owner,
    url: &WebhookUrl,
    secret: &str,
    events: &[WebhookEvent],
) -> Result<Option<Webhook>, StoreError> {
    let query = AssertSqlSafe(format!(
        "INSERT INTO webhooks (webhook_owner, webhook_url, webhook_secret, webhook_events)
         SELECT $1, $2, $3, $4 WHERE (SELECT count(*) FROM webhooks WHERE webhook_owner = $1) < $5
         RETURNING {COLUMNS}"
    ));
    let events: Vec<&str> = events.iter().map(|event| event.as_str()).collect();
    let query = sql::query(query).bind(&owner.0).bind(url.to_string()).bind(secret).bind(events);
    query.bind(MOST_WEBHOOKS).fetch_optional(connection).await?.as_ref().map(webhook).transpose()
}

/// Returns the owner's webhooks, oldest first.
pub(crate) async fn list(connection: &mut PgConnection, owner: &Owner) -> Result<Vec<Webhook>, StoreError> {
    let query = AssertSqlSafe(format!(
        "SELECT {COLUMNS} FROM webhooks WHERE webhook_owner = $1 ORDER BY webhook_id LIMIT {MOST_WEBHOOKS}"
    ));
    sql::query(query).bind(&owner.0).fetch_all(connection).await?.iter().map(webhook).collect()
}

/// Returns whether the owner has this webhook.
pub(crate) async fn exists(
    connection: &mut PgConnection,
    owner: &Owner,
    id: WebhookId,
) -> Result<bool, StoreError> {
    let query = "SELECT EXISTS (SELECT FROM webhooks WHERE webhook_owner = $1 AND webhook_id = $2)";
    Ok(sql::query_scalar(query).bind(&owner.0).bind(id).fetch_one(connection).await?)
}

/// Deletes a webhook of the owner with its deliveries. Returns whether there was such a webhook.
pub(crate) async fn delete(
    connection: &mut PgConnection,
    owner: &Owner,
    id: WebhookId,
) -> Result<bool, StoreError> {
    let query = "DELETE FROM webhooks WHERE webhook_owner = $1 AND webhook_id = $2";
    let deleted = sql::query(query).bind(&owner.0).bind(id).execute(connection).await?;
    Ok(deleted.rows_affected() > 0)
}
