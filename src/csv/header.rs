//! Which column of a file is which.

use super::decode::text_of;
use super::encoding::Encoding;
use super::records::Record;
use super::rejection::{FoundNames, Rejection};
use crate::domain::field::{Field, PerField};

/// Which columns of a file a person has said to be the four: for a file whose names do not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mapping {
    /// Where e-mail, first name, last name and company are, from 0.
    places: PerField<u16>,
    /// How many columns the header has: in a file with more or fewer these places mean nothing.
    columns: u16,
}

impl Mapping {
    /// A mapping, if each place is one of the columns and no two are the same.
    pub(crate) fn new(places: PerField<u16>, columns: u16) -> Option<Mapping> {
        let values = places.values();
        let apart = (0..values.len()).all(|one| (0..one).all(|other| values[one] != values[other]));
        let inside = values.iter().all(|place| **place < columns);
        (apart && inside).then_some(Mapping { places, columns })
    }
}

/// The header of a file, with each required column in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// All names as found, in order.
    pub names: Vec<String>,
    /// The physical line on which the header starts, from 1.
    pub line: u64,
    /// The byte between two cells.
    pub delimiter: u8,
    places: PerField<usize>,
}

impl Header {
    /// Finds the required columns among `names`.
    ///
    /// Fails when one of them is missing or there twice. With a `mapping` names do not matter; it fails when the
    /// header has another number of them, or is a contact.
    pub(super) fn find(
        names: Vec<String>,
        line: u64,
        delimiter: u8,
        mapping: Option<&Mapping>,
    ) -> Result<Header, Rejection> {
        if let Some(Mapping { places, columns }) = mapping {
            let (found, expected) = (names.len(), usize::from(*columns));
            if found != expected {
                return Err(Rejection::Mapping { line, found, expected });
            }
            if is_contact(&names) {
                return Err(Rejection::NoHeader { line });
            }
            return Ok(Header { names, line, delimiter, places: places.map(usize::from) });
        }
        let columns: Vec<Option<Field>> = names.iter().map(|name| Field::from_name(name)).collect();
        let has_email = columns.contains(&Some(Field::Email));
        if !has_email && names.iter().any(|name| name.contains('@')) {
            return Err(Rejection::NoHeader { line });
        }

        let count = |column: &Field| columns.iter().flatten().filter(|c| *c == column).count();
        let missing: Vec<Field> = Field::ALL.iter().copied().filter(|c| count(c) == 0).collect();
        let doubled: Vec<Field> = Field::ALL.iter().copied().filter(|c| count(c) > 1).collect();
        if !missing.is_empty() || !doubled.is_empty() {
            return Err(Rejection::Columns { line, missing, doubled, found: FoundNames::new(&names) });
        }

        let places = PerField::from_fn(|wanted| {
            let place = columns.iter().position(|column| *column == Some(wanted));
            place.unwrap_or(usize::MAX)
        });
        Ok(Header { names, line, delimiter, places })
    }

    /// Where the column of a field is, from 0.
    pub(crate) fn place(&self, field: Field) -> usize {
        *self.places.get(field)
    }
}

/// The cells of a record as column names. Whether the file is UTF-8 is not known yet where this is
/// asked for, so each name is taken for UTF-8 when it can be, and for Windows-1252 otherwise.
pub(super) fn names_in(record: &Record<'_>) -> Vec<String> {
    record
        .cells()
        .map(|cell| match std::str::from_utf8(cell) {
            Ok(_) => text_of(cell, Encoding::Utf8),
            Err(_) => text_of(cell, Encoding::Windows1252),
        })
        .collect()
}

/// How many of the required columns are among `names`.
pub(super) fn count_required(names: &[String]) -> usize {
    let found: Vec<Field> = names.iter().filter_map(|n| Field::from_name(n)).collect();
    Field::ALL.iter().filter(|c| found.contains(c)).count()
}

/// Whether what stands in the header's place is a contact, which a mapping must not make a header of: it would be
/// lost. A column's name may have an `@` in it, so only a whole address counts.
pub(super) fn is_contact(names: &[String]) -> bool {
    let is_address = |name: &String| {
        let parts = name.trim().split_once('@');
        parts.is_some_and(|(local, domain)| {
            !local.is_empty() && domain.contains('.') && !name.trim().contains(char::is_whitespace)
        })
    };
    !names.iter().any(|name| Field::from_name(name) == Some(Field::Email)) && names.iter().any(is_address)
}

/// Whether a record with these cells stands for an empty line.
pub(super) fn is_blank(names: &[String]) -> bool {
    names.iter().all(|name| name.trim().is_empty())
}
