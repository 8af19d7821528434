//! The servers that the tests run against: PostgreSQL, and moto as the peer for S3 and SQS. Each is started once per
//! test run, on first use, and stops when the run ends, even if the run is killed.

use std::collections::BTreeSet;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// Returns a free port of the loopback interface, never the same one twice: whoever gets it may not listen yet.
pub(crate) fn free_port() -> u16 {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    loop {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        if GIVEN.lock().unwrap().insert(port) {
            return port;
        }
    }
}

/// Waits until a server listens on `port`. The first start on a machine with cold caches can take a minute.
pub(super) fn await_port(port: u16, log: &Path) {
    const PATIENCE: Duration = Duration::from_secs(240);
    let started = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        let log = || std::fs::read_to_string(log).unwrap_or_default();
        assert!(started.elapsed() < PATIENCE, "the server did not start:\n{}", log());
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Runs `script` after this process has ended, for whatever reason: the shell waits for the end of a pipe that only
/// this process has open.
fn when_gone(script: &str) {
    let mut watch = Command::new("sh");
    watch.args(["-c", &format!("trap '' INT TERM HUP; cat >/dev/null; {script}")]);
    let watch = watch.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    keep_running(watch);
}

/// Keeps a process running until this one ends.
fn keep_running(child: Child) {
    static KEPT: Mutex<Vec<Child>> = Mutex::new(Vec::new());
    KEPT.lock().unwrap().push(child);
}

fn temporary(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("ingest-test-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A PostgreSQL server.
pub(crate) struct Postgres {
    port: u16,
    folder: PathBuf,
}

impl Postgres {
    /// Returns the superuser's URL of the database from which others are created.
    pub(crate) fn admin_url(&self) -> String {
        format!("postgresql://postgres:admin@127.0.0.1:{}/postgres", self.port)
    }

    /// Returns its port on the loopback interface.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Returns the URL of a database, for a role that owns it and is not a superuser.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgresql://ingest:secret@127.0.0.1:{}/{database}", self.port)
    }

    /// Returns its folder, which its user can read.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Gives a file of its folder to its user.
    pub(crate) fn own(&self, name: &str) {
        if is_root() {
            give_to_server_user(&self.folder.join(name));
        }
    }

    /// Returns the processor time that the server has used so far: of the processes that have ended, and of those that run.
    pub(crate) fn processor_time(&self) -> Duration {
        let pid_file = std::fs::read_to_string(self.folder.join("data/postmaster.pid")).unwrap();
        let main: u64 = pid_file.lines().next().and_then(|line| line.trim().parse().ok()).unwrap();
        let main_times = ProcessTimes::of(main).expect("PostgreSQL runs");
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        let processes = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let children = processes.filter_map(ProcessTimes::of).filter(|process| process.parent == main);
        let ticks =
            main_times.own + main_times.of_ended_children + children.map(|child| child.own).sum::<u64>();
        Duration::from_millis(ticks * 10)
    }

    /// Stops the server without a shutdown, as a crash does. Committed data survives.
    pub(crate) fn crash(&self) {
        let mut stop = self.pg_ctl();
        stop.args(["-m", "immediate", "stop"]);
        let output = stop.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Starts the server and waits until it accepts connections.
    pub(crate) fn start(&self) {
        // No data outlives the run, so none has to reach the disk.
        let settings = format!(
            "-p {} -k {} -c listen_addresses=127.0.0.1 -c fsync=off -c full_page_writes=off -c max_connections=300 \
             -c shared_buffers=256MB -c max_wal_size=4GB",
            self.port,
            self.folder.display()
        );
        let log = self.folder.join("log");
        let mut start = self.pg_ctl();
        start.arg("-w").arg("-l").arg(&log).args(["-o", &settings, "start"]);
        let started = start.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert!(started.success(), "{}", std::fs::read_to_string(&log).unwrap_or_default());
    }

    fn pg_ctl(&self) -> Command {
        let mut pg_ctl = as_server_user(&server_program("pg_ctl"));
        pg_ctl.arg("-D").arg(self.folder.join("data")).current_dir("/");
        pg_ctl
    }

    /// Creates a server and starts it. It stops when it is dropped, and with this process at the latest.
    pub(crate) fn make() -> Postgres {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let folder = temporary(&format!("postgres-{}", MADE.fetch_add(1, Ordering::SeqCst)));
        if is_root() {
            give_to_server_user(&folder);
        }
        let data = folder.join("data");
        let mut password = tempfile::NamedTempFile::new_in(&folder).unwrap();
        password.write_all(b"admin").unwrap();
        let readable = Command::new("chmod").arg("644").arg(password.path()).status().unwrap();
        assert!(readable.success());
        let made = as_server_user(&server_program("initdb"))
            .args(["-U", "postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "-N"])
            .arg("--pwfile")
            .arg(password.path())
            .arg("-D")
            .arg(&data)
            .current_dir("/")
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let user = if is_root() { "runuser -u postgres --" } else { "" };
        when_gone(&format!(
            "{user} {} -D {} -m immediate stop; rm -rf {}",
            server_program("pg_ctl").display(),
            data.display(),
            folder.display()
        ));
        let server = Postgres { port: free_port(), folder };
        server.start();
        server
    }
}

/// Processor times of a process in hundredths of a second, as in proc_pid_stat(5).
struct ProcessTimes {
    parent: u64,
    own: u64,
    of_ended_children: u64,
}

impl ProcessTimes {
    /// Returns `None` if there is no such process (any more).
    fn of(process: u64) -> Option<ProcessTimes> {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        // The second field is the name of the program in parentheses; the name may contain both.
        let after_name = stat.rsplit_once(')')?.1;
        let fields: Vec<&str> = after_name.split_ascii_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        let [parent, user, system, ended_user, ended_system] = [4, 14, 15, 16, 17].map(field);
        Some(ProcessTimes {
            parent: parent?,
            own: user? + system?,
            of_ended_children: ended_user? + ended_system?,
        })
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.crash();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Gives a folder to the server's user, if the tests run as root.
fn give_to_server_user(folder: &Path) {
    let owned = Command::new("chown").arg("postgres").arg(folder).status().unwrap();
    assert!(owned.success());
}

/// Whether the tests run as root, as which PostgreSQL refuses to run.
fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

fn server_program(name: &str) -> PathBuf {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&on_path).collect();
    let mut packaged: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|versions| versions.flatten().map(|version| version.path().join("bin")).collect())
        .unwrap_or_default();
    packaged.sort();
    folders.extend(packaged.into_iter().rev());
    let program = folders.iter().map(|folder| folder.join(name)).find(|program| program.exists());
    program.unwrap_or_else(|| panic!("{name} is not installed: run scripts/setup"))
}

/// Returns a command for `program`, which runs as `postgres` if the tests run as root.
fn as_server_user(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(program);
    command
}

/// Returns the shared server; starts it on first use.
pub(crate) fn postgres() -> &'static Postgres {
    static SERVER: OnceLock<Postgres> = OnceLock::new();
    SERVER.get_or_init(Postgres::make)
}

/// Returns the name of a database of the shared server that has all migrations, but no wall: the wall's role belongs to
/// one database.
pub(super) async fn migrated_template() -> &'static str {
    const NAME: &str = "migrated_template";
    static MADE: tokio::sync::OnceCell<()> = tokio::sync::OnceCell::const_new();
    let make = async || {
        let server = postgres();
        let mut admin = PgConnection::connect(&server.admin_url()).await.unwrap();
        sqlx::raw_sql(INGEST_ROLE).execute(&mut admin).await.unwrap();
        let create = format!("CREATE DATABASE {NAME} OWNER ingest");
        sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut admin).await.unwrap();
        let mut template = PgConnection::connect(&server.url(NAME)).await.unwrap();
        let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
        Migrator::new(migrations).await.unwrap().run(&mut template).await.unwrap();
        template.close().await.unwrap();
        // A connection to it, such as autovacuum's, would prevent copying it.
        let close = format!("ALTER DATABASE {NAME} WITH ALLOW_CONNECTIONS false");
        sqlx::raw_sql(AssertSqlSafe(close)).execute(&mut admin).await.unwrap();
        admin.close().await.unwrap();
    };
    MADE.get_or_init(make).await;
    NAME
}

/// Creates the role that owns the tests' databases. Tests start concurrently, and the first one creates it: the lock ends
/// with the implicit transaction of these statements, so that the next test sees the role.
pub(super) const INGEST_ROLE: &str = "SELECT pg_advisory_xact_lock(1);
    DO $$ BEGIN IF to_regrole('ingest') IS NULL THEN CREATE ROLE ingest LOGIN CREATEROLE PASSWORD 'secret'; END IF; END $$;";

/// A driver of browsers, for WebDriver. It is killed with its browsers when it is dropped, and with this process at the latest.
pub(super) struct Driver {
    /// Its port on the loopback interface.
    pub port: u16,
    /// What it and its browsers print.
    pub log: PathBuf,
    /// Its process group, to which its browsers belong.
    group: Pid,
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = killpg(self.group, Signal::SIGKILL);
    }
}

impl Driver {
    /// Starts a driver, which is called `program`.
    pub(super) fn start(program: &str) -> Driver {
        static STARTED: AtomicUsize = AtomicUsize::new(0);
        let folder = temporary(&format!("{program}-{}", STARTED.fetch_add(1, Ordering::SeqCst)));
        let log = folder.join("log");
        let port = free_port();
        let output = std::fs::File::create(&log).unwrap();
        let started = Command::new(program)
            .arg(format!("--port={port}"))
            .env("TMPDIR", &folder)
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .process_group(0)
            .spawn();
        let driver =
            started.unwrap_or_else(|_| panic!("{program} is not installed: run scripts/setup --test"));
        let group = Pid::from_raw(driver.id().cast_signed());
        when_gone(&format!("kill -9 -{}; rm -rf {}", driver.id(), folder.display()));
        keep_running(driver);
        await_port(port, &log);
        Driver { port, log, group }
    }
}

/// The moto server of this test run.
pub(crate) struct Moto {
    /// Its port on the loopback interface.
    pub port: u16,
}

impl Moto {
    /// Returns the value of `AWS_ENDPOINT_URL`.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// Returns the shared server; starts it on first use.
pub(crate) fn moto() -> &'static Moto {
    static SERVER: OnceLock<Moto> = OnceLock::new();
    SERVER.get_or_init(|| {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv/bin/moto_server");
        assert!(program.exists(), "{} is not there: run scripts/setup --test", program.display());
        let folder = temporary("moto");
        let log = folder.join("log");
        let port = free_port();
        let output = std::fs::File::create(&log).unwrap();
        let server = Command::new(program)
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .env("MOTO_S3_CUSTOM_ENDPOINTS", "")
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap();
        when_gone(&format!("kill {}; rm -rf {}", server.id(), folder.display()));
        keep_running(server);
        await_port(port, &log);
        Moto { port }
    })
}

/// A PgBouncer in front of one database; it stops with the test run.
pub(crate) struct PgBouncer {
    /// Its port on the loopback interface.
    pub port: u16,
}

impl PgBouncer {
    /// Starts a PgBouncer in transaction mode in front of the database.
    pub(crate) fn start(database: &str) -> PgBouncer {
        PgBouncer::in_mode(database, "transaction")
    }

    /// Starts a PgBouncer in front of the database. `mode`: for how long a client has a connection to the server, `transaction` or
    /// `session`.
    pub(crate) fn in_mode(database: &str, mode: &str) -> PgBouncer {
        let folder = temporary(&format!("pgbouncer-{database}"));
        let (port, log) = (free_port(), folder.join("log"));
        // A session needs a connection of its own, also while it is idle.
        let pool = if mode == "session" { 40 } else { 8 };
        let settings = format!(
            "[databases]\n{database} = host=127.0.0.1 port={} user=ingest password=secret\n\
             [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = trust\n\
             auth_file = {}\npool_mode = {mode}\ndefault_pool_size = {pool}\nmax_client_conn = 200\n",
            postgres().port(),
            folder.join("users").display()
        );
        std::fs::write(folder.join("users"), "\"ingest\" \"secret\"\n").unwrap();
        std::fs::write(folder.join("pgbouncer.ini"), settings).unwrap();
        if is_root() {
            let owned = Command::new("chown").args(["-R", "postgres"]).arg(&folder).status().unwrap();
            assert!(owned.success());
        }
        let program =
            ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"].into_iter().find(|path| Path::new(path).exists());
        let program = Path::new(program.expect("pgbouncer is not installed: run scripts/setup --test"));
        let output = std::fs::File::create(&log).unwrap();
        let bouncer = as_server_user(program)
            .arg(folder.join("pgbouncer.ini"))
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .process_group(0)
            .spawn()
            .unwrap();
        when_gone(&format!("kill -9 -{}; rm -rf {}", bouncer.id(), folder.display()));
        keep_running(bouncer);
        await_port(port, &log);
        PgBouncer { port }
    }
}
