//! `contacts`: the result of all imports. A unique constraint allows one contact per owner and e-mail address.
//! `search.rs` searches them in bounded time, by the index of `search_index.rs` if there is one, `selected.rs` reads all that a filter selects, and `keys.rs` says whether one
//! exists.

mod comparison;
pub(super) mod index;
mod keys;
mod search;
mod search_index;
mod selected;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
pub(crate) use keys::{
    existing_among, fill_keys, fill_some, keys, lack_keys, owner_without_keys, try_turn, with_emails,
    with_keys,
};
pub(crate) use search::oldest;
pub(super) use search::sized;
pub use search::{ContactPage, piece, search};
pub use search_index::SearchIndex;
pub(crate) use selected::Selected;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, FromRow, PgConnection, PgPool, Row};
use uuid::Uuid;

use super::copy::{Lines, Target};
use super::{Count, StoreError, extra_columns, sql};
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
pub(super) fn select_contact() -> String {
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

/// Updates the statistics of the table and the search index after a large import. The server does so automatically, but
/// minutes later, and until then sorts all of an owner's contacts for one page. Waits at most half a second for the lock, so as
/// not to wait for an ANALYZE that is already running.
pub(crate) async fn analyze(pool: &PgPool) -> Result<(), StoreError> {
    let statements = format!("SET LOCAL lock_timeout = '500ms'; ANALYZE contacts; {}", search_index::CLEAN);
    sql::once_changed(pool, &statements).await?;
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
