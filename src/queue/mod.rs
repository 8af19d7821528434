//! The queue of jobs to run: SQS, or the jobs table itself.
//!
//! The queue has three verbs. [`Queue::receive`] hides a message from others for the visibility timeout and
//! returns it as a [`Delivery`]. A [`Heartbeat`] renews the visibility timeout while the job runs. Finishing
//! (`ack`, `retry_in`, `release`, `decline`, `dead_letter`) consumes the delivery, and returns it if the queue cannot be
//! reached. Delivery is at least once: the job's lease, not the queue, guards what must happen only once.

mod body;
mod error;
pub(crate) mod heartbeat;
mod late;
pub mod message;
pub(crate) mod postgres;
mod s3_event;
pub(crate) mod sqs;

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span};

use crate::domain::job::JobId;
use crate::domain::permission::Permission;
use crate::propagation::TraceHeaders;
use crate::store::StoreError;
use crate::store::wanted::{self, Due};

pub use body::{Body, Content, StoredContent};
pub(crate) use error::QueueError;
pub(crate) use heartbeat::{Heartbeat, Renewable, Renewal};
use late::Late;
pub use message::{JobMessage, Unreadable};
pub use s3_event::{CreatedObject, S3Event, S3Notification, Sequencer};
use sqs::dead_letters::DeadLetterQueue;
pub(crate) use sqs::dead_letters::{Handling, Letter};

/// The name of the queue in the jobs table.
pub(crate) const DATABASE: &str = "database";

/// A source of jobs to run. Clones share its connections.
#[derive(Clone)]
pub enum Queue {
    /// An SQS queue.
    Sqs(sqs::SqsQueue),
    /// The jobs table of the database.
    Postgres(postgres::PostgresQueue),
}

/// How messages are received.
#[derive(Debug, Clone, Copy)]
pub struct ReceiveOptions {
    /// Maximum number of messages per receive from SQS.
    pub max_messages: usize,
    /// How long one receive waits for the first message.
    pub wait: Duration,
    /// How long a received message stays hidden without renewal.
    pub visibility: Duration,
}

impl Queue {
    /// Returns the SQS queue at `url`. Does not connect yet.
    pub fn sqs(sdk: &aws_config::SdkConfig, url: &str, options: ReceiveOptions) -> Self {
        Self::Sqs(sqs::SqsQueue::new(sdk, url, options))
    }

    /// Returns the queue in the jobs table of the database that `pool` connects to. Opens one connection of its
    /// own outside the pool, for NOTIFY.
    pub fn postgres(pool: PgPool, options: ReceiveOptions) -> Self {
        Self::Postgres(postgres::PostgresQueue::new(pool, options))
    }

    /// Receives up to `at_most` messages: those available, else the first to arrive within the wait. Returns no
    /// messages if none arrived or `stop` was cancelled.
    ///
    /// Returns at once on a stop. The receive in progress continues for one more second, and messages that it
    /// still returns are released; [`Queue::drain`] waits for that. SQS may still answer a receive that was cut
    /// off and hide a message that nobody received, but never for longer than 30 seconds.
    pub async fn receive(
        &self,
        at_most: usize,
        stop: &CancellationToken,
    ) -> Result<Vec<Delivery>, QueueError> {
        match self {
            Self::Sqs(queue) => queue.receive(at_most, stop).await,
            Self::Postgres(queue) => queue.receive(at_most, stop).await,
        }
    }

    /// Receives a message for a worker that can start nothing but a small job. Returns no message if none arrived before
    /// `stop` or `can_start_any` was cancelled.
    ///
    /// The database leaves out jobs that are known to be large. SQS does not know sizes: the message may be for any job,
    /// and `can_start_any` does not end its poll, which would lose a message for 30 seconds. So the caller checks the size.
    pub(crate) async fn receive_small(
        &self,
        stop: &CancellationToken,
        can_start_any: &CancellationToken,
    ) -> Result<Vec<Delivery>, QueueError> {
        match self {
            Self::Sqs(queue) => queue.receive(1, stop).await,
            Self::Postgres(queue) => queue.receive_small(stop, can_start_any).await,
        }
    }

