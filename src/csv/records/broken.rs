//! Records whose quotes are broken or that are beyond the limits: what is read again, and what is cut off.

use super::step::State;
use super::{CR, CUT_CELL_BYTES, LF, MOST_REOPENED, RecordReader};

impl RecordReader {
    /// Ends a cell that is beyond the limits, or in a record that is.
    pub(super) fn end_long_cell(&mut self, rest: &[u8]) {
        self.keep(rest);
        if !self.is_full && !self.is_cut {
            if self.ends.len() >= self.limits.max_columns {
                let text =
                    self.buffer.split_off(self.ends.last().copied().unwrap_or(0).min(self.buffer.len()));
                self.is_full = true;
                self.keep(&text);
            } else if !self.is_within_limits(self.buffer.len()) {
                self.cut();
            }
        }
        self.end_cell(self.buffer.len());
    }

    /// Whether the current cell may reach to `end`.
    pub(super) fn is_within_limits(&self, end: usize) -> bool {
        end <= self.cell_start().saturating_add(self.limits.max_cell_bytes).min(self.limits.max_record_bytes)
    }

    pub(super) fn cell_start(&self) -> usize {
        self.ends.last().map_or(0, |&end| end + 1)
    }

    /// Whether the current cell is beyond the limits with so many bytes more.
    pub(super) fn passes_limit(&self, more: usize) -> bool {
        !self.is_cut && !self.is_full && !self.is_within_limits(self.buffer.len() + more)
    }

    /// Goes on with a cell that is beyond the limits with these bytes. `Some` if it has to be read again: how many of
    /// them that takes in.
    pub(super) fn pass_limit(&mut self, bytes: &[u8]) -> Option<usize> {
        let start = self.cell_start();
        let wanted = (start + self.limits.max_cell_bytes + 1).saturating_sub(self.buffer.len());
        let taken = wanted.min(bytes.len());
        self.keep(&bytes[..taken]);
        let has_lines =
            || self.buffer[start.min(self.buffer.len())..].iter().any(|byte| matches!(*byte, CR | LF));
        if self.lenient_at.is_some() {
            self.close_at_first_quote(&[]);
        } else if has_lines() && self.may_reopen() {
            self.reopen();
        } else {
            self.cut();
            return None;
        }
        Some(taken)
    }

    /// Keeps the beginning of the cell in the buffer and leaves out the rest.
    pub(super) fn cut(&mut self) {
        let start = self.cell_start();
        let mut end = self.buffer.len().min(start + CUT_CELL_BYTES.min(self.limits.max_cell_bytes));
        // No letter is cut in two.
        while end > start && self.buffer.get(end).is_some_and(|byte| byte & 0xC0 == 0x80) {
            end -= 1;
        }
        self.buffer.truncate(end);
        self.cut_cells.push(self.ends.len());
        self.is_cut = true;
        if start.saturating_add(self.limits.max_cell_bytes) > self.limits.max_record_bytes {
            self.ends.push(end);
            (self.is_full, self.cut_record) = (true, true);
        }
    }

    pub(super) fn may_reopen(&self) -> bool {
        self.quote_line.is_some() && !self.is_cut && !self.is_full && self.reopened < MOST_REOPENED
    }

    /// Reads the quoted cell in the buffer again, with its quote as a letter.
    pub(super) fn reopen(&mut self) {
        let start = self.cell_start().min(self.buffer.len());
        let closes = matches!(self.state, State::QuoteSeen | State::QuoteSpace);
        let quote = self.quote.unwrap_or(b'"');
        let mut again = vec![quote];
        for (place, byte) in (start..).zip(&self.buffer[start..]) {
            if closes && place == self.closed_at {
                again.push(quote);
            }
            again.push(*byte);
            if self.doubled.binary_search(&(place + 1)).is_ok() {
                again.push(quote);
            }
        }
        if closes && self.closed_at >= self.buffer.len() {
            again.push(quote);
        }
        self.buffer.truncate(start);
        self.line = self.quote_line.unwrap_or(self.line);
        self.is_suspect |= closes;
        self.again_with(again);
    }

    /// Lets the cell end its quotes at the first one that text follows, and reads what stands behind it again.
    pub(super) fn close_at_first_quote(&mut self, rest: &[u8]) {
        let at = self.lenient_at.unwrap_or(self.buffer.len());
        let mut again = self.buffer.split_off(at);
        if !again.is_empty() {
            again.remove(0);
        }
        again.extend_from_slice(rest);
        self.again_with(again);
    }

    pub(super) fn again_with(&mut self, again: Vec<u8>) {
        self.reopened += 1;
        self.quoting = true;
        self.state = State::Plain;
        self.quote_line = None;
        self.lenient_at = None;
        self.doubled.clear();
        (self.again, self.again_at) = (again, 0);
        self.after_cr = false;
    }

    /// Text follows a quote that should have closed the cell: it is taken for a letter as long as another one on the
    /// line may close the cell.
    pub(super) fn go_on_behind_quote(&mut self) {
        self.quoting = true;
        self.state = if self.reopened < MOST_REOPENED { State::Quoted } else { State::Plain };
        if self.is_cut || self.is_full || self.state == State::Plain {
            return;
        }
        self.buffer.insert(self.closed_at, self.quote.unwrap_or(b'"'));
        self.lenient_at = self.lenient_at.or(Some(self.closed_at));
    }

    /// Whether the quoted cell in the buffer, which ends here, has rows of the table in it.
    pub(super) fn has_swallowed_rows(&self) -> bool {
        let Some((width, email)) = self.table else { return false };
        if self.quote_line == Some(self.line) || !self.may_reopen() {
            return false;
        }
        let start = self.cell_start().min(self.buffer.len());
        let mut lines = self.buffer[start..].split(|byte| matches!(*byte, CR | LF)).skip(1).peekable();
        while let Some(line) = lines.next() {
            let mut cells = line.split(|byte| *byte == self.delimiter);
            let is_last = lines.peek().is_none();
            let count = cells.clone().count();
            let wide_enough = count >= width || (is_last && count > 1);
            if wide_enough && cells.nth(email).is_some_and(is_address) {
                return true;
            }
        }
        false
    }
}

fn is_address(cell: &[u8]) -> bool {
    let at = cell.iter().position(|byte| *byte == b'@');
    at.is_some_and(|at| at > 0 && cell[at..].contains(&b'.')) && !cell.trim_ascii().contains(&b' ')
}
