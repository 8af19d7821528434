//! Forms in which a person says which column of a file is which, and the page of what is remembered of that.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::response::{Redirect, Response};

use super::form::{DoneQuery, Form, request};
use super::language::Viewer;
use super::shell::{Section, Shell, show};
use super::times::Time;
use super::words;
use crate::actions::{self, ActionError, Assignment, ColumnChoice, FieldSource, FilePreview};
use crate::domain::field::{Field, PerField};
use crate::domain::ids::MappingId;
use crate::domain::interpretation::SkippedLine;
use crate::domain::job::FixedValues;
use crate::domain::refusal::Refusal;
use crate::http::{App, Path, Problem, Query, Reader, Uploader};
use crate::store::column_mappings::{self, ColumnMapping};
use crate::texts::Text;

/// The value of the choice to leave a field empty.
const EMPTY: &str = "-";
/// The beginning of the names of the boxes for columns that are not imported, before their positions.
const EXCLUDE: &str = "exclude_";

/// The fields of a form, each with the columns to choose from.
#[derive(Template)]
#[template(path = "mapping_fields.html")]
pub(crate) struct MappingFields {
    text: Text,
    choices: Vec<Choice>,
    names: Vec<String>,
    /// The positions of the columns that are not imported.
    excluded: Vec<u16>,
    /// Whether the file has a header by which the columns can be remembered.
    can_remember: bool,
    is_to_remember: bool,
    remembers_values: bool,
}

/// A field and the column of the file that is chosen for it.
struct Choice {
    field: Field,
    name: String,
    column: Option<u16>,
    value: String,
    required: bool,
    may_be_fixed: bool,
    may_be_left_empty: bool,
}

impl Choice {
    /// Returns whether another field may have the same column: one of full names, which are split.
    fn may_share_column(&self) -> bool {
        matches!(self.field, Field::FirstName | Field::LastName)
    }

    /// Returns whether the column `index` is chosen.
    fn is_chosen(&self, index: &usize) -> bool {
        self.column.is_some_and(|column| usize::from(column) == *index)
    }
}

impl MappingFields {
    /// Returns the fields for a file. Those that an `editor` fills in may be left empty.
    pub(crate) fn of(text: &Text, preview: &FilePreview, editor: bool) -> MappingFields {
        let choices = preview.columns.iter().map(|column| Choice {
            field: column.field,
            name: words::field(text, column.field),
            column: column.place,
            value: column.value.clone().unwrap_or_default(),
            required: column.required,
            may_be_fixed: column.field != Field::Email,
            may_be_left_empty: editor && column.required && column.field != Field::Email,
        });
        MappingFields {
            choices: choices.collect(),
            names: preview.names.clone(),
            excluded: preview.excluded.clone(),
            can_remember: preview.has_header,
            is_to_remember: preview.remembered || preview.matched().is_none(),
            remembers_values: preview.remembered && !preview.values().is_empty(),
            text: text.clone(),
        }
    }

    /// Returns whether the column `index` is not imported.
    fn is_excluded(&self, index: &usize) -> bool {
        self.excluded.iter().any(|excluded| usize::from(*excluded) == *index)
    }

