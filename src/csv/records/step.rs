//! The state machine that splits a block into records. A step ends at a record's end, at broken quotes that require
//! bytes to be read again, or at the end of the block.

use super::{CR, ESCAPE, LF, MAX_REREADS, RecordReader, STOPS_PLAIN, STOPS_QUOTED};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    BetweenRecords,
    CellStart,
    /// After spaces at the start of a cell.
    CellSpace,
    Plain,
    /// After a backslash outside quotes.
    PlainEscaped,
    Quoted,
    /// After a backslash inside quotes.
    Escaped,
    /// After a quote that closes the cell if the cell ends here.
    QuoteSeen,
    /// After such a quote and spaces.
    QuoteSpace,
}

/// How a step ended. `next` is the position of the first byte that was not read.
pub(super) enum Step {
    /// At the end of a record, whose last bytes are `rest`.
    Record { rest: std::ops::Range<usize>, next: usize },
    /// At broken quotes: the bytes to replay come before those at `next`.
    Reread { next: usize },
    /// At the end of the block.
    EndOfBlock,
}

/// Number of bytes of plain cells that are examined at a time.
const PIECE: usize = 32;

impl RecordReader {
    /// Reads `block` from the position `from` to the end of a record or of the block.
    pub(super) fn step(&mut self, block: &[u8], from: usize) -> Step {
        let mut at = from;
        // The start of the record's bytes that are not in the buffer.
        let mut run = from;

        while at < block.len() {
            match self.state {
                State::BetweenRecords if matches!(block[at], CR | LF) => {
                    self.count_line_break(block, at, from);
                    at += 1;
                }
                State::BetweenRecords => {
                    self.start_record();
                    run = at;
                }
                State::CellStart | State::CellSpace if Some(block[at]) == self.quote && !self.is_full => {
                    self.append(&block[run..at]);
                    if self.state == State::CellSpace {
                        self.buffer.truncate(self.cell_start());
                    }
                    self.quote_line = Some(self.line);
                    self.state = State::Quoted;
                    at += 1;
                    run = at;
                }
                State::CellStart | State::CellSpace if self.is_spaced && block[at] == b' ' => {
                    self.state = State::CellSpace;
                    at += 1;
                }
                State::CellStart if !self.is_spaced && !self.is_escaped && !self.is_full => {
                    at = self.read_plain_cells(block, run, at);
                    let opens = self.state == State::CellStart && block.get(at).copied() == self.quote;
                    if at < block.len() && !opens {
                        self.state = State::Plain;
                    }
                }
                State::CellStart | State::CellSpace => self.state = State::Plain,
                State::Plain => {
                    at = self.scan(block, at, STOPS_PLAIN);
                    match block.get(at) {
                        None => break,
                        Some(&byte) if byte == self.delimiter => {
                            self.end_cell_in(block, &mut run, at);
                            self.state = State::CellStart;
                            at += 1;
                        }
                        Some(&CR | &LF) => {
                            self.end_cell_in(block, &mut run, at);
                            self.count_line_break(block, at, from);
                            self.after_cr = block[at] == CR;
                            self.state = State::BetweenRecords;
                            return Step::Record { rest: run..at, next: at + 1 };
                        }
                        Some(&ESCAPE) if self.is_escaped => {
                            self.append(&block[run..at]);
                            self.state = State::PlainEscaped;
                            at += 1;
                            run = at;
                        }
                        Some(_) => at += 1,
                    }
                }
                State::PlainEscaped => {
                    self.state = State::Plain;
                    let is_escape =
                        [Some(self.delimiter), self.quote, Some(ESCAPE)].contains(&Some(block[at]));
                    if is_escape {
                        at += 1;
                    } else {
                        self.append(&[ESCAPE]);
                    }
                }
                State::Quoted => {
                    at = self.scan(block, at, STOPS_QUOTED);
                    if at < block.len() && self.exceeds_limit(at - run) {
                        match self.handle_excess(&block[run..at]) {
                            Some(taken) => return Step::Reread { next: run + taken },
                            None => run = at,
                        }
                    }
                    match block.get(at) {
                        None => break,
                        Some(&CR | &LF) if self.inner_quote_at.is_some() => {
                            self.close_at_inner_quote(&block[run..at]);
                            return Step::Reread { next: at };
                        }
                        Some(&CR | &LF) if self.is_cut || self.is_full || self.rereads >= MAX_REREADS => {
                            self.quoting = true;
                            self.state = State::Plain;
                        }
                        Some(&CR | &LF) => {
                            self.count_line_break(block, at, from);
                            at += 1;
                        }
                        Some(&ESCAPE) if self.quote != Some(ESCAPE) => {
                            self.append(&block[run..at]);
                            self.state = State::Escaped;
                            at += 1;
                            run = at;
                        }
                        Some(_) => {
                            self.append(&block[run..at]);
                            self.closed_at = self.buffer.len();
                            self.state = State::QuoteSeen;
                            at += 1;
                            run = at;
                        }
                    }
                }
                State::Escaped => {
                    if block[at] != ESCAPE && Some(block[at]) != self.quote {
                        self.append(&[ESCAPE]);
                    }
                    if matches!(block[at], CR | LF) {
                        self.state = State::Quoted;
                        continue;
                    }
                    self.state = State::Quoted;
                    at += 1;
                }
                State::QuoteSeen if Some(block[at]) == self.quote => {
                    self.doubled.push(self.buffer.len() + 1);
                    self.state = State::Quoted;
                    at += 1;
                }
                State::QuoteSeen | State::QuoteSpace if block[at] != b' ' && self.exceeds_limit(at - run) => {
                    match self.handle_excess(&block[run..at]) {
                        Some(taken) => return Step::Reread { next: run + taken },
                        None => run = at,
                    }
                }
                State::QuoteSeen | State::QuoteSpace => match block[at] {
                    byte if byte == self.delimiter || matches!(byte, CR | LF) => {
                        self.append(&block[run..at]);
                        run = at;
                        if self.contains_rows() {
                            self.reread_with_literal_quote();
                            return Step::Reread { next: at };
                        }
                        self.state = State::Plain;
                    }
                    b' ' => {
                        self.state = State::QuoteSpace;
                        at += 1;
                    }
                    _ => {
                        self.append(&block[run..at]);
                        run = at;
                        self.continue_after_quote();
                    }
                },
            }
        }

        if let Some(&last) = block.last() {
            self.after_cr = last == CR;
        }
        if self.state != State::BetweenRecords {
            let unread = &block[run..];
            if !self.exceeds_limit(unread.len()) {
                self.append(unread);
            } else if let Some(taken) = self.handle_excess(unread) {
                return Step::Reread { next: run + taken };
            }
        }
        Step::EndOfBlock
    }

