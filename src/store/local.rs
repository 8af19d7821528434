//! The private PostgreSQL cluster: created once, started when a program needs it, shared by all programs
//! that use the same data folder, and stopped by the last of them.
//!
//! It listens only on a Unix socket, in a folder that only its user (and root) can enter, and accepts connections only
//! from the user of the program (`authentication.rs`). The server is a separate process: if it outlives a killed program,
//! the next program uses it.

mod account;
mod authentication;
mod binaries;
mod dump;
mod knock;
mod lock;

use std::fs::{self, File};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use tokio::process::Command;

use account::Account;
use binaries::Binaries;
use knock::{Answer, knock};

/// The superuser and the database of a private cluster.
const NAME: &str = "ingest";
/// Part of the socket's name. Always passed explicitly, since `PGPORT` changes the default of server and clients.
const PORT: u16 = 5432;
/// The longest path of the socket's folder: a socket's path, which ends with `/.s.PGSQL.5432`, can have at most 107 bytes
/// on Linux and 103 on macOS.
const SOCKET_FOLDER_BYTES: usize = 88;
/// The longest wait for the server, which may have to recover first.
const START_SECONDS: u64 = 120;
/// The name of the cluster's folder.
const FOLDER: &str = "postgres";
/// The lock that a program takes to start or stop the server.
const TURN: &str = "postgres.lock";
/// The lock that programs share while they use the server.
const USERS: &str = "postgres.users";
/// The prefix of the name of an unfinished cluster, followed by random letters.
const UNFINISHED: &str = "postgres.unfinished";

/// Why the private cluster could not be used.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// The machine has no PostgreSQL server programs, or none of the cluster's version.
    #[error(
        "no PostgreSQL server programs (initdb, pg_ctl) were found{}; install them (Debian, Ubuntu: apt-get install \
         postgresql; Fedora: dnf install postgresql-server; Alpine: apk add postgresql; macOS: brew install postgresql), \
         or set DATABASE_URL", .0.as_ref().map(|major| format!(" in version {major}, the version of the cluster in the data folder")).unwrap_or_default()
    )]
    NoServer(Option<String>),
    /// The process runs as root and the machine has no other user to run the server as.
    #[error(
        "PostgreSQL does not run as root, and this machine has neither a user `postgres` nor `nobody`; set DATABASE_URL"
    )]
    NoAccount,
    /// The user that runs this process has no name, which PostgreSQL requires.
    #[error(
        "the user id {0} has no name on this machine, and PostgreSQL requires one; add it to /etc/passwd or set DATABASE_URL"
    )]
    Nameless(u32),
    /// The server's user cannot enter a parent of the data folder.
    #[error(
        "the user `{user}`, which runs the database, cannot enter `{folder}`; use another --data-dir, or run chmod o+x on that folder"
    )]
    Closed {
        /// The user.
        user: String,
        /// The folder.
        folder: PathBuf,
    },
    /// A file or folder could not be used.
    #[error("{path}: {source}")]
    File {
        /// The file or folder.
        path: PathBuf,
        /// The error of the system.
        source: std::io::Error,
    },
    /// A server program failed.
    #[error("{program} failed: {said}")]
    Program {
        /// The program.
        program: String,
        /// The last lines of its output or of the server's log.
        said: String,
    },
}

fn at(path: &Path) -> impl Fn(std::io::Error) -> LocalError + '_ {
    move |source| LocalError::File { path: path.to_owned(), source }
}

/// A running private cluster that this process uses.
#[derive(Debug)]
pub struct LocalCluster {
    data_dir: PathBuf,
    folder: PathBuf,
    socket: PathBuf,
    binaries: Binaries,
    account: Account,
    /// A shared lock, held while this process uses the cluster.
    users: Flock<File>,
}

impl LocalCluster {
    /// Returns whether `data_dir` has a cluster, which may not be running.
    pub fn exists(data_dir: &Path) -> bool {
        is_cluster(&data_dir.join(FOLDER))
    }

    /// Creates the cluster in `data_dir` if it does not exist, starts it if it is not running, and returns when it
    /// accepts connections. Several processes may call it at once.
    pub async fn start(data_dir: &Path) -> Result<LocalCluster, LocalError> {
        let account = Account::of_server()?;
        account.make_path(data_dir)?;
        let data_dir = data_dir.canonicalize().map_err(at(data_dir))?;
        let folder = data_dir.join(FOLDER);
        account.check_path(&data_dir)?;
        // Only one process at a time starts or stops the server.
        let turn = lock::exclusive(&data_dir.join(TURN)).await?;
        let users = lock::shared(&data_dir.join(USERS)).await?;
        let binaries = Binaries::find(&folder, &account).await?;
        let socket = socket_folder(&data_dir, &account)?;
        let mut cluster = LocalCluster { data_dir, folder, socket, binaries, account, users };
        if !is_cluster(&cluster.folder) {
            cluster.create().await?;
        }
        let rules_changed = authentication::write(&cluster.folder, &cluster.account)?;
        cluster.bring_up().await?;
        if rules_changed {
            cluster.control(&["reload", "-s"]).await?;
        }
        drop(turn);
        Ok(cluster)
    }

