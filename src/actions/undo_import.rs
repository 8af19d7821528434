//! An import taken back: the contacts that it made go, those that it changed get their earlier values, and those
//! that somebody has changed since are kept and named.

use std::time::Duration;

use serde_json::json;
use sqlx::PgConnection;

use super::{ActionError, Request, job};
use crate::domain::decision::ActionKind;
use crate::domain::job::{JobId, JobStatus};
use crate::store::jobs::RowCounts;
use crate::store::{OwnerPool, contact_changes, contacts, jobs};

/// Contacts that are named when they were kept.
const NAMED: i64 = 1000;
/// How often the owner's turn is asked for, a quarter of a second apart.
const TRIES: u32 = 40;

/// What was taken back.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Undone {
    /// The action on record.
    pub action: i64,
    /// Contacts that the job had made, and that are gone.
    pub removed: i64,
    /// Contacts that the job had changed, and that have their earlier values again.
    pub restored: i64,
    /// Contacts of the job that somebody has changed since, and that were kept: the first thousand.
    pub kept: Vec<i64>,
}

/// Takes back what a job has imported. The job is under review again, with the rows of removed and restored
/// contacts READY, so that another run brings them in anew.
pub async fn undo_import(owners: &OwnerPool, request: &Request, id: JobId) -> Result<Undone, ActionError> {
    let mut transaction = owners.begin(&request.owner).await?;
    if let Some(earlier) = request.earlier(&mut transaction).await? {
        return Ok(earlier);
    }
    let found = job::idle(&mut transaction, request, id).await?;
    if !matches!(found.status, JobStatus::Completed | JobStatus::NeedsReview | JobStatus::Failed) {
        let reason = "it has imported nothing yet";
        return Err(ActionError::Unfit { job: id, status: found.status, reason });
    }
    wait_for_turn(&mut transaction, request).await?;
    let action = request.record(&mut transaction, ActionKind::UndoImport, Some(id), &json!({})).await?;
    let (owner, home) = (&request.owner, found.home());
    let restored = contact_changes::restore(&mut transaction, owner, home, action).await?;
    let removed = contacts::remove_made(&mut transaction, owner, home).await?;
    let mut kept = contacts::made(&mut transaction, owner, home, NAMED).await?;
    kept.extend(contact_changes::changed_since(&mut transaction, owner, id, NAMED).await?);
    kept.sort_unstable();
    kept.dedup();
    kept.truncate(NAMED as usize);
    if removed + restored == 0 && kept.is_empty() {
        let reason = "there is nothing to take back";
        return Err(ActionError::Unfit { job: id, status: found.status, reason });
    }
    let back = removed + restored;
    let moves = RowCounts { ready: back, consolidated: -back, ..RowCounts::default() };
    jobs::move_rows(&mut transaction, id, &moves).await?;
    jobs::reopen(&mut transaction, id).await?;
    let undone = Undone { action, removed, restored, kept };
    request.finish(&mut transaction, action, Some(id), &undone).await?;
    transaction.commit().await?;
    Ok(undone)
}

/// Imports of one owner take turns: what they have seen of the contacts must hold until they end.
async fn wait_for_turn(connection: &mut PgConnection, request: &Request) -> Result<(), ActionError> {
    for _ in 0..TRIES {
        if contacts::try_lock_owner(connection, &request.owner).await? {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    Err(ActionError::Busy)
}
