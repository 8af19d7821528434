//! The private PostgreSQL cluster: made once, started when a program needs it, shared by all programs
//! that use the same data folder, and stopped by the last of them.
//!
//! It listens on a Unix socket only, in a folder that nobody but its user (and root) can enter. The server
//! is a process of its own: one that outlives a killed program is found again by the next.

mod account;
mod binaries;

use std::fs::{self, File};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::fcntl::{Flock, FlockArg};
use tokio::net::UnixStream;
use tokio::process::Command;

use account::Account;
use binaries::Binaries;

/// The superuser and the database of a private cluster.
const NAME: &str = "ingest";
/// A socket's path holds at most 107 bytes (unix(7)), `/.s.PGSQL.5432` included.
const SOCKET_FOLDER_BYTES: usize = 90;
/// The longest wait for the server, which may have to recover first.
const START_SECONDS: u32 = 120;

/// Why the private cluster could not be used.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// There is no PostgreSQL server on the machine.
    #[error(
        "no PostgreSQL server programs (initdb, pg_ctl) were found{}; install them (Debian, Ubuntu: apt-get install \
         postgresql; Fedora: dnf install postgresql-server; Alpine: apk add postgresql; macOS: brew install postgresql), \
         or set DATABASE_URL", .0.as_ref().map(|major| format!(" in version {major}, of which the cluster in the data folder is")).unwrap_or_default()
    )]
    NoServer(Option<String>),
    /// Root, and no user to run the server as.
    #[error(
        "PostgreSQL does not run as root, and there is neither a user `postgres` nor `nobody` to run it as; set DATABASE_URL"
    )]
    NoAccount,
    /// A parent of the data folder is closed to the server's user.
    #[error(
        "user `{user}`, who is to run the database, cannot enter `{folder}`; use another --data-dir, or chmod o+x that folder"
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
        /// What the system said.
        source: std::io::Error,
    },
    /// A server program failed.
    #[error("{program} failed: {said}")]
    Program {
        /// The program.
        program: String,
        /// The end of what it printed, or of the server's log.
        said: String,
    },
}

fn at(path: &Path) -> impl Fn(std::io::Error) -> LocalError + '_ {
    move |source| LocalError::File { path: path.to_owned(), source }
}

/// A running private cluster that this process uses.
#[derive(Debug)]
pub struct LocalCluster {
    folder: PathBuf,
    socket: PathBuf,
    binaries: Binaries,
    account: Account,
    /// Held shared for as long as the cluster is used.
    users: Flock<File>,
}

impl LocalCluster {
    /// Makes the cluster in `data_dir` unless it is there, starts it unless it runs, and returns when it
    /// takes connections. Several processes may call it at once.
    pub async fn start(data_dir: &Path) -> Result<LocalCluster, LocalError> {
        fs::create_dir_all(data_dir).map_err(at(data_dir))?;
        let data_dir = data_dir.canonicalize().map_err(at(data_dir))?;
        let folder = data_dir.join("postgres");
        let account = Account::of_server()?;
        account.check_path(&data_dir)?;
        let binaries = Binaries::find(&folder)?;
        // Starting and stopping take turns.
        let turn = lock(&data_dir.join("postgres.lock"), FlockArg::LockExclusive).await?;
        let users = lock(&data_dir.join("postgres.users"), FlockArg::LockShared).await?;
        let socket = socket_folder(&data_dir, &account)?;
        let cluster = LocalCluster { folder, socket, binaries, account, users };
        if !cluster.folder.join("PG_VERSION").exists() {
            cluster.make().await?;
        }
        if !cluster.answers().await {
            cluster.launch().await?;
        }
        drop(turn);
        Ok(cluster)
    }

    /// The folder of the server's socket.
    pub fn socket_dir(&self) -> &Path {
        &self.socket
    }

    /// The user to connect as.
    pub fn user(&self) -> &str {
        NAME
    }

    /// The database to connect to.
    pub fn database(&self) -> &str {
        NAME
    }

