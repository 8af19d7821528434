//! Recovery from broken quotes, by reading bytes again, and from cells and records beyond the limits, by truncation.

use super::step::State;
use super::{CR, CUT_CELL_BYTES, LF, MAX_REREADS, RecordReader};

impl RecordReader {
    /// Ends a cell that exceeds the limits or belongs to a record that does.
    pub(super) fn end_long_cell(&mut self, rest: &[u8]) {
        self.append(rest);
        if !self.is_full && !self.is_cut {
            if self.ends.len() >= self.limits.max_columns {
                let text =
                    self.buffer.split_off(self.ends.last().copied().unwrap_or(0).min(self.buffer.len()));
                self.is_full = true;
                self.append(&text);
            } else if !self.is_within_limits(self.buffer.len()) {
                self.cut();
            }
        }
        self.end_cell(self.buffer.len());
    }

    /// Returns whether the current cell may extend to `end`.
    pub(super) fn is_within_limits(&self, end: usize) -> bool {
        end <= self.cell_start().saturating_add(self.limits.max_cell_bytes).min(self.limits.max_record_bytes)
    }

    pub(super) fn cell_start(&self) -> usize {
        self.ends.last().map_or(0, |&end| end + 1)
    }

    /// Returns whether the current cell exceeds the limits with `more` further bytes.
    pub(super) fn exceeds_limit(&self, more: usize) -> bool {
        !self.is_cut && !self.is_full && !self.is_within_limits(self.buffer.len() + more)
    }

    /// Truncates the current cell, which exceeds the limits with `bytes`, or arranges to read it again if its quotes are
    /// likely broken. In the latter case returns how many of `bytes` will be read again.
    pub(super) fn handle_excess(&mut self, bytes: &[u8]) -> Option<usize> {
        let start = self.cell_start();
        let wanted = (start + self.limits.max_cell_bytes + 1).saturating_sub(self.buffer.len());
        let taken = wanted.min(bytes.len());
        self.append(&bytes[..taken]);
        let has_lines =
            || self.buffer[start.min(self.buffer.len())..].iter().any(|byte| matches!(*byte, CR | LF));
        if self.inner_quote_at.is_some() {
            self.close_at_inner_quote(&[]);
        } else if has_lines() && self.may_reread() {
            self.reread_with_literal_quote();
        } else {
            self.cut();
            return None;
        }
        Some(taken)
    }

    /// Truncates the cell in the buffer and drops its rest.
    pub(super) fn cut(&mut self) {
        let start = self.cell_start();
        let mut end = self.buffer.len().min(start + CUT_CELL_BYTES.min(self.limits.max_cell_bytes));
        // Do not split a character.
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

    pub(super) fn may_reread(&self) -> bool {
        self.quote_line.is_some() && !self.is_cut && !self.is_full && self.rereads < MAX_REREADS
    }

    /// Arranges to read the quoted cell in the buffer again, with its opening quote as a literal.
    pub(super) fn reread_with_literal_quote(&mut self) {
        let start = self.cell_start().min(self.buffer.len());
        let closes = matches!(self.state, State::QuoteSeen | State::QuoteSpace);
        let quote = self.quote.unwrap_or(b'"');
        let mut replay = vec![quote];
        for (at, byte) in (start..).zip(&self.buffer[start..]) {
            if closes && at == self.closed_at {
                replay.push(quote);
            }
            replay.push(*byte);
            if self.doubled.binary_search(&(at + 1)).is_ok() {
                replay.push(quote);
            }
        }
        if closes && self.closed_at >= self.buffer.len() {
            replay.push(quote);
        }
        self.buffer.truncate(start);
        self.line = self.quote_line.unwrap_or(self.line);
        self.is_suspect |= closes;
        self.start_replay(replay);
    }

    /// Ends the quoted part of the cell at the first quote that text follows, and arranges to read that text, followed by
    /// `rest`, again.
    pub(super) fn close_at_inner_quote(&mut self, rest: &[u8]) {
        let at = self.inner_quote_at.unwrap_or(self.buffer.len());
        let mut replay = self.buffer.split_off(at);
        if !replay.is_empty() {
            replay.remove(0);
        }
        replay.extend_from_slice(rest);
        self.start_replay(replay);
    }

    fn start_replay(&mut self, replay: Vec<u8>) {
        self.rereads += 1;
        self.quoting = true;
        self.state = State::Plain;
        self.quote_line = None;
        self.inner_quote_at = None;
        self.doubled.clear();
        (self.replay, self.replay_at) = (replay, 0);
        self.after_cr = false;
    }

    /// Treats a quote that text follows as a literal, as long as another quote on the line may close the cell.
    pub(super) fn continue_after_quote(&mut self) {
        self.quoting = true;
        self.state = if self.rereads < MAX_REREADS { State::Quoted } else { State::Plain };
        if self.is_cut || self.is_full || self.state == State::Plain {
            return;
        }
        self.buffer.insert(self.closed_at, self.quote.unwrap_or(b'"'));
        self.inner_quote_at = self.inner_quote_at.or(Some(self.closed_at));
    }

    /// Returns whether the quoted cell in the buffer, which ends here, contains rows of the table.
    pub(super) fn contains_rows(&self) -> bool {
        let Some((width, email)) = self.table else { return false };
        if self.quote_line == Some(self.line) || !self.may_reread() {
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
