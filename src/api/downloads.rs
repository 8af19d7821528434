//! Downloads, and the upload of corrections.

use axum::extract::{Request, State};
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;

use super::request::{IdempotencyKey, Keyed, assigned, text};
use super::schemas::FileContent;
use super::uploads::Form;
use crate::actions::{Corrected, Export, Selection};
use crate::domain::decision::Filter;
use crate::domain::ids::JobId;
use crate::domain::row::RowStatus;
use crate::domain::rules::IssueType;
use crate::domain::search::SearchText;
use crate::exports::{CsvOptions, ExportFormat};
use crate::http::{self, App, Editor, Path, Problem, ProblemBody, Query, Reader, take_corrections};

/// Downloads the original file of a job.
#[utoipa::path(get, path = "/jobs/{job}/file", tag = "jobs", params(("job" = i64, Path, description = "The job")),
    responses((status = 200, description = "The file", body = inline(FileContent), content_type = "application/octet-stream",
            headers(("Content-Disposition" = String, description = "The name of the file"))),
        (status = 404, description = "No such job, or its file no longer exists", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn download_job_file(
    Reader(principal): Reader,
    State(app): State<App>,
    Path(job): Path<JobId>,
) -> Result<Response, Problem> {
    http::job_file(&app, &principal.owner, job).await
}

/// Downloads the rows of a job with open issues as CSV, to correct them in a spreadsheet and upload them again.
///
/// The columns are one for each field, then `row`, `line`, `row_key`, `reasons`, and the other columns of the job's file as
/// `other: NAME`. Cells that a spreadsheet would run as formulas or convert to numbers or dates begin with an apostrophe,
/// which is removed when the file is uploaded.
#[utoipa::path(get, path = "/jobs/{job}/corrections", tag = "rows", params(("job" = i64, Path, description = "The job")),
    responses((status = 200, description = "The rows", body = inline(FileContent), content_type = "text/csv",
            headers(("Content-Disposition" = String, description = "The name of the file"))),
        (status = 404, description = "No such job", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The rows were removed after their time of retention", body = ProblemBody, content_type = "application/problem+json")))]
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
    params(("job" = i64, Path, description = "The job"), IdempotencyKey),
    request_body(content((inline(FileContent) = "application/octet-stream"), (Form = "multipart/form-data")), description = "The corrected file"),
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

/// Downloads all of the caller's contacts as CSV for spreadsheet programs: `/contacts/export` with its byte order mark.
#[utoipa::path(get, path = "/contacts.csv", tag = "contacts",
    responses((status = 200, description = "The contacts", body = inline(FileContent), content_type = "text/csv",
            headers(("Content-Disposition" = String, description = "The name of the file")))))]
pub(super) async fn download_contacts(
    Reader(principal): Reader,
    State(app): State<App>,
) -> Result<Response, Problem> {
    let csv = CsvOptions { byte_order_mark: true };
    let export = Export { selection: Selection::Contacts { search: None }, format: ExportFormat::Csv, csv };
    http::exported_file(&app, &principal.owner, export).await
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ExportContactsQuery {
    /// The format of the file.
    #[param(inline)]
    format: ExportFormat,
    /// Whether a CSV file begins with a byte order mark, without which Excel does not read it as UTF-8.
    #[serde(default)]
    byte_order_mark: bool,
    /// Only contacts whose values contain each word of this text, ignoring case.
    #[param(max_length = 200, pattern = "^[^\\x00]*$")]
    text: Option<String>,
    /// Whether letters of the text with and without accents match each other: `muller` finds Müller, and `strasse` Straße.
    #[serde(default)]
    fold_accents: bool,
}

/// Downloads the caller's contacts, or those that match, as a file.
///
/// CSV, XLSX and Parquet files have the columns `contact`, one for each field, the kept columns, and `created_at`. vCards have
/// the kept columns in their notes. In CSV files, cells that a
/// spreadsheet would run as formulas begin with an apostrophe, which an import of the file removes. JSON lines contain the
/// objects of `GET /contacts`.
#[utoipa::path(get, path = "/contacts/export", tag = "contacts", params(ExportContactsQuery),
    responses((status = 200, description = "The contacts", content((inline(FileContent) = "text/csv"), (inline(FileContent) = "application/jsonl"), (inline(FileContent) = "text/vcard"),
            (inline(FileContent) = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (inline(FileContent) = "application/vnd.apache.parquet")),
            headers(("Content-Disposition" = String, description = "The name of the file"))),
        (status = 422, description = "A value does not fit into the format", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn export_contacts(
    Reader(principal): Reader,
    State(app): State<App>,
    Query(query): Query<ExportContactsQuery>,
) -> Result<Response, Problem> {
    let text = text("text", &query.text)?.filter(|text| !text.is_empty()).map(str::to_owned);
    let search = text.map(|text| SearchText { text, fold_accents: query.fold_accents });
    let csv = CsvOptions { byte_order_mark: query.byte_order_mark };
    let export = Export { selection: Selection::Contacts { search }, format: query.format, csv };
    http::exported_file(&app, &principal.owner, export).await
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ExportRowsQuery {
    /// The format of the file.
    #[param(inline)]
    format: ExportFormat,
    /// Whether a CSV file begins with a byte order mark, without which Excel does not read it as UTF-8.
    #[serde(default)]
    byte_order_mark: bool,
    /// Only rows with this status.
    status: Option<RowStatus>,
    /// Only rows with an open issue of this type.
    issue_type: Option<IssueType>,
    /// Only rows with an open issue that is assigned to this person: `me`, `nobody` or the name of a person.
    #[param(max_length = 200, pattern = "^[^\\x00]*$")]
    assigned: Option<String>,
    /// Only rows with a value that contains this text.
    #[param(max_length = 200, pattern = "^[^\\x00]*$")]
    text: Option<String>,
}

/// Downloads the rows of a job, or those that match, as a file, in the order of the job's file.
///
/// CSV, XLSX and Parquet files have the columns `row`, `line`, one for each field, the kept columns, `status` and `residue`. JSON
/// lines contain
/// the objects of `GET /jobs/{job}/rows` without `etag`.
#[utoipa::path(get, path = "/jobs/{job}/rows/export", tag = "rows",
    params(("job" = i64, Path, description = "The job"), ExportRowsQuery),
    responses((status = 200, description = "The rows", content((inline(FileContent) = "text/csv"), (inline(FileContent) = "application/jsonl"), (inline(FileContent) = "text/vcard"),
            (inline(FileContent) = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (inline(FileContent) = "application/vnd.apache.parquet")),
            headers(("Content-Disposition" = String, description = "The name of the file"))),
        (status = 404, description = "No such job", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The rows were removed after their time of retention", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A value does not fit into the format", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn export_rows(
    Reader(principal): Reader,
    State(app): State<App>,
    Path(job): Path<JobId>,
    Query(query): Query<ExportRowsQuery>,
) -> Result<Response, Problem> {
    let text = text("text", &query.text)?.map(str::to_owned);
    let assigned = assigned(&query.assigned, &principal)?;
    let (status, issue_type) = (query.status, query.issue_type);
    let filter = Filter { issue_type, assigned, status, text, ..Filter::default() };
    let csv = CsvOptions { byte_order_mark: query.byte_order_mark };
    let export = Export { selection: Selection::Rows { job, filter }, format: query.format, csv };
    http::exported_file(&app, &principal.owner, export).await
}
