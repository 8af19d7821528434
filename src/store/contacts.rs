//! `contacts`: the result of all imports. A unique constraint allows one contact per owner and e-mail address.
//! `look.rs` searches them in bounded time.

mod search;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use futures::{Stream, TryStreamExt};
pub use search::{ContactPage, piece, search};
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, FromRow, PgConnection, PgPool, Row};
use uuid::Uuid;

use super::copy::{Lines, Target};
use super::{Count, JobTables, StoreError, extra_columns, sql};
use crate::domain::contact::ContactKeys;
use crate::domain::email;
use crate::domain::extra::Extra;
use crate::domain::field::{Field, PerField, by_name};
use crate::domain::ids::{ContactId, RowId};
use crate::domain::job::Owner;
use crate::domain::row::{Fields, normalise};

/// Contacts encoded for COPY.
#[derive(Default)]
pub(crate) struct Batch {
    lines: Lines,
}

impl Batch {
    /// Adds the contact of a staging row; `key` is its [`ContactKeys::key`], and `extra` its values in columns that belong
    /// to no field, as a JSON object, or empty if there are none.
    pub(crate) fn push(
        &mut self,
        owner: &Owner,
        staging_id: RowId,
        fields: &Fields<'_>,
        key: u128,
        extra: &str,
    ) {
        self.lines.push(key, |line| {
            line.plain(staging_id).text(&owner.0);
            for value in fields.values() {
                line.text(value);
            }
            line.hex(key).text_or_null(extra);
        });
    }

    /// Returns the number of contacts.
    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Returns the bytes that the contacts take in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.lines.bytes()
    }

    /// Removes the contacts but keeps the allocated memory.
    pub(crate) fn clear(&mut self) {
        self.lines.clear();
    }
}

/// Inserts a batch.
pub(crate) async fn insert(connection: &mut PgConnection, batch: &mut Batch) -> Result<(), StoreError> {
    let target = Target::shared("contacts", &[("staging_id", "bigint"), ("contacts_user_id", "varchar")])
        .with_fields("contact")
        .with(&[("contact_key", "uuid"), ("contact_extra", "jsonb")]);
    batch.lines.send_by_key(connection, &target).await
}

/// The first part of the key of the advisory lock for the consolidations of one owner; the second is a hash of the owner.
const OWNER_LOCK: i32 = 0x1A9E57;

/// The outcome of an attempt to take an owner's lock.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
pub(crate) struct Turn {
    /// Whether this transaction has the lock until it ends; `false` if another transaction has it.
    pub taken: bool,
    /// Whether the owner has contacts without a key.
    pub lacks_keys: bool,
}

/// Takes the owner's lock until the transaction ends, unless another transaction has it.
pub(crate) async fn try_turn(connection: &mut PgConnection, owner: &Owner) -> Result<Turn, StoreError> {
    let query = "SELECT pg_try_advisory_xact_lock($1, hashtext($2)) AS taken,
                EXISTS (SELECT FROM contacts WHERE contacts_user_id = $2 AND contact_key IS NULL) AS lacks_keys";
    Ok(sql::query_as(query).bind(OWNER_LOCK).bind(&owner.0).fetch_one(connection).await?)
}

/// Returns whether the owner has contacts without a key.
pub(crate) async fn lack_keys(connection: &mut PgConnection, owner: &Owner) -> Result<bool, StoreError> {
    let query = "SELECT EXISTS (SELECT FROM contacts WHERE contacts_user_id = $1 AND contact_key IS NULL)";
    Ok(sql::query_scalar(query).bind(&owner.0).fetch_one(connection).await?)
}

