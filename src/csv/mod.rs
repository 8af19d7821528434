//! Bytes of a contact file in, rows of text out.
//!
//! The module does no I/O: a caller hands [`Reader`] the file in blocks of any size and gets each
//! data row through a closure. How the file is cut into blocks never changes what comes out, memory
//! stays within [`Limits`] whatever the file holds, and no input makes it panic. It does not judge
//! values: trimming, normal forms and the rules for a contact are the caller's.
//!
//! In the order in which bytes pass through:
//!
//! - `encoding`: which character encoding the file is in, and the evidence for it.
//! - `utf16`: UTF-16 made into UTF-8, so that all that follows sees one byte a delimiter.
//! - `dialect`: which delimiter the file uses, told from its first 64 KiB.
//! - `records`: bytes cut into records and cells, with line numbers and limits.
//! - `decode`: a record's bytes made into text, and what could not be.
//! - `header`: which column is which.
//! - `reader`: all of it together.
//! - `table`: the same for a file with columns of any names.
//! - `mangled`: UTF-8 that was taken for Windows-1252 made good.
//! - `cell`: cells made safe for spreadsheet programs, and back.
//! - `preview`: the beginning of a file, for a person to see.
//! - `rejection`: why a file is refused, in words for its owner.

mod cell;
mod decode;
mod dialect;
mod encoding;
mod header;
mod mangled;
mod preview;
mod reader;
mod records;
mod rejection;
mod table;
mod utf16;

#[cfg(test)]
mod tests;

pub use cell::{defused, guarded, sheet_writer, unguarded};
pub use encoding::{Encoding, UnknownEncoding};
pub(crate) use header::Mapping;
pub use mangled::{unmangled, without_mangled_mark};
pub use preview::{Preview, preview};
pub use reader::{Damage, RawRow, Reader, Summary};
pub use records::{Limits, Record, RecordReader};
pub use rejection::{ColumnPlace, FoundNames, Rejection};
pub use table::{TableReader, TableRow, TableSurvey};
