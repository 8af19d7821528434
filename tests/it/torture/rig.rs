//! The environment of a fault: a world with a proxy in front of its database, and one in front of its object store and
//! queue.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use chrono::{DateTime, Utc};
use nix::sys::signal::Signal;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::support::{Child, Postgres, World, moto, postgres};

use super::injector::Injector;
use super::proxy::Proxy;

/// Longer than anything here takes, even on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(150);
/// The visibility timeout, and with it the lease: short, since many faults wait for them to expire, and long enough to
/// be renewed on a busy machine.
pub(super) const VISIBILITY: Duration = Duration::from_secs(8);
/// The owner of all disturbed jobs.
pub(super) const OWNER: &str = "one";

/// A world into which faults are injected.
pub(super) struct Rig {
    /// Database, bucket and queue; the test's own connections bypass the proxies.
    pub world: World,
    /// The proxy in front of PostgreSQL.
    pub database: Proxy,
    /// The proxy in front of S3 and SQS.
    pub cloud: Injector,
    /// The PostgreSQL server, if the world has its own.
    pub server: Option<Postgres>,
    /// The disk of the database, if it is small. Declared after the server, which must stop first.
    pub disk: Option<SmallDisk>,
}

impl Rig {
    /// Builds a rig on the shared server.
    pub(super) async fn new() -> Rig {
        Rig::build(World::database().await, postgres().port()).await
    }

    /// Builds a rig on a server of its own, which can crash.
    pub(super) async fn with_server() -> Rig {
        let server = tokio::task::block_in_place(Postgres::make);
        let world = World::empty_database_on(&server, "").await;
        let rig = Rig::build(world, server.port()).await;
        Rig { server: Some(server), ..rig }
    }

    /// Builds a rig whose database is on a small disk. Fails if the machine does not support it.
    pub(super) async fn with_small_disk() -> Result<Rig, &'static str> {
        let disk = SmallDisk::mount()?;
        let server = tokio::task::block_in_place(Postgres::make);
        let mut admin = PgConnection::connect(&server.admin_url()).await.unwrap();
        let make = format!(
            "CREATE TABLESPACE small LOCATION '{}'; GRANT CREATE ON TABLESPACE small TO public",
            disk.path.display()
        );
        for statement in make.split(';') {
            sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut admin).await.unwrap();
        }
        admin.close().await.unwrap();
        let world = World::empty_database_on(&server, "TABLESPACE small").await;
        let rig = Rig::build(world, server.port()).await;
        Ok(Rig { server: Some(server), disk: Some(disk), ..rig })
    }

    async fn build(world: World, port: u16) -> Rig {
        let world = world.with_cloud(false).await;
        let database = Proxy::start(port).await;
        let cloud = Injector::start(&moto().endpoint()).await;
        let name = world.pool.connect_options().get_database().unwrap().to_owned();
        std::fs::create_dir(world.path("tmp")).unwrap();
        let env = [
            ("DATABASE_URL", format!("postgresql://ingest:secret@127.0.0.1:{}/{name}", database.port)),
            ("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", cloud.port)),
            ("TMPDIR", world.path("tmp").display().to_string()),
            ("INGEST_OWNER", OWNER.to_owned()),
            ("PROGRESS_UPDATE_INTERVAL", "1000".to_owned()),
            ("MEMORY_BUDGET_MB", "1".to_owned()),
            ("SQS_VISIBILITY_TIMEOUT", VISIBILITY.as_secs().to_string()),
            ("SQS_WAIT_TIME_SECONDS", "1".to_owned()),
            // Enough retries for any fault: their limit is not tested here.
            ("MAX_RETRIES", "1000".to_owned()),
            ("RETRY_DELAY_SECONDS", "0.2".to_owned()),
            ("LOG_LEVEL", "DEBUG".to_owned()),
            ("LOG_FORMAT", "json".to_owned()),
        ];
        let env: Vec<(&str, &str)> = env.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Rig { world: world.with(&env), database, cloud, server: None, disk: None }
    }

    /// Starts a worker.
    pub(super) fn worker(&self) -> Child {
        self.worker_with(&[])
    }

    /// Starts a worker and waits until it is running. A worker that cannot reach the database or the queue at its start
    /// exits, and would be missing after the fault.
    pub(super) async fn started_worker(&self) -> Result<Child, String> {
        let log = self.log();
        let worker = self.worker();
        in_time("a worker starts", log.wait_for_line(&["worker started"])).await?;
        Ok(worker)
    }

    /// Starts a worker with additional variables.
    pub(super) fn worker_with(&self, env: &[(String, String)]) -> Child {
        self.world.spawn_with(&["worker"], env)
    }

    /// Starts a worker whose folder for temporary files is almost full.
    pub(super) fn worker_with_little_room(&self) -> Child {
        let mount = r#"mount -t tmpfs -o size=64k tmpfs "$TMPDIR" && exec "$0" "$@""#;
        let unshare: &[&str] = match nix::unistd::geteuid().is_root() {
            true => &["unshare", "--mount", "sh", "-c", mount],
            false => &["unshare", "--mount", "--map-root-user", "sh", "-c", mount],
        };
        self.world.spawn_by(unshare, &["worker"])
    }

    /// Returns what programs print from now on.
    pub(super) fn log(&self) -> Log<'_> {
        Log { world: &self.world, from: self.world.log().len() }
    }

    /// Returns a job's status.
    pub(super) async fn status(&self, job: i32) -> String {
        let query = "SELECT job_status::text FROM jobs WHERE job_id = $1";
        sqlx::query_scalar(query).bind(job).fetch_one(&self.world.pool).await.unwrap()
    }

    /// Changes a setting of the whole database.
    pub(super) async fn alter_database(&self, to: &str) {
        let options = self.admin_options();
        let name = options.get_database().unwrap().to_owned();
        let mut admin = PgConnection::connect_with(&options).await.unwrap();
        let alter = AssertSqlSafe(format!("ALTER DATABASE {name} {to}"));
        // The superuser is allowed to, whatever the database's settings.
        sqlx::raw_sql("SET default_transaction_read_only = off").execute(&mut admin).await.unwrap();
        sqlx::raw_sql(alter).execute(&mut admin).await.unwrap();
        admin.close().await.unwrap();
    }

    /// Returns the options for connecting to the database as the superuser, without the proxy.
    pub(super) fn admin_options(&self) -> PgConnectOptions {
        let server = self.server.as_ref().unwrap_or(postgres());
        let options: PgConnectOptions = server.admin_url().parse().unwrap();
        options.database(self.world.pool.connect_options().get_database().unwrap())
    }
}

