//! The upload of a file, with a preview of its columns.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::form::{request, wants_part};
use super::language::Viewer;
use super::mapping::{MappingFields, PreviewRows};
use super::reading::{ReadingView, Readings};
use super::settings::{PartButtons, SettingsFields};
use super::shell::{Section, Shell, show};
use crate::actions::ActionError;
use crate::domain::job::ParseSettings;
use crate::domain::refusal::Refusal;
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
        complete: preview.matched().is_some(),
        remembered: preview.remembered,
        text,
    })
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
    let page = match uploaded.parts.is_empty() {
        true => format!("/jobs/{}", uploaded.job),
        false => "/jobs".to_owned(),
    };
    if !is_script {
        return Ok(Redirect::to(&page).into_response());
    }
    let status = if uploaded.earlier { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok((status, [("hx-redirect", page)]).into_response())
}

/// Downloads a sample file.
pub(super) async fn sample(Uploader(_): Uploader) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"contacts.csv\""),
    ];
    (headers, include_str!("../../examples/contacts.csv")).into_response()
}
