//! Bytes cut into records and cells.
//!
//! Cells are as RFC 4180 has them: parted by the delimiter, optionally in double quotes, a quote
//! inside those doubled. Any of LF, CRLF and CR ends a line, and empty lines are no records. A quote
//! that does not open its cell is an ordinary character, and what follows a closing quote belongs to
//! the cell. Unlike most readers this one refuses a quote that is never closed, because all rows
//! after it would be lost in one cell.

use super::rejection::{ColumnPlace, Rejection};

const QUOTE: u8 = b'"';
const CR: u8 = b'\r';
const LF: u8 = b'\n';

/// Byte classes, as bits: where a scan of a cell has to stop.
const STOPS_PLAIN: u8 = 1;
const STOPS_QUOTED: u8 = 2;

/// How much of a file is held in memory before it is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes in one cell, without the quotes around it; UTF-16 is counted as UTF-8.
    pub max_cell_bytes: usize,
    /// Most bytes in one record, delimiters included.
    pub max_record_bytes: usize,
    /// Most cells in one record.
    pub max_columns: usize,
}

impl Default for Limits {
    /// 64 KiB a cell, 1 MiB a record, 4,096 columns.
    fn default() -> Self {
        Limits { max_cell_bytes: 64 << 10, max_record_bytes: 1 << 20, max_columns: 4096 }
    }
}

/// One record: its cells as bytes, unquoted, and the line on which it starts.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    line: u64,
    bytes: &'a [u8],
    ends: &'a [usize],
}

impl<'a> Record<'a> {
    /// The physical line on which the record starts, from 1.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// The cells in order; at least one.
    pub(crate) fn cells(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let bytes = self.bytes;
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let cell = &bytes[start..end];
            start = end + 1;
            cell
        })
    }

    /// All cells, with one delimiter between each two.
    pub(super) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Where each cell ends in [`bytes`](Record::bytes).
    pub(super) fn ends(&self) -> &'a [usize] {
        self.ends
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    BetweenRecords,
    CellStart,
    Plain,
    Quoted,
    /// Past a quote that closed the cell, unless another one follows.
    QuoteSeen,
}

/// Cuts bytes, given in blocks, into [`Record`]s.
#[derive(Debug)]
pub struct RecordReader {
    delimiter: u8,
    classes: [u8; 256],
    limits: Limits,
    state: State,
    /// The current record as far as it is not one piece of the current block.
    buffer: Vec<u8>,
    ends: Vec<usize>,
    line: u64,
    record_line: u64,
    /// Where the current cell's quote opened, when it has one.
    quote_line: Option<u64>,
    /// Whether the byte before the current block was a CR: an LF then ends no further line.
    after_cr: bool,
}

impl RecordReader {
    /// A reader at the start of a file. `delimiter` is a byte other than a quote, CR or LF.
    pub fn new(delimiter: u8, limits: Limits) -> RecordReader {
        let mut classes = [0; 256];
        for byte in [QUOTE, CR, LF] {
            classes[usize::from(byte)] = STOPS_PLAIN | STOPS_QUOTED;
        }
        classes[usize::from(delimiter)] |= STOPS_PLAIN;
        RecordReader {
            delimiter,
            classes,
            limits,
            state: State::BetweenRecords,
            buffer: Vec::new(),
            ends: Vec::new(),
            line: 1,
            record_line: 1,
            quote_line: None,
            after_cr: false,
        }
    }

