//! Finds what a single row cannot show: repeats, conflicting e-mails, and e-mails that the owner already has.
//!
//! Both flows push one record per row, in any order, and get the findings about each row. A record is 36 bytes,
//! whatever the width of its row; records beyond the memory shared by all jobs go to a temporary file.

mod findings;
mod memory;
mod repeats;
mod sorter;
#[cfg(test)]
mod tests;

use std::io;
use std::path::Path;

pub(crate) use findings::{Finding, Findings};
pub(crate) use memory::SortMemory;
pub(crate) use repeats::{MOST_REPEATS, RepeatComparison, Repeats};

use crate::domain::row::RowHash;
use sorter::Sorter;

/// Flag in a row's number: the row has no contact yet. Of rows with the same values, the one that has a contact
/// stays.
pub(crate) const OPEN: u32 = 1 << 31;
/// Flag in a row's number: nobody has decided what happens to the existing contact with its e-mail. Of rows with
/// the same values, the one with a decision stays.
pub(crate) const UNDECIDED: u32 = 1 << 30;

/// Group, row hash and number, in sort order.
const ROW_BYTES: usize = 36;
const KEY_BYTES: usize = 16;

/// Collects the rows of a job for comparison.
#[derive(Debug)]
pub(crate) struct Comparison {
    rows: Sorter<ROW_BYTES>,
}

impl Comparison {
    /// Creates an empty comparison that uses `memory`, and files in `folder` for the rest.
    pub(crate) fn new(memory: &SortMemory, folder: &Path) -> Comparison {
        Comparison { rows: Sorter::new(memory, folder) }
    }

    /// Adds row `number`, which is below [`UNDECIDED`] and carries that flag and [`OPEN`] where they apply.
    /// `group` is what the row has in common with others: odd for the key of an e-mail, even for an invalid value,
    /// `None` for nothing.
    pub(crate) fn push(&mut self, number: u32, group: Option<u128>, row: RowHash) -> io::Result<()> {
        let mut record = [0; ROW_BYTES];
        record[..16].copy_from_slice(&group.unwrap_or(0).to_be_bytes());
        record[16..32].copy_from_slice(&row.0.to_be_bytes());
        record[32..].copy_from_slice(&number.to_be_bytes());
        self.rows.push(record)
    }

    /// Sorts the rows, so that equal ones become neighbours.
    pub(crate) fn sort(self) -> io::Result<Sorted> {
        Ok(Sorted { rows: self.rows.sort()? })
    }
}

/// The rows, sorted by e-mail.
#[derive(Debug)]
pub(crate) struct Sorted {
    rows: sorter::Sorted<ROW_BYTES>,
}

impl Sorted {
    /// Returns the number of rows.
    pub(crate) fn rows(&self) -> u64 {
        self.rows.len()
    }

    /// Returns the keys of the rows' e-mails, each once, in ascending order.
    pub(crate) fn keys(&self) -> io::Result<impl Iterator<Item = io::Result<u128>>> {
        let mut before = 0;
        let groups = self.rows.iter()?.map(|record| record.map(|record| group(&record)));
        Ok(groups.filter(move |found| match found {
            Ok(key) => std::mem::replace(&mut before, *key) != *key && is_key(*key),
            Err(_) => true,
        }))
    }

    /// Returns the findings about the rows, where `existing` are the keys of the owner's contacts. Lists at most
    /// `most_repeats` repeats.
    pub(crate) fn findings(self, existing: Existing, most_repeats: usize) -> io::Result<Findings> {
        findings::find(self.rows(), self.rows.iter()?, existing.keys.sort()?.iter()?, most_repeats)
    }
}

/// Keys of the owner's contacts.
#[derive(Debug)]
pub(crate) struct Existing {
    keys: Sorter<KEY_BYTES>,
}

impl Existing {
    /// See [`Comparison::new`].
    pub(crate) fn new(memory: &SortMemory, folder: &Path) -> Existing {
        Existing { keys: Sorter::new(memory, folder) }
    }

    /// Adds a key. It need not be the key of any row.
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

/// Decodes a big-endian number.
fn number(bytes: &[u8]) -> u128 {
    bytes.iter().fold(0, |sum, byte| (sum << 8) | u128::from(*byte))
}
