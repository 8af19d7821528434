//! Undoes an action: restores the rows that it changed, or the contacts that it deleted. An undo can be previewed.

use serde_json::json;
use sqlx::PgConnection;

use super::decide::{in_review, validated, write};
use super::effect::{Effect, RestoredContacts};
use super::validate::{Validated, Warning};
use super::{ActionError, Request, delete_contacts};
use crate::domain::decision::ActionKind;
use crate::domain::ids::{ActionId, RowId};
use crate::domain::job::JobId;
use crate::store::decided::{self, Counts, Settled};
use crate::store::jobs::Job;
use crate::store::{OwnerPool, actions};

/// Maximum number of rows to list that an undo skipped.
const NAMED: i64 = 100;

/// Undoes an action: restores its rows, except those changed since, or the contacts that it deleted. An undo can be undone as
/// well, unless it has restored contacts.
pub async fn undo(owners: &OwnerPool, request: &Request, action: ActionId) -> Result<Effect, ActionError> {
    let mut transaction = owners.begin(&request.owner).await?;
    if let Some(earlier) = request.earlier(&mut transaction).await? {
        return Ok(earlier);
    }
    let Some(job) = job_of(&mut transaction, request, action).await? else {
        return delete_contacts::undo(transaction, request, action).await;
    };
    let (job, left) = choose_earlier(&mut transaction, request, job, action).await?;
    let parameters = json!({ "action": action });
    let (kind, same) = (ActionKind::Undo, |effect| effect);
    let effect: Effect = write(&mut transaction, request, &job, kind, &parameters, left, same).await?;
    if let Some(undo) = effect.action {
        actions::mark_undone(&mut transaction, action, undo).await?;
    }
    transaction.commit().await?;
    Ok(effect)
}

/// What undoing an action would do.
#[derive(Debug, Clone, serde::Serialize)]
pub struct UndoPreview {
    /// The rows that would change, by kind of change.
    pub changed: Counts,
    /// The issues that the undo would resolve, reopen and raise.
    pub issues: Settled,
    /// Like those of an [`Effect`].
    pub warnings: Vec<Warning>,
    /// Rows that would be skipped, because somebody has changed them since: the first hundred.
    pub left: Vec<RowId>,
    /// The contacts of a deletion; `None` for decisions about rows.
    pub contacts: Option<RestoredContacts>,
}

/// Returns what undoing an action would do, without changing anything.
pub async fn preview_undo(
    owners: &OwnerPool,
    request: &Request,
    action: ActionId,
) -> Result<UndoPreview, ActionError> {
    let mut transaction = owners.begin(&request.owner).await?;
    let Some(job) = job_of(&mut transaction, request, action).await? else {
        let contacts = Some(delete_contacts::preview_undo(transaction, request, action).await?);
        let (changed, issues) = (Counts::default(), Settled::default());
        return Ok(UndoPreview { changed, issues, warnings: Vec::new(), left: Vec::new(), contacts });
    };
    let (job, left) = choose_earlier(&mut transaction, request, job, action).await?;
    let changed = decided::counts(&mut transaction, job.tables()).await?;
    let Validated { opened, warnings } = validated(&mut transaction, &job, changed).await?;
    let settled = decided::would_resolve(&mut transaction, job.tables(), job.required).await?;
    transaction.rollback().await?;
    Ok(UndoPreview { changed, issues: settled.with(opened), warnings, left, contacts: None })
}

/// Returns the job whose rows an action has changed; `None` if the action has deleted contacts.
async fn job_of(
    connection: &mut PgConnection,
    request: &Request,
    action: ActionId,
) -> Result<Option<JobId>, ActionError> {
    let found = actions::get(connection, &request.owner, action).await?;
    let found = found.ok_or(ActionError::NoAction(action))?;
    if found.kind == ActionKind::DeleteContacts {
        return Ok(None);
    }
    match (found.job, found.kind == ActionKind::Undo) {
        (Some(job), _) => Ok(Some(job)),
        (None, true) => Err(ActionError::RestoredContacts(action)),
        (None, false) => Err(ActionError::NotUndoable(action)),
    }
}

/// Chooses the earlier values of the rows that an action has changed. Returns the job, locked, and rows that have changed
/// since.
async fn choose_earlier(
    connection: &mut PgConnection,
    request: &Request,
    job: JobId,
    action: ActionId,
) -> Result<(Job, Vec<RowId>), ActionError> {
    let job = in_review(connection, &request.owner, job).await?;
    // Reads the action again under the lock: of two concurrent undos, the second fails.
    let found = actions::get(connection, &request.owner, action).await?;
    let is_undone = found.is_none_or(|found| found.undone_by.is_some());
    if is_undone || !actions::has_rows(connection, action).await? {
        return Err(ActionError::NotUndoable(action));
    }
    decided::create(connection).await?;
    decided::fill_undo(connection, job.tables(), action).await?;
    let left = decided::not_undone(connection, action, NAMED).await?;
    Ok((job, left))
}
