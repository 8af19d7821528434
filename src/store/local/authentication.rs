//! Who may connect to the private server: the user that runs this program, whom the kernel names, over the
//! Unix socket. There is no password to keep, and no other account gets in, wherever the socket is.

use std::io::Write;
use std::path::Path;

use nix::unistd::{User, geteuid};

use super::account::Account;
use super::{LocalError, NAME, at};

/// Writes the server's `pg_hba.conf` and `pg_ident.conf` in `cluster`. Returns whether one of them said
/// something else before, as those of earlier versions did: a running server must read them again then.
pub(crate) fn write(cluster: &Path, account: &Account) -> Result<bool, LocalError> {
    let uid = geteuid();
    let user = User::from_uid(uid).ok().flatten().map(|user| user.name);
    // What the format cannot express is no name of a system user either.
    let user = user.filter(|name| !name.contains(['"', '\n', '\r']));
    let user = user.ok_or(LocalError::Nameless(uid.as_raw()))?;
    let rules =
        format!("# Written by data-ingestion-worker at each start.\nlocal all {NAME} peer map={NAME}\n");
    let names = format!("# Written by data-ingestion-worker at each start.\n{NAME} \"{user}\" {NAME}\n");
    // The map first: a server that reads both in between lets nobody in who could not get in before.
    let changed = replace(&cluster.join("pg_ident.conf"), &names, account)?;
    Ok(replace(&cluster.join("pg_hba.conf"), &rules, account)? || changed)
}

/// Replaces a file of the server as a whole, unless it says that already.
fn replace(path: &Path, text: &str, account: &Account) -> Result<bool, LocalError> {
    if std::fs::read(path).is_ok_and(|found| found == text.as_bytes()) {
        return Ok(false);
    }
    let folder = path.parent().unwrap_or(path);
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(at(folder))?;
    file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(at(path))?;
    account.own_open(file.as_file(), path)?;
    file.persist(path).map_err(|error| at(path)(error.error))?;
    Ok(true)
}
