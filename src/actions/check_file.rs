//! Checks a file before its import: how many rows become contacts, and what will be asked about the others.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::ActionError;
use super::beginning::{Beginning, UNPACKED_BYTES, preview_limit};
use super::preview_file::{not_unpacked, refusal};
use super::upload::{Reading, Upload, header_of};
use crate::containers::{Signature, UnpackError, Unpacked, Wanted, unpack};
use crate::domain::file_check::FileCheck;
use crate::domain::job::Owner;
use crate::pipeline::{self, CheckError, FileToCheck};
use crate::store::{OwnerPool, StoreError};

/// Bytes of a text that are checked if it is sent over the network.
pub(crate) const CHECK_BYTES: usize = 4 << 20;
/// Bytes of the text of a container that are checked if it is sent over the network.
const CHECK_UNPACKED_BYTES: u64 = 16 << 20;

/// Returns the maximum number of bytes for a check of a file that begins with `head` and is sent over the network.
pub(crate) fn check_limit(head: &[u8]) -> usize {
    if Signature::of(head).is_some() { preview_limit(head) } else { CHECK_BYTES }
}

/// A file that is checked: all of it, or its beginning.
pub(crate) struct FileContent {
    beginning: Beginning,
    file: File,
    is_whole: bool,
    /// The bytes of the text of a container that are checked.
    unpacked_bytes: u64,
    /// Maximum bytes of a workbook that may be in memory.
    in_memory: u64,
}

impl FileContent {
    /// Returns the content of a body of a request, at most [`check_limit`].
    pub(crate) fn of_body(body: &[u8]) -> Result<FileContent, ActionError> {
        let mut file = tempfile::tempfile().map_err(scratch)?;
        file.write_all(body).and_then(|()| file.seek(SeekFrom::Start(0))).map_err(scratch)?;
        // A longer body is a container, which is sent whole.
        let is_whole = body.len() != CHECK_BYTES;
        let head = &body[..body.len().min(preview_limit(body))];
        Ok(FileContent {
            beginning: Beginning::new(head.to_vec(), is_whole && head.len() == body.len()),
            file,
            is_whole,
            unpacked_bytes: CHECK_UNPACKED_BYTES,
            in_memory: UNPACKED_BYTES,
        })
    }

    /// Opens a file on this machine. All of it is checked.
    pub(crate) async fn of_path(path: &Path) -> io::Result<FileContent> {
        let beginning = Beginning::of_path(path).await?;
        let file = tokio::fs::File::open(path).await?.into_std().await;
        let in_memory = pipeline::IN_MEMORY_BYTES;
        Ok(FileContent { beginning, file, is_whole: true, unpacked_bytes: u64::MAX, in_memory })
    }
}

/// Checks a file of the owner, as `upload` would import it. Stores nothing.
///
/// Fails as invalid, in words for the file's owner, if the file cannot be imported as it is.
pub(crate) async fn check_file(
    owners: &OwnerPool,
    owner: &Owner,
    content: FileContent,
    upload: &Upload<'_>,
) -> Result<FileCheck, ActionError> {
    let header = header_of(owners, owner, &content.beginning, upload).await?;
    let Reading { settings, columns, required } = Reading::of(upload, header.as_ref())?;
    let FileContent { beginning, file, is_whole, unpacked_bytes, in_memory } = content;
    let limits = (unpacked_bytes, in_memory);
    let packed = file.try_clone().map_err(scratch)?;
    let unpacked = unpacked(packed, is_whole, limits, settings.part.clone()).await;
    let unpacked = unpacked.map_err(|error| not_unpacked(error, &beginning))?;
    let text = unpacked.unwrap_or_else(|| plain(file, is_whole));
    let to_check = FileToCheck {
        text: text.text,
        is_whole: text.is_whole,
        is_ours: text.is_ours,
        is_first: text.is_first,
        owner: owner.clone(),
        settings,
        columns,
        required: required.unwrap_or(upload.required),
    };
    pipeline::check(owners, to_check).await.map_err(|error| match error {
        CheckError::Rejected(rejection) => refusal(rejection, &beginning),
        CheckError::Store(error) => error.into(),
    })
}

/// Unpacks a container, beside the tasks of others. Returns `None` for any other file.
async fn unpacked(
    packed: File,
    is_whole: bool,
    (bytes, in_memory): (u64, u64),
    part: Option<String>,
) -> Result<Option<Unpacked>, UnpackError> {
    let stop = Arc::new(AtomicBool::new(false));
    // If the request is dropped, nobody waits for the result.
    let stopped = Arc::clone(&stop);
    let _guard = scopeguard::guard((), move |()| stopped.store(true, Ordering::Relaxed));
    let work = move || {
        let part = part.as_deref();
        unpack(packed, &Wanted { bytes, is_whole, in_memory, stop: &stop, part, takes_first: true })
    };
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

/// Returns a file that is no container.
fn plain(text: File, is_whole: bool) -> Unpacked {
    Unpacked { text, is_whole, containers: Vec::new(), parts: Vec::new(), is_first: false, is_ours: false }
}

fn scratch(error: io::Error) -> ActionError {
    StoreError::Scratch(error).into()
}
