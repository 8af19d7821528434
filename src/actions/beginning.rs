//! The beginning of a file, from which a preview is made. A workbook or an archive is needed whole.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

use futures::TryStreamExt;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use super::ActionError;
use crate::containers::Signature;
use crate::csv;
use crate::domain::refusal::Refusal;
use crate::objects::Objects;
use crate::store::StoreError;

/// Bytes of a file that are enough for a preview.
pub(crate) const PREVIEW_BYTES: usize = csv::PREVIEW_BYTES;

/// Maximum bytes of a container in memory for a preview.
const IN_MEMORY_BYTES: usize = 8 << 20;

/// Maximum bytes of a workbook or an archive on disk for a preview.
const ON_DISK_BYTES: u64 = 256 << 20;

/// Maximum bytes of the content of a workbook in memory for a preview.
pub(super) const UNPACKED_BYTES: u64 = 64 << 20;

/// Time limit for reading a stored file for a preview, while somebody waits for a page.
const LONGEST: Duration = Duration::from_secs(60);

/// Returns the maximum number of bytes for a preview of a file that begins with `head`.
pub(crate) fn preview_limit(head: &[u8]) -> usize {
    if Signature::of(head).is_some() { IN_MEMORY_BYTES } else { PREVIEW_BYTES }
}

/// The beginning of a file.
pub(crate) struct Beginning {
    head: Vec<u8>,
    /// Whether `head` is the whole file.
    is_whole: bool,
    /// The whole file, if it is a workbook or an archive that is larger than `head`.
    file: Option<File>,
    /// Maximum bytes of a workbook or an archive.
    limit: u64,
}

impl Beginning {
    /// Creates a beginning from the first bytes of a file, at most [`preview_limit`].
    pub(crate) fn new(head: Vec<u8>, is_whole: bool) -> Beginning {
        Beginning { head, is_whole, file: None, limit: IN_MEMORY_BYTES as u64 }
    }

    /// Reads the beginning of a file on this machine.
    pub(crate) async fn of_path(path: &Path) -> io::Result<Beginning> {
        let mut opened = tokio::fs::File::open(path).await?;
        let mut head = Vec::new();
        (&mut opened).take(PREVIEW_BYTES as u64).read_to_end(&mut head).await?;
        let limit = preview_limit(&head);
        (&mut opened).take((limit - head.len()) as u64).read_to_end(&mut head).await?;
        let is_whole = head.len() < limit;
        let file =
            match !is_whole && is_needed_whole(&head) && opened.metadata().await?.len() <= ON_DISK_BYTES {
                true => Some(opened.into_std().await),
                false => None,
            };
        Ok(Beginning { head, is_whole, file, limit: ON_DISK_BYTES })
    }

    /// Reads the beginning of a stored file, in limited time. Copies a large workbook or archive to a temporary file.
    pub(crate) async fn stored(objects: &Objects, key: &str) -> Result<Beginning, ActionError> {
        objects.within(LONGEST, key, Beginning::read(objects, key)).await
    }

    async fn read(objects: &Objects, key: &str) -> Result<Beginning, ActionError> {
        let mut opened = objects.open(key, None).await?;
        let mut head = Vec::new();
        while head.len() < preview_limit(&head)
            && let Some(block) = opened.bytes.try_next().await?
        {
            head.extend_from_slice(&block);
        }
        let is_whole = head.len() as u64 == opened.size;
        let mut file = None;
        if !is_whole && is_needed_whole(&head) && opened.size <= ON_DISK_BYTES {
            let mut copy = tokio::fs::File::from_std(tempfile::tempfile().map_err(scratch)?);
            copy.write_all(&head).await.map_err(scratch)?;
            while let Some(block) = opened.bytes.try_next().await? {
                copy.write_all(&block).await.map_err(scratch)?;
            }
            copy.flush().await.map_err(scratch)?;
            copy.seek(SeekFrom::Start(0)).await.map_err(scratch)?;
            file = Some(copy.into_std().await);
        }
        head.truncate(preview_limit(&head));
        Ok(Beginning { is_whole: head.len() as u64 == opened.size, head, file, limit: ON_DISK_BYTES })
    }

    /// Returns the first bytes.
    pub(super) fn head(&self) -> &[u8] {
        &self.head
    }

    /// Returns whether the first bytes are the whole file.
    pub(super) fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Returns what is known of the file as a file, and whether that is all of it.
    pub(super) fn to_file(&self) -> io::Result<(File, bool)> {
        if let Some(file) = &self.file {
            return Ok((file.try_clone()?, true));
        }
        let mut file = tempfile::tempfile()?;
        file.write_all(&self.head)?;
        file.seek(SeekFrom::Start(0))?;
        Ok((file, self.is_whole))
    }

    /// Returns why a container has no preview because of its size.
    pub(super) fn too_large(&self) -> Refusal {
        Refusal::PreviewTooLarge { packed_mb: self.limit >> 20, unpacked_mb: UNPACKED_BYTES >> 20 }
    }
}

/// Returns whether the beginning of a container does not suffice to unpack the beginning of its content.
pub(super) fn is_needed_whole(head: &[u8]) -> bool {
    matches!(Signature::of(head), Some(Signature::Zip | Signature::Compound))
}

fn scratch(error: io::Error) -> ActionError {
    StoreError::Scratch(error).into()
}
