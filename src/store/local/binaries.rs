//! PostgreSQL's server programs on this machine.

use std::path::{Path, PathBuf};

use super::LocalError;
use super::account::Account;

/// The folder of the server programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Binaries {
    folder: PathBuf,
}

impl Binaries {
    /// Finds the programs on `PATH` or in the folders of distributions. If `cluster` contains a cluster, returns the first
    /// programs of its version, otherwise the first of any version.
    pub(crate) async fn find(cluster: &Path, account: &Account) -> Result<Binaries, LocalError> {
        let major =
            std::fs::read_to_string(cluster.join("PG_VERSION")).ok().map(|text| text.trim().to_owned());
        let path = std::env::var_os("PATH").unwrap_or_default();
        let on_path = std::env::split_paths(&path).filter_map(|folder| real_folder(&folder));
        let folders = on_path.chain(packaged(Path::new("/"))).filter(|folder| is_server(folder));
        for folder in folders {
            let fits = match &major {
                None => true,
                Some(major) => version(&folder, account).await.as_ref() == Some(major),
            };
            if fits {
                return Ok(Binaries { folder });
            }
        }
        Err(LocalError::NoServer(major))
    }

    /// Returns the path of a program.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// Returns the folder of `initdb` with symbolic links resolved: the folder on `PATH` may contain only a link to it.
fn real_folder(folder: &Path) -> Option<PathBuf> {
    let initdb = folder.join("initdb").canonicalize().ok()?;
    initdb.parent().map(Path::to_owned)
}

/// Returns the folders under `root` in which packages install the programs, the newest version of each package first.
fn packaged(root: &Path) -> Vec<PathBuf> {
    let locations = [
        ("usr/lib/postgresql", ""),
        ("usr/libexec", "postgresql"),
        ("usr", "pgsql-"),
        ("opt/homebrew/opt", "postgresql"),
        ("usr/local/opt", "postgresql"),
    ];
    let mut folders = Vec::new();
    for (parent, prefix) in locations {
        let entries = std::fs::read_dir(root.join(parent)).into_iter().flatten().flatten();
        let mut versions: Vec<(u32, PathBuf)> = entries
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
            .map(|entry| {
                let name = entry.file_name().to_string_lossy().into_owned();
                // "9.6" is version 9, not 96.
                let digits = name.trim_start_matches(|letter: char| !letter.is_ascii_digit());
                let major = digits.split(|letter: char| !letter.is_ascii_digit()).next().unwrap_or_default();
                (major.parse().unwrap_or(0), entry.path())
            })
            .collect();
        versions.sort();
        folders.extend(versions.into_iter().rev().flat_map(|(_, path)| [path.join("bin"), path]));
    }
    folders
}

fn is_server(folder: &Path) -> bool {
    ["initdb", "pg_ctl", "postgres"].iter().all(|program| folder.join(program).is_file())
}

/// Returns the major version from the output of `pg_ctl --version`, such as `15` for `15.18` (Debian adds words in
/// brackets).
async fn version(folder: &Path, account: &Account) -> Option<String> {
    let output = account.command(&folder.join("pg_ctl")).arg("--version").output().await.ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let number =
        text.split_whitespace().find(|word| word.starts_with(|first: char| first.is_ascii_digit()))?;
    number.split(|letter: char| !letter.is_ascii_digit()).next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_packaged_version_comes_first() {
        let root = tempfile::tempdir().unwrap();
        for version in ["9.6", "15", "17"] {
            let bin = root.path().join("usr/lib/postgresql").join(version).join("bin");
            std::fs::create_dir_all(&bin).unwrap();
            for program in ["initdb", "pg_ctl", "postgres"] {
                std::fs::write(bin.join(program), "").unwrap();
            }
        }
        let found: Vec<_> = packaged(root.path()).into_iter().filter(|folder| is_server(folder)).collect();
        assert_eq!(found.len(), 3);
        assert!(found[0].ends_with("usr/lib/postgresql/17/bin"));
    }
}
