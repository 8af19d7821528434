//! Reads a file with arbitrary columns, such as one saved by a spreadsheet program. Takes two passes, since the encoding
//! depends on all bytes.

use std::borrow::Cow;

use super::converter::Converter;
use super::decode::{Cells, Decoder};
use super::dialect::TableSettings;
use super::encoding::{Encoding, Reading};
use super::evidence::Evidence;
use super::mangled::without_mangled_mark;
use super::opening::{Opening, refuse_foreign, refuse_utf7};
use super::reader::{HEAD_BYTES, PIECE_BYTES};
use super::records::{Limits, Record, RecordReader};
use super::table_start::{Quoting, TableStart};
use crate::domain::rejection::Rejection;

/// One row of a table.
#[derive(Clone, Copy, Debug)]
pub struct TableRow<'a> {
    /// The physical line on which the row starts, from 1.
    pub line: u64,
    /// The decoded cells.
    pub cells: Cells<'a>,
    /// Whether all of the row could be decoded and contains no NUL.
    pub is_text: bool,
}

/// The first pass over a table.
#[derive(Debug, Default)]
pub struct TableSurvey {
    head: Vec<u8>,
    bytes: u64,
    evidence: Evidence,
}

impl TableSurvey {
    /// Takes the next bytes of the file, any number of them.
    pub fn feed(&mut self, block: &[u8]) {
        let wanted = HEAD_BYTES - self.head.len();
        self.head.extend_from_slice(&block[..block.len().min(wanted)]);
        self.bytes += block.len() as u64;
        self.evidence.add(block);
    }

    /// Returns the reader for the second pass, in the encoding of the whole file and the delimiter of its beginning.
    ///
    /// Fails if the file is of another format or empty.
    pub fn finish(self, limits: Limits) -> Result<TableReader, Rejection> {
        refuse_foreign(&self.head)?;
        refuse_utf7(&self.head)?;
        let Opening { reading, is_certain, skip } = Opening::sniff(&self.head);
        let Reading { encoding, .. } = if is_certain { reading } else { self.evidence.reading() };
        if self.bytes == skip as u64 {
            return Err(Rejection::Empty);
        }
        let text = as_utf8(&self.head[skip..], encoding);
        let start = TableStart::find(
            &text,
            self.bytes == self.head.len() as u64,
            limits,
            TableSettings::default(),
            Quoting::Standard,
        )?;
        Ok(TableReader {
            skip,
            converter: Converter::new(encoding),
            converted: Vec::new(),
            records: RecordReader::in_dialect(start.dialect, limits),
            rows: Rows {
                encoding,
                decoder: Decoder::new(encoding),
                is_declaration: start.is_declared,
                is_blank: true,
            },
        })
    }
}

/// The second pass over a table.
///
/// Do not use a reader after it has returned a [`Rejection`].
#[derive(Debug)]
pub struct TableReader {
    /// The number of bytes of the byte order mark not skipped yet.
    skip: usize,
    converter: Option<Converter>,
    /// The current piece, as UTF-8.
    converted: Vec<u8>,
    records: RecordReader,
    rows: Rows,
}

impl TableReader {
    /// Reads the next bytes of the file, any number of them, and calls `on_row` with each row that they complete,
    /// starting with the header. Skips blank rows.
    ///
    /// Fails if a record exceeds the limits or its quotes are broken, and if `on_row` fails.
    pub fn feed<E: From<Rejection>>(
        &mut self,
        block: &[u8],
        on_row: &mut impl FnMut(TableRow<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let skipped = self.skip.min(block.len());
        self.skip -= skipped;
        let block = &block[skipped..];
        let Some(converter) = &mut self.converter else {
            return self.rows.read(&mut self.records, block, on_row);
        };
        for piece in block.chunks(PIECE_BYTES) {
            self.converted.clear();
            converter.push(piece, &mut self.converted);
            self.rows.read(&mut self.records, &self.converted, on_row)?;
        }
        Ok(())
    }

    /// Ends the file, calls `on_row` with the rows that this completes, and returns the encoding.
    ///
    /// Fails as [`feed`](TableReader::feed) does, and if there was no row.
    pub fn finish<E: From<Rejection>>(
        mut self,
        on_row: &mut impl FnMut(TableRow<'_>) -> Result<(), E>,
    ) -> Result<Encoding, E> {
        if let Some(converter) = &mut self.converter {
            self.converted.clear();
            converter.finish(&mut self.converted);
            self.rows.read(&mut self.records, &self.converted, on_row)?;
        }
        while let Some(record) = self.records.finish() {
            self.rows.add(&record, on_row)?;
        }
        if self.rows.is_blank { Err(Rejection::Blank.into()) } else { Ok(self.rows.encoding) }
    }
}

/// Makes rows of records.
#[derive(Debug)]
struct Rows {
    encoding: Encoding,
    decoder: Decoder,
    /// Whether the next record declares the delimiter.
    is_declaration: bool,
    /// Whether no row has been read yet.
    is_blank: bool,
}

impl Rows {
    fn read<E: From<Rejection>>(
        &mut self,
        records: &mut RecordReader,
        mut input: &[u8],
        on_row: &mut impl FnMut(TableRow<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        while let Some(record) = records.read(&mut input) {
            self.add(&record, on_row)?;
        }
        Ok(())
    }

    fn add<E: From<Rejection>>(
        &mut self,
        record: &Record<'_>,
        on_row: &mut impl FnMut(TableRow<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if std::mem::take(&mut self.is_declaration) {
            return Ok(());
        }
        let decoded = self.decoder.decode(record);
        // A mangled byte order mark precedes the quote that opens the first cell.
        let first = decoded.cells.iter().next().unwrap_or_default();
        let is_after_mark = self.is_blank && without_mangled_mark(first).is_some();
        if record.is_flawed() && !is_after_mark {
            return Err(flawed(record).into());
        }
        if decoded.cells.iter().all(|cell| cell.trim().is_empty()) {
            return Ok(());
        }
        self.is_blank = false;
        let is_text = decoded.undecodable.is_empty();
        on_row(TableRow { line: record.line(), cells: decoded.cells, is_text })
    }
}

/// Returns the rejection for a flawed record.
fn flawed(record: &Record<'_>) -> Rejection {
    let line = record.line();
    if record.flaws().quoting { Rejection::BrokenQuotes { line } } else { Rejection::RowTooLong { line } }
}

/// Converts a text to UTF-8.
pub(super) fn as_utf8(text: &[u8], encoding: Encoding) -> Cow<'_, [u8]> {
    let Some(mut converter) = Converter::new(encoding) else { return Cow::Borrowed(text) };
    let mut converted = Vec::new();
    converter.push(text, &mut converted);
    converter.finish(&mut converted);
    Cow::Owned(converted)
}
