//! The end of a file that passes by, where a ZIP archive has its directory.

use std::io::{self, Read, Seek, SeekFrom};

/// Number of bytes that are kept, which suffices for the directory of ten thousand files.
const KEPT_BYTES: usize = 1 << 20;

/// The last bytes of a file.
#[derive(Debug, Default)]
pub(super) struct Tail {
    bytes: Vec<u8>,
    /// The number of bytes of the file so far.
    total: u64,
}

impl Tail {
    /// Adds the next bytes of the file.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.total += bytes.len() as u64;
        self.bytes.extend_from_slice(bytes);
        if self.bytes.len() > 2 * KEPT_BYTES {
            self.bytes.drain(..self.bytes.len() - KEPT_BYTES);
        }
    }

    /// Returns the file for a reader that needs only its end.
    pub(super) fn into_reader(self) -> TailReader {
        TailReader { tail: self, position: 0 }
    }
}

/// Reads the end of a file; fails before it.
#[derive(Debug)]
pub(super) struct TailReader {
    tail: Tail,
    position: u64,
}

impl Read for TailReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let start = self.tail.total - self.tail.bytes.len() as u64;
        let Some(at) = self.position.checked_sub(start) else {
            return Err(io::Error::other("only the end of the file is known"));
        };
        let rest = usize::try_from(at).ok().and_then(|at| self.tail.bytes.get(at..)).unwrap_or_default();
        let read = rest.len().min(buffer.len());
        buffer[..read].copy_from_slice(&rest[..read]);
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for TailReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.tail.total.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or_else(|| io::Error::other("a position before the file"))?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_long_file_can_be_read() {
        let mut tail = Tail::default();
        for n in 0..=50_000_u32 {
            tail.push(format!("{n:0100}").as_bytes());
        }
        assert!(tail.bytes.len() <= 2 * KEPT_BYTES + 100);
        let mut reader = tail.into_reader();
        let mut last = String::new();
        assert_eq!(reader.seek(SeekFrom::End(-5)).unwrap(), 5_000_095);
        reader.read_to_string(&mut last).unwrap();
        assert_eq!(last, "50000");
        reader.rewind().unwrap();
        assert!(reader.read(&mut [0; 10]).is_err());
        assert!(reader.seek(SeekFrom::End(-6_000_000)).is_err());
    }
}
