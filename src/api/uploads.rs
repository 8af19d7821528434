//! Uploads.

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::{IntoParams, ToSchema};

use super::request::{IdempotencyKey, Keyed};
use super::schemas::{self, FileContent};
use crate::actions::{FilePreview, Uploaded};
use crate::domain::field::Field;
use crate::domain::file_check::FileCheck;
use crate::http::{
    App, PreviewQuery, Problem, ProblemBody, Query, UploadQuery, Uploader, check_of, preview_of, take_upload,
};

/// A form with a file.
#[derive(ToSchema, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "for the document: the form is read as it comes")]
pub(super) struct Form {
    /// The CSV file.
    #[schema(content_media_type = "text/csv", value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// The parameters of [`UploadQuery`], with the position of each field.
struct UploadParameters;

impl IntoParams for UploadParameters {
    fn into_params(parameter_in: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let of_field = |all: &Parameter, field: Field| {
            let mut parameter = all.clone();
            parameter.name = field.as_str().to_owned();
            parameter.description = schemas::named(parameter.description, field);
            parameter
        };
        let spread = |parameter: Parameter| match parameter.name.as_str() {
            "positions" => Field::ALL.iter().map(|field| of_field(&parameter, *field)).collect(),
            _ => vec![parameter],
        };
        UploadQuery::into_params(parameter_in).into_iter().flat_map(spread).collect()
    }
}

/// Uploads a CSV file and requests its import. If the same file was uploaded before, returns the earlier job unless
/// forced. Each table of an archive becomes a job, unless `part` chooses one.
///
/// The body is the file itself, or a form with a part `file`. It is streamed, so only the server's configuration limits
/// its size.
#[utoipa::path(post, path = "/uploads", tag = "uploads",
    params(UploadParameters, IdempotencyKey),
    request_body(content((inline(FileContent) = "application/octet-stream"), (Form = "multipart/form-data")), description = "The CSV file"),
    responses(
        (status = 202, description = "A job was created and will run", body = Uploaded,
            headers(("Location" = String, description = "The job's path"))),
        (status = 200, description = "The same file was uploaded before: its job", body = Uploaded,
            headers(("Location" = String, description = "The job's path"))),
        (status = 409, description = "The same request is in progress", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn upload_file(
    Uploader(principal): Uploader,
    State(app): State<App>,
    Query(query): Query<UploadQuery>,
    keyed: Keyed,
    request: Request,
) -> Result<Response, Problem> {
    let by = keyed.request(principal, &query)?;
    let made = take_upload(&app, &by, &query, request).await?;
    let status = if made.earlier { StatusCode::OK } else { StatusCode::ACCEPTED };
    let location = format!("/api/v1/jobs/{}", made.job);
    Ok((status, [(header::LOCATION, location)], axum::Json(made)).into_response())
}

/// Returns how the beginning of a file is parsed: encoding, delimiter, header, columns and first rows. The body is the
/// first 256 KiB of the file, or all of a smaller one; of a workbook or an archive, the whole file, up to 8 MiB. It is not
/// stored.
#[utoipa::path(post, path = "/uploads/preview", tag = "uploads", params(PreviewQuery),
    request_body(content((inline(FileContent) = "application/octet-stream")), description = "The beginning of the file"),
    responses((status = 200, description = "The parsed beginning", body = FilePreview)))]
pub(super) async fn preview_upload(
    Uploader(principal): Uploader,
    State(app): State<App>,
    Query(query): Query<PreviewQuery>,
    request: Request,
) -> Result<axum::Json<FilePreview>, Problem> {
    Ok(axum::Json(preview_of(&app, &principal.owner, &query, request).await?))
}

/// Returns what an import of a file would find: how many rows become contacts, the issues by rule, and examples. Takes the
/// parameters of an upload. The body is the file, or its first 4 MiB: then the last row, which may be incomplete, does not
/// count. Of a workbook or an archive, it is the whole file, up to 8 MiB. Nothing is stored.
///
/// Rows are read, compared and checked as an import does, so the import finds the same unless contacts change before.
#[utoipa::path(post, path = "/uploads/check", tag = "uploads", params(UploadParameters),
    request_body(content((inline(FileContent) = "application/octet-stream")), description = "The file or its beginning"),
    responses((status = 200, description = "What an import would find", body = FileCheck)))]
pub(super) async fn check_upload(
    Uploader(principal): Uploader,
    State(app): State<App>,
    Query(query): Query<UploadQuery>,
    request: Request,
) -> Result<axum::Json<FileCheck>, Problem> {
    Ok(axum::Json(check_of(&app, &principal.owner, &query, request).await?))
}
