//! The state machine that cuts a block into records, one step a call.

use super::{CR, ESCAPE, LF, MOST_REOPENED, RecordReader, STOPS_PLAIN, STOPS_QUOTED};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    BetweenRecords,
    CellStart,
    Plain,
    Quoted,
    /// Past the byte that takes the next one's meaning away.
    Escaped,
    /// Past a quote that closes the cell if the cell ends here.
    QuoteSeen,
    /// Past white space behind such a quote.
    QuoteSpace,
}

/// How a step through bytes ended.
pub(super) enum Step {
    /// With a record, whose end these bytes are; where the next one begins.
    Record { rest: std::ops::Range<usize>, next: usize },
    /// With bytes to be read again before those that follow.
    Reopened { next: usize },
    /// With no byte left.
    UsedUp,
}

impl RecordReader {
    pub(super) fn step(&mut self, block: &[u8], from: usize) -> Step {
        let mut at = from;
        // Where the bytes begin that belong to the record and are not in the buffer.
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
                State::CellStart if Some(block[at]) == self.quote && !self.is_full => {
                    self.keep(&block[run..at]);
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
                        Some(_) => at += 1,
                    }
                }
                State::Quoted => {
                    at = self.scan(block, at, STOPS_QUOTED);
                    if at < block.len() && self.passes_limit(at - run) {
                        match self.pass_limit(&block[run..at]) {
                            Some(taken) => return Step::Reopened { next: run + taken },
                            None => run = at,
                        }
                    }
                    match block.get(at) {
                        None => break,
                        Some(&CR | &LF) if self.lenient_at.is_some() => {
                            self.close_at_first_quote(&block[run..at]);
                            return Step::Reopened { next: at };
                        }
                        Some(&CR | &LF) if self.is_cut || self.is_full || self.reopened >= MOST_REOPENED => {
                            self.quoting = true;
                            self.state = State::Plain;
                        }
                        Some(&CR | &LF) => {
                            self.count_line_break(block, at, from);
                            at += 1;
                        }
                        Some(&ESCAPE) if self.quote != Some(ESCAPE) => {
                            self.keep(&block[run..at]);
                            self.state = State::Escaped;
                            at += 1;
                            run = at;
                        }
                        Some(_) => {
                            self.keep(&block[run..at]);
                            self.closed_at = self.buffer.len();
                            self.state = State::QuoteSeen;
                            at += 1;
                            run = at;
                        }
                    }
                }
                State::Escaped => {
                    if block[at] != ESCAPE && Some(block[at]) != self.quote {
                        self.keep(&[ESCAPE]);
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
                State::QuoteSeen | State::QuoteSpace if block[at] != b' ' && self.passes_limit(at - run) => {
                    match self.pass_limit(&block[run..at]) {
                        Some(taken) => return Step::Reopened { next: run + taken },
                        None => run = at,
                    }
                }
                State::QuoteSeen | State::QuoteSpace => match block[at] {
                    byte if byte == self.delimiter || matches!(byte, CR | LF) => {
                        self.keep(&block[run..at]);
                        run = at;
                        if self.has_swallowed_rows() {
                            self.reopen();
                            return Step::Reopened { next: at };
                        }
                        self.state = State::Plain;
                    }
                    b' ' => {
                        self.state = State::QuoteSpace;
                        at += 1;
                    }
                    _ => {
                        self.keep(&block[run..at]);
                        run = at;
                        self.go_on_behind_quote();
                    }
                },
            }
        }

        if let Some(&last) = block.last() {
            self.after_cr = last == CR;
        }
        if self.state != State::BetweenRecords {
            let unread = &block[run..];
            if !self.passes_limit(unread.len()) {
                self.keep(unread);
            } else if let Some(taken) = self.pass_limit(unread) {
                return Step::Reopened { next: run + taken };
            }
        }
        Step::UsedUp
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
        self.lenient_at = None;
        self.is_cut = false;
        self.doubled.clear();
    }

    fn scan(&self, block: &[u8], from: usize, stops: u8) -> usize {
        block[from..]
            .iter()
            .position(|&byte| self.classes[usize::from(byte)] & stops != 0)
            .map_or(block.len(), |found| from + found)
    }

    /// `from`: where in the block reading began; what stands before was not a part of this step.
    fn count_line_break(&mut self, block: &[u8], at: usize, from: usize) {
        let after_cr = if at == from { self.after_cr } else { block[at - 1] == CR };
        if !(block[at] == LF && after_cr) {
            self.line += 1;
        }
    }

    /// Appends bytes of the current cell to the buffer, unless they are left out.
    pub(super) fn keep(&mut self, bytes: &[u8]) {
        if self.is_full {
            self.cut_record |=
                bytes.iter().any(|byte| *byte != self.delimiter && !byte.is_ascii_whitespace());
        } else if !self.is_cut {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// Ends a cell whose last bytes are those from `run` to `at`.
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