    /// The next record that ends in `input`, which is moved past it. `None` once `input` is used
    /// up; what it holds of an unfinished record is kept for the next block.
    ///
    /// Fails when a record is beyond the [`Limits`]; the reader is of no use afterwards.
    pub fn read<'r, 'b: 'r>(&'r mut self, input: &mut &'b [u8]) -> Result<Option<Record<'r>>, Rejection> {
        let block = *input;
        let mut at = 0;
        // Where the bytes begin that belong to the record and are not in the buffer.
        let mut run = 0;

        while at < block.len() {
            match self.state {
                State::BetweenRecords if matches!(block[at], CR | LF) => {
                    self.count_line_break(block, at);
                    at += 1;
                }
                State::BetweenRecords => {
                    self.start_record();
                    run = at;
                }
                State::CellStart if block[at] == QUOTE => {
                    self.buffer.extend_from_slice(&block[run..at]);
                    self.quote_line = Some(self.line);
                    self.state = State::Quoted;
                    at += 1;
                    run = at;
                }
                State::CellStart => self.state = State::Plain,
                State::Plain => {
                    at = self.scan(block, at, STOPS_PLAIN);
                    match block.get(at) {
                        None => break,
                        Some(&byte) if byte == self.delimiter => {
                            self.end_cell(self.buffer.len() + at - run)?;
                            self.state = State::CellStart;
                            at += 1;
                        }
                        Some(&QUOTE) => at += 1,
                        Some(_) => {
                            self.end_cell(self.buffer.len() + at - run)?;
                            self.count_line_break(block, at);
                            self.after_cr = block[at] == CR;
                            self.state = State::BetweenRecords;
                            *input = &block[at + 1..];
                            return Ok(Some(self.record(&block[run..at])));
                        }
                    }
                }
                State::Quoted => {
                    at = self.scan(block, at, STOPS_QUOTED);
                    match block.get(at) {
                        None => break,
                        Some(&QUOTE) => {
                            self.buffer.extend_from_slice(&block[run..at]);
                            self.state = State::QuoteSeen;
                            at += 1;
                            run = at;
                        }
                        Some(_) => {
                            self.count_line_break(block, at);
                            at += 1;
                        }
                    }
                }
                State::QuoteSeen if block[at] == QUOTE => {
                    self.state = State::Quoted;
                    at += 1;
                }
                State::QuoteSeen => self.state = State::Plain,
            }
        }

        if let Some(&last) = block.last() {
            self.after_cr = last == CR;
        }
        *input = &[];
        if self.state != State::BetweenRecords {
            let unread = &block[run..];
            self.check_length(self.buffer.len() + unread.len())?;
            self.buffer.extend_from_slice(unread);
        }
        Ok(None)
    }

    /// The last record, when the file does not end in a line break.
    ///
    /// Fails when a quote is still open, or the record is beyond the [`Limits`].
    pub fn finish(&mut self) -> Result<Option<Record<'_>>, Rejection> {
        match (self.state, self.quote_line) {
            (State::BetweenRecords, _) => Ok(None),
            (State::Quoted, Some(line)) => Err(Rejection::UnclosedQuote { line, column: self.place() }),
            _ => {
                self.end_cell(self.buffer.len())?;
                self.state = State::BetweenRecords;
                self.line += 1;
                Ok(Some(self.record(&[])))
            }
        }
    }

    /// How many physical lines have ended so far, the last one included after
    /// [`finish`](RecordReader::finish).
    pub(crate) fn lines(&self) -> u64 {
        self.line - 1
    }

    fn start_record(&mut self) {
        self.buffer.clear();
        self.ends.clear();
        self.record_line = self.line;
        self.quote_line = None;
        self.state = State::CellStart;
    }

    /// The finished record, whose end is `rest`, or which is `rest` when nothing had to be copied.
    fn record<'r, 'b: 'r>(&'r mut self, rest: &'b [u8]) -> Record<'r> {
        let bytes = if self.buffer.is_empty() {
            rest
        } else {
            self.buffer.extend_from_slice(rest);
            &self.buffer
        };
        Record { line: self.record_line, bytes, ends: &self.ends }
    }

    fn scan(&self, block: &[u8], from: usize, stops: u8) -> usize {
        block[from..]
            .iter()
            .position(|&byte| self.classes[usize::from(byte)] & stops != 0)
            .map_or(block.len(), |found| from + found)
    }

    fn count_line_break(&mut self, block: &[u8], at: usize) {
        let after_cr = if at == 0 { self.after_cr } else { block[at - 1] == CR };
        if !(block[at] == LF && after_cr) {
            self.line += 1;
        }
    }

    fn end_cell(&mut self, end: usize) -> Result<(), Rejection> {
        self.check_length(end)?;
        if self.ends.len() >= self.limits.max_columns {
            return Err(Rejection::TooManyColumns { line: self.record_line, limit: self.limits.max_columns });
        }
        self.ends.push(end);
        self.quote_line = None;
        Ok(())
    }

    /// Whether the current cell may reach to `end`. Of two limits that are passed the one passed
    /// first counts, so that the verdict does not hang on where a block happened to end.
    fn check_length(&self, end: usize) -> Result<(), Rejection> {
        let cell_start = self.ends.last().map_or(0, |&end| end + 1);
        let cell_limit = cell_start.saturating_add(self.limits.max_cell_bytes);
        if end <= cell_limit.min(self.limits.max_record_bytes) {
            return Ok(());
        }
        Err(if cell_limit <= self.limits.max_record_bytes {
            Rejection::CellTooLong {
                line: self.record_line,
                column: self.place(),
                quote_line: self.quote_line,
                limit_bytes: self.limits.max_cell_bytes,
            }
        } else {
            Rejection::RecordTooLong { line: self.record_line, limit_bytes: self.limits.max_record_bytes }
        })
    }

    fn place(&self) -> ColumnPlace {
        ColumnPlace { ordinal: self.ends.len() + 1, name: None }
    }
}
