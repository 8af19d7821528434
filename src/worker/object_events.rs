//! Makes jobs of events of S3 about new objects.
//!
//! Kill -9 at any instant neither loses nor doubles a job. One statement records the event, inserts the job and requests its
//! run. Before its commit nothing has happened, and the message is delivered again. After it, the event is known, so another
//! delivery makes no second job; and the request is in the database, so a message for the run that was never sent is sent by
//! [`Queue::resend_lost`](crate::queue::Queue::resend_lost). The message with the events is deleted last.

use super::Worker;
use crate::domain::job::Owner;
use crate::metrics::{Ended, METRICS};
use crate::objects::is_upload_key;
use crate::queue::{CreatedObject, JobMessage, S3Event, Sequencer};
use crate::store::StoreError;
use crate::store::object_events::{self, NewObject};

/// Why no jobs can be made of a message.
#[derive(Debug)]
pub(super) enum NoJobs {
    /// The message cannot be used as the worker is configured, for this reason.
    Refused(String),
    /// The database failed. Another delivery makes the jobs that are missing.
    Unavailable(StoreError),
}

/// Makes a job of each new object, and sends the messages for their runs. Makes none if the worker cannot use one of the
/// events.
pub(super) async fn make_jobs(worker: &Worker, events: &[S3Event]) -> Result<(), NoJobs> {
    for object in events.iter().filter_map(created) {
        check(worker, object).map_err(NoJobs::Refused)?;
    }
    for event in events {
        let outcome = handle(worker, event).await.map_err(NoJobs::Unavailable)?;
        METRICS.object_events.get_or_create(&Ended { outcome }).inc();
    }
    Ok(())
}

fn created(event: &S3Event) -> Option<&CreatedObject> {
    match event {
        S3Event::Created(object) => Some(object),
        S3Event::Other { .. } => None,
    }
}

/// Checks that the worker reads this bucket and knows whose its files are.
fn check(worker: &Worker, object: &CreatedObject) -> Result<(), String> {
    match worker.context.objects.bucket() {
        Some(bucket) if bucket == object.bucket => {}
        Some(bucket) => {
            return Err(format!("it is about bucket `{}`, and CSV_BUCKET_NAME is `{bucket}`", object.bucket));
        }
        None => return Err("it is about an object of S3, and CSV_BUCKET_NAME is not set".to_owned()),
    }
    match worker.owner_patterns.is_empty() {
        false => Ok(()),
        true => Err("it is an event of S3, and OWNER_PATTERN, which says whose file it is, is not set; set it, such as \
             to uploads/{owner}/{filename}, and send the message back with `ingest dead-letters redrive`"
            .to_owned()),
    }
}

/// Handles one event. Returns the name of the result in metrics.
///
/// Only the folder of a key is logged: the name of a file may be that of a person.
async fn handle(worker: &Worker, event: &S3Event) -> Result<&'static str, StoreError> {
    let object = match event {
        S3Event::Created(object) => object,
        S3Event::Other { name } => {
            tracing::info!(event = name, "ignored an event of S3 that is about no new object");
            return Ok("other");
        }
    };
    let folder = folder(&object.key);
    if object.is_folder() {
        tracing::info!(folder, "ignored an object that stands for a folder");
        return Ok("folder");
    }
    if is_upload_key(&object.key) {
        tracing::debug!(folder, "ignored an upload, which has a job");
        return Ok("upload");
    }
    let Some(owner) = worker.owner_patterns.owner(&object.key) else {
        tracing::warn!(folder, "ignored a new object: no pattern of OWNER_PATTERN matches its key");
        return Ok("unmatched");
    };
    make_job(worker, object, &owner).await
}

fn folder(key: &str) -> &str {
    key.rsplit_once('/').map_or("", |(folder, _)| folder)
}

async fn make_job(
    worker: &Worker,
    object: &CreatedObject,
    owner: &Owner,
) -> Result<&'static str, StoreError> {
    let new = NewObject {
        bucket: &object.bucket,
        key: &object.key,
        filename: object.filename(),
        owner,
        bytes: object.size,
        sequencer: object.sequencer.as_ref().map(Sequencer::as_str),
        version: &object.version,
    };
    let Some(job_id) = object_events::make_job(&worker.context.pool, &new).await? else {
        tracing::info!(
            "ignored an event of S3: it was received before, or a later one about the same object"
        );
        return Ok("repeated");
    };
    tracing::info!(job_id = job_id.0, "made a job of a new object");
    let message = JobMessage { job_id, s3_key: object.key.clone() };
    if let Err(error) = worker.queue.send(&message).await {
        tracing::warn!(job_id = job_id.0, %error, "cannot send the message of a new job; it is sent later");
    }
    Ok("job")
}
