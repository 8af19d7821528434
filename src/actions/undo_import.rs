//! Undoes an import: deletes the contacts that it created, restores those that it changed, and skips and reports
//! those that somebody has changed since.

use std::future::Future;
use std::time::{Duration, Instant};

use serde_json::json;
use sqlx::{PgConnection, PgPool};

use super::{ActionError, Request, job};
use crate::domain::decision::ActionKind;
use crate::domain::ids::{ActionId, ContactId};
use crate::domain::job::{JobId, JobStatus};
use crate::store::jobs::{Job, RowCounts};
use crate::store::undo_progress::{self, UndoProgress};
use crate::store::{JobTables, OwnerPool, StoreError, contacts, imported, jobs, wanted};

/// Maximum number of skipped contacts to list.
const NAMED: i64 = 1000;
/// How often to try for the owner's turn, at intervals of a quarter of a second.
const TRIES: u32 = 40;
/// Minimum time between two progress updates.
const INTERVAL: Duration = Duration::from_millis(250);
/// How long an undo waits for a progress update to be written.
const PATIENCE: Duration = Duration::from_secs(1);

/// The result of undoing an import.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Undone {
    /// The recorded action.
    pub action: ActionId,
    /// Contacts created by the job that were deleted.
    pub removed: i64,
    /// Contacts changed by the job that have their earlier values again.
    pub restored: i64,
    /// Contacts of the job that somebody has changed since and that were skipped: the first thousand.
    pub kept: Vec<ContactId>,
}

/// What undoing an import would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct UndoImportPreview {
    /// Contacts created by the job that would be deleted.
    pub removed: i64,
    /// Contacts changed by the job that would have their earlier values again.
    pub restored: i64,
    /// Contacts of the job that somebody has changed since and that would be skipped.
    pub kept: i64,
}

/// Returns what undoing the import of a job would do, without changing anything.
pub async fn preview_undo_import(
    owners: &OwnerPool,
    request: &Request,
    id: JobId,
) -> Result<UndoImportPreview, ActionError> {
    let mut transaction = owners.begin(&request.owner).await?;
    let found = imported_job(&mut transaction, request, id).await?;
    let total = imported::gather(&mut transaction, &request.owner, found.tables()).await?;
    let mut preview = UndoImportPreview { removed: 0, restored: 0, kept: 0 };
    let mut done = 0;
    while done < total {
        let (restored, removed) =
            imported::preview(&mut transaction, &request.owner, found.tables(), done).await?;
        preview.restored += restored.undone;
        preview.removed += removed.undone;
        preview.kept += restored.kept + removed.kept;
        done += imported::PART;
    }
    transaction.rollback().await?;
    if preview == (UndoImportPreview { removed: 0, restored: 0, kept: 0 }) {
        return Err(nothing_to_undo(&found));
    }
    Ok(preview)
}

/// Locks a job that may have imported contacts and returns it.
async fn imported_job(
    connection: &mut PgConnection,
    request: &Request,
    id: JobId,
) -> Result<Job, ActionError> {
    let found = job::idle(connection, request, id).await?;
    match found.status {
        JobStatus::Completed | JobStatus::NeedsReview | JobStatus::Failed => Ok(found),
        status @ (JobStatus::Pending | JobStatus::Processing) => {
            Err(ActionError::Unfit { job: id, status, reason: "it has imported nothing yet" })
        }
    }
}

fn nothing_to_undo(job: &Job) -> ActionError {
    ActionError::Unfit { job: job.id, status: job.status, reason: "there is nothing to take back" }
}

/// Undoes the import of a job. The job is under review again; the rows of deleted and restored contacts are READY,
/// so that another run imports them again. Reports progress in [`undo_progress`].
pub async fn undo_import(owners: &OwnerPool, request: &Request, id: JobId) -> Result<Undone, ActionError> {
    let mut reporter = Reporter { pool: owners.control(), job: id, last: None };
    let undone = undo_reporting(owners, request, id, &mut reporter).await;
    reporter.end().await;
    undone
}

