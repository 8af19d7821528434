//! The rules of who can connect to the private server: only the user that runs this program, over the Unix socket. The
//! kernel identifies the user, so there is no password, and other accounts are refused wherever the socket is.

use std::io::Write;
use std::path::Path;

use nix::unistd::{User, geteuid};

use super::account::Account;
use super::{LocalError, NAME, at};

/// Writes the server's `pg_hba.conf` and `pg_ident.conf` in `cluster`. Returns whether one of them changed, as files of
/// earlier versions do: a running server must then reload them.
pub(crate) fn write(cluster: &Path, account: &Account) -> Result<bool, LocalError> {
    let uid = geteuid();
    let user = User::from_uid(uid).ok().flatten().map(|user| user.name);
    // Names of system users do not contain the characters that the format cannot express.
    let user = user.filter(|name| !name.contains(['"', '\n', '\r']));
    let user = user.ok_or(LocalError::Nameless(uid.as_raw()))?;
    let rules =
        format!("# Written by data-ingestion-worker at each start.\nlocal all {NAME} peer map={NAME}\n");
    let names = format!("# Written by data-ingestion-worker at each start.\n{NAME} \"{user}\" {NAME}\n");
    // The map first: a server that reloads both files in between accepts nobody whom it refused before.
    let changed = replace(&cluster.join("pg_ident.conf"), &names, account)?;
    Ok(replace(&cluster.join("pg_hba.conf"), &rules, account)? || changed)
}

/// Replaces a file of the server atomically, unless it already contains `text`. Returns whether it was replaced.
fn replace(path: &Path, text: &str, account: &Account) -> Result<bool, LocalError> {
    if std::fs::read(path).is_ok_and(|current| current == text.as_bytes()) {
        return Ok(false);
    }
    let folder = path.parent().unwrap_or(path);
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(at(folder))?;
    file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(at(path))?;
    account.own_open(file.as_file(), path)?;
    file.persist(path).map_err(|error| at(path)(error.error))?;
    Ok(true)
}
