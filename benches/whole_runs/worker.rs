//! The measured program: a new worker for each run.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use super::cost::Cost;
use super::server::{Server, cpu_of};

impl Server {
    /// Stores a file and inserts its job without requesting a run.
    pub(crate) async fn upload(&self, file: &Path, owner: &str) -> anyhow::Result<i32> {
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let key = format!("bench/{owner}/{name}");
        let object = self.data.join("objects").join(&key);
        fs::create_dir_all(object.parent().unwrap_or(Path::new("/")))?;
        // A link rather than a copy: it is read like any other file, and nothing is written to the disk.
        if !object.exists() {
            fs::hard_link(file, &object)?;
        }
        let insert =
            "INSERT INTO jobs (job_user_id, job_original_filename, job_s3_object_key, job_available_at)
             VALUES ($1, $2, $3, NULL) RETURNING job_id";
        Ok(sqlx::query_scalar(insert).bind(owner).bind(name).bind(&key).fetch_one(&self.pool).await?)
    }

    /// Uploads a file and processes it.
    pub(crate) async fn import(&self, file: &Path, owner: &str) -> anyhow::Result<(i32, Cost)> {
        let job = self.upload(file, owner).await?;
        Ok((job, self.work(job).await?))
    }

    /// Requests a run and waits for its end. The time is from the message to the commit.
    pub(crate) async fn work(&self, job: i32) -> anyhow::Result<Cost> {
        self.checkpoint().await?;
        let mut worker = self.idle_worker().await?;
        let (wal, server_cpu) = (self.wal().await?, self.cpu()?);
        self.want(&[job]).await?;
        let seconds = self.ended(&[job], &mut worker).await?;
        let cost = Cost {
            seconds,
            peak_kib: peak_kib(&worker)?,
            worker_cpu: cpu_of(worker.id())?.own,
            server_cpu: self.cpu()? - server_cpu,
            wal_bytes: self.wal().await? - wal,
            parts: parts(&fs::read_to_string(self.log())?),
        };
        worker.kill()?;
        worker.wait()?;
        Ok(cost)
    }

    /// Sends the messages of jobs together, as the database queue does.
    pub(crate) async fn want(&self, jobs: &[i32]) -> anyhow::Result<()> {
        let send = "WITH wanted AS (
                 UPDATE jobs SET job_available_at = clock_timestamp(), job_process_end = NULL
                 WHERE job_id = ANY ($1) RETURNING 1)
             SELECT pg_notify('ingest_jobs', '') FROM wanted LIMIT 1";
        let mut transaction = self.pool.begin().await?;
        sqlx::query("UPDATE jobs SET job_created_at = clock_timestamp() WHERE job_id = ANY ($1)")
            .bind(jobs)
            .execute(&mut *transaction)
            .await?;
        sqlx::query(send).bind(jobs).execute(&mut *transaction).await?;
        Ok(transaction.commit().await?)
    }

    /// Waits until all jobs have ended; returns the seconds from the message of the first to the end of the last.
    pub(crate) async fn ended(&self, jobs: &[i32], worker: &mut Child) -> anyhow::Result<f64> {
        let ended = "SELECT extract(epoch FROM max(job_process_end) - min(job_created_at))::float8 FROM jobs
             WHERE job_id = ANY ($1)
             HAVING bool_and(job_process_end IS NOT NULL)";
        let seconds = loop {
            tokio::time::sleep(Duration::from_millis(10)).await;
            match sqlx::query_scalar(ended).bind(jobs).fetch_optional(&self.pool).await? {
                Some(seconds) => break seconds,
                None => anyhow::ensure!(worker.try_wait()?.is_none(), "the worker has ended"),
            }
        };
        let failed =
            "SELECT job_failure FROM jobs WHERE job_id = ANY ($1) AND job_failure IS NOT NULL LIMIT 1";
        let failure: Option<String> =
            sqlx::query_scalar(failed).bind(jobs).fetch_optional(&self.pool).await?;
        anyhow::ensure!(failure.is_none(), "a job failed: {failure:?}");
        Ok(seconds)
    }

    /// Starts a worker and waits until it listens.
    pub(crate) async fn idle_worker(&self) -> anyhow::Result<Child> {
        self.started_worker(&[]).await
    }

    /// Starts a worker whose lease expires seconds after it is killed, and waits until it listens.
    pub(crate) async fn idle_worker_to_kill(&self) -> anyhow::Result<Child> {
        self.started_worker(&[("SQS_VISIBILITY_TIMEOUT", "5")]).await
    }

    /// Starts a worker with the program's defaults but for `settings`.
    async fn started_worker(&self, settings: &[(&str, &str)]) -> anyhow::Result<Child> {
        let mut worker = Command::new(env!("CARGO_BIN_EXE_ingest"));
        worker.arg("worker").env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        worker.env("INGEST_DATA_DIR", &self.data).env("LOG_LEVEL", "DEBUG").env("LOG_FORMAT", "json");
        if let Some(url) = self.database_url() {
            worker.env("DATABASE_URL", url);
        }
        worker.envs(settings.iter().copied()).current_dir(&self.data);
        let log = File::create(self.log())?;
        let worker = worker.stdout(log.try_clone()?).stderr(log).spawn()?;
        tokio::time::sleep(Duration::from_millis(500)).await;
        Ok(worker)
    }

    fn log(&self) -> std::path::PathBuf {
        self.data.with_file_name("worker.log")
    }

    /// Discards every row that has an issue.
    pub(crate) async fn discard_issues(&self, job: i32) -> anyhow::Result<()> {
        let discard = "UPDATE staging SET staging_status = 'DISCARD' WHERE staging_job_id = $1 AND staging_status = 'ISSUE'";
        sqlx::query(discard).bind(job).execute(&self.pool).await?;
        Ok(())
    }
}

/// Returns the seconds of a run's parts from the worker's log.
fn parts(log: &str) -> Vec<(String, f64)> {
    let events = log.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let part =
        |event: serde_json::Value| Some((event["part"].as_str()?.to_owned(), event["seconds"].as_f64()?));
    events.filter_map(part).collect()
}

/// Returns the peak memory of the process, in KiB (proc(5): VmHWM).
fn peak_kib(process: &Child) -> anyhow::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let digits = line.and_then(|rest| rest.split_whitespace().next());
    Ok(digits.and_then(|digits| digits.parse().ok()).unwrap_or(0))
}
