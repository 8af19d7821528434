//! Contacts and their history.

use futures::TryStreamExt;
use sqlx::{AssertSqlSafe, PgConnection, Row};

use super::deleted_contacts::deleted;
use super::{candidates, field_columns, search, texts};
use crate::domain::field::Field;
use crate::domain::ids::{ChangeId, ContactId};
use crate::domain::job::Owner;
use crate::domain::person::{Part, PersonAddress};
use crate::store::{StoreError, sql};

/// The contacts of an owner that are a person's, or name the person, and their changes.
#[derive(Debug, Default)]
pub(crate) struct FoundContacts {
    /// The person's contacts: they have the address, or had it.
    pub own: Vec<ContactId>,
    /// Other contacts with a value that names the person.
    pub beside: Vec<ContactId>,
    /// Changes of other contacts that name the person.
    pub changes: Vec<ChangeId>,
    /// Whether there is anything in the history of the person's contacts.
    pub past: Vec<ContactId>,
    /// Deleted contacts of the person, with their values.
    pub deleted: Vec<ContactId>,
    /// Other deleted contacts with a value that names the person.
    pub deleted_beside: Vec<ContactId>,
}

impl FoundContacts {
    /// Returns whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        let FoundContacts { own, beside, changes, past, deleted, deleted_beside } = self;
        let contacts = [own, beside, past, deleted, deleted_beside];
        contacts.into_iter().all(Vec::is_empty) && changes.is_empty()
    }
}

/// Returns the contacts of an owner that are the person's or name the person.
pub(crate) async fn contacts(
    connection: &mut PgConnection,
    owner: &Owner,
    address: &PersonAddress,
) -> Result<FoundContacts, StoreError> {
    let (own, beside) = current(connection, owner, address).await?;
    let (before, after) = (field_columns("before"), field_columns("after"));
    let searched: Vec<&str> = before.iter().chain(&after).map(String::as_str).collect();
    let statement = format!(
        "SELECT change_id, change_contact_id, {}, {}, before_extra, after_extra FROM contact_changes WHERE change_owner = $3 AND {}",
        before.join(", "),
        after.join(", "),
        candidates(&searched, &["before_extra", "after_extra"])
    );
    let (mut past, mut changes) = (Vec::new(), Vec::new());
    let mut stored = search(statement, address).bind(&owner.0).fetch(&mut *connection);
    while let Some(row) = stored.try_next().await? {
        let parts =
            [address.part_of(&texts(&row, "before", None)?), address.part_of(&texts(&row, "after", None)?)];
        if parts.contains(&Some(Part::Own)) {
            past.push(row.try_get("change_contact_id")?);
        } else if parts.contains(&Some(Part::Beside)) {
            changes.push(row.try_get("change_id")?);
        }
    }
    drop(stored);
    past.extend(own);
    past.sort_unstable();
    past.dedup();
    // A contact that had the address and has another one now is still the person's.
    let query =
        "SELECT contact_id FROM contacts WHERE contact_id = ANY ($2) AND contacts_user_id = $1 ORDER BY 1";
    let own: Vec<ContactId> =
        sql::query_scalar(query).bind(&owner.0).bind(&past).fetch_all(&mut *connection).await?;
    let beside = beside.into_iter().filter(|contact| !own.contains(contact)).collect();
    let (deleted, deleted_beside) = deleted(connection, owner, address, &past).await?;
    Ok(FoundContacts { own, beside, changes, past, deleted, deleted_beside })
}

