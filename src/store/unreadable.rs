//! `unreadable_messages`: messages that could not be parsed, stored for a person if the queue has no dead-letter queue.

use chrono::{DateTime, Utc};
use sqlx::{PgPool, Row};

use super::{Count, StoreError, sql};

/// Stores a message, unless one with its id is already stored.
pub(crate) async fn keep(
    pool: &PgPool,
    message_id: &str,
    body: &str,
    reason: &str,
) -> Result<(), StoreError> {
    // NUL is the only character that a body may contain but a varchar may not.
    let body = body.replace('\0', "\u{2400}");
    let query = sql::query(
        "INSERT INTO unreadable_messages (unreadable_message_id, unreadable_body, unreadable_reason)
         VALUES ($1, $2, $3) ON CONFLICT (unreadable_message_id) DO NOTHING",
    )
    .bind(message_id)
    .bind(body)
    .bind(reason);
    sql::execute(pool, query).await?;
    Ok(())
}

/// Counts the stored messages.
pub(crate) async fn count(pool: &PgPool) -> Result<Count, StoreError> {
    let query = "SELECT count(*) AS count FROM (SELECT FROM unreadable_messages LIMIT $1) AS counted";
    let rows = sql::fetch(pool, sql::query(query).bind(Count::MOST + 1)).await?;
    Ok(Count(rows.first().ok_or(StoreError::Unreadable)?.try_get("count")?))
}

/// A stored message.
#[derive(Debug)]
pub(crate) struct Stored {
    /// The queue's id of the message.
    pub id: String,
    /// What is wrong with it.
    pub reason: String,
    /// When it was received.
    pub received_at: DateTime<Utc>,
}

from_row!(Stored { id = "unreadable_message_id", reason = "unreadable_reason", received_at = "unreadable_received_at" });

/// Returns up to `limit` stored messages, newest first.
pub(crate) async fn list(pool: &PgPool, limit: i64) -> Result<Vec<Stored>, StoreError> {
    let query = "SELECT unreadable_message_id, unreadable_reason, unreadable_received_at
         FROM unreadable_messages ORDER BY unreadable_id DESC LIMIT $1";
    let rows = sql::fetch(pool, sql::query(query).bind(limit)).await?;
    rows.iter().map(|row| Ok(sqlx::FromRow::from_row(row)?)).collect()
}

/// Returns a stored message with its body.
pub(crate) async fn get(pool: &PgPool, message_id: &str) -> Result<Option<(Stored, String)>, StoreError> {
    let query = "SELECT unreadable_message_id, unreadable_reason, unreadable_received_at, unreadable_body
         FROM unreadable_messages WHERE unreadable_message_id = $1";
    let row = sql::fetch(pool, sql::query(query).bind(message_id)).await?.pop();
    row.map(|row| Ok((sqlx::FromRow::from_row(&row)?, row.try_get("unreadable_body")?))).transpose()
}

/// Deletes a stored message. Returns whether it was stored.
pub(crate) async fn delete(pool: &PgPool, message_id: &str) -> Result<bool, StoreError> {
    let query = "DELETE FROM unreadable_messages WHERE unreadable_message_id = $1";
    Ok(sql::execute(pool, sql::query(query).bind(message_id)).await?.rows_affected() > 0)
}
