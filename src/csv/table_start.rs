//! Detects the dialect of a file and the start of its table.

use std::collections::VecDeque;

use super::dialect::{self, Dialect, TableSettings};
use super::fit::Fit;
use super::header_row::{HeaderRow, is_address, meaning};
use super::records::Limits;
use super::sample::{Sample, SampleRecord};
use crate::domain::field::Field;
use crate::domain::interpretation::SkippedLine;
use crate::domain::rejection::Rejection;

/// The quotes and escapes that a file may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quoting {
    /// Only `"`, as written by spreadsheet programs.
    Standard,
    /// Also `'`, no quotes, or `\` escapes, whichever fits best.
    Any,
}

/// The start of a table.
#[derive(Debug)]
pub(super) struct TableStart {
    pub dialect: Dialect,
    /// Whether the first line declares the delimiter.
    pub is_declared: bool,
    /// The names of the columns; `column 1` and so on if there is no header.
    pub names: Vec<String>,
    /// The physical line of the header, or of the first row if there is none.
    pub line: u64,
    /// The offset of that line in the text.
    pub offset: usize,
    /// The number of records that the header spans: 0, 1 or 2.
    pub header_records: usize,
    /// The lines above.
    pub skipped: Vec<SkippedLine>,
    records: Vec<SampleRecord>,
    first_row: usize,
}

impl TableStart {
    /// Finds the table in the first bytes of a text, which ends there if `whole`. If the line of the header is set, the header
    /// is the first record on or after that line.
    ///
    /// Fails if there is no table.
    pub(super) fn find(
        text: &[u8],
        whole: bool,
        limits: Limits,
        settings: TableSettings,
        quoting: Quoting,
    ) -> Result<TableStart, Rejection> {
        let declared = dialect::declaration(text);
        let body = declared.map_or(0, |declared| line_end(text, declared.bytes));
        let first_line = if declared.is_some() { 2 } else { 1 };
        let candidates = settings.candidates(declared.map(|declared| declared.dialect), text);
        let header_line = settings.header_line;
        let mut best: Option<(Fit, Dialect, Sample, HeaderRow)> = None;
        let mut candidates = VecDeque::from(candidates);
        let mut varied = Vec::new();
        let mut last_line = 0;
        while let Some(dialect) = candidates.pop_front() {
            let sample = Sample::read(&text[body..], whole, dialect, first_line, limits);
            last_line = sample.records.last().map_or(last_line, |record| record.line.max(last_line));
            let Some(header) = HeaderRow::find(&sample, header_line) else { continue };
            let variants = match quoting {
                Quoting::Standard => Vec::new(),
                Quoting::Any => dialect.variants(&sample, text),
            };
            let variants: Vec<Dialect> =
                variants.into_iter().filter(|variant| settings.allows(variant)).collect();
            let is_certain = quoting == Quoting::Any && header.is_complete && variants.is_empty();
            if !variants.is_empty() && !varied.contains(&dialect.delimiter) {
                varied.push(dialect.delimiter);
                candidates.extend(variants);
            }
            let fit = match quoting {
                Quoting::Standard => Fit::by_width(&sample),
                Quoting::Any => Fit::of(&sample, &header),
            };
            if best.as_ref().is_none_or(|(best, ..)| fit > *best) {
                best = Some((fit, dialect, sample, header));
            }
            if is_certain {
                break;
            }
        }
        let Some((_, dialect, sample, header)) = best else {
            return Err(match header_line {
                Some(line) if last_line > 0 => Rejection::NoSuchLine { line, last: last_line },
                _ => Rejection::Blank,
            });
        };
        let HeaderRow { index, mut names, records: header_records, .. } = header;
        if header_records > 0 && lacks_first_name(&names, &sample.records[index + header_records..]) {
            names.insert(0, String::new());
        }
        let line = sample.records[index].line;
        let above = sample.records[..index].iter();
        Ok(TableStart {
            dialect,
            is_declared: declared.is_some(),
            names,
            line,
            offset: body + line_start(&text[body..], line - first_line),
            header_records,
            skipped: above.map(|record| SkippedLine::new(record.line, &record.cells)).collect(),
            records: sample.records,
            first_row: index + header_records,
        })
    }

    /// Returns whether the file has a header.
    pub(super) fn is_named(&self) -> bool {
        self.header_records > 0
    }

    /// Returns the lines on which the first rows start.
    pub(super) fn row_lines(&self) -> impl Iterator<Item = u64> {
        self.records.iter().skip(self.first_row).map(|record| record.line)
    }

    /// Returns the cells of the first rows.
    pub(super) fn rows(&self) -> Vec<&[String]> {
        self.records.iter().skip(self.first_row).map(|record| record.cells.as_slice()).collect()
    }
}

/// Returns whether the header lacks the name of the first column, as in files of R: all rows are one cell wider, and the
/// addresses are in the column after the one with the name.
fn lacks_first_name(names: &[String], rows: &[SampleRecord]) -> bool {
    let Some(email) = names.iter().position(|name| meaning(name).field == Some(Field::Email)) else {
        return false;
    };
    let addresses = |column: usize| {
        rows.iter().filter(|row| row.cells.get(column).is_some_and(|cell| is_address(cell))).count()
    };
    rows.iter().all(|row| row.cells.len() == names.len() + 1)
        && addresses(email) == 0
        && addresses(email + 1) * 2 > rows.len()
}

/// Returns the start of the line that `above` lines precede.
fn line_start(text: &[u8], above: u64) -> usize {
    let mut at = 0;
    for _ in 0..above {
        let Some(end) = text[at..].iter().position(|byte| matches!(byte, b'\r' | b'\n')) else { break };
        at = line_end(text, at + end);
    }
    at
}

/// Returns the start of the next line after a line that ends at `end`.
fn line_end(text: &[u8], end: usize) -> usize {
    match &text[end..] {
        [b'\r', b'\n', ..] => end + 2,
        [] => end,
        _ => end + 1,
    }
}
