//! Findings about the rows, one byte per row.

use std::io;

use super::repeats::Repeats;
use super::sorter::Merge;
use super::{KEY_BYTES, OPEN, ROW_BYTES, UNDECIDED, group, is_key, number};
use crate::domain::rules::Conflicts;

/// The findings about one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Finding {
    /// An earlier row has the same values.
    pub repeat: bool,
    /// What the rules need to know about other rows and contacts.
    pub conflicts: Conflicts,
    /// Another row, not a repeat, has the same e-mail or the same invalid value.
    pub shared: bool,
    /// The row has the highest number of the rows that share its e-mail or value.
    pub last: bool,
}

const REPEAT: u8 = 1;
const DUPLICATE: u8 = 1 << 1;
const EXISTING: u8 = 1 << 2;
const SHARED: u8 = 1 << 3;
const LAST: u8 = 1 << 4;

/// The findings about all rows, by row number.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    found: Vec<u8>,
    has_conflicts: bool,
    repeats: Repeats,
}

impl Findings {
    /// Returns the findings about row `number`.
    pub(crate) fn about(&self, number: u32) -> Finding {
        let found = self.found.get(number as usize).copied().unwrap_or(0);
        let has = |flag| found & flag != 0;
        Finding {
            repeat: has(REPEAT),
            conflicts: Conflicts { duplicate: has(DUPLICATE), existing: has(EXISTING) },
            shared: has(SHARED),
            last: has(LAST),
        }
    }

    /// Returns whether any row without a contact conflicts with another row or with a contact.
    pub(crate) fn has_conflicts(&self) -> bool {
        self.has_conflicts
    }

    /// Returns the repeats, if they were to be listed.
    pub(crate) fn repeats(&self) -> &Repeats {
        &self.repeats
    }

    fn add_repeat(&mut self, number: u32, kept: u32, most: usize) {
        self.add(number, REPEAT);
        if self.repeats.pairs.len() < most {
            self.repeats.pairs.push((plain(number), plain(kept)));
        } else {
            self.repeats.more += 1;
        }
    }

    fn add(&mut self, number: u32, flags: u8) {
        let index = plain(number) as usize;
        if index >= self.found.len() {
            self.found.resize(index + 1, 0);
        }
        self.found[index] |= flags;
    }

    /// Records the findings about the rows of one group.
    fn close(&mut self, members: &[u32], flags: u8) {
        if members.len() < 2 && flags == 0 {
            return;
        }
        let raises_issue = |number: &u32| {
            number & OPEN != 0 && (flags & DUPLICATE != 0 || flags & EXISTING != 0 && number & UNDECIDED != 0)
        };
        self.has_conflicts |= members.iter().any(raises_issue);
        let shared = if members.len() < 2 { 0 } else { SHARED };
        for number in members {
            self.add(*number, flags | shared);
        }
        if let Some(last) = members.iter().map(|number| plain(*number)).max() {
            self.add(last, LAST);
        }
    }
}

/// Returns the row number without its flags.
fn plain(number: u32) -> u32 {
    number & !(OPEN | UNDECIDED)
}

/// Merges the grouped rows, `count` in all, with the keys of existing contacts. Lists at most `most_repeats` repeats.
pub(crate) fn find(
    count: u64,
    rows: Merge<'_, ROW_BYTES>,
    existing: Merge<'_, KEY_BYTES>,
    most_repeats: usize,
) -> io::Result<Findings> {
    // Allocated in full at the start: growing would use up to twice the memory.
    let found = Vec::with_capacity(count as usize + 1);
    let mut findings = Findings { found, ..Findings::default() };
    let mut existing = existing.peekable();
    // The current group: its rows that are not repeats, the identity of the first one, the hash of the previous row, and
    // the first row with that hash.
    let mut members: Vec<u32> = Vec::new();
    let (mut current, mut flags, mut first, mut before, mut kept) = (0, 0, 0, None, 0);
    for record in rows {
        let record = record?;
        let (row, number) = (number(&record[16..32]), number(&record[32..]) as u32);
        if group(&record) != current {
            findings.close(&members, flags);
            members.clear();
            (current, flags, before) = (group(&record), 0, None);
            // The first half of a row hash is the identity; see `RowHash::identity`.
            first = row >> 64;
            if is_key(current) {
                flags = if passes(&mut existing, current)? { EXISTING } else { 0 };
            }
        }
        if before.replace(row) == Some(row) {
            findings.add_repeat(number, kept, most_repeats);
            continue;
        }
        kept = number;
        if is_key(current) && row >> 64 != first {
            flags |= DUPLICATE;
        }
        // Rows with nothing in common form no group.
        if current != 0 {
            members.push(number);
        }
    }
    findings.close(&members, flags);
    Ok(findings)
}

/// Advances `existing` to `key` and returns whether it contains it.
fn passes(existing: &mut std::iter::Peekable<Merge<'_, KEY_BYTES>>, key: u128) -> io::Result<bool> {
    while let Some(next) = existing.peek() {
        match next {
            Ok(bytes) if number(bytes) < key => existing.next(),
            Ok(bytes) => return Ok(number(bytes) == key),
            Err(_) => break,
        };
    }
    match existing.next() {
        Some(Err(error)) => Err(error),
        _ => Ok(false),
    }
}
