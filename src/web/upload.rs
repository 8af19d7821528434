//! The upload of a file, with a preview of its columns.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::form::{request, wants_part};
use super::language::Viewer;
use super::matching::{ColumnsTable, PreviewRows};
use super::reading::{ReadingView, Readings};
use super::refusals::reason;
use super::settings::{PartButtons, SettingsFields};
use super::shell::{Section, Shell, show};
use crate::actions::Uploaded;
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
    /// The files that the browser offers to choose.
    accept: String,
    /// The sentence about the kinds of files and their maximum size.
    formats: String,
}

/// The ends of the names of files that can be imported, by kind.
const ENDS: [&[&str]; 4] = [
    &["csv", "txt", "tsv"],
    &["xlsx", "xlsm", "xlsb", "xls", "ods"],
    &["vcf"],
    &["zip", "gz", "zst", "bz2", "xz"],
];
/// The types that systems give to text, whose files may have any name.
const TYPES: &str = "text/csv,text/plain,text/tab-separated-values";

/// Returns the sentence about the kinds of files that can be uploaded, and their maximum size.
pub(super) fn formats(text: &Text, app: &App) -> String {
    let kinds = ENDS.map(|ends| ends.join(", ").to_uppercase()).join("; ");
    let limit = i64::try_from(app.upload_limit_bytes >> 20).unwrap_or(i64::MAX);
    text.upload_formats(text.number(limit), kinds)
}

/// Shows the form.
pub(super) async fn page(
    Uploader(principal): Uploader,
    viewer: Viewer,
    State(app): State<App>,
) -> Result<Response, Problem> {
    let title = viewer.text.upload_title();
    let accept: String = ENDS.iter().copied().flatten().map(|end| format!(".{end},")).collect();
    show(&Page {
        settings: SettingsFields::of(&viewer.text, "", &ParseSettings::default()),
        accept: accept + TYPES,
        formats: formats(&viewer.text, &app),
        shell: Shell::new(viewer, &principal, Section::Upload, title),
    })
}

#[derive(Template)]
#[template(path = "upload_preview.html")]
struct Part {
    text: Text,
    /// The number of columns.
    width: usize,
    parts: Option<PartButtons>,
    /// `None` if each part of the file becomes a job.
    table: Option<ColumnsTable>,
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
        table: (!preview.is_split).then(|| ColumnsTable::of(&text, &preview, false)),
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
    let Refusal::PreviewTooLarge { packed_mb, unpacked_mb } = reason(problem)? else { return None };
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
