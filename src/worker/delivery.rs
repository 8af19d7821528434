//! Handles one delivery of a message: runs its job and answers the queue.

use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::field::Empty;
use tracing::{Instrument, Span};

use super::Worker;
use super::object_events::{self, NoJobs};
use super::run::{self, End};
use super::stored_content::{self, NoContent};
use crate::domain::job::JobId;
use crate::domain::progress::Progress;
use crate::metrics::{Answered, Ended, METRICS};
use crate::pipeline::{Control, RunError};
use crate::propagation::continue_trace;
use crate::queue::{
    Body, Content, DeadLetter, DeadLetters, Delivery, JobMessage, S3Notification, Unreadable,
};
use crate::store::unreadable;

/// The answer to the queue about a message.
#[derive(Debug)]
enum Disposition {
    /// Done: delete the message.
    Ack,
    /// Not now: deliver it again after this time.
    RetryIn(Duration),
    /// Stopped early: deliver it again at once.
    Release,
    /// Cannot succeed: move it to the dead-letter queue.
    DeadLetter(String),
    /// No longer ours: do not answer.
    Silence,
}

impl Disposition {
    /// Returns its name in metrics.
    fn as_str(&self) -> &'static str {
        match self {
            Disposition::Ack => "ack",
            Disposition::RetryIn(_) => "retry",
            Disposition::Release => "release",
            Disposition::DeadLetter(_) => "dead_letter",
            Disposition::Silence => "none",
        }
    }

    /// Returns whether the message will not be delivered again.
    fn is_final(&self) -> bool {
        match self {
            Disposition::Ack | Disposition::DeadLetter(_) => true,
            Disposition::RetryIn(_) | Disposition::Release | Disposition::Silence => false,
        }
    }
}

/// Handles one delivery from end to end.
pub(crate) async fn handle(worker: &Worker, delivery: Delivery, stop: CancellationToken) {
    let span = span(worker, &delivery);
    continue_trace(&span, &delivery.trace);
    let started = Instant::now();
    async {
        let disposition = match content(worker, &delivery).await {
            Ok(Content::Job(message)) => work(worker, &delivery, &message, stop).await,
            Ok(Content::S3(notification)) => make_jobs(worker, &delivery, &notification).await,
            Err(NoContent::Unreadable(message)) => {
                refuse(worker, &delivery, &message, Disposition::Silence).await
            }
            Err(NoContent::Unavailable(error)) => {
                let delay = worker.policy.delay(1);
                tracing::warn!(%error, retry_in_seconds = delay.as_secs_f64(), "cannot read the content of a message; retrying");
                Disposition::RetryIn(delay)
            }
        };
        let answer = disposition.as_str();
        if let Disposition::DeadLetter(_) = &disposition {
            METRICS.dead_letters.inc();
        }
        carry_out(delivery, disposition).await;
        Span::current().record("ingest.answer", answer);
        let answered = Answered { messaging_system: worker.queue.system(), answer };
        METRICS.answers.get_or_create(&answered).observe(started.elapsed().as_secs_f64());
    }
    .instrument(span)
    .await;
}

fn span(worker: &Worker, delivery: &Delivery) -> Span {
    let (system, queue) = (worker.queue.system(), worker.queue.destination());
    tracing::info_span!(
        "delivery",
        message_id = %delivery.message_id,
        delivery_attempt = delivery.attempt,
        otel.name = format!("process {queue}"),
        otel.kind = "consumer",
        messaging.system = system,
        messaging.destination.name = queue,
        messaging.operation.name = "process",
        messaging.operation.type = "process",
        messaging.message.id = %delivery.message_id,
        ingest.wait_seconds = delivery.waited.map(|waited| waited.as_secs_f64()),
        ingest.answer = Empty,
    )
}

async fn content(worker: &Worker, delivery: &Delivery) -> Result<Content, NoContent> {
    match &delivery.body {
        Ok(Body::Content(content)) => Ok(content.clone()),
        Ok(Body::Stored(stored)) => stored_content::read(&worker.context.objects, stored).await,
        Err(unreadable) => Err(NoContent::Unreadable(unreadable.clone())),
    }
}

