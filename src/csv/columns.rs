//! Assigns columns to fields, by name, then by content. Columns are numbered from 0.

use super::header_row::{is_address, meaning};
use crate::domain::column_names::{NameMeaning, together};
use crate::domain::email;
use crate::domain::field::{Field, PerField, folded};
use crate::domain::full_name::{self, NameOrder};
use crate::domain::rejection::ColumnProposal;

/// The source of a field's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// A column.
    Column(usize),
    /// The first name in a column of full names.
    FirstOf(usize, NameOrder),
    /// The last name in a column of full names.
    LastOf(usize, NameOrder),
}

/// The columns of a table that names and content identify.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    /// The source of each field; `None` if unknown.
    pub sources: PerField<Option<Source>>,
    /// The columns whose names denote each field.
    pub candidates: PerField<Vec<usize>>,
    /// Fields for which two columns have the same name and different values.
    pub doubled: Vec<Field>,
}

/// The beginning of a table, from which columns are identified.
#[derive(Clone, Copy)]
pub(super) struct Beginning<'a> {
    pub names: &'a [String],
    /// The cells of the first rows.
    pub rows: &'a [&'a [String]],
}

/// Minimum share of valid addresses in a column of e-mails, in percent.
const EMAIL_PERCENT: usize = 80;

impl Beginning<'_> {
    /// Assigns columns to the fields.
    pub(super) fn columns(&self) -> Columns {
        let meanings = together(self.names.iter().map(|name| meaning(name)).collect());
        let candidates = PerField::from_fn(|field| {
            let columns = (0..meanings.len()).filter(|column| meanings[*column].field == Some(field));
            columns.collect::<Vec<usize>>()
        });
        let doubled = Field::ALL.iter().copied().filter(|field| self.is_doubled(candidates.get(*field)));
        let doubled: Vec<Field> = doubled.collect();
        let by_name = PerField::from_fn(|field| self.best_filled(field, candidates.get(field)));
        let mut sources = by_name.map(|column| column.map(Source::Column));
        self.find_names(&meanings, &by_name, &mut sources);
        // The name may mean something else, such as `Mail` where letters are meant.
        let has_addresses = |source: Source| self.addresses(source.column()) > 0;
        if !sources.email.is_some_and(has_addresses)
            && let Some(column) = self.by_content()
            && (sources.email.is_none() || self.addresses(column) * 2 > self.rows.len())
        {
            sources.email = Some(Source::Column(column));
        }
        Columns { sources, candidates, doubled }
    }

    /// Returns the column with the most values for a field; if several have the most, the first of them.
    fn best_filled(&self, field: Field, columns: &[usize]) -> Option<usize> {
        let filled = |column: usize| {
            let counts =
                |cell: &str| if field == Field::Email { is_address(cell) } else { !cell.trim().is_empty() };
            self.rows.iter().filter(|row| row.get(column).is_some_and(|cell| counts(cell))).count()
        };
        columns.iter().copied().rev().max_by_key(|column| filled(*column))
    }

    /// Returns whether two of the columns have the same name and, in some row, different values.
    fn is_doubled(&self, columns: &[usize]) -> bool {
        let differ = |one: usize, other: usize| {
            self.rows.iter().any(|row| {
                let cell = |column: usize| row.get(column).map_or("", |cell| cell.trim());
                !cell(one).is_empty() && !cell(other).is_empty() && cell(one) != cell(other)
            })
        };
        let pairs = columns.iter().flat_map(|one| columns.iter().map(move |other| (*one, *other)));
        pairs.into_iter().any(|(one, other)| {
            one < other && folded(&self.names[one]) == folded(&self.names[other]) && differ(one, other)
        })
    }

    /// Finds the columns of the first and last name, or one column of full names.
    fn find_names(
        &self,
        meanings: &[NameMeaning],
        by_name: &PerField<Option<usize>>,
        sources: &mut PerField<Option<Source>>,
    ) {
        let (first, last) = match (by_name.first_name, by_name.last_name) {
            (Some(_), Some(_)) => return,
            columns => columns,
        };
        let order = |column: usize| meanings[column].full_name;
        let only_full = |column: &usize| order(*column).is_some() && meanings[*column].field.is_none();
        let columns: Vec<usize> = (0..meanings.len()).filter(only_full).collect();
        let full = self.best_filled(Field::LastName, &columns);
        let split = |column: usize| split(column, order(column).unwrap_or_default());
        match (first.or(last), full) {
            // `Name` beside `Vorname` is the last name, unless it contains both.
            (Some(part), Some(full)) if order(part).is_none() => {
                let (first_of, last_of) = match self.contain(full, part) {
                    true => split(full),
                    false => (Some(Source::Column(full)), Some(Source::Column(full))),
                };
                match first {
                    Some(_) => sources.last_name = last_of,
                    None => sources.first_name = first_of,
                }
            }
            (_, Some(full)) => (sources.first_name, sources.last_name) = split(full),
            // `Nombre` alone is the full name, if it contains one.
            (Some(part), None) if order(part).is_some() && self.has_full_names(part) => {
                (sources.first_name, sources.last_name) = split(part);
            }
            _ => {}
        }
    }

    /// Returns whether the cells of a column contain those of another, in most rows that have both.
    fn contain(&self, whole: usize, part: usize) -> bool {
        let (mut both, mut contained) = (0, 0);
        for row in self.rows {
            let cell = |column: usize| row.get(column).map_or("", |cell| cell.trim());
            if !cell(whole).is_empty() && !cell(part).is_empty() {
                both += 1;
                contained += usize::from(cell(whole) != cell(part) && cell(whole).contains(cell(part)));
            }
        }
        contained * 2 >= both
    }

    /// Returns whether most cells of a column have a first and a last name.
    fn has_full_names(&self, column: usize) -> bool {
        let cells = self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.trim());
        let (mut filled, mut full) = (0, 0);
        for cell in cells.filter(|cell| !cell.is_empty()) {
            let name = full_name::split(cell, NameOrder::default());
            filled += 1;
            full += usize::from(!name.first.is_empty() && !name.last.is_empty());
        }
        full * 2 >= filled
    }

    /// Returns the number of addresses in a column.
    fn addresses(&self, column: usize) -> usize {
        self.rows.iter().filter(|row| row.get(column).is_some_and(|cell| is_address(cell))).count()
    }

    /// Returns the column that contains e-mails.
    fn by_content(&self) -> Option<usize> {
        let valid = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.trim());
            let filled: Vec<&str> = cells.filter(|cell| !cell.is_empty()).collect();
            let valid = filled.iter().filter(|cell| email::check(cell).is_ok()).count();
            if valid * 100 >= filled.len() * EMAIL_PERCENT { valid } else { 0 }
        };
        let best = (0..self.names.len()).rev().max_by_key(|column| valid(*column))?;
        (valid(best) > 0).then_some(best)
    }

    /// Proposes columns for the `missing` fields, for a person to confirm.
    pub(super) fn proposals(&self, columns: &Columns, missing: &[Field]) -> Vec<ColumnProposal> {
        let taken: Vec<usize> =
            columns.sources.values().into_iter().flatten().map(|source| source.column()).collect();
        let is_words = |column: &usize| {
            let cells =
                self.rows.iter().filter_map(|row| row.get(*column)).filter(|cell| !cell.trim().is_empty());
            let is_word = |letter: char| !letter.is_numeric() && letter != '@';
            let (mut all, mut words) = (0, 0);
            for cell in cells {
                all += 1;
                words += usize::from(cell.chars().all(is_word));
            }
            words > 0 && words * 2 > all
        };
        let mut free: Vec<usize> =
            (0..self.names.len()).filter(|column| !taken.contains(column)).filter(is_words).collect();
        let by_content = columns.sources.email.filter(|_| columns.candidates.email.is_empty());
        let email = by_content.map(|source| ColumnProposal { field: Field::Email, column: source.column() });
        let mut proposals: Vec<ColumnProposal> = email.into_iter().collect();
        if missing.contains(&Field::Company)
            && let Some(at) = free.iter().position(|column| self.has_companies(*column))
        {
            proposals.push(ColumnProposal { field: Field::Company, column: free.remove(at) });
        }
        for field in missing.iter().copied().filter(|field| *field != Field::Email) {
            let is_new = !proposals.iter().any(|proposal| proposal.field == field);
            if is_new && !free.is_empty() {
                proposals.push(ColumnProposal { field, column: free.remove(0) });
            }
        }
        proposals.sort_by_key(|proposal| proposal.field as usize);
        proposals
    }

    fn has_companies(&self, column: usize) -> bool {
        const LEGAL_FORMS: [&str; 22] = [
            "ltd", "limited", "inc", "llc", "plc", "corp", "co", "company", "gmbh", "ag", "kg", "sa", "sas",
            "sarl", "srl", "spa", "bv", "nv", "ab", "oy", "group", "works",
        ];
        self.rows.iter().filter_map(|row| row.get(column)).any(|cell| {
            let words = cell.split(|letter: char| !letter.is_alphanumeric());
            words.into_iter().any(|word| LEGAL_FORMS.contains(&word.to_lowercase().as_str()))
        })
    }
}

impl Source {
    /// The source of a field without a column: one that no row has.
    pub(super) const NONE: Source = Source::Column(usize::MAX);

    /// Returns the index of the column.
    pub(super) fn column(self) -> usize {
        match self {
            Source::Column(column) | Source::FirstOf(column, _) | Source::LastOf(column, _) => column,
        }
    }
}

fn split(column: usize, order: NameOrder) -> (Option<Source>, Option<Source>) {
    (Some(Source::FirstOf(column, order)), Some(Source::LastOf(column, order)))
}
