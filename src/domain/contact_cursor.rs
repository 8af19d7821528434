//! Up to where a reader has followed the contacts of an owner.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::ids::ContactId;
use super::snapshot::Snapshot;

/// A position in the log of contacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogPosition {
    /// The transaction of the entry.
    pub transaction: i64,
    /// The id of the entry.
    pub entry: i64,
    /// The last contact of the entry that was returned.
    pub contact: ContactId,
}

impl LogPosition {
    /// The position before all entries.
    pub const START: LogPosition = LogPosition { transaction: 0, entry: 0, contact: ContactId(i64::MIN) };
}

/// Up to where a reader has followed contacts. Its text is opaque to clients, and fits into a URL.
///
/// ```
/// use ingest::domain::contact_cursor::ContactCursor;
///
/// let cursor = ContactCursor::Seen("10:20:14".parse().unwrap());
/// assert_eq!(cursor.to_string().parse(), Ok(cursor));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContactCursor {
    /// All contacts are being listed. Those that change meanwhile follow, since the snapshot has not seen the change.
    Listing {
        /// The snapshot from before the first contact was read.
        since: Snapshot,
        /// The last contact that was returned.
        after: ContactId,
    },
    /// The changes that `until` has seen and `since` has not are being returned.
    Changes {
        /// What the reader knows.
        since: Snapshot,
        /// What the reader will know.
        until: Snapshot,
        /// The last position that was returned.
        after: LogPosition,
    },
    /// All that this snapshot has seen was returned.
    Seen(Snapshot),
}

/// A text that is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the `next` of an earlier response; leave it out to begin anew")]
pub struct InvalidCursor;

impl fmt::Display for ContactCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            ContactCursor::Listing { since, after } => format!("listing {since} {after}"),
            ContactCursor::Changes { since, until, after } => {
                let LogPosition { transaction, entry, contact } = after;
                format!("changes {since} {until} {transaction} {entry} {contact}")
            }
            ContactCursor::Seen(snapshot) => format!("seen {snapshot}"),
        };
        f.write_str(&URL_SAFE_NO_PAD.encode(text))
    }
}

impl FromStr for ContactCursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<ContactCursor, InvalidCursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidCursor)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| InvalidCursor)?;
        let snapshot = |text: &str| text.parse::<Snapshot>().map_err(|_| InvalidCursor);
        let number = |text: &str| text.parse::<i64>().map_err(|_| InvalidCursor);
        match text.split(' ').collect::<Vec<_>>()[..] {
            ["listing", since, after] => {
                Ok(ContactCursor::Listing { since: snapshot(since)?, after: ContactId(number(after)?) })
            }
            ["changes", since, until, transaction, entry, contact] => {
                let after = LogPosition {
                    transaction: number(transaction)?,
                    entry: number(entry)?,
                    contact: ContactId(number(contact)?),
                };
                let is_valid = after.transaction >= 0;
                let cursor =
                    ContactCursor::Changes { since: snapshot(since)?, until: snapshot(until)?, after };
                is_valid.then_some(cursor).ok_or(InvalidCursor)
            }
            ["seen", seen] => Ok(ContactCursor::Seen(snapshot(seen)?)),
            _ => Err(InvalidCursor),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_its_text_and_no_other_text_is_one() {
        let snapshot = |text: &str| text.parse::<Snapshot>().unwrap();
        let after = LogPosition { transaction: 7, entry: 3, contact: ContactId(-5) };
        for cursor in [
            ContactCursor::Seen(snapshot("3:9:4,8")),
            ContactCursor::Listing { since: snapshot("3:3:"), after: ContactId(i64::MIN) },
            ContactCursor::Changes { since: snapshot("3:9:4"), until: snapshot("5:12:"), after },
            ContactCursor::Changes {
                since: snapshot("3:9:4"),
                until: snapshot("5:12:"),
                after: LogPosition::START,
            },
        ] {
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        for text in
            ["", "seen", "seen 1", "seen 1:2: ", "changes 1:2: 1:2: -1 0 0", "listing 1:2: x", "other 1:2:"]
        {
            assert_eq!(URL_SAFE_NO_PAD.encode(text).parse::<ContactCursor>(), Err(InvalidCursor), "{text}");
        }
        assert_eq!("§".parse::<ContactCursor>(), Err(InvalidCursor));
    }
}
