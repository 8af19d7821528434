//! Bytes cut into records and cells.
//!
//! Cells are as RFC 4180 has them: parted by the delimiter, optionally in double quotes, a quote
//! inside those doubled. Any of LF, CRLF and CR ends a line, and empty lines are no records. A quote
//! that does not open its cell is an ordinary character.
//!
//! Broken quoting spoils its own row, not the file. Where text follows a closing quote, and a later quote on the line
//! closes the cell, the quotes between are letters. A quoted cell that goes on to the end of the file or beyond the
//! limits, or that has swallowed rows, is read again with its quote as a letter. Cells beyond the limits are cut. All
//! of these are [`Flaws`] of the record.

mod broken;
mod step;
#[cfg(test)]
mod tests;

use step::{State, Step};

use super::dialect::Dialect;

const CR: u8 = b'\r';
const LF: u8 = b'\n';
const ESCAPE: u8 = b'\\';

/// How much is kept of a cell beyond the limits.
const CUT_CELL_BYTES: usize = 1000;

/// How many broken quotes are mended by reading again. After so many a quoted cell ends with its line, so that no file
/// is read more than a few times.
const MOST_REOPENED: u32 = 64;

/// Byte classes, as bits: where a scan of a cell has to stop.
const STOPS_PLAIN: u8 = 1;
const STOPS_QUOTED: u8 = 2;

/// How much of a record is held in memory; what is more is cut off.
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
    next_line: u64,
    bytes: &'a [u8],
    ends: &'a [usize],
    flaws: Flaws<'a>,
}

/// What is wrong with a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flaws<'a> {
    /// Whether its quotes can be read in more than one way.
    pub(super) quoting: bool,
    /// Cells that were cut, from 0.
    pub(super) cut_cells: &'a [usize],
    /// Whether cells with text were left out at its end.
    pub(super) cut_record: bool,
}

