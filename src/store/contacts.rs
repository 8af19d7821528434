//! `contacts`: what all the work is for. One contact an owner and address, guarded by the table itself.
//! `look.rs`, a search that answers at once.

mod look;

use chrono::{DateTime, Utc};
use futures::{Stream, TryStreamExt};
pub use look::{Looked, look, piece};
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Row};
use uuid::Uuid;

use super::copy::{Lines, Target};
use super::{Count, Home, StoreError, sql};
use crate::domain::contact::ContactKeys;
use crate::domain::email;
use crate::domain::ids::{ContactId, RowId};
use crate::domain::job::Owner;
use crate::domain::row::{Fields, normalise};

/// Encoded contacts, for COPY.
#[derive(Default)]
pub(crate) struct Batch {
    lines: Lines,
}

impl Batch {
    /// Adds the contact of a staging row; `key` is its [`ContactKeys::key`].
    pub(crate) fn push(&mut self, owner: &Owner, staging_id: RowId, fields: &Fields<'_>, key: u128) {
        self.lines.push(key, |line| {
            line.plain(staging_id)
                .text(&owner.0)
                .text(&fields.email)
                .text(&fields.first_name)
                .text(&fields.last_name)
                .text(&fields.company)
                .hex(key);
        });
    }

    /// Contacts so far.
    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Bytes so far.
    pub(crate) fn bytes(&self) -> usize {
        self.lines.bytes()
    }

    /// Forgets the contacts and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.lines.clear();
    }
}

const WRITTEN: &[(&str, &str)] = &[
    ("staging_id", "bigint"),
    ("contacts_user_id", "varchar"),
    ("contact_email", "varchar"),
    ("contact_first_name", "varchar"),
    ("contact_last_name", "varchar"),
    ("contact_company", "varchar"),
    ("contact_key", "uuid"),
];

/// Writes a batch.
pub(crate) async fn insert(connection: &mut PgConnection, batch: &mut Batch) -> Result<(), StoreError> {
    batch.lines.send_by_key(connection, &Target::shared("contacts", WRITTEN)).await
}

/// The two-part key of the advisory lock under which consolidations of one owner take turns.
const OWNER_LOCK: i32 = 0x1A9E57;

/// What came of the attempt to take an owner's turn.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
pub(crate) struct Turn {
    /// It is ours until the transaction ends; false when another has it.
    pub taken: bool,
    /// Whether the owner has contacts without a key.
    pub lacks_keys: bool,
}

/// Takes the owner's turn until the transaction ends, unless another has it.
pub(crate) async fn try_turn(connection: &mut PgConnection, owner: &Owner) -> Result<Turn, StoreError> {
    let query = "SELECT pg_try_advisory_xact_lock($1, hashtext($2)) AS taken,
                EXISTS (SELECT FROM contacts WHERE contacts_user_id = $2 AND contact_key IS NULL) AS lacks_keys";
    Ok(sql::query_as(query).bind(OWNER_LOCK).bind(&owner.0).fetch_one(connection).await?)
}

/// Whether the owner has contacts without a key.
pub(crate) async fn lack_keys(connection: &mut PgConnection, owner: &Owner) -> Result<bool, StoreError> {
    let query = "SELECT EXISTS (SELECT FROM contacts WHERE contacts_user_id = $1 AND contact_key IS NULL)";
    Ok(sql::query_scalar(query).bind(&owner.0).fetch_one(connection).await?)
}

/// Works out the key of the owner's contacts that have none yet.
pub(crate) async fn fill_keys(connection: &mut PgConnection, owner: &Owner) -> Result<u64, StoreError> {
    let keys = ContactKeys::of(owner);
    let (mut filled, mut after) = (0, ContactId(0));
    loop {
        // Row by row: other programs may have made addresses of any length.
        let mut rows = sql::query(
            "SELECT contact_id, contact_email FROM contacts
             WHERE contacts_user_id = $1 AND contact_key IS NULL AND contact_id > $2
             ORDER BY contact_id LIMIT 10000 FOR UPDATE",
        )
        .bind(&owner.0)
        // The index still has the entries of those that have a key by now.
        .bind(after)
        .fetch(&mut *connection);
        let (mut ids, mut first, mut later) =
            (Vec::<ContactId>::new(), Vec::<Uuid>::new(), Vec::<Uuid>::new());
        while let Some(row) = rows.try_next().await? {
            let id: ContactId = row.try_get("contact_id")?;
            let email = email::key(&normalise(row.try_get("contact_email")?)).into_owned();
            after = id;
            ids.push(id);
            first.push(Uuid::from_u128(keys.key(&email)));
            later.push(Uuid::from_u128(keys.key(&format!("{email} {id}"))));
        }
        drop(rows);
        if ids.is_empty() {
            return Ok(filled);
        }
        // A second contact of one owner and address, which only older programs made, gets the key of
        // the address followed by a space and its id, which is no address.
        let done = sql::query(
            "UPDATE contacts c SET contact_key = CASE
                 WHEN given.nth = 1 AND NOT EXISTS (SELECT FROM contacts o WHERE o.contact_key = given.first)
                 THEN given.first ELSE given.later END
             FROM (SELECT id, first, later, row_number() OVER (PARTITION BY first ORDER BY id) AS nth
                   FROM unnest($1::bigint[], $2::uuid[], $3::uuid[]) AS g (id, first, later)) AS given
             WHERE c.contact_id = given.id",
        )
        .bind(&ids)
        .bind(&first)
        .bind(&later)
        .execute(&mut *connection)
        .await?;
        filled += done.rows_affected();
    }
}

