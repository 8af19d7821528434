//! The worker: receives what it can start at once, runs it, and answers each message by its fate.

mod delivery;
mod receive;
pub(crate) mod run;

use std::time::Duration;

pub(crate) use receive::work;

use self::run::Policy;
use crate::pipeline::Context;
use crate::queue::Queue;

/// What a worker works with.
pub(crate) struct Worker {
    /// Database and store.
    pub context: Context,
    /// Where messages come from.
    pub queue: Queue,
    /// Retries and leases.
    pub policy: Policy,
    /// Jobs at once.
    pub concurrency: usize,
    /// How long a job may wait without a lease before its message is taken for lost.
    pub stranded_after: Duration,
}
