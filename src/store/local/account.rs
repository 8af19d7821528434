//! Whom the server runs as: this user, or another where this is root, as which PostgreSQL refuses to run.

use std::fs::File;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::Path;

use nix::unistd::{Group, User, chown, geteuid};
use tokio::process::Command;

use super::{LocalError, at};

/// The user of the server.
#[derive(Debug)]
pub(crate) struct Account {
    /// `None`: the user that this process runs as.
    other: Option<User>,
}

impl Account {
    /// This user; for root `postgres`, else `nobody`.
    pub(crate) fn of_server() -> Result<Account, LocalError> {
        if !geteuid().is_root() {
            return Ok(Account { other: None });
        }
        let found = ["postgres", "nobody"].into_iter().find_map(|name| User::from_name(name).ok().flatten());
        Ok(Account { other: Some(found.ok_or(LocalError::NoAccount)?) })
    }

    /// A command that runs as the account, in a folder that it can enter, with an environment of its own:
    /// `PGPORT` and the like are meant for another server, and secrets of this process stay here.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir("/").env_clear().envs([
            ("LC_ALL", "C"),
            ("HOME", "/"),
            ("PATH", "/usr/bin:/bin"),
        ]);
        if let Some(user) = &self.other {
            // As root, std drops the supplementary groups when a uid is given.
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        command
    }

    /// Makes a folder and those above it that are missing, so that the account can enter what was made.
    pub(crate) fn make_path(&self, folder: &Path) -> Result<(), LocalError> {
        let is_missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
        let missing: Vec<&Path> = folder.ancestors().take_while(is_missing).collect();
        std::fs::create_dir_all(folder).map_err(at(folder))?;
        for made in missing.into_iter().filter(|_| self.other.is_some()) {
            // Whatever the umask.
            let mode = std::fs::metadata(made).map_err(at(made))?.permissions().mode() | 0o011;
            std::fs::set_permissions(made, PermissionsExt::from_mode(mode)).map_err(at(made))?;
        }
        Ok(())
    }

    /// Gives a file or folder to the account.
    pub(crate) fn own(&self, path: &Path) -> Result<(), LocalError> {
        match &self.other {
            None => Ok(()),
            Some(user) => chown(path, Some(user.uid), Some(user.gid)).map_err(|error| at(path)(error.into())),
        }
    }

    /// Gives an open file, which stands at `path`, to the account.
    pub(crate) fn own_open(&self, file: &File, path: &Path) -> Result<(), LocalError> {
        match &self.other {
            None => Ok(()),
            Some(user) => fchown(file, Some(user.uid.as_raw()), Some(user.gid.as_raw())).map_err(at(path)),
        }
    }

    /// Fails unless the folder is the account's own and nobody else can enter it.
    pub(crate) fn check_owned(&self, folder: &Path) -> Result<(), LocalError> {
        let found = std::fs::symlink_metadata(folder).map_err(at(folder))?;
        let uid = self.other.as_ref().map_or(geteuid(), |user| user.uid);
        let private = found.is_dir() && found.permissions().mode() & 0o077 == 0;
        match private {
            true if found.uid() == uid.as_raw() => Ok(()),
            // Root's own: a program was killed before it gave the folder away.
            true if found.uid() == 0 => self.own(folder),
            _ => Err(at(folder)(std::io::Error::other(
                "not a private folder of the user that runs the database",
            ))),
        }
    }

    /// Fails when the account cannot enter a folder on the way to `path`.
    pub(crate) fn check_path(&self, path: &Path) -> Result<(), LocalError> {
        let Some(user) = &self.other else { return Ok(()) };
        for folder in path.ancestors() {
            let found = std::fs::metadata(folder).map_err(at(folder))?;
            let mode = found.permissions().mode();
            let in_group = found.gid() == user.gid.as_raw() || is_member(user, found.gid());
            let may_enter = match (found.uid() == user.uid.as_raw(), in_group) {
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
    async fn commands_have_neither_our_environment_nor_the_rights_of_root() {
        let account = Account::of_server().unwrap();
        assert!(std::env::vars_os().count() > 3, "there is something to be inherited");
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
