//! Detects the encoding of a file from all of its bytes.
//!
//! Text in another encoding is rarely valid UTF-8 by chance. Therefore a file with at least as many valid multi-byte
//! sequences as invalid bytes is damaged UTF-8. For any other, [`legacy`](super::legacy) chooses from a sample.

use super::encoding::{Encoding, Reading};
use super::legacy;
use crate::domain::interpretation::EncodingReading;

/// Size of the segments that are examined. They start at fixed offsets of the file, so that its blocks do not matter.
const SEGMENT_BYTES: usize = 4096;

/// Size limit of the sample for detecting an encoding that is not UTF-8.
const SAMPLE_BYTES: usize = 128 << 10;

/// Maximum number of bytes buffered until an ASCII byte. A file without any is unlikely to be text.
const PENDING_BYTES: usize = 256 << 10;

/// Evidence collected from blocks of any size.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    /// Valid multi-byte sequences.
    sequences: u64,
    /// Bytes that are not UTF-8.
    invalid_bytes: u64,
    /// The beginning of an incomplete segment.
    segment: Vec<u8>,
    /// Bytes after the last ASCII byte, which may end in an incomplete sequence.
    pending: Vec<u8>,
    /// Segments that are not ASCII, from the first invalid byte.
    sample: Vec<u8>,
}

/// Detects the encoding of a whole text.
pub(super) fn reading(text: &[u8]) -> Reading {
    of(text).reading()
}

/// Detects the encoding of a whole text. Returns the likely readings too if it is in doubt.
pub(super) fn readings(text: &[u8]) -> (Reading, Vec<EncodingReading>) {
    of(text).readings()
}

fn of(text: &[u8]) -> Evidence {
    let mut evidence = Evidence::default();
    evidence.add(text);
    evidence
}

impl Evidence {
    /// Adds the next bytes of the file.
    pub(super) fn add(&mut self, mut block: &[u8]) {
        if !self.segment.is_empty() {
            let taken = block.len().min(SEGMENT_BYTES - self.segment.len());
            self.segment.extend_from_slice(&block[..taken]);
            block = &block[taken..];
            if self.segment.len() < SEGMENT_BYTES {
                return;
            }
            let mut segment = std::mem::take(&mut self.segment);
            self.examine(&segment);
            segment.clear();
            self.segment = segment;
        }
        let mut segments = block.chunks_exact(SEGMENT_BYTES);
        segments.by_ref().for_each(|segment| self.examine(segment));
        self.segment.extend_from_slice(segments.remainder());
    }

    /// Returns the encoding of the bytes so far.
    pub(super) fn reading(mut self) -> Reading {
        self.conclude()
    }

    /// Returns the encoding of the bytes so far, and the likely readings if it is in doubt.
    pub(super) fn readings(mut self) -> (Reading, Vec<EncodingReading>) {
        let reading = self.conclude();
        let readings = match reading.rival {
            Some(_) => legacy::readings(&self.sample, reading),
            None => Vec::new(),
        };
        (reading, readings)
    }

    fn conclude(&mut self) -> Reading {
        let segment = std::mem::take(&mut self.segment);
        self.examine(&segment);
        let pending = std::mem::take(&mut self.pending);
        self.count(&pending);
        match self.sequences >= self.invalid_bytes {
            true => Reading::sure(Encoding::Utf8),
            false => legacy::reading(&self.sample),
        }
    }

    fn examine(&mut self, segment: &[u8]) {
        if self.pending.is_empty() && segment.is_ascii() {
            return;
        }
        let end = segment.iter().rposition(u8::is_ascii).map_or(0, |last| last + 1);
        if self.pending.is_empty() {
            self.count(&segment[..end]);
        } else {
            self.pending.extend_from_slice(&segment[..end]);
            if end > 0 || self.pending.len() >= PENDING_BYTES {
                let pending = std::mem::take(&mut self.pending);
                self.count(&pending);
            }
        }
        self.pending.extend_from_slice(&segment[end..]);
        let may_be_legacy = self.invalid_bytes > 0 || !self.pending.is_empty();
        if may_be_legacy && self.sample.len() < SAMPLE_BYTES {
            self.sample.extend_from_slice(segment);
        }
    }

    fn count(&mut self, bytes: &[u8]) {
        if simdutf8::basic::from_utf8(bytes).is_ok() {
            self.sequences += sequences(bytes);
            return;
        }
        for chunk in bytes.utf8_chunks() {
            self.sequences += sequences(chunk.valid().as_bytes());
            self.invalid_bytes += chunk.invalid().len() as u64;
        }
    }
}

/// Counts the multi-byte sequences in valid UTF-8.
fn sequences(bytes: &[u8]) -> u64 {
    // Within a piece the count fits into a byte, so that the compiler counts many bytes at a time.
    let of_piece = |piece: &[u8]| piece.iter().map(|&byte| u8::from(byte >= 0xC0)).sum::<u8>();
    bytes.chunks(u8::MAX.into()).map(|piece| u64::from(of_piece(piece))).sum()
}
