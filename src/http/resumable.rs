//! Uploads that arrive in several requests, by the tus protocol, version 1.0.0 (<https://tus.io/protocols/resumable-upload>):
//! its core, and its extensions for creation, expiration and termination.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};

use super::bodies::reader;
use super::extract::Query;
use super::problem::{Kind, Problem};
use super::state::App;
use super::uploads::{UploadQuery, of_settings};
use crate::actions::{self, ActionError, ResumableError, UploadLease, UploadState, Uploaded};
use crate::domain::ids::UploadId;
use crate::domain::job::Owner;

/// The version of the protocol, in each request and response.
pub(crate) const TUS_RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
/// The only version that is supported.
pub(crate) const VERSION: HeaderValue = HeaderValue::from_static("1.0.0");

const TUS_VERSION: HeaderName = HeaderName::from_static("tus-version");
const TUS_EXTENSION: HeaderName = HeaderName::from_static("tus-extension");
const TUS_MAX_SIZE: HeaderName = HeaderName::from_static("tus-max-size");
const UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");
const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const UPLOAD_METADATA: HeaderName = HeaderName::from_static("upload-metadata");
const UPLOAD_EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
/// The ids of the jobs of a complete file, separated by commas. Not a part of the protocol.
const INGEST_JOBS: HeaderName = HeaderName::from_static("ingest-jobs");
/// Whether the same file was uploaded before, so that its job is the earlier one. Not a part of the protocol.
const INGEST_EARLIER: HeaderName = HeaderName::from_static("ingest-earlier");

/// The media type of a part.
const PART: &str = "application/offset+octet-stream";
/// The maximum length of the metadata in bytes.
const METADATA_BYTES: usize = 32 << 10;
/// Metadata that well-known clients add to each upload, and that says nothing about the import.
const OF_CLIENTS: [&str; 4] = ["name", "type", "filetype", "relativePath"];

/// Returns the headers that say what the server supports.
pub(crate) fn supported(app: &App) -> HeaderMap {
    HeaderMap::from_iter([
        (TUS_VERSION, VERSION),
        (TUS_EXTENSION, HeaderValue::from_static("creation,expiration,termination")),
        (TUS_MAX_SIZE, HeaderValue::from(app.upload_limit_bytes)),
    ])
}

/// Creates an upload for the file that the headers describe. Returns its id and headers for the response.
///
/// Fails if the options in its metadata are invalid, so that they are not refused after gigabytes have arrived.
pub(crate) async fn create_upload(
    app: &App,
    owner: &Owner,
    headers: &HeaderMap,
) -> Result<(UploadId, HeaderMap), Problem> {
    check_version(headers)?;
    let bytes = number(headers, &UPLOAD_LENGTH)?;
    if bytes == 0 {
        return Err(malformed(&UPLOAD_LENGTH, "must be at least 1"));
    }
    if bytes > app.upload_limit_bytes {
        return Err(ActionError::TooLarge(app.upload_limit_bytes).into());
    }
    let metadata = headers.get(&UPLOAD_METADATA).map_or(Ok(""), HeaderValue::to_str);
    let metadata = metadata.map_err(|_| malformed(&UPLOAD_METADATA, "must be ASCII"))?;
    options(metadata)?.named_upload(app)?;
    let (id, expires_at) = actions::create_upload(&app.owners, owner, bytes, metadata).await?;
    Ok((id, HeaderMap::from_iter([(UPLOAD_EXPIRES, http_date(expires_at))])))
}

/// Returns an upload.
pub(crate) async fn find_upload(
    app: &App,
    owner: &Owner,
    id: &str,
    headers: &HeaderMap,
) -> Result<UploadState, Problem> {
    check_version(headers)?;
    Ok(actions::find_upload(&app.owners, owner, upload_id(id)?).await?)
}

/// Deletes an upload.
pub(crate) async fn delete_upload(
    app: &App,
    owner: &Owner,
    id: &str,
    headers: &HeaderMap,
) -> Result<(), Problem> {
    check_version(headers)?;
    Ok(actions::delete_upload(&app.owners, &app.objects, owner, upload_id(id)?).await?)
}

/// Receives a part of a file from the body of a request. The last one makes the job.
///
/// The work continues if the client goes away: what has arrived is stored, and a complete file becomes a job. If the file is
/// refused for good, deletes the upload, unless the client has gone and does not know why.
pub(crate) async fn receive_part(
    app: &App,
    by: actions::Request,
    id: &str,
    request: Request,
) -> Result<UploadState, Problem> {
    check_version(request.headers())?;
    let id = upload_id(id)?;
    let state = actions::find_upload(&app.owners, &by.owner, id).await?;
    check_part(&state, request.headers())?;
    if state.uploaded.is_some() {
        return Ok(state);
    }
    let permit = app.ceilings.uploads.enter(&by.owner)?;
    let (receiving, owner) = (app.clone(), by.owner.clone());
    let received = tokio::spawn(async move {
        let _permit = permit;
        receive(&receiving, by, id, state.offset, request).await
    });
    match received.await.map_err(|error| Problem::internal(&error))? {
        Ok(state) => Ok(state),
        Err(Refused { problem, is_final }) => {
            if is_final {
                actions::delete_upload(&app.owners, &app.objects, &owner, id).await?;
            }
            Err(problem)
        }
    }
}

/// Why a part was refused.
struct Refused {
    problem: Problem,
    /// Whether the upload can no longer become a job.
    is_final: bool,
}

impl<E: Into<Problem>> From<E> for Refused {
    fn from(error: E) -> Refused {
        Refused { problem: error.into(), is_final: false }
    }
}

