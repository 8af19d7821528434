//! The workers: processes that are killed at random instants and started again.

use std::fs::File;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use super::super::hosted::Hosted;
use super::super::server::Server;

/// Maximum number of connections of a worker with two places for any job and one for a small job.
pub(super) const CONNECTIONS: usize = 15;
/// The time between two kills, in milliseconds.
const BETWEEN_KILLS: std::ops::Range<u64> = 5_000..15_000;
/// How long the message and the lease of a killed worker last.
const VISIBILITY_SECONDS: &str = "10";
/// More kills than hit one job. A worker that is alone is hit by every kill, with all of its jobs.
const MAX_DELIVERIES: &str = "100";
const SEED: u64 = 42;

/// The running workers. They are killed when dropped.
pub(super) struct Fleet<'a> {
    server: &'a Server,
    port: u16,
    workers: Vec<Child>,
}

impl<'a> Fleet<'a> {
    /// Starts workers that reach the database at `port`, and waits until they listen.
    pub(super) async fn start(server: &'a Server, port: u16, workers: usize) -> anyhow::Result<Fleet<'a>> {
        let mut fleet = Fleet { server, port, workers: Vec::new() };
        for _ in 0..workers {
            let worker = fleet.spawn()?;
            fleet.workers.push(worker);
        }
        while server.listening().await? < workers as i64 {
            for worker in &mut fleet.workers {
                anyhow::ensure!(worker.try_wait()?.is_none(), "a worker has ended");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(fleet)
    }

    /// Returns what kills the workers.
    pub(super) fn killer(&self) -> Killer {
        let mut random = fastrand::Rng::with_seed(SEED);
        let next = Instant::now() + Duration::from_millis(random.u64(BETWEEN_KILLS));
        Killer { random, next, kills: 0 }
    }

    /// Ends all workers. Fails if one has ended by itself.
    pub(super) fn stop(mut self) -> anyhow::Result<()> {
        for worker in &mut self.workers {
            anyhow::ensure!(worker.try_wait()?.is_none(), "a worker has ended");
        }
        Ok(())
    }

    fn spawn(&self) -> anyhow::Result<Child> {
        let mut worker = Command::new(env!("CARGO_BIN_EXE_ingest"));
        worker.arg("worker").env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        worker.env("INGEST_DATA_DIR", &self.server.data).current_dir(&self.server.data);
        worker.env("DATABASE_URL", Hosted::url_through(self.port));
        worker.env("SQS_VISIBILITY_TIMEOUT", VISIBILITY_SECONDS).env("MAX_DELIVERIES", MAX_DELIVERIES);
        worker.env("LOG_LEVEL", "WARNING");
        let log = File::options().create(true).append(true).open(self.server.data.join("fleet.log"))?;
        Ok(worker.stdout(log.try_clone()?).stderr(log).spawn()?)
    }
}

impl Drop for Fleet<'_> {
    fn drop(&mut self) {
        for worker in &mut self.workers {
            // It has already ended, or cannot be ended in any other way either.
            let _ = worker.kill();
            let _ = worker.wait();
        }
    }
}

/// Kills a worker from time to time.
pub(super) struct Killer {
    random: fastrand::Rng,
    next: Instant,
    /// How many were killed.
    pub kills: u32,
}

impl Killer {
    /// Kills a worker if it is time, and starts another one in its place.
    pub(super) fn kill_if_due(&mut self, fleet: &mut Fleet<'_>) -> anyhow::Result<()> {
        if Instant::now() < self.next {
            return Ok(());
        }
        let chosen = self.random.usize(..fleet.workers.len());
        fleet.workers[chosen].kill()?;
        fleet.workers[chosen].wait()?;
        fleet.workers[chosen] = fleet.spawn()?;
        self.kills += 1;
        self.next = Instant::now() + Duration::from_millis(self.random.u64(BETWEEN_KILLS));
        Ok(())
    }
}

impl Server {
    /// Counts the workers that wait for hints.
    async fn listening(&self) -> anyhow::Result<i64> {
        let query = "SELECT count(*) FROM pg_stat_activity
             WHERE datname = current_database() AND application_name = 'ingest' AND query LIKE 'LISTEN%'";
        Ok(sqlx::query_scalar(query).fetch_one(&self.pool).await?)
    }

    /// Counts the jobs that wait or run and for which `condition` holds.
    pub(super) async fn wanted(&self, condition: &'static str) -> anyhow::Result<i64> {
        let query = format!("SELECT count(*) FROM jobs WHERE job_available_at IS NOT NULL AND {condition}");
        Ok(sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_one(&self.pool).await?)
    }
}
