//! The text of a container as it is written, with its limit.
//!
//! A compressed file of a kilobyte can grow to a megabyte, and one of a gigabyte would fill any disk. Real tables
//! shrink to a tenth or so, a table that repeats itself to a hundredth. Hence the limit is a multiple of the packed size.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use super::error::UnpackError;
use crate::domain::interpretation::ContainerFormat;
use crate::domain::rejection::Rejection;

/// A file of any size may grow to this size in bytes.
const ALWAYS_ALLOWED: u64 = 100 << 20;
/// A larger file may grow by this factor.
const MAX_RATIO: u64 = 200;
/// No file may grow beyond this size in bytes.
const MAX_BYTES: u64 = 64 << 30;

const BLOCK_BYTES: usize = 256 << 10;

/// Returns the limit for the content of a container of `packed` bytes.
pub(super) fn limit(packed: u64) -> u64 {
    packed.saturating_mul(MAX_RATIO).clamp(ALWAYS_ALLOWED, MAX_BYTES)
}

/// How much of a container is unpacked, and at what cost.
pub(crate) struct Wanted<'a> {
    /// The number of bytes that suffice.
    pub bytes: u64,
    /// Whether the packed file is whole. The beginning of a compressed file is enough for the beginning of its text.
    pub is_whole: bool,
    /// Maximum bytes of what must be in memory: the strings of an XLSX workbook, the whole content of others.
    pub in_memory: u64,
    /// Becomes true when nobody waits for the result any more.
    pub stop: &'a AtomicBool,
    /// The sheet of a workbook or the file of an archive; a sheet of a workbook in an archive as `FILE/SHEET`.
    pub part: Option<&'a str>,
    /// Whether the first of several tables of an archive is unpacked if no part is named.
    pub takes_first: bool,
}

/// A temporary file that receives the text.
pub(super) struct Output<'a> {
    file: BufWriter<File>,
    written: u64,
    limit: u64,
    wanted: u64,
    /// Whether the container may end early.
    is_partial: bool,
    stop: &'a AtomicBool,
}

/// Whether more of the text is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    More,
    Enough,
}

impl<'a> Output<'a> {
    pub(super) fn new(packed: u64, wanted: &Wanted<'a>) -> io::Result<Output<'a>> {
        Ok(Output {
            file: BufWriter::with_capacity(BLOCK_BYTES, tempfile::tempfile()?),
            written: 0,
            limit: limit(packed),
            wanted: wanted.bytes,
            is_partial: !wanted.is_whole,
            stop: wanted.stop,
        })
    }

    /// Copies what `source` unpacks.
    ///
    /// Fails if the source does, unless only the beginning of it is known.
    pub(super) fn copy(&mut self, source: &mut dyn Read, format: ContainerFormat) -> Result<(), UnpackError> {
        let mut block = vec![0; BLOCK_BYTES];
        loop {
            let read = match source.read(&mut block) {
                Ok(0) => return Ok(()),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) if self.is_partial => return Ok(()),
                Err(error) => {
                    return Err(Rejection::BrokenContainer { format, reason: error.to_string() }.into());
                }
            };
            if self.write(&block[..read])? == Flow::Enough {
                return Ok(());
            }
        }
    }

    /// Writes the next bytes.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<Flow, UnpackError> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(UnpackError::Stopped);
        }
        self.written += bytes.len() as u64;
        if self.written > self.limit {
            return Err(Rejection::GrowsTooLarge { limit_bytes: self.limit }.into());
        }
        self.file.write_all(bytes)?;
        Ok(if self.written >= self.wanted { Flow::Enough } else { Flow::More })
    }

    /// Returns whether the container may end early.
    pub(super) fn is_partial(&self) -> bool {
        self.is_partial
    }

    /// Returns the file at its start, and whether it is the whole text.
    pub(super) fn finish(self) -> io::Result<(File, bool)> {
        let is_whole = !self.is_partial && self.written < self.wanted;
        let mut file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        Ok((file, is_whole))
    }
}
