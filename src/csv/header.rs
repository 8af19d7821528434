//! Which column of a file is which.

use super::columns::{Beginning, Source};
use super::rejection::{FoundNames, Rejection};
use super::table_start::TableStart;
use crate::domain::field::{Field, PerField};

/// Which columns of a file a person has said to be the four: for a file whose names do not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// Where e-mail, first name, last name and company are, from 0.
    places: PerField<u16>,
    /// How many columns the header has: in a file with more or fewer these places mean nothing.
    columns: u16,
}

impl Mapping {
    /// A mapping, if each place is one of the columns and no two are the same, but for first and last name: one column
    /// for both has the whole name, which is split.
    pub fn new(places: PerField<u16>, columns: u16) -> Option<Mapping> {
        let values = places.values();
        let is_whole_name = |one: usize, other: usize| {
            [one, other]
                .map(|at| Field::ALL[at])
                .iter()
                .all(|field| matches!(field, Field::FirstName | Field::LastName))
        };
        let apart = (0..values.len())
            .all(|one| (0..one).all(|other| values[one] != values[other] || is_whole_name(one, other)));
        let inside = values.iter().all(|place| **place < columns);
        (apart && inside).then_some(Mapping { places, columns })
    }
}

/// The header of a file, with each required column in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// All names as found, in order; `column 1` and so on if the file has no header.
    pub names: Vec<String>,
    /// Whether the file has a header.
    pub is_named: bool,
    /// The physical line on which the header starts, from 1; without a header that of the first row.
    pub line: u64,
    /// The byte between two cells.
    pub delimiter: u8,
    sources: PerField<Source>,
}

impl Header {
    /// Finds the required columns of a table.
    ///
    /// Fails when one of them is missing or there twice. With a `mapping` names do not matter; it fails when the
    /// table has another number of columns.
    pub(super) fn find(start: &TableStart, mapping: Option<&Mapping>) -> Result<Header, Rejection> {
        let (names, line) = (start.names.clone(), start.line);
        let (is_named, delimiter) = (start.is_named(), start.dialect.delimiter);
        if let Some(Mapping { places, columns }) = mapping {
            let (found, expected) = (names.len(), usize::from(*columns));
            if found != expected {
                return Err(Rejection::Mapping { line, found, expected });
            }
            let mut sources = places.map(|place| Source::Column(usize::from(place)));
            if places.first_name == places.last_name {
                let place = usize::from(places.first_name);
                (sources.first_name, sources.last_name) = (Source::FirstOf(place), Source::LastOf(place));
            }
            return Ok(Header { names, is_named, line, delimiter, sources });
        }
        let rows = start.rows();
        let beginning = Beginning { names: &names, rows: &rows };
        let columns = beginning.columns();
        let missing: Vec<Field> =
            Field::ALL.iter().copied().filter(|field| columns.sources.get(*field).is_none()).collect();
        if !missing.is_empty() || !columns.doubled.is_empty() {
            let proposals = beginning.proposals(&columns);
            let found = FoundNames::new(&names);
            return Err(match is_named {
                true => Rejection::Columns { line, missing, doubled: columns.doubled, found, proposals },
                false => Rejection::NoHeader { line, columns: names.len(), proposals },
            });
        }
        let sources = columns.sources.map(|source| source.unwrap_or(Source::Column(usize::MAX)));
        Ok(Header { names, is_named, line, delimiter, sources })
    }

    /// Where the value of a field is.
    pub(super) fn source(&self, field: Field) -> Source {
        *self.sources.get(field)
    }
}