    /// Returns the kind of queue, after OpenTelemetry's `messaging.system`.
    pub(crate) fn system(&self) -> &'static str {
        match self {
            Self::Sqs(_) => "aws_sqs",
            Self::Postgres(_) => "postgresql",
        }
    }

    /// Returns the name of the queue, after OpenTelemetry's `messaging.destination.name`.
    pub(crate) fn destination(&self) -> &str {
        match self {
            Self::Sqs(queue) => queue.name(),
            Self::Postgres(_) => "jobs",
        }
    }

    /// Returns the name by which workers of this queue are listed and paused: the URL of the SQS queue, or [`DATABASE`].
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Sqs(queue) => queue.url(),
            Self::Postgres(_) => DATABASE,
        }
    }

    /// Returns whether small jobs may overtake others. In a FIFO queue they may not: its users want the order.
    pub(crate) fn lets_small_jobs_overtake(&self) -> bool {
        match self {
            Self::Sqs(queue) => !queue.is_fifo(),
            Self::Postgres(_) => true,
        }
    }

    /// Requests a run of a job within the caller's transaction. The returned message must be sent after the
    /// commit; if sending fails, [`Queue::resend_lost`] sends it later.
    pub async fn enqueue(
        &self,
        transaction: &mut PgConnection,
        message: JobMessage,
    ) -> Result<AfterCommit, StoreError> {
        match self {
            Self::Postgres(_) => {
                let want = wanted::want(transaction, message.job_id, Due::Now);
                want.instrument(self.sending(message.job_id)).await?;
                Ok(AfterCommit(None))
            }
            Self::Sqs(_) => {
                wanted::want(transaction, message.job_id, Due::InAMinute).await?;
                Ok(AfterCommit(Some((self.clone(), message))))
            }
        }
    }

    /// Records that no further run of a job is wanted, once its message is answered.
    pub async fn note_answered(&self, pool: &PgPool, job: JobId) -> Result<(), StoreError> {
        match self {
            // The message itself is the record.
            Self::Postgres(_) => Ok(()),
            Self::Sqs(_) => wanted::unwant(pool, job).await,
        }
    }

    /// Sends messages again that were lost: those of jobs that want a run, have no live lease and have waited for
    /// longer than `grace`. A message is lost if its sender dies or cannot reach the queue after the commit, or if
    /// the queue is purged. Returns the jobs whose message was sent.
    pub async fn resend_lost(&self, pool: &PgPool, grace: Duration) -> Result<Vec<JobId>, QueueError> {
        let Self::Sqs(_) = self else { return Ok(Vec::new()) };
        let found = wanted::stranded(pool, grace, RESENT).await;
        let found = found.map_err(QueueError::database("look for jobs without a message"))?;
        let mut sent = Vec::new();
        for (job_id, s3_key) in found {
            match self.send(&JobMessage { job_id, s3_key }).await {
                Ok(()) => sent.push(job_id),
                // Continues with the others; this one is tried again after a longer wait.
                Err(error) => {
                    tracing::warn!(job_id = job_id.0, %error, "cannot resend a lost message")
                }
            }
        }
        Ok(sent)
    }

    /// Sends a message that requests a run of its job.
    pub async fn send(&self, message: &JobMessage) -> Result<(), QueueError> {
        let send = async {
            match self {
                Self::Sqs(queue) => queue.send(message).await,
                Self::Postgres(queue) => queue.send(message).await,
            }
        };
        send.instrument(self.sending(message.job_id)).await
    }

    /// Returns the span of sending a message. The run of its job continues the trace.
    fn sending(&self, job: JobId) -> Span {
        tracing::info_span!(
            "send",
            otel.name = format!("send {}", self.destination()),
            otel.kind = "producer",
            messaging.system = self.system(),
            messaging.destination.name = self.destination(),
            messaging.operation.name = "send",
            messaging.operation.type = "send",
            ingest.job.id = job.0,
        )
    }

    /// Reports the queue's state for an operator. Fails if the queue cannot be reached or read.
    pub(crate) async fn check(&self) -> Result<QueueHealth, QueueError> {
        match self {
            Self::Sqs(queue) => queue.check().await,
            Self::Postgres(queue) => queue.check().await,
        }
    }

    /// Tries each call of SQS that the program makes, without changing a message. Fails if SQS cannot be reached.
    pub(crate) async fn permissions(&self) -> Result<Vec<Permission>, QueueError> {
        match self {
            Self::Sqs(queue) => queue.permissions().await,
            Self::Postgres(_) => Ok(Vec::new()),
        }
    }

    /// Returns the dead-letter queue. Returns `None` if there is none, so that only the jobs' own rows say what was given up.
    pub(crate) async fn dead_letter_queue(&self) -> Result<Option<DeadLetterQueue>, QueueError> {
        match self {
            Self::Sqs(queue) => queue.dead_letter_queue().await,
            Self::Postgres(_) => Ok(None),
        }
    }

    /// Sends a stored message back that could not be parsed. The database's queue consists of jobs and refuses it.
    pub(crate) async fn send_body(&self, id: &str, body: &str) -> Result<(), QueueError> {
        match self {
            Self::Sqs(queue) => queue.send_body(id, body).await,
            Self::Postgres(_) => Err(QueueError::NotAJob(id.to_owned())),
        }
    }

    /// Waits for up to `at_most` until late messages are released. Call it after the last receive, before the
    /// process exits. Returns `false` if a receive is still in progress.
    pub async fn drain(&self, at_most: Duration) -> bool {
        let late = match self {
            Self::Sqs(queue) => queue.late(),
            Self::Postgres(queue) => queue.late(),
        };
        late.drain(at_most).await
    }
}

