//! `unreadable_messages`: messages that could not be understood, kept for a person where the queue has
//! no dead-letter queue to keep them.

use sqlx::PgPool;

use super::StoreError;

/// Keeps a message; one that is kept already stays as it is.
pub async fn keep(pool: &PgPool, message_id: &str, body: &str, reason: &str) -> Result<(), StoreError> {
    // A NUL is the one character that a body may hold and a varchar may not.
    let body = body.replace('\0', "\u{2400}");
    sqlx::query(
        "INSERT INTO unreadable_messages (unreadable_message_id, unreadable_body, unreadable_reason)
         VALUES ($1, $2, $3) ON CONFLICT (unreadable_message_id) DO NOTHING",
    )
    .bind(message_id)
    .bind(body)
    .bind(reason)
    .execute(pool)
    .await?;
    Ok(())
}

/// How many messages wait for a person.
pub async fn count(pool: &PgPool) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar("SELECT count(*) FROM unreadable_messages").fetch_one(pool).await?)
}