/// Returns a message whose job could not be started.
pub(crate) async fn decline(delivery: Delivery) {
    tracing::debug!(message_id = %delivery.message_id, "declined a large job: only small jobs can start");
    if let Err(unfinished) = delivery.decline().await {
        tracing::warn!(error = %unfinished.error, "cannot decline a message; it returns after its visibility timeout");
    }
}

/// Works on the job while a heartbeat hides the message.
async fn work(
    worker: &Worker,
    delivery: &Delivery,
    message: &JobMessage,
    stop: CancellationToken,
) -> Disposition {
    let heartbeat = delivery.heartbeat();
    let progress = watch::Sender::new(Progress::default());
    let control = Control { progress, stop, lost: vec![heartbeat.lost().clone()] };
    let end = run::job(&worker.context, &worker.policy, message.job_id, delivery.sent_at, &control).await;
    heartbeat.stop().await;
    METRICS.ends.get_or_create(&Ended { outcome: end.as_str() }).inc();
    let disposition = disposition(message.job_id, end);
    if disposition.is_final()
        && let Err(error) = worker.queue.note_answered(&worker.context.pool, message.job_id).await
    {
        // At worst the message is sent again, and its run finds the job done.
        tracing::warn!(job_id = message.job_id.0, %error, "cannot clear the job's request for a run");
    }
    disposition
}

fn disposition(job: JobId, end: End) -> Disposition {
    let job_id = job.0;
    match end {
        End::Finished(_) => Disposition::Ack,
        End::Refused(RunError::Object(error)) => {
            tracing::warn!(job_id, %error, "job failed because of its file");
            Disposition::Ack
        }
        End::Refused(_) => {
            // The reason is in the job's row. It quotes the header, which may be personal data, so it is not
            // logged.
            tracing::warn!(job_id, "job failed because of its file");
            Disposition::Ack
        }
        End::GivenUp(error) => {
            tracing::error!(job_id, %error, "job failed");
            Disposition::DeadLetter(error.to_string())
        }
        End::Completed => {
            tracing::info!(job_id, "skipped: the job is COMPLETED");
            Disposition::Ack
        }
        End::Failed => {
            tracing::info!(job_id, "skipped: the job failed after this message was sent");
            Disposition::Ack
        }
        End::Cancelled => {
            tracing::info!(job_id, "skipped: the job was cancelled");
            Disposition::Ack
        }
        End::RowsRemoved => {
            tracing::warn!(
                job_id,
                "skipped: the rows of the job were removed after STAGING_RETENTION_DAYS; import its file again"
            );
            Disposition::Ack
        }
        End::Unknown => {
            tracing::warn!(job_id, "skipped: the job does not exist");
            Disposition::Ack
        }
        End::Busy(left) => {
            tracing::info!(job_id, seconds = left.as_secs(), "skipped: another run holds the job's lease");
            Disposition::RetryIn(left + Duration::from_secs(1))
        }
        End::Stopped => {
            tracing::info!(job_id, "run stopped after a chunk; released the message");
            Disposition::Release
        }
        End::LeaseLost => {
            tracing::warn!(job_id, "run stopped: lost its lease or message");
            Disposition::Silence
        }
        End::Unavailable(error, delay) => {
            tracing::warn!(job_id, %error, retry_in_seconds = delay.as_secs_f64(), "cannot run the job; releasing the message");
            Disposition::RetryIn(delay)
        }
    }
}

