//! The queue of jobs to run: SQS, or the jobs table itself.
//!
//! Three verbs. [`Queue::receive`] hides a message from others for the visibility timeout and hands it
//! over as a [`Delivery`]; a [`Heartbeat`] keeps it hidden while its job runs; finishing (`ack`,
//! `retry_in`, `release`, `dead_letter`) consumes the delivery and gives it back where the queue could
//! not be told. Delivery is at least once: what must happen once is guarded by the job's lease, not here.

mod error;
pub(crate) mod heartbeat;
pub mod message;
pub(crate) mod postgres;
pub(crate) mod sqs;

use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::{PgConnection, PgPool};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::domain::job::JobId;
use crate::store::StoreError;
use crate::store::wanted::{self, Due};

pub(crate) use error::QueueError;
pub(crate) use heartbeat::{Heartbeat, Renewal};
pub use message::{JobMessage, Unreadable};

/// Where jobs to run come from. Clones share the connections.
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
    /// Most messages that one receive asks SQS for.
    pub max_messages: usize,
    /// How long one receive waits for the first of them.
    pub wait: Duration,
    /// How long a received message stays hidden unless it is renewed.
    pub visibility: Duration,
}

impl Queue {
    /// The queue at `url`. Connects to nothing yet.
    pub fn sqs(sdk: &aws_config::SdkConfig, url: &str, options: ReceiveOptions) -> Self {
        Self::Sqs(sqs::SqsQueue::new(sdk, url, options))
    }

    /// The jobs table of the database behind `pool`. Holds one connection of its own beside the pool's,
    /// for NOTIFY.
    pub fn postgres(pool: PgPool, options: ReceiveOptions) -> Self {
        Self::Postgres(postgres::PostgresQueue::new(pool, options))
    }

    /// Up to `at_most` messages: those that are there, else the first to come within the wait; none when
    /// nothing came or `stop` was cancelled.
    ///
    /// A stop returns at once. The receive that is under way goes on for one more second, and what it brings
    /// is given back; [`Queue::drain`] waits for that. SQS may still answer a receive that was cut off then,
    /// and hides the message that nobody got, but never for longer than 30 seconds.
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

    /// Asks for a run of a job in the transaction that decides so. What it returns is sent once that transaction is
    /// committed; when that fails, [`Queue::resend_lost`] sends the message later.
    pub async fn enqueue(
        &self,
        transaction: &mut PgConnection,
        message: JobMessage,
    ) -> Result<AfterCommit, StoreError> {
        match self {
            Self::Postgres(_) => {
                wanted::want(transaction, message.job_id, Due::Now).await?;
                Ok(AfterCommit(None))
            }
            Self::Sqs(_) => {
                wanted::want(transaction, message.job_id, Due::InAMinute).await?;
                Ok(AfterCommit(Some((self.clone(), message))))
            }
        }
    }

    /// Notes that nothing is wanted of a job any more, once its message is answered.
    pub async fn note_answered(&self, pool: &PgPool, job: JobId) -> Result<(), StoreError> {
        match self {
            // The message is that note.
            Self::Postgres(_) => Ok(()),
            Self::Sqs(_) => wanted::unwant(pool, job).await,
        }
    }

    /// Sends messages again that were lost, for jobs that want a run, have no live lease and have waited for longer than
    /// `grace`: a producer died between row and message, or a message was purged. Returns the jobs whose message was sent.
    pub(crate) async fn resend_lost(&self, pool: &PgPool, grace: Duration) -> Result<Vec<JobId>, QueueError> {
        let Self::Sqs(_) = self else { return Ok(Vec::new()) };
        let found = wanted::stranded(pool, grace, RESENT).await;
        let found = found.map_err(QueueError::database("look for jobs without a message"))?;
        let mut sent = Vec::new();
        for (job_id, s3_key) in found {
            match self.send(&JobMessage { job_id, s3_key }).await {
                Ok(()) => sent.push(job_id),
                // The others are sent all the same, and this one again after a longer wait.
                Err(error) => {
                    tracing::warn!(job_id = job_id.0, %error, "cannot resend a lost message")
                }
            }
        }
        Ok(sent)
    }

