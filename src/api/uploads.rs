//! Files on their way in, as the body itself or as a part of a form; streamed to the store either way.

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tokio::io::AsyncRead;
use utoipa::{IntoParams, ToSchema};

use super::bodies::{read_whole, reader};
use super::extract::Query;
use super::form_data::{FormFile, is_form};
use super::principal::Uploader;
use super::problem::{Kind, Problem, Told};
use super::request::{IdempotencyKey, Keyed};
use super::state::App;
use crate::actions::{self, FilePreview, PREVIEW_BYTES, Upload, Uploaded};
use crate::csv::Mapping;
use crate::domain::job::{Columns, ImportPolicy, Owner};

#[derive(Debug, Deserialize, serde::Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
/// How a file is to be taken in.
pub struct UploadAsked {
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
    /// Where the e-mail is, from 0, where the names of the columns do not tell: all four are given then.
    #[param(maximum = 65535)]
    email: Option<u16>,
    /// Where the first name is.
    #[param(maximum = 65535)]
    first_name: Option<u16>,
    /// Where the last name is.
    #[param(maximum = 65535)]
    last_name: Option<u16>,
    /// Where the company is.
    #[param(maximum = 65535)]
    company: Option<u16>,
    /// How many columns the file has; given with the four.
    #[param(maximum = 65535)]
    columns: Option<u16>,
    /// Keep the four for the next file of the same header.
    #[serde(default)]
    #[param(required = false)]
    remember: bool,
}

impl UploadAsked {
    fn columns(&self) -> Result<Option<Columns>, Problem> {
        let given = [self.email, self.first_name, self.last_name, self.company];
        match (given, self.columns) {
            ([None, None, None, None], None) => Ok(None),
            ([Some(email), Some(first_name), Some(last_name), Some(company)], Some(columns)) => {
                let places = [email, first_name, last_name, company];
                match Mapping::new(places, columns) {
                    Some(_) => Ok(Some(Columns { places, columns })),
                    None => Err(Problem::new(Kind::Invalid).detail(
                        "email, first_name, last_name and company are four columns that the file has",
                    )),
                }
            }
            _ => Err(Problem::new(Kind::Invalid).detail(
                "email, first_name, last_name, company and columns are given together or not at all",
            )),
        }
    }
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
    params(UploadAsked, IdempotencyKey),
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
    Query(asked): Query<UploadAsked>,
    keyed: Keyed,
    request: Request,
) -> Result<Response, Problem> {
    let by = keyed.request(principal, &asked)?;
    let made = take_upload(&app, &by, &asked, request).await?;
    let status = if made.earlier { StatusCode::OK } else { StatusCode::ACCEPTED };
    let location = format!("/api/v1/jobs/{}", made.job);
    Ok((status, [(header::LOCATION, location)], axum::Json(made)).into_response())
}

/// Takes in a file that is the body of a request, or the part `file` of a form.
pub async fn take_upload(
    app: &App,
    by: &actions::Request,
    asked: &UploadAsked,
    request: Request,
) -> Result<Uploaded, Problem> {
    let _permit = app.ceilings.uploads.enter(&by.owner)?;
    if !is_form(request.headers()) {
        let name = asked.filename.as_deref().unwrap_or("upload.csv");
        return take(app, by, asked, name, reader(request.into_body())).await;
    }
    let file = FormFile::find(request).await?;
    let name = asked.filename.clone().or_else(|| file.name().map(str::to_owned));
    take(app, by, asked, name.as_deref().unwrap_or("upload.csv"), file.into_reader()).await
}

async fn take(
    app: &App,
    by: &actions::Request,
    asked: &UploadAsked,
    name: &str,
    content: impl AsyncRead + Send,
) -> Result<Uploaded, Problem> {
    if name.is_empty() || name.chars().count() > 255 || name.contains(char::is_control) {
        let words = "takes 1 to 255 characters, none of them a control character";
        return Err(Problem::new(Kind::Malformed).parameter("filename", words));
    }
    let upload = Upload {
        filename: name,
        policy: asked.policy,
        force: asked.force,
        limit: app.upload_limit_bytes,
        columns: asked.columns()?,
        remember: asked.remember,
    };
    let content = Box::pin(content);
    Ok(actions::upload(&app.owners, &app.objects, Some(&app.queue), by, &upload, content).await?)
}

/// Shows the beginning of a file as it is understood: encoding, delimiter, header, which columns are which, and the
/// first rows. The body is the first 256 KiB of the file, or all of a smaller one; nothing is kept of it.
#[utoipa::path(post, path = "/uploads/preview", tag = "uploads",
    request_body(content((serde_json::Value = "text/csv")), description = "The beginning of the file"),
    responses((status = 200, description = "What it looks like", body = FilePreview)))]
pub(super) async fn preview_upload(
    Uploader(principal): Uploader,
    State(app): State<App>,
    request: Request,
) -> Result<axum::Json<FilePreview>, Problem> {
    Ok(axum::Json(preview_of(&app, &principal.owner, request).await?))
}

/// The beginning of a file that is the body of a request.
pub async fn preview_of(app: &App, owner: &Owner, request: Request) -> Result<FilePreview, Problem> {
    let body = read_whole(request.into_body(), PREVIEW_BYTES).await?;
    let whole = body.len() < PREVIEW_BYTES;
    Ok(actions::preview_file(&app.owners, owner, &body, whole).await?)
}
