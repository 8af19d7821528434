//! Assigns the columns of a file to the fields, as a person says.

use super::ActionError;
use super::preview_file::FilePreview;
use crate::csv::Mapping;
use crate::domain::field::{Field, PerField};
use crate::domain::job::{Columns, FixedValues};
use crate::domain::refusal::Refusal;
use crate::domain::required::RequiredFields;

/// Where the values of a field come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldSource {
    /// A column, by its name, or by its number from 1.
    Column(String),
    /// A column, by its position from 0.
    Position(u16),
    /// Nowhere: the field is empty in every row.
    Empty,
}

/// What a person says about each field; `None` for what the names of columns show.
pub type Assignment = PerField<Option<FieldSource>>;

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
        column => FieldSource::Column(column.to_owned()),
    };
    Ok((field, source))
}

/// Assigns columns to the fields of a file with these names.
///
/// Fails if there is no such column, if two fields have the same one, or if a required field has none.
pub(super) fn assign(
    preview: &FilePreview,
    assignment: &Assignment,
    values: &FixedValues,
    required: RequiredFields,
) -> Result<Assigned, ActionError> {
    let width = u16::try_from(preview.names.len()).unwrap_or(u16::MAX);
    let (mut positions, mut values, mut required) = (PerField::default(), values.clone(), required);
    for column in &preview.columns {
        let field = column.field;
        let source = assignment.get(field).as_ref();
        if source.is_some() {
            values.set(field, None);
        }
        let position = match source {
            Some(FieldSource::Empty) => {
                required = required.without(field);
                None
            }
            Some(source) => {
                Some(source.position(&preview.names, width).ok_or_else(|| no_column(preview, source))?)
            }
            None if values.get(field).is_some() => None,
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
    Ok(Assigned { columns: Columns { positions, columns: width, remembered: false }, values, required })
}

impl FieldSource {
    /// Returns the position of the column in a header of `width` columns with these names.
    pub(super) fn position(&self, names: &[String], width: u16) -> Option<u16> {
        let exists = |at: &usize| *at < usize::from(width);
        let position = match self {
            FieldSource::Empty => None,
            FieldSource::Position(at) => Some(usize::from(*at)).filter(exists),
            FieldSource::Column(told) => {
                let by_name = names.iter().position(|name| name.trim().eq_ignore_ascii_case(told.trim()));
                let by_number = || told.trim().parse::<usize>().ok()?.checked_sub(1).filter(exists);
                by_name.or_else(by_number)
            }
        };
        position.and_then(|at| u16::try_from(at).ok())
    }
}

fn invalid(reason: Refusal) -> ActionError {
    ActionError::Invalid { field: "columns", reason }
}

fn no_column(preview: &FilePreview, source: &FieldSource) -> ActionError {
    let column = match source {
        FieldSource::Column(named) => named.clone(),
        FieldSource::Position(at) => (u32::from(*at) + 1).to_string(),
        FieldSource::Empty => String::new(),
    };
    invalid(Refusal::NoColumn { column, names: preview.names.clone() })
}

fn unassigned(preview: &FilePreview, field: Field) -> ActionError {
    invalid(Refusal::Unassigned { field, names: preview.names.clone() })
}
