//! Values in columns that belong to no field.

use std::collections::{HashMap, HashSet};

use askama::Template;

use crate::domain::decision::Edits;
use crate::domain::extra::Extra;
use crate::domain::field::PerField;
use crate::domain::row::unified;
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

/// Returns a line for each column in which any of these has a value, and for each of `columns`. Those that are `discarded` do
/// not count as different.
pub(crate) fn side_by_side(all: &[(&Extra, bool)], columns: &[String]) -> Vec<ExtraLine> {
    let mut seen = HashSet::new();
    let names = all.iter().flat_map(|(extra, _)| extra.iter()).map(|(name, _)| name);
    let names = names.chain(columns.iter().map(String::as_str));
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
    let lines = side_by_side(&[(before, false), (after, false)], &[]).into_iter();
    lines
        .filter_map(|line| match &line.values[..] {
            [(old, true), (new, _)] => Some((line.name.clone(), old.clone(), new.clone())),
            _ => None,
        })
        .collect()
}

/// The beginning of the name of an input, before the name of its column.
const INPUT: &str = "other: ";

/// Returns the name of the input for a column.
pub(crate) fn input_name(column: &str) -> String {
    format!("{INPUT}{column}")
}

/// Returns the column of an input by its name, the reverse of [`input_name`].
pub(crate) fn column_of(name: &str) -> Option<&str> {
    name.strip_prefix(INPUT)
}

/// Maximum bytes of names and values in the inputs of a form, whose size is limited. Encoded, a byte may take three.
const FORM_BYTES: usize = 16 << 10;

/// An input for the value in a column.
#[derive(Template)]
#[template(path = "extra_input.html")]
pub(crate) struct ExtraInput {
    /// The name of the column.
    pub column: String,
    /// The value before.
    pub value: String,
    name: String,
    /// The id of the form, unless the input is inside of it.
    form: Option<String>,
    /// Its label, unless it is inside of one.
    label: Option<String>,
}

impl ExtraInput {
    /// Returns whether its value needs more than one line. An input of one line would join them.
    fn has_lines(&self) -> bool {
        self.value.contains(['\n', '\r'])
    }
}

/// The inputs of a form.
#[derive(Default)]
pub(crate) struct ExtraInputs {
    /// The inputs.
    pub inputs: Vec<ExtraInput>,
    /// Whether there are columns without an input, since the values are too long for a form.
    pub is_partial: bool,
}

impl ExtraInputs {
    /// Returns inputs for the values of `extra` in `columns`, outside of the form with the id `form` if it is set. `label`
    /// returns the label of a column.
    pub(crate) fn of(
        columns: &[String],
        extra: &Extra,
        form: Option<&str>,
        label: impl Fn(&str) -> Option<String>,
    ) -> ExtraInputs {
        let mut bytes = 0;
        let mut all = ExtraInputs::default();
        for column in columns {
            let value = extra.get(column).unwrap_or_default();
            let size = column.len() + value.len();
            if bytes + size > FORM_BYTES {
                all.is_partial = true;
                continue;
            }
            bytes += size;
            all.inputs.push(ExtraInput {
                column: column.clone(),
                value: value.to_owned(),
                name: input_name(column),
                form: form.map(str::to_owned),
                label: label(column),
            });
        }
        all
    }

    /// Returns whether there is an input without a value.
    pub(crate) fn has_empty(&self) -> bool {
        self.inputs.iter().any(|input| input.value.is_empty())
    }

    /// Returns the input for a column.
    pub(crate) fn get(&self, column: &str) -> Option<&ExtraInput> {
        self.inputs.iter().find(|input| input.column == column)
    }
}

/// Returns the new values that a form contains. Fields and columns without an input do not change.
pub(crate) fn edits(form: &HashMap<String, String>) -> Edits {
    let fields = PerField::from_fn(|field| form.get(field.as_str()).cloned());
    let others = form.iter().filter_map(|(name, value)| Some((column_of(name)?, value)));
    others.fold(Edits::from(fields), |edits, (column, value)| edits.with_other(column, unified(value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::decision::Field;

    #[test]
    fn a_form_contains_what_fits() {
        let long = "x".repeat(FORM_BYTES);
        let values = serde_json::json!({ "Notes": long, "Phone": "1", "Fax": "a\nb" });
        let columns = ["Notes", "City", "Phone", "Fax"].map(str::to_owned);
        let inputs = ExtraInputs::of(&columns, &Extra::from(values), Some("edit"), |_| None);
        let shown: Vec<(&str, &str)> =
            inputs.inputs.iter().map(|input| (input.column.as_str(), input.value.as_str())).collect();
        assert_eq!((shown, inputs.is_partial), (vec![("City", ""), ("Phone", "1"), ("Fax", "a\nb")], true));
        assert!(
            inputs.get("Fax").unwrap().to_string().contains("<textarea form=\"edit\" name=\"other: Fax\"")
        );
    }

    #[test]
    fn inputs_are_edits() {
        let form =
            [("email", "a@example.com"), ("other: Phone", "5"), ("other: Notes", "a\r\nb"), ("tag", "x")];
        let form = form.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let expected =
            Edits::of(Field::Email, "a@example.com").with_other("Phone", "5").with_other("Notes", "a\nb");
        assert_eq!(edits(&form), expected);
    }
}
