//! The token of the local user: a file in the data folder that only its user can read.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use nix::unistd::geteuid;

use crate::auth::Secret;

/// The name of the file.
const FILE: &str = "serve.token";
/// The length below which a token could be guessed.
const MIN_CHARACTERS: usize = 32;

/// Returns the path of the token of a data folder.
pub(crate) fn path(data_dir: &Path) -> PathBuf {
    data_dir.join(FILE)
}

/// Reads the token, or creates one if there is none. It stays the same after a restart, so that browsers remain
/// signed in; deleting the file leads to a new token.
pub(crate) fn load_or_make(data_dir: &Path) -> anyhow::Result<Secret> {
    let created = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(data_dir);
    created.with_context(|| format!("cannot create the folder {}", data_dir.display()))?;
    let path = path(data_dir);
    // Another process may create it at the same time; its token then counts.
    if !path.exists() {
        make(data_dir, &path).with_context(|| format!("cannot write {}", path.display()))?;
    }
    load(&path)
}

/// Creates the file atomically, unless it exists by then.
fn make(data_dir: &Path, path: &Path) -> std::io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(data_dir)?;
    writeln!(file, "{}", Secret::random().expose())?;
    match file.persist_noclobber(path) {
        Err(error) if error.error.kind() != ErrorKind::AlreadyExists => Err(error.error),
        _ => Ok(()),
    }
}

fn load(path: &Path) -> anyhow::Result<Secret> {
    let shown = path.display();
    let flags = (nix::fcntl::OFlag::O_NOFOLLOW | nix::fcntl::OFlag::O_NONBLOCK).bits();
    let mut file = File::options()
        .read(true)
        .custom_flags(flags)
        .open(path)
        .with_context(|| format!("cannot read {shown}"))?;
    let found = file.metadata().with_context(|| format!("cannot read {shown}"))?;
    let private = found.is_file() && found.permissions().mode() & 0o077 == 0;
    ensure!(
        private && found.uid() == geteuid().as_raw(),
        "{shown} can be read by others, who could use the server with the token in it; delete it; the next start \
         creates a new one"
    );
    let mut text = String::new();
    file.read_to_string(&mut text).with_context(|| format!("cannot read {shown}"))?;
    let token = text.trim();
    ensure!(
        token.len() >= MIN_CHARACTERS,
        "{shown} contains no token of at least {MIN_CHARACTERS} characters; delete it; the next start creates one"
    );
    Ok(Secret::from(token.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_private_and_stays_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let token = load_or_make(&data).unwrap();
        assert_eq!(token.expose().len(), 43);
        assert!(token.is(load_or_make(&data).unwrap().expose()));
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path(&data)), mode(&data)), (0o600, 0o700));
    }

    #[test]
    fn a_token_that_others_may_know_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = path(folder.path());
        load_or_make(folder.path()).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        let error = load_or_make(folder.path()).unwrap_err().to_string();
        assert!(error.contains("can be read by others") && error.contains("serve.token"), "{error}");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        std::fs::write(&path, "guess\n").unwrap();
        assert!(load_or_make(folder.path()).is_err());
        std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
        assert!(load_or_make(folder.path()).is_err());
    }
}
