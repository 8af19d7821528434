//! Values in columns that belong to no field.

use std::collections::HashSet;

use askama::Template;

use crate::domain::extra::Extra;
use crate::texts::Text;

/// The values of a row, folded up.
#[derive(Template)]
#[template(path = "extra.html")]
pub(crate) struct ExtraView {
    title: String,
    extra: Extra,
}

impl ExtraView {
    /// Returns the values, `None` if there are none.
    pub(crate) fn of(text: &Text, extra: &Extra) -> Option<ExtraView> {
        let count = i64::try_from(extra.iter().count()).unwrap_or(i64::MAX);
        let view = || ExtraView { title: text.extra_columns(count), extra: extra.clone() };
        (!extra.is_empty()).then(view)
    }
}

/// The values of several rows or contacts in one column.
pub(crate) struct ExtraLine {
    /// The name of the column.
    pub name: String,
    /// The values, empty if there is none, and whether they differ.
    pub values: Vec<(String, bool)>,
}

/// Returns a line for each column in which any of these has a value. Those that are `discarded` do not count as different.
pub(crate) fn side_by_side(all: &[(&Extra, bool)]) -> Vec<ExtraLine> {
    let mut seen = HashSet::new();
    let names = all.iter().flat_map(|(extra, _)| extra.iter()).map(|(name, _)| name);
    let names = names.filter(|name| seen.insert(*name)).collect::<Vec<&str>>();
    let line = |name: &str| {
        let value = |extra: &Extra| extra.get(name).unwrap_or_default().to_owned();
        let mut counted = all.iter().filter(|(_, discarded)| !discarded).map(|(extra, _)| value(extra));
        let first = counted.next();
        let differs = counted.any(|value| Some(value) != first);
        let values = all.iter().map(|(extra, discarded)| (value(extra), differs && !discarded));
        ExtraLine { name: name.to_owned(), values: values.collect() }
    };
    names.into_iter().map(line).collect()
}

/// Returns the values that differ between two states of a contact: the column, before and after.
pub(crate) fn changes(before: &Extra, after: &Extra) -> Vec<(String, String, String)> {
    let lines = side_by_side(&[(before, false), (after, false)]).into_iter();
    lines
        .filter_map(|line| match &line.values[..] {
            [(old, true), (new, _)] => Some((line.name.clone(), old.clone(), new.clone())),
            _ => None,
        })
        .collect()
}
