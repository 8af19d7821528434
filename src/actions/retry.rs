//! Runs all failed jobs of an owner again that match a filter.

use super::job::reprocess;
use super::{ActionError, Idempotency, Request};
use crate::domain::job::JobId;
use crate::queue::Queue;
use crate::store::OwnerPool;
use crate::store::jobs::{self, FailedFilter};

/// Maximum number of jobs of one request. Each takes a transaction of its own, all of them 3 to 4 s on two busy cores. One
/// statement for all would need a second way to lock a job, to record its action under its own idempotency key, and to send its
/// message.
const AT_ONCE: i64 = 500;

/// The result of a retry.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Retried {
    /// Jobs that will run again.
    pub jobs: i64,
    /// Jobs that somebody else has run, changed or deleted meanwhile.
    pub skipped: i64,
    /// The job to continue after, if there are more than one request retries.
    pub next: Option<JobId>,
}

/// Requests a run of up to 500 failed jobs that match, newest first, starting after `after` if it is set. Sends messages to
/// `queue`.
///
/// Each job is an action of its own. So a request that was cut off can be sent again: the jobs that will run no longer
/// match, and under an idempotency key a job that has failed again since is not run once more.
pub async fn retry_failed(
    owners: &OwnerPool,
    queue: &Queue,
    request: &Request,
    which: &FailedFilter,
    after: Option<JobId>,
) -> Result<Retried, ActionError> {
    let mut db = owners.read(&request.owner).await?;
    let mut found = jobs::failed(&mut db, &request.owner, which, after, AT_ONCE + 1).await?;
    db.rollback().await?;
    let has_more = found.len() as i64 > AT_ONCE;
    found.truncate(AT_ONCE as usize);
    let mut retried = Retried { jobs: 0, skipped: 0, next: found.last().copied().filter(|_| has_more) };
    for id in found {
        match reprocess(owners, Some(queue), &of_job(request, id), id).await {
            Ok(_) => retried.jobs += 1,
            Err(
                ActionError::Running(_)
                | ActionError::NoJob(_)
                | ActionError::Unfit { .. }
                | ActionError::RowsRemoved(_),
            ) => retried.skipped += 1,
            Err(error) => return Err(error),
        }
    }
    Ok(retried)
}

/// Counts the failed jobs that match, up to ten thousand.
pub async fn count_failed(
    owners: &OwnerPool,
    request: &Request,
    which: &FailedFilter,
) -> Result<i64, ActionError> {
    let mut db = owners.read(&request.owner).await?;
    let count = jobs::count_failed(&mut db, &request.owner, which).await?;
    db.rollback().await?;
    Ok(count.number())
}

/// Returns the request for one of the jobs.
fn of_job(request: &Request, job: JobId) -> Request {
    let idempotency = request.idempotency.as_ref().map(|Idempotency { key, fingerprint }| Idempotency {
        key: format!("{key} job {job}"),
        fingerprint: fingerprint.clone(),
    });
    Request { idempotency, ..request.clone() }
}
