//! Finds the repeats that have other values than the row that is kept in columns that belong to no field.

use std::io;
use std::path::Path;

use super::memory::SortMemory;
use super::number;
use super::sorter::Sorter;
use crate::domain::row::RowHash;

/// Row hash, number and hash of the other values, in sort order.
const REPEAT_BYTES: usize = 28;

/// Collects the rows of a file that has such columns.
#[derive(Debug)]
pub(crate) struct RepeatComparison {
    rows: Sorter<REPEAT_BYTES>,
}

/// The most repeats that are compared with the rows that are kept.
pub(crate) const MOST_REPEATS: usize = 500_000;

/// Repeats.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Repeats {
    /// The number of each repeat, with that of the row that is kept.
    pub pairs: Vec<(u32, u32)>,
    /// The number of other repeats, beyond the limit.
    pub more: u64,
}

impl RepeatComparison {
    /// See [`Comparison::new`](super::Comparison::new).
    pub(crate) fn new(memory: &SortMemory, folder: &Path) -> RepeatComparison {
        RepeatComparison { rows: Sorter::new(memory, folder) }
    }

    /// Adds row `number` of the file. `values` is a hash of its values, 0 if it has none.
    pub(crate) fn push(&mut self, number: u32, row: RowHash, values: u64) -> io::Result<()> {
        let mut record = [0; REPEAT_BYTES];
        record[..16].copy_from_slice(&row.0.to_be_bytes());
        record[16..20].copy_from_slice(&number.to_be_bytes());
        record[20..].copy_from_slice(&values.to_be_bytes());
        self.rows.push(record)
    }

    /// Returns the repeats whose values differ from those of the first row with the same hash. Lists at most `most`.
    pub(crate) fn differing(self, most: usize) -> io::Result<Repeats> {
        let sorted = self.rows.sort()?;
        let mut found = Repeats::default();
        let mut kept: Option<(u128, u32, u128)> = None;
        for record in sorted.iter()? {
            let record = record?;
            let row = number(&record[..16]);
            let (at, values) = (number(&record[16..20]) as u32, number(&record[20..]));
            match kept {
                Some((hash, first, of_first)) if hash == row => {
                    if values == 0 || values == of_first {
                        continue;
                    }
                    if found.pairs.len() < most {
                        found.pairs.push((at, first));
                    } else {
                        found.more += 1;
                    }
                }
                _ => kept = Some((row, at, values)),
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_with_other_values_are_found() {
        let memory = SortMemory::new(1 << 20);
        let found = |rows: &[(u128, u64)], most| {
            let mut comparison = RepeatComparison::new(&memory, &std::env::temp_dir());
            for (number, (row, values)) in (1..).zip(rows) {
                comparison.push(number, RowHash(*row), *values).unwrap();
            }
            comparison.differing(most).unwrap()
        };
        let rows = [(7, 1), (8, 0), (7, 1), (7, 2), (8, 3), (7, 0), (9, 4), (8, 0)];
        assert_eq!(found(&rows, 9), Repeats { pairs: vec![(4, 1), (5, 2)], more: 0 });
        assert_eq!(found(&rows, 1), Repeats { pairs: vec![(4, 1)], more: 1 });
        assert_eq!(found(&[(7, 1), (8, 2)], 9), Repeats::default());
    }
}