    /// Sends a message that asks for a run of its job.
    pub async fn send(&self, message: &JobMessage) -> Result<(), QueueError> {
        match self {
            Self::Sqs(queue) => queue.send(message).await,
            Self::Postgres(queue) => queue.send(message).await,
        }
    }

    /// What the queue says of itself, for a person. Fails when it cannot be reached or read.
    pub(crate) async fn check(&self) -> Result<QueueHealth, QueueError> {
        match self {
            Self::Sqs(queue) => queue.check().await,
            Self::Postgres(queue) => queue.check().await,
        }
    }

    /// Waits until what was received too late is given back, up to `at_most`. To be called once nothing
    /// is received any more, before the process ends; false when something was still open.
    pub async fn drain(&self, at_most: Duration) -> bool {
        let late = match self {
            Self::Sqs(queue) => queue.late(),
            Self::Postgres(queue) => queue.late(),
        };
        late.0.close();
        tokio::time::timeout(at_most, late.0.wait()).await.is_ok()
    }
}

/// The most messages that are sent again at a time.
const RESENT: i64 = 100;

/// What is left to do once the transaction that asks for a run is committed.
#[must_use = "the queue does not know of the job before the message is sent"]
#[derive(Debug)]
pub struct AfterCommit(Option<(Queue, JobMessage)>);

impl AfterCommit {
    /// Nothing: the caller starts the run.
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

/// What a queue says of itself. The counts of SQS are approximate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QueueHealth {
    /// Messages that can be received.
    pub waiting: u64,
    /// Messages that are hidden: with a worker, or waiting for their next try.
    pub hidden: u64,
    /// Where messages go that cannot be worked off.
    pub dead_letters: DeadLetters,
}

/// Where messages go that cannot be worked off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DeadLetters {
    /// Another queue.
    Queue {
        /// Its name.
        name: String,
        /// After how many receives SQS itself moves a message there.
        max_receives: Option<u64>,
        /// Messages in it; `None` when it does not exist or may not be read.
        waiting: Option<u64>,
    },
    /// The job's own row.
    Jobs,
    /// Nowhere: the queue has no redrive policy.
    None,
}

/// What became of a message that was to go to the dead-letter queue.
#[derive(Debug)]
pub enum DeadLetter {
    /// It is there, and gone from this queue.
    Moved,
    /// There is no such queue. The message is still this delivery's to finish.
    NoQueue(Delivery),
}

/// One receipt of one message. Whoever drops it unfinished leaves the message to be received again when
/// its visibility lapses.
pub struct Delivery {
    /// What the queue calls the message, for the log.
    pub message_id: String,
    /// How often the message was received, this time included. SQS counts approximately.
    pub attempt: u32,
    /// What it asks for, or why that is not understood.
    pub body: Result<JobMessage, Unreadable>,
    received_at: Instant,
    receipt: Receipt,
}

#[derive(Clone)]
enum Receipt {
    Sqs(Arc<sqs::SqsReceipt>),
    Postgres(Arc<postgres::PostgresReceipt>),
}

/// A delivery that could not be finished, and why. Finishing it can be tried again.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct Unfinished {
    /// The delivery as it was.
    pub delivery: Delivery,
    /// Why the queue could not be told.
    #[source]
    pub error: QueueError,
}

impl Delivery {
    /// Starts to keep the message hidden for as long as the heartbeat is there.
    pub fn heartbeat(&self) -> Heartbeat {
        let (receipt, received_at) = (self.receipt.clone(), self.received_at);
        let (first, visibility) = match &receipt {
            Receipt::Sqs(receipt) => (receipt.first_visibility(), receipt.visibility()),
            Receipt::Postgres(receipt) => (receipt.visibility(), receipt.visibility()),
        };
        Heartbeat::start("message visibility", first, visibility, received_at, move || {
            let receipt = receipt.clone();
            async move {
                match receipt {
                    Receipt::Sqs(receipt) => receipt.extend(received_at).await,
                    Receipt::Postgres(receipt) => receipt.extend().await,
                }
            }
        })
    }

