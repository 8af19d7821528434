//! The address of the server that runs with a data folder: a file that the server has locked for as long as it runs, so that
//! the address of a killed server is not used.

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

/// The name of the file.
const FILE: &str = "serve.address";
/// How often to try for the lock: a program that reads the address has it for a moment.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(20);

/// Writes the address to the file. Returns the lock, which must live as long as the server; `None` if another server has it.
pub(crate) fn record(data_dir: &Path, address: &str) -> std::io::Result<Option<Flock<File>>> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(data_dir)?;
    // Another account that could open the file could lock it.
    let mut options = File::options();
    options.create(true).truncate(false).write(true).mode(0o600);
    let mut file = options.open(data_dir.join(FILE))?;
    for _ in 0..TRIES {
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(mut locked) => {
                locked.set_len(0)?;
                locked.write_all(address.as_bytes())?;
                return Ok(Some(locked));
            }
            Err((unlocked, Errno::EWOULDBLOCK)) => file = unlocked,
            Err((_, error)) => return Err(error.into()),
        }
        std::thread::sleep(PAUSE);
    }
    Ok(None)
}

/// Returns the address of the server that runs with the data folder, if there is one.
pub(crate) fn address(data_dir: &Path) -> std::io::Result<Option<String>> {
    let file = match File::open(data_dir.join(FILE)) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match Flock::lock(file, FlockArg::LockSharedNonblock) {
        Ok(_) => Ok(None),
        Err((mut file, Errno::EWOULDBLOCK)) => {
            let mut address = String::new();
            file.read_to_string(&mut address)?;
            Ok(Some(address).filter(|address| !address.is_empty()))
        }
        Err((_, error)) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_known_while_its_server_runs() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(address(folder.path()).unwrap(), None);
        let server = record(folder.path(), "http://127.0.0.1:8080").unwrap();
        assert!(server.is_some());
        assert_eq!(address(folder.path()).unwrap().as_deref(), Some("http://127.0.0.1:8080"));
        assert!(record(folder.path(), "http://127.0.0.1:9090").unwrap().is_none());
        drop(server);
        assert_eq!(address(folder.path()).unwrap(), None);
        let server = record(folder.path(), "http://[::1]:80").unwrap();
        assert_eq!(address(folder.path()).unwrap().as_deref(), Some("http://[::1]:80"));
        drop(server);
    }
}
