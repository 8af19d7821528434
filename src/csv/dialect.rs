//! Which delimiter a file uses.

use super::header;
use super::records::{Limits, RecordReader};
use super::rejection::Rejection;

/// In the order of preference when nothing else tells.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// How many records after the header are looked at.
const SAMPLE_RECORDS: u64 = 100;

/// How a file parts its cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    pub delimiter: u8,
    /// Whether the first record is not the header but a line such as `sep=;`, by which spreadsheet
    /// programs tell each other the delimiter.
    pub declared: bool,
}

impl Dialect {
    /// The dialect of a file that begins with `head`, and ends there when `whole`.
    pub(crate) fn detect(head: &[u8], whole: bool, limits: Limits) -> Dialect {
        if let Some(delimiter) = declared_delimiter(head) {
            return Dialect { delimiter, declared: true };
        }
        let mut best = (DELIMITERS[0], Fit::default());
        for delimiter in DELIMITERS {
            let fit = Fit::of(delimiter, head, whole, limits);
            if fit > best.1 {
                best = (delimiter, fit);
            }
        }
        Dialect { delimiter: best.0, declared: false }
    }
}

fn declared_delimiter(head: &[u8]) -> Option<u8> {
    let end = head.iter().position(|byte| matches!(byte, b'\r' | b'\n'))?;
    let line = &head[..end];
    let bare = line.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(line);
    match bare {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter] if DELIMITERS.contains(delimiter) => {
            Some(*delimiter)
        }
        _ => None,
    }
}

/// How well a delimiter suits a file; the better fit is the greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Fit {
    required_columns: usize,
    records_as_wide_as_header: u64,
}

impl Fit {
    fn of(delimiter: u8, head: &[u8], whole: bool, limits: Limits) -> Fit {
        let mut trial = Trial::default();
        // A record beyond the limits ends the trial: what was seen up to there counts.
        let _ = trial.run(RecordReader::new(delimiter, limits), head, whole);
        trial.fit
    }
}

#[derive(Default)]
struct Trial {
    width: Option<usize>,
    records: u64,
    fit: Fit,
}

impl Trial {
    fn run(&mut self, mut records: RecordReader, mut head: &[u8], whole: bool) -> Result<(), Rejection> {
        while self.records < SAMPLE_RECORDS {
            let Some(record) = records.read(&mut head)? else {
                break;
            };
            self.take(&header::names_in(&record));
        }
        if whole && let Some(record) = records.finish()? {
            self.take(&header::names_in(&record));
        }
        Ok(())
    }

    fn take(&mut self, cells: &[String]) {
        if header::is_blank(cells) {
            return;
        }
        let Some(width) = self.width else {
            self.width = Some(cells.len());
            self.fit.required_columns = header::count_required(cells);
            return;
        };
        self.records += 1;
        // Every line is one cell wide under a delimiter that the file does not use.
        if cells.len() == width && width > 1 {
            self.fit.records_as_wide_as_header += 1;
        }
    }
}
