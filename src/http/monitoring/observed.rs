//! What the database and the queue say when the metrics are read: what waits, for all processes together.

use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use sqlx::PgPool;
use tokio::sync::{Mutex, MutexGuard};

use crate::queue::{DeadLetters, Queue, QueueHealth};
use crate::store::backlog::{self, Backlog};
use crate::store::counters::{self, Counter};

/// How long an observation is used, so that monitoring systems do not load the database together.
const VALID: Duration = Duration::from_secs(10);

/// The last observation.
pub(super) struct Observed {
    pool: PgPool,
    queue: Queue,
    patience: Duration,
    last: Mutex<Last>,
}

/// An observation, and when it was made.
pub(super) struct Last {
    at: Option<Instant>,
    pub registry: Registry,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfStatus {
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfState {
    messaging_system: &'static str,
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfColumn {
    column: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfSource {
    source: &'static str,
}

impl Observed {
    /// Creates observations that wait for a source for at most `patience`.
    pub(super) fn new(pool: PgPool, queue: Queue, patience: Duration) -> Observed {
        Observed { pool, queue, patience, last: Mutex::new(Last { at: None, registry: Registry::default() }) }
    }

    /// Returns an observation that is at most ten seconds old. What cannot be read is missing, and `ingest_source_up` says
    /// so.
    pub(super) async fn read(&self) -> MutexGuard<'_, Last> {
        let mut last = self.last.lock().await;
        if last.at.is_none_or(|at| at.elapsed() >= VALID) {
            *last = Last { registry: self.observe().await, at: Some(Instant::now()) };
        }
        last
    }

    async fn observe(&self) -> Registry {
        let mut registry = Registry::default();
        let (jobs, ids, messages) = tokio::join!(
            self.soon("database", backlog::read(&self.pool)),
            self.soon("ids", counters::all(&self.pool)),
            self.soon("queue", self.queue.check()),
        );
        let up = Family::<OfSource, Gauge>::default();
        registry.register("ingest_source_up", "Whether the metrics of a source could be read", up.clone());
        let is_up = [("database", jobs.is_some()), ("ids", ids.is_some()), ("queue", messages.is_some())];
        for (source, is_up) in is_up {
            up.get_or_create(&OfSource { source }).set(i64::from(is_up));
        }
        if let Some(backlog) = jobs {
            add_backlog(&mut registry, &backlog);
        }
        if let Some(counters) = ids {
            add_ids(&mut registry, &counters);
        }
        if let Some(health) = messages {
            add_messages(&mut registry, self.queue.system(), &health);
        }
        registry
    }

    /// Returns the result, or `None` after a failure or if it takes too long.
    async fn soon<T, E: std::fmt::Display>(
        &self,
        source: &'static str,
        reading: impl Future<Output = Result<T, E>>,
    ) -> Option<T> {
        match tokio::time::timeout(self.patience, reading).await {
            Ok(Ok(read)) => return Some(read),
            Ok(Err(error)) => tracing::warn!(source, %error, "cannot read a source of metrics"),
            Err(_) => tracing::warn!(source, "a source of metrics does not answer"),
        }
        None
    }
}

fn add_backlog(registry: &mut Registry, backlog: &Backlog) {
    let (jobs, issues) = (Family::<OfStatus, Gauge>::default(), Family::<OfStatus, Gauge>::default());
    registry.register("ingest_unfinished_jobs", "Jobs that are not COMPLETED, of all owners", jobs.clone());
    registry.register("ingest_open_issues", "Open issues of these jobs", issues.clone());
    for unfinished in &backlog.jobs {
        let status = OfStatus { status: unfinished.status.as_str() };
        jobs.get_or_create(&status).set(unfinished.jobs);
        issues.get_or_create(&status).set(unfinished.open_issues);
    }
    let age = Gauge::<f64, AtomicU64>::default();
    let help = "How long the first of the jobs that a worker could receive has waited; 0 if none waits";
    registry.register_with_unit("ingest_oldest_waiting_job_age", help, Unit::Seconds, age.clone());
    age.set(backlog.oldest.unwrap_or_default().as_secs_f64());
}

fn add_ids(registry: &mut Registry, counters: &[Counter]) {
    let used = Family::<OfColumn, Gauge<f64, AtomicU64>>::default();
    let help = "Share of the ids of a column that are used; `ingest migrate --wide-ids` gives more";
    registry.register_with_unit("ingest_ids_used", help, Unit::Other("ratio".to_owned()), used.clone());
    for counter in counters {
        let share = counter.last as f64 / counter.highest.max(1) as f64;
        used.get_or_create(&OfColumn { column: counter.name.clone() }).set(share);
    }
}

fn add_messages(registry: &mut Registry, messaging_system: &'static str, health: &QueueHealth) {
    let messages = Family::<OfState, Gauge>::default();
    let help = "Messages in the queue; counts from SQS are approximate";
    registry.register("ingest_queue_messages", help, messages.clone());
    let set = |state, count: u64| {
        messages.get_or_create(&OfState { messaging_system, state }).set(count as i64);
    };
    set("waiting", health.waiting);
    set("hidden", health.hidden);
    match &health.dead_letters {
        DeadLetters::Queue { waiting: Some(waiting), .. } => set("dead_letter", *waiting),
        DeadLetters::Queue { waiting: None, .. } | DeadLetters::Jobs | DeadLetters::None => {}
    }
}
