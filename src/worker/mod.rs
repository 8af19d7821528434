//! The worker: receives as many messages as it can start at once, runs their jobs, and answers each message
//! according to the result.

mod delivery;
mod fleet;
mod gate;
mod object_events;
mod outage;
mod places;
mod progress;
mod receive;
pub(crate) mod run;
mod size;
mod stored_content;

use std::time::Duration;

use sqlx::PgPool;

pub(crate) use receive::{remove_expired_uploads, work};

use self::run::Policy;
use crate::domain::owner_pattern::OwnerPatterns;
use crate::pipeline::Context;
use crate::pipeline::retention::Retention;
use crate::queue::Queue;
use crate::topic::Publisher;
use crate::webhooks::Sender;

/// What a worker needs.
pub(crate) struct Worker {
    /// Database and file store.
    pub context: Context,
    /// The database, for short statements that must not wait for the work of runs.
    pub control: PgPool,
    /// Where messages are received.
    pub queue: Queue,
    /// Retries and leases.
    pub policy: Policy,
    /// Maximum number of concurrent jobs.
    pub concurrency: usize,
    /// Whether one more job may run if it is small.
    pub small_job: bool,
    /// Whose file a new object is that S3 reports.
    pub owner_patterns: OwnerPatterns,
    /// How long rows, records and files are kept.
    pub retention: Retention,
    /// Sends events to webhooks.
    pub webhooks: Sender,
    /// Publishes events to a topic; `None` if there is none.
    pub publisher: Option<Publisher>,
    /// How long a job may wait without a lease before its message counts as lost.
    pub stranded_after: Duration,
}
