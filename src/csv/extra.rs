//! The columns of a file that belong to no field.

use std::borrow::Cow;
use std::collections::HashSet;

use super::cell::undefused;
use super::decode::Cells;
use crate::domain::extra::push_json;
use crate::domain::rejection::ShownName;
use crate::domain::row::normalise;

/// Maximum number of characters of a column's name. It is stored with each value.
const NAME_CHARS: usize = 200;

/// A column that belongs to no field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtraColumn {
    /// Its position, from 0.
    at: usize,
    /// Its name, different from those of the other columns.
    name: String,
    /// Its name as the key of a JSON object, with the colon.
    key: String,
    /// Whether the file names it.
    is_named: bool,
    /// Whether formulas in it have apostrophes in front.
    is_defused: bool,
}

impl ExtraColumn {
    /// Returns all columns for which `is_extra`. Names that occur more than once get a number.
    pub(super) fn all(
        names: &[String],
        is_named: bool,
        is_extra: impl Fn(usize) -> bool,
    ) -> Vec<ExtraColumn> {
        let mut taken = HashSet::new();
        let extra = names.iter().enumerate().filter(|(at, _)| is_extra(*at));
        extra
            .map(|(at, name)| {
                let name = if is_named { cleaned(name) } else { String::new() };
                let is_named = !name.is_empty();
                let name = distinct(if is_named { name } else { format!("Column {}", at + 1) }, &taken);
                taken.insert(name.clone());
                let mut key = String::new();
                push_json(&name, &mut key);
                key.push(':');
                ExtraColumn { at, name, key, is_named, is_defused: false }
            })
            .collect()
    }

    /// Returns the columns of an export, in which formulas and names like formulas have apostrophes in front.
    pub(super) fn all_defused(names: &[String], is_extra: impl Fn(usize) -> bool) -> Vec<ExtraColumn> {
        let names: Vec<String> = names.iter().map(|name| undefused(name).into_owned()).collect();
        let columns = ExtraColumn::all(&names, true, is_extra).into_iter();
        columns.map(|column| ExtraColumn { is_defused: true, ..column }).collect()
    }

    /// Returns its position, from 0.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Returns its name, different from those of the other columns.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns its name, shortened, for people.
    pub(crate) fn shown(&self) -> String {
        ShownName::of(&self.name).to_string()
    }

    /// Returns its name as the key of a JSON object, with the colon.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Returns whether the file names it.
    pub(crate) fn is_named(&self) -> bool {
        self.is_named
    }
}

/// Returns the positions and names of the columns for which `is_extra`.
pub(crate) fn other_columns(
    names: &[String],
    is_named: bool,
    is_extra: impl Fn(usize) -> bool,
) -> Vec<(usize, String)> {
    let columns = ExtraColumn::all(names, is_named, is_extra).into_iter();
    columns.map(|column| (column.at, column.name)).collect()
}

/// Returns the names of the columns for which `is_extra`, without those that the file does not name: they may be empty.
pub(crate) fn kept_columns(
    names: &[String],
    is_named: bool,
    is_extra: impl Fn(usize) -> bool,
) -> Vec<String> {
    let columns = ExtraColumn::all(names, is_named, is_extra).into_iter();
    columns.filter(|column| column.is_named || !is_named).map(|column| column.name).collect()
}

/// Returns the name of a column as it is stored.
fn cleaned(name: &str) -> String {
    // PostgreSQL does not store NUL.
    let name = normalise(name).replace('\0', "\u{2400}");
    match name.char_indices().nth(NAME_CHARS) {
        Some((end, _)) => name[..end].trim_end().to_owned(),
        None => name,
    }
}

/// Returns the name with a number if it is taken.
fn distinct(name: String, taken: &HashSet<String>) -> String {
    if !taken.contains(&name) {
        return name;
    }
    let numbered = (2..).map(|number| format!("{name} ({number})"));
    numbered.into_iter().find(|name| !taken.contains(name)).unwrap_or(name)
}

/// The cells of a row in columns that belong to no field.
#[derive(Clone, Copy, Debug, Default)]
pub struct ExtraCells<'a> {
    cells: Cells<'a>,
    columns: &'a [ExtraColumn],
}

impl<'a> ExtraCells<'a> {
    pub(super) fn new(cells: Cells<'a>, columns: &'a [ExtraColumn]) -> ExtraCells<'a> {
        ExtraCells { cells, columns }
    }

    /// Returns the columns, whether or not the row has values in them.
    pub fn columns(&self) -> &'a [ExtraColumn] {
        self.columns
    }

    /// Returns the position of each cell with text among these columns, its column and its text.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &'a ExtraColumn, Cow<'a, str>)> + use<'a> {
        let ExtraCells { cells, columns } = *self;
        columns.iter().enumerate().filter_map(move |(index, column)| {
            let cell = cells.get(column.at)?;
            let text = || if column.is_defused { undefused(cell) } else { Cow::Borrowed(cell) };
            (!cell.is_empty()).then(|| (index, column, text()))
        })
    }
}

impl PartialEq for ExtraCells<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for ExtraCells<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_has_a_name_of_its_own() {
        let long = "x".repeat(NAME_CHARS + 5);
        let names = ["E-mail", "Phone", " Phone ", "", "Phone (2)", "Phone", &long, "Column 4", "a\0b"];
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let columns = ExtraColumn::all(&names, true, |at| at > 0);
        let found: Vec<&str> = columns.iter().map(ExtraColumn::name).collect();
        let expected = [
            "Phone",
            "Phone (2)",
            "Column 4",
            "Phone (2) (2)",
            "Phone (3)",
            &long[..NAME_CHARS],
            "Column 4 (2)",
            "a\u{2400}b",
        ];
        assert_eq!(found, expected);
        assert_eq!(columns[0].key(), "\"Phone\":");
        let unnamed = ExtraColumn::all(&["column 1".to_owned()], false, |_| true);
        assert_eq!((unnamed[0].name(), unnamed[0].is_named()), ("Column 1", false));
    }
}