/// Calculates and stores the keys of the owner's contacts that have none; returns the number of contacts.
pub(crate) async fn fill_keys(connection: &mut PgConnection, owner: &Owner) -> Result<u64, StoreError> {
    let keys = ContactKeys::of(owner);
    let (mut filled, mut after) = (0, ContactId(0));
    loop {
        // Fetched one row at a time, because other programs may have stored addresses of any length.
        let mut rows = sql::query(
            "SELECT contact_id, contact_email FROM contacts
             WHERE contacts_user_id = $1 AND contact_key IS NULL AND contact_id > $2
             ORDER BY contact_id LIMIT 10000 FOR UPDATE",
        )
        .bind(&owner.0)
        // The condition on the id skips index entries of contacts that now have a key.
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
        // A second contact of one owner and address, which only older programs created, gets the key of the address
        // followed by a space and its id, which is not a valid address.
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

/// Returns a query for the keys of the contacts in `contacts`, a table or subquery. Excludes contacts created by the job
/// of `own`, so that a row never conflicts with itself.
///
/// Rows are joined by their primary key alone: with outdated statistics the planner expects one row per job, and would
/// compare every contact with every row.
fn keys_of(contacts: &str, own: Option<JobTables>) -> String {
    match own {
        None => format!("SELECT contact_key FROM {contacts} AS c WHERE contacts_user_id = $1"),
        Some(job_tables) => format!(
            "SELECT contact_key FROM {contacts} AS c LEFT JOIN {} s ON s.staging_id = c.staging_id
             WHERE contacts_user_id = $1 AND s.staging_job_id IS DISTINCT FROM {}",
            job_tables.staging(),
            job_tables.job()
        ),
    }
}

/// Returns those of `keys` for which the owner has a contact. Excludes contacts created by the job of `own`; pass `None` if
/// that job has no contacts yet.
pub(crate) async fn existing_among(
    connection: &mut PgConnection,
    owner: &Owner,
    own: Option<JobTables>,
    keys: &[u128],
) -> Result<Vec<u128>, StoreError> {
    let keys: Vec<Uuid> = keys.iter().map(|key| Uuid::from_u128(*key)).collect();
    // Safe: only numbers and names of tables are inserted. The query uses the index over keys, never that over owners, and
    // no index for an owner without contacts, since searching for keys that do not exist costs as much as writing them.
    let found = "(SELECT * FROM contacts WHERE contact_key = ANY ($2)
                     AND (SELECT EXISTS (SELECT FROM contacts WHERE contacts_user_id = $1)) OFFSET 0)";
    let query = AssertSqlSafe(keys_of(found, own));
    let found: Vec<Uuid> = sql::query_scalar(query).bind(&owner.0).bind(keys).fetch_all(connection).await?;
    Ok(found.iter().map(Uuid::as_u128).collect())
}

/// Returns the keys of all of the owner's contacts; `own` as in [`existing_among`].
pub(crate) fn keys<'c>(
    connection: &'c mut PgConnection,
    owner: &'c Owner,
    own: Option<JobTables>,
) -> impl Stream<Item = Result<u128, StoreError>> + Unpin + 'c {
    let query = AssertSqlSafe(format!("{} AND contact_key IS NOT NULL", keys_of("contacts", own)));
    let keys = sql::query_scalar(query).bind(&owner.0).fetch(connection);
    keys.map_ok(|key: Uuid| key.as_u128()).map_err(StoreError::from)
}

/// Returns whether the owner has more than `limit` contacts. Reads at most `limit` + 1 entries of the index.
pub(crate) async fn more_than(
    connection: &mut PgConnection,
    owner: &Owner,
    limit: i64,
) -> Result<bool, StoreError> {
    let query = "SELECT EXISTS (SELECT FROM contacts WHERE contacts_user_id = $1 ORDER BY contact_id OFFSET $2 LIMIT 1)";
    Ok(sql::query_scalar(query).bind(&owner.0).bind(limit).fetch_one(connection).await?)
}

/// Counts an owner's contacts.
pub async fn count(connection: &mut PgConnection, owner: &Owner) -> Result<Count, StoreError> {
    let query = "SELECT count(*) FROM
         (SELECT FROM contacts WHERE contacts_user_id = $1 ORDER BY contact_id LIMIT $2 + 1) AS counted";
    Ok(Count(sql::query_scalar(query).bind(&owner.0).bind(Count::MOST).fetch_one(connection).await?))
}

/// A contact as people see it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Contact {
    /// `contact_id`.
    pub id: ContactId,
    /// Its values.
    #[serde(flatten, serialize_with = "by_name::serialize")]
    pub values: PerField<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// The row that it was created from, which may have been deleted.
    pub row: RowId,
    /// Its values in columns that belong to no field, in the order in which its owner's files first had the columns.
    pub extra: Extra,
}

impl FromRow<'_, PgRow> for Contact {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Contact {
            id: row.try_get("contact_id")?,
            values: sql::values(row, "contact")?,
            created_at: row.try_get("contact_created_at")?,
            row: row.try_get("staging_id")?,
            extra: sql::extra(row, "contact_extra")?,
        })
    }
}

impl Contact {
    /// The values, normalised.
    pub(crate) fn fields(&self) -> Fields<'_> {
        self.values.each_ref().map(|value| normalise(value))
    }
}

/// Selects what a [`Contact`] is read from.
fn select_contact() -> String {
    let fields = Field::columns("contact");
    format!("SELECT contact_id, {fields}, contact_created_at, staging_id, contact_extra FROM contacts")
}

/// Returns one contact of an owner.
pub async fn get(
    connection: &mut PgConnection,
    owner: &Owner,
    id: ContactId,
) -> Result<Option<Contact>, StoreError> {
    let query =
        AssertSqlSafe(format!("{} WHERE contacts_user_id = $1 AND contact_id = $2", select_contact()));
    let contact = sql::query_as(query).bind(&owner.0).bind(id).fetch_optional(&mut *connection).await?;
    sorted(connection, owner, contact).await
}