impl<'a> Record<'a> {
    /// The physical line on which the record starts, from 1.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// What is wrong with it.
    pub(super) fn flaws(&self) -> Flaws<'a> {
        self.flaws
    }

    /// Whether something is.
    pub(super) fn is_flawed(&self) -> bool {
        self.flaws != Flaws::default()
    }

    /// The line on which the next record starts, if no blank line comes before it.
    pub(super) fn next_line(&self) -> u64 {
        self.next_line
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

/// Cuts bytes, given in blocks, into [`Record`]s.
#[derive(Debug)]
pub struct RecordReader {
    delimiter: u8,
    quote: Option<u8>,
    classes: [u8; 256],
    limits: Limits,
    /// The width of the table and the column of e-mails, by which swallowed rows are known.
    table: Option<(usize, usize)>,
    state: State,
    /// The current record as far as it is not one piece of the current block.
    buffer: Vec<u8>,
    ends: Vec<usize>,
    line: u64,
    record_line: u64,
    /// Where the current cell's quote opened, when it has one.
    quote_line: Option<u64>,
    /// Where in the buffer the last quote was that may have closed the cell.
    closed_at: usize,
    /// Where in the buffer the first quote is that did not close the current cell though it was followed by text.
    lenient_at: Option<usize>,
    /// Behind which bytes of the buffer a doubled quote of the current cell lost its second.
    doubled: Vec<usize>,
    /// Whether the rest of the cell is left out.
    is_cut: bool,
    /// Whether the rest of the record is left out.
    is_full: bool,
    quoting: bool,
    cut_cells: Vec<usize>,
    cut_record: bool,
    /// Bytes that are read again, and how far that is.
    again: Vec<u8>,
    again_at: usize,
    /// Whether the rows in them were a quoted cell that is closed: they may be meant to be one.
    is_suspect: bool,
    reopened: u32,
    /// Whether the byte before the current block was a CR: an LF then ends no further line.
    after_cr: bool,
}

impl RecordReader {
    /// A reader at the start of a file. `delimiter` is a byte other than a quote, CR or LF.
    pub fn new(delimiter: u8, limits: Limits) -> RecordReader {
        RecordReader::in_dialect(Dialect::of(delimiter), limits)
    }

    pub(super) fn in_dialect(dialect: Dialect, limits: Limits) -> RecordReader {
        let mut classes = [0; 256];
        for byte in [Some(CR), Some(LF), dialect.quote].into_iter().flatten() {
            classes[usize::from(byte)] = STOPS_PLAIN | STOPS_QUOTED;
        }
        classes[usize::from(dialect.delimiter)] |= STOPS_PLAIN;
        if dialect.is_escaped {
            classes[usize::from(ESCAPE)] |= STOPS_QUOTED;
        }
        RecordReader {
            delimiter: dialect.delimiter,
            quote: dialect.quote,
            classes,
            limits,
            table: None,
            state: State::BetweenRecords,
            buffer: Vec::new(),
            ends: Vec::new(),
            line: 1,
            record_line: 1,
            quote_line: None,
            closed_at: 0,
            lenient_at: None,
            doubled: Vec::new(),
            is_cut: false,
            is_full: false,
            quoting: false,
            cut_cells: Vec::new(),
            cut_record: false,
            again: Vec::new(),
            again_at: 0,
            is_suspect: false,
            reopened: 0,
            after_cr: false,
        }
    }

    /// The same reader for a text whose first line has another number than 1.
    pub(super) fn starting_on(mut self, line: u64) -> RecordReader {
        (self.line, self.record_line) = (line, line);
        self
    }

    /// Sets the number of columns and the column of e-mails, by which swallowed rows are recognized.
    pub(super) fn of_table(mut self, width: usize, email: usize) -> RecordReader {
        self.table = Some((width, email));
        self
    }

    /// The next record that ends in `input`, which is moved past it. `None` once `input` is used
    /// up; what it holds of an unfinished record is kept for the next block.
    pub fn read<'r, 'b: 'r>(&'r mut self, input: &mut &'b [u8]) -> Option<Record<'r>> {
        loop {
            if self.again_at < self.again.len() {
                if self.read_again() {
                    return Some(self.record(&[]));
                }
                continue;
            }
            let block = *input;
            match self.step(block, 0) {
                Step::Record { rest, next } => {
                    *input = &block[next..];
                    return Some(self.record(&block[rest]));
                }
                Step::Reopened { next } => *input = &block[next..],
                Step::UsedUp => {
                    *input = &[];
                    return None;
                }
            }
        }
    }

    /// The last records, one a call, when the file does not end in a line break.
    pub fn finish(&mut self) -> Option<Record<'_>> {
        loop {
            if self.again_at < self.again.len() {
                if self.read_again() {
                    return Some(self.record(&[]));
                }
                continue;
            }
            match self.state {
                State::BetweenRecords => return None,
                State::Quoted | State::Escaped if self.lenient_at.is_some() => self.close_at_first_quote(&[]),
                State::Quoted | State::Escaped if self.may_reopen() => self.reopen(),
                State::QuoteSeen | State::QuoteSpace if self.has_swallowed_rows() => self.reopen(),
                State::Quoted | State::Escaped => {
                    self.quoting = true;
                    self.state = State::Plain;
                }
                State::CellStart | State::Plain | State::QuoteSeen | State::QuoteSpace => {
                    self.end_cell_in(&[], &mut 0, 0);
                    self.state = State::BetweenRecords;
                    self.line += 1;
                    return Some(self.record(&[]));
                }
            }
        }
    }

    /// How many physical lines have ended so far, the last one included after
    /// [`finish`](RecordReader::finish).
    pub fn lines(&self) -> u64 {
        self.line - 1
    }

    /// Reads on in the bytes that are read again. Whether a record is complete in the buffer.
    fn read_again(&mut self) -> bool {
        let again = std::mem::take(&mut self.again);
        let step = self.step(&again, self.again_at);
        let (next, is_complete) = match step {
            Step::Record { rest, next } => {
                self.buffer.extend_from_slice(&again[rest]);
                (next, true)
            }
            Step::Reopened { next } => {
                // What was reopened comes before the rest.
                self.again.extend_from_slice(&again[next..]);
                self.again_at = 0;
                return false;
            }
            Step::UsedUp => (again.len(), false),
        };
        if next < again.len() {
            (self.again, self.again_at) = (again, next);
        } else {
            self.again_at = 0;
            self.is_suspect = false;
            self.after_cr = again.last() == Some(&CR);
        }
        is_complete
    }

    /// The finished record, whose end is `rest`, or which is `rest` when nothing had to be copied.
    fn record<'r, 'b: 'r>(&'r mut self, rest: &'b [u8]) -> Record<'r> {
        let bytes = if self.buffer.is_empty() {
            rest
        } else {
            self.buffer.extend_from_slice(rest);
            &self.buffer
        };
        let flaws = Flaws { quoting: self.quoting, cut_cells: &self.cut_cells, cut_record: self.cut_record };
        Record { line: self.record_line, next_line: self.line, bytes, ends: &self.ends, flaws }
    }
}
