//! Makes contact rows of records.

use super::cell::undefused;
use super::columns::Source;
use super::decode::{Cells, Decoded, Decoder};
use super::encoding::{Encoding, Reading};
use super::extra::ExtraCells;
use super::header::Header;
use super::oddities;
use super::records::{Flaws, Record};
use super::rejection::Rejection;
use super::skipped::is_comment_or_total;
use super::table_start::TableStart;
use crate::domain::field::{Field, PerField};
use crate::domain::full_name;
use crate::domain::interpretation::{EncodingReading, SkippedLine, SkippedLines};

/// Maximum number of lines at the end of a file that count as notes rather than rows.
const NOTES: usize = 20;

/// One data row. Values are decoded but otherwise unchanged; cells missing at the end of the row are empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawRow<'a> {
    /// The number of the data row, from 1. Blank lines, lines that are not contacts, and rows in which every field is
    /// blank are neither counted nor reported.
    pub number: u64,
    /// The physical line on which the row starts, from 1. LF, CRLF and CR each end one line.
    pub line: u64,
    /// The values of the fields.
    pub values: PerField<&'a str>,
    /// The cells in columns that belong to no field.
    pub extra: ExtraCells<'a>,
    /// What in the row did not fit, could not be decoded, or is odd.
    pub damage: Option<Damage>,
}

/// What is wrong with a row beyond its values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Damage {
    /// The cells beyond the header's width, unless all of them are blank.
    pub overflow: Vec<String>,
    /// Each cell of any column that contains a NUL or bytes invalid in the file's encoding. Those bytes are written
    /// `\xNN`, and a backslash is doubled. In the row's values the same bytes are U+2400 and U+FFFD.
    pub undecodable: Vec<String>,
    /// Descriptions of what else is odd, with the corrected value in quotes if there is one.
    pub oddities: Vec<String>,
    /// Descriptions of the values that differ in the second candidate for the file's encoding, with the value in it.
    pub doubts: Vec<String>,
}

/// What a pass over a file has determined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The encoding, as detected from the whole file.
    pub encoding: Encoding,
    /// The second candidate if it is nearly as likely.
    pub rival: Option<Encoding>,
    /// If the first pass finds the encoding in doubt: the likely readings, the one in use first.
    pub readings: Vec<EncodingReading>,
    /// Whether the rows were decoded from another encoding. Discard them then, and read the file again with
    /// [`Reader::with_encoding`](super::Reader::with_encoding).
    pub reread: bool,
    /// The number of data rows, at least one.
    pub rows: u64,
    /// The number of physical lines.
    pub lines: u64,
    /// The header.
    pub header: Header,
    /// The lines that are not contacts.
    pub skipped: SkippedLines,
}

impl Summary {
    /// Returns the encoding for a later pass.
    pub fn reading(&self) -> Reading {
        Reading { encoding: self.encoding, rival: self.rival }
    }
}

/// Makes rows of records.
#[derive(Debug)]
pub(super) struct Rows {
    pub header: Header,
    /// The number of header records not read yet.
    header_records: usize,
    decoder: Decoder,
    reading: Reading,
    /// The name of the e-mail column, to recognize a repeated header.
    email_name: Option<String>,
    /// Whether the dialect has quotes.
    has_quotes: bool,
    /// Whether formulas have apostrophes in front.
    is_defused: bool,
    skipped: SkippedLines,
    /// Lines that are notes unless a row follows.
    notes: Vec<Note>,
    /// The line after the last record.
    next_line: u64,
    count: u64,
}

/// A line with a single cell, below a blank line.
#[derive(Debug)]
struct Note {
    line: u64,
    text: String,
}

impl Rows {
    pub(super) fn new(header: Header, start: &TableStart, reading: Reading) -> Rows {
        let mut skipped = SkippedLines::default();
        start.skipped.iter().for_each(|line| skipped.add(line.clone()));
        let email_name = header.names.get(header.source(Field::Email).column());
        Rows {
            email_name: email_name.filter(|_| header.is_named).map(|name| name.trim().to_owned()),
            is_defused: header.is_export(),
            header,
            header_records: start.header_records,
            decoder: Decoder::new(reading.encoding),
            reading,
            has_quotes: start.dialect.quote.is_some(),
            skipped,
            notes: Vec::new(),
            next_line: start.line,
            count: 0,
        }
    }

    /// Adds the next record, and calls `on_row` with the rows that it completes.
    pub(super) fn add(&mut self, record: &Record<'_>, on_row: &mut impl FnMut(RawRow<'_>)) {
        let is_below_gap = record.line() > self.next_line;
        self.next_line = record.next_line();
        if self.header_records > 0 {
            self.header_records -= 1;
            return;
        }
        let decoded = self.decoder.decode(record);
        let values = values(&self.header, decoded.cells);
        if values.values().iter().any(|value| is_blank(value))
            || self.email_name.as_deref() == Some(values.email)
        {
            if let Some(note) =
                note(&self.header, record.line(), decoded.cells, is_below_gap || !self.notes.is_empty())
                && self.notes.len() < NOTES
            {
                self.notes.push(note);
                return;
            }
            if is_no_contact(&self.header, decoded.cells) {
                self.skipped.add(SkippedLine::new(record.line(), decoded.cells.iter()));
                return;
            }
            if values.values().iter().all(|value| is_blank(value)) {
                if !decoded.cells.iter().all(is_blank) {
                    self.skipped.add(SkippedLine::new(record.line(), decoded.cells.iter()));
                }
                return;
            }
        }
        for note in self.notes.drain(..) {
            match note.row(&self.header, self.count + 1) {
                Some(row) => {
                    self.count += 1;
                    on_row(row);
                }
                None => self.skipped.add(SkippedLine::new(note.line, [&note.text])),
            }
        }
        self.count += 1;
        let original = self.is_defused.then(|| values.map(undefused));
        let values = original.as_ref().map_or(values, |original| original.each_ref().map(|value| &**value));
        let has_quotes = self.has_quotes;
        let extra = ExtraCells::new(decoded.cells, &self.header.extra);
        let damage = damage(&self.header, self.reading, has_quotes, record.flaws(), &values, decoded);
        let values = with_fixed(&self.header, values);
        on_row(RawRow { number: self.count, line: record.line(), values, extra, damage });
    }

    /// Returns the summary at the end of the file.
    pub(super) fn finish(&mut self, lines: u64) -> Result<Summary, Rejection> {
        if self.count == 0 {
            return Err(Rejection::HeaderOnly { line: self.header.line });
        }
        for note in self.notes.drain(..) {
            self.skipped.add(SkippedLine::new(note.line, [note.text]));
        }
        Ok(Summary {
            encoding: self.reading.encoding,
            rival: self.reading.rival,
            readings: Vec::new(),
            reread: false,
            rows: self.count,
            lines,
            header: self.header.clone(),
            skipped: std::mem::take(&mut self.skipped),
        })
    }
}

