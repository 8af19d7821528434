//! Deletes contacts: one, or all that a filter selects, as one action that can be undone.
//!
//! Guarantees: a deletion by filter deletes as many contacts as the preview has counted, or none. No run creates a deleted
//! contact again. An undo restores contacts as they were, with their ids, until retention or an erasure removes their values.

use serde_json::json;
use sqlx::PgConnection;

use super::contact::{missing, tag};
use super::effect::{Effect, RestoredContacts};
use super::undo_import::wait_for_turn;
use super::{ActionError, Request, Seen};
use crate::domain::contact_filter::ContactFilter;
use crate::domain::decision::ActionKind;
use crate::domain::ids::{ActionId, ContactId};
use crate::domain::job::{JobId, Owner};
use crate::domain::refusal::Refusal;
use crate::store::contacts::{self, Contact, Selected};
use crate::store::decided::{Counts, Settled};
use crate::store::jobs::Job;
use crate::store::{OwnerPool, OwnerTransaction, StoreError, actions, deleted_contacts, jobs};

/// Contacts in a preview.
const EXAMPLES: i64 = 10;
/// Maximum number of contacts to list that an undo skipped.
const NAMED: i64 = 100;

/// The result of a deletion.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct DeletedContacts {
    /// The recorded action, with which the deletion can be undone; `None` if no contact matched.
    pub action: Option<ActionId>,
    /// The number of deleted contacts.
    pub deleted: i64,
}

/// What a deletion would delete.
#[derive(Debug, Clone, serde::Serialize)]
pub struct DeletionPreview {
    /// The number of contacts.
    pub count: i64,
    /// The newest of them, at most ten.
    pub examples: Vec<Contact>,
}

/// Deletes one contact. `seen` is the [`tag`] of the contact as the person saw it; if the contact has changed since,
/// the deletion is refused as stale.
pub async fn delete_contact(
    owners: &OwnerPool,
    request: &Request,
    id: ContactId,
    seen: Option<&str>,
) -> Result<DeletedContacts, ActionError> {
    let mut transaction = owners.begin(&request.owner).await?;
    if let Some(earlier) = request.earlier(&mut transaction).await? {
        return Ok(earlier);
    }
    wait_for_turn(&mut transaction, request).await?;
    let Some(contact) = contacts::lock(&mut transaction, &request.owner, id).await? else {
        return Err(missing(&mut transaction, &request.owner, id).await?);
    };
    if seen.is_some_and(|seen| seen != tag(&contact)) {
        return Err(ActionError::Stale(Seen::Contact(id)));
    }
    delete(transaction, request, &ContactFilter::contacts([id]), None, Some(1)).await
}

/// Deletes the contacts that a filter selects. `expected` is their number in the preview that the person saw; if the filter
/// selects another number now, nothing is deleted.
pub async fn delete_contacts(
    owners: &OwnerPool,
    request: &Request,
    filter: &ContactFilter,
    expected: Option<i64>,
) -> Result<DeletedContacts, ActionError> {
    checked(filter)?;
    if expected.is_none() {
        return Err(ActionError::Invalid { field: "expected", reason: Refusal::NoExpectedCount });
    }
    let mut transaction = owners.begin(&request.owner).await?;
    if let Some(earlier) = request.earlier(&mut transaction).await? {
        return Ok(earlier);
    }
    let job = match filter.job {
        // The lock keeps its rows in their tables.
        Some(job) => Some(with_rows(job, jobs::lock(&mut transaction, &request.owner, job).await?)?),
        None => None,
    };
    wait_for_turn(&mut transaction, request).await?;
    delete(transaction, request, filter, job.as_ref(), expected).await
}

/// Returns what a deletion would delete.
pub async fn preview_deletion(
    owners: &OwnerPool,
    owner: &Owner,
    filter: &ContactFilter,
) -> Result<DeletionPreview, ActionError> {
    checked(filter)?;
    let mut db = owners.snapshot(owner).await?;
    named(&mut db, owner, filter).await?;
    let job = match filter.job {
        Some(job) => Some(with_rows(job, jobs::get(&mut db, owner, job).await?)?),
        None => None,
    };
    let selected = Selected::of(&mut db, owner, filter, job.map(|job| job.tables())).await?;
    let (count, examples) = selected.preview(&mut db, EXAMPLES).await?;
    db.rollback().await?;
    Ok(DeletionPreview { count, examples })
}

