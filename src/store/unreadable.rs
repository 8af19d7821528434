//! `unreadable_messages`: messages that could not be parsed, stored for a person if the queue has no dead-letter queue.

use sqlx::{PgPool, Row};

use super::{StoreError, sql};

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
pub(crate) async fn count(pool: &PgPool) -> Result<i64, StoreError> {
    let query = "SELECT count(*) AS count FROM unreadable_messages";
    let row = sql::once(pool, query).await?.pop().ok_or(StoreError::Unreadable)?;
    Ok(row.try_get("count")?)
}