    fn start_record(&mut self) {
        self.buffer.clear();
        self.ends.clear();
        self.cut_cells.clear();
        self.start_cell();
        (self.is_full, self.quoting, self.cut_record) = (false, self.is_suspect, false);
        self.record_line = self.line;
        self.state = State::CellStart;
    }

    fn start_cell(&mut self) {
        self.quote_line = None;
        self.inner_quote_at = None;
        self.is_cut = false;
        self.doubled.clear();
    }

    /// Reads complete cells without quotes or escapes, the first of which starts at `from`, and the beginning of the next
    /// cell. This is all that most records need. Returns the position of the first byte not read, and leaves the state
    /// at `CellStart` if that is the start of a cell.
    fn read_plain_cells(&mut self, block: &[u8], run: usize, from: usize) -> usize {
        let offset = self.buffer.len();
        let mut start = offset + from - run;
        let mut piece_at = from;
        while let Some(piece) = block[piece_at..].first_chunk() {
            let mut stops = self.plain_stops(piece);
            while stops != 0 {
                let at = piece_at + stops.trailing_zeros() as usize;
                let end = offset + at - run;
                let fits = end - start <= self.limits.max_cell_bytes && end <= self.limits.max_record_bytes;
                if block[at] != self.delimiter || !fits || self.ends.len() >= self.limits.max_columns {
                    if end > start {
                        self.state = State::Plain;
                    }
                    return at;
                }
                self.ends.push(end);
                start = end + 1;
                stops &= stops - 1;
            }
            piece_at += PIECE;
        }
        if offset + piece_at - run > start {
            self.state = State::Plain;
        }
        piece_at
    }

    /// Returns which bytes of a piece may end a plain cell, as bits.
    fn plain_stops(&self, piece: &[u8; PIECE]) -> u32 {
        let quote = self.quote.unwrap_or(LF);
        let stops = piece.map(|byte| {
            u8::from(byte == self.delimiter)
                | u8::from(byte == quote)
                | u8::from(byte == CR)
                | u8::from(byte == LF)
        });
        // The multiplication moves the lowest bit of each of eight bytes into the highest byte.
        let (eights, _) = stops.as_chunks();
        let bits =
            eights.iter().map(|eight| u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56);
        bits.rev().fold(0, |all, bits| all << 8 | bits as u32)
    }

    fn scan(&self, block: &[u8], from: usize, stops: u8) -> usize {
        block[from..]
            .iter()
            .position(|&byte| self.classes[usize::from(byte)] & stops != 0)
            .map_or(block.len(), |found| from + found)
    }

    /// Counts the line break at `at`, unless it is the LF of a CRLF. The step started at `from`; the byte before that is
    /// in another block, so only `after_cr` knows it.
    fn count_line_break(&mut self, block: &[u8], at: usize, from: usize) {
        let after_cr = if at == from { self.after_cr } else { block[at - 1] == CR };
        if !(block[at] == LF && after_cr) {
            self.line += 1;
        }
    }

    /// Appends bytes of the current cell to the buffer, unless the limits exclude them.
    pub(super) fn append(&mut self, bytes: &[u8]) {
        if self.is_full {
            self.cut_record |=
                bytes.iter().any(|byte| *byte != self.delimiter && !byte.is_ascii_whitespace());
        } else if !self.is_cut {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// Ends the current cell, whose last bytes are `block[run..at]`.
    pub(super) fn end_cell_in(&mut self, block: &[u8], run: &mut usize, at: usize) {
        let end = self.buffer.len() + at - *run;
        if self.is_cut
            || self.is_full
            || !self.is_within_limits(end)
            || self.ends.len() >= self.limits.max_columns
        {
            self.end_long_cell(&block[*run..at]);
            *run = at;
            return;
        }
        self.end_cell(end);
    }

    pub(super) fn end_cell(&mut self, end: usize) {
        if self.is_full {
            return;
        }
        self.ends.push(end);
        self.start_cell();
    }
}
