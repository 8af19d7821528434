//! The values of a merged row, chosen from the rows of a case: one radio button for each value that differs.

use std::collections::HashMap;
use std::num::ParseIntError;

use super::CaseView;
use super::columns::Column;
use crate::domain::field::Field;
use crate::domain::ids::RowId;
use crate::domain::merge::ChosenRows;
use crate::web::extra::{self, ExtraLine};

/// The beginning of the name of a radio button, before the name of the input for the same field or column.
const CHOICE: &str = "from: ";

/// Maximum bytes of the names of columns with radio buttons, since the size of a form is limited. Encoded, a byte may take three.
const COLUMN_BYTES: usize = 8 << 10;

/// A radio button.
pub(super) struct Choice {
    pub(super) name: String,
    /// Whether a merge takes this value unless another is chosen.
    pub(super) checked: bool,
}

impl CaseView {
    /// Returns whether the values of a merged row can be chosen.
    pub(super) fn has_choices(&self) -> bool {
        let fields = 0..Field::ALL.len();
        self.columns.iter().enumerate().any(|(at, _)| {
            fields.clone().any(|field| self.field_choice(&at, &field).is_some())
                || self.extra.iter().any(|line| self.extra_choice(&at, line).is_some())
        })
    }

    /// Returns the radio button for the value of a field in a column of the page.
    pub(super) fn field_choice(&self, column: &usize, field: &usize) -> Option<Choice> {
        let cell = self.columns.get(*column)?.cells.get(*field)?;
        let name = || format!("{CHOICE}{}", cell.name);
        self.choice(*column, cell.differs, name, |of| of.cells[*field].value.as_str())
    }

    /// Returns the radio button for the value in a column of the file that belongs to no field.
    pub(super) fn extra_choice(&self, column: &usize, line: &ExtraLine) -> Option<Choice> {
        let before = self.extra.iter().take_while(|other| other.name != line.name);
        if before.map(|line| line.name.len()).sum::<usize>() + line.name.len() > COLUMN_BYTES {
            return None;
        }
        let (_, differs) = line.values.get(*column)?;
        let name = || format!("{CHOICE}{}", extra::input_name(&line.name));
        let position = |of: &Column| self.columns.iter().position(|column| column.row == of.row);
        let value = |of: &Column| position(of).map_or("", |at| line.values[at].0.as_str());
        self.choice(*column, *differs, name, value)
    }

    fn choice<'a>(
        &'a self,
        column: usize,
        differs: bool,
        name: impl FnOnce() -> String,
        value: impl Fn(&'a Column) -> &'a str,
    ) -> Option<Choice> {
        let may_choose = self.open && self.edits && !self.editing && self.is_duplicate();
        let mut members = self.columns.iter().filter(|column| column.can_be_merged);
        let this = &self.columns[column];
        if !may_choose || !differs || !this.can_be_merged || members.clone().count() < 2 {
            return None;
        }
        let first = members.find(|member| !value(member).is_empty());
        Some(Choice { name: name(), checked: first.is_some_and(|first| first.row == this.row) })
    }
}

/// Returns the rows whose values are chosen in a form.
pub(in crate::web::review) fn chosen(
    form: &HashMap<String, Vec<String>>,
) -> Result<ChosenRows, ParseIntError> {
    let given = form.iter().filter_map(|(name, rows)| Some((name.strip_prefix(CHOICE)?, rows.first()?)));
    given.map(|(name, row)| Ok((name, row.parse::<RowId>()?))).try_fold(
        ChosenRows::default(),
        |all, choice| {
            let (name, row) = choice?;
            Ok(match (extra::column_of(name), name.parse::<Field>()) {
                (Some(column), _) => all.with_other(column, row),
                (None, Ok(field)) => all.with(field, row),
                (None, Err(_)) => all,
            })
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn radio_buttons_are_rows_by_field_and_column() {
        let form = |all: &[(&str, &str)]| -> HashMap<String, Vec<String>> {
            all.iter().map(|(name, value)| ((*name).to_owned(), vec![(*value).to_owned()])).collect()
        };
        let sent = form(&[("from: last_name", "7"), ("from: other: Phone", "3"), ("decision", "merge")]);
        let expected = ChosenRows::default().with(Field::LastName, RowId(7)).with_other("Phone", RowId(3));
        assert_eq!(chosen(&sent), Ok(expected));
        assert_eq!(chosen(&form(&[("from: colour", "7")])), Ok(ChosenRows::default()));
        assert!(chosen(&form(&[("from: last_name", "x")])).is_err());
    }
}
