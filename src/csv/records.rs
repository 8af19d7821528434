//! Splits bytes into records and cells.
//!
//! Cells follow RFC 4180: separated by the delimiter, optionally in double quotes, with quotes inside them doubled. LF,
//! CRLF and CR each end a line, and empty lines are skipped. A quote that does not start its cell is a literal.
//!
//! Broken quotes damage only their own row. If text follows a closing quote and a later quote on the line closes the
//! cell, the quotes between are literals. A quoted cell that extends to the end of the file or beyond the limits, or
//! that contains rows of the table, is read again with its opening quote as a literal. Cells beyond the limits are
//! truncated. All of these are recorded as [`Flaws`].

mod broken;
mod step;
#[cfg(test)]
mod tests;

use step::{State, Step};

use super::dialect::Dialect;

const CR: u8 = b'\r';
const LF: u8 = b'\n';
const ESCAPE: u8 = b'\\';

/// The length to which a cell beyond the limits is truncated.
const CUT_CELL_BYTES: usize = 1000;

/// Maximum number of rereads after broken quotes. Afterwards a quoted cell ends with its line, so that no file is read
/// more than a few times.
const MAX_REREADS: u32 = 64;

/// Classes of bytes, as bits: where the scan of a plain or a quoted cell stops.
const STOPS_PLAIN: u8 = 1;
const STOPS_QUOTED: u8 = 2;

/// Size limits of a record. Longer cells and records are truncated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Maximum bytes of a cell as UTF-8, without the quotes around it.
    pub max_cell_bytes: usize,
    /// Maximum bytes of a record, including delimiters.
    pub max_record_bytes: usize,
    /// Maximum cells of a record.
    pub max_columns: usize,
}

impl Default for Limits {
    /// Returns limits of 64 KiB per cell, 1 MiB per record and 4,096 columns.
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
    /// Whether its quotes are ambiguous.
    pub(super) quoting: bool,
    /// Indexes of the truncated cells.
    pub(super) cut_cells: &'a [usize],
    /// Whether cells with text were dropped at its end.
    pub(super) cut_record: bool,
}

impl<'a> Record<'a> {
    /// Returns the physical line on which the record starts, from 1.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// Returns what is wrong with the record.
    pub(super) fn flaws(&self) -> Flaws<'a> {
        self.flaws
    }

    /// Returns whether anything is wrong with the record.
    pub(super) fn is_flawed(&self) -> bool {
        self.flaws != Flaws::default()
    }

    /// Returns the line on which the next record starts unless blank lines precede it.
    pub(super) fn next_line(&self) -> u64 {
        self.next_line
    }

    /// Returns the cells in order, at least one.
    pub(crate) fn cells(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let bytes = self.bytes;
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let cell = &bytes[start..end];
            start = end + 1;
            cell
        })
    }

    /// Returns the bytes of all cells, with one delimiter between two cells.
    pub(super) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Returns the end of each cell in [`bytes`](Record::bytes).
    pub(super) fn ends(&self) -> &'a [usize] {
        self.ends
    }
}

/// Splits blocks of bytes into [`Record`]s.
#[derive(Debug)]
pub struct RecordReader {
    delimiter: u8,
    quote: Option<u8>,
    is_escaped: bool,
    is_spaced: bool,
    classes: [u8; 256],
    limits: Limits,
    /// The table's width and the index of its e-mail column, to recognize rows inside a quoted cell.
    table: Option<(usize, usize)>,
    state: State,
    /// The current record, unless it is contiguous in the current block.
    buffer: Vec<u8>,
    ends: Vec<usize>,
    line: u64,
    record_line: u64,
    /// The line of the current cell's opening quote, if it has one.
    quote_line: Option<u64>,
    /// The position in the buffer of the last quote that may have closed the cell.
    closed_at: usize,
    /// The position in the buffer of the current cell's first quote that text follows.
    inner_quote_at: Option<usize>,
    /// The positions in the buffer after the current cell's doubled quotes, which are stored as one quote.
    doubled: Vec<usize>,
    /// Whether the rest of the cell is dropped.
    is_cut: bool,
    /// Whether the rest of the record is dropped.
    is_full: bool,
    quoting: bool,
    cut_cells: Vec<usize>,
    cut_record: bool,
    /// Bytes to read again, and the position in them.
    replay: Vec<u8>,
    replay_at: usize,
    /// Whether they come from a properly closed cell, so that the rows in them may be meant as one cell.
    is_suspect: bool,
    rereads: u32,
    /// Whether the byte before the current block was a CR, so that an LF does not count as another line.
    after_cr: bool,
}

