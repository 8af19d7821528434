//! Samples of `pg_stat_activity`: connections of the workers, and how many of them wait for a lock.

use std::collections::BTreeMap;
use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::super::server::Server;

const INTERVAL: Duration = Duration::from_millis(50);

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Samples {
    /// The maximum number of connections.
    pub most_connections: i64,
    /// The maximum number of connections that waited for a lock.
    pub most_waiting: i64,
    samples: u64,
    waiting: i64,
    by_lock: BTreeMap<String, i64>,
}

impl Samples {
    /// Returns the mean number of connections that waited for a lock.
    pub(super) fn mean_waiting(&self) -> f64 {
        self.waiting as f64 / self.samples.max(1) as f64
    }

    /// Returns the kinds of locks that were waited for, with their shares.
    pub(super) fn locks(&self) -> String {
        let share = |count: &i64| 100.0 * *count as f64 / self.waiting.max(1) as f64;
        let kinds = self.by_lock.iter().map(|(kind, count)| format!("{kind} {:.0} %", share(count)));
        kinds.collect::<Vec<_>>().join(", ")
    }

    async fn add(&mut self, pool: &PgPool) -> anyhow::Result<()> {
        let query =
            "SELECT count(*), coalesce(array_agg(wait_event) FILTER (WHERE wait_event_type = 'Lock'), '{}')
             FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'ingest'";
        let (connections, waiting): (i64, Vec<String>) = sqlx::query_as(query).fetch_one(pool).await?;
        self.samples += 1;
        self.most_connections = self.most_connections.max(connections);
        self.most_waiting = self.most_waiting.max(waiting.len() as i64);
        self.waiting += waiting.len() as i64;
        for kind in waiting {
            *self.by_lock.entry(kind).or_default() += 1;
        }
        Ok(())
    }
}

/// Takes samples until it is stopped.
pub(super) struct Sampler {
    stop: watch::Sender<bool>,
    task: JoinHandle<anyhow::Result<Samples>>,
}

impl Sampler {
    /// Starts taking samples.
    pub(super) fn start(server: &Server) -> Sampler {
        let (stop, stopped) = watch::channel(false);
        let pool = server.pool.clone();
        let task = tokio::spawn(async move {
            let mut samples = Samples::default();
            while !*stopped.borrow() {
                samples.add(&pool).await?;
                tokio::time::sleep(INTERVAL).await;
            }
            Ok(samples)
        });
        Sampler { stop, task }
    }

    /// Returns what was seen.
    pub(super) async fn stop(self) -> anyhow::Result<Samples> {
        self.stop.send(true)?;
        self.task.await?
    }
}
