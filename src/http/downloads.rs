//! Downloads of files.

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::Stream;

use super::find::find_job;
use super::limits::Permit;
use super::problem::Problem;
use super::state::App;
use crate::actions::{self, Export, Selection};
use crate::domain::job::{JobId, Owner};
use crate::exports::ExportFormat;

/// Sends the original file of a job.
pub(crate) async fn job_file(app: &App, owner: &Owner, job: JobId) -> Result<Response, Problem> {
    let permit = app.ceilings.exports.enter(owner)?;
    let mut db = app.owners.read(owner).await?;
    let job = find_job(&mut db, owner, job).await?;
    db.rollback().await?;
    let opened = app.objects.open(&job.object_key, None).await?;
    let body = Body::from_stream(opened.bytes);
    Ok(attachment(permit, &job.filename, "application/octet-stream", Some(opened.size), body))
}

/// Sends the rows of a job with open issues, as CSV.
pub(crate) async fn corrections_file(app: &App, owner: &Owner, job: JobId) -> Result<Response, Problem> {
    let permit = app.ceilings.exports.enter(owner)?;
    let file = actions::corrections_file(&app.owners, owner, job).await?;
    let bytes = file.bytes;
    let name = format!("job-{job}-corrections.csv");
    let kind = ExportFormat::Csv.media_type();
    Ok(attachment(permit, &name, kind, Some(bytes), Body::from_stream(file.into_stream())))
}

/// Sends contacts or rows as a file.
pub(crate) async fn exported_file(app: &App, owner: &Owner, export: Export) -> Result<Response, Problem> {
    let permit = app.ceilings.exports.enter(owner)?;
    let format = export.format;
    let name = match &export.selection {
        Selection::Contacts { .. } => format!("contacts.{format}"),
        Selection::Rows { job, .. } => format!("job-{job}-rows.{format}"),
    };
    let pieces = actions::export(app.owners.clone(), owner.clone(), export).await?;
    Ok(attachment(permit, &name, format.media_type(), None, Body::from_stream(pieces)))
}

/// Sends a file of CSV.
pub(crate) fn csv_file(
    app: &App,
    owner: &Owner,
    name: &str,
    pieces: impl Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static,
) -> Result<Response, Problem> {
    let permit = app.ceilings.exports.enter(owner)?;
    Ok(attachment(permit, name, ExportFormat::Csv.media_type(), None, Body::from_stream(pieces)))
}

/// Returns a file as an attachment, under a name in any script (RFC 6266, RFC 8187). Counts as one of the owner's
/// downloads until it is sent.
fn attachment(permit: Permit, name: &str, kind: &'static str, bytes: Option<u64>, body: Body) -> Response {
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
