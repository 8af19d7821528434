//! Single jobs of owners who have no other: how long each waits for its start and for its end.

use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::super::server::Server;
use super::load::Load;

/// Single jobs on the idle fleet.
const ON_IDLE: u32 = 20;
/// The time between two requests beside the owner with many jobs.
const PAUSE: Duration = Duration::from_millis(100);
/// Longer than a killed worker's message stays hidden, several times.
const PATIENCE: Duration = Duration::from_secs(120);

/// Waiting times in milliseconds, each sorted.
#[derive(Debug, Default)]
pub(super) struct Waits {
    started: Vec<f64>,
    ended: Vec<f64>,
}

impl Waits {
    /// Returns the time within which this share of the jobs had started.
    pub(super) fn started(&self, share: f64) -> f64 {
        quantile(&self.started, share)
    }

    /// Returns the time within which this share of the jobs had ended.
    pub(super) fn ended(&self, share: f64) -> f64 {
        quantile(&self.ended, share)
    }

    async fn of_owners(pool: &PgPool, owners: &str) -> anyhow::Result<Waits> {
        let query = "SELECT (extract(epoch FROM job_process_start - job_created_at) * 1000)::float8,
                    (extract(epoch FROM job_process_end - job_created_at) * 1000)::float8
             FROM jobs WHERE job_user_id LIKE $1";
        let waits: Vec<(f64, f64)> = sqlx::query_as(query).bind(owners).fetch_all(pool).await?;
        let (mut started, mut ended): (Vec<f64>, Vec<f64>) = waits.into_iter().unzip();
        started.sort_by(f64::total_cmp);
        ended.sort_by(f64::total_cmp);
        Ok(Waits { started, ended })
    }
}

fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = (sorted.len() as f64 * share) as usize;
    sorted.get(at.min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

/// Requests jobs one after the other while nothing else runs.
pub(super) async fn on_idle_fleet(server: &Server, load: &Load) -> anyhow::Result<Waits> {
    for number in 0..ON_IDLE {
        request(&server.pool, &format!("idle-{number:03}"), &load.single).await?;
        ended(&server.pool, "idle-%").await?;
    }
    Waits::of_owners(&server.pool, "idle-%").await
}

/// Requests that continue until they are stopped.
pub(super) struct Requests {
    pool: PgPool,
    stop: watch::Sender<bool>,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Requests {
    /// Starts requesting jobs, each of another owner.
    pub(super) fn start(server: &Server, load: &Load) -> Requests {
        let (stop, stopped) = watch::channel(false);
        let (pool, key) = (server.pool.clone(), load.single.clone());
        let task = tokio::spawn({
            let pool = pool.clone();
            async move {
                let mut number = 0;
                while !*stopped.borrow() {
                    request(&pool, &format!("single-{number:05}"), &key).await?;
                    number += 1;
                    tokio::time::sleep(PAUSE).await;
                }
                Ok(())
            }
        });
        Requests { pool, stop, task }
    }

    /// Stops, and waits for the end of all jobs.
    pub(super) async fn stop(self) -> anyhow::Result<Waits> {
        self.stop.send(true)?;
        self.task.await??;
        ended(&self.pool, "single-%").await?;
        Waits::of_owners(&self.pool, "single-%").await
    }
}

/// Inserts a job as a producer does that sends a hint.
async fn request(pool: &PgPool, owner: &str, key: &str) -> anyhow::Result<()> {
    let insert = "WITH job AS (
             INSERT INTO jobs (job_user_id, job_original_filename, job_s3_object_key, job_created_at)
             VALUES ($1, $2, $2, clock_timestamp()) RETURNING job_id)
         SELECT pg_notify('ingest_jobs', '') FROM job";
    sqlx::query(insert).bind(owner).bind(key).execute(pool).await?;
    Ok(())
}

async fn ended(pool: &PgPool, owners: &str) -> anyhow::Result<()> {
    let waiting = "SELECT EXISTS (SELECT FROM jobs WHERE job_user_id LIKE $1 AND job_process_end IS NULL)";
    let wait = async {
        while sqlx::query_scalar(waiting).bind(owners).fetch_one(pool).await? {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(PATIENCE, wait).await?
}
