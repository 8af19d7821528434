//! Whether a contact exists: the keys of contacts, and the lock that orders the imports of one owner.
//!
//! Statements that look for keys name the owner with the collation of the index `contacts_owner_key` and compare one key
//! at a time. So they use that index whatever the statistics say: no other index has its collation, and of two
//! equalities on a unique index the planner applies both.

use futures::{Stream, TryStreamExt};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, FromRow, PgConnection, Row};
use uuid::Uuid;

use super::Contact;
use crate::domain::contact::ContactKeys;
use crate::domain::email;
use crate::domain::ids::ContactId;
use crate::domain::job::Owner;
use crate::domain::row::normalise;
use crate::store::{JobTables, StoreError, extra_columns, sql};

/// The first part of the key of the advisory lock for the consolidations of one owner; the second is a hash of the owner.
const OWNER_LOCK: i32 = 0x1A9E57;

/// The outcome of an attempt to take an owner's lock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turn {
    /// Whether this transaction has the lock until it ends; `false` if another transaction has it.
    pub taken: bool,
    /// Whether the owner has contacts without a key.
    pub lacks_keys: bool,
}

from_row!(Turn { taken, lacks_keys });

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

/// Returns the first owner after `after`, in the order of their bytes, who has contacts without a key.
pub(crate) async fn owner_without_keys(
    connection: &mut PgConnection,
    after: &Owner,
) -> Result<Option<Owner>, StoreError> {
    let query = "SELECT contacts_user_id FROM contacts WHERE contact_key IS NULL AND contacts_user_id > $1
         ORDER BY contacts_user_id LIMIT 1";
    let owner: Option<String> = sql::query_scalar(query).bind(&after.0).fetch_optional(connection).await?;
    Ok(owner.map(Owner))
}

/// Calculates and stores the keys of the owner's contacts that have none; returns the number of contacts.
pub(crate) async fn fill_keys(connection: &mut PgConnection, owner: &Owner) -> Result<u64, StoreError> {
    let (mut all, mut after) = (0, ContactId(0));
    while let Some((filled, last)) = fill_some(connection, owner, after, 10_000).await? {
        (all, after) = (all + filled, last);
    }
    Ok(all)
}

