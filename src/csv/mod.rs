//! Bytes of a contact file in, rows of text out.
//!
//! The module does no I/O: a caller hands [`Reader`] the file in blocks of any size and gets each
//! data row through a closure. How the file is cut into blocks never changes what comes out, memory
//! stays within [`Limits`] whatever the file holds, and no input makes it panic. It does not judge
//! values: trimming, normal forms and the rules for a contact are the caller's.
//!
//! In the order in which bytes pass through:
//!
//! - `encoding`, `opening`: the encodings, and the marks by which a file shows its own.
//! - `evidence`, `legacy`: which encoding a file without a mark is in, told from all of its bytes.
//! - `converter`, `utf16`, `code_pages`: text made into UTF-8, so that all that follows sees one byte a delimiter.
//! - `table_start`, `sample`, `dialect`, `fit`, `header_row`: where the table begins and how it is cut, told from 64 KiB.
//! - `columns`, `header`: which column is which.
//! - `records`: bytes cut into records and cells, with line numbers and limits.
//! - `decode`: a record's bytes made into text, and what could not be.
//! - `rows`, `skipped`, `oddities`, `markup`: rows made of records, lines that are none, what a person is asked about.
//! - `reader`: all of it together.
//! - `table`: the same for a file with columns of any names.
//! - `mangled`: UTF-8 that was taken for Windows-1252 made good.
//! - `cell`: cells made safe for spreadsheet programs, and back.
//! - `preview`: the beginning of a file, for a person to see.
//! - `rejection`: why a file is refused, in words for its owner.

mod cell;
mod code_pages;
mod columns;
mod converter;
mod decode;
mod dialect;
mod encoding;
mod evidence;
mod fit;
mod header;
mod header_row;
mod legacy;
mod mangled;
mod markup;
mod oddities;
mod opening;
mod preview;
mod reader;
mod records;
mod rejection;
mod rows;
mod sample;
mod skipped;
mod table;
mod table_start;
mod utf16;

#[cfg(test)]
mod tests;

pub use cell::{defused, guarded, sheet_writer, unguarded};
pub use encoding::{Encoding, Reading, UnknownEncoding};
pub(crate) use header::Mapping;
pub use mangled::{unmangled, without_mangled_mark};
pub use preview::{Preview, preview};
pub use reader::Reader;
pub use records::{Limits, Record, RecordReader};
pub use rejection::{ColumnProposal, FoundNames, Rejection};
pub use rows::{Damage, RawRow, Summary};
pub use skipped::{SkippedLine, SkippedLines};
pub use table::{TableReader, TableRow, TableSurvey};
