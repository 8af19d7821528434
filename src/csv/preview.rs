//! The beginning of a file as it is understood, for a person to see before it is imported.

use super::decode::Decoder;
use super::dialect::Dialect;
use super::encoding::{Encoding, refuse_foreign};
use super::header;
use super::reader::HEAD_BYTES;
use super::records::{Limits, Record, RecordReader};
use super::rejection::Rejection;
use super::table::{as_narrow, opening};
use crate::domain::field::{Field, PerField};

/// The beginning of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// As its beginning shows it.
    pub encoding: Encoding,
    /// The byte between two cells.
    pub delimiter: u8,
    /// The line on which the header starts, from 1.
    pub line: u64,
    /// The names in the header.
    pub names: Vec<String>,
    /// For each field the places, from 0, of the names that stand for it: one, none, or too many.
    pub matches: PerField<Vec<usize>>,
    /// The cells of the first rows.
    pub rows: Vec<Vec<String>>,
}

/// Reads the first `most` rows of a file that begins with `head`, and ends there when `whole`.
///
/// Fails when that is plainly no CSV, or holds no header, but contacts from the first line on.
pub fn preview(head: &[u8], whole: bool, most: usize) -> Result<Preview, Rejection> {
    refuse_foreign(head)?;
    // What is cut in the middle of a line, or of a letter, tells nothing.
    let end = head.iter().rposition(|byte| *byte == b'\n').filter(|_| !whole);
    let head = end.map_or(head, |end| &head[..=end]);
    let opening = opening(head);
    let text = as_narrow(&head[opening.skip..], opening.encoding);
    if text.is_empty() {
        return Err(Rejection::Empty);
    }
    let limits = Limits::default();
    let start = &text[..text.len().min(HEAD_BYTES)];
    let dialect = Dialect::detect(start, whole && start.len() == text.len(), limits);

    let (mut found, mut skip_declaration) = (Found::new(opening.encoding), dialect.declared);
    let mut records = RecordReader::new(dialect.delimiter, limits);
    let mut input = text.as_ref();
    while found.rows.len() < most
        && let Some(record) = records.read(&mut input)?
    {
        if !std::mem::take(&mut skip_declaration) {
            found.take(&record);
        }
    }
    if whole
        && found.rows.len() < most
        && let Some(record) = records.finish()?
    {
        found.take(&record);
    }
    let Some((line, names)) = found.header else { return Err(Rejection::Blank) };
    if header::is_contact(&names) {
        return Err(Rejection::NoHeader { line });
    }
    let matches = PerField::from_fn(|field| {
        let places = names.iter().enumerate().filter(|(_, name)| Field::from_name(name) == Some(field));
        places.map(|(place, _)| place).collect()
    });
    Ok(Preview {
        encoding: opening.encoding,
        delimiter: dialect.delimiter,
        line,
        names,
        matches,
        rows: found.rows,
    })
}

struct Found {
    decoder: Decoder,
    header: Option<(u64, Vec<String>)>,
    rows: Vec<Vec<String>>,
}

impl Found {
    fn new(encoding: Encoding) -> Found {
        Found { decoder: Decoder::new(encoding), header: None, rows: Vec::new() }
    }

    fn take(&mut self, record: &Record<'_>) {
        if self.header.is_none() {
            let names = header::names_in(record);
            if !header::is_blank(&names) {
                self.header = Some((record.line(), names));
            }
            return;
        }
        let cells: Vec<String> = self.decoder.decode(record).cells.iter().map(str::to_owned).collect();
        if cells.iter().any(|cell| !cell.trim().is_empty()) {
            self.rows.push(cells);
        }
    }
}
