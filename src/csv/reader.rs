//! Reads the data rows of a contact file from its bytes.

use super::converter::Converter;
use super::dialect::TableSettings;
use super::encoding::Reading;
use super::evidence::Evidence;
use super::header::{ColumnSettings, Header, Mapping};
use super::opening::{Opening, refuse_foreign, refuse_utf7};
use super::records::{Limits, RecordReader};
use super::rows::{RawRow, Rows, Summary};
use super::table_start::{Quoting, TableStart};
use super::wrapped::Unwrapper;
use crate::domain::field::Field;
use crate::domain::job::FixedValues;
use crate::domain::rejection::Rejection;
use crate::domain::required::RequiredFields;

/// Number of bytes from which encoding, delimiter and header are detected.
pub(super) const HEAD_BYTES: usize = 64 << 10;

/// Number of bytes converted at a time, so that a large block is not in memory twice.
pub(super) const PIECE_BYTES: usize = 64 << 10;

/// Reads the data rows of a contact file.
///
/// Do not use a reader after it has returned a [`Rejection`].
#[derive(Debug)]
pub struct Reader {
    limits: Limits,
    /// The encoding if an earlier pass or a person has determined it.
    known: Option<Reading>,
    settings: Settings,
    /// The first bytes of the file, until there are enough of them to detect how to read it.
    head: Vec<u8>,
    /// Collected if the first bytes do not determine the encoding.
    evidence: Option<Evidence>,
    body: Option<Box<Body>>,
}

/// What is specified about a file rather than detected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Settings {
    columns: ColumnSettings,
    table: TableSettings,
}

impl Reader {
    /// Returns a reader for the first pass over a file, which detects encoding, delimiter and columns. The rest of the
    /// file may show that its encoding is not the one detected at the beginning: see [`Summary::reread`].
    pub fn sniffing(limits: Limits) -> Reader {
        Reader::new(None, limits)
    }

    /// Returns a reader for a later pass over the file, in the encoding that the first pass detected or a person chose.
    pub fn with_encoding(reading: impl Into<Reading>, limits: Limits) -> Reader {
        Reader::new(Some(reading.into()), limits)
    }

    fn new(known: Option<Reading>, limits: Limits) -> Reader {
        let settings = Settings::default();
        Reader { limits, known, settings, head: Vec::new(), evidence: None, body: None }
    }

    /// Sets the columns of the fields instead of detecting them.
    pub fn mapped(mut self, mapping: Option<Mapping>) -> Reader {
        self.settings.columns.mapping = mapping;
        self
    }

    /// Sets the physical line of the header, from 1, instead of detecting it. If that line is blank, the next one that is
    /// not is the header.
    pub fn header_on(mut self, line: Option<u64>) -> Reader {
        self.settings.table.header_line = line;
        self
    }

    /// Sets the line of the header, the delimiter and the quote instead of detecting them.
    pub fn of_table(mut self, settings: TableSettings) -> Reader {
        self.settings.table = settings;
        self
    }

    /// Sets the fields for which the file must have a column or a fixed value.
    pub fn requiring(mut self, fields: RequiredFields) -> Reader {
        self.settings.columns.required = fields;
        self
    }

    /// Sets the fields that have the same value in every row.
    pub fn fixing(mut self, values: FixedValues) -> Reader {
        self.settings.columns.values = values;
        self
    }

