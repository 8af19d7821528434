//! The size of a job that was received while only a small one could start.

use std::time::Duration;

use crate::domain::job::JobSize;
use crate::pipeline::{Context, RunError};
use crate::queue::{Body, Content, Delivery, JobMessage};
use crate::store::job_size;

/// How long a look-up may take: less than a message stays hidden.
const PATIENCE: Duration = Duration::from_secs(10);

/// Returns the size of the delivery's job, or `None` if it cannot be found out now.
pub(super) async fn look_up(context: &Context, delivery: &Delivery) -> Option<JobSize> {
    let message = match &delivery.body {
        Ok(Body::Content(Content::Job(message))) => message,
        // Jobs are made of events, and run only when their own messages are received.
        Ok(Body::Content(Content::S3(_))) | Err(_) => return Some(JobSize::Small),
        // The job is not known yet.
        Ok(Body::Stored(_)) => return Some(JobSize::Large),
    };
    let job_id = message.job_id.0;
    match tokio::time::timeout(PATIENCE, of_job(context, message)).await {
        Ok(Ok(size)) => Some(size),
        // The run of the job fails at once.
        Ok(Err(error)) if !error.is_transient() => Some(JobSize::Small),
        Ok(Err(error)) => {
            tracing::warn!(job_id, %error, "cannot look up the size of a job");
            None
        }
        Err(_) => {
            tracing::warn!(job_id, "cannot look up the size of a job in time");
            None
        }
    }
}

async fn of_job(context: &Context, message: &JobMessage) -> Result<JobSize, RunError> {
    let (pool, job) = (&context.pool, message.job_id);
    if let Some(size) = job_size::get(pool, job).await? {
        return Ok(size);
    }
    let (_, bytes) = context.objects.head(&message.s3_key).await?;
    let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
    let size = JobSize::of(0, bytes);
    if size == JobSize::Large {
        // The database queue does not return the job again while only a small one can start.
        job_size::set_file_bytes(pool, job, bytes).await?;
    }
    Ok(size)
}
