//! The upload of a file, with a preview of its columns.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};

use super::form::request;
use super::language::Viewer;
use super::mapping::{MappingFields, PreviewRows};
use super::reading::{ReadingView, Readings};
use super::settings::{PartButtons, SettingsFields};
use super::shell::{Section, Shell, show};
use crate::domain::job::ParseSettings;
use crate::http::{App, PreviewQuery, Problem, Query, UploadQuery, Uploader, preview_of, take_upload};
use crate::texts::Text;

#[derive(Template)]
#[template(path = "upload.html")]
struct Page {
    shell: Shell,
    settings: SettingsFields,
}

/// Shows the form.
pub(super) async fn page(Uploader(principal): Uploader, viewer: Viewer) -> Result<Response, Problem> {
    let title = viewer.text.upload_title();
    let settings = SettingsFields::of(&viewer.text, "", &ParseSettings::default());
    show(&Page { shell: Shell::new(viewer, &principal, Section::Upload, title), settings })
}

#[derive(Template)]
#[template(path = "upload_preview.html")]
struct Part {
    text: Text,
    /// The number of columns.
    width: usize,
    parts: Option<PartButtons>,
    /// `None` if each part of the file becomes a job.
    fields: Option<MappingFields>,
    reading: ReadingView,
    readings: Option<Readings>,
    rows: PreviewRows,
    complete: bool,
    remembered: bool,
}

/// Shows how the beginning of a file is parsed.
pub(super) async fn preview(
    Uploader(principal): Uploader,
    viewer: Viewer,
    State(app): State<App>,
    Query(query): Query<PreviewQuery>,
    head: Request,
) -> Result<Response, Problem> {
    let preview = preview_of(&app, &principal.owner, &query, head).await?;
    let text = viewer.text;
    show(&Part {
        width: preview.names.len(),
        parts: PartButtons::of(&text, &preview, false),
        fields: (!preview.is_split).then(|| MappingFields::of(&text, &preview, false)),
        reading: ReadingView::of_preview(&text, &preview),
        readings: Readings::of_preview(&text, &preview),
        rows: PreviewRows::of(&text, &preview, false),
        complete: preview.matched().is_some(),
        remembered: preview.remembered,
        text,
    })
}

/// Uploads a file from a browser without scripts.
pub(super) async fn take(
    Uploader(principal): Uploader,
    State(app): State<App>,
    Query(query): Query<UploadQuery>,
    form: Request,
) -> Result<Redirect, Problem> {
    let uploaded = take_upload(&app, &request(principal), &query, form).await?;
    Ok(match uploaded.parts.is_empty() {
        true => Redirect::to(&format!("/jobs/{}", uploaded.job)),
        false => Redirect::to("/jobs"),
    })
}

/// Downloads a sample file.
pub(super) async fn sample(Uploader(_): Uploader) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"contacts.csv\""),
    ];
    (headers, include_str!("../../examples/contacts.csv")).into_response()
}
