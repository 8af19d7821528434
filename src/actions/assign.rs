//! Assigns the columns of a file to the fields, as a person says.

use super::ActionError;
use super::preview_file::FilePreview;
use crate::csv::{Mapping, other_columns};
use crate::domain::field::{Field, PerField};
use crate::domain::job::{Columns, FixedValues};
use crate::domain::refusal::Refusal;
use crate::domain::required::RequiredFields;

/// A column of a file, as a person names it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum ColumnChoice {
    /// By its position, from 0.
    Position(u16),
    /// By its name, or by its number from 1.
    Named(String),
}

/// Where the values of a field come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldSource {
    /// A column.
    Column(ColumnChoice),
    /// Nowhere: the field is empty in every row.
    Empty,
}

/// What a person says about the columns of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assignment {
    /// The source of each field; `None` for its fixed value, or else what the names of columns show.
    pub fields: PerField<Option<FieldSource>>,
    /// The columns that are not imported; `None` for those that are remembered.
    pub excluded: Option<Vec<ColumnChoice>>,
    /// The number of columns that the file must have; `None` for any.
    pub width: Option<u16>,
    /// Whether a field without a source has no column, whatever the names of columns show.
    pub is_complete: bool,
}

/// Columns as they are stored with a job.
#[derive(Debug, Clone)]
pub(super) struct Assigned {
    pub columns: Columns,
    /// The fixed values, without those of fields that have got a column.
    pub values: FixedValues,
    /// The required fields, without those that are left empty.
    pub required: RequiredFields,
}

/// Parses `FIELD=COLUMN`, where no column means that the field is left empty.
pub(crate) fn field_source(text: &str) -> Result<(Field, FieldSource), String> {
    let (name, column) =
        text.split_once('=').ok_or("expected FIELD=COLUMN, such as email=3 or company=Firma")?;
    let field = name.parse().map_err(|_| format!("expected one of the fields {}", Field::names()))?;
    let source = match column.trim() {
        "" => FieldSource::Empty,
        column => FieldSource::Column(ColumnChoice::from(column)),
    };
    Ok((field, source))
}

/// Assigns columns to the fields of a file with these names.
///
/// Fails if there is no such column, if two fields have the same one, if a required field has none, or if a column of a
/// field is excluded.
pub(super) fn assign(
    preview: &FilePreview,
    assignment: &Assignment,
    values: &FixedValues,
    required: RequiredFields,
) -> Result<Assigned, ActionError> {
    let width = width(preview, assignment)?;
    let (mut positions, mut values, mut required) = (PerField::default(), values.clone(), required);
    for column in &preview.columns {
        let field = column.field;
        let source = assignment.fields.get(field).as_ref();
        if source.is_some() {
            values.set(field, None);
        }
        let position = match source {
            Some(FieldSource::Empty) => {
                required = required.without(field);
                None
            }
            Some(FieldSource::Column(choice)) => Some(choice.found_in(&preview.names, width, "columns")?),
            None if values.get(field).is_some() || assignment.is_complete => None,
            None => column.place,
        };
        if position.is_none() && required.has(field) && values.get(field).is_none() {
            return Err(unassigned(preview, field));
        }
        *positions.get_mut(field) = position;
    }
    if Mapping::new(positions, width).is_none() {
        return Err(invalid(Refusal::SameColumn));
    }
    let names = Names { names: &preview.names, is_named: preview.has_header, width };
    let excluded = exclusions(&names, assignment.excluded.as_deref(), &preview.excluded, &positions)?;
    let columns = Columns { positions, columns: width, excluded, remembered: false };
    Ok(Assigned { columns, values, required })
}

/// Returns the number of columns of the file.
fn width(preview: &FilePreview, assignment: &Assignment) -> Result<u16, ActionError> {
    let width = u16::try_from(preview.names.len()).unwrap_or(u16::MAX);
    match assignment.width {
        Some(expected) if expected != width => {
            Err(invalid(Refusal::OtherWidth { expected, names: preview.names.clone() }))
        }
        _ => Ok(width),
    }
}

/// The names of the columns of a file.
pub(super) struct Names<'a> {
    /// Those of the header; made-up ones if there is no header, none if they are unknown.
    pub names: &'a [String],
    /// Whether they are those of a header.
    pub is_named: bool,
    /// The number of columns.
    pub width: u16,
}

