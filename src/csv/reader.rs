//! The way from a file's bytes to its data rows.

use super::decode::{Cells, Decoded, Decoder};
use super::dialect::Dialect;
use super::encoding::{Encoding, Evidence, Opening, refuse_foreign};
use super::header::{self, Header, Mapping};
use super::records::{Limits, Record, RecordReader};
use super::rejection::Rejection;
use super::utf16::Utf16;
use crate::domain::field::PerField;

/// How much of a file is gathered before encoding and delimiter are told from it.
pub(super) const HEAD_BYTES: usize = 64 << 10;

/// How much UTF-16 is converted at a time, so that a caller's large block is not held twice.
pub(super) const PIECE_BYTES: usize = 64 << 10;

/// Reads the data rows of a contact file.
///
/// After a [`Rejection`] a reader is of no more use.
#[derive(Debug)]
pub struct Reader {
    limits: Limits,
    /// The encoding, where an earlier pass has settled it.
    known: Option<Encoding>,
    /// Which columns are which, where a person has said so.
    mapping: Option<Mapping>,
    /// The first bytes of the file, until there are enough of them to tell how to read it.
    head: Vec<u8>,
    body: Option<Box<Body>>,
}

/// One data row. Values are decoded and otherwise as the file has them; cells missing at the row's end
/// are empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawRow<'a> {
    /// Which data row it is, from 1. Blank lines and rows whose every mapped value is empty or white
    /// space are neither counted nor given.
    pub number: u64,
    /// The physical line on which the row starts, from 1. LF, CRLF and CR each end one line.
    pub line: u64,
    /// The values of the fields.
    pub values: PerField<&'a str>,
    /// What in the row did not fit or could not be read.
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
}

/// What is known of a file at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The encoding, as the whole file shows it.
    pub encoding: Encoding,
    /// Whether the rows were decoded in another encoding than that. Then they are void, and the file has
    /// to be read again by [`Reader::with_encoding`].
    pub reread: bool,
    /// How many data rows were given; at least one.
    pub rows: u64,
    /// How many physical lines the file has.
    pub lines: u64,
    /// The names as found, and the delimiter.
    pub header: Header,
}

impl Reader {
    /// A reader for the first pass over a file: it finds out encoding, delimiter and columns. A file
    /// that may be UTF-8 or Windows-1252 is read as UTF-8 until its end shows which it is: see
    /// [`Summary::reread`].
    pub fn sniffing(limits: Limits) -> Reader {
        Reader::new(None, limits)
    }

    /// A reader for a later pass over the same file, in the encoding that the first one arrived at.
    pub fn with_encoding(encoding: Encoding, limits: Limits) -> Reader {
        Reader::new(Some(encoding), limits)
    }

    fn new(known: Option<Encoding>, limits: Limits) -> Reader {
        Reader { limits, known, mapping: None, head: Vec::new(), body: None }
    }

    /// The same reader for a file whose columns a person has matched.
    pub(crate) fn mapped(self, mapping: Option<Mapping>) -> Reader {
        Reader { mapping, ..self }
    }

