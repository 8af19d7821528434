//! The columns of an exported table.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::error::ExportError;
use super::format::ExportFormat;
use crate::domain::field::{Field, PerField, folded};
use crate::domain::refusal::{RecordName, Refusal};

/// The kind of a column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Whole numbers.
    Number,
    /// Text.
    Text,
    /// Times.
    Time,
}

/// A column that is not a field.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    /// Its name.
    pub(crate) name: &'static str,
    /// The kind of its values.
    pub(crate) kind: Kind,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell<'a> {
    /// No value.
    Empty,
    /// A whole number.
    Number(i64),
    /// Text; empty text is no value.
    Text(Cow<'a, str>),
    /// A time.
    Time(DateTime<Utc>),
}

impl Cell<'_> {
    /// Returns the value as text; times as in RFC 3339.
    pub(super) fn into_text(self) -> String {
        match self {
            Cell::Empty => String::new(),
            Cell::Number(number) => number.to_string(),
            Cell::Text(text) => text.into_owned(),
            Cell::Time(time) => time.to_rfc3339(),
        }
    }
}

/// A record that can be exported. Its JSON is a line of a file of JSON lines.
pub(crate) trait Exported: Serialize {
    /// The columns before the fields.
    const BEFORE: &'static [Column];
    /// The columns after the fields and the kept columns.
    const AFTER: &'static [Column];

    /// Returns the values of [`BEFORE`](Exported::BEFORE).
    fn before(&self) -> Vec<Cell<'_>>;
    /// Returns the values of the fields.
    fn values(&self) -> &PerField<String>;
    /// Returns the names and values of kept columns, in the order of the file.
    fn kept(&self) -> Vec<(&str, &str)>;
    /// Returns the values of [`AFTER`](Exported::AFTER).
    fn after(&self) -> Vec<Cell<'_>>;
    /// Names the record in a refusal.
    fn name(&self) -> RecordName;
}

/// The columns of a file, in order: own columns, fields, kept columns, own columns.
#[derive(Debug, Clone)]
pub(crate) struct Columns {
    /// The columns before the fields.
    before: &'static [Column],
    /// The names of the kept columns in the file.
    kept: Vec<String>,
    /// The position of each kept column, by its name in the records.
    positions: HashMap<String, usize>,
    /// The columns after them.
    after: &'static [Column],
}

impl Columns {
    /// Returns the columns of records. A kept column that has the name of another column gets a number.
    pub(crate) fn of<T: Exported>(kept: Vec<String>) -> Columns {
        let own = T::BEFORE.iter().chain(T::AFTER).map(|column| column.name);
        let mut taken: HashSet<String> =
            own.chain(Field::ALL.iter().map(|field| field.as_str())).map(folded).collect();
        let mut shown = Vec::with_capacity(kept.len());
        for name in &kept {
            let mut candidates =
                std::iter::once(name.clone()).chain((2..).map(|number| format!("{name} ({number})")));
            shown.extend(candidates.find(|candidate| taken.insert(folded(candidate))));
        }
        let positions = kept.into_iter().enumerate().map(|(at, name)| (name, at)).collect();
        Columns { before: T::BEFORE, kept: shown, positions, after: T::AFTER }
    }

    /// Returns the names and kinds of all columns.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, Kind)> {
        let own = |column: &'static Column| (column.name, column.kind);
        let fields = Field::ALL.iter().map(|field| (field.as_str(), Kind::Text));
        let kept = self.kept.iter().map(|name| (name.as_str(), Kind::Text));
        self.before.iter().map(own).chain(fields).chain(kept).chain(self.after.iter().map(own))
    }

    /// Returns the number of columns.
    pub(super) fn len(&self) -> usize {
        self.iter().count()
    }

    /// Returns the values of a record, one for each column. Fails if the record has a kept column that the file lacks.
    pub(super) fn cells<'r, T: Exported>(
        &self,
        record: &'r T,
        format: ExportFormat,
    ) -> Result<impl Iterator<Item = Cell<'r>>, ExportError> {
        let mut kept = vec![Cell::Empty; self.kept.len()];
        for (name, value) in record.kept() {
            let unknown = || Refusal::UnknownColumn {
                record: record.name(),
                column: name.to_owned(),
                format: format.as_str(),
            };
            let at = self.positions.get(name).ok_or_else(|| ExportError::Refused(unknown()))?;
            kept[*at] = text(value);
        }
        let fields = record.values().values().into_iter().map(|value| text(value));
        Ok(record.before().into_iter().chain(fields).chain(kept).chain(record.after()))
    }
}

fn text(value: &str) -> Cell<'_> {
    if value.is_empty() { Cell::Empty } else { Cell::Text(Cow::Borrowed(value)) }
}
