//! Edits a contact.

use serde_json::json;

use super::{ActionError, Request, Seen};
use crate::domain::decision::{ActionKind, Edits};
use crate::domain::field::Field;
use crate::domain::ids::{ActionId, ContactId};
use crate::domain::refusal::Refusal;
use crate::domain::required::RequiredFields;
use crate::domain::row::Fields;
use crate::domain::rules;
use crate::store::contacts::{self, Contact};
use crate::store::{OwnerPool, contact_changes};

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
    let contact = contacts::lock(&mut transaction, &request.owner, id).await?;
    let contact = contact.ok_or(ActionError::NoContact(id))?;
    if seen.is_some_and(|seen| seen != tag(&contact)) {
        return Err(ActionError::Stale(Seen::Contact(id)));
    }
    let fields = contact.fields();
    let changed = edits.applied_to(&fields);
    check(&fields, &changed)?;
    if changed == fields {
        return Ok(EditedContact { action: None, contact: id });
    }
    let action =
        request.record(&mut transaction, ActionKind::EditContact, None, &json!({ "contact": id })).await?;
    contacts::edit(&mut transaction, &request.owner, id, &changed).await?;
    contact_changes::record(&mut transaction, &contact, &changed, &request.owner, action).await?;
    let edited = EditedContact { action: Some(action), contact: id };
    request.finish(&mut transaction, action, None, &edited).await?;
    transaction.commit().await?;
    Ok(edited)
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