/// The keys of contacts `c`, less those of the contacts that come from the rows at home in `own`: a row is not in conflict
/// with itself. `contacts`: a table or subquery. Rows are joined by their primary key alone: with outdated statistics the
/// planner expects one row of a job, and would compare every contact with every row.
fn keys_of(contacts: &str, own: Option<Home>) -> String {
    match own {
        None => format!("SELECT contact_key FROM {contacts} AS c WHERE contacts_user_id = $1"),
        Some(home) => format!(
            "SELECT contact_key FROM {contacts} AS c LEFT JOIN {} s ON s.staging_id = c.staging_id
             WHERE contacts_user_id = $1 AND s.staging_job_id IS DISTINCT FROM {}",
            home.staging(),
            home.job()
        ),
    }
}

/// Which of the keys the owner has contacts of; `own`: the job that is no other, where it has contacts already.
pub(crate) async fn existing_among(
    connection: &mut PgConnection,
    owner: &Owner,
    own: Option<Home>,
    keys: &[u128],
) -> Result<Vec<u128>, StoreError> {
    let keys: Vec<Uuid> = keys.iter().map(|key| Uuid::from_u128(*key)).collect();
    // Safe: what is put together are numbers. The index over keys is asked, never that over owners, and not at all for an
    // owner without contacts: looking up keys that are not there costs as much as writing them.
    let found = "(SELECT * FROM contacts WHERE contact_key = ANY ($2)
                     AND (SELECT EXISTS (SELECT FROM contacts WHERE contacts_user_id = $1)) OFFSET 0)";
    let query = AssertSqlSafe(keys_of(found, own));
    let found: Vec<Uuid> = sql::query_scalar(query).bind(&owner.0).bind(keys).fetch_all(connection).await?;
    Ok(found.iter().map(Uuid::as_u128).collect())
}

/// The keys of all of the owner's contacts; `own` as in [`existing_among`].
pub(crate) fn keys<'c>(
    connection: &'c mut PgConnection,
    owner: &'c Owner,
    own: Option<Home>,
) -> impl Stream<Item = Result<u128, StoreError>> + Unpin + 'c {
    let query = AssertSqlSafe(format!("{} AND contact_key IS NOT NULL", keys_of("contacts", own)));
    let keys = sql::query_scalar(query).bind(&owner.0).fetch(connection);
    keys.map_ok(|key: Uuid| key.as_u128()).map_err(StoreError::from)
}

/// Whether the owner has more than `limit` contacts. Asks the index and never more than `limit` entries.
pub(crate) async fn more_than(
    connection: &mut PgConnection,
    owner: &Owner,
    limit: i64,
) -> Result<bool, StoreError> {
    let query = "SELECT EXISTS (SELECT FROM contacts WHERE contacts_user_id = $1 ORDER BY contact_id OFFSET $2 LIMIT 1)";
    Ok(sql::query_scalar(query).bind(&owner.0).bind(limit).fetch_one(connection).await?)
}

/// How many contacts an owner has.
pub async fn count(connection: &mut PgConnection, owner: &Owner) -> Result<Count, StoreError> {
    let query = "SELECT count(*) FROM
         (SELECT FROM contacts WHERE contacts_user_id = $1 ORDER BY contact_id LIMIT $2 + 1) AS counted";
    Ok(Count(sql::query_scalar(query).bind(&owner.0).bind(Count::MOST).fetch_one(connection).await?))
}

