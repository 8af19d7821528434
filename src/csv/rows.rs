//! Makes contact rows of records.

use super::cell::undefused;
use super::columns::Source;
use super::decode::{Cells, Decoded, Decoder};
use super::encoding::{Encoding, Reading};
use super::extra::ExtraCells;
use super::header::Header;
use super::header_row::meaning;
use super::oddities;
use super::records::{Flaws, Record};
use super::skipped::is_no_row;
use super::table_start::TableStart;
use crate::domain::field::{Field, PerField};
use crate::domain::full_name::{self, NameOrder};
use crate::domain::interpretation::{EncodingReading, SkippedLine, SkippedLines};
use crate::domain::oddity::{Oddity, Quoted, Suspicion};
use crate::domain::rejection::Rejection;

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
    /// Whether the last record was a row of delimiters.
    is_after_blank: bool,
    /// The last header, if its columns are in another order than those of the first.
    turned: Option<OtherHeader>,
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
        Rows {
            is_defused: header.is_export,
            header,
            header_records: start.header_records,
            decoder: Decoder::new(reading.encoding),
            reading,
            has_quotes: start.dialect.quote.is_some(),
            skipped,
            is_after_blank: false,
            turned: None,
            notes: Vec::new(),
            next_line: start.line,
            count: 0,
        }
    }

    /// Adds the next record, and calls `on_row` with the rows that it completes.
    pub(super) fn add(&mut self, record: &Record<'_>, on_row: &mut impl FnMut(RawRow<'_>)) {
        let is_below_gap = std::mem::take(&mut self.is_after_blank) || record.line() > self.next_line;
        self.next_line = record.next_line();
        if self.header_records > 0 {
            self.header_records -= 1;
            return;
        }
        let decoded = self.decoder.decode(record);
        let values = values(&self.header, decoded.cells);
        if !values.email.contains('@') || values.values().iter().any(|value| is_blank(value)) {
            if let Some(note) =
                note(&self.header, record.line(), decoded.cells, is_below_gap || !self.notes.is_empty())
                && self.notes.len() < NOTES
            {
                self.notes.push(note);
                return;
            }
            let other = other_header(&self.header, values.email, decoded.cells);
            if other.is_some()
                || self.header.names.len() > 1 && is_no_row(decoded.cells)
                || self.count == 0 && repeats_one_text(values.email, decoded.cells)
            {
                if let Some(columns) = other {
                    let is_turned =
                        columns.iter().any(|(field, column)| is_elsewhere(&self.header, field, *column));
                    self.turned = is_turned.then_some(OtherHeader { line: record.line(), columns });
                }
                self.skipped.add(SkippedLine::new(record.line(), decoded.cells.iter()));
                return;
            }
            if values.values().iter().all(|value| is_blank(value)) {
                if !decoded.cells.iter().all(is_blank) {
                    self.skipped.add(SkippedLine::new(record.line(), decoded.cells.iter()));
                }
                self.is_after_blank = decoded.cells.iter().all(is_blank);
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
        let cells = decoded.cells;
        let mut damage = damage(&self.header, self.reading, has_quotes, record.flaws(), &values, decoded);
        if let Some(turned) = &self.turned {
            let oddities = &mut damage.get_or_insert_default().oddities;
            turned.add_oddities(&self.header, &values, cells, oddities);
        }
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
    if !is_below_gap || header.names.len() < 2 || !cells.iter().skip(1).all(is_blank) {
        return None;
    }
    let text = cells.get(0).filter(|cell| !cell.contains('@') && !cell.trim().is_empty())?;
    Some(Note { line, text: text.to_owned() })
}

/// A header below the first.
#[derive(Debug)]
struct OtherHeader {
    line: u64,
    /// The column of each field that it names.
    columns: PerField<Option<usize>>,
}

impl OtherHeader {
    /// Adds descriptions of the values that are in other columns below this header.
    fn add_oddities(
        &self,
        header: &Header,
        values: &PerField<&str>,
        cells: Cells<'_>,
        oddities: &mut Vec<String>,
    ) {
        oddities.push(Oddity::BelowOtherHeader { line: self.line }.to_string());
        for (field, column) in
            self.columns.iter().filter(|(field, column)| is_elsewhere(header, *field, **column))
        {
            let cell = column.and_then(|column| cells.get(column)).unwrap_or_default();
            oddities.push(oddities::suggestion(field, values.get(field), Suspicion::OtherHeader, cell));
        }
    }
}

/// Returns whether another header names a field in another column.
fn is_elsewhere(header: &Header, field: Field, column: Option<usize>) -> bool {
    column.is_some_and(|column| header.source(field) != Source::Column(column))
}

/// Returns the columns of the fields in a record that is another header: one that repeats the names, or has names of the
/// e-mail and at least two other fields.
fn other_header(header: &Header, email: &str, cells: Cells<'_>) -> Option<PerField<Option<usize>>> {
    if !header.is_named || header.names.len() < 2 {
        return None;
    }
    let filled = cells.iter().map(str::trim).filter(|cell| !cell.is_empty());
    let names = header.names.iter().map(|name| name.trim()).filter(|name| !name.is_empty());
    if filled.eq(names) {
        return Some(PerField::default());
    }
    if is_blank(email) || email.contains('@') {
        return None;
    }
    let fields: Vec<Option<Field>> = cells.iter().map(|cell| meaning(cell).field).collect();
    // A name in the column of its field is meant, if there are several.
    let column = |field: Field| {
        let source = header.source(field).column();
        let is_same = fields.get(source).copied().flatten() == Some(field);
        if is_same { Some(source) } else { fields.iter().position(|known| *known == Some(field)) }
    };
    let columns = PerField::from_fn(column);
    let count = columns.values().into_iter().flatten().count();
    (columns.email.is_some() && count > 2).then_some(columns)
}

/// Returns whether a record without an e-mail has the same text in all its cells, such as `Open-Ended Response` below the
/// header of a survey.
fn repeats_one_text(email: &str, cells: Cells<'_>) -> bool {
    let mut filled = cells.iter().map(str::trim).filter(|cell| !cell.is_empty());
    let Some(first) = filled.next() else { return false };
    let mut others = filled.peekable();
    is_blank(email) && others.peek().is_some() && others.all(|cell| cell == first)
}

fn values<'a>(header: &Header, cells: Cells<'a>) -> PerField<&'a str> {
    PerField::from_fn(|field| {
        let source = header.source(field);
        let cell = cells.get(source.column()).unwrap_or_default();
        match source {
            Source::Column(_) => cell,
            Source::FirstOf(_, order) => full_name::split(cell, order).first,
            Source::LastOf(_, order) => full_name::split(cell, order).last,
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
        oddities.push(Oddity::BrokenQuotes.to_string());
    }
    if let Some((column, order)) = full_name(header) {
        let name = decoded.cells.get(column).unwrap_or_default();
        if !name.trim().is_empty() && full_name::split(name, order).is_doubtful {
            oddities.push(Oddity::AmbiguousName { name: Quoted::new(name) }.to_string());
        }
    }
    oddities::add(values, reading, decoded.classes, &mut oddities, &mut doubts);
    if reading.rival.is_some() && decoded.classes.has_non_ascii() {
        oddities::add_extra_doubts(ExtraCells::new(decoded.cells, &header.extra), reading, &mut doubts);
    }
    if decoded.classes.has_symbols() && decoded.undecodable.is_empty() {
        oddities::add_lost_letters(values, &mut oddities);
    }
    let overflow = overflow(decoded.cells, header.names.len());
    let undecodable = decoded.undecodable;
    if overflow.is_empty() && undecodable.is_empty() && oddities.is_empty() && doubts.is_empty() {
        return None;
    }
    Some(Damage { overflow, undecodable, oddities, doubts })
}

/// Returns the column of the whole names, if the file has one instead of first and last names.
fn full_name(header: &Header) -> Option<(usize, NameOrder)> {
    let of = |field| match header.source(field) {
        Source::FirstOf(column, order) | Source::LastOf(column, order) => Some((column, order)),
        Source::Column(_) => None,
    };
    of(Field::FirstName).or_else(|| of(Field::LastName))
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