/// Makes jobs of events of S3 while a heartbeat hides the message.
async fn make_jobs(worker: &Worker, delivery: &Delivery, notification: &S3Notification) -> Disposition {
    let heartbeat = delivery.heartbeat();
    let made = object_events::make_jobs(worker, &notification.events).await;
    heartbeat.stop().await;
    match made {
        Ok(()) => Disposition::Ack,
        Err(NoJobs::Refused(reason)) => {
            let message = Unreadable { raw: notification.raw.clone(), reason };
            // At once, since only then the dead letter has the reason.
            let dead_letter = Disposition::DeadLetter(message.to_string());
            refuse(worker, delivery, &message, dead_letter).await
        }
        Err(NoJobs::Unavailable(error)) => {
            let delay = worker.policy.delay(1);
            tracing::warn!(%error, retry_in_seconds = delay.as_secs_f64(), "cannot make jobs of events of S3; retrying");
            Disposition::RetryIn(delay)
        }
    }
}

/// Decides about a message that nobody can use, which is never deleted silently. With a dead-letter queue, the answer is
/// `for_dead_letters`: [`Disposition::Silence`] lets the redrive policy move the message after its last delivery. Without such a
/// queue, the database stores the message for a person.
async fn refuse(
    worker: &Worker,
    delivery: &Delivery,
    message: &Unreadable,
    for_dead_letters: Disposition,
) -> Disposition {
    METRICS.unreadable.inc();
    tracing::error!(reason = %message.reason, "invalid message");
    match worker.queue.check().await.map(|health| health.dead_letters) {
        Ok(DeadLetters::None) => {}
        Ok(DeadLetters::Queue { .. } | DeadLetters::Jobs) => return for_dead_letters,
        // The message is delivered again.
        Err(_) => return Disposition::Silence,
    }
    match unreadable::keep(&worker.context.pool, &delivery.message_id, &message.raw, &message.reason).await {
        Ok(()) => Disposition::Ack,
        Err(error) => {
            tracing::warn!(%error, "cannot store the invalid message");
            Disposition::RetryIn(worker.policy.delay(1))
        }
    }
}

async fn carry_out(delivery: Delivery, disposition: Disposition) {
    let done = match disposition {
        Disposition::Silence => return,
        Disposition::Ack => delivery.ack().await,
        Disposition::RetryIn(delay) => delivery.retry_in(delay).await,
        Disposition::Release => delivery.release().await,
        Disposition::DeadLetter(reason) => match delivery.dead_letter(&reason).await {
            Ok(DeadLetter::Moved) => Ok(()),
            // The job's row stores the failure and its reason.
            Ok(DeadLetter::NoQueue(delivery)) => delivery.ack().await,
            Err(unfinished) => Err(unfinished),
        },
    };
    if let Err(unfinished) = done {
        // The message is delivered again automatically; its job is run then, or found done.
        tracing::warn!(error = %unfinished.error, "cannot acknowledge or release the message");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::interpretation::RepeatDifferences;
    use crate::domain::job::JobStatus;
    use crate::pipeline::{Outcome, Statistics};

    fn answer(end: End) -> String {
        match disposition(JobId(1), end) {
            Disposition::RetryIn(delay) => format!("retry in {} s", delay.as_secs()),
            Disposition::DeadLetter(reason) => format!("dead letter: {reason}"),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn each_result_of_a_run_has_its_answer_to_the_queue() {
        let outcome = Outcome {
            status: JobStatus::Completed,
            statistics: Statistics::default(),
            open_issues: Vec::new(),
            interpretation: None,
            repeats: RepeatDifferences::default(),
        };
        let cut_off = || RunError::CutOff { runs: 5 };
        let ten = Duration::from_secs(10);
        for (end, expected) in [
            (End::Finished(outcome), "Ack"),
            (End::Refused(RunError::Replaced), "Ack"),
            (End::Completed, "Ack"),
            (End::Failed, "Ack"),
            (End::Cancelled, "Ack"),
            (End::RowsRemoved, "Ack"),
            (End::Unknown, "Ack"),
            (End::Busy(ten), "retry in 11 s"),
            (End::Unavailable(RunError::Stopped, ten), "retry in 10 s"),
            (End::Stopped, "Release"),
            (End::LeaseLost, "Silence"),
            (End::GivenUp(cut_off()), &format!("dead letter: {}", cut_off())),
        ] {
            assert_eq!(answer(end), expected);
        }
    }
}
