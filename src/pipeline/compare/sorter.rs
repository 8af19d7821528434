//! External sort of fixed-length records, compared byte by byte: sorted runs in one temporary file, merged while
//! they are read (Knuth, The Art of Computer Programming 3, 5.4).

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::memory::{Held, SortMemory};

/// Buffer size per run during a merge.
const BUFFER_BYTES: usize = 64 << 10;
/// Total buffer size during a merge of many runs.
const BUFFERS_BYTES: usize = 4 << 20;

/// Collects records of `N` bytes.
#[derive(Debug)]
pub(crate) struct Sorter<const N: usize> {
    records: Vec<[u8; N]>,
    memory: Held,
    folder: PathBuf,
    spilled: Option<Spilled>,
}

#[derive(Debug)]
struct Spilled {
    file: File,
    /// The number of records before each run, and before the end of the file.
    bounds: Vec<u64>,
}

impl<const N: usize> Sorter<N> {
    /// Creates an empty sorter that uses `memory`, and files in `folder` for the rest.
    pub(crate) fn new(memory: &SortMemory, folder: &Path) -> Sorter<N> {
        Sorter { records: Vec::new(), memory: Held::new(memory), folder: folder.to_owned(), spilled: None }
    }

    /// Adds a record.
    pub(crate) fn push(&mut self, record: [u8; N]) -> io::Result<()> {
        if self.records.len() == self.records.capacity() {
            match self.memory.grow(self.records.len() * N) {
                Some(bytes) => self.records.reserve_exact((bytes / N).max(1)),
                None => self.spill()?,
            }
        }
        self.records.push(record);
        Ok(())
    }

    fn spill(&mut self) -> io::Result<()> {
        if self.records.is_empty() {
            return Ok(());
        }
        self.records.sort_unstable();
        let spilled = match &mut self.spilled {
            Some(spilled) => spilled,
            None => {
                let file = tempfile::tempfile_in(&self.folder)?;
                self.spilled.insert(Spilled { file, bounds: vec![0] })
            }
        };
        spilled.file.write_all(self.records.as_flattened())?;
        let before = spilled.bounds.last().copied().unwrap_or(0);
        spilled.bounds.push(before + self.records.len() as u64);
        self.records.clear();
        Ok(())
    }

    /// Sorts the records.
    pub(crate) fn sort(mut self) -> io::Result<Sorted<N>> {
        if self.spilled.is_some() {
            self.spill()?;
            self.records = Vec::new();
            self.memory.release();
        }
        self.records.sort_unstable();
        Ok(Sorted { records: self.records, _memory: self.memory, spilled: self.spilled })
    }
}

/// Sorted records.
#[derive(Debug)]
pub(crate) struct Sorted<const N: usize> {
    records: Vec<[u8; N]>,
    _memory: Held,
    spilled: Option<Spilled>,
}

impl<const N: usize> Sorted<N> {
    /// Returns the number of records.
    pub(crate) fn len(&self) -> u64 {
        let spilled = self.spilled.as_ref().and_then(|spilled| spilled.bounds.last());
        spilled.copied().unwrap_or(self.records.len() as u64)
    }

    /// Iterates over all records in ascending order. Can be called more than once.
    pub(crate) fn iter(&self) -> io::Result<Merge<'_, N>> {
        let mut merge = Merge { memory: self.records.iter(), runs: Vec::new(), heads: BinaryHeap::new() };
        let Some(Spilled { file, bounds }) = &self.spilled else { return Ok(merge) };
        let buffered = (BUFFERS_BYTES / bounds.len()).min(BUFFER_BYTES).max(N) / N;
        for (location, bounds) in bounds.windows(2).enumerate() {
            let (next, end) = (bounds[0], bounds[1]);
            let mut run = Run { file, next, end, buffered: buffered as u64, buffer: Vec::new(), at: 0 };
            if let Some(head) = run.next()? {
                merge.heads.push(Reverse((head, location)));
            }
            merge.runs.push(run);
        }
        Ok(merge)
    }
}

struct Run<'a> {
    file: &'a File,
    next: u64,
    end: u64,
    /// Records in the buffer.
    buffered: u64,
    buffer: Vec<u8>,
    at: usize,
}

impl Run<'_> {
    fn next<const N: usize>(&mut self) -> io::Result<Option<[u8; N]>> {
        if self.at == self.buffer.len() {
            let count = (self.end - self.next).min(self.buffered);
            self.buffer.resize(count as usize * N, 0);
            self.file.read_exact_at(&mut self.buffer, self.next * N as u64)?;
            self.next += count;
            self.at = 0;
        }
        let record = self.buffer.get(self.at..self.at + N).and_then(|bytes| bytes.try_into().ok());
        self.at = (self.at + N).min(self.buffer.len());
        Ok(record)
    }
}

/// An iterator that merges the runs.
pub(crate) struct Merge<'a, const N: usize> {
    memory: std::slice::Iter<'a, [u8; N]>,
    runs: Vec<Run<'a>>,
    heads: BinaryHeap<Reverse<([u8; N], usize)>>,
}

impl<const N: usize> Merge<'_, N> {
    fn merged(&mut self) -> io::Result<Option<[u8; N]>> {
        let Some(mut head) = self.heads.peek_mut() else { return Ok(None) };
        let Reverse((record, location)) = *head;
        match self.runs[location].next()? {
            Some(next) => *head = Reverse((next, location)),
            None => drop(std::collections::binary_heap::PeekMut::pop(head)),
        }
        Ok(Some(record))
    }
}

impl<const N: usize> Iterator for Merge<'_, N> {
    type Item = io::Result<[u8; N]>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.memory.next() {
            Some(record) => Some(Ok(*record)),
            None => self.merged().transpose(),
        }
    }
}