    /// Reads the next bytes of the file, any number of them, and calls `on_row` with each row that they complete.
    ///
    /// Fails if a required column is missing or ambiguous, or if the file is of another format.
    pub fn feed(&mut self, mut block: &[u8], on_row: &mut impl FnMut(RawRow<'_>)) -> Result<(), Rejection> {
        if self.body.is_none() {
            let taken = block.len().min(HEAD_BYTES - self.head.len());
            self.head.extend_from_slice(&block[..taken]);
            block = &block[taken..];
            if self.head.len() < HEAD_BYTES {
                return Ok(());
            }
        }
        self.body(false, on_row)?;
        if let Some(evidence) = &mut self.evidence {
            evidence.add(block);
        }
        self.body(false, on_row)?.feed(block, on_row);
        Ok(())
    }

    /// Ends the file and calls `on_row` with the rows that this completes.
    ///
    /// Fails as [`feed`](Reader::feed) does, and if there was no header or no data row.
    pub fn finish(mut self, on_row: &mut impl FnMut(RawRow<'_>)) -> Result<Summary, Rejection> {
        self.body(true, on_row)?;
        let evidence = self.evidence.take();
        let mut summary = self.body(true, on_row)?.finish(on_row)?;
        let read_in = summary.reading();
        let (reading, readings) = evidence.map_or((read_in, Vec::new()), Evidence::readings);
        summary.readings = readings;
        (summary.encoding, summary.rival) = (reading.encoding, reading.rival);
        summary.reread = reading != read_in;
        Ok(summary)
    }

    /// Returns the reader of the file's body. The first call opens it and reads the head.
    fn body(&mut self, whole: bool, on_row: &mut impl FnMut(RawRow<'_>)) -> Result<&mut Body, Rejection> {
        let body = match self.body.take() {
            Some(body) => body,
            None => {
                let head = std::mem::take(&mut self.head);
                refuse_foreign(&head)?;
                let opening = match self.known {
                    Some(reading) => Opening::known(reading, &head),
                    None => {
                        refuse_utf7(&head)?;
                        Opening::sniff(&head)
                    }
                };
                if !opening.is_certain {
                    let mut evidence = Evidence::default();
                    evidence.add(&head);
                    self.evidence = Some(evidence);
                }
                Box::new(Body::open(&head, whole, opening, &self.settings, self.limits, on_row)?)
            }
        };
        Ok(self.body.insert(body))
    }
}

/// A file whose encoding and dialect are known.
#[derive(Debug)]
struct Body {
    converter: Option<Converter>,
    /// The current piece, as UTF-8.
    converted: Vec<u8>,
    /// Removes the quotes around whole lines, if there are any.
    unwrapper: Option<Unwrapper>,
    records: RecordReader,
    rows: Rows,
}

impl Body {
    /// Detects how to read a file from its first bytes, and reads those. `whole` if the file ends with them.
    fn open(
        head: &[u8],
        whole: bool,
        opening: Opening,
        settings: &Settings,
        limits: Limits,
        on_row: &mut impl FnMut(RawRow<'_>),
    ) -> Result<Body, Rejection> {
        let mut text = &head[opening.skip..];
        if text.is_empty() {
            return Err(Rejection::Empty);
        }
        let mut converter = Converter::new(opening.reading.encoding);
        let mut converted = Vec::new();
        if let Some(converter) = &mut converter {
            converter.push(text, &mut converted);
            text = &converted;
        }
        let mut unwrapper = Unwrapper::of(text);
        let mut unwrapped = Vec::new();
        if let Some(unwrapper) = &mut unwrapper {
            unwrapper.push(text, &mut unwrapped);
            text = &unwrapped;
        }
        let start = TableStart::find(text, whole, limits, settings.table, Quoting::Any)?;
        let header = Header::find(&start, &settings.columns)?;
        let email = header.source(Field::Email).column();
        let mut records = RecordReader::in_dialect(start.dialect, limits)
            .starting_on(start.line)
            .of_table(header.names.len(), email);
        let mut rows = Rows::new(header, &start, opening.reading);
        read_records(&mut records, &text[start.offset..], &mut rows, on_row);
        Ok(Body { converter, converted, unwrapper, records, rows })
    }

    fn feed(&mut self, block: &[u8], on_row: &mut impl FnMut(RawRow<'_>)) {
        let Some(mut converter) = self.converter.take() else {
            return self.read(block, on_row);
        };
        let mut converted = std::mem::take(&mut self.converted);
        for piece in block.chunks(PIECE_BYTES) {
            converted.clear();
            converter.push(piece, &mut converted);
            self.read(&converted, on_row);
        }
        (self.converter, self.converted) = (Some(converter), converted);
    }

    /// Reads a piece of UTF-8.
    fn read(&mut self, text: &[u8], on_row: &mut impl FnMut(RawRow<'_>)) {
        let Some(unwrapper) = &mut self.unwrapper else {
            return read_records(&mut self.records, text, &mut self.rows, on_row);
        };
        for piece in text.chunks(PIECE_BYTES) {
            let mut unwrapped = Vec::with_capacity(piece.len());
            unwrapper.push(piece, &mut unwrapped);
            read_records(&mut self.records, &unwrapped, &mut self.rows, on_row);
        }
    }

    fn finish(&mut self, on_row: &mut impl FnMut(RawRow<'_>)) -> Result<Summary, Rejection> {
        if let Some(mut converter) = self.converter.take() {
            let mut converted = Vec::new();
            converter.finish(&mut converted);
            self.read(&converted, on_row);
        }
        while let Some(record) = self.records.finish() {
            self.rows.add(&record, on_row);
        }
        self.rows.finish(self.records.lines())
    }
}

fn read_records(
    records: &mut RecordReader,
    mut input: &[u8],
    rows: &mut Rows,
    on_row: &mut impl FnMut(RawRow<'_>),
) {
    while let Some(record) = records.read(&mut input) {
        rows.add(&record, on_row);
    }
}