/// Returns the positions of the columns that are not imported, in order: the `choices` of a person, else those that are
/// `remembered`. A person can name them as their values would be stored too, such as `Phone (2)`.
///
/// Fails if there is no such column, or if a field is read from it.
pub(super) fn exclusions(
    columns: &Names<'_>,
    choices: Option<&[ColumnChoice]>,
    remembered: &[u16],
    fields: &PerField<Option<u16>>,
) -> Result<Vec<u16>, ActionError> {
    let Names { names, is_named, width } = *columns;
    let Some(choices) = choices else {
        // A column that is remembered as excluded may be assigned to a field now.
        return Ok(remembered.iter().copied().filter(|at| field_of(fields, *at).is_none()).collect());
    };
    let is_other = |at: usize| fields.values().iter().all(|field| field.map(usize::from) != Some(at));
    let others = other_columns(names, is_named, is_other);
    let stored_as = |name: &str| {
        let exact = others.iter().find(|(_, other)| other == name.trim());
        let other =
            exact.or_else(|| others.iter().find(|(_, other)| other.eq_ignore_ascii_case(name.trim())));
        other.and_then(|(at, _)| u16::try_from(*at).ok())
    };
    let position = |choice: &ColumnChoice| {
        let stored = match choice {
            ColumnChoice::Named(name) => stored_as(name),
            ColumnChoice::Position(_) => None,
        };
        stored.map_or_else(|| choice.found_in(names, width, "exclude"), Ok)
    };
    let mut excluded = choices.iter().map(position).collect::<Result<Vec<u16>, ActionError>>()?;
    excluded.sort_unstable();
    excluded.dedup();
    let taken = excluded.iter().find_map(|at| Some((*at, field_of(fields, *at)?)));
    taken.map_or(Ok(excluded), |(at, field)| Err(of_field(names, at, field)))
}

/// Returns the field that is read from a column.
fn field_of(fields: &PerField<Option<u16>>, at: u16) -> Option<Field> {
    fields.iter().find(|(_, position)| **position == Some(at)).map(|(field, _)| field)
}

/// Returns why a column of a field cannot be excluded.
fn of_field(names: &[String], at: u16, field: Field) -> ActionError {
    let name = names.get(usize::from(at)).filter(|name| !name.trim().is_empty());
    let (number, name) = (u32::from(at) + 1, name.map(|name| name.trim().to_owned()));
    ActionError::Invalid { field: "exclude", reason: Refusal::ExcludedField { field, number, name } }
}

impl From<&str> for ColumnChoice {
    fn from(name: &str) -> ColumnChoice {
        ColumnChoice::Named(name.to_owned())
    }
}

impl ColumnChoice {
    /// Returns the position of the column in a header of `width` columns with these names.
    ///
    /// Fails as invalid in `field` if there is no such column.
    pub(super) fn found_in(
        &self,
        names: &[String],
        width: u16,
        field: &'static str,
    ) -> Result<u16, ActionError> {
        let exists = |at: &usize| *at < usize::from(width);
        let position = match self {
            ColumnChoice::Position(at) => Some(usize::from(*at)).filter(exists),
            ColumnChoice::Named(choice) => {
                let by_name = names.iter().position(|name| name.trim().eq_ignore_ascii_case(choice.trim()));
                let by_number = || choice.trim().parse::<usize>().ok()?.checked_sub(1).filter(exists);
                by_name.or_else(by_number)
            }
        };
        let position = position.and_then(|at| u16::try_from(at).ok());
        position.ok_or_else(|| self.missing(names, field))
    }

    /// Returns the error for a column that does not exist.
    fn missing(&self, names: &[String], field: &'static str) -> ActionError {
        let column = match self {
            ColumnChoice::Named(name) => name.clone(),
            ColumnChoice::Position(at) => (u32::from(*at) + 1).to_string(),
        };
        let reason = match names {
            // An earlier version has not stored the names.
            [] => Refusal::NotInHeader,
            names => Refusal::NoColumn { column, names: names.to_vec() },
        };
        ActionError::Invalid { field, reason }
    }
}

fn invalid(reason: Refusal) -> ActionError {
    ActionError::Invalid { field: "columns", reason }
}

fn unassigned(preview: &FilePreview, field: Field) -> ActionError {
    invalid(Refusal::Unassigned { field, names: preview.names.clone() })
}
