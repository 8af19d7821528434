//! Uploads that arrive in several requests (tus).

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use utoipa::IntoParams;

use super::schemas::FileContent;
use crate::actions;
use crate::http::{
    App, Path, Problem, ProblemBody, Uploader, create_upload, delete_upload, find_upload, receive_part,
    supported,
};

/// The header of each request.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "for the document: handlers pass on all headers")]
pub(super) struct Version {
    /// The version of the protocol: `1.0.0`.
    #[param(rename = "Tus-Resumable", pattern = r"^1\.0\.0$")]
    version: String,
}

/// The headers that describe a file.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "for the document: handlers pass on all headers")]
pub(super) struct Description {
    /// The size of the file in bytes.
    #[param(rename = "Upload-Length", minimum = 1)]
    length: i64,
    /// The file's name and how to import it: the parameters of `POST /api/v1/uploads` by their names, such as
    /// `filename Y29udGFjdHMuY3N2,policy SE9MRA==`. Values are UTF-8 in Base64. `name`, `type`, `filetype` and `relativePath`, which
    /// clients add, are ignored.
    #[param(rename = "Upload-Metadata", max_length = 32768)]
    metadata: Option<String>,
}

/// The header that says where a part belongs.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "for the document: handlers pass on all headers")]
pub(super) struct Offset {
    /// The number of bytes of the file that have arrived before.
    #[param(rename = "Upload-Offset", minimum = 0)]
    offset: i64,
}

/// Returns what the server supports of the tus protocol.
#[utoipa::path(options, path = "/uploads/resumable", tag = "uploads",
    responses((status = 204, description = "The version, the extensions and the maximum size of a file", headers(
        ("Tus-Version" = String, description = "The supported version"),
        ("Tus-Extension" = String, description = "The supported extensions"),
        ("Tus-Max-Size" = i64, description = "The maximum size of a file in bytes")))))]
pub(super) async fn describe_resumable(Uploader(_principal): Uploader, State(app): State<App>) -> Response {
    (StatusCode::NO_CONTENT, supported(&app)).into_response()
}

/// Creates an upload that arrives in several requests, as the tus protocol has it (version 1.0.0, with creation, expiration and
/// termination). Each part follows by `PATCH`; the last one makes the job.
///
/// Use it for large files and unreliable connections: after an interruption, `HEAD` says how much has arrived. An upload
/// expires a day after its last request.
#[utoipa::path(post, path = "/uploads/resumable", tag = "uploads", params(Version, Description),
    responses(
        (status = 201, description = "The upload was created", headers(
            ("Location" = String, description = "Its path"),
            ("Upload-Expires" = String, description = "When it is deleted unless a part arrives"))),
        (status = 412, description = "Another version of the protocol", body = ProblemBody, content_type = "application/problem+json"),
        (status = 413, description = "The file is too large", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The file cannot be imported like this", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn create_resumable(
    Uploader(principal): Uploader,
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (id, expiry) = create_upload(&app, &principal.owner, &headers).await?;
    let location = [(header::LOCATION, format!("/api/v1/uploads/resumable/{id}"))];
    Ok((StatusCode::CREATED, expiry, location).into_response())
}

/// Returns how much of an upload has arrived, and its jobs once it is complete.
#[utoipa::path(head, path = "/uploads/resumable/{upload}", tag = "uploads",
    params(("upload" = String, Path, description = "The id of the upload"), Version),
    responses(
        (status = 200, description = "The upload", headers(
            ("Upload-Offset" = i64, description = "The number of bytes that have arrived"),
            ("Upload-Length" = i64, description = "The size of the file in bytes"),
            ("Upload-Metadata" = String, description = "The metadata, until the file is complete"),
            ("Upload-Expires" = String, description = "When it is deleted unless a part arrives"),
            ("Ingest-Jobs" = String, description = "Once the file is complete: the ids of its jobs, separated by commas"),
            ("Ingest-Earlier" = bool, description = "Once the file is complete: whether the job is an earlier one of the same file"))),
        (status = 404, description = "There is no such upload", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "Another version of the protocol", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn get_resumable(
    Uploader(principal): Uploader,
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let state = find_upload(&app, &principal.owner, &id, &headers).await?;
    Ok((StatusCode::OK, state.all_headers()).into_response())
}

/// Sends a part of a file. The last part makes the job, exactly once, even if it is sent again.
///
/// If the connection breaks off, the server stores what has arrived. If the complete file is refused, the upload is deleted.
#[utoipa::path(patch, path = "/uploads/resumable/{upload}", tag = "uploads",
    params(("upload" = String, Path, description = "The id of the upload"), Version, Offset),
    request_body(content((inline(FileContent) = "application/offset+octet-stream")), description = "The bytes of the file from the offset on"),
    responses(
        (status = 204, description = "The part has arrived", headers(
            ("Upload-Offset" = i64, description = "The number of bytes that have arrived"),
            ("Upload-Expires" = String, description = "When the upload is deleted unless another part arrives"),
            ("Ingest-Jobs" = String, description = "Once the file is complete: the ids of its jobs, separated by commas"),
            ("Ingest-Earlier" = bool, description = "Once the file is complete: whether the job is an earlier one of the same file"))),
        (status = 404, description = "There is no such upload", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Another number of bytes has arrived before", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "Another version of the protocol", body = ProblemBody, content_type = "application/problem+json"),
        (status = 423, description = "Another request is sending a part", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn send_part(
    Uploader(principal): Uploader,
    State(app): State<App>,
    Path(id): Path<String>,
    part: Request,
) -> Result<Response, Problem> {
    let by = actions::Request { owner: principal.owner, actor: principal.name, idempotency: None };
    let state = receive_part(&app, by, &id, part).await?;
    Ok((StatusCode::NO_CONTENT, state.headers()).into_response())
}

/// Deletes an upload. Jobs that it has made stay.
#[utoipa::path(delete, path = "/uploads/resumable/{upload}", tag = "uploads",
    params(("upload" = String, Path, description = "The id of the upload"), Version),
    responses(
        (status = 204, description = "The upload was deleted"),
        (status = 404, description = "There is no such upload", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "Another version of the protocol", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn delete_resumable(
    Uploader(principal): Uploader,
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    delete_upload(&app, &principal.owner, &id, &headers).await?;
    Ok(StatusCode::NO_CONTENT)
}