/// Undoes a deletion: restores its contacts, except those whose e-mail another contact has now and those without values.
/// As long as contacts with values remain, the deletion can be undone again.
pub(super) async fn undo(
    mut transaction: OwnerTransaction,
    request: &Request,
    action: ActionId,
) -> Result<Effect, ActionError> {
    prepare_undo(&mut transaction, request, action).await?;
    let undo = request.record(&mut transaction, ActionKind::Undo, None, &json!({ "action": action })).await?;
    let contacts = restore(&mut transaction, &request.owner, action).await?;
    let RestoredContacts { restored, email_taken, .. } = contacts;
    let effect = Effect {
        action: (restored > 0).then_some(undo),
        changed: Counts::default(),
        issues: Settled::default(),
        warnings: Vec::new(),
        open_issues: 0,
        left: Vec::new(),
        contacts: Some(contacts),
    };
    if restored == 0 && request.idempotency.is_none() {
        transaction.rollback().await?;
        return Ok(effect);
    }
    if email_taken == 0 {
        actions::mark_undone(&mut transaction, action, undo).await?;
    }
    request.finish(&mut transaction, undo, None, &effect).await?;
    transaction.commit().await?;
    Ok(effect)
}

/// Returns what the undo of a deletion would do: exactly what it does, rolled back.
pub(super) async fn preview_undo(
    mut transaction: OwnerTransaction,
    request: &Request,
    action: ActionId,
) -> Result<RestoredContacts, ActionError> {
    prepare_undo(&mut transaction, request, action).await?;
    let contacts = restore(&mut transaction, &request.owner, action).await?;
    transaction.rollback().await?;
    Ok(contacts)
}

/// Waits for the owner's turn, and checks that the deletion can be undone.
async fn prepare_undo(
    connection: &mut PgConnection,
    request: &Request,
    action: ActionId,
) -> Result<(), ActionError> {
    wait_for_turn(connection, request).await?;
    if deleted_contacts::remaining(connection, &request.owner, action).await?.whole == 0 {
        return Err(ActionError::NotUndoable(action));
    }
    Ok(fill_keys(connection, &request.owner).await?)
}

async fn restore(
    connection: &mut PgConnection,
    owner: &Owner,
    action: ActionId,
) -> Result<RestoredContacts, ActionError> {
    let restored = deleted_contacts::restore(connection, owner, action).await?;
    let remaining = deleted_contacts::remaining(connection, owner, action).await?;
    Ok(RestoredContacts {
        restored,
        email_taken: remaining.whole,
        first_taken: deleted_contacts::first_remaining(connection, owner, action, NAMED).await?,
        values_removed: remaining.emptied,
    })
}

/// Deletes what the filter selects and commits, or rolls back if that is not as many contacts as expected. The transaction
/// has the owner's turn.
async fn delete(
    mut transaction: OwnerTransaction,
    request: &Request,
    filter: &ContactFilter,
    job: Option<&Job>,
    expected: Option<i64>,
) -> Result<DeletedContacts, ActionError> {
    let owner = &request.owner;
    named(&mut transaction, owner, filter).await?;
    fill_keys(&mut transaction, owner).await?;
    let parameters = json!({ "filter": filter });
    let action = request.record(&mut transaction, ActionKind::DeleteContacts, None, &parameters).await?;
    let selected = Selected::of(&mut transaction, owner, filter, job.map(Job::tables)).await?;
    let deleted = deleted_contacts::delete(&mut transaction, &selected, action).await?;
    if let Some(expected) = expected.filter(|expected| *expected != deleted) {
        transaction.rollback().await?;
        return Err(ActionError::OtherCount { now: deleted, expected });
    }
    let done = DeletedContacts { action: (deleted > 0).then_some(action), deleted };
    if deleted == 0 && request.idempotency.is_none() {
        transaction.rollback().await?;
        return Ok(done);
    }
    request.finish(&mut transaction, action, None, &done).await?;
    transaction.commit().await?;
    Ok(done)
}

/// Calculates the keys of contacts of other programs: by the keys, an undo finds who has an e-mail.
async fn fill_keys(connection: &mut PgConnection, owner: &Owner) -> Result<(), StoreError> {
    if contacts::lack_keys(connection, owner).await? {
        contacts::fill_keys(connection, owner).await?;
    }
    Ok(())
}

fn checked(filter: &ContactFilter) -> Result<(), ActionError> {
    match filter.refusal() {
        Some(reason) => Err(ActionError::Invalid { field: "filter", reason }),
        None => Ok(()),
    }
}

/// Checks that the listed contacts exist.
async fn named(
    connection: &mut PgConnection,
    owner: &Owner,
    filter: &ContactFilter,
) -> Result<(), ActionError> {
    let Some(ids) = &filter.contacts else { return Ok(()) };
    let existing = contacts::existing(connection, owner, ids, i64::MAX).await?;
    match ids.iter().find(|id| existing.binary_search(id).is_err()) {
        Some(id) => Err(missing(connection, owner, *id).await?),
        None => Ok(()),
    }
}

/// Returns the job, if its rows still say which contacts they created.
fn with_rows(id: JobId, job: Option<Job>) -> Result<Job, ActionError> {
    let job = job.ok_or(ActionError::NoJob(id))?;
    match job.rows_removed_at {
        Some(_) => Err(ActionError::RowsRemoved(id)),
        None => Ok(job),
    }
}
