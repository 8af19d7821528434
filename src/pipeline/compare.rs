//! What takes more than one row to see: repeats, conflicting e-mails, and e-mails that the owner has.
//!
//! Both flows put a record a row in, and get back the few rows about which there is something to
//! say, in the order they were put in. A record is 40 bytes, whatever the row holds.

use crate::domain::row::RowHash;

/// What was found about one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Finding {
    /// An earlier row says the same.
    pub repeat: bool,
    /// Another row has the e-mail and another identity.
    pub duplicate: bool,
    /// The owner has the e-mail already.
    pub existing: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Record {
    /// Halves of the 128-bit hash of the lower-case e-mail; 0 for an e-mail that is not compared.
    email: [u64; 2],
    row: [u64; 2],
    number: u32,
}

fn halves(hash: u128) -> [u64; 2] {
    [(hash >> 64) as u64, hash as u64]
}

/// The rows of a job, in the order they are put in.
#[derive(Debug, Default)]
pub struct Comparison {
    records: Vec<Record>,
}

impl Comparison {
    /// Puts in row `number`; numbers rise. `email_hash` is `None` for a missing or invalid e-mail.
    pub fn push(&mut self, number: u32, email_hash: Option<u128>, row: RowHash) {
        self.records.push(Record { email: halves(email_hash.unwrap_or(0)), row: halves(row.0), number });
    }

    /// Puts equal things beside each other.
    pub fn sort(mut self) -> Sorted {
        self.records.sort_unstable();
        Sorted { records: self.records, existing: Vec::new() }
    }
}

/// The rows with equal e-mails side by side.
#[derive(Debug)]
pub struct Sorted {
    records: Vec<Record>,
    existing: Vec<[u64; 2]>,
}

impl Sorted {
    /// The owner has a contact with this e-mail; ignored where no row has it.
    pub fn mark_existing(&mut self, email_hash: u128) {
        let email = halves(email_hash);
        let at = self.records.partition_point(|record| record.email < email);
        if self.records.get(at).is_some_and(|record| record.email == email) {
            self.existing.push(email);
        }
    }

    /// All rows about which there is something to say.
    pub fn findings(mut self) -> Findings {
        self.existing.sort_unstable();
        let mut found = Vec::new();
        for group in self.records.chunk_by(|one, next| one.email == next.email) {
            let compared = group[0].email != [0, 0];
            // The first half of a row hash is the identity: see `RowHash::identity`.
            let conflict = compared && group.iter().any(|record| record.row[0] != group[0].row[0]);
            let existing = compared && self.existing.binary_search(&group[0].email).is_ok();
            let mut previous = None;
            for record in group {
                let repeat = previous == Some(record.row);
                previous = Some(record.row);
                let finding =
                    Finding { repeat, duplicate: conflict && !repeat, existing: existing && !repeat };
                if finding != Finding::default() {
                    found.push((record.number, finding));
                }
            }
        }
        found.sort_unstable_by_key(|(number, _)| *number);
        Findings { found, next: 0 }
    }
}

/// What was found, read in the order of the rows.
#[derive(Debug)]
pub struct Findings {
    found: Vec<(u32, Finding)>,
    next: usize,
}

impl Findings {
    /// What was found about row `number`. Numbers must not fall between calls.
    pub fn about(&mut self, number: u32) -> Finding {
        while let Some((found, finding)) = self.found.get(self.next) {
            match found.cmp(&number) {
                std::cmp::Ordering::Less => self.next += 1,
                std::cmp::Ordering::Equal => return *finding,
                std::cmp::Ordering::Greater => break,
            }
        }
        Finding::default()
    }

    /// Whether any row is in conflict with another or with a contact.
    pub fn has_conflicts(&self) -> bool {
        self.found.iter().any(|(_, finding)| finding.duplicate || finding.existing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(identity: u64, residue: u64) -> RowHash {
        RowHash((u128::from(identity) << 64) | u128::from(residue))
    }

    fn words(finding: Finding) -> String {
        let all = [(finding.repeat, 'r'), (finding.duplicate, 'd'), (finding.existing, 'e')];
        all.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).collect()
    }

    #[test]
    fn rows_are_told_apart_in_the_order_they_came() {
        let mut rows = Comparison::default();
        rows.push(1, Some(10), row(1, 1));
        rows.push(2, Some(20), row(2, 2)); // conflicts with 4
        rows.push(3, Some(10), row(1, 1)); // repeats 1
        rows.push(4, Some(20), row(3, 3));
        rows.push(5, None, row(4, 4));
        rows.push(6, None, row(4, 4)); // repeats 5, although it has no e-mail
        rows.push(7, None, row(5, 5)); // no e-mail is no e-mail in common
        rows.push(8, Some(30), row(6, 6)); // exists
        rows.push(9, Some(40), row(7, 7));
        rows.push(10, Some(40), row(7, 8)); // malformed, same identity: neither repeat nor conflict
        let mut sorted = rows.sort();
        sorted.mark_existing(30);
        sorted.mark_existing(31);
        let mut findings = sorted.findings();
        assert!(findings.has_conflicts());
        let all: Vec<_> = (1..=10).map(|number| words(findings.about(number))).collect();
        assert_eq!(all, ["", "d", "r", "d", "", "r", "", "e", "", ""]);
    }

    #[test]
    fn repeats_alone_are_no_conflict() {
        let mut rows = Comparison::default();
        rows.push(1, Some(10), row(1, 1));
        rows.push(2, Some(10), row(1, 1));
        assert!(!rows.sort().findings().has_conflicts());
    }
}