/// A contact as people see it.
#[derive(Debug, Clone, serde::Serialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct Contact {
    /// `contact_id`.
    #[sqlx(rename = "contact_id")]
    #[schema(value_type = i64)]
    pub id: ContactId,
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
    /// When it was made.
    #[sqlx(rename = "contact_created_at")]
    pub created_at: DateTime<Utc>,
    /// The row that it was made from, which may be gone.
    #[sqlx(rename = "staging_id")]
    #[schema(value_type = i64)]
    pub row: RowId,
}

impl Contact {
    /// The four values.
    pub(crate) fn fields(&self) -> Fields<'_> {
        Fields::new(&self.email, &self.first_name, &self.last_name, &self.company)
    }
}

const CONTACT: &str =
    "SELECT contact_id, contact_email, contact_first_name, contact_last_name, contact_company,
     contact_created_at, staging_id FROM contacts";

/// One contact of an owner.
pub async fn get(
    connection: &mut PgConnection,
    owner: &Owner,
    id: ContactId,
) -> Result<Option<Contact>, StoreError> {
    let query = AssertSqlSafe(format!("{CONTACT} WHERE contacts_user_id = $1 AND contact_id = $2"));
    Ok(sql::query_as(query).bind(&owner.0).bind(id).fetch_optional(connection).await?)
}

/// The same, held until the transaction ends.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    owner: &Owner,
    id: ContactId,
) -> Result<Option<Contact>, StoreError> {
    let query =
        AssertSqlSafe(format!("{CONTACT} WHERE contacts_user_id = $1 AND contact_id = $2 FOR UPDATE"));
    Ok(sql::query_as(query).bind(&owner.0).bind(id).fetch_optional(connection).await?)
}

/// The owner's contacts that have these e-mails, by their keys ([`ContactKeys::key`]).
pub(crate) async fn with_keys(
    connection: &mut PgConnection,
    owner: &Owner,
    keys: &[u128],
) -> Result<Vec<(u128, Contact)>, StoreError> {
    let keys: Vec<Uuid> = keys.iter().map(|key| Uuid::from_u128(*key)).collect();
    // The index over keys is asked, never that over owners.
    let query = "SELECT * FROM (SELECT * FROM contacts WHERE contact_key = ANY ($2) OFFSET 0) AS c WHERE contacts_user_id = $1";
    let rows = sql::query(query).bind(&owner.0).bind(keys).fetch_all(connection).await?;
    let contact = |row: &sqlx::postgres::PgRow| {
        let key: Uuid = row.try_get("contact_key")?;
        Ok((key.as_u128(), sqlx::FromRow::from_row(row)?))
    };
    rows.iter().map(contact).collect()
}

/// Changes a contact; another with the same e-mail makes it fail as a conflict in `contacts`.
pub(crate) async fn edit(
    connection: &mut PgConnection,
    owner: &Owner,
    id: ContactId,
    fields: &Fields<'_>,
) -> Result<(), StoreError> {
    let key = ContactKeys::of(owner).key(&email::key(&fields.email));
    let update = "UPDATE contacts SET contact_email = $3, contact_first_name = $4, contact_last_name = $5,
                contact_company = $6, contact_key = $7 WHERE contact_id = $2 AND contacts_user_id = $1";
    sql::query(update)
        .bind(&owner.0)
        .bind(id)
        .bind(fields.email.as_ref())
        .bind(fields.first_name.as_ref())
        .bind(fields.last_name.as_ref())
        .bind(fields.company.as_ref())
        .bind(Uuid::from_u128(key))
        .execute(connection)
        .await?;
    Ok(())
}

/// Lets the server see what a large import has made of the table, which it does by itself minutes later: until then
/// it would sort all of an owner's contacts for a page of them. Not for long, and not where others are at it.
pub(crate) async fn analyze(pool: &PgPool) -> Result<(), StoreError> {
    sql::once_changed(pool, "SET LOCAL lock_timeout = '500ms'; ANALYZE contacts").await?;
    Ok(())
}

/// The first `limit` of the owner's contacts among `contacts`.
pub(crate) async fn existing(
    connection: &mut PgConnection,
    owner: &Owner,
    contacts: &[ContactId],
    limit: i64,
) -> Result<Vec<ContactId>, StoreError> {
    let query = "SELECT contact_id FROM (SELECT contact_id, contacts_user_id FROM contacts WHERE contact_id = ANY ($2) OFFSET 0) AS c
         WHERE contacts_user_id = $1 ORDER BY contact_id LIMIT $3";
    Ok(sql::query_scalar(query).bind(&owner.0).bind(contacts).bind(limit).fetch_all(connection).await?)
}
