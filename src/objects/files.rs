//! The files of a local folder, for a backup.

use std::io;
use std::path::{Path, PathBuf};

use super::key;

/// Returns the files of objects below `folder` with their keys, without those of unfinished uploads. A folder that does
/// not exist has none.
pub(crate) fn files(folder: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let entries = match std::fs::read_dir(&next) {
            // Others may remove files and folders at the same time.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file()
                && let Some(name) = path.strip_prefix(folder).ok().and_then(Path::to_str)
                && !key::is_upload(name)
            {
                found.push((name.to_owned(), path));
            }
        }
    }
    found.sort();
    Ok(found)
}
