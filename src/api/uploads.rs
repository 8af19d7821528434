//! Files on their way in, as the body itself or as a part of a form; streamed to the store either way.

use axum::extract::multipart::{Multipart, MultipartError};
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::TryStreamExt;
use serde::Deserialize;
use tokio::io::AsyncRead;
use tokio_util::io::StreamReader;
use utoipa::{IntoParams, ToSchema};

use super::extract::Query;
use super::principal::Uploader;
use super::problem::{Kind, Problem, Told};
use super::request::{IdempotencyKey, Keyed};
use super::state::App;
use crate::actions::{self, Upload, Uploaded};
use crate::domain::job::ImportPolicy;

#[derive(Debug, Deserialize, serde::Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// The file's name, where the body is the file itself.
    #[param(min_length = 1, max_length = 255, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    filename: Option<String>,
    /// When valid rows become contacts.
    #[serde(default)]
    #[param(required = false)]
    policy: ImportPolicy,
    /// Make a job of it even if the same file was uploaded before.
    #[serde(default)]
    #[param(required = false)]
    force: bool,
}

/// A form with a file.
#[derive(ToSchema, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "for the document: the form is read as it comes")]
pub(super) struct Form {
    /// The CSV file.
    #[schema(content_media_type = "text/csv", value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Uploads a CSV file and asks for its import. The same file again is answered with the earlier job, unless forced.
///
/// The body is the file itself, or a form with a part `file`. It is streamed: its size is limited by the server's
/// configuration only.
#[utoipa::path(post, path = "/uploads", tag = "uploads",
    params(Asked, IdempotencyKey),
    request_body(content((serde_json::Value = "text/csv"), (Form = "multipart/form-data")), description = "The CSV file"),
    responses(
        (status = 202, description = "A job was made and will run", body = Uploaded,
            headers(("Location" = String, description = "The job's path"))),
        (status = 200, description = "The same file was uploaded before: its job", body = Uploaded,
            headers(("Location" = String, description = "The job's path"))),
        (status = 409, description = "The same request is under way", body = Told, content_type = "application/problem+json")))]
pub(super) async fn upload_file(
    Uploader(principal): Uploader,
    State(app): State<App>,
    Query(asked): Query<Asked>,
    keyed: Keyed,
    request: Request,
) -> Result<Response, Problem> {
    let by = keyed.request(principal, &asked)?;
    if !is_form(request.headers()) {
        let body = StreamReader::new(request.into_body().into_data_stream().map_err(std::io::Error::other));
        let name = asked.filename.as_deref().unwrap_or("upload.csv");
        return take(&app, &by, &asked, name, body).await;
    }
    let refused = |_| Problem::new(Kind::Malformed).detail("the form has no boundary");
    let mut form = Multipart::from_request(request, &()).await.map_err(refused)?;
    while let Some(field) = form.next_field().await.map_err(broken)? {
        if field.name() == Some("file") {
            let name = asked.filename.clone().or_else(|| field.file_name().map(str::to_owned));
            let body = StreamReader::new(field.map_err(std::io::Error::other));
            return take(&app, &by, &asked, name.as_deref().unwrap_or("upload.csv"), body).await;
        }
    }
    Err(Problem::new(Kind::Invalid).at("#/file", "the form has no part of this name"))
}

/// Whether a body is a form, in which the file is a part.
pub(super) fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.trim_start().to_ascii_lowercase().starts_with("multipart/form-data"))
}

pub(super) fn broken(error: MultipartError) -> Problem {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(Kind::TooLarge),
        _ => Problem::new(Kind::Malformed).detail("the form broke off, or is none"),
    }
}

async fn take(
    app: &App,
    by: &actions::Request,
    asked: &Asked,
    name: &str,
    content: impl AsyncRead + Send,
) -> Result<Response, Problem> {
    if name.is_empty() || name.chars().count() > 255 || name.contains(char::is_control) {
        let words = "takes 1 to 255 characters, none of them a control character";
        return Err(Problem::new(Kind::Malformed).parameter("filename", words));
    }
    let upload =
        Upload { filename: name, policy: asked.policy, force: asked.force, limit: app.upload_limit_bytes };
    let content = Box::pin(content);
    let made = actions::upload(&app.pool, &app.objects, Some(&app.queue), by, &upload, content).await?;
    let status = if made.earlier { StatusCode::OK } else { StatusCode::ACCEPTED };
    let location = format!("/api/v1/jobs/{}", made.job);
    Ok((status, [(header::LOCATION, location)], axum::Json(made)).into_response())
}
