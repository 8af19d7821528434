//! Actions on a whole job.

use serde_json::json;
use sqlx::PgConnection;

use super::{ActionError, Request, enqueue};
use crate::domain::decision::ActionKind;
use crate::domain::failure::Failure;
use crate::domain::ids::ActionId;
use crate::domain::job::{ImportPolicy, JobId, JobStatus};
use crate::objects::Objects;
use crate::queue::Queue;
use crate::store::jobs::{self, Job, RowCounts};
use crate::store::{JobTables, Matches, OwnerPool, StoreError, actions, issues, own_tables, staging, wanted};
use crate::texts::failure_for_job;

/// The result of an action on a job.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Changed {
    /// The recorded action.
    pub action: ActionId,
    /// The job.
    pub job: JobId,
    /// Its status before.
    pub before: JobStatus,
    /// Its status after; `None` if it is deleted.
    pub after: Option<JobStatus>,
}

/// Requests a run of a job that is under review, FAILED, cancelled, or stuck. Sends a message to `queue`; without
/// a queue, the caller runs the job itself.
pub async fn reprocess(
    owners: &OwnerPool,
    queue: Option<&Queue>,
    request: &Request,
    id: JobId,
) -> Result<Changed, ActionError> {
    let mut transaction = owners.begin(&request.owner).await?;
    if let Some(earlier) = request.earlier(&mut transaction).await? {
        return Ok(earlier);
    }
    let job = idle(&mut transaction, request, id).await?;
    if job.status == JobStatus::Completed {
        let reason = "there is nothing left to do; undo the import to decide again";
        return Err(ActionError::Unfit { job: id, status: job.status, reason });
    }
    let after_commit = enqueue(&mut transaction, queue, id, &job.object_key).await?;
    let done = record(&mut transaction, request, ActionKind::Reprocess, &job, Some(job.status)).await?;
    transaction.commit().await?;
    after_commit.send().await?;
    Ok(done)
}

/// Cancels a job that is not COMPLETED and not running.
pub async fn cancel(owners: &OwnerPool, request: &Request, id: JobId) -> Result<Changed, ActionError> {
    let mut transaction = owners.begin(&request.owner).await?;
    if let Some(earlier) = request.earlier(&mut transaction).await? {
        return Ok(earlier);
    }
    let job = idle(&mut transaction, request, id).await?;
    if job.status == JobStatus::Completed {
        let reason = "it is too late to cancel it; the import can be undone";
        return Err(ActionError::Unfit { job: id, status: job.status, reason });
    }
    wanted::withdraw(&mut transaction, id).await?;
    let reason = Failure::Cancelled { by: request.actor.clone() };
    jobs::cancel(&mut transaction, id, &reason, &failure_for_job(&reason, id)).await?;
    let done = record(&mut transaction, request, ActionKind::Cancel, &job, Some(JobStatus::Failed)).await?;
    transaction.commit().await?;
    Ok(done)
}

/// Sets when a job's valid rows become contacts; the next run uses it.
pub async fn set_policy(
    owners: &OwnerPool,
    request: &Request,
    id: JobId,
    policy: ImportPolicy,
) -> Result<Changed, ActionError> {
    let mut transaction = owners.begin(&request.owner).await?;
    if let Some(earlier) = request.earlier(&mut transaction).await? {
        return Ok(earlier);
    }
    let job = idle(&mut transaction, request, id).await?;
    jobs::set_policy(&mut transaction, id, policy).await?;
    let parameters = json!({ "before": job.policy, "after": policy });
    let action = request.record(&mut transaction, ActionKind::Policy, Some(id), &parameters).await?;
    let done = Changed { action, job: id, before: job.status, after: Some(job.status) };
    request.finish(&mut transaction, action, Some(id), &done).await?;
    transaction.commit().await?;
    Ok(done)
}

/// What the deletion of a job deletes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobDeletion {
    /// The name of the job's file.
    pub filename: String,
    /// Its rows.
    pub rows: i64,
    /// Its issues, open and resolved, up to ten thousand of each rule.
    pub issues: Matches,
    /// Whether the stored file is deleted.
    pub deletes_file: bool,
}

