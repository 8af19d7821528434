//! Where the table begins: below titles, notes and blank lines, at the row whose names are known, or at the first row
//! that is as wide as the others.

use super::sample::{Sample, SampleRecord};
use crate::domain::column_names::{NameMeaning, meaning};
use crate::domain::field::{FIELDS, Field};

/// How many records may stand above the header.
const MOST_ABOVE: usize = 60;

/// What is longer is no name of a column that is known.
const NAME_BYTES: usize = 100;

/// The header of a sample, or the place where it would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HeaderRow {
    /// Which record of the sample.
    pub index: usize,
    /// The names of the columns; `column 1` and so on if the file has none.
    pub names: Vec<String>,
    /// Records that the header takes: 0, 1 or 2.
    pub records: usize,
    /// How many of the fields are among the names.
    pub known_names: usize,
}

impl HeaderRow {
    /// Finds the header; `None` if the sample has no record. `line`: where a person has said it is.
    pub(super) fn find(sample: &Sample, line: Option<u64>) -> Option<HeaderRow> {
        let records = &sample.records;
        if let Some(line) = line {
            let index = records.iter().position(|record| record.line >= line)?;
            return Some(HeaderRow::named(index, records[index].cells.clone(), 1));
        }
        let mut best: Option<HeaderRow> = None;
        for index in 0..records.len().min(MOST_ABOVE) {
            // A row with an address is no header, which keeps this cheap.
            if records[index].cells.iter().any(|cell| is_address(cell)) {
                continue;
            }
            for found in HeaderRow::candidates(records, index) {
                if best.as_ref().is_none_or(|best| found.known_names > best.known_names) {
                    best = Some(found);
                }
            }
            if best.as_ref().is_some_and(HeaderRow::is_complete) {
                break;
            }
        }
        best.filter(|best| best.known_names > 1).or_else(|| HeaderRow::by_width(sample))
    }

    /// Whether all fields are known by name.
    pub(super) fn is_complete(&self) -> bool {
        self.known_names == FIELDS
    }

    /// The record as a header, and with the record below it as one whose names go over two lines.
    fn candidates(records: &[SampleRecord], index: usize) -> impl Iterator<Item = HeaderRow> {
        let one = HeaderRow::named(index, records[index].cells.clone(), 1);
        let below = records.get(index + 1).filter(|below| !below.cells.iter().any(|cell| cell.contains('@')));
        let two = below.filter(|_| one.known_names > 0 && !one.is_complete()).and_then(|below| {
            let alone = known_names(&below.cells);
            let names = joined(&records[index].cells, &below.cells);
            let two = HeaderRow::named(index, names, 2);
            (two.known_names > one.known_names.max(alone)).then_some(two)
        });
        [Some(one), two].into_iter().flatten()
    }

    /// The first record that is as wide as most, where names do not tell.
    fn by_width(sample: &Sample) -> Option<HeaderRow> {
        let width = sample.usual_width();
        let index = sample.records.iter().position(|record| record.cells.len() == width)?;
        let cells = &sample.records[index].cells;
        let is_data = cells.iter().any(|cell| is_address(cell)) && known_names(cells) == 0;
        Some(match is_data {
            true => HeaderRow {
                index,
                names: (1..=width).map(|number| format!("column {number}")).collect(),
                records: 0,
                known_names: 0,
            },
            false => HeaderRow::named(index, cells.clone(), 1),
        })
    }

    fn named(index: usize, names: Vec<String>, records: usize) -> HeaderRow {
        let known_names = known_names(&names);
        HeaderRow { index, names, records, known_names }
    }
}

/// How many fields are among the names. A column for the whole name counts for what it adds.
fn known_names(names: &[String]) -> usize {
    let may_be_name = |name: &&String| name.len() < NAME_BYTES && !name.contains('@');
    let meanings: Vec<NameMeaning> = names.iter().filter(may_be_name).map(|name| meaning(name)).collect();
    let has = |field: Field| meanings.iter().any(|meaning| meaning.field == Some(field));
    let parts = [Field::FirstName, Field::LastName].into_iter().filter(|part| has(*part)).count();
    let others = Field::ALL.iter().filter(|field| has(**field)).count() - parts;
    let has_full_name = meanings.iter().any(|meaning| meaning.full_name);
    others + if has_full_name { 2 } else { parts }
}

fn joined(above: &[String], below: &[String]) -> Vec<String> {
    let name = |at: usize| {
        let part = |cells: &[String]| cells.get(at).map_or(String::new(), |cell| cell.trim().to_owned());
        let (above, below) = (part(above), part(below));
        format!("{above} {below}").trim().to_owned()
    };
    (0..above.len().max(below.len())).map(name).collect()
}

/// Whether a cell is an address as a whole. A column's name may have an `@` in it.
pub(super) fn is_address(cell: &str) -> bool {
    let cell = cell.trim();
    let parts = cell.split_once('@');
    parts.is_some_and(|(local, domain)| {
        !local.is_empty() && domain.contains('.') && !cell.contains(char::is_whitespace)
    })
}
