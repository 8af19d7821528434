//! Deleted contacts, as long as they have values.

use futures::TryStreamExt;
use sqlx::{AssertSqlSafe, PgConnection, Row};

use super::{candidates, field_columns, search, texts};
use crate::domain::decision::ActionKind;
use crate::domain::ids::ContactId;
use crate::domain::job::Owner;
use crate::domain::person::{Part, PersonAddress};
use crate::store::{StoreError, sql};

/// Returns the deleted contacts that have the address, or are among `past`, which had it, and others with a value that names
/// the person.
pub(super) async fn deleted(
    connection: &mut PgConnection,
    owner: &Owner,
    address: &PersonAddress,
    past: &[ContactId],
) -> Result<(Vec<ContactId>, Vec<ContactId>), StoreError> {
    let fields = field_columns("deleted");
    let searched: Vec<&str> = fields.iter().map(String::as_str).collect();
    let statement = format!(
        "SELECT deleted_contact_id, {}, deleted_extra FROM deleted_contacts
         WHERE deleted_owner = $3 AND deleted_email IS NOT NULL AND (deleted_contact_id = ANY ($4) OR {})
         ORDER BY deleted_contact_id",
        fields.join(", "),
        candidates(&searched, &["deleted_extra"])
    );
    let (mut own, mut beside) = (Vec::new(), Vec::new());
    let mut stored = search(statement, address).bind(&owner.0).bind(past).fetch(connection);
    while let Some(row) = stored.try_next().await? {
        let id: ContactId = row.try_get("deleted_contact_id")?;
        match address.part_of(&texts(&row, "deleted", None)?) {
            Some(Part::Own) => own.push(id),
            Some(Part::Beside) | None if past.contains(&id) => own.push(id),
            Some(Part::Beside) => beside.push(id),
            None => {}
        }
    }
    Ok((own, beside))
}

/// Removes the values of deleted contacts; their entries remain, so that no run creates the contacts again. Returns the number
/// of contacts.
pub(crate) async fn empty_deleted_contacts(
    connection: &mut PgConnection,
    owner: &Owner,
    contacts: &[ContactId],
) -> Result<i64, StoreError> {
    let set: Vec<String> = field_columns("deleted").iter().map(|column| format!("{column} = NULL")).collect();
    let update = AssertSqlSafe(format!(
        "UPDATE deleted_contacts SET {}, deleted_key = NULL, deleted_extra = NULL
         WHERE deleted_owner = $1 AND deleted_contact_id = ANY ($2) AND deleted_email IS NOT NULL",
        set.join(", ")
    ));
    let query = sql::query(update).bind(&owner.0).bind(contacts);
    Ok(query.execute(connection).await?.rows_affected() as i64)
}

/// Removes the values of other people's deleted contacts that name the person. Returns the number of contacts.
pub(crate) async fn erase_in_deleted_contacts(
    connection: &mut PgConnection,
    owner: &Owner,
    address: &PersonAddress,
    contacts: &[ContactId],
) -> Result<i64, StoreError> {
    let columns = field_columns("deleted");
    let select = AssertSqlSafe(format!(
        "SELECT deleted_contact_id, {}, deleted_extra FROM deleted_contacts
         WHERE deleted_owner = $1 AND deleted_contact_id = ANY ($2) AND deleted_email IS NOT NULL FOR UPDATE",
        columns.join(", ")
    ));
    let stored = sql::query(select).bind(&owner.0).bind(contacts).fetch_all(&mut *connection).await?;
    let set: Vec<String> =
        columns.iter().zip(4..).map(|(column, number)| format!("{column} = ${number}")).collect();
    let update = format!(
        "UPDATE deleted_contacts SET deleted_extra = $3, {}
         WHERE deleted_owner = $1 AND deleted_contact_id = $2",
        set.join(", ")
    );
    for row in &stored {
        let mut texts = texts(row, "deleted", None)?;
        address.erase(&mut texts);
        let id: ContactId = row.try_get("deleted_contact_id")?;
        let mut query = sql::query(AssertSqlSafe(update.clone())).bind(&owner.0).bind(id).bind(texts.extra);
        for value in texts.values.values() {
            query = query.bind(value.clone());
        }
        query.execute(&mut *connection).await?;
    }
    Ok(stored.len() as i64)
}

/// Removes the texts that people searched for from the record of all deletions of contacts of an owner, since they may name
/// the person, and makes the requests unrecognisable: a fingerprint is a hash of what was sent. A deletion that is undone does
/// not say any more whom it was about.
pub(crate) async fn erase_in_deletions(
    connection: &mut PgConnection,
    owner: &Owner,
) -> Result<(), StoreError> {
    let update =
        "UPDATE actions SET action_request = action_request #- '{filter,text}', action_fingerprint = NULL
         WHERE action_owner = $1 AND action_kind = $2";
    let query = sql::query(update).bind(&owner.0).bind(ActionKind::DeleteContacts.as_str());
    query.execute(connection).await?;
    Ok(())
}
