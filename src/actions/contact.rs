//! Edits a contact.

use std::collections::{BTreeMap, HashSet};

use serde_json::json;
use sqlx::PgConnection;

use super::other_columns::with_known_columns;
use super::{ActionError, Request, Seen};
use crate::domain::decision::{ActionKind, Edits};
use crate::domain::field::Field;
use crate::domain::ids::{ActionId, ContactId};
use crate::domain::job::Owner;
use crate::domain::refusal::Refusal;
use crate::domain::required::RequiredFields;
use crate::domain::row::Fields;
use crate::domain::rules;
use crate::store::contacts::{self, Contact};
use crate::store::{OwnerPool, StoreError, contact_changes, deleted_contacts, extra_columns};

/// The result of editing a contact.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct EditedContact {
    /// The recorded action; `None` if nothing had to change.
    pub action: Option<ActionId>,
    /// The contact.
    pub contact: ContactId,
}

/// Returns a tag that changes with every value that a person can change.
pub fn tag(contact: &Contact) -> String {
    let mut hash = blake3::Hasher::new();
    for value in contact.values.values() {
        hash.update(&(value.len() as u64).to_le_bytes());
        hash.update(value.as_bytes());
    }
    contact.extra.add_to(&mut hash);
    hash.finalize().to_hex()[..32].to_owned()
}

/// Edits a contact of the owner and records its previous values. `seen` is the [`tag`] of the contact as the
/// person saw it. The edited contact must break no rule; a field that is empty may stay empty.
pub async fn edit(
    owners: &OwnerPool,
    request: &Request,
    id: ContactId,
    edits: &Edits,
    seen: Option<&str>,
) -> Result<EditedContact, ActionError> {
    let mut transaction = owners.begin(&request.owner).await?;
    if let Some(earlier) = request.earlier(&mut transaction).await? {
        return Ok(earlier);
    }
    let Some(contact) = contacts::lock(&mut transaction, &request.owner, id).await? else {
        return Err(missing(&mut transaction, &request.owner, id).await?);
    };
    if seen.is_some_and(|seen| seen != tag(&contact)) {
        return Err(ActionError::Stale(Seen::Contact(id)));
    }
    let edits = edits.normalised();
    let extra = changed_extra(&mut transaction, &request.owner, &contact, &edits).await?;
    let fields = contact.fields();
    let changed = edits.applied_to(&fields);
    check(&fields, &changed)?;
    if changed == fields && extra.is_empty() {
        return Ok(EditedContact { action: None, contact: id });
    }
    let action =
        request.record(&mut transaction, ActionKind::EditContact, None, &json!({ "contact": id })).await?;
    contact_changes::record(&mut transaction, &contact, &changed, &extra, &request.owner, action).await?;
    contacts::edit(&mut transaction, &request.owner, id, &changed, &extra).await?;
    let edited = EditedContact { action: Some(action), contact: id };
    request.finish(&mut transaction, action, None, &edited).await?;
    transaction.commit().await?;
    Ok(edited)
}

/// Returns why there is no such contact: it was deleted, or never existed.
pub async fn missing(
    connection: &mut PgConnection,
    owner: &Owner,
    id: ContactId,
) -> Result<ActionError, StoreError> {
    Ok(match deleted_contacts::deletion_of(connection, owner, id).await? {
        Some(action) => ActionError::ContactDeleted { contact: id, action },
        None => ActionError::NoContact(id),
    })
}

/// Returns the new values that change the contact in columns that belong to no field.
///
/// Fails if neither the contact nor a file of the owner has the column.
async fn changed_extra(
    connection: &mut PgConnection,
    owner: &Owner,
    contact: &Contact,
    edits: &Edits,
) -> Result<BTreeMap<String, String>, ActionError> {
    if edits.extra.is_empty() {
        return Ok(BTreeMap::new());
    }
    let known = columns_of(connection, owner, contact).await?;
    let edits = with_known_columns(edits, &known, None)?;
    if edits.extra.values().any(|value| value.contains('\0')) {
        return Err(ActionError::Invalid { field: "extra", reason: Refusal::Nul });
    }
    Ok(contact.extra.differing(&edits.extra))
}

/// Returns the columns in which a contact may have values: those of its owner's files that belong to no field, and those
/// that another program has added to it.
pub async fn columns_of(
    connection: &mut PgConnection,
    owner: &Owner,
    contact: &Contact,
) -> Result<Vec<String>, StoreError> {
    let mut columns = extra_columns::of_owner(connection, owner).await?;
    let others: Vec<&str> = contact.extra.iter().map(|(name, _)| name).collect();
    let known: HashSet<&str> = columns.iter().map(String::as_str).collect();
    let added: Vec<String> =
        others.into_iter().filter(|name| !known.contains(name)).map(str::to_owned).collect();
    columns.extend(added);
    Ok(columns)
}

fn check(before: &Fields<'_>, fields: &Fields<'_>) -> Result<(), ActionError> {
    let verdict = rules::check(fields, false, RequiredFields::default());
    for field in Field::ALL {
        let refuse = |reason| Err(ActionError::Invalid { field: field.as_str(), reason });
        // Selection fields the contact's job required nobody knows any more: what is empty was not required.
        if verdict.missing.has(*field) && !before.get(*field).is_empty() {
            return refuse(Refusal::ContactWithoutValue);
        }
        if fields.get(*field).contains('\0') {
            return refuse(Refusal::Nul);
        }
    }
    match verdict.invalid_email {
        Some(reason) => {
            Err(ActionError::Invalid { field: Field::Email.as_str(), reason: Refusal::Email(reason) })
        }
        None => Ok(()),
    }
}
