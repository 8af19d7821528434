//! The beginning of a file as it is understood, for a person to see before it is imported.

use super::columns::{Beginning, Columns, Source};
use super::encoding::Encoding;
use super::opening::{Opening, refuse_foreign};
use super::reader::HEAD_BYTES;
use super::records::Limits;
use super::rejection::Rejection;
use super::skipped::SkippedLine;
use super::table::as_utf8;
use super::table_start::{Quoting, TableStart};
use crate::domain::field::{Field, PerField};

/// The beginning of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// As its beginning shows it.
    pub encoding: Encoding,
    /// The next best encoding, if it is nearly as likely.
    pub rival: Option<Encoding>,
    /// The byte between two cells.
    pub delimiter: u8,
    /// The line on which the header starts, from 1; without a header that of the first row.
    pub line: u64,
    /// Whether the file has a header.
    pub is_named: bool,
    /// The names in the header; `column 1` and so on without one.
    pub names: Vec<String>,
    /// For each field the places, from 0, of the columns that stand for it: one, none, or too many.
    pub matches: PerField<Vec<usize>>,
    /// Whether one column has the whole name, which is split.
    pub splits_names: bool,
    /// What stands above the header.
    pub skipped: Vec<SkippedLine>,
    /// The cells of the first rows.
    pub rows: Vec<Vec<String>>,
}

/// Reads the first `most` rows of a file that begins with `head`, and ends there when `whole`. `encoding` and
/// `header_line`: what a person has said.
///
/// Fails when that is plainly no CSV, or is blank.
pub fn preview(
    head: &[u8],
    whole: bool,
    most: usize,
    encoding: Option<Encoding>,
    header_line: Option<u64>,
) -> Result<Preview, Rejection> {
    refuse_foreign(head)?;
    // What is cut in the middle of a line, or of a letter, tells nothing.
    let end = head.iter().rposition(|byte| *byte == b'\n').filter(|_| !whole);
    let head = end.map_or(head, |end| &head[..=end]);
    let opening = match encoding {
        Some(encoding) => Opening::known(encoding.into(), head),
        None => Opening::sniff(head),
    };
    let bytes = &head[opening.skip..];
    if bytes.is_empty() {
        return Err(Rejection::Empty);
    }
    // As much as a reader looks at, so that both see the same.
    let start = &bytes[..bytes.len().min(HEAD_BYTES - opening.skip.min(HEAD_BYTES))];
    let text = as_utf8(start, opening.reading.encoding);
    let is_all = whole && start.len() == bytes.len();
    let start = TableStart::find(&text, is_all, Limits::default(), header_line, Quoting::Any)?;
    let rows = start.rows();
    let columns = Beginning { names: &start.names, rows: &rows }.columns();
    Ok(Preview {
        encoding: opening.reading.encoding,
        rival: opening.reading.rival,
        delimiter: start.dialect.delimiter,
        line: start.line,
        is_named: start.is_named(),
        matches: PerField::from_fn(|field| matches(&columns, field)),
        splits_names: matches!(columns.sources.first_name, Some(Source::FirstOf(_))),
        rows: rows.iter().take(most).map(|row| row.to_vec()).collect(),
        skipped: start.skipped.clone(),
        names: start.names,
    })
}

/// The column that a field is read from, or all that could be meant.
fn matches(columns: &Columns, field: Field) -> Vec<usize> {
    match columns.sources.get(field) {
        _ if columns.doubled.contains(&field) => columns.candidates.get(field).clone(),
        Some(source) => vec![source.place()],
        None => Vec::new(),
    }
}