    /// Takes in the next bytes of the file, any number of them, and calls `on_row` with each row that
    /// they complete.
    ///
    /// Fails when the header lacks a required column or names one twice, when a record is beyond the
    /// limits, and when the file is plainly no CSV.
    pub fn feed(&mut self, mut block: &[u8], on_row: &mut impl FnMut(RawRow<'_>)) -> Result<(), Rejection> {
        if self.body.is_none() {
            let taken = block.len().min(HEAD_BYTES - self.head.len());
            self.head.extend_from_slice(&block[..taken]);
            block = &block[taken..];
            if self.head.len() < HEAD_BYTES {
                return Ok(());
            }
        }
        self.body(false, on_row)?.feed(block, on_row)
    }

    /// Ends the file, which may complete one more row.
    ///
    /// Fails as [`feed`](Reader::feed) does, when a quote is still open, and when there was no header
    /// or no data row.
    pub fn finish(mut self, on_row: &mut impl FnMut(RawRow<'_>)) -> Result<Summary, Rejection> {
        self.body(true, on_row)?.finish(on_row)
    }

    /// What reads the file past its head, with the head read first when that has not happened yet.
    fn body(&mut self, whole: bool, on_row: &mut impl FnMut(RawRow<'_>)) -> Result<&mut Body, Rejection> {
        let body = match self.body.take() {
            Some(body) => body,
            None => {
                let head = std::mem::take(&mut self.head);
                Box::new(Body::open(&head, whole, self.known, self.mapping, self.limits, on_row)?)
            }
        };
        Ok(self.body.insert(body))
    }
}

/// A file whose encoding and delimiter are known.
#[derive(Debug)]
struct Body {
    utf16: Option<Utf16>,
    /// The current piece of UTF-16, as UTF-8.
    converted: Vec<u8>,
    records: RecordReader,
    rows: Rows,
}

impl Body {
    /// Tells from the first bytes of a file how to read it, and reads those. `whole` when the file ends
    /// with them.
    fn open(
        head: &[u8],
        whole: bool,
        known: Option<Encoding>,
        mapping: Option<Mapping>,
        limits: Limits,
        on_row: &mut impl FnMut(RawRow<'_>),
    ) -> Result<Body, Rejection> {
        refuse_foreign(head)?;
        let opening = match known {
            Some(encoding) => Opening::known(encoding, head),
            None => Opening::sniff(head),
        };
        let mut head = &head[opening.skip..];
        let empty = head.is_empty();

        let mut utf16 = Utf16::new(opening.encoding);
        let mut converted = Vec::new();
        if let Some(utf16) = &mut utf16 {
            utf16.push(head, &mut converted);
            head = &converted;
        }
        let dialect = Dialect::detect(head, whole, limits);

        let mut records = RecordReader::new(dialect.delimiter, limits);
        let mut rows = Rows {
            delimiter: dialect.delimiter,
            skip_declaration: dialect.declared,
            empty,
            mapping,
            header: None,
            decoder: Decoder::new(opening.encoding),
            evidence: (!opening.certain).then(Evidence::default),
            count: 0,
        };
        read_records(&mut records, head, &mut rows, on_row)?;
        Ok(Body { utf16, converted, records, rows })
    }

    fn feed(&mut self, block: &[u8], on_row: &mut impl FnMut(RawRow<'_>)) -> Result<(), Rejection> {
        let Some(utf16) = &mut self.utf16 else {
            return read_records(&mut self.records, block, &mut self.rows, on_row);
        };
        for piece in block.chunks(PIECE_BYTES) {
            self.converted.clear();
            utf16.push(piece, &mut self.converted);
            read_records(&mut self.records, &self.converted, &mut self.rows, on_row)?;
        }
        Ok(())
    }

    fn finish(&mut self, on_row: &mut impl FnMut(RawRow<'_>)) -> Result<Summary, Rejection> {
        if let Some(utf16) = &mut self.utf16 {
            self.converted.clear();
            utf16.finish(&mut self.converted);
            read_records(&mut self.records, &self.converted, &mut self.rows, on_row)?;
        }
        let last = self.records.finish();
        if let Some(record) = last.map_err(|rejection| self.rows.locate(rejection))? {
            self.rows.take(&record, on_row)?;
        }
        self.rows.summary(self.records.lines())
    }
}

fn read_records(
    records: &mut RecordReader,
    mut input: &[u8],
    rows: &mut Rows,
    on_row: &mut impl FnMut(RawRow<'_>),
) -> Result<(), Rejection> {
    loop {
        match records.read(&mut input) {
            Ok(Some(record)) => rows.take(&record, on_row)?,
            Ok(None) => return Ok(()),
            Err(rejection) => return Err(rows.locate(rejection)),
        }
    }
}

/// Makes rows of records: the first is the header, the others are data.
#[derive(Debug)]
struct Rows {
    delimiter: u8,
    /// Whether the next record is the one that declares the delimiter.
    skip_declaration: bool,
    /// Whether the file has no byte of text.
    empty: bool,
    mapping: Option<Mapping>,
    header: Option<Header>,
    decoder: Decoder,
    /// Kept while the encoding is in doubt.
    evidence: Option<Evidence>,
    count: u64,
}

impl Rows {
    fn take(&mut self, record: &Record<'_>, on_row: &mut impl FnMut(RawRow<'_>)) -> Result<(), Rejection> {
        if std::mem::take(&mut self.skip_declaration) {
            return Ok(());
        }
        if let Some(evidence) = &mut self.evidence {
            evidence.add(record.bytes());
        }
        match &self.header {
            None => self.take_header(record),
            Some(header) => {
                let decoded = self.decoder.decode(record);
                let row = data_row(header, record.line(), self.count + 1, decoded);
                if let Some(row) = row {
                    self.count += 1;
                    on_row(row);
                }
                Ok(())
            }
        }
    }

    fn take_header(&mut self, record: &Record<'_>) -> Result<(), Rejection> {
        let names = header::names_in(record);
        if !header::is_blank(&names) {
            self.header = Some(Header::find(names, record.line(), self.delimiter, self.mapping.as_ref())?);
        }
        Ok(())
    }

    fn locate(&self, rejection: Rejection) -> Rejection {
        match &self.header {
            Some(header) => rejection.with_names(&header.names),
            None => rejection,
        }
    }

    fn summary(&self, lines: u64) -> Result<Summary, Rejection> {
        let Some(header) = &self.header else {
            return Err(if self.empty { Rejection::Empty } else { Rejection::Blank });
        };
        if self.count == 0 {
            return Err(Rejection::HeaderOnly { line: header.line });
        }
        let read_in = self.decoder.encoding();
        let encoding = self.evidence.map_or(read_in, |evidence| evidence.verdict());
        Ok(Summary { encoding, reread: encoding != read_in, rows: self.count, lines, header: header.clone() })
    }
}

/// The row that a record makes; `None` when it counts as a blank line.
fn data_row<'a>(header: &Header, line: u64, number: u64, decoded: Decoded<'a>) -> Option<RawRow<'a>> {
    let cells = decoded.cells;
    let values = PerField::from_fn(|field| cells.get(header.place(field)).unwrap_or_default());
    if values.values().iter().all(|value| value.trim().is_empty()) {
        return None;
    }
    let damage = Damage { overflow: overflow(cells, header.names.len()), undecodable: decoded.undecodable };
    Some(RawRow { number, line, values, damage: (damage != Damage::default()).then_some(damage) })
}

fn overflow(cells: Cells<'_>, width: usize) -> Vec<String> {
    if cells.get(width).is_none() {
        return Vec::new();
    }
    let beyond = || cells.iter().skip(width);
    if beyond().all(|cell| cell.trim().is_empty()) {
        return Vec::new();
    }
    beyond().map(str::to_owned).collect()
}
