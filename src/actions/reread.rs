//! Reads the file of a job again, with another encoding or header line.

use serde_json::json;

use super::job::{delete_rows, idle};
use super::{ActionError, Changed, Request, enqueue};
use crate::domain::decision::ActionKind;
use crate::domain::job::{JobId, JobStatus, ParseSettings};
use crate::objects::Objects;
use crate::queue::{AfterCommit, Queue};
use crate::store::jobs::{self, Job};
use crate::store::{OwnerPool, actions};

/// Returns whether the file of a job can be read again. Its rows are replaced then, so none may be a contact.
pub fn can_reread(job: &Job) -> bool {
    let is_open = matches!(job.status, JobStatus::NeedsReview | JobStatus::Failed);
    is_open && !job.running && job.undoing.is_none() && job.counts.consolidated == 0
}

/// Deletes the rows and issues of a job, with all decisions about them, and requests a run that reads its file with
/// `settings`; what they leave open is detected. Without a queue, the caller runs the job itself.
///
/// Fails if the file no longer exists, or if the job has imported contacts or is neither under review nor FAILED.
pub async fn reread(
    owners: &OwnerPool,
    objects: &Objects,
    queue: Option<&Queue>,
    request: &Request,
    id: JobId,
    settings: &ParseSettings,
) -> Result<Changed, ActionError> {
    let mut tries = 0;
    let (done, after_commit) = loop {
        // Dropping the tables needs a lock for which nobody else must be made to wait long.
        match reread_once(owners, objects, queue, request, id, settings).await {
            Err(ActionError::Busy) if tries < 20 => tries += 1,
            done => break done?,
        }
    };
    after_commit.send().await?;
    Ok(done)
}

async fn reread_once(
    owners: &OwnerPool,
    objects: &Objects,
    queue: Option<&Queue>,
    request: &Request,
    id: JobId,
    settings: &ParseSettings,
) -> Result<(Changed, AfterCommit), ActionError> {
    let mut transaction = owners.begin(&request.owner).await?;
    if let Some(earlier) = request.earlier(&mut transaction).await? {
        return Ok((earlier, AfterCommit::nothing()));
    }
    let job = idle(&mut transaction, request, id).await?;
    if !can_reread(&job) {
        let reason = match job.counts.consolidated {
            0 => "only the file of a job that is NEEDS_REVIEW or FAILED can be read again",
            _ => "rows of it are contacts; undo the import before the file is read again",
        };
        return Err(ActionError::Unfit { job: id, status: job.status, reason });
    }
    objects.head(&job.object_key).await?;
    delete_rows(&mut transaction, &job).await?;
    actions::forget_rows(&mut transaction, id).await?;
    jobs::restart(&mut transaction, id, settings).await?;
    let after_commit = enqueue(&mut transaction, queue, id, &job.object_key).await?;
    let parameters = json!({ "before": job.settings, "after": settings });
    let action = request.record(&mut transaction, ActionKind::Reread, Some(id), &parameters).await?;
    let done = Changed { action, job: id, before: job.status, after: Some(JobStatus::Pending) };
    request.finish(&mut transaction, action, Some(id), &done).await?;
    transaction.commit().await?;
    Ok((done, after_commit))
}