    /// Returns the fields for a remembered mapping. A field other than the e-mail needs neither a column nor a value.
    fn of_remembered(text: &Text, mapping: &ColumnMapping) -> MappingFields {
        let choice = |field: &Field| Choice {
            field: *field,
            name: words::field(text, *field),
            column: *mapping.columns.positions.get(*field),
            value: mapping.values.get(*field).unwrap_or_default().to_owned(),
            required: *field == Field::Email,
            may_be_fixed: *field != Field::Email,
            may_be_left_empty: false,
        };
        // An earlier version has not stored the names.
        let nameless = || vec![String::new(); mapping.columns.columns.into()];
        MappingFields {
            choices: Field::ALL.iter().map(choice).collect(),
            names: mapping.names.clone().unwrap_or_else(nameless),
            excluded: mapping.columns.excluded.clone(),
            can_remember: false,
            is_to_remember: false,
            remembers_values: false,
            text: text.clone(),
        }
    }
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

/// Returns the columns and the values that are chosen in a form.
pub(crate) fn chosen(form: &HashMap<String, String>) -> Result<(Assignment, FixedValues), Problem> {
    let mut values = FixedValues::default();
    let fields = PerField::try_from_fn(|field| {
        let text = |name: &str| form.get(name).map_or("", |text| text.trim());
        let value = text(&format!("value_{field}"));
        Ok::<_, Problem>(match text(field.as_str()) {
            "" if !value.is_empty() => {
                values.set(field, Some(value.to_owned()));
                None
            }
            "" => None,
            EMPTY => Some(FieldSource::Empty),
            position => {
                let refused = |_| Problem::of_value(format!("#/{field}"), Refusal::BrokenForm);
                Some(FieldSource::Column(ColumnChoice::Position(position.parse().map_err(refused)?)))
            }
        })
    })?;
    let refused = |_| Problem::of_value("#/exclude", Refusal::BrokenForm);
    let excluded = form.keys().filter_map(|name| name.strip_prefix(EXCLUDE));
    let excluded = excluded.map(|position| position.parse().map(ColumnChoice::Position).map_err(refused));
    let excluded = Some(excluded.collect::<Result<Vec<ColumnChoice>, Problem>>()?);
    Ok((Assignment { fields, excluded, width: None }, actions::checked_values(values)?))
}

/// A remembered mapping as a line.
struct Line {
    id: MappingId,
    header: String,
    columns: Vec<(String, String)>,
    /// The names of the columns that are not imported.
    excluded: Vec<String>,
    time: Time,
}

impl Line {
    fn of(text: &Text, mapping: &ColumnMapping) -> Line {
        let names = mapping.names.as_deref().unwrap_or_default();
        let name = |at: u16| match names.get(usize::from(at)).filter(|name| !name.trim().is_empty()) {
            Some(name) => name.clone(),
            None => text.upload_column((u32::from(at) + 1).to_string()),
        };
        let of_field = |field: &Field| {
            let source = match mapping.values.get(*field) {
                Some(value) => text.reading_value(value),
                None => name((*mapping.columns.positions.get(*field))?),
            };
            Some((words::field(text, *field), source))
        };
        Line {
            id: mapping.id,
            header: names.join(", "),
            columns: Field::ALL.iter().filter_map(of_field).collect(),
            excluded: mapping.columns.excluded.iter().map(|at| name(*at)).collect(),
            time: Time::ago(text, mapping.used_at),
        }
    }
}

#[derive(Template)]
#[template(path = "mappings.html")]
struct Page {
    shell: Shell,
    lines: Vec<Line>,
    notice: Option<String>,
}

/// Shows the columns that are remembered.
pub(super) async fn list(
    Reader(principal): Reader,
    viewer: Viewer,
    State(app): State<App>,
    Query(query): Query<DoneQuery>,
) -> Result<Response, Problem> {
    let mut db = app.owners.read(&principal.owner).await?;
    let mappings = column_mappings::list(&mut db, &principal.owner).await?;
    let lines = mappings.iter().map(|mapping| Line::of(&viewer.text, mapping)).collect();
    let title = viewer.text.mappings_title();
    let notice = query.done.map(|done| done.words(&viewer.text));
    show(&Page { shell: Shell::new(viewer, &principal, Section::Upload, title), lines, notice })
}

#[derive(Template)]
#[template(path = "mapping.html")]
struct OnePage {
    shell: Shell,
    id: MappingId,
    header: String,
    fields: MappingFields,
}

/// Shows the form that changes a mapping.
pub(super) async fn one(
    Uploader(principal): Uploader,
    viewer: Viewer,
    State(app): State<App>,
    Path(id): Path<MappingId>,
) -> Result<Response, Problem> {
    let mut db = app.owners.read(&principal.owner).await?;
    let mapping = column_mappings::get(&mut db, &principal.owner, id).await?;
    db.rollback().await?;
    let mapping = mapping.ok_or(ActionError::NoMapping(id))?;
    let fields = MappingFields::of_remembered(&viewer.text, &mapping);
    let header = mapping.names.unwrap_or_default().join(", ");
    let title = viewer.text.mappings_change_one(id.to_string());
    show(&OnePage { shell: Shell::new(viewer, &principal, Section::Upload, title), id, header, fields })
}

/// Changes a mapping. A field for which the form has neither a column nor a value gets neither.
pub(super) async fn change(
    Uploader(principal): Uploader,
    State(app): State<App>,
    Path(id): Path<MappingId>,
    Form(form): Form<HashMap<String, String>>,
) -> Result<Redirect, Problem> {
    let (chosen, values) = chosen(&form)?;
    let fields = PerField::from_fn(|field| match chosen.fields.get(field) {
        None if values.get(field).is_none() => Some(FieldSource::Empty),
        source => source.clone(),
    });
    let assignment = Assignment { fields, ..chosen };
    actions::change_mapping(&app.owners, &request(principal), id, &assignment, &values).await?;
    Ok(Redirect::to("/mappings?done=saved"))
}

/// Forgets a mapping.
pub(super) async fn forget(
    Uploader(principal): Uploader,
    State(app): State<App>,
    Path(mapping): Path<MappingId>,
) -> Result<Redirect, Problem> {
    actions::forget_mapping(&app.owners, &request(principal), mapping).await?;
    Ok(Redirect::to("/mappings?done=forgotten"))
}