/// Maximum number of messages sent again at a time.
const RESENT: i64 = 100;

/// The step that remains after the commit of a transaction that requested a run.
#[must_use = "the queue does not know of the job before the message is sent"]
#[derive(Debug)]
pub struct AfterCommit(Option<(Queue, JobMessage)>);

impl AfterCommit {
    /// No step: the caller starts the run itself.
    pub(crate) fn nothing() -> AfterCommit {
        AfterCommit(None)
    }

    /// Sends the message.
    pub async fn send(self) -> Result<(), QueueError> {
        match self.0 {
            Some((queue, message)) => queue.send(&message).await,
            None => Ok(()),
        }
    }
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl std::fmt::Display for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqs(queue) => queue.fmt(f),
            Self::Postgres(queue) => queue.fmt(f),
        }
    }
}

/// The state of a queue. Counts from SQS are approximate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QueueHealth {
    /// Messages that can be received.
    pub waiting: u64,
    /// Hidden messages: with a worker, or waiting for their next attempt.
    pub hidden: u64,
    /// The destination of messages that cannot be processed.
    pub dead_letters: DeadLetters,
}

/// The destination of messages that cannot be processed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DeadLetters {
    /// Another queue.
    Queue {
        /// Its name.
        name: String,
        /// The number of receives after which SQS itself moves a message there.
        max_receives: Option<u64>,
        /// Messages in it; `None` if it does not exist or may not be read.
        waiting: Option<u64>,
    },
    /// The job's own row.
    Jobs,
    /// None: the queue has no redrive policy.
    None,
}

/// The result of moving a message to the dead-letter queue.
#[derive(Debug)]
pub enum DeadLetter {
    /// The message was moved.
    Moved,
    /// There is no dead-letter queue. The delivery must be finished in another way.
    NoQueue(Box<Delivery>),
}

/// One receipt of one message. If it is dropped unfinished, the message is received again when its visibility
/// timeout expires.
pub struct Delivery {
    /// The queue's id of the message, for the log.
    pub message_id: String,
    /// How often the message was received, including this time. SQS counts approximately.
    pub attempt: u32,
    /// What the message contains, or why it cannot be parsed.
    pub body: Result<Body, Unreadable>,
    /// How long the message could be received before it was; `None` if the queue does not say. A message that SQS delivers
    /// again was hidden for an unknown part of that time.
    pub(crate) waited: Option<Duration>,
    /// What the message says about the trace that it continues.
    pub(crate) trace: TraceHeaders,
    /// When the message was sent, by the queue's clock, if several messages can request the same run.
    pub(crate) sent_at: Option<DateTime<Utc>>,
    received_at: Instant,
    receipt: Receipt,
}

#[derive(Clone)]
enum Receipt {
    Sqs(Arc<sqs::SqsReceipt>),
    Postgres(Arc<postgres::PostgresReceipt>),
}

