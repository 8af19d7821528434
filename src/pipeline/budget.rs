//! Byte limits on the rows that one running job keeps in memory. Rows of valid files differ in width by a factor
//! of ten thousand, so every limit in rows has a limit in bytes beside it.
//!
//! A job keeps at most two chunks of rows in flight and one being filled; for a clean file, one of each, and as
//! many batches of contacts. Add one block of the file and one row for each pass over it. With the default of two
//! concurrent jobs a worker stays below 130 MiB (`tests/it/memory.rs`).

/// Encoded size of one chunk: its rows and their issues. Fits [`DEFAULT_CHUNK_ROWS`](super::DEFAULT_CHUNK_ROWS)
/// rows of the usual width.
pub(crate) const CHUNK_BYTES: usize = 8 << 20;

/// Encoded size of the contacts sent to the database at a time.
pub(crate) const CONTACTS_BYTES: usize = 12 << 20;
/// Contacts sent to the database at a time. The larger the batch, the better the order in which the index on their
/// keys is filled.
pub(crate) const CONTACTS_ROWS: usize = 100_000;

/// Row statuses, or links between rows and issues, written at a time.
pub(crate) const CHANGES_ROWS: usize = 20_000;

/// Bytes of rows read from the database before the limits above are checked.
pub(crate) const READ_BYTES: usize = 1 << 20;

/// The rows that are filled with the values of their repeats. What is beyond this limit is reported instead.
pub(crate) const FILL_BYTES: usize = 8 << 20;

/// Maximum size of a malformed row's [`residue`](super::file::residue). Text of any row within the reader's limits
/// fits; undecodable bytes take up to eight times their size.
pub(crate) const RESIDUE_BYTES: usize = 2 << 20;
