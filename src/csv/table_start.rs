//! The beginning of a file's text: its dialect, where its table begins, and the first rows.

use std::collections::VecDeque;

use super::dialect::{self, Dialect};
use super::fit::Fit;
use super::header_row::HeaderRow;
use super::records::Limits;
use super::rejection::Rejection;
use super::sample::{Sample, SampleRecord};
use super::skipped::SkippedLine;

/// Which quotes and escapes a file may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quoting {
    /// Cells in `"` where needed, as spreadsheet programs write them.
    Standard,
    /// Also `'`, none, or `\`-escapes, whatever suits the file best.
    Any,
}

/// Where and how a table begins.
#[derive(Debug)]
pub(super) struct TableStart {
    pub dialect: Dialect,
    /// Whether the first line declares the delimiter.
    pub is_declared: bool,
    /// The names of the columns; made up if there is no header.
    pub names: Vec<String>,
    /// The physical line of the header, or of the first row if there is none.
    pub line: u64,
    /// Where that line begins in the text.
    pub offset: usize,
    /// Records that the header takes: 0, 1 or 2.
    pub header_records: usize,
    /// What stands above.
    pub skipped: Vec<SkippedLine>,
    records: Vec<SampleRecord>,
    first_row: usize,
}

impl TableStart {
    /// Finds the table in the first bytes of a text, which ends there if `whole`. `header_line`: where a person has
    /// said that the header is.
    ///
    /// Fails if there is none.
    pub(super) fn find(
        text: &[u8],
        whole: bool,
        limits: Limits,
        header_line: Option<u64>,
        quoting: Quoting,
    ) -> Result<TableStart, Rejection> {
        let declared = dialect::declaration(text);
        let body = declared.map_or(0, |declared| line_end(text, declared.bytes));
        let first_line = if declared.is_some() { 2 } else { 1 };
        let candidates = match declared {
            Some(declared) => vec![declared.dialect],
            None => Dialect::candidates(text),
        };
        let mut best: Option<(Fit, Dialect, Sample, HeaderRow)> = None;
        let mut candidates = VecDeque::from(candidates);
        let mut varied = Vec::new();
        while let Some(dialect) = candidates.pop_front() {
            let sample = Sample::take(&text[body..], whole, dialect, first_line, limits);
            let Some(header) = HeaderRow::find(&sample, header_line) else { continue };
            let variants = match quoting {
                Quoting::Standard => Vec::new(),
                Quoting::Any => dialect.variants(&sample, text),
            };
            let is_certain = quoting == Quoting::Any && header.is_complete() && variants.is_empty();
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
                Some(line) if !text.is_empty() => Rejection::NoSuchLine { line },
                _ => Rejection::Blank,
            });
        };
        let HeaderRow { index, names, records: header_records, .. } = header;
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

    /// Whether the file has a header.
    pub(super) fn is_named(&self) -> bool {
        self.header_records > 0
    }

    /// The cells of the first rows.
    pub(super) fn rows(&self) -> Vec<&[String]> {
        self.records.iter().skip(self.first_row).map(|record| record.cells.as_slice()).collect()
    }
}

/// Where the line begins that has so many lines above it.
fn line_start(text: &[u8], above: u64) -> usize {
    let mut at = 0;
    for _ in 0..above {
        let Some(end) = text[at..].iter().position(|byte| matches!(byte, b'\r' | b'\n')) else { break };
        at = line_end(text, at + end);
    }
    at
}

/// Where the next line begins, after a line that ends at `end`.
fn line_end(text: &[u8], end: usize) -> usize {
    match &text[end..] {
        [b'\r', b'\n', ..] => end + 2,
        [] => end,
        _ => end + 1,
    }
}