/// A delivery that could not be finished, and why. Finishing it can be retried.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct Unfinished {
    /// The unchanged delivery.
    pub delivery: Delivery,
    /// Why the call to the queue failed.
    #[source]
    pub error: QueueError,
}

impl Delivery {
    /// Starts renewing the visibility timeout, until the heartbeat is stopped or dropped.
    pub fn heartbeat(&self) -> Heartbeat {
        let (receipt, received_at) = (self.receipt.clone(), self.received_at);
        let (first, visibility) = match &receipt {
            Receipt::Sqs(receipt) => (receipt.first_visibility(), receipt.visibility()),
            Receipt::Postgres(receipt) => (receipt.visibility(), receipt.visibility()),
        };
        Heartbeat::start(Renewable::Message, first, visibility, received_at, move || {
            let receipt = receipt.clone();
            async move {
                match receipt {
                    Receipt::Sqs(receipt) => receipt.extend(received_at).await,
                    Receipt::Postgres(receipt) => receipt.extend().await,
                }
            }
        })
    }

    /// Acknowledges finished work: removes the message.
    pub async fn ack(self) -> Result<(), Box<Unfinished>> {
        let done = match &self.receipt {
            Receipt::Sqs(receipt) => receipt.ack().await,
            Receipt::Postgres(receipt) => receipt.ack().await,
        };
        self.finished(done)
    }

    /// Returns the message to the queue after a transient failure, to be received again after `wait`. SQS counts
    /// in whole seconds, up to twelve hours from the receipt.
    pub async fn retry_in(self, wait: Duration) -> Result<(), Box<Unfinished>> {
        let done = match &self.receipt {
            Receipt::Sqs(receipt) => receipt.retry_in(wait, self.received_at).await,
            Receipt::Postgres(receipt) => receipt.retry_in(wait).await,
        };
        self.finished(done)
    }

    /// Returns the message to the queue without a failure, so that another worker can continue at once. Where the
    /// queue allows it, the receipt does not count as an attempt.
    pub async fn release(self) -> Result<(), Box<Unfinished>> {
        let done = match &self.receipt {
            Receipt::Sqs(receipt) => receipt.retry_in(Duration::ZERO, self.received_at).await,
            Receipt::Postgres(receipt) => receipt.release().await,
        };
        self.finished(done)
    }

    /// Returns how long the message may still be kept without a heartbeat before it is declined. The database has another
    /// worker receive the job at once, so there is no reason to keep it.
    pub(crate) fn patience(&self) -> Duration {
        match &self.receipt {
            Receipt::Sqs(receipt) => {
                (receipt.first_visibility() * 2 / 3).saturating_sub(self.received_at.elapsed())
            }
            Receipt::Postgres(_) => Duration::ZERO,
        }
    }

    /// Returns the message to the queue because it could not be started: the receipt does not count as an attempt, however
    /// often that happens. SQS counts every receipt, so there the message is replaced by a copy; after an error, both may
    /// be in the queue. Not for FIFO queues, where the copy would lose its position.
    pub async fn decline(self) -> Result<(), Box<Unfinished>> {
        let done = match &self.receipt {
            Receipt::Sqs(receipt) => receipt.replace().await,
            Receipt::Postgres(receipt) => receipt.decline().await,
        };
        self.finished(done)
    }

    /// Moves the message, with `reason`, to the dead-letter queue when further attempts are pointless. After an
    /// error the message may be in both queues.
    pub async fn dead_letter(self, reason: &str) -> Result<DeadLetter, Box<Unfinished>> {
        let moved = match &self.receipt {
            Receipt::Sqs(receipt) => receipt.dead_letter(&self.message_id, reason).await,
            Receipt::Postgres(receipt) => receipt.ack().await.map(|()| true),
        };
        match moved {
            Ok(true) => Ok(DeadLetter::Moved),
            Ok(false) => Ok(DeadLetter::NoQueue(Box::new(self))),
            Err(error) => Err(Box::new(Unfinished { delivery: self, error })),
        }
    }

    fn finished(self, done: Result<(), QueueError>) -> Result<(), Box<Unfinished>> {
        done.map_err(|error| Box::new(Unfinished { delivery: self, error }))
    }
}

impl std::fmt::Debug for Delivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Delivery");
        shown.field("message_id", &self.message_id).field("attempt", &self.attempt).finish_non_exhaustive()
    }
}
