//! Files on their way out, and corrections on their way back in.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::bodies::reader;
use super::ceilings::Permit;
use super::extract::Path;
use super::form_data::{FormFile, is_form};
use super::jobs::find;
use super::principal::{Editor, Reader};
use super::problem::{Problem, Told};
use super::request::{IdempotencyKey, Keyed};
use super::state::App;
use super::uploads::Form;
use crate::actions::{self, Corrected};
use crate::domain::job::JobId;

/// A file to keep, under a name in any script (RFC 6266, RFC 8187); one of its owner's downloads until it is sent.
pub fn attachment(
    permit: Permit,
    name: &str,
    kind: &'static str,
    bytes: Option<u64>,
    body: Body,
) -> Response {
    let body = permit.until_sent(body);
    let encoded: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
    let disposition = format!("attachment; filename*=UTF-8''{}", encoded.replace('+', "%20"));
    let headers = [(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)];
    let length = bytes.map(|bytes| [(header::CONTENT_LENGTH, bytes.to_string())]);
    match length {
        Some(length) => (headers, length, body).into_response(),
        None => (headers, body).into_response(),
    }
}

/// A file of CSV.
pub const CSV: &str = "text/csv; charset=utf-8";

/// The file of a job as it came in.
#[utoipa::path(get, path = "/jobs/{job}/file", tag = "jobs", params(("job" = i32, Path, description = "The job")),
    responses((status = 200, description = "The file", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 404, description = "There is no such job, or its file is gone", body = Told, content_type = "application/problem+json")))]
pub async fn job_file(
    Reader(principal): Reader,
    State(app): State<App>,
    Path(job): Path<i32>,
) -> Result<Response, Problem> {
    let permit = app.ceilings.exports.enter(&principal.owner)?;
    let mut db = app.owners.read(&principal.owner).await?;
    let job = find(&mut db, &principal.owner, job).await?;
    db.rollback().await?;
    let opened = app.objects.open(&job.object_key, None).await?;
    let body = Body::from_stream(opened.bytes);
    Ok(attachment(permit, &job.filename, "application/octet-stream", Some(opened.size), body))
}

/// The rows of a job that an open issue is about, as CSV, to be corrected in a spreadsheet and sent back.
///
/// A line a row: `email`, `first_name`, `last_name`, `company`, `row`, `line`, `row_key` and `reasons`. Cells that a
/// spreadsheet would run as formulas, or make numbers and dates of, have an apostrophe in front, which is taken off when
/// the file comes back.
#[utoipa::path(get, path = "/jobs/{job}/corrections", tag = "rows", params(("job" = i32, Path, description = "The job")),
    responses((status = 200, description = "The rows", body = String, content_type = "text/csv"),
        (status = 404, description = "There is no such job", body = Told, content_type = "application/problem+json")))]
pub async fn download_corrections(
    Reader(principal): Reader,
    State(app): State<App>,
    Path(job): Path<i32>,
) -> Result<Response, Problem> {
    let permit = app.ceilings.exports.enter(&principal.owner)?;
    let file = actions::corrections_file(&app.owners, &principal.owner, JobId(job)).await?;
    let bytes = file.bytes;
    Ok(attachment(
        permit,
        &format!("job-{job}-corrections.csv"),
        CSV,
        Some(bytes),
        Body::from_stream(file.into_stream()),
    ))
}

/// Takes in corrected rows: they are found by `row_key`, and what differs becomes edits, which are taken back as one.
///
/// Columns may be missing or in another order. Keys that the job does not have are told. At most 64 MiB.
#[utoipa::path(post, path = "/jobs/{job}/corrections", tag = "rows",
    params(("job" = i32, Path, description = "The job"), IdempotencyKey),
    request_body(content((serde_json::Value = "text/csv"), (Form = "multipart/form-data")), description = "The corrected file"),
    responses((status = 200, description = "What was done", body = Corrected),
        (status = 404, description = "There is no such job", body = Told, content_type = "application/problem+json"),
        (status = 409, description = "The job is not under review", body = Told, content_type = "application/problem+json")))]
pub(super) async fn upload_corrections(
    Editor(principal): Editor,
    State(app): State<App>,
    Path(job): Path<i32>,
    keyed: Keyed,
    request: Request,
) -> Result<axum::Json<Corrected>, Problem> {
    let by = keyed.request(principal, &())?;
    Ok(axum::Json(take_corrections(&app, &by, job, request).await?))
}

/// Takes in corrections that are the body of a request, or the part `file` of a form.
pub async fn take_corrections(
    app: &App,
    by: &actions::Request,
    job: i32,
    request: Request,
) -> Result<Corrected, Problem> {
    let mut db = app.owners.read(&by.owner).await?;
    find(&mut db, &by.owner, job).await?;
    db.rollback().await?;
    let _permit = app.ceilings.corrections.enter(&by.owner)?;
    let corrected = match is_form(request.headers()) {
        true => {
            let file = FormFile::find(request).await?.into_reader();
            actions::correct(&app.owners, by, JobId(job), file).await?
        }
        false => actions::correct(&app.owners, by, JobId(job), reader(request.into_body())).await?,
    };
    Ok(corrected)
}

/// All of the caller's contacts as CSV. Cells that a spreadsheet would run as formulas have an apostrophe in front.
#[utoipa::path(get, path = "/contacts.csv", tag = "contacts",
    responses((status = 200, description = "The contacts", body = String, content_type = "text/csv")))]
pub async fn download_contacts(
    Reader(principal): Reader,
    State(app): State<App>,
) -> Result<Response, Problem> {
    let permit = app.ceilings.exports.enter(&principal.owner)?;
    let pieces = actions::contacts_file(app.owners.clone(), principal.owner);
    Ok(attachment(permit, "contacts.csv", CSV, None, Body::from_stream(pieces)))
}
