//! `contacts`: what all the work is for. One contact an owner and address, guarded by the table itself.

use futures::{Stream, TryStreamExt};
use sqlx::{PgConnection, PgPool, Row};

use super::StoreError;
use super::copy::Line;
use crate::domain::email;
use crate::domain::job::Owner;
use crate::domain::row::{Fields, normalise};

/// Encoded contacts, for COPY.
#[derive(Default)]
pub struct Batch {
    text: Vec<u8>,
}

impl Batch {
    /// Adds the contact of a staging row.
    pub fn push(&mut self, owner: &Owner, staging_id: i64, fields: &Fields<'_>) {
        let mut line = Line::new(&mut self.text);
        line.plain(staging_id)
            .text(&owner.0)
            .text(&fields.email)
            .text(&fields.first_name)
            .text(&fields.last_name)
            .text(&fields.company)
            .text(&email::key(&fields.email));
        line.end();
    }

    /// Forgets the contacts and keeps the memory.
    pub fn clear(&mut self) {
        self.text.clear();
    }
}

/// Writes a batch.
pub async fn insert(connection: &mut PgConnection, batch: &Batch) -> Result<(), StoreError> {
    if batch.text.is_empty() {
        return Ok(());
    }
    let mut copy = connection
        .copy_in_raw(
            "COPY contacts (staging_id, contacts_user_id, contact_email, contact_first_name, contact_last_name,
                            contact_company, contact_email_key) FROM STDIN",
        )
        .await?;
    copy.send(batch.text.as_slice()).await?;
    copy.finish().await?;
    Ok(())
}

/// The two-part key of the advisory lock under which consolidations of one owner take turns.
const OWNER_LOCK: i32 = 0x1A9E57;

/// Takes the owner's turn until the transaction ends; false when another has it.
pub async fn try_lock_owner(connection: &mut PgConnection, owner: &Owner) -> Result<bool, StoreError> {
    let query = "SELECT pg_try_advisory_xact_lock($1, hashtext($2))";
    Ok(sqlx::query_scalar(query).bind(OWNER_LOCK).bind(&owner.0).fetch_one(connection).await?)
}

/// Takes the owner's turn until [`unlock_owner`] or the end of the connection, for a transaction
/// whose snapshot must be younger than the lock; false when another has it.
pub async fn try_lock_owner_in_session(
    connection: &mut PgConnection,
    owner: &Owner,
) -> Result<bool, StoreError> {
    let query = "SELECT pg_try_advisory_lock($1, hashtext($2))";
    Ok(sqlx::query_scalar(query).bind(OWNER_LOCK).bind(&owner.0).fetch_one(connection).await?)
}

/// Ends the turn that [`try_lock_owner_in_session`] began.
pub async fn unlock_owner(connection: &mut PgConnection, owner: &Owner) -> Result<(), StoreError> {
    sqlx::query("SELECT pg_advisory_unlock($1, hashtext($2))")
        .bind(OWNER_LOCK)
        .bind(&owner.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// Works out the key of the owner's contacts that another program inserted without one.
pub async fn fill_keys(connection: &mut PgConnection, owner: &Owner) -> Result<u64, StoreError> {
    let mut filled = 0;
    loop {
        let rows = sqlx::query(
            "SELECT contact_id, contact_email FROM contacts
             WHERE contacts_user_id = $1 AND contact_email_key IS NULL ORDER BY contact_id LIMIT 10000 FOR UPDATE",
        )
        .bind(&owner.0)
        .fetch_all(&mut *connection)
        .await?;
        if rows.is_empty() {
            return Ok(filled);
        }
        let mut ids: Vec<i64> = Vec::with_capacity(rows.len());
        let mut keys: Vec<String> = Vec::with_capacity(rows.len());
        for row in &rows {
            ids.push(row.try_get("contact_id")?);
            keys.push(email::key(&normalise(row.try_get("contact_email")?)).into_owned());
        }
        // The first contact of an address has the address as its key; see migration 0003.
        let done = sqlx::query(
            "UPDATE contacts c SET contact_email_key = CASE
                 WHEN given.nth = 1 AND NOT EXISTS (
                     SELECT FROM contacts o WHERE o.contacts_user_id = $1 AND o.contact_email_key = given.key)
                 THEN given.key ELSE given.key || ' ' || given.id END
             FROM (SELECT id, key, row_number() OVER (PARTITION BY key ORDER BY id) AS nth
                   FROM unnest($2::bigint[], $3::text[]) AS g (id, key)) AS given
             WHERE c.contact_id = given.id",
        )
        .bind(&owner.0)
        .bind(&ids)
        .bind(&keys)
        .execute(&mut *connection)
        .await?;
        filled += done.rows_affected();
    }
}

/// A contact's key, and the staging row that it came from.
pub type Origin = (String, i64);

/// The owner's contacts among the keys.
pub async fn existing_among(
    connection: &mut PgConnection,
    owner: &Owner,
    keys: &[String],
) -> Result<Vec<Origin>, StoreError> {
    let query = "SELECT contact_email_key, staging_id FROM contacts
         WHERE contacts_user_id = $1 AND contact_email_key = ANY ($2)";
    Ok(sqlx::query_as(query).bind(&owner.0).bind(keys).fetch_all(connection).await?)
}

/// All of the owner's contacts.
pub fn origins<'c>(
    connection: &'c mut PgConnection,
    owner: &'c Owner,
) -> impl Stream<Item = Result<Origin, StoreError>> + Unpin + 'c {
    let query = "SELECT contact_email_key, staging_id FROM contacts
         WHERE contacts_user_id = $1 AND contact_email_key IS NOT NULL";
    sqlx::query_as(query).bind(&owner.0).fetch(connection).map_err(StoreError::from)
}

/// A contact as people see it.
#[derive(Debug, Clone, serde::Serialize, sqlx::FromRow)]
pub struct Contact {
    /// `contact_id`.
    #[sqlx(rename = "contact_id")]
    pub id: i64,
    /// `contact_email`.
    #[sqlx(rename = "contact_email")]
    pub email: String,
    /// `contact_first_name`.
    #[sqlx(rename = "contact_first_name")]
    pub first_name: String,
    /// `contact_last_name`.
    #[sqlx(rename = "contact_last_name")]
    pub last_name: String,
    /// `contact_company`.
    #[sqlx(rename = "contact_company")]
    pub company: String,
}

/// An owner's contacts in the order they were made, at most `limit`, after `after` where given.
pub async fn page(
    pool: &PgPool,
    owner: &Owner,
    after: Option<i64>,
    limit: i64,
) -> Result<Vec<Contact>, StoreError> {
    let query = "SELECT contact_id, contact_email, contact_first_name, contact_last_name, contact_company FROM contacts
         WHERE contacts_user_id = $1 AND contact_id > $2 ORDER BY contact_id LIMIT $3";
    Ok(sqlx::query_as(query).bind(&owner.0).bind(after.unwrap_or(0)).bind(limit).fetch_all(pool).await?)
}