async fn receive(
    app: &App,
    by: actions::Request,
    id: UploadId,
    offset: u64,
    request: Request,
) -> Result<UploadState, Refused> {
    let mut lease = UploadLease::acquire(&app.owners, &app.objects, &by.owner, id, offset).await?;
    let received = receive_with(app, &by, &mut lease, request).await;
    let state = lease.state().clone();
    lease.release().await;
    received.map(|()| state)
}

async fn receive_with(
    app: &App,
    by: &actions::Request,
    lease: &mut UploadLease,
    request: Request,
) -> Result<(), Refused> {
    let Some(last) = lease.receive(reader(request.into_body())).await? else { return Ok(()) };
    let query = options(lease.state().metadata.as_deref().unwrap_or_default())?;
    let upload = query.named_upload(app)?;
    let uploaded = lease.finish(&app.queue, &by.actor, &upload, last).await;
    let refused = |error| Refused { is_final: actions::is_final(&error), problem: of_settings(error) };
    let uploaded = uploaded.map_err(refused)?;
    tracing::debug!(job_id = uploaded.job.0, "an upload in parts is complete");
    Ok(())
}

/// Checks the headers of a part against its upload.
fn check_part(state: &UploadState, headers: &HeaderMap) -> Result<(), Problem> {
    if headers.get(header::CONTENT_TYPE).is_none_or(|kind| kind != PART) {
        return Err(Problem::new(Kind::MediaType).detail(format!("a part has the media type {PART}")));
    }
    let offset = number(headers, &UPLOAD_OFFSET)?;
    if offset != state.offset {
        return Err(refused(ResumableError::OtherOffset(state.offset)));
    }
    let length =
        headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    match length.is_some_and(|length| length > state.bytes - state.offset) {
        true => Err(refused(ResumableError::TooManyBytes(state.bytes))),
        false => Ok(()),
    }
}

impl UploadState {
    /// Returns the headers that describe the upload after a part, with its jobs once the file is complete.
    pub(crate) fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::from_iter([
            (UPLOAD_OFFSET, HeaderValue::from(self.offset)),
            (UPLOAD_EXPIRES, http_date(self.expires_at)),
        ]);
        if let Some(uploaded) = &self.uploaded {
            headers.extend(of_jobs(uploaded));
        }
        headers
    }

    /// Returns the headers that describe the upload when it is looked up.
    pub(crate) fn all_headers(&self) -> HeaderMap {
        let mut headers = self.headers();
        headers.insert(UPLOAD_LENGTH, HeaderValue::from(self.bytes));
        let metadata = self.metadata.as_deref().and_then(|metadata| HeaderValue::from_str(metadata).ok());
        headers.extend(
            metadata.filter(|metadata| !metadata.is_empty()).map(|metadata| (UPLOAD_METADATA, metadata)),
        );
        headers
    }
}

fn of_jobs(uploaded: &Uploaded) -> Vec<(HeaderName, HeaderValue)> {
    let jobs: Vec<String> = uploaded.jobs().iter().map(ToString::to_string).collect();
    let jobs = HeaderValue::try_from(jobs.join(", ")).map(|jobs| (INGEST_JOBS, jobs));
    let earlier = if uploaded.earlier { "true" } else { "false" };
    jobs.into_iter().chain([(INGEST_EARLIER, HeaderValue::from_static(earlier))]).collect()
}

/// Returns the options in the metadata of an upload: the parameters of an upload in one request, by their names.
fn options(metadata: &str) -> Result<UploadQuery, Problem> {
    let invalid = |words: &str| Problem::new(Kind::Invalid).parameter(UPLOAD_METADATA.as_str(), words);
    if metadata.len() > METADATA_BYTES {
        return Err(invalid(&format!("must have at most {METADATA_BYTES} bytes")));
    }
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for pair in metadata.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once(' ').unwrap_or((pair, ""));
        let value = STANDARD.decode(value.trim()).ok().and_then(|value| String::from_utf8(value).ok());
        let value = value.ok_or_else(|| invalid(&format!("the value of {name} is not UTF-8 in Base64")))?;
        if !OF_CLIENTS.contains(&name) {
            query.append_pair(name, &value);
        }
    }
    let options = Query::parse(&query.finish());
    options.map(|Query(options)| options).map_err(|problem| invalid(problem.words().unwrap_or("is invalid")))
}

fn check_version(headers: &HeaderMap) -> Result<(), Problem> {
    match headers.get(&TUS_RESUMABLE) == Some(&VERSION) {
        true => Ok(()),
        false => {
            let problem = Problem::new(Kind::Precondition).detail("send Tus-Resumable: 1.0.0");
            Err(problem.header(TUS_VERSION, VERSION))
        }
    }
}

fn upload_id(text: &str) -> Result<UploadId, Problem> {
    text.parse().map_err(|_| refused(ResumableError::NoUpload))
}

fn refused(error: ResumableError) -> Problem {
    ActionError::from(error).into()
}

fn number(headers: &HeaderMap, name: &HeaderName) -> Result<u64, Problem> {
    let text = headers.get(name).and_then(|value| value.to_str().ok());
    // `u64` has no sign, but parses one.
    let digits = text.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    digits.and_then(|digits| digits.parse().ok()).ok_or_else(|| malformed(name, "must be a number of bytes"))
}

fn malformed(name: &HeaderName, words: &str) -> Problem {
    Problem::new(Kind::Malformed).parameter(name.as_str(), words)
}

/// Formats a time for a header (RFC 9110, 5.6.7).
fn http_date(time: DateTime<Utc>) -> HeaderValue {
    let text = time.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}
