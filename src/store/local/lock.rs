//! Locks between the processes that share a data folder.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

use super::{LocalError, at};

/// The wait for another process after which a warning is logged. Starting and stopping take about that long.
const WARN_AFTER: Duration = Duration::from_secs(2);

/// The pause between two attempts.
const PAUSE: Duration = Duration::from_millis(20);

/// Takes the lock exclusively, after waiting for other processes, and writes this process's id to the file for those that
/// wait next.
pub(crate) async fn exclusive(path: &Path) -> Result<Flock<File>, LocalError> {
    let started = Instant::now();
    let mut warned = false;
    loop {
        if let Some(mut lock) = try_lock(path, FlockArg::LockExclusiveNonblock)? {
            lock.set_len(0).and_then(|()| write!(lock, "{}", std::process::id())).map_err(at(path))?;
            return Ok(lock);
        }
        if !warned && started.elapsed() > WARN_AFTER {
            warned = true;
            tracing::warn!(
                lock = %path.display(),
                process = holder(path),
                "waiting for another process that is starting or stopping the private database server"
            );
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Takes the lock shared, after waiting for a process that has it exclusively.
pub(crate) async fn shared(path: &Path) -> Result<Flock<File>, LocalError> {
    loop {
        if let Some(lock) = try_lock(path, FlockArg::LockSharedNonblock)? {
            return Ok(lock);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Takes the lock; returns `None` if a lock of another process conflicts.
pub(crate) fn try_lock(path: &Path, kind: FlockArg) -> Result<Option<Flock<File>>, LocalError> {
    match Flock::lock(open(path)?, kind) {
        Ok(lock) => Ok(Some(lock)),
        Err((_, Errno::EWOULDBLOCK)) => Ok(None),
        Err((_, error)) => Err(at(path)(error.into())),
    }
}

/// Opens a lock file that no other account can open: an account that can open the file can lock it.
fn open(path: &Path) -> Result<File, LocalError> {
    let mut options = File::options();
    options.create(true).truncate(false).write(true).read(true).mode(0o600);
    let file = options.open(path).map_err(at(path))?;
    let permissions = file.metadata().map_err(at(path))?.permissions();
    // An earlier version may have created the file.
    if permissions.mode() & 0o077 != 0 {
        file.set_permissions(fs::Permissions::from_mode(0o600)).map_err(at(path))?;
    }
    Ok(file)
}

/// Returns the id of the process that has the lock, from the file.
fn holder(path: &Path) -> String {
    let process = fs::read_to_string(path).ok().filter(|text| text.parse::<u32>().is_ok());
    process.unwrap_or_else(|| "unknown".to_owned())
}
