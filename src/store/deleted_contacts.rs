//! `deleted_contacts`: contacts that a person has deleted, until the deletion is undone.
//!
//! An entry whose values are NULL is what retention or an erasure has left: its row has made a contact, and no run makes
//! another one of it.

use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, PgConnection, Row};

use super::contacts::Selected;
use super::{StoreError, sql};
use crate::domain::extra::Extra;
use crate::domain::field::{Field, PerField, by_name};
use crate::domain::ids::{ActionId, ContactId, RowId};
use crate::domain::job::Owner;

/// Contacts that one statement restores.
const PART: i64 = 20_000;

/// Deletes the selected contacts and stores them as deleted by the action. Returns their number.
pub(crate) async fn delete(
    connection: &mut PgConnection,
    selected: &Selected<'_>,
    action: ActionId,
) -> Result<i64, StoreError> {
    let statement = format!(
        "WITH gone AS (DELETE FROM contacts WHERE {} RETURNING *)
         INSERT INTO deleted_contacts (deleted_contact_id, deleted_staging_id, deleted_owner, {}, deleted_created_at,
                deleted_key, deleted_extra, deleted_action_id)
         SELECT contact_id, staging_id, contacts_user_id, {}, contact_created_at, contact_key, contact_extra, $8 FROM gone",
        selected.condition(),
        Field::columns("deleted"),
        Field::columns("contact")
    );
    let mut deleted = 0;
    let mut part = None;
    while let Some(next) = selected.next_part(connection, part).await? {
        let query = selected.bind(sql::query(AssertSqlSafe(statement.clone())), next).bind(action);
        deleted += query.execute(&mut *connection).await?.rows_affected() as i64;
        part = Some(next);
    }
    Ok(deleted)
}

/// Restores the contacts that an action has deleted, as they were. Skips those whose e-mail another contact has, and those
/// without values. Returns the number of restored contacts.
pub(crate) async fn restore(
    connection: &mut PgConnection,
    owner: &Owner,
    action: ActionId,
) -> Result<i64, StoreError> {
    let last = "SELECT max(deleted_contact_id) FROM (
             SELECT deleted_contact_id FROM deleted_contacts
             WHERE deleted_owner = $1 AND deleted_action_id = $2 AND deleted_contact_id > $3
             ORDER BY deleted_contact_id LIMIT $4) AS part";
    let insert = format!(
        "INSERT INTO contacts (contact_id, staging_id, contacts_user_id, {}, contact_created_at, contact_key, contact_extra)
         SELECT deleted_contact_id, deleted_staging_id, deleted_owner, {}, deleted_created_at, deleted_key, deleted_extra
         FROM deleted_contacts
         WHERE deleted_owner = $1 AND deleted_action_id = $2
           AND deleted_contact_id > $3 AND deleted_contact_id <= $4 AND deleted_email IS NOT NULL
         ON CONFLICT DO NOTHING RETURNING contact_id",
        Field::columns("contact"),
        Field::columns("deleted")
    );
    // A statement of its own: in a join, outdated statistics would let the planner expect one restored contact, and compare
    // every entry with every contact. `|| ''` prevents the use of the index by owner.
    let delete =
        "DELETE FROM deleted_contacts WHERE deleted_owner || '' = $1 AND deleted_contact_id = ANY ($2)";
    let (mut restored, mut after) = (0, ContactId(i64::MIN));
    loop {
        let query = sql::query_scalar(last).bind(&owner.0).bind(action).bind(after).bind(PART);
        let Some(end) = query.fetch_one(&mut *connection).await? else { return Ok(restored) };
        let query = sql::query_scalar(AssertSqlSafe(insert.clone()));
        let query = query.bind(&owner.0).bind(action).bind(after).bind(end);
        let back: Vec<ContactId> = query.fetch_all(&mut *connection).await?;
        restored += back.len() as i64;
        sql::query(delete).bind(&owner.0).bind(back).execute(&mut *connection).await?;
        after = end;
    }
}

/// The contacts that an action has deleted and that are not restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Remaining {
    /// Contacts with values, which an undo restores unless another contact has the e-mail.
    pub whole: i64,
    /// Contacts whose values were removed.
    pub emptied: i64,
}