impl RecordReader {
    /// Returns a reader at the start of a file. `delimiter` must not be a quote, CR or LF.
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
            classes[usize::from(ESCAPE)] |= STOPS_PLAIN | STOPS_QUOTED;
        }
        RecordReader {
            delimiter: dialect.delimiter,
            quote: dialect.quote,
            is_escaped: dialect.is_escaped,
            is_spaced: dialect.is_spaced,
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
            inner_quote_at: None,
            doubled: Vec::new(),
            is_cut: false,
            is_full: false,
            quoting: false,
            cut_cells: Vec::new(),
            cut_record: false,
            replay: Vec::new(),
            replay_at: 0,
            is_suspect: false,
            rereads: 0,
            after_cr: false,
        }
    }

    /// Sets the number of the first line, 1 by default.
    pub(super) fn starting_on(mut self, line: u64) -> RecordReader {
        (self.line, self.record_line) = (line, line);
        self
    }

    /// Sets the table's width and the index of its e-mail column, to recognize rows inside a quoted cell.
    pub(super) fn of_table(mut self, width: usize, email: usize) -> RecordReader {
        self.table = Some((width, email));
        self
    }

    /// Returns the next record that ends in `input`, and advances `input` past it. Returns `None` once `input` is used
    /// up; the beginning of an unfinished record is kept for the next block.
    pub fn read<'r, 'b: 'r>(&'r mut self, input: &mut &'b [u8]) -> Option<Record<'r>> {
        loop {
            if self.replay_at < self.replay.len() {
                if self.read_replay() {
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
                Step::Reread { next } => *input = &block[next..],
                Step::EndOfBlock => {
                    *input = &[];
                    return None;
                }
            }
        }
    }

    /// Returns the records that remain at the end of the file, one per call, then `None`.
    pub fn finish(&mut self) -> Option<Record<'_>> {
        loop {
            if self.replay_at < self.replay.len() {
                if self.read_replay() {
                    return Some(self.record(&[]));
                }
                continue;
            }
            match self.state {
                State::BetweenRecords => return None,
                State::Quoted | State::Escaped if self.inner_quote_at.is_some() => {
                    self.close_at_inner_quote(&[]);
                }
                State::Quoted | State::Escaped if self.may_reread() => self.reread_with_literal_quote(),
                State::QuoteSeen | State::QuoteSpace if self.contains_rows() => {
                    self.reread_with_literal_quote();
                }
                State::Quoted | State::Escaped => {
                    self.quoting = true;
                    self.state = State::Plain;
                }
                State::PlainEscaped => {
                    self.append(&[ESCAPE]);
                    self.state = State::Plain;
                }
                State::CellStart | State::CellSpace | State::Plain | State::QuoteSeen | State::QuoteSpace => {
                    self.end_cell_in(&[], &mut 0, 0);
                    self.state = State::BetweenRecords;
                    self.line += 1;
                    return Some(self.record(&[]));
                }
            }
        }
    }

    /// Returns the number of physical lines that have ended so far; after [`finish`](RecordReader::finish) that includes
    /// the last line.
    pub fn lines(&self) -> u64 {
        self.line - 1
    }

    /// Continues to read the replayed bytes. Returns whether the buffer contains a complete record.
    fn read_replay(&mut self) -> bool {
        let replay = std::mem::take(&mut self.replay);
        let step = self.step(&replay, self.replay_at);
        let (next, is_complete) = match step {
            Step::Record { rest, next } => {
                self.buffer.extend_from_slice(&replay[rest]);
                (next, true)
            }
            Step::Reread { next } => {
                // The step has put the bytes to read first into `self.replay`.
                self.replay.extend_from_slice(&replay[next..]);
                self.replay_at = 0;
                return false;
            }
            Step::EndOfBlock => (replay.len(), false),
        };
        if next < replay.len() {
            (self.replay, self.replay_at) = (replay, next);
        } else {
            self.replay_at = 0;
            self.is_suspect = false;
            self.after_cr = replay.last() == Some(&CR);
        }
        is_complete
    }

    /// Returns the finished record: the buffer followed by `rest`, or `rest` itself if the buffer is empty.
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
