//! Parses the beginning of a file, so that a person can check the result before the import.

use super::columns::{Beginning, Columns, Source};
use super::dialect::TableSettings;
use super::encoding::Encoding;
use super::evidence;
use super::interpretation::certainty;
use super::opening::{Opening, refuse_foreign, refuse_utf7};
use super::reader::HEAD_BYTES;
use super::records::Limits;
use super::table::as_utf8;
use super::table_start::{Quoting, TableStart};
use super::wrapped::unwrapped;
use crate::domain::field::{Field, PerField};
use crate::domain::interpretation::{Certainty, EncodingReading, SkippedLine};
use crate::domain::job::Quote;
use crate::domain::rejection::Rejection;

/// Bytes of a file that are enough for a preview.
pub(crate) const PREVIEW_BYTES: usize = 256 << 10;

/// The parsed beginning of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The encoding, as detected from the beginning.
    pub encoding: Encoding,
    /// How sure the encoding is.
    pub certainty: Certainty,
    /// If the encoding is in doubt: the likely readings, the one in use first.
    pub readings: Vec<EncodingReading>,
    /// The delimiter.
    pub delimiter: u8,
    /// The quote around cells.
    pub quote: Quote,
    /// The line of the header, from 1; of the first row if there is no header.
    pub line: u64,
    /// Whether the file has a header.
    pub is_named: bool,
    /// The names in the header; `column 1` and so on if there is none.
    pub names: Vec<String>,
    /// The columns, from 0, that may be each field: one if it is clear, several if they are ambiguous.
    pub matches: PerField<Vec<usize>>,
    /// Whether one column contains full names, which are split.
    pub splits_names: bool,
    /// The lines above the header.
    pub skipped: Vec<SkippedLine>,
    /// The cells of the first rows.
    pub rows: Vec<Vec<String>>,
    /// The lines on which these rows start, from 1.
    pub row_lines: Vec<u64>,
}

/// Parses the first `most` rows of a file that begins with `head`, and ends there if `whole`. `encoding` and
/// `settings` override what would be detected.
///
/// Fails if the file is of another format, or blank.
pub fn preview(
    head: &[u8],
    whole: bool,
    most: usize,
    encoding: Option<Encoding>,
    settings: impl Into<TableSettings>,
) -> Result<Preview, Rejection> {
    refuse_foreign(head)?;
    // An incomplete line or character would mislead the detection.
    let end = head.iter().rposition(|byte| *byte == b'\n').filter(|_| !whole);
    let head = end.map_or(head, |end| &head[..=end]);
    let opening = match encoding {
        Some(encoding) => Opening::known(encoding.into(), head),
        None => {
            refuse_utf7(head)?;
            Opening::sniff(head)
        }
    };
    let bytes = &head[opening.skip..];
    if bytes.is_empty() {
        return Err(Rejection::Empty);
    }
    // The same bytes that a reader examines, so that both detect the same.
    let start = &bytes[..bytes.len().min(HEAD_BYTES - opening.skip.min(HEAD_BYTES))];
    let text = unwrapped(as_utf8(start, opening.reading.encoding));
    let is_all = whole && start.len() == bytes.len();
    let start = TableStart::find(&text, is_all, Limits::default(), settings.into(), Quoting::Any)?;
    let rows = start.rows();
    let columns = Beginning { names: &start.names, rows: &rows }.columns();
    Ok(Preview {
        encoding: opening.reading.encoding,
        certainty: certainty(encoding.is_some(), opening.reading.rival.is_some()),
        readings: match opening.reading.rival {
            Some(_) => evidence::readings(head).1,
            None => Vec::new(),
        },
        delimiter: start.dialect.delimiter,
        quote: start.dialect.quotes(),
        line: start.line,
        is_named: start.is_named(),
        matches: PerField::from_fn(|field| matches(&columns, field)),
        splits_names: matches!(columns.sources.first_name, Some(Source::FirstOf(..))),
        rows: rows.iter().take(most).map(|row| row.to_vec()).collect(),
        row_lines: start.row_lines().take(most).collect(),
        skipped: start.skipped.clone(),
        names: start.names,
    })
}

/// Returns for how many fields the beginning of a text in UTF-8 has exactly one column.
pub(crate) fn recognized_fields(head: &[u8]) -> usize {
    let parsed = preview(head, true, 0, Some(Encoding::Utf8), None);
    parsed.map_or(0, |preview| preview.matches.iter().filter(|(_, columns)| columns.len() == 1).count())
}

/// Returns the column that a field is read from, or all candidates if they are ambiguous.
fn matches(columns: &Columns, field: Field) -> Vec<usize> {
    match columns.sources.get(field) {
        _ if columns.doubled.contains(&field) => columns.candidates.get(field).clone(),
        Some(source) => vec![source.column()],
        None => Vec::new(),
    }
}
