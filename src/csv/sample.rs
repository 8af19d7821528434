//! Reads the first records of a file in one dialect.

use super::dialect::Dialect;
use super::records::{Limits, Record, RecordReader};

/// Maximum number of records of a sample.
const RECORDS: usize = 150;

#[derive(Debug, Default)]
pub(super) struct Sample {
    /// Records that contain more than white space and delimiters.
    pub records: Vec<SampleRecord>,
    /// The number of records with broken quotes.
    pub(crate) flawed: usize,
}

#[derive(Debug)]
pub(super) struct SampleRecord {
    /// The physical line on which the record starts, from 1.
    pub line: u64,
    pub cells: Vec<String>,
}

impl Sample {
    /// Reads the beginning of a file, which ends there if `whole`. An incomplete record is not part of the sample unless
    /// it is the only one.
    pub(super) fn read(
        text: &[u8],
        whole: bool,
        dialect: Dialect,
        first_line: u64,
        limits: Limits,
    ) -> Sample {
        let mut sample = Sample::default();
        let mut records = RecordReader::in_dialect(dialect, limits).starting_on(first_line);
        let mut text = text;
        while sample.records.len() < RECORDS
            && let Some(record) = records.read(&mut text)
        {
            sample.push(&record);
        }
        let is_at_end = whole && sample.records.len() < RECORDS;
        while (is_at_end || sample.records.is_empty())
            && let Some(record) = records.finish()
        {
            sample.push(&record);
        }
        sample
    }

    fn push(&mut self, record: &Record<'_>) {
        let cells: Vec<String> =
            record.cells().map(|cell| String::from_utf8_lossy(cell).replace('\0', "\u{2400}")).collect();
        let is_blank = |letter: char| letter.is_whitespace() || ",;|~^:".contains(letter);
        if !cells.iter().all(|cell| cell.chars().all(is_blank)) {
            self.flawed += usize::from(record.flaws().quoting);
            self.records.push(SampleRecord { line: record.line(), cells });
        }
    }

    /// Returns the number of columns that most records have.
    pub(super) fn usual_width(&self) -> usize {
        let width = |record: &SampleRecord| record.cells.len();
        let count = |wanted: usize| self.records.iter().filter(|record| width(record) == wanted).count();
        // Prefer the first of equally frequent widths.
        self.records.iter().map(width).rev().max_by_key(|width| count(*width)).unwrap_or(0)
    }
}