/// Does the same for the first `limit` of these contacts after the contact `after`, in the order of their ids. Returns the
/// number of contacts and the last of them, or `None` if there are none.
pub(crate) async fn fill_some(
    connection: &mut PgConnection,
    owner: &Owner,
    after: ContactId,
    limit: i64,
) -> Result<Option<(u64, ContactId)>, StoreError> {
    let keys = ContactKeys::of(owner);
    // Fetched one row at a time, because other programs may have stored addresses of any length.
    let mut rows = sql::query(
        "SELECT contact_id, contact_email FROM contacts
         WHERE contacts_user_id = $1 AND contact_key IS NULL AND contact_id > $2
         ORDER BY contact_id LIMIT $3 FOR UPDATE",
    )
    .bind(&owner.0)
    // The condition on the id skips index entries of contacts that now have a key.
    .bind(after)
    .bind(limit)
    .fetch(&mut *connection);
    let (mut ids, mut first, mut later) = (Vec::<ContactId>::new(), Vec::<Uuid>::new(), Vec::<Uuid>::new());
    while let Some(row) = rows.try_next().await? {
        let id: ContactId = row.try_get("contact_id")?;
        let email = email::key(&normalise(row.try_get("contact_email")?)).into_owned();
        ids.push(id);
        first.push(Uuid::from_u128(keys.key(&email)));
        later.push(Uuid::from_u128(keys.key(&format!("{email} {id}"))));
    }
    drop(rows);
    let Some(last) = ids.last().copied() else { return Ok(None) };
    // A second contact of one owner and address, which only older programs created, gets the key of the address
    // followed by a space and its id, which is not a valid address.
    let done = sql::query(
        "UPDATE contacts c SET contact_key = CASE
             WHEN given.nth = 1 AND NOT EXISTS (
                 SELECT FROM contacts o WHERE o.contacts_user_id = $4 COLLATE \"POSIX\" AND o.contact_key = given.first)
             THEN given.first ELSE given.later END
         FROM (SELECT id, first, later, row_number() OVER (PARTITION BY first ORDER BY id) AS nth
               FROM unnest($1::bigint[], $2::uuid[], $3::uuid[]) AS g (id, first, later)) AS given
         WHERE c.contact_id = given.id",
    )
    .bind(&ids)
    .bind(&first)
    .bind(&later)
    .bind(&owner.0)
    .execute(connection)
    .await?;
    Ok(Some((done.rows_affected(), last)))
}

/// The contacts of the owner `$1` that have one of the keys `$2`, as the subquery `found`.
const FOUND: &str = "unnest($2::uuid[]) AS wanted (wanted_key), LATERAL (
             SELECT * FROM contacts
             WHERE contacts_user_id = $1 COLLATE \"POSIX\" AND contact_key = wanted_key OFFSET 0) AS found";

/// Returns the condition that excludes contacts created by the job of `own` from `contacts`, a table or subquery, with the
/// join that it needs. A row never conflicts with its own contact.
///
/// Rows are joined by their primary key alone: with outdated statistics the planner expects one row per job, and would
/// compare every contact with every row.
fn except(own: Option<JobTables>, contacts: &str) -> (String, String) {
    match own {
        None => (String::new(), "true".to_owned()),
        Some(job_tables) => (
            format!("LEFT JOIN {} s ON s.staging_id = {contacts}.staging_id", job_tables.staging()),
            format!("s.staging_job_id IS DISTINCT FROM {}", job_tables.job()),
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
    let (join, others) = except(own, "found");
    // Safe: only numbers and names of tables are inserted. An owner without contacts costs no search for keys.
    let query = AssertSqlSafe(format!(
        "SELECT contact_key FROM {FOUND} {join}
         WHERE (SELECT EXISTS (SELECT FROM contacts WHERE contacts_user_id = $1)) AND {others}"
    ));
    let found: Vec<Uuid> = sql::query_scalar(query).bind(&owner.0).bind(keys).fetch_all(connection).await?;
    Ok(found.iter().map(Uuid::as_u128).collect())
}

/// Returns the keys of all of the owner's contacts; `own` as in [`existing_among`].
pub(crate) fn keys<'c>(
    connection: &'c mut PgConnection,
    owner: &'c Owner,
    own: Option<JobTables>,
) -> impl Stream<Item = Result<u128, StoreError>> + Unpin + 'c {
    let (join, others) = except(own, "contacts");
    let query = AssertSqlSafe(format!(
        "SELECT contact_key FROM contacts {join}
         WHERE contacts_user_id = $1 AND contact_key IS NOT NULL AND {others}"
    ));
    let keys = sql::query_scalar(query).bind(&owner.0).fetch(connection);
    keys.map_ok(|key: Uuid| key.as_u128()).map_err(StoreError::from)
}

/// Returns for each e-mail the owner's contact that has it.
pub(crate) async fn with_emails(
    connection: &mut PgConnection,
    owner: &Owner,
    emails: &[&str],
) -> Result<Vec<Option<Contact>>, StoreError> {
    let of_owner = ContactKeys::of(owner);
    let keys: Vec<u128> = emails.iter().map(|email| of_owner.key(&email::key(email))).collect();
    let found = with_keys(connection, owner, &keys).await?;
    let contact = |key: &u128| found.iter().find(|(of, _)| of == key).map(|(_, contact)| contact.clone());
    Ok(keys.iter().map(contact).collect())
}

/// Returns the owner's contacts with these keys ([`ContactKeys::key`]), each with its key.
pub(crate) async fn with_keys(
    connection: &mut PgConnection,
    owner: &Owner,
    keys: &[u128],
) -> Result<Vec<(u128, Contact)>, StoreError> {
    let keys: Vec<Uuid> = keys.iter().map(|key| Uuid::from_u128(*key)).collect();
    let query = AssertSqlSafe(format!("SELECT found.* FROM {FOUND}"));
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