    /// Returns the folder of the server's socket.
    pub fn socket_dir(&self) -> &Path {
        &self.socket
    }

    /// Returns the port in the socket's name. Pass it to clients, which would otherwise use `PGPORT`.
    pub(crate) fn port(&self) -> u16 {
        PORT
    }

    /// Returns the user to connect as.
    pub fn user(&self) -> &str {
        NAME
    }

    /// Returns the database to connect to.
    pub fn database(&self) -> &str {
        NAME
    }

    /// Stops using the cluster, and stops the server if no other program uses it.
    pub async fn stop(self) -> Result<(), LocalError> {
        let _turn = lock::exclusive(&self.data_dir.join(TURN)).await?;
        // Every other user of the server has a shared lock on this file.
        let alone = match self.users.relock(FlockArg::LockExclusiveNonblock) {
            Ok(()) => true,
            Err(Errno::EWOULDBLOCK) => false,
            Err(error) => return Err(at(&self.data_dir.join(USERS))(error.into())),
        };
        match alone && self.folder.join("postmaster.pid").exists() {
            true => self.control(&["stop", "-w", "-s", "-m", "fast", "-t", &START_SECONDS.to_string()]).await,
            false => Ok(()),
        }
    }

    /// Runs `pg_ctl` on the cluster.
    async fn control(&self, arguments: &[&str]) -> Result<(), LocalError> {
        let mut control = self.account.command(&self.binaries.program("pg_ctl"));
        control.args(arguments).arg("-D").arg(&self.folder);
        run(control, &format!("pg_ctl {}", arguments.first().unwrap_or(&""))).await
    }

