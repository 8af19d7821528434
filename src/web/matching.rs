//! The form in which a person says where each column of a file goes. The script `matching.js` shows what is missing; without it,
//! the server refuses what it lacks.

use std::collections::HashMap;

use askama::Template;

use super::words;
use crate::actions::{self, Assignment, ColumnChoice, FieldSource, FilePreview};
use crate::domain::field::{Field, PerField};
use crate::domain::file_check::shown;
use crate::domain::interpretation::SkippedLine;
use crate::domain::job::FixedValues;
use crate::domain::refusal::Refusal;
use crate::http::Problem;
use crate::store::column_mappings::ColumnMapping;
use crate::texts::Text;

/// The beginnings of names in the form: of the select of a column, before its position; of the value that a field has in every
/// row, and of the box that leaves a field empty, before the field.
const COLUMN: &str = "column_";
const VALUE: &str = "value_";
const EMPTY: &str = "empty_";

/// Maximum number of values of a column that are shown.
const SAMPLES: usize = 3;

/// Where a column goes: an option of its select.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    /// It is kept with the contacts.
    Kept,
    /// It has the values of a field.
    Field(Field),
    /// It has full names, which are split into first and last names.
    FullName,
    /// It is not imported.
    Excluded,
}

impl Target {
    fn all() -> impl Iterator<Item = Target> {
        let fields = Field::ALL.iter().map(|field| Target::Field(*field));
        fields.chain([Target::FullName, Target::Kept, Target::Excluded])
    }

    /// Returns the value of the option.
    fn word(self) -> &'static str {
        match self {
            Target::Kept => "",
            Target::Field(field) => field.as_str(),
            Target::FullName => "full_name",
            Target::Excluded => "exclude",
        }
    }

    fn of_word(word: &str) -> Option<Target> {
        Target::all().find(|target| target.word() == word)
    }

    /// Returns the fields that have the column.
    fn fields(self) -> Vec<Field> {
        match self {
            Target::Kept | Target::Excluded => Vec::new(),
            Target::Field(field) => vec![field],
            Target::FullName => vec![Field::FirstName, Field::LastName],
        }
    }

    fn name(self, text: &Text) -> String {
        match self {
            Target::Kept => text.goes_kept(),
            Target::Field(field) => words::field(text, field),
            Target::FullName => text.goes_full_name(),
            Target::Excluded => text.goes_unused(),
        }
    }
}

/// An option of the select of a column.
struct Choice {
    target: Target,
    /// The fields that have the column, as `matching.js` reads them.
    fields: String,
    name: String,
}

/// A column of the file.
struct Column {
    name: String,
    /// Some of its values.
    samples: String,
    target: Target,
}

/// A field, for which no column may be chosen.
struct FieldLine {
    field: Field,
    name: String,
    value: String,
    required: bool,
    may_be_fixed: bool,
    may_be_left_empty: bool,
}

/// The columns of a file, with a select for each, and the fields that can have one value in every row instead.
#[derive(Template)]
#[template(path = "columns_table.html")]
pub(crate) struct ColumnsTable {
    text: Text,
    choices: Vec<Choice>,
    columns: Vec<Column>,
    has_samples: bool,
    fields: Vec<FieldLine>,
    /// The names of the fields for which a column has to be chosen.
    missing: String,
    /// The sentence about them.
    incomplete: (String, String),
    /// Whether the file has a header by which the columns can be remembered.
    can_remember: bool,
    is_to_remember: bool,
    remembers_values: bool,
}

impl ColumnsTable {
    /// Returns the columns of a file. Required fields may be left empty by an `editor`.
    pub(crate) fn of(text: &Text, preview: &FilePreview, editor: bool) -> ColumnsTable {
        let mut positions = PerField::default();
        let mut fields = Vec::new();
        for column in &preview.columns {
            *positions.get_mut(column.field) = column.place;
            let may_be_fixed = column.field != Field::Email;
            fields.push(FieldLine {
                field: column.field,
                name: words::field(text, column.field),
                value: column.value.clone().unwrap_or_default(),
                required: column.required,
                may_be_fixed,
                may_be_left_empty: editor && column.required && may_be_fixed,
            });
        }
        let columns = columns(text, &preview.names, &positions, &preview.excluded, &preview.rows);
        ColumnsTable {
            can_remember: preview.has_header,
            is_to_remember: preview.remembered || preview.matched().is_none(),
            remembers_values: preview.remembered && !preview.values().is_empty(),
            ..ColumnsTable::with(text, columns, fields, &positions)
        }
    }

    /// Returns the columns of a remembered mapping. A field other than the e-mail needs neither a column nor a value.
    pub(crate) fn of_remembered(text: &Text, mapping: &ColumnMapping) -> ColumnsTable {
        let field = |field: &Field| FieldLine {
            field: *field,
            name: words::field(text, *field),
            value: mapping.values.get(*field).unwrap_or_default().to_owned(),
            required: *field == Field::Email,
            may_be_fixed: *field != Field::Email,
            may_be_left_empty: false,
        };
        // An earlier version has not stored the names.
        let nameless = || vec![String::new(); mapping.columns.columns.into()];
        let names = mapping.names.clone().unwrap_or_else(nameless);
        let positions = &mapping.columns.positions;
        let columns = columns(text, &names, positions, &mapping.columns.excluded, &[]);
        ColumnsTable::with(text, columns, Field::ALL.iter().map(field).collect(), positions)
    }

