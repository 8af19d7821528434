//! The user that runs the server: this user or, for root, another user, since PostgreSQL refuses to run as root.

use std::fs::File;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::Path;

use nix::unistd::{Group, User, chown, geteuid};
use tokio::process::Command;

use super::{LocalError, at};

/// The user of the server.
#[derive(Debug)]
pub(crate) struct Account {
    /// The other user; `None` if the server runs as the user of this process.
    other: Option<User>,
}

impl Account {
    /// Returns the user of this process or, for root, `postgres` if it exists, else `nobody`.
    pub(crate) fn of_server() -> Result<Account, LocalError> {
        if !geteuid().is_root() {
            return Ok(Account { other: None });
        }
        let found = ["postgres", "nobody"].into_iter().find_map(|name| User::from_name(name).ok().flatten());
        Ok(Account { other: Some(found.ok_or(LocalError::NoAccount)?) })
    }

    /// Returns a command that runs as the account, in a folder that the account can enter. It does not inherit the
    /// environment: variables such as `PGPORT` refer to another server, and others may contain secrets.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir("/").env_clear().envs([
            ("LC_ALL", "C"),
            ("HOME", "/"),
            ("PATH", "/usr/bin:/bin"),
        ]);
        if let Some(user) = &self.other {
            // As root, std drops the supplementary groups when a uid is set.
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        command
    }

    /// Creates a folder and its missing parents, and lets the account enter the folders that were created.
    pub(crate) fn make_path(&self, folder: &Path) -> Result<(), LocalError> {
        let is_missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
        let missing: Vec<&Path> = folder.ancestors().take_while(is_missing).collect();
        std::fs::create_dir_all(folder).map_err(at(folder))?;
        for created in missing.into_iter().filter(|_| self.other.is_some()) {
            // The umask may have removed these bits.
            let mode = std::fs::metadata(created).map_err(at(created))?.permissions().mode() | 0o011;
            std::fs::set_permissions(created, PermissionsExt::from_mode(mode)).map_err(at(created))?;
        }
        Ok(())
    }

    /// Makes the account the owner of a file or folder.
    pub(crate) fn own(&self, path: &Path) -> Result<(), LocalError> {
        match &self.other {
            None => Ok(()),
            Some(user) => chown(path, Some(user.uid), Some(user.gid)).map_err(|error| at(path)(error.into())),
        }
    }

    /// Makes the account the owner of an open file; `path` is for the error.
    pub(crate) fn own_open(&self, file: &File, path: &Path) -> Result<(), LocalError> {
        match &self.other {
            None => Ok(()),
            Some(user) => fchown(file, Some(user.uid.as_raw()), Some(user.gid.as_raw())).map_err(at(path)),
        }
    }

    /// Checks that the account owns the folder and that nobody else can enter it.
    pub(crate) fn check_owned(&self, folder: &Path) -> Result<(), LocalError> {
        let metadata = std::fs::symlink_metadata(folder).map_err(at(folder))?;
        let uid = self.other.as_ref().map_or(geteuid(), |user| user.uid);
        let private = metadata.is_dir() && metadata.permissions().mode() & 0o077 == 0;
        match private {
            true if metadata.uid() == uid.as_raw() => Ok(()),
            // Root owns it if a program was killed before it changed the owner.
            true if metadata.uid() == 0 => self.own(folder),
            _ => Err(at(folder)(std::io::Error::other(
                "not a private folder of the user that runs the database",
            ))),
        }
    }

    /// Checks that the account can enter `path` and all of its parents.
    pub(crate) fn check_path(&self, path: &Path) -> Result<(), LocalError> {
        let Some(user) = &self.other else { return Ok(()) };
        for folder in path.ancestors() {
            let metadata = std::fs::metadata(folder).map_err(at(folder))?;
            let mode = metadata.permissions().mode();
            let in_group = metadata.gid() == user.gid.as_raw() || is_member(user, metadata.gid());
            let may_enter = match (metadata.uid() == user.uid.as_raw(), in_group) {
                (true, _) => mode & 0o100 != 0,
                (false, true) => mode & 0o010 != 0,
                (false, false) => mode & 0o001 != 0,
            };
            if !may_enter {
                return Err(LocalError::Closed { user: user.name.clone(), folder: folder.to_owned() });
            }
        }
        Ok(())
    }
}

fn is_member(user: &User, gid: u32) -> bool {
    let group = Group::from_gid(gid.into()).ok().flatten();
    group.is_some_and(|group| group.mem.contains(&user.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn commands_inherit_neither_the_environment_nor_the_rights_of_root() {
        let account = Account::of_server().unwrap();
        assert!(std::env::vars_os().count() > 3, "the test needs variables that could be inherited");
        let output = account.command(Path::new("/usr/bin/env")).output().await.unwrap();
        let mut names: Vec<String> =
            String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
        names.sort();
        assert_eq!(names, ["HOME=/", "LC_ALL=C", "PATH=/usr/bin:/bin"]);
        let output = account.command(Path::new("/usr/bin/id")).arg("-G").output().await.unwrap();
        let groups = String::from_utf8(output.stdout).unwrap();
        let output = account.command(Path::new("/usr/bin/id")).arg("-u").output().await.unwrap();
        let user = String::from_utf8(output.stdout).unwrap();
        match account.other {
            None => assert_eq!(user.trim(), geteuid().to_string()),
            Some(other) => {
                assert_eq!(user.trim(), other.uid.to_string());
                assert_eq!(groups.trim(), other.gid.to_string());
            }
        }
    }
}
