//! Rows of contacts made of records.

use super::columns::Source;
use super::decode::{Cells, Decoded, Decoder};
use super::encoding::{Encoding, Reading};
use super::header::Header;
use super::oddities;
use super::records::{Flaws, Record};
use super::rejection::Rejection;
use super::skipped::{SkippedLine, SkippedLines, is_comment_or_total};
use super::table_start::TableStart;
use crate::domain::field::{Field, PerField};
use crate::domain::full_name;

/// Most lines at the end of a file that may be notes rather than rows.
const NOTES: usize = 20;

/// One data row. Values are decoded and otherwise as the file has them; cells missing at the row's end
/// are empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawRow<'a> {
    /// Which data row it is, from 1. Blank lines, lines that are no contacts, and rows whose every mapped value is
    /// empty or white space are neither counted nor given.
    pub number: u64,
    /// The physical line on which the row starts, from 1. LF, CRLF and CR each end one line.
    pub line: u64,
    /// The values of the fields.
    pub values: PerField<&'a str>,
    /// What in the row did not fit, could not be read, or may be read in another way.
    pub damage: Option<Damage>,
}

/// What a row held beside its four values as given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Damage {
    /// All cells beyond the header's width, when any of them holds more than white space.
    pub overflow: Vec<String>,
    /// Each cell, mapped or not, that held a NUL or bytes without a character in the file's encoding,
    /// with `\xNN` for those bytes and a doubled backslash for a backslash. In the row's values the
    /// same bytes are U+2400 and U+FFFD.
    pub undecodable: Vec<String>,
    /// What else is odd, in words for a person, with the mended value in quotes where there is one.
    pub oddities: Vec<String>,
}

/// What is known of a file at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The encoding, as the whole file shows it.
    pub encoding: Encoding,
    /// The next best encoding, if it is nearly as likely.
    pub rival: Option<Encoding>,
    /// Whether the rows were decoded in another encoding than that. Then they are void, and the file has
    /// to be read again by [`Reader::with_encoding`](super::Reader::with_encoding).
    pub reread: bool,
    /// How many data rows were given; at least one.
    pub rows: u64,
    /// How many physical lines the file has.
    pub lines: u64,
    /// The names as found, and the delimiter.
    pub header: Header,
    /// Lines that are no contacts.
    pub skipped: SkippedLines,
}

impl Summary {
    /// How the file is to be read in a later pass.
    pub fn reading(&self) -> Reading {
        Reading { encoding: self.encoding, rival: self.rival }
    }
}

/// Makes rows of records.
#[derive(Debug)]
pub(super) struct Rows {
    pub header: Header,
    /// Records of the header that are still to come.
    header_records: usize,
    decoder: Decoder,
    reading: Reading,
    /// The name of the column of e-mails, by which a repeated header is known.
    email_name: Option<String>,
    /// Whether cells may stand in quotes.
    has_quotes: bool,
    skipped: SkippedLines,
    /// Lines that are notes if no row follows.
    notes: Vec<Note>,
    /// The line behind the last record.
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
        let email_name = header.names.get(header.source(Field::Email).place());
        Rows {
            email_name: email_name.filter(|_| header.is_named).map(|name| name.trim().to_owned()),
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

    pub(super) fn take(&mut self, record: &Record<'_>, on_row: &mut impl FnMut(RawRow<'_>)) {
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
        let has_quotes = self.has_quotes;
        let damage = damage(&self.header, self.reading, has_quotes, record.flaws(), &values, decoded);
        on_row(RawRow { number: self.count, line: record.line(), values, damage });
    }

    /// What is known at the end of the file.
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
            reread: false,
            rows: self.count,
            lines,
            header: self.header.clone(),
            skipped: std::mem::take(&mut self.skipped),
        })
    }
}

impl Note {
    /// The row that the line is if rows follow: a person is asked about it. `None` if its cell is of no field.
    fn row(&self, header: &Header, number: u64) -> Option<RawRow<'_>> {
        let is_first = |field: Field| header.source(field) == Source::Column(0);
        let values = PerField::from_fn(|field| if is_first(field) { self.text.as_str() } else { "" });
        let has_value = values.values().iter().any(|value| !value.is_empty());
        has_value.then_some(RawRow { number, line: self.line, values, damage: None })
    }
}

/// A line with one cell in a table of several columns, which is no address, below a blank line: at the end of a file
/// it is a note of the program that wrote the file.
fn note(header: &Header, line: u64, cells: Cells<'_>, is_below_gap: bool) -> Option<Note> {
    if !is_below_gap || header.names.len() < 2 || cells.get(1).is_some() {
        return None;
    }
    let text = cells.get(0).filter(|cell| !cell.contains('@') && !cell.trim().is_empty())?;
    Some(Note { line, text: text.to_owned() })
}

/// Whether a record repeats the header, or is a comment or a total.
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
        let cell = cells.get(source.place()).unwrap_or_default();
        match source {
            Source::Column(_) => cell,
            Source::FirstOf(_) => full_name::split(cell).first,
            Source::LastOf(_) => full_name::split(cell).last,
        }
    })
}

fn damage(
    header: &Header,
    reading: Reading,
    has_quotes: bool,
    flaws: Flaws<'_>,
    values: &PerField<&str>,
    decoded: Decoded<'_>,
) -> Option<Damage> {
    let mut oddities = Vec::new();
    if flaws != Flaws::default() {
        oddities::add_flaws(header, flaws, &mut oddities);
    }
    // One quote alone may open a cell that the file's other quotes do not close.
    let has_odd_quotes = |value: &&&str| {
        let is_in_quotes = value.len() > 1 && value.starts_with('"') && value.ends_with('"');
        is_in_quotes || value.matches('"').count() % 2 == 1
    };
    if !has_quotes && values.values().iter().any(has_odd_quotes) {
        oddities.push("its quotes are broken and can be read in another way".to_owned());
    }
    if let Source::FirstOf(place) = header.source(Field::FirstName) {
        let name = decoded.cells.get(place).unwrap_or_default();
        if full_name::split(name).is_doubtful && !name.trim().is_empty() {
            oddities.push(oddities::text("the name can be split in more than one place:", name));
        }
    }
    oddities::add(values, reading, decoded.signs, &mut oddities);
    let overflow = overflow(decoded.cells, header.names.len());
    let undecodable = decoded.undecodable;
    if overflow.is_empty() && undecodable.is_empty() && oddities.is_empty() {
        return None;
    }
    Some(Damage { overflow, undecodable, oddities })
}

/// Whether a value is empty or white space. Unlike trimming, this reads one letter of most values.
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