/// Returns the contacts that have the address, and others with a value that names the person.
async fn current(
    connection: &mut PgConnection,
    owner: &Owner,
    address: &PersonAddress,
) -> Result<(Vec<ContactId>, Vec<ContactId>), StoreError> {
    let fields = field_columns("contact");
    let searched: Vec<&str> = fields.iter().map(String::as_str).collect();
    let statement = format!(
        "SELECT contact_id, {}, contact_extra FROM contacts WHERE contacts_user_id = $3 AND {}",
        fields.join(", "),
        candidates(&searched, &["contact_extra"])
    );
    let (mut own, mut beside) = (Vec::new(), Vec::new());
    let mut stored = search(statement, address).bind(&owner.0).fetch(connection);
    while let Some(row) = stored.try_next().await? {
        match address.part_of(&texts(&row, "contact", None)?) {
            Some(Part::Own) => own.push(row.try_get("contact_id")?),
            Some(Part::Beside) => beside.push(row.try_get("contact_id")?),
            None => {}
        }
    }
    Ok((own, beside))
}

/// Counts the changes that go with the person.
pub(crate) async fn count_changes(
    connection: &mut PgConnection,
    owner: &Owner,
    found: &FoundContacts,
) -> Result<i64, StoreError> {
    let query = "SELECT count(*) FROM contact_changes
         WHERE change_owner = $1 AND (change_contact_id = ANY ($2) OR change_id = ANY ($3))";
    let query = sql::query_scalar(query).bind(&owner.0).bind(&found.past).bind(&found.changes);
    Ok(query.fetch_one(connection).await?)
}

/// Deletes the changes that go with the person, and makes the requests that caused them unrecognisable: the fingerprint of
/// a request is a hash of what was sent. Returns the number of changes.
pub(crate) async fn delete_changes(
    connection: &mut PgConnection,
    owner: &Owner,
    found: &FoundContacts,
) -> Result<i64, StoreError> {
    let delete = "WITH gone AS (
             DELETE FROM contact_changes
             WHERE change_owner = $1 AND (change_contact_id = ANY ($2) OR change_id = ANY ($3))
             RETURNING change_action_id),
         unnamed AS (
             UPDATE actions SET action_fingerprint = NULL
             WHERE action_owner = $1 AND action_id IN (SELECT change_action_id FROM gone))
         SELECT count(*) FROM gone";
    let query = sql::query_scalar(delete).bind(&owner.0).bind(&found.past).bind(&found.changes);
    Ok(query.fetch_one(connection).await?)
}

/// Deletes contacts of an owner and returns their number.
pub(crate) async fn delete_contacts(
    connection: &mut PgConnection,
    owner: &Owner,
    contacts: &[ContactId],
) -> Result<i64, StoreError> {
    let delete = "DELETE FROM contacts WHERE contacts_user_id = $1 AND contact_id = ANY ($2)";
    let query = sql::query(delete).bind(&owner.0).bind(contacts);
    Ok(query.execute(connection).await?.rows_affected() as i64)
}

/// Removes the values of other people's contacts that name the person. Returns the number of contacts.
pub(crate) async fn erase_in_contacts(
    connection: &mut PgConnection,
    owner: &Owner,
    address: &PersonAddress,
    contacts: &[ContactId],
) -> Result<i64, StoreError> {
    let select = AssertSqlSafe(format!(
        "SELECT contact_id, {}, contact_extra FROM contacts WHERE contacts_user_id = $1 AND contact_id = ANY ($2) FOR UPDATE",
        field_columns("contact").join(", ")
    ));
    let stored = sql::query(select).bind(&owner.0).bind(contacts).fetch_all(&mut *connection).await?;
    let set: Vec<String> =
        Field::ALL.iter().zip(4..).map(|(field, number)| format!("contact_{field} = ${number}")).collect();
    let update = format!(
        "UPDATE contacts SET contact_extra = $3, {} WHERE contacts_user_id = $1 AND contact_id = $2",
        set.join(", ")
    );
    for row in &stored {
        let mut texts = texts(row, "contact", None)?;
        address.erase(&mut texts);
        let id: ContactId = row.try_get("contact_id")?;
        let mut query = sql::query(AssertSqlSafe(update.clone())).bind(&owner.0).bind(id).bind(texts.extra);
        for value in texts.values.values() {
            query = query.bind(value.clone());
        }
        query.execute(&mut *connection).await?;
    }
    Ok(stored.len() as i64)
}
