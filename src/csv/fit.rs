//! Measures how well a dialect fits a file.
//!
//! The dialect with the most known names in the header wins, then the one with the fewest broken records, then the one
//! with the highest consistency measure: the product of a pattern score (rows of equal width) and a type score (cells of
//! a recognizable type), after G. van den Burg, A. Nazábal and C. Sutton, "Wrangling messy CSV files by detecting row and
//! type patterns", Data Mining and Knowledge Discovery 33 (2019), the method of CleverCSV.

use std::cmp::Reverse;

use super::dialect::Dialect;
use super::header_row::{self, HeaderRow};
use super::sample::{Sample, SampleRecord};
use crate::domain::email;

impl Dialect {
    /// Returns variants of the dialect with other quotes and escapes that the sample suggests.
    pub(super) fn variants(self, sample: &Sample, text: &[u8]) -> Vec<Dialect> {
        let mut variants = Vec::new();
        if sample.flawed > 0 {
            if text.windows(2).any(|pair| pair == b"\\\"") {
                variants.push(Dialect { is_escaped: true, ..self });
            }
            variants.push(Dialect { quote: None, ..self });
        }
        let is_escape = |pair: &[u8]| pair == [b'\\', self.delimiter];
        if sample.flawed == 0 && text.windows(2).any(is_escape) {
            variants.push(Dialect { is_escaped: true, ..self });
        }
        let is_behind_space = |cell: &String| cell.starts_with(' ') && cell.trim_start().starts_with('"');
        if self.delimiter != b' '
            && sample.records.iter().flat_map(|record| &record.cells).any(is_behind_space)
        {
            variants.push(Dialect { is_spaced: true, ..self });
        }
        let is_in_apostrophes =
            |cell: &String| cell.len() > 1 && cell.starts_with('\'') && cell.ends_with('\'');
        if sample.records.iter().flat_map(|record| &record.cells).any(is_in_apostrophes) {
            variants.push(Dialect { quote: Some(b'\''), ..self });
        }
        variants
    }
}

/// How well a dialect fits a file. A greater value is a better fit.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(super) struct Fit {
    known_names: usize,
    unflawed: Reverse<usize>,
    consistency: f64,
}

impl Fit {
    /// Returns the fit for a table with arbitrary columns: first by the number of broken records, then by the width of the
    /// first record.
    pub(super) fn by_width(sample: &Sample) -> Fit {
        let width = sample.records.first().map_or(0, |record| record.cells.len());
        Fit { known_names: 0, unflawed: Reverse(sample.flawed), consistency: width as f64 }
    }

    /// Returns the fit for a contact file with this header.
    pub(super) fn of(sample: &Sample, header: &HeaderRow) -> Fit {
        // A single name may be a coincidence, such as `Firma` in `Firma GmbH`.
        let known_names = if header.known_names > 1 { header.known_names } else { 0 };
        // A quote at both ends of a cell means that this dialect missed quotes that are in use.
        let in_quotes = |cell: &String| {
            let cell = cell.trim();
            cell.len() > 1 && cell.starts_with('"') && cell.ends_with('"')
        };
        let records = &sample.records[header.index..];
        let unread = records.iter().filter(|record| record.cells.iter().any(in_quotes)).count();
        let flawed = sample.flawed + unread;
        Fit { known_names, unflawed: Reverse(flawed), consistency: consistency(records) }
    }
}

/// Returns the consistency measure of records, 0 if there are none.
fn consistency(records: &[SampleRecord]) -> f64 {
    let mut widths: Vec<(usize, usize)> = Vec::new();
    let (mut cells, mut known) = (0, 0);
    for record in records {
        let width = record.cells.len();
        match widths.iter_mut().find(|(known, _)| *known == width) {
            Some((_, count)) => *count += 1,
            None => widths.push((width, 1)),
        }
        cells += width;
        known += record.cells.iter().filter(|cell| has_type(cell)).count();
    }
    if widths.is_empty() {
        return 0.0;
    }
    let score = |&(width, count): &(usize, usize)| {
        let (width, count) = (width as f64, count as f64);
        count * (width - 1.0).max(1e-3) / width
    };
    let pattern_score = widths.iter().map(score).sum::<f64>() / widths.len() as f64;
    pattern_score * (known as f64 / cells as f64).max(1e-10)
}

/// Returns whether a cell has a recognizable type: empty, an address, a number, a time, a link, or words.
fn has_type(cell: &str) -> bool {
    let cell = cell.trim();
    let is_number = |letter: char| letter.is_ascii_digit() || "+-.,:/%() €$£TZ".contains(letter);
    let is_text = |letter: char| letter.is_alphanumeric() || " .'’&()+-/#_*!?,".contains(letter);
    cell.is_empty()
        || header_row::is_address(cell) && email::check(cell).is_ok()
        || cell.chars().all(is_number)
        || cell.starts_with("http://")
        || cell.starts_with("https://")
        || (cell.chars().all(is_text) && !cell.starts_with([',', ' ']) && !cell.ends_with(','))
}
