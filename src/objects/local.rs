//! The local folder: files named by their keys, written under a temporary name and renamed.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::{GetResult, GetResultPayload};
use tokio_util::sync::CancellationToken;

use super::{Location, ObjectError, Objects, key};
use crate::domain::failure::KeyFlaw;

/// Large enough that the cost of moving a block to a blocking thread is negligible.
const BLOCK_BYTES: u64 = 1 << 20;

/// Returns the folder as a store, and its path without symbolic links.
pub(super) fn store(folder: &Path) -> Result<(LocalFileSystem, PathBuf), ObjectError> {
    let place = || Location::Local { folder: folder.into() };
    let resolved = std::fs::create_dir_all(folder).and_then(|()| folder.canonicalize());
    let resolved = resolved.map_err(|source| match source.kind() {
        std::io::ErrorKind::PermissionDenied => {
            ObjectError::Denied { store: place().to_string(), key: None, reason: source.to_string() }
        }
        _ => ObjectError::Unavailable { store: place().to_string(), key: None, source: source.into() },
    })?;
    let store = LocalFileSystem::new_with_prefix(&resolved)
        .map_err(|error| ObjectError::of_place(&place(), error))?;
    // Without fsync, the message that names a file could survive a crash that the file did not.
    Ok((store.with_fsync(true).with_automatic_cleanup(true), resolved))
}

/// Removes files of unfinished uploads that nobody has written to for `age`, and folders that are then empty.
/// Returns the number of files. Stops early when `stop` is cancelled.
pub(super) fn remove_abandoned(
    folder: &Path,
    age: Duration,
    stop: &CancellationToken,
) -> std::io::Result<u64> {
    let mut removed = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        if stop.is_cancelled() {
            break;
        }
        let before = removed;
        // Others may remove files and folders at the same time.
        let Ok(entries) = std::fs::read_dir(&next) else { continue };
        for entry in entries {
            let entry = entry?;
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() && is_abandoned(&entry, age) {
                removed += u64::from(std::fs::remove_file(entry.path()).is_ok());
            }
        }
        if removed > before && next != folder {
            // Fails if the folder is not empty, which is intended.
            let _ = std::fs::remove_dir(&next);
        }
    }
    Ok(removed)
}

fn is_abandoned(entry: &std::fs::DirEntry, age: Duration) -> bool {
    let is_upload = entry.file_name().to_str().is_some_and(key::is_upload);
    let modified = entry.metadata().and_then(|found| found.modified());
    let unchanged = modified.ok().and_then(|modified| modified.elapsed().ok());
    is_upload && unchanged.is_some_and(|unchanged| unchanged > age)
}

/// Refuses a key if its file, or the nearest existing folder above it, leaves `folder` by a symbolic link, or if
/// the key names something other than a file.
pub(super) async fn check_inside(folder: &Path, key: &str) -> Result<(), ObjectError> {
    let place = Location::Local { folder: folder.into() };
    let (folder, path) = (folder.to_owned(), folder.join(key));
    let verdict = tokio::task::spawn_blocking(move || flaw_of(&folder, &path)).await;
    match verdict {
        Ok(None) => Ok(()),
        Ok(Some(flaw)) => Err(ObjectError::BadKey { store: place.to_string(), key: key.to_owned(), flaw }),
        Err(error) => Err(ObjectError::of_key(&place, key, error.into())),
    }
}

fn flaw_of(folder: &Path, path: &Path) -> Option<KeyFlaw> {
    let existing = path.ancestors().find_map(|above| above.canonicalize().ok());
    let inside = existing.is_some_and(|existing| existing.starts_with(folder));
    // A dangling link does not resolve, but a write would go to its target.
    if !inside || path.is_symlink() && !path.exists() {
        return Some(KeyFlaw::SymbolicLink);
    }
    // A named pipe would block its reader forever.
    let other = std::fs::metadata(path).is_ok_and(|found| !found.is_file());
    other.then_some(KeyFlaw::NoFile)
}

/// Streams the content of an opened file in blocks. Ends with [`ObjectError::Changed`] if the file was written to
/// in the meantime; the content of a replaced file stays readable.
pub(super) fn stream(
    objects: Objects,
    key: String,
    opened: GetResult,
) -> BoxStream<'static, Result<Bytes, ObjectError>> {
    let wrap = move |error| match error {
        Broken::Changed => ObjectError::Changed { store: objects.to_string(), key: key.clone() },
        Broken::Store(error) => objects.error(&key, error),
        Broken::Io(source) => ObjectError::Unavailable {
            store: objects.to_string(),
            key: Some(key.clone()),
            source: source.into(),
        },
    };
    let size = opened.meta.size;
    match opened.payload {
        GetResultPayload::File(file, _) => stream::once(Reading::start(file, size))
            .map_ok(|reading| stream::try_unfold(reading, Reading::next))
            .try_flatten()
            .map_err(wrap)
            .boxed(),
        GetResultPayload::Stream(bytes) => bytes.map_err(Broken::Store).map_err(wrap).boxed(),
    }
}

enum Broken {
    Changed,
    Io(std::io::Error),
    Store(object_store::Error),
}

impl From<std::io::Error> for Broken {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

struct Reading {
    file: File,
    left: u64,
    size: u64,
    modified: Option<SystemTime>,
}

impl Reading {
    async fn start(file: File, size: u64) -> Result<Self, Broken> {
        let modified = file.metadata()?.modified().ok();
        Ok(Self { file, left: size, size, modified })
    }

    async fn next(self) -> Result<Option<(Bytes, Self)>, Broken> {
        let block = tokio::task::spawn_blocking(move || self.next_block()).await;
        block.map_err(|error| Broken::Store(error.into()))?
    }

    fn next_block(mut self) -> Result<Option<(Bytes, Self)>, Broken> {
        if self.left == 0 {
            return self.check_unchanged().map(|()| None);
        }
        let wanted = self.left.min(BLOCK_BYTES);
        let mut block = Vec::with_capacity(wanted as usize);
        self.file.by_ref().take(wanted).read_to_end(&mut block)?;
        if block.is_empty() {
            return Err(Broken::Changed);
        }
        self.left -= block.len() as u64;
        Ok(Some((Bytes::from(block), self)))
    }

    fn check_unchanged(&self) -> Result<(), Broken> {
        let now = self.file.metadata()?;
        match now.len() == self.size && now.modified().ok() == self.modified {
            true => Ok(()),
            false => Err(Broken::Changed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_abandoned_uploads_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let long_ago = SystemTime::now() - Duration::from_secs(7200);
        let put = |name: &str, modified: SystemTime| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            File::create(&path).unwrap().set_modified(modified).unwrap();
            path
        };
        let abandoned = put("uploads/one/a/a.csv#1", long_ago);
        let under_way = put("uploads/one/b/b.csv#1", SystemTime::now());
        let object = put("uploads/one/c/c.csv", long_ago);
        let beside = put("uploads/one/c/c.csv#12", long_ago);
        let elsewhere = tempfile::tempdir().unwrap();
        let linked = elsewhere.path().join("d.csv#1");
        File::create(&linked).unwrap().set_modified(long_ago).unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("link")).unwrap();

        let hour = Duration::from_secs(3600);
        let stop = CancellationToken::new();
        assert_eq!(remove_abandoned(folder.path(), hour, &stop).unwrap(), 2);
        assert!(!abandoned.exists() && !abandoned.parent().unwrap().exists() && !beside.exists());
        assert!(under_way.exists() && object.exists() && linked.exists());
        assert_eq!(remove_abandoned(folder.path(), hour, &stop).unwrap(), 0);
    }
}
