//! What takes more than one row to see: repeats, conflicting e-mails, and e-mails that the owner has.
//!
//! Both flows put a record a row in, in any order, and get back what there is to say about each row. A
//! record is 36 bytes, whatever the row holds; past the memory for all jobs records wait in a temporary file.

mod findings;
mod memory;
mod sorter;
#[cfg(test)]
mod tests;

use std::io;
use std::path::Path;

pub(crate) use findings::{Finding, Findings};
pub(crate) use memory::SortMemory;

use crate::domain::row::RowHash;
use sorter::Sorter;

/// Added to the number of a row that has no contact yet. Of rows that say the same, one that has is kept.
pub(crate) const OPEN: u32 = 1 << 31;
/// Added to the number of a row of which nobody has decided what becomes of a contact that has its e-mail
/// already. Of rows that say the same, one that was decided about is kept.
pub(crate) const UNDECIDED: u32 = 1 << 30;

/// Group, row hash, number: in this order they are sorted.
const ROW_BYTES: usize = 36;
const KEY_BYTES: usize = 16;

/// The rows of a job.
#[derive(Debug)]
pub(crate) struct Comparison {
    rows: Sorter<ROW_BYTES>,
}

impl Comparison {
    /// Holds what it gets of `memory`; what is more goes to files in `folder`.
    pub(crate) fn new(memory: &SortMemory, folder: &Path) -> Comparison {
        Comparison { rows: Sorter::new(memory, folder) }
    }

    /// Puts in row `number`, below [`UNDECIDED`], with this and [`OPEN`] where they hold. `group`: what the row has in common
    /// with others, odd for the key of an e-mail, even for what is no e-mail and yet stands for the same
    /// value; `None`: nothing.
    pub(crate) fn push(&mut self, number: u32, group: Option<u128>, row: RowHash) -> io::Result<()> {
        let mut record = [0; ROW_BYTES];
        record[..16].copy_from_slice(&group.unwrap_or(0).to_be_bytes());
        record[16..32].copy_from_slice(&row.0.to_be_bytes());
        record[32..].copy_from_slice(&number.to_be_bytes());
        self.rows.push(record)
    }

    /// Puts equal things beside each other.
    pub(crate) fn sort(self) -> io::Result<Sorted> {
        Ok(Sorted { rows: self.rows.sort()? })
    }
}

/// The rows with equal e-mails side by side.
#[derive(Debug)]
pub(crate) struct Sorted {
    rows: sorter::Sorted<ROW_BYTES>,
}

impl Sorted {
    /// How many rows there are.
    pub(crate) fn rows(&self) -> u64 {
        self.rows.len()
    }

    /// The keys of the rows' e-mails, each once, rising.
    pub(crate) fn keys(&self) -> io::Result<impl Iterator<Item = io::Result<u128>>> {
        let mut before = 0;
        let groups = self.rows.iter()?.map(|record| record.map(|record| group(&record)));
        Ok(groups.filter(move |found| match found {
            Ok(key) => std::mem::replace(&mut before, *key) != *key && is_key(*key),
            Err(_) => true,
        }))
    }

    /// What there is to say about the rows, where the owner has contacts of `existing`.
    pub(crate) fn findings(self, existing: Existing) -> io::Result<Findings> {
        findings::find(self.rows(), self.rows.iter()?, existing.keys.sort()?.iter()?)
    }
}

/// Keys of contacts that the owner has.
#[derive(Debug)]
pub(crate) struct Existing {
    keys: Sorter<KEY_BYTES>,
}

impl Existing {
    /// As [`Comparison::new`].
    pub(crate) fn new(memory: &SortMemory, folder: &Path) -> Existing {
        Existing { keys: Sorter::new(memory, folder) }
    }

    /// Puts a key in, which no row need have.
    pub(crate) fn push(&mut self, key: u128) -> io::Result<()> {
        self.keys.push(key.to_be_bytes())
    }
}

fn group(record: &[u8; ROW_BYTES]) -> u128 {
    number(&record[..16])
}

fn is_key(group: u128) -> bool {
    group & 1 == 1
}

/// A number from its bytes, the highest first.
fn number(bytes: &[u8]) -> u128 {
    bytes.iter().fold(0, |sum, byte| (sum << 8) | u128::from(*byte))
}
