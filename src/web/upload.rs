//! The upload of a file, with a preview of its columns.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::form::{request, wants_part};
use super::language::Viewer;
use super::mapping::{MappingFields, PreviewRows};
use super::reading::{ReadingView, Readings};
use super::settings::{PartButtons, SettingsFields};
use super::shell::{Section, Shell, show};
use crate::actions::{ActionError, FilePreview, Uploaded};
use crate::domain::file_check::shown;
use crate::domain::job::ParseSettings;
use crate::domain::refusal::Refusal;
use crate::http::{
    App, Path, PreviewQuery, Problem, Query, UploadQuery, Uploader, create_upload, delete_upload,
    find_upload, preview_of, receive_part, take_upload,
};
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
    /// The names of the columns with some of their values.
    columns: Vec<(String, String)>,
    complete: bool,
    remembered: bool,
}

#[derive(Template)]
#[template(path = "upload_no_preview.html")]
struct NoPreview {
    words: String,
}

/// Shows how the beginning of a file is parsed.
pub(super) async fn preview(
    Uploader(principal): Uploader,
    viewer: Viewer,
    State(app): State<App>,
    Query(query): Query<PreviewQuery>,
    head: Request,
) -> Result<Response, Problem> {
    let text = viewer.text;
    let preview = match preview_of(&app, &principal.owner, &query, head).await {
        Ok(preview) => preview,
        Err(problem) => {
            let words = too_large(&text, &problem).ok_or(problem)?;
            return show(&NoPreview { words });
        }
    };
    show(&Part {
        width: preview.names.len(),
        parts: PartButtons::of(&text, &preview, false),
        fields: (!preview.is_split).then(|| MappingFields::of(&text, &preview, false)),
        reading: ReadingView::of_preview(&text, &preview),
        readings: Readings::of_preview(&text, &preview),
        rows: PreviewRows::of(&text, &preview, false),
        columns: columns(&preview),
        complete: preview.matched().is_some(),
        remembered: preview.remembered,
        text,
    })
}

/// Maximum number of values of a column that are shown.
const SAMPLES: usize = 3;

/// Returns the names of the columns with some of their values.
fn columns(preview: &FilePreview) -> Vec<(String, String)> {
    let samples = |at: usize| {
        let mut values: Vec<String> = Vec::new();
        for value in preview.rows.iter().filter_map(|row| row.get(at)).map(|value| value.trim()) {
            if values.len() < SAMPLES && !value.is_empty() && !values.iter().any(|known| known == value) {
                values.push(shown(value));
            }
        }
        values.join(" · ")
    };
    preview.names.iter().enumerate().map(|(at, name)| (name.clone(), samples(at))).collect()
}

/// Returns what to do with a file that is too large for a preview but not for an upload.
fn too_large(text: &Text, problem: &Problem) -> Option<String> {
    let ActionError::Invalid { reason: Refusal::PreviewTooLarge { packed_mb, unpacked_mb }, .. } =
        problem.action_error()?
    else {
        return None;
    };
    Some(text.upload_no_preview(packed_mb.to_string(), unpacked_mb.to_string()))
}

/// Uploads a file: from the form of a browser without scripts, or from the script of the page, which shows the progress and
/// asks about a file that was uploaded before.
pub(super) async fn take(
    Uploader(principal): Uploader,
    State(app): State<App>,
    Query(query): Query<UploadQuery>,
    form: Request,
) -> Result<Response, Problem> {
    let is_script = wants_part(form.headers());
    let uploaded = take_upload(&app, &request(principal), &query, form).await?;
    match is_script {
        true => Ok(made(&uploaded)),
        false => Ok(Redirect::to(&page_of(&uploaded)).into_response()),
    }
}

/// Returns the page that shows the jobs of a file.
fn page_of(uploaded: &Uploaded) -> String {
    match uploaded.parts.is_empty() {
        true => format!("/jobs/{}", uploaded.job),
        false => "/jobs".to_owned(),
    }
}

/// Returns the response to the script of the page when a file is complete.
fn made(uploaded: &Uploaded) -> Response {
    let status = if uploaded.earlier { StatusCode::OK } else { StatusCode::ACCEPTED };
    (status, [("hx-redirect", page_of(uploaded))]).into_response()
}

/// Creates an upload that arrives in several requests of the script of the page.
pub(super) async fn create(
    Uploader(principal): Uploader,
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (id, expiry) = create_upload(&app, &principal.owner, &headers).await?;
    let location = [(header::LOCATION, format!("/upload/resumable/{id}"))];
    Ok((StatusCode::CREATED, expiry, location).into_response())
}

/// Returns how much of such an upload has arrived, or the page of its job.
pub(super) async fn look_up(
    Uploader(principal): Uploader,
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let state = find_upload(&app, &principal.owner, &id, &headers).await?;
    let made = state.uploaded.as_ref().map(made);
    Ok(made.unwrap_or_else(|| (StatusCode::NO_CONTENT, state.all_headers()).into_response()))
}

/// Receives a part of such an upload.
pub(super) async fn receive(
    Uploader(principal): Uploader,
    State(app): State<App>,
    Path(id): Path<String>,
    part: Request,
) -> Result<Response, Problem> {
    let state = receive_part(&app, request(principal), &id, part).await?;
    let made = state.uploaded.as_ref().map(made);
    Ok(made.unwrap_or_else(|| (StatusCode::NO_CONTENT, state.headers()).into_response()))
}

/// Deletes such an upload, since the person has cancelled it.
pub(super) async fn cancel(
    Uploader(principal): Uploader,
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    delete_upload(&app, &principal.owner, &id, &headers).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Downloads a sample file.
pub(super) async fn sample(Uploader(_): Uploader) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"contacts.csv\""),
    ];
    (headers, include_str!("../../examples/contacts.csv")).into_response()
}