    /// Creates the cluster under a temporary name and renames it, so that an unfinished cluster is never used.
    async fn create(&self) -> Result<(), LocalError> {
        for entry in fs::read_dir(&self.data_dir).map_err(at(&self.data_dir))?.flatten() {
            if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
                // An `initdb` that outlived its killed program may still be writing there. The new folder has another
                // name.
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        let unfinished =
            tempfile::Builder::new().prefix(&format!("{UNFINISHED}.")).tempdir_in(&self.data_dir);
        let unfinished = unfinished.map_err(at(&self.data_dir))?;
        let folder = unfinished.path();
        self.account.own(folder)?;
        let mut initdb = self.account.command(&self.binaries.program("initdb"));
        initdb
            .args([
                "-U",
                NAME,
                "--auth-local=peer",
                "--auth-host=reject",
                "--encoding=UTF8",
                "--locale=C",
                "-D",
            ])
            .arg(folder);
        run(initdb, "initdb").await?;
        let settings = folder.join("postgresql.conf");
        let mut text = fs::read_to_string(&settings).map_err(at(&settings))?;
        text.push_str(include_str!("local/postgresql.conf"));
        fs::write(&settings, text).map_err(at(&settings))?;
        self.create_database(folder).await?;
        fs::rename(unfinished.keep(), &self.folder).map_err(at(&self.folder))?;
        File::open(&self.data_dir).and_then(|folder| folder.sync_all()).map_err(at(&self.data_dir))
    }

    /// Creates the database in single-user mode, which needs no client program.
    async fn create_database(&self, folder: &Path) -> Result<(), LocalError> {
        use tokio::io::AsyncWriteExt;
        let program = self.binaries.program("postgres");
        let mut single = self.account.command(&program);
        single.args(["--single", "-D"]).arg(folder).arg("postgres");
        single
            .kill_on_drop(true)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        let mut child = single.spawn().map_err(at(&program))?;
        if let Some(mut input) = child.stdin.take() {
            let statement = format!("CREATE DATABASE {NAME} TEMPLATE template0;\n");
            input.write_all(statement.as_bytes()).await.map_err(at(&program))?;
        }
        let output = child.wait_with_output().await.map_err(at(&program))?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        match output.status.success() && !said.contains("ERROR") && !said.contains("FATAL") {
            true => Ok(()),
            false => Err(LocalError::Program { program: "postgres --single".to_owned(), said: tail(&said) }),
        }
    }

    /// Waits until the server accepts connections, and starts it if it is not running. Also handles a server that is
    /// recovering or stopping, since a program that was killed may have left it in any state.
    async fn bring_up(&mut self) -> Result<(), LocalError> {
        let own = self.socket.clone();
        let deadline = Instant::now() + Duration::from_secs(START_SECONDS);
        loop {
            // A program with another TMPDIR may have started the server.
            self.socket = self.recorded_socket().unwrap_or_else(|| own.clone());
            let refusal = match knock(&self.socket, PORT, NAME, NAME).await {
                Answer::Ready => return Ok(()),
                Answer::NotYet(refusal) => LocalError::server(&refusal),
                Answer::Nobody => match self.launch(&own).await {
                    Ok(()) => continue,
                    Err(error) if error.is_of_predecessor() => error,
                    Err(error) => return Err(error),
                },
            };
            if Instant::now() > deadline {
                return Err(refusal);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Returns the folder of the socket that the server, running or crashed, recorded in line 5 of `postmaster.pid`.
    fn recorded_socket(&self) -> Option<PathBuf> {
        let text = fs::read_to_string(self.folder.join("postmaster.pid")).ok()?;
        let folder = PathBuf::from(text.lines().nth(4).filter(|line| line.starts_with('/'))?);
        self.account.check_owned(&folder).ok().map(|()| folder)
    }

    /// Starts the server with `pg_ctl`.
    async fn launch(&self, socket: &Path) -> Result<(), LocalError> {
        let log = self.data_dir.join("postgres.log");
        // The file is private, because its lines quote statements and values.
        let file = File::options().create(true).append(true).mode(0o600).open(&log).map_err(at(&log))?;
        let said_before = file.metadata().map_err(at(&log))?.len();
        file.set_permissions(fs::Permissions::from_mode(0o600)).map_err(at(&log))?;
        self.account.own_open(&file, &log)?;
        drop(file);
        let options = format!(
            "-c listen_addresses='' -c port={PORT} -c unix_socket_permissions=0700 -c unix_socket_directories='{}'",
            socket.display()
        );
        let mut start = self.account.command(&self.binaries.program("pg_ctl"));
        // pg_ctl passes its arguments to a shell, which would expand `$` and the like in the name of the data folder.
        // So no argument contains that name.
        start.current_dir(&self.data_dir).env("PGDATA", FOLDER);
        start.args([
            "start",
            "-w",
            "-s",
            "-t",
            &START_SECONDS.to_string(),
            "-l",
            "postgres.log",
            "-o",
            &options,
        ]);
        // A signal to the terminal's foreground group must not stop the server.
        start.process_group(0);
        run(start, "pg_ctl start").await.map_err(|error| match fs::read(&log) {
            Ok(said) if said.len() as u64 > said_before => {
                let new = said.get(said_before as usize..).unwrap_or_default();
                LocalError::server(&String::from_utf8_lossy(new))
            }
            _ => error,
        })
    }
}

fn is_cluster(folder: &Path) -> bool {
    folder.join("PG_VERSION").exists()
}

impl LocalError {
    fn server(said: &str) -> LocalError {
        LocalError::Program { program: "the private PostgreSQL server".to_owned(), said: tail(said) }
    }

    /// Returns whether remains of a killed server prevented the start, which is temporary: its entry in the process
    /// table, or one of its processes that has not exited yet.
    fn is_of_predecessor(&self) -> bool {
        let signs = ["lock file \"postmaster.pid\" already exists", "pre-existing shared memory block"];
        matches!(self, LocalError::Program { said, .. } if signs.iter().any(|sign| said.contains(sign)))
    }
}

/// Creates the folder of the socket: in the data folder or, if that has too long or too odd a name, in the folder for
/// temporary files.
fn socket_folder(data_dir: &Path, account: &Account) -> Result<PathBuf, LocalError> {
    let digest = blake3::hash(data_dir.as_os_str().as_encoded_bytes()).to_hex();
    let name = format!("ingest-{}", &digest[..16]);
    let candidates =
        [data_dir.join("socket"), std::env::temp_dir().join(&name), Path::new("/tmp").join(&name)];
    let fits = |folder: &&PathBuf| {
        may_be_socket(folder) && folder.parent().is_some_and(|parent| account.check_path(parent).is_ok())
    };
    let folder = candidates.iter().find(fits).unwrap_or(&candidates[2]);
    match fs::DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => account.own(folder)?,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => account.check_owned(folder)?,
        Err(error) => return Err(at(folder)(error)),
    }
    Ok(folder.clone())
}

/// Returns whether the folder can contain the socket: its path is short enough and has no characters that are special in
/// a list of folders or end the shell's quotes.
fn may_be_socket(folder: &Path) -> bool {
    folder.is_absolute()
        && folder.as_os_str().len() <= SOCKET_FOLDER_BYTES
        && folder.to_str().is_some_and(|name| !name.contains(['\'', '"', '\\', ',', '\n', '\r', '\t']))
}

/// Runs a command; fails with the end of its output if it fails.
async fn run(mut command: Command, program: &str) -> Result<(), LocalError> {
    // Not pipes: the server inherits the files of pg_ctl, so a pipe would stay open until the server ends.
    let said = tempfile::tempfile().map_err(at(Path::new("a temporary file")))?;
    let copy = || said.try_clone().map_err(at(Path::new("a temporary file")));
    command.kill_on_drop(true).stdin(std::process::Stdio::null()).stdout(copy()?).stderr(copy()?);
    let status = command.status().await.map_err(at(Path::new(program)))?;
    if status.success() {
        return Ok(());
    }
    use std::io::{Read, Seek};
    let (mut said, mut text) = (said, String::new());
    said.rewind().and_then(|()| said.read_to_string(&mut text)).map_err(at(Path::new("a temporary file")))?;
    Err(LocalError::Program { program: program.to_owned(), said: tail(&text) })
}

/// Returns the last lines of a text.
fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.trim().lines().collect();
    lines[lines.len().saturating_sub(8)..].join("\n")
}

#[cfg(test)]
mod tests;