    /// The work is done: removes the message.
    pub async fn ack(self) -> Result<(), Box<Unfinished>> {
        let done = match &self.receipt {
            Receipt::Sqs(receipt) => receipt.ack().await,
            Receipt::Postgres(receipt) => receipt.ack().await,
        };
        self.finished(done)
    }

    /// The work failed for now: the message is to be received again after `wait`. SQS counts whole
    /// seconds, up to twelve hours from the receipt.
    pub async fn retry_in(self, wait: Duration) -> Result<(), Box<Unfinished>> {
        let done = match &self.receipt {
            Receipt::Sqs(receipt) => receipt.retry_in(wait, self.received_at).await,
            Receipt::Postgres(receipt) => receipt.retry_in(wait).await,
        };
        self.finished(done)
    }

    /// Nothing went wrong, another worker is to go on: the message can be received at once. Where the
    /// queue allows it, the receipt does not count as an attempt.
    pub async fn release(self) -> Result<(), Box<Unfinished>> {
        let done = match &self.receipt {
            Receipt::Sqs(receipt) => receipt.retry_in(Duration::ZERO, self.received_at).await,
            Receipt::Postgres(receipt) => receipt.release().await,
        };
        self.finished(done)
    }

    /// No further attempt will help: moves the message, and `reason`, to the dead-letter queue. On
    /// failure the message may be in both queues.
    pub async fn dead_letter(self, reason: &str) -> Result<DeadLetter, Box<Unfinished>> {
        let moved = match &self.receipt {
            Receipt::Sqs(receipt) => receipt.dead_letter(&self.message_id, reason).await,
            Receipt::Postgres(receipt) => receipt.ack().await.map(|()| true),
        };
        match moved {
            Ok(true) => Ok(DeadLetter::Moved),
            Ok(false) => Ok(DeadLetter::NoQueue(self)),
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

/// Receives under way, each in a task of its own, so that a message that comes when nobody waits for it
/// any more is given back instead of staying hidden.
#[derive(Clone, Default)]
struct Late(TaskTracker);

/// How long a receive may go on after a stop. A long poll that is cut off at once loses the message that is
/// on its way; one that is waited for holds up the end of the process for 20 seconds.
const LAST_RECEIVE: Duration = Duration::from_secs(1);

impl Late {
    /// What `receive` brings, or nothing once `stop` is cancelled.
    async fn guard(
        &self,
        stop: &CancellationToken,
        receive: impl Future<Output = Result<Vec<Delivery>, QueueError>> + Send + 'static,
    ) -> Result<Vec<Delivery>, QueueError> {
        let (brings, mut brought) = tokio::sync::oneshot::channel();
        let stopped = stop.clone();
        self.0.spawn(async move {
            let too_late = async {
                stopped.cancelled().await;
                tokio::time::sleep(LAST_RECEIVE).await;
            };
            let received = tokio::select! {
                biased;
                received = receive => received,
                () = too_late => return,
            };
            if let Err(Ok(late)) = brings.send(received) {
                give_back(late).await;
            }
        });
        let received = tokio::select! {
            biased;
            received = &mut brought => Some(received),
            () = stop.cancelled() => None,
        };
        // Between the stop and closing the channel a message may still come in; after it, it goes back.
        let received = received.or_else(|| {
            brought.close();
            brought.try_recv().ok().map(Ok)
        });
        match received {
            Some(Ok(received)) => received,
            // A task that was cut off, panicked or ended with its runtime has received nothing to hand over.
            Some(Err(_)) | None => Ok(Vec::new()),
        }
    }
}

async fn give_back(late: Vec<Delivery>) {
    for delivery in late {
        let message_id = delivery.message_id.clone();
        if let Err(unfinished) = delivery.release().await {
            let error = unfinished.error;
            tracing::warn!(message_id, %error, "cannot release a message received after the stop; it stays hidden until its visibility timeout");
        }
    }
}