from_row!(Remaining { whole, emptied });

/// Counts the contacts that an action has deleted and that are not restored.
pub(crate) async fn remaining(
    connection: &mut PgConnection,
    owner: &Owner,
    action: ActionId,
) -> Result<Remaining, StoreError> {
    let query = "SELECT count(deleted_email) AS whole, count(*) - count(deleted_email) AS emptied
         FROM deleted_contacts WHERE deleted_owner = $1 AND deleted_action_id = $2";
    Ok(sql::query_as(query).bind(&owner.0).bind(action).fetch_one(connection).await?)
}

/// Returns the first `limit` of these contacts that have values.
pub(crate) async fn first_remaining(
    connection: &mut PgConnection,
    owner: &Owner,
    action: ActionId,
    limit: i64,
) -> Result<Vec<ContactId>, StoreError> {
    let query = "SELECT deleted_contact_id FROM deleted_contacts
         WHERE deleted_owner = $1 AND deleted_action_id = $2 AND deleted_email IS NOT NULL
         ORDER BY deleted_contact_id LIMIT $3";
    Ok(sql::query_scalar(query).bind(&owner.0).bind(action).bind(limit).fetch_all(connection).await?)
}

/// Returns which of these actions of an owner have deleted contacts that an undo may restore.
pub(crate) async fn undoable(
    connection: &mut PgConnection,
    owner: &Owner,
    actions: &[ActionId],
) -> Result<Vec<ActionId>, StoreError> {
    let query = "SELECT action FROM unnest($2::bigint[]) AS action WHERE EXISTS (
             SELECT FROM deleted_contacts
             WHERE deleted_action_id = action AND deleted_owner = $1 AND deleted_email IS NOT NULL)";
    Ok(sql::query_scalar(query).bind(&owner.0).bind(actions).fetch_all(connection).await?)
}

/// Returns the action that deleted a contact, `Some(None)` if it is gone or the contact has no values any more; `None` if the
/// owner has not deleted such a contact.
pub(crate) async fn deletion_of(
    connection: &mut PgConnection,
    owner: &Owner,
    contact: ContactId,
) -> Result<Option<Option<ActionId>>, StoreError> {
    let query = "SELECT CASE WHEN deleted_email IS NOT NULL THEN deleted_action_id END FROM deleted_contacts
         WHERE deleted_contact_id = $2 AND deleted_owner = $1";
    Ok(sql::query_scalar(query).bind(&owner.0).bind(contact).fetch_optional(connection).await?)
}

/// A deleted contact with its values.
#[derive(Debug, Clone, serde::Serialize)]
pub struct DeletedContact {
    /// Its id, which it has again if the deletion is undone.
    pub id: ContactId,
    /// Its values.
    #[serde(flatten, serialize_with = "by_name::serialize")]
    pub values: PerField<String>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// The row that it was created from.
    pub row: RowId,
    /// Its values in columns that belong to no field.
    pub extra: Extra,
    /// The action that deleted it.
    pub action: Option<ActionId>,
}

/// Returns those of these deleted contacts of an owner that have values.
pub(crate) async fn get(
    connection: &mut PgConnection,
    owner: &Owner,
    contacts: &[ContactId],
) -> Result<Vec<DeletedContact>, StoreError> {
    let query = AssertSqlSafe(format!(
        "SELECT deleted_contact_id, deleted_staging_id, {}, deleted_created_at, deleted_extra, deleted_action_id
         FROM deleted_contacts
         WHERE deleted_owner = $1 AND deleted_contact_id = ANY ($2) AND deleted_email IS NOT NULL
         ORDER BY deleted_contact_id",
        Field::columns("deleted")
    ));
    let rows = sql::query(query).bind(&owner.0).bind(contacts).fetch_all(connection).await?;
    let contact = |row: &sqlx::postgres::PgRow| {
        Ok(DeletedContact {
            id: row.try_get("deleted_contact_id")?,
            values: sql::values(row, "deleted")?,
            created_at: row.try_get("deleted_created_at")?,
            row: row.try_get("deleted_staging_id")?,
            extra: sql::extra(row, "deleted_extra")?,
            action: row.try_get("deleted_action_id")?,
        })
    };
    rows.iter().map(contact).collect()
}
