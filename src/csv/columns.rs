//! Which column of a file is which field: by name, then by content.

use super::header_row::is_address;
use super::rejection::ColumnProposal;
use crate::domain::column_names::{NameMeaning, meaning};
use crate::domain::email;
use crate::domain::field::{Field, PerField, folded};

/// Where a field's value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The cell of a column, from 0.
    Column(usize),
    /// The first name in a column with whole names.
    FirstOf(usize),
    /// The last name in a column with whole names.
    LastOf(usize),
}

/// The columns of a table as far as names and content tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    /// Where each field is; `None` if nothing tells.
    pub sources: PerField<Option<Source>>,
    /// The columns whose names stand for a field.
    pub candidates: PerField<Vec<usize>>,
    /// Fields that two columns of the same name stand for, with other values in them.
    pub doubled: Vec<Field>,
}

/// A table's beginning, as columns are told from it.
#[derive(Clone, Copy)]
pub(super) struct Beginning<'a> {
    pub names: &'a [String],
    /// The cells of the first rows.
    pub rows: &'a [&'a [String]],
}

/// From this share of valid addresses on a column is one of e-mails, in percent.
const MOSTLY_PERCENT: usize = 80;

impl Beginning<'_> {
    /// Finds the columns of the fields.
    pub(super) fn columns(&self) -> Columns {
        let meanings: Vec<NameMeaning> = self.names.iter().map(|name| meaning(name)).collect();
        let candidates = PerField::from_fn(|field| {
            let places = (0..meanings.len()).filter(|place| meanings[*place].field == Some(field));
            places.collect::<Vec<usize>>()
        });
        let doubled = Field::ALL.iter().copied().filter(|field| self.is_doubled(candidates.get(*field)));
        let doubled: Vec<Field> = doubled.collect();
        let by_name = PerField::from_fn(|field| self.best_filled(field, candidates.get(field)));
        let mut sources = by_name.map(|place| place.map(Source::Column));
        self.find_names(&meanings, &by_name, &mut sources);
        if sources.email.is_none() {
            sources.email = self.by_content().map(Source::Column);
        }
        Columns { sources, candidates, doubled }
    }

    /// Of several columns for a field the one with most values, of equal ones the first.
    fn best_filled(&self, field: Field, places: &[usize]) -> Option<usize> {
        let filled = |place: usize| {
            let counts =
                |cell: &str| if field == Field::Email { is_address(cell) } else { !cell.trim().is_empty() };
            self.rows.iter().filter(|row| row.get(place).is_some_and(|cell| counts(cell))).count()
        };
        places.iter().copied().rev().max_by_key(|place| filled(*place))
    }

    /// Whether two columns have the same name, and different values where both have one.
    fn is_doubled(&self, places: &[usize]) -> bool {
        let differ = |one: usize, other: usize| {
            self.rows.iter().any(|row| {
                let cell = |place: usize| row.get(place).map_or("", |cell| cell.trim());
                !cell(one).is_empty() && !cell(other).is_empty() && cell(one) != cell(other)
            })
        };
        let pairs = places.iter().flat_map(|one| places.iter().map(move |other| (*one, *other)));
        pairs.into_iter().any(|(one, other)| {
            one < other && folded(&self.names[one]) == folded(&self.names[other]) && differ(one, other)
        })
    }

    /// Finds first and last name, or the one column that has both.
    fn find_names(
        &self,
        meanings: &[NameMeaning],
        by_name: &PerField<Option<usize>>,
        sources: &mut PerField<Option<Source>>,
    ) {
        let (first, last) = match (by_name.first_name, by_name.last_name) {
            (Some(_), Some(_)) => return,
            places => places,
        };
        let only_whole = |place: &usize| meanings[*place].full_name && meanings[*place].field.is_none();
        let places: Vec<usize> = (0..meanings.len()).filter(only_whole).collect();
        let whole = self.best_filled(Field::LastName, &places);
        match (first.or(last), whole) {
            // `Name` beside `Vorname` is the last name.
            (Some(part), Some(whole)) if !meanings[part].full_name => {
                let missing = if first.is_some() { &mut sources.last_name } else { &mut sources.first_name };
                *missing = Some(Source::Column(whole));
            }
            (_, Some(whole)) => (sources.first_name, sources.last_name) = split(whole),
            // `Nombre` alone is the whole name.
            (Some(part), None) if meanings[part].full_name => {
                (sources.first_name, sources.last_name) = split(part);
            }
            _ => {}
        }
    }

    /// The column of e-mails by its content.
    fn by_content(&self) -> Option<usize> {
        let valid = |place: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(place)).map(|cell| cell.trim());
            let filled: Vec<&str> = cells.filter(|cell| !cell.is_empty()).collect();
            let valid = filled.iter().filter(|cell| email::check(cell).is_ok()).count();
            if valid * 100 >= filled.len() * MOSTLY_PERCENT { valid } else { 0 }
        };
        let best = (0..self.names.len()).rev().max_by_key(|place| valid(*place))?;
        (valid(best) > 0).then_some(best)
    }

    /// Which columns the fields without a source may be, for a person to confirm.
    pub(super) fn proposals(&self, columns: &Columns) -> Vec<ColumnProposal> {
        let taken: Vec<usize> =
            columns.sources.values().into_iter().flatten().map(|source| source.place()).collect();
        let is_words = |place: &usize| {
            let cells =
                self.rows.iter().filter_map(|row| row.get(*place)).filter(|cell| !cell.trim().is_empty());
            let is_word = |letter: char| !letter.is_numeric() && letter != '@';
            let (mut all, mut words) = (0, 0);
            for cell in cells {
                all += 1;
                words += usize::from(cell.chars().all(is_word));
            }
            words > 0 && words * 2 > all
        };
        let mut free: Vec<usize> =
            (0..self.names.len()).filter(|place| !taken.contains(place)).filter(is_words).collect();
        let by_content = columns.sources.email.filter(|_| columns.candidates.email.is_empty());
        let email = by_content.map(|source| ColumnProposal { field: Field::Email, place: source.place() });
        let mut proposals: Vec<ColumnProposal> = email.into_iter().collect();
        if columns.sources.company.is_none()
            && let Some(at) = free.iter().position(|place| self.has_firms(*place))
        {
            proposals.push(ColumnProposal { field: Field::Company, place: free.remove(at) });
        }
        let others = [Field::FirstName, Field::LastName, Field::Company].into_iter();
        for field in others.filter(|field| columns.sources.get(*field).is_none()) {
            let is_new = !proposals.iter().any(|proposal| proposal.field == field);
            if is_new && !free.is_empty() {
                proposals.push(ColumnProposal { field, place: free.remove(0) });
            }
        }
        proposals.sort_by_key(|proposal| proposal.field as usize);
        proposals
    }

    fn has_firms(&self, place: usize) -> bool {
        const FORMS: [&str; 22] = [
            "ltd", "limited", "inc", "llc", "plc", "corp", "co", "company", "gmbh", "ag", "kg", "sa", "sas",
            "sarl", "srl", "spa", "bv", "nv", "ab", "oy", "group", "works",
        ];
        self.rows.iter().filter_map(|row| row.get(place)).any(|cell| {
            let words = cell.split(|letter: char| !letter.is_alphanumeric());
            words.into_iter().any(|word| FORMS.contains(&word.to_lowercase().as_str()))
        })
    }
}

impl Source {
    /// The column, from 0.
    pub(super) fn place(self) -> usize {
        match self {
            Source::Column(place) | Source::FirstOf(place) | Source::LastOf(place) => place,
        }
    }
}

fn split(place: usize) -> (Option<Source>, Option<Source>) {
    (Some(Source::FirstOf(place)), Some(Source::LastOf(place)))
}
