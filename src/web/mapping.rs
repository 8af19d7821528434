//! The page of the columns that are remembered.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::response::{Redirect, Response};

use super::form::{DoneQuery, Form, request};
use super::language::Viewer;
use super::matching::{ColumnsTable, chosen, column_name};
use super::shell::{Section, Shell, show};
use super::times::Time;
use super::words;
use crate::actions::{self, ActionError, Assignment, FieldSource};
use crate::domain::field::{Field, PerField};
use crate::domain::ids::MappingId;
use crate::http::{App, Path, Problem, Query, Reader, Uploader};
use crate::store::column_mappings::{self, ColumnMapping};
use crate::texts::Text;

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
        let name = |at: u16| column_name(text, names, at.into());
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
    columns: ColumnsTable,
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
    let columns = ColumnsTable::of_remembered(&viewer.text, &mapping);
    let header = mapping.names.unwrap_or_default().join(", ");
    let title = viewer.text.mappings_change_one(id.to_string());
    show(&OnePage { shell: Shell::new(viewer, &principal, Section::Upload, title), id, header, columns })
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
