//! Locks between the processes that share a data folder.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

use super::{LocalError, at};

/// How long a wait for another process stays unmentioned: starting and stopping take about that.
const MENTION_AFTER: Duration = Duration::from_secs(2);

/// The pause between two tries.
const PAUSE: Duration = Duration::from_millis(20);

/// Waits until this process alone holds the lock, and notes its id in the file for those that wait in turn.
pub(crate) async fn exclusive(path: &Path) -> Result<Flock<File>, LocalError> {
    let started = Instant::now();
    let mut mentioned = false;
    loop {
        if let Some(mut lock) = try_lock(path, FlockArg::LockExclusiveNonblock)? {
            lock.set_len(0).and_then(|()| write!(lock, "{}", std::process::id())).map_err(at(path))?;
            return Ok(lock);
        }
        if !mentioned && started.elapsed() > MENTION_AFTER {
            mentioned = true;
            tracing::warn!(
                lock = %path.display(),
                process = holder(path),
                "waiting for another process that is starting or stopping the private database server"
            );
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Waits until no process holds the lock exclusively.
pub(crate) async fn shared(path: &Path) -> Result<Flock<File>, LocalError> {
    loop {
        if let Some(lock) = try_lock(path, FlockArg::LockSharedNonblock)? {
            return Ok(lock);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Takes the lock unless another process holds it in a way that excludes this.
pub(crate) fn try_lock(path: &Path, kind: FlockArg) -> Result<Option<Flock<File>>, LocalError> {
    match Flock::lock(open(path)?, kind) {
        Ok(lock) => Ok(Some(lock)),
        Err((_, Errno::EWOULDBLOCK)) => Ok(None),
        Err((_, error)) => Err(at(path)(error.into())),
    }
}

/// Opens a file that no other account can open: whoever can open it can lock it.
fn open(path: &Path) -> Result<File, LocalError> {
    let mut options = File::options();
    options.create(true).truncate(false).write(true).read(true).mode(0o600);
    let file = options.open(path).map_err(at(path))?;
    let permissions = file.metadata().map_err(at(path))?.permissions();
    // Made by an earlier version.
    if permissions.mode() & 0o077 != 0 {
        file.set_permissions(fs::Permissions::from_mode(0o600)).map_err(at(path))?;
    }
    Ok(file)
}

/// The process that holds the lock, as it noted itself.
fn holder(path: &Path) -> String {
    let noted = fs::read_to_string(path).ok().filter(|text| text.parse::<u32>().is_ok());
    noted.unwrap_or_else(|| "unknown".to_owned())
}