    fn with(
        text: &Text,
        columns: Vec<Column>,
        fields: Vec<FieldLine>,
        positions: &PerField<Option<u16>>,
    ) -> ColumnsTable {
        let choice = |target: Target| Choice {
            target,
            fields: target.fields().iter().map(|field| field.as_str()).collect::<Vec<&str>>().join(" "),
            name: target.name(text),
        };
        let is_missing =
            |line: &&FieldLine| line.required && line.value.is_empty() && positions.get(line.field).is_none();
        let missing: Vec<&str> = fields.iter().filter(is_missing).map(|line| line.name.as_str()).collect();
        let sentence = text.columns_incomplete();
        ColumnsTable {
            choices: Target::all().map(choice).collect(),
            has_samples: columns.iter().any(|column| !column.samples.is_empty()),
            missing: missing.join(", "),
            incomplete: (sentence.s0, sentence.s1),
            columns,
            fields,
            can_remember: false,
            is_to_remember: false,
            remembers_values: false,
            text: text.clone(),
        }
    }
}

/// Returns the columns with these names, with samples from the rows.
fn columns(
    text: &Text,
    names: &[String],
    positions: &PerField<Option<u16>>,
    excluded: &[u16],
    rows: &[Vec<String>],
) -> Vec<Column> {
    let target = |at: usize| {
        let has = |field: Field| positions.get(field).map(usize::from) == Some(at);
        let of_field = Field::ALL.iter().copied().find(|field| has(*field));
        match of_field {
            Some(_) if has(Field::FirstName) && has(Field::LastName) => Target::FullName,
            Some(field) => Target::Field(field),
            None if excluded.iter().any(|excluded| usize::from(*excluded) == at) => Target::Excluded,
            None => Target::Kept,
        }
    };
    let column = |at: usize| Column {
        name: column_name(text, names, at),
        samples: samples(rows, at),
        target: target(at),
    };
    (0..names.len()).map(column).collect()
}

/// Returns the name of the column, or its number if it has none.
pub(crate) fn column_name(text: &Text, names: &[String], at: usize) -> String {
    match names.get(at).filter(|name| !name.trim().is_empty()) {
        Some(name) => name.clone(),
        None => text.upload_column((at + 1).to_string()),
    }
}

/// Returns some different values of the column.
fn samples(rows: &[Vec<String>], at: usize) -> String {
    let mut values: Vec<String> = Vec::new();
    for value in rows.iter().filter_map(|row| row.get(at)).map(|value| value.trim()) {
        if values.len() < SAMPLES && !value.is_empty() && !values.iter().any(|known| known == value) {
            values.push(shown(value));
        }
    }
    values.join(" · ")
}

/// The first rows of a file. A click on a line makes it the header.
#[derive(Template)]
#[template(path = "preview_rows.html")]
pub(crate) struct PreviewRows {
    text: Text,
    names: Vec<String>,
    skipped: Vec<SkippedLine>,
    rows: Vec<Vec<String>>,
    row_lines: Vec<u64>,
    /// Whether the buttons send a form, instead of being handled by a script.
    is_form: bool,
}

impl PreviewRows {
    pub(crate) fn of(text: &Text, preview: &FilePreview, is_form: bool) -> PreviewRows {
        PreviewRows {
            text: text.clone(),
            names: preview.names.clone(),
            skipped: preview.skipped.clone(),
            rows: preview.rows.clone(),
            row_lines: preview.row_lines.clone(),
            is_form,
        }
    }

    /// Returns the first rows with their lines.
    fn lines(&self) -> impl Iterator<Item = (&u64, &Vec<String>)> {
        self.row_lines.iter().zip(&self.rows)
    }
}

/// Returns what a form says about each column, and the values of fields that have no column.
///
/// Fails if a field has two columns, or if a value cannot be that of every row.
pub(crate) fn chosen(form: &HashMap<String, String>) -> Result<(Assignment, FixedValues), Problem> {
    let (mut positions, mut excluded) = (PerField::<Option<u16>>::default(), Vec::new());
    for (name, word) in form {
        let Some(position) = name.strip_prefix(COLUMN) else { continue };
        let broken = || Problem::of_value(format!("#/{name}"), Refusal::BrokenForm);
        let position: u16 = position.parse().map_err(|_| broken())?;
        let target = Target::of_word(word.trim()).ok_or_else(broken)?;
        if target == Target::Excluded {
            excluded.push(ColumnChoice::Position(position));
        }
        for field in target.fields() {
            if positions.get_mut(field).replace(position).is_some() {
                return Err(Problem::of_value("#/columns", Refusal::TwoColumns { field }));
            }
        }
    }
    let given = |prefix: &str, field: Field| {
        let text = form.get(&format!("{prefix}{field}")).map(|text| text.trim());
        text.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let mut values = FixedValues::default();
    let fields = PerField::from_fn(|field| match *positions.get(field) {
        Some(position) => Some(FieldSource::Column(ColumnChoice::Position(position))),
        None => match given(VALUE, field) {
            Some(value) => {
                values.set(field, Some(value));
                None
            }
            None => given(EMPTY, field).map(|_| FieldSource::Empty),
        },
    });
    let assignment = Assignment { fields, excluded: Some(excluded), width: None, is_complete: true };
    Ok((assignment, actions::checked_values(values)?))
}
