//! What was found about the rows, a byte for each.

use std::io;

use super::sorter::Merge;
use super::{KEY_BYTES, OPEN, ROW_BYTES, UNDECIDED, group, is_key, number};

/// What was found about one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Finding {
    /// An earlier row says the same.
    pub repeat: bool,
    /// Another row has the e-mail and another identity.
    pub duplicate: bool,
    /// The owner has the e-mail already.
    pub existing: bool,
    /// Another row that is no repeat has the e-mail, or the same value in its place.
    pub shared: bool,
    /// Of the rows that share it this has the highest number.
    pub last: bool,
}

const REPEAT: u8 = 1;
const DUPLICATE: u8 = 1 << 1;
const EXISTING: u8 = 1 << 2;
const SHARED: u8 = 1 << 3;
const LAST: u8 = 1 << 4;

/// What was found, by row.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    found: Vec<u8>,
    has_conflicts: bool,
}

impl Findings {
    /// What was found about row `number`.
    pub(crate) fn about(&self, number: u32) -> Finding {
        let found = self.found.get(number as usize).copied().unwrap_or(0);
        let has = |flag| found & flag != 0;
        Finding {
            repeat: has(REPEAT),
            duplicate: has(DUPLICATE),
            existing: has(EXISTING),
            shared: has(SHARED),
            last: has(LAST),
        }
    }

    /// Whether any row without a contact is in conflict with another row or with a contact.
    pub(crate) fn has_conflicts(&self) -> bool {
        self.has_conflicts
    }

    fn add(&mut self, number: u32, flags: u8) {
        let place = plain(number) as usize;
        if place >= self.found.len() {
            self.found.resize(place + 1, 0);
        }
        self.found[place] |= flags;
    }

    /// Says of each of the rows that share a group what follows from that.
    fn close(&mut self, members: &[u32], flags: u8) {
        if members.len() < 2 && flags == 0 {
            return;
        }
        let asks = |number: &u32| {
            number & OPEN != 0 && (flags & DUPLICATE != 0 || flags & EXISTING != 0 && number & UNDECIDED != 0)
        };
        self.has_conflicts |= members.iter().any(asks);
        let shared = if members.len() < 2 { 0 } else { SHARED };
        for number in members {
            self.add(*number, flags | shared);
        }
        if let Some(last) = members.iter().map(|number| plain(*number)).max() {
            self.add(last, LAST);
        }
    }
}

/// The number of a row without what was added to it.
fn plain(number: u32) -> u32 {
    number & !(OPEN | UNDECIDED)
}

/// Goes through the groups of rows, `count` rows in all, beside the keys that exist.
pub(crate) fn find(
    count: u64,
    rows: Merge<'_, ROW_BYTES>,
    existing: Merge<'_, KEY_BYTES>,
) -> io::Result<Findings> {
    // Room for all of them from the start: growing would hold up to twice as much.
    let mut findings = Findings { found: Vec::with_capacity(count as usize + 1), has_conflicts: false };
    let mut existing = existing.peekable();
    // The group at hand: its rows that are no repeats, the first one's identity, and the last row seen.
    let mut members: Vec<u32> = Vec::new();
    let (mut current, mut flags, mut first, mut before) = (0, 0, 0, None);
    for record in rows {
        let record = record?;
        let (row, number) = (number(&record[16..32]), number(&record[32..]) as u32);
        if group(&record) != current {
            findings.close(&members, flags);
            members.clear();
            (current, flags, before) = (group(&record), 0, None);
            // The first half of a row hash is the identity: see `RowHash::identity`.
            first = row >> 64;
            if is_key(current) {
                flags = if passes(&mut existing, current)? { EXISTING } else { 0 };
            }
        }
        if before.replace(row) == Some(row) {
            findings.add(number, REPEAT);
            continue;
        }
        if is_key(current) && row >> 64 != first {
            flags |= DUPLICATE;
        }
        // Rows without anything in common are no group.
        if current != 0 {
            members.push(number);
        }
    }
    findings.close(&members, flags);
    Ok(findings)
}

/// Moves on to `key`; whether it is there.
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
