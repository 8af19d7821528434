//! Evidence for the encoding of a file, from all of its bytes.
//!
//! Text of another encoding is hardly ever valid UTF-8 by chance, so valid sequences of several bytes outweigh as many
//! invalid bytes: such a file is damaged UTF-8. For any other, [`legacy`](super::legacy) chooses from a sample.

use super::encoding::{Encoding, Reading};
use super::legacy;

/// Size of the segments that are examined. They start at fixed offsets of the file, however a caller cuts it.
const SEGMENT_BYTES: usize = 4096;

/// Size limit of the sample for detecting an encoding that is not UTF-8.
const SAMPLE_BYTES: usize = 128 << 10;

/// Maximum number of bytes that wait for an ASCII byte. A file without any is hardly text.
const WAITING_BYTES: usize = 256 << 10;

/// Evidence out of blocks of any size.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    /// Valid sequences of several bytes.
    sequences: u64,
    /// Bytes that are not UTF-8.
    bad_bytes: u64,
    /// The beginning of a segment.
    segment: Vec<u8>,
    /// Bytes after the last ASCII byte, which ends any sequence.
    rest: Vec<u8>,
    /// Segments that are not ASCII, from the first bad byte on.
    sample: Vec<u8>,
}

/// The reading of a whole text.
pub(super) fn reading(text: &[u8]) -> Reading {
    let mut evidence = Evidence::default();
    evidence.add(text);
    evidence.reading()
}

impl Evidence {
    /// Takes the next bytes of a file.
    pub(super) fn add(&mut self, mut block: &[u8]) {
        if !self.segment.is_empty() {
            let taken = block.len().min(SEGMENT_BYTES - self.segment.len());
            self.segment.extend_from_slice(&block[..taken]);
            block = &block[taken..];
            if self.segment.len() < SEGMENT_BYTES {
                return;
            }
            let mut whole = std::mem::take(&mut self.segment);
            self.take(&whole);
            whole.clear();
            self.segment = whole;
        }
        let mut segments = block.chunks_exact(SEGMENT_BYTES);
        segments.by_ref().for_each(|segment| self.take(segment));
        self.segment.extend_from_slice(segments.remainder());
    }

    /// The reading of all bytes so far.
    pub(super) fn reading(mut self) -> Reading {
        let segment = std::mem::take(&mut self.segment);
        self.take(&segment);
        let rest = std::mem::take(&mut self.rest);
        self.count(&rest);
        match self.sequences >= self.bad_bytes {
            true => Reading::sure(Encoding::Utf8),
            false => legacy::reading(&self.sample),
        }
    }

    fn take(&mut self, segment: &[u8]) {
        if self.rest.is_empty() && segment.is_ascii() {
            return;
        }
        let end = segment.iter().rposition(u8::is_ascii).map_or(0, |last| last + 1);
        if self.rest.is_empty() {
            self.count(&segment[..end]);
        } else {
            self.rest.extend_from_slice(&segment[..end]);
            if end > 0 || self.rest.len() >= WAITING_BYTES {
                let rest = std::mem::take(&mut self.rest);
                self.count(&rest);
            }
        }
        self.rest.extend_from_slice(&segment[end..]);
        let is_other = self.bad_bytes > 0 || !self.rest.is_empty();
        if is_other && self.sample.len() < SAMPLE_BYTES {
            self.sample.extend_from_slice(segment);
        }
    }

    fn count(&mut self, bytes: &[u8]) {
        for chunk in bytes.utf8_chunks() {
            let leads = chunk.valid().bytes().filter(|&byte| byte >= 0xC0);
            self.sequences += leads.count() as u64;
            self.bad_bytes += chunk.invalid().len() as u64;
        }
    }
}
