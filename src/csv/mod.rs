//! Parses contact files: takes bytes and returns rows of text.
//!
//! The module does no I/O: a caller passes the file to [`Reader`] in blocks of any size and receives each data row
//! through a closure. The result never depends on the blocks, memory stays within [`Limits`] for any file, and no input
//! causes a panic. Values are not validated: trimming, normalization and the rules for contacts are the caller's.
//!
//! In the order in which bytes pass through:
//!
//! - `encoding`, `opening`: the encodings, and how the first bytes of a file reveal one.
//! - `evidence`, `legacy`: detection of the encoding of a file without a mark, from all of its bytes.
//! - `converter`, `utf16`, `code_pages`: conversion to UTF-8, so that a delimiter is one byte in all later steps.
//! - `wrapped`: removal of quotes around whole lines.
//! - `table_start`, `sample`, `dialect`, `fit`, `header_row`: detection of the dialect and the start of the table, from
//!   64 KiB.
//! - `columns`, `header`, `extra`: assignment of columns to fields, and the columns that belong to none.
//! - `records`: records and cells, with line numbers and limits.
//! - `decode`: the text of a record, and the bytes that are not text.
//! - `rows`, `skipped`, `oddities`, `markup`: contact rows, skipped lines, and values that a person has to check.
//! - `interpretation`: how a file was read, for people to check.
//! - `reader`: the reader that combines these.
//! - `table`: a reader for files with arbitrary columns.
//! - `mangled`: repair of UTF-8 that was decoded as Windows-1252.
//! - `cell`: escaping of cells for spreadsheet programs.
//! - `preview`: the beginning of a file, shown before the import.
//!
//! The reasons for which a file is refused are in [`crate::domain::rejection`].

mod cell;
mod code_pages;
mod columns;
mod converter;
mod decode;
mod dialect;
mod encoding;
mod evidence;
mod extra;
mod fit;
mod header;
mod header_row;
mod interpretation;
mod legacy;
mod mangled;
mod markup;
mod oddities;
mod opening;
mod preview;
mod reader;
mod records;
mod rows;
mod sample;
mod skipped;
mod table;
mod table_start;
mod utf16;
mod utf7;
mod wrapped;

#[cfg(test)]
mod tests;

pub use cell::{defused, guarded, sheet_writer, undefused, unguarded};
pub use dialect::{TableSettings, delimiter, quote};
pub use encoding::{Encoding, Reading};
pub use extra::{ExtraCells, ExtraColumn};
pub(crate) use extra::{kept_columns, other_columns};
pub(crate) use header::{EXPORT_EDGES, Mapping};
pub use mangled::{unmangled, without_mangled_mark};
pub(crate) use preview::{PREVIEW_BYTES, recognized_fields};
pub use preview::{Preview, preview};
pub use reader::Reader;
pub use records::{Limits, Record, RecordReader};
pub use rows::{Damage, RawRow, Summary};
pub use table::{TableReader, TableRow, TableSurvey};