async fn undo_reporting(
    owners: &OwnerPool,
    request: &Request,
    id: JobId,
    reporter: &mut Reporter<'_>,
) -> Result<Undone, ActionError> {
    let mut transaction = owners.begin(&request.owner).await?;
    if let Some(earlier) = request.earlier(&mut transaction).await? {
        return Ok(earlier);
    }
    let found = imported_job(&mut transaction, request, id).await?;
    wait_for_turn(&mut transaction, request).await?;
    let action = request.record(&mut transaction, ActionKind::UndoImport, Some(id), &json!({})).await?;
    reporter.report(0, found.counts.consolidated).await;
    let undone = undo_all(&mut transaction, request, found.tables(), action, reporter).await?;
    if undone.removed + undone.restored == 0 && undone.kept.is_empty() {
        return Err(nothing_to_undo(&found));
    }
    let back = undone.removed + undone.restored;
    let moves = RowCounts { ready: back, consolidated: -back, ..RowCounts::default() };
    jobs::move_rows(&mut transaction, id, &moves).await?;
    wanted::withdraw(&mut transaction, id).await?;
    jobs::reopen(&mut transaction, id).await?;
    request.finish(&mut transaction, action, Some(id), &undone).await?;
    transaction.commit().await?;
    Ok(undone)
}

/// Undoes all that the job created and changed, one part at a time.
async fn undo_all(
    connection: &mut PgConnection,
    request: &Request,
    tables: JobTables,
    action: ActionId,
    reporter: &mut Reporter<'_>,
) -> Result<Undone, ActionError> {
    let total = imported::gather(connection, &request.owner, tables).await?;
    let mut undone = Undone { action, removed: 0, restored: 0, kept: Vec::new() };
    let mut done = 0;
    while done < total {
        let restored = imported::restore(connection, tables, done, action).await?;
        let removed = imported::remove(connection, &request.owner, tables, done).await?;
        undone.restored += restored.undone;
        undone.removed += removed.undone;
        let room = usize::try_from(NAMED).unwrap_or_default().saturating_sub(undone.kept.len());
        undone.kept.extend(restored.kept.into_iter().chain(removed.kept).take(room));
        done += imported::PART;
        reporter.report(done.min(total), total).await;
    }
    undone.kept = contacts::existing(connection, &request.owner, &undone.kept, NAMED).await?;
    Ok(undone)
}

/// Reports the progress of an undo. Nothing depends on it: an update that cannot be written at once is skipped.
struct Reporter<'a> {
    pool: &'a PgPool,
    job: JobId,
    /// When the last update was written.
    last: Option<Instant>,
}

impl Reporter<'_> {
    async fn report(&mut self, done: i64, total: i64) {
        // An undo of a single part ends too soon for anybody to see its progress.
        if total <= imported::PART || self.last.is_some_and(|last| last.elapsed() < INTERVAL) {
            return;
        }
        let progress = UndoProgress { done, total };
        self.attempt(undo_progress::write(self.pool, self.job, progress)).await;
        self.last = Some(Instant::now());
    }

    async fn end(self) {
        if self.last.is_some() {
            self.attempt(undo_progress::remove(self.pool, self.job)).await;
        }
    }

    async fn attempt(&self, write: impl Future<Output = Result<(), StoreError>>) {
        match tokio::time::timeout(PATIENCE, write).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(job_id = self.job.0, %error, "cannot write the progress"),
            Err(_) => tracing::debug!(job_id = self.job.0, "timed out writing the progress"),
        }
    }
}

/// Imports of one owner take turns, so that the contacts they have read do not change until they end.
pub(super) async fn wait_for_turn(
    connection: &mut PgConnection,
    request: &Request,
) -> Result<(), ActionError> {
    for _ in 0..TRIES {
        if contacts::try_turn(connection, &request.owner).await?.taken {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    Err(ActionError::Busy)
}
