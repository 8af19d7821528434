//! Downloads, and the upload of corrections.

use axum::extract::{Request, State};
use axum::response::Response;

use super::request::{IdempotencyKey, Keyed};
use super::uploads::Form;
use crate::actions::Corrected;
use crate::domain::ids::JobId;
use crate::http::{self, App, Editor, Path, Problem, ProblemBody, Reader, take_corrections};

/// Downloads the original file of a job.
#[utoipa::path(get, path = "/jobs/{job}/file", tag = "jobs", params(("job" = i32, Path, description = "The job")),
    responses((status = 200, description = "The file", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 404, description = "No such job, or its file no longer exists", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn job_file(
    Reader(principal): Reader,
    State(app): State<App>,
    Path(job): Path<JobId>,
) -> Result<Response, Problem> {
    http::job_file(&app, &principal.owner, job).await
}

/// Downloads the rows of a job with open issues as CSV, to correct them in a spreadsheet and upload them again.
///
/// The columns are one for each field, then `row`, `line`, `row_key` and `reasons`. Cells that a spreadsheet would run as
/// formulas or convert to numbers or dates begin with an apostrophe, which is removed when the file is uploaded.
#[utoipa::path(get, path = "/jobs/{job}/corrections", tag = "rows", params(("job" = i32, Path, description = "The job")),
    responses((status = 200, description = "The rows", body = String, content_type = "text/csv"),
        (status = 404, description = "No such job", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn download_corrections(
    Reader(principal): Reader,
    State(app): State<App>,
    Path(job): Path<JobId>,
) -> Result<Response, Problem> {
    http::corrections_file(&app, &principal.owner, job).await
}

/// Uploads corrected rows: matches them by `row_key` and edits the values that differ, as one action that can be undone.
///
/// Columns may be missing or in another order. Keys that the job does not have are reported. At most 64 MiB.
#[utoipa::path(post, path = "/jobs/{job}/corrections", tag = "rows",
    params(("job" = i32, Path, description = "The job"), IdempotencyKey),
    request_body(content((serde_json::Value = "text/csv"), (Form = "multipart/form-data")), description = "The corrected file"),
    responses((status = 200, description = "What was done", body = Corrected),
        (status = 404, description = "No such job", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The job is not under review", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn upload_corrections(
    Editor(principal): Editor,
    State(app): State<App>,
    Path(job): Path<JobId>,
    keyed: Keyed,
    request: Request,
) -> Result<axum::Json<Corrected>, Problem> {
    let by = keyed.request(principal, &())?;
    Ok(axum::Json(take_corrections(&app, &by, job, request).await?))
}

/// Downloads all of the caller's contacts as CSV. Cells that a spreadsheet would run as formulas begin with an apostrophe.
#[utoipa::path(get, path = "/contacts.csv", tag = "contacts",
    responses((status = 200, description = "The contacts", body = String, content_type = "text/csv")))]
pub(super) async fn download_contacts(
    Reader(principal): Reader,
    State(app): State<App>,
) -> Result<Response, Problem> {
    http::contacts_file(&app, principal.owner)
}