/// Returns the environment of a program whose clock is off by this many seconds, such as `+600`.
pub(super) fn fake_clock(seconds: &str) -> Vec<(String, String)> {
    let folders = std::fs::read_dir("/usr/lib").unwrap().flatten();
    let libraries = folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"));
    let library = libraries.into_iter().find(|library| library.exists());
    let library = library.expect("libfaketime is not installed: run scripts/setup --test");
    let pairs = [
        ("LD_PRELOAD", library.to_str().unwrap()),
        ("FAKETIME", seconds),
        // Only the time of day is off; durations are measured by the monotonic clock.
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ("DONT_FAKE_MONOTONIC", "1"),
    ];
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

/// A file system of a few megabytes. It is unmounted when it is dropped.
pub(super) struct SmallDisk {
    path: PathBuf,
}

impl SmallDisk {
    fn mount() -> Result<SmallDisk, &'static str> {
        if !nix::unistd::geteuid().is_root() {
            return Err("only root may mount a small file system");
        }
        let path = tempfile::Builder::new().prefix("ingest-test-disk-").tempdir().unwrap().keep();
        let disk = SmallDisk { path };
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=48m", "tmpfs"]).arg(&disk.path);
        succeeds(mount.output()).map_err(|()| "no small file system could be mounted")?;
        succeeds(Command::new("chown").arg("postgres").arg(&disk.path).output()).unwrap();
        Ok(disk)
    }

    fn ballast(&self) -> PathBuf {
        self.path.join("ballast")
    }

    /// Fills the disk.
    pub(super) fn fill(&self) {
        let mut ballast = std::fs::File::create(self.ballast()).unwrap();
        while std::io::Write::write_all(&mut ballast, &[0; 4096]).is_ok() {}
    }

    /// Frees the space again.
    pub(super) fn make_room(&self) {
        std::fs::remove_file(self.ballast()).unwrap();
    }
}

fn succeeds(output: std::io::Result<std::process::Output>) -> Result<(), ()> {
    match output {
        Ok(output) if output.status.success() => Ok(()),
        _ => Err(()),
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.path).status();
        let _ = std::fs::remove_dir(Path::new(&self.path));
    }
}

/// A log from some point on.
pub(super) struct Log<'r> {
    world: &'r World,
    from: usize,
}

impl Log<'_> {
    /// Waits until a line contains all of these texts.
    pub(super) async fn wait_for_line(&self, texts: &[&str]) {
        while !self.has(texts) {
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    }

    fn has(&self, texts: &[&str]) -> bool {
        let log = self.world.log();
        log[self.from..].lines().any(|line| texts.iter().all(|text| line.contains(text)))
    }

    /// Returns how many seconds the time of its last line is ahead.
    pub(super) fn skew(&self) -> Option<i64> {
        let log = self.world.log();
        let last: serde_json::Value = serde_json::from_str(log[self.from..].lines().last()?).ok()?;
        let logged: DateTime<Utc> = last["timestamp"].as_str()?.parse().ok()?;
        Some((logged - Utc::now()).num_seconds())
    }
}

/// RequestKind workers to stop, and waits until they have.
pub(super) async fn stop(workers: &mut [Child]) -> Result<(), String> {
    for worker in workers {
        in_time("a worker is ready for signals", ready(worker)).await?;
        if worker.has_ended() {
            return Err("a worker ended unasked".to_owned());
        }
        match worker.term_and_wait().await {
            Some(0) => {}
            other => return Err(format!("a stopped worker exited with {other:?}")),
        }
    }
    Ok(())
}

/// Waits until a process that was just started has a handler for SIGTERM.
pub(super) async fn ready(process: &mut Child) {
    while !process.has_ended() && !process.handles(Signal::SIGTERM) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits for something until a timeout; the error names `what`.
pub(super) async fn in_time<T>(what: &str, work: impl Future<Output = T>) -> Result<T, String> {
    let ended = tokio::time::timeout(PATIENCE, work).await;
    ended.map_err(|_| format!("not within {} seconds: {what}", PATIENCE.as_secs()))
}