/// Locks one contact of an owner until the transaction ends and returns it.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    owner: &Owner,
    id: ContactId,
) -> Result<Option<Contact>, StoreError> {
    let query = AssertSqlSafe(format!(
        "{} WHERE contacts_user_id = $1 AND contact_id = $2 FOR UPDATE",
        select_contact()
    ));
    let contact = sql::query_as(query).bind(&owner.0).bind(id).fetch_optional(&mut *connection).await?;
    sorted(connection, owner, contact).await
}

/// Restores the order of the values of contacts in columns that belong to no field.
async fn sorted<C>(connection: &mut PgConnection, owner: &Owner, mut contacts: C) -> Result<C, StoreError>
where
    for<'c> &'c mut C: IntoIterator<Item = &'c mut Contact>,
{
    let values = (&mut contacts).into_iter().map(|contact| &mut contact.extra).collect();
    extra_columns::sort_of_contacts(connection, owner, values).await?;
    Ok(contacts)
}

/// Returns the owner's contacts with these keys ([`ContactKeys::key`]), each with its key.
pub(crate) async fn with_keys(
    connection: &mut PgConnection,
    owner: &Owner,
    keys: &[u128],
) -> Result<Vec<(u128, Contact)>, StoreError> {
    let keys: Vec<Uuid> = keys.iter().map(|key| Uuid::from_u128(*key)).collect();
    // The query uses the index over keys, never that over owners.
    let query = "SELECT * FROM (SELECT * FROM contacts WHERE contact_key = ANY ($2) OFFSET 0) AS c
         WHERE contacts_user_id = $1";
    let rows = sql::query(query).bind(&owner.0).bind(keys).fetch_all(&mut *connection).await?;
    let contact = |row: &PgRow| {
        let key: Uuid = row.try_get("contact_key")?;
        Ok::<_, StoreError>((key.as_u128(), Contact::from_row(row)?))
    };
    let mut found: Vec<(u128, Contact)> = rows.iter().map(contact).collect::<Result<_, _>>()?;
    let values = found.iter_mut().map(|(_, contact)| &mut contact.extra).collect();
    extra_columns::sort_of_contacts(connection, owner, values).await?;
    Ok(found)
}

/// Changes a contact, also its values in columns that belong to no field by `extra`, the new ones. Fails with a conflict in
/// `contacts` if another contact has the e-mail.
pub(crate) async fn edit(
    connection: &mut PgConnection,
    owner: &Owner,
    id: ContactId,
    fields: &Fields<'_>,
    extra: &BTreeMap<String, String>,
) -> Result<(), StoreError> {
    let key = ContactKeys::of(owner).key(&email::key(&fields.email));
    let (before, after) = extra_columns::around_edits("contact_extra");
    let mut number = 4;
    let changed = Field::list(|field| {
        number += 1;
        format!("contact_{field} = ${number}")
    });
    let update = AssertSqlSafe(format!(
        "UPDATE contacts SET {changed}, contact_key = $3,
                contact_extra = nullif(coalesce({before}$4{after}, contact_extra), '{{}}')
         WHERE contact_id = $2 AND contacts_user_id = $1"
    ));
    let mut query = sql::query(update).bind(&owner.0).bind(id).bind(Uuid::from_u128(key)).bind(Json(extra));
    for value in fields.values() {
        query = query.bind(value.as_ref());
    }
    query.execute(connection).await?;
    Ok(())
}

/// Updates the statistics of the table after a large import. The server does so automatically, but minutes later, and
/// until then sorts all of an owner's contacts for one page. Waits at most half a second for the lock, so as not to wait
/// for an ANALYZE that is already running.
pub(crate) async fn analyze(pool: &PgPool) -> Result<(), StoreError> {
    sql::once_changed(pool, "SET LOCAL lock_timeout = '500ms'; ANALYZE contacts").await?;
    Ok(())
}

/// Returns the first `limit` of `contacts` that are the owner's and exist.
pub(crate) async fn existing(
    connection: &mut PgConnection,
    owner: &Owner,
    contacts: &[ContactId],
    limit: i64,
) -> Result<Vec<ContactId>, StoreError> {
    let query = "SELECT contact_id FROM (
             SELECT contact_id, contacts_user_id FROM contacts WHERE contact_id = ANY ($2) OFFSET 0) AS c
         WHERE contacts_user_id = $1
         ORDER BY contact_id LIMIT $3";
    Ok(sql::query_scalar(query).bind(&owner.0).bind(contacts).bind(limit).fetch_all(connection).await?)
}