    /// Stops using the cluster, and stops the server when nobody else uses it.
    pub async fn stop(self) -> Result<(), LocalError> {
        let data_dir = self.folder.parent().unwrap_or(&self.folder).to_owned();
        let _turn = lock(&data_dir.join("postgres.lock"), FlockArg::LockExclusive).await?;
        let LocalCluster { folder, binaries, account, users, .. } = self;
        drop(users);
        let path = data_dir.join("postgres.users");
        let file = File::open(&path).map_err(at(&path))?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Err(_) => Ok(()),
            Ok(_alone) => {
                let mut stop = account.command(&binaries.program("pg_ctl"));
                stop.args(["stop", "-w", "-s", "-m", "fast", "-D"]).arg(&folder);
                run(stop, "pg_ctl stop").await
            }
        }
    }

    /// Makes the cluster beside its place and moves it there: what is cut short is never taken for one.
    async fn make(&self) -> Result<(), LocalError> {
        let unfinished = self.folder.with_extension("unfinished");
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished).map_err(at(&unfinished))?;
        }
        fs::DirBuilder::new().mode(0o700).create(&unfinished).map_err(at(&unfinished))?;
        self.account.own(&unfinished)?;
        let mut initdb = self.account.command(&self.binaries.program("initdb"));
        initdb.args(["-U", NAME, "--auth=trust", "--encoding=UTF8", "--locale=C", "-D"]).arg(&unfinished);
        run(initdb, "initdb").await?;
        let settings = unfinished.join("postgresql.conf");
        let mut text = fs::read_to_string(&settings).map_err(at(&settings))?;
        text.push_str(include_str!("local/postgresql.conf"));
        fs::write(&settings, text).map_err(at(&settings))?;
        self.make_database(&unfinished).await?;
        fs::rename(&unfinished, &self.folder).map_err(at(&self.folder))
    }

    /// The database is made in single-user mode, which needs no client program.
    async fn make_database(&self, folder: &Path) -> Result<(), LocalError> {
        use tokio::io::AsyncWriteExt;
        let program = self.binaries.program("postgres");
        let mut single = self.account.command(&program);
        single.args(["--single", "-D"]).arg(folder).arg("postgres");
        single
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

    async fn launch(&self) -> Result<(), LocalError> {
        let log = self.folder.with_extension("log");
        let file = File::options().create(true).append(true).open(&log).map_err(at(&log))?;
        drop(file);
        self.account.own(&log)?;
        let options =
            format!("-c listen_addresses='' -c unix_socket_directories='{}'", self.socket.display());
        let mut start = self.account.command(&self.binaries.program("pg_ctl"));
        start
            .args(["start", "-w", "-s", "-t", &START_SECONDS.to_string(), "-o", &options, "-l"])
            .arg(&log)
            .arg("-D")
            .arg(&self.folder);
        // The server is not to be stopped by a signal to the terminal's foreground group.
        start.process_group(0);
        run(start, "pg_ctl start").await.map_err(|error| match fs::read_to_string(&log) {
            Ok(said) if !said.is_empty() => {
                LocalError::Program { program: "the private PostgreSQL server".to_owned(), said: tail(&said) }
            }
            _ => error,
        })
    }

    /// Whether a server takes connections on the socket.
    async fn answers(&self) -> bool {
        let socket = self.socket.join(".s.PGSQL.5432");
        let is_socket = fs::symlink_metadata(&socket).is_ok_and(|found| found.file_type().is_socket());
        is_socket && UnixStream::connect(&socket).await.is_ok()
    }
}

/// Waits for a lock without holding up the runtime.
async fn lock(path: &Path, kind: FlockArg) -> Result<Flock<File>, LocalError> {
    let open = || File::options().create(true).truncate(false).write(true).read(true).open(path);
    let kind = match kind {
        FlockArg::LockShared => FlockArg::LockSharedNonblock,
        _ => FlockArg::LockExclusiveNonblock,
    };
    loop {
        match Flock::lock(open().map_err(at(path))?, kind) {
            Ok(lock) => return Ok(lock),
            Err((_, nix::errno::Errno::EWOULDBLOCK)) => tokio::time::sleep(Duration::from_millis(20)).await,
            Err((_, error)) => return Err(at(path)(error.into())),
        }
    }
}

/// The folder of the socket: in the data folder, or, where that has too long a name, in the folder for
/// temporary files.
fn socket_folder(data_dir: &Path, account: &Account) -> Result<PathBuf, LocalError> {
    let own = data_dir.join("socket");
    let folder = match own.as_os_str().len() <= SOCKET_FOLDER_BYTES {
        true => own,
        false => {
            let digest = blake3::hash(data_dir.as_os_str().as_encoded_bytes()).to_hex();
            std::env::temp_dir().join(format!("ingest-{}", &digest[..16]))
        }
    };
    match fs::DirBuilder::new().mode(0o700).create(&folder) {
        Ok(()) => account.own(&folder)?,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => account.check_owned(&folder)?,
        Err(error) => return Err(at(&folder)(error)),
    }
    Ok(folder)
}

async fn run(mut command: Command, program: &str) -> Result<(), LocalError> {
    // Not pipes: the server inherits what pg_ctl has, and a pipe would then never end.
    let said = tempfile::tempfile().map_err(at(Path::new("a temporary file")))?;
    let copy = || said.try_clone().map_err(at(Path::new("a temporary file")));
    command.stdin(std::process::Stdio::null()).stdout(copy()?).stderr(copy()?);
    let status = command.status().await.map_err(at(Path::new(program)))?;
    if status.success() {
        return Ok(());
    }
    use std::io::{Read, Seek};
    let (mut said, mut text) = (said, String::new());
    said.rewind().and_then(|()| said.read_to_string(&mut text)).map_err(at(Path::new("a temporary file")))?;
    Err(LocalError::Program { program: program.to_owned(), said: tail(&text) })
}

/// The last lines of a text.
fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.trim().lines().collect();
    lines[lines.len().saturating_sub(8)..].join("\n")
}

#[cfg(test)]
mod tests;
