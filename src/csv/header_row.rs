//! Finds the header row, which may follow titles, notes and blank lines: the row with the most known names, or the first
//! row of the usual width.

use super::mangled::unmangled;
use super::sample::{Sample, SampleRecord};
use crate::domain::column_names::{self, NameMeaning};
use crate::domain::field::Field;

/// Maximum number of records above the header.
const MAX_ABOVE: usize = 60;

/// Maximum length of a known column name.
const NAME_BYTES: usize = 100;

/// The header of a sample, or the position where it would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HeaderRow {
    /// The index of the record in the sample.
    pub index: usize,
    /// The names of the columns; `column 1` and so on if the file has no header.
    pub names: Vec<String>,
    /// The number of records that the header spans: 0, 1 or 2.
    pub records: usize,
    /// The number of fields among the names.
    pub known_names: usize,
    /// Whether every required field is among the names.
    pub is_complete: bool,
}

impl HeaderRow {
    /// Finds the header. Returns `None` if the sample has no record. With `line`, the header is the first record on or
    /// after that line.
    pub(super) fn find(sample: &Sample, line: Option<u64>) -> Option<HeaderRow> {
        let records = &sample.records;
        if let Some(line) = line {
            let index = records.iter().position(|record| record.line >= line)?;
            return Some(HeaderRow::named(index, records[index].cells.clone(), 1));
        }
        let mut best: Option<HeaderRow> = None;
        for index in 0..records.len().min(MAX_ABOVE) {
            // A row with an address is never a header. Skipping it saves most of the work.
            if records[index].cells.iter().any(|cell| is_address(cell)) {
                continue;
            }
            for candidate in HeaderRow::candidates(records, index) {
                if best.as_ref().is_none_or(|best| candidate.known_names > best.known_names) {
                    best = Some(candidate);
                }
            }
            if best.as_ref().is_some_and(|best| best.is_complete) {
                break;
            }
        }
        best.filter(|best| best.known_names > 1).or_else(|| HeaderRow::by_width(sample))
    }

    /// Returns the record as a header, and together with the next record if names span the two.
    fn candidates(records: &[SampleRecord], index: usize) -> impl Iterator<Item = HeaderRow> {
        let one = HeaderRow::named(index, records[index].cells.clone(), 1);
        let below = records.get(index + 1).filter(|below| !below.cells.iter().any(|cell| cell.contains('@')));
        let two = below.filter(|_| one.known_names > 0 && !one.is_complete).and_then(|below| {
            let alone = known_names(&below.cells).count;
            let names = joined(&records[index].cells, &below.cells);
            let two = HeaderRow::named(index, names, 2);
            (two.known_names > one.known_names.max(alone)).then_some(two)
        });
        [Some(one), two].into_iter().flatten()
    }

    /// Returns the first record of the usual width, for a sample without known names.
    fn by_width(sample: &Sample) -> Option<HeaderRow> {
        let width = sample.usual_width();
        let index = sample.records.iter().position(|record| record.cells.len() == width)?;
        let cells = &sample.records[index].cells;
        let is_data = cells.iter().any(|cell| is_address(cell)) && known_names(cells).count == 0;
        Some(match is_data {
            true => HeaderRow {
                index,
                names: (1..=width).map(|number| format!("column {number}")).collect(),
                records: 0,
                known_names: 0,
                is_complete: false,
            },
            false => HeaderRow::named(index, cells.clone(), 1),
        })
    }

    fn named(index: usize, names: Vec<String>, records: usize) -> HeaderRow {
        let KnownNames { count, is_complete } = known_names(&names);
        HeaderRow { index, names, records, known_names: count, is_complete }
    }
}

/// The fields among names.
struct KnownNames {
    count: usize,
    /// Whether every required field is among them.
    is_complete: bool,
}

/// Returns the fields among the names. A full name counts as first and last name.
fn known_names(names: &[String]) -> KnownNames {
    let may_be_name = |name: &&String| name.len() < NAME_BYTES && !name.contains('@');
    let meanings: Vec<NameMeaning> = names.iter().filter(may_be_name).map(|name| meaning(name)).collect();
    let has_full_name = meanings.iter().any(|meaning| meaning.full_name.is_some());
    let has = |field: &&Field| {
        let is_in_name = matches!(field, Field::FirstName | Field::LastName);
        has_full_name && is_in_name || meanings.iter().any(|meaning| meaning.field == Some(**field))
    };
    KnownNames {
        count: Field::ALL.iter().filter(has).count(),
        is_complete: Field::ALL.iter().filter(|field| field.is_required()).all(|field| has(&field)),
    }
}

/// Returns what the name of a column means, also if its UTF-8 was encoded twice.
pub(super) fn meaning(name: &str) -> NameMeaning {
    let meaning = column_names::meaning(name);
    match meaning == NameMeaning::default() && !name.is_ascii() {
        true => column_names::meaning(&unmangled(name)),
        false => meaning,
    }
}

fn joined(above: &[String], below: &[String]) -> Vec<String> {
    let name = |at: usize| {
        let part = |cells: &[String]| cells.get(at).map_or(String::new(), |cell| cell.trim().to_owned());
        let (above, below) = (part(above), part(below));
        format!("{above} {below}").trim().to_owned()
    };
    (0..above.len().max(below.len())).map(name).collect()
}

/// Returns whether the whole cell is an e-mail address. A mere `@` may occur in a column name.
pub(super) fn is_address(cell: &str) -> bool {
    let cell = cell.trim();
    let parts = cell.split_once('@');
    parts.is_some_and(|(local, domain)| {
        !local.is_empty() && domain.contains('.') && !cell.contains(char::is_whitespace)
    })
}