impl Note {
    /// Returns the line as a row, for use if rows follow it. Returns `None` if its cell belongs to no field.
    fn row<'a>(&'a self, header: &'a Header, number: u64) -> Option<RawRow<'a>> {
        let is_first = |field: Field| header.source(field) == Source::Column(0);
        let values = PerField::from_fn(|field| if is_first(field) { self.text.as_str() } else { "" });
        let has_value = values.values().iter().any(|value| !value.is_empty());
        let values = with_fixed(header, values);
        let extra = ExtraCells::default();
        has_value.then_some(RawRow { number, line: self.line, values, extra, damage: None })
    }
}

/// Returns the record as a note: a line after a blank line with a single cell, not an address, in a table of several
/// columns. Programs write such lines at the end of a file.
fn note(header: &Header, line: u64, cells: Cells<'_>, is_below_gap: bool) -> Option<Note> {
    if !is_below_gap || header.names.len() < 2 || cells.get(1).is_some() {
        return None;
    }
    let text = cells.get(0).filter(|cell| !cell.contains('@') && !cell.trim().is_empty())?;
    Some(Note { line, text: text.to_owned() })
}

/// Returns whether a record repeats the header, or is a comment or a total.
fn is_no_contact(header: &Header, cells: Cells<'_>) -> bool {
    let repeats_header = || {
        let filled = cells.iter().map(str::trim).filter(|cell| !cell.is_empty());
        let names = header.names.iter().map(|name| name.trim()).filter(|name| !name.is_empty());
        header.is_named && filled.eq(names)
    };
    header.names.len() > 1 && (repeats_header() || is_comment_or_total(cells))
}

fn values<'a>(header: &Header, cells: Cells<'a>) -> PerField<&'a str> {
    PerField::from_fn(|field| {
        let source = header.source(field);
        let cell = cells.get(source.column()).unwrap_or_default();
        match source {
            Source::Column(_) => cell,
            Source::FirstOf(_) => full_name::split(cell).first,
            Source::LastOf(_) => full_name::split(cell).last,
        }
    })
}

/// Adds the values that are the same in every row.
fn with_fixed<'a>(header: &'a Header, values: PerField<&'a str>) -> PerField<&'a str> {
    match header.values.is_empty() {
        true => values,
        false => PerField::from_fn(|field| header.values.get(field).unwrap_or(values.get(field))),
    }
}

fn damage(
    header: &Header,
    reading: Reading,
    has_quotes: bool,
    flaws: Flaws<'_>,
    values: &PerField<&str>,
    decoded: Decoded<'_>,
) -> Option<Damage> {
    let (mut oddities, mut doubts) = (Vec::new(), Vec::new());
    if flaws != Flaws::default() {
        oddities::add_flaws(header, flaws, &mut oddities);
    }
    // An odd number of quotes means that a cell was opened and not closed.
    let has_odd_quotes = |value: &&&str| {
        let is_in_quotes = value.len() > 1 && value.starts_with('"') && value.ends_with('"');
        is_in_quotes || value.matches('"').count() % 2 == 1
    };
    if !has_quotes && values.values().iter().any(has_odd_quotes) {
        oddities.push("its quotes are broken and can be read in another way".to_owned());
    }
    if let Source::FirstOf(column) = header.source(Field::FirstName) {
        let name = decoded.cells.get(column).unwrap_or_default();
        if full_name::split(name).is_doubtful && !name.trim().is_empty() {
            oddities.push(oddities::text("the name can be split in more than one place:", name));
        }
    }
    oddities::add(values, reading, decoded.classes, &mut oddities, &mut doubts);
    if reading.rival.is_some() && decoded.classes.has_non_ascii() {
        oddities::add_extra_doubts(ExtraCells::new(decoded.cells, &header.extra), reading, &mut doubts);
    }
    let overflow = overflow(decoded.cells, header.names.len());
    let undecodable = decoded.undecodable;
    if overflow.is_empty() && undecodable.is_empty() && oddities.is_empty() && doubts.is_empty() {
        return None;
    }
    Some(Damage { overflow, undecodable, oddities, doubts })
}

/// Returns whether a value is empty or white space. Unlike trimming, this reads only one character of most values.
fn is_blank(value: &str) -> bool {
    value.chars().all(char::is_whitespace)
}

fn overflow(cells: Cells<'_>, width: usize) -> Vec<String> {
    if cells.get(width).is_none() {
        return Vec::new();
    }
    let beyond = || cells.iter().skip(width);
    if beyond().all(is_blank) {
        return Vec::new();
    }
    beyond().map(str::to_owned).collect()
}
