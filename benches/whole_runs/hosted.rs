//! A server as database hosts run it: reached over TCP with a password (SCRAM), its text sorted by `en_US.UTF-8`. All
//! other settings are those of the private cluster, so that the two can be compared.

use std::fs;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::unistd::{User, chown, geteuid};
use sqlx::PgPool;

const NAME: &str = "ingest";
const PASSWORD: &str = "benchmark";
const LOCALE: &str = "en_US.UTF-8";
const SETTINGS: &str = include_str!("../../src/store/local/postgresql.conf");

/// The running server. It is stopped when dropped.
pub(crate) struct Hosted {
    programs: PathBuf,
    cluster: PathBuf,
    port: u16,
    /// The user that the server runs as if this is root, as which PostgreSQL refuses to run.
    account: Option<User>,
}

impl Hosted {
    /// Creates a cluster in `data`, with its log beside it, and starts it on a free port. `more` are additional settings.
    pub(crate) async fn start(data: &Path, more: &str) -> anyhow::Result<Hosted> {
        let account = if geteuid().is_root() { User::from_name("postgres")? } else { None };
        fs::create_dir_all(data)?;
        if let Some(user) = &account {
            chown(data, Some(user.uid), Some(user.gid))?;
        }
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let server = Hosted { programs: programs()?, cluster: data.join("postgres"), port, account };
        let password = data.join("password");
        fs::write(&password, PASSWORD)?;
        let made = server
            .command("initdb")
            .args(["-U", NAME, "--auth=scram-sha-256", "--encoding=UTF8"])
            .arg(format!("--locale={LOCALE}"))
            .args(["--lc-messages=C", "--pwfile"])
            .arg(&password)
            .arg("-D")
            .arg(&server.cluster)
            .output()?;
        let said = String::from_utf8_lossy(&made.stderr);
        anyhow::ensure!(
            made.status.success(),
            "initdb with the locale {LOCALE} (scripts/setup --bench): {said}"
        );
        let settings = server.cluster.join("postgresql.conf");
        fs::write(&settings, fs::read_to_string(&settings)? + SETTINGS + more)?;
        let options = format!("-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories=''");
        server.control(
            &["start", "-w", "-s", "-l"],
            &[data.join("postgres.log").as_os_str(), "-o".as_ref(), options.as_ref()],
        )?;
        let admin = PgPool::connect(&server.url_of("postgres")).await?;
        sqlx::raw_sql("CREATE DATABASE ingest").execute(&admin).await?;
        admin.close().await;
        Ok(server)
    }

    /// Returns the URL of its database.
    pub(crate) fn url(&self) -> String {
        self.url_of(NAME)
    }

    /// Returns the URL of its database through another port.
    pub(crate) fn url_through(port: u16) -> String {
        format!("postgresql://{NAME}:{PASSWORD}@127.0.0.1:{port}/{NAME}")
    }

    fn url_of(&self, database: &str) -> String {
        format!("postgresql://{NAME}:{PASSWORD}@127.0.0.1:{}/{database}", self.port)
    }

    /// Stops it after a last checkpoint.
    pub(crate) fn stop(self) -> anyhow::Result<()> {
        self.control(&["stop", "-w", "-s", "-m", "fast"], &[])
    }

    fn control(&self, arguments: &[&str], others: &[&std::ffi::OsStr]) -> anyhow::Result<()> {
        let mut control = self.command("pg_ctl");
        control.args(arguments).args(others).arg("-D").arg(&self.cluster);
        let status = control.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
        anyhow::ensure!(status.success(), "pg_ctl {} failed", arguments.first().unwrap_or(&""));
        Ok(())
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir("/");
        if let Some(user) = &self.account {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        command
    }
}

impl Drop for Hosted {
    fn drop(&mut self) {
        if self.cluster.join("postmaster.pid").exists() {
            // Nothing more can be done here; the error that led here is reported.
            let _ = self.control(&["stop", "-w", "-s", "-m", "immediate"], &[]);
        }
    }
}

/// Returns the folder of the server's programs: on the PATH, or the newest that Debian has installed.
fn programs() -> anyhow::Result<PathBuf> {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&on_path).collect();
    let mut packaged: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|versions| versions.flatten().map(|version| version.path().join("bin")).collect())
        .unwrap_or_default();
    packaged.sort();
    folders.extend(packaged.into_iter().rev());
    let found = folders.into_iter().find(|folder| folder.join("initdb").exists());
    found.ok_or_else(|| anyhow::anyhow!("initdb is not installed: run scripts/setup"))
}
