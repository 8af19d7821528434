//! How many bytes of its rows one running job may hold. Rows of legal files differ in width by a factor of ten thousand,
//! so every limit in rows has one in bytes beside it.
//!
//! A job holds at most two chunks of rows on their way and one in the making, or for a clean file one of each and the
//! same of contacts; besides, a block of the file and one row for each pass over it. With the default of two jobs at
//! once a worker stays below 130 MiB (`tests/it/memory.rs`).

/// Rows and what they raise, encoded, in one chunk. Room for [`DEFAULT_CHUNK_ROWS`](super::DEFAULT_CHUNK_ROWS) of the
/// usual width.
pub(crate) const CHUNK_BYTES: usize = 8 << 20;

/// Contacts, encoded, that are sent to the database at a time.
pub(crate) const CONTACTS_BYTES: usize = 12 << 20;
/// Contacts that are sent to the database at a time: the more, the better the order in which the index over their keys
/// is filled.
pub(crate) const CONTACTS_ROWS: usize = 100_000;

/// Rows whose statuses, or shares in issues, are written at a time.
pub(crate) const CHANGES_ROWS: usize = 20_000;

/// Bytes of rows that are read out of the database before the limits above are looked at.
pub(crate) const READ_BYTES: usize = 1 << 20;

/// The most that is kept of a malformed row beside its values ([`residue`](super::file::residue)). Text of any row
/// within the reader's limits fits; bytes that are no text take up to eight times their size.
pub(crate) const RESIDUE_BYTES: usize = 2 << 20;
