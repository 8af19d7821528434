//! Snapshots of the database: which transactions a reader has seen.
//!
//! A number or a time cannot say up to where a reader has followed changes: a transaction gets its number when it begins to
//! write, and others that began later may commit before it. A snapshot names the transactions in progress, so what they
//! commit is recognized as new.

use std::fmt;
use std::str::FromStr;

/// A snapshot, in the text format of PostgreSQL's `pg_snapshot`.
///
/// ```
/// use ingest::domain::snapshot::Snapshot;
///
/// let snapshot: Snapshot = "10:20:10,14".parse().unwrap();
/// assert_eq!(snapshot.to_string(), "10:20:10,14");
/// assert!("10:20:9".parse::<Snapshot>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Transactions before this one have ended.
    first_running: u64,
    /// This transaction and later ones have not begun.
    next: u64,
    /// The transactions between these that are in progress, in ascending order.
    running: Vec<u64>,
}

/// A text that is no snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no snapshot of the database")]
pub struct InvalidSnapshot;

impl Snapshot {
    /// Returns whether `other` has seen transactions that had not begun for this one.
    pub(crate) fn is_before(&self, other: &Snapshot) -> bool {
        self.next < other.next
    }
}

impl FromStr for Snapshot {
    type Err = InvalidSnapshot;

    fn from_str(text: &str) -> Result<Snapshot, InvalidSnapshot> {
        let number = |text: &str| text.parse::<i64>().ok().and_then(|number| u64::try_from(number).ok());
        let [first, next, running] = text.split(':').collect::<Vec<_>>()[..] else {
            return Err(InvalidSnapshot);
        };
        let running = running.split(',').filter(|_| !running.is_empty()).map(number);
        let parsed = number(first).zip(number(next)).zip(running.collect::<Option<Vec<u64>>>());
        let ((first_running, next), running) = parsed.ok_or(InvalidSnapshot)?;
        let is_ordered = running.is_sorted_by(|one, other| one < other)
            && running.iter().all(|running| (first_running..next).contains(running));
        match first_running > 0 && first_running <= next && is_ordered {
            true => Ok(Snapshot { first_running, next, running }),
            false => Err(InvalidSnapshot),
        }
    }
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:", self.first_running, self.next)?;
        for (number, running) in self.running.iter().enumerate() {
            write!(f, "{}{running}", if number == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_server_accepts_is_a_snapshot() {
        for text in ["1:1:", "3:9:", "3:9:3", "3:9:4,8", "1:9223372036854775807:"] {
            assert_eq!(text.parse::<Snapshot>().map(|snapshot| snapshot.to_string()), Ok(text.to_owned()));
        }
        for text in [
            "", "1", "1:2", "0:2:", "2:1:", "3:9:9", "3:9:4,4", "3:9:8,4", "3:9:,", "3:9:4:", "a:9:",
            "-1:9:", "1:2:3,x",
        ] {
            assert_eq!(text.parse::<Snapshot>(), Err(InvalidSnapshot), "{text}");
        }
        assert!("1:9223372036854775808:".parse::<Snapshot>().is_err());
    }
}