/// Returns what [`delete`] would delete. Fails like it.
pub async fn preview_delete(
    owners: &OwnerPool,
    request: &Request,
    id: JobId,
) -> Result<JobDeletion, ActionError> {
    let mut db = owners.read(&request.owner).await?;
    let job = jobs::get(&mut db, &request.owner, id).await?.ok_or(ActionError::NoJob(id))?;
    if job.running {
        return Err(ActionError::Running(id));
    }
    let progress = issues::progress(&mut db, &request.owner, job.tables).await?;
    db.rollback().await?;
    let issues = progress.iter().flat_map(|rule| [rule.open, rule.resolved]).map(Matches::from).fold(
        Matches { number: 0, is_all: true },
        |sum, rule| Matches { number: sum.number + rule.number, is_all: sum.is_all && rule.is_all },
    );
    let RowCounts { ready, with_issues, discarded, consolidated, repeated: _ } = job.counts;
    Ok(JobDeletion {
        rows: ready + with_issues + discarded + consolidated,
        issues,
        deletes_file: job.file_removed_at.is_none() && own_file(owners, &job).await?.is_some(),
        filename: job.filename,
    })
}

/// Returns the key of the job's file if this program has stored it and no other job reads it.
async fn own_file(owners: &OwnerPool, job: &Job) -> Result<Option<String>, ActionError> {
    let is_ours = job.content_hash.is_some();
    Ok(match is_ours && !jobs::shares_file(owners.control(), job.id).await? {
        true => Some(job.object_key.clone()),
        false => None,
    })
}

/// Deletes a job that is not running: its rows, its issues, and the personal data about it in the audit trail. Its
/// contacts stay. The file is deleted too if this program uploaded it.
pub async fn delete(
    owners: &OwnerPool,
    objects: &Objects,
    request: &Request,
    id: JobId,
) -> Result<Changed, ActionError> {
    let mut tries = 0;
    let (done, file) = loop {
        // Dropping the tables needs a lock for which nobody else must be made to wait long.
        match delete_once(owners, request, id).await {
            Err(ActionError::Busy) if tries < 20 => tries += 1,
            done => break done?,
        }
    };
    if let Some(key) = file {
        objects.delete(&key).await?;
    }
    Ok(done)
}

async fn delete_once(
    owners: &OwnerPool,
    request: &Request,
    id: JobId,
) -> Result<(Changed, Option<String>), ActionError> {
    let mut transaction = owners.begin(&request.owner).await?;
    if let Some(earlier) = request.earlier(&mut transaction).await? {
        return Ok((earlier, None));
    }
    let job = unclaimed(&mut transaction, request, id).await?;
    // Uses another connection, so it runs before this one locks the tables.
    let file = own_file(owners, &job).await?;
    let done = record(&mut transaction, request, ActionKind::Delete, &job, None).await?;
    delete_rows(&mut transaction, &job).await?;
    jobs::delete(&mut transaction, id).await?;
    actions::forget_data(&mut transaction, id).await?;
    transaction.commit().await?;
    Ok((done, file))
}

/// Deletes the rows and issues of a job.
pub(super) async fn delete_rows(connection: &mut PgConnection, job: &Job) -> Result<(), ActionError> {
    if job.has_tables {
        own_tables::drop(connection, job.id).await?;
    }
    issues::delete_all(connection, JobTables::Shared(job.id)).await?;
    staging::delete_shared(connection, job.id).await?;
    Ok(())
}

/// Locks the job for the rest of the transaction and returns it, if no run is working on it and it has its rows.
pub(super) async fn idle(
    connection: &mut PgConnection,
    request: &Request,
    id: JobId,
) -> Result<Job, ActionError> {
    let job = unclaimed(connection, request, id).await?;
    match job.rows_removed_at {
        Some(_) => Err(ActionError::RowsRemoved(id)),
        None => Ok(job),
    }
}

/// Locks the job for the rest of the transaction and returns it, if no run is working on it.
pub(super) async fn unclaimed(
    connection: &mut PgConnection,
    request: &Request,
    id: JobId,
) -> Result<Job, ActionError> {
    let running = |error: StoreError| match error.is_lock_timeout() {
        true => ActionError::Running(id),
        false => error.into(),
    };
    let job =
        jobs::lock(connection, &request.owner, id).await.map_err(running)?.ok_or(ActionError::NoJob(id))?;
    match job.running {
        true => Err(ActionError::Running(id)),
        false => Ok(job),
    }
}

async fn record(
    connection: &mut PgConnection,
    request: &Request,
    kind: ActionKind,
    job: &Job,
    after: Option<JobStatus>,
) -> Result<Changed, ActionError> {
    let id = job.id;
    let action = request.record(connection, kind, Some(id), &json!({})).await?;
    let done = Changed { action, job: id, before: job.status, after };
    request.finish(connection, action, Some(id), &done).await?;
    Ok(done)
}
