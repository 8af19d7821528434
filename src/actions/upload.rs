//! Uploads a file: puts it into the store, then creates a job.

use std::io::Cursor;

use serde_json::json;
use sqlx::PgConnection;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio_util::io::InspectReader;

use super::assign::{Assignment, assign};
use super::beginning::{Beginning, is_needed_whole, preview_limit};
use super::preview_file::{FilePreview, preview_file};
use super::reread::Remember;
use super::stored_file::StoredFile;
use super::tail::Tail;
use super::{ActionError, Request, enqueue};
use crate::containers::{SIGNATURE_BYTES, Signature, tables_of_archive};
use crate::domain::decision::ActionKind;
use crate::domain::ids::{ActionId, JobId};
use crate::domain::job::{Columns, ImportPolicy, Owner, ParseSettings};
use crate::domain::refusal::Refusal;
use crate::domain::required::RequiredFields;
use crate::objects::{Objects, new_upload_key};
use crate::queue::{AfterCommit, Queue};
use crate::store::{OwnerPool, StoreError, column_mappings, jobs};

/// How to import a file.
#[derive(Debug, Clone)]
pub struct Upload<'a> {
    /// The file's name.
    pub filename: &'a str,
    /// When its valid rows become contacts.
    pub policy: ImportPolicy,
    /// Whether to create a job even if the owner has one for the same bytes.
    pub force: bool,
    /// Maximum size in bytes.
    pub limit: u64,
    /// The columns, if a person matched them; otherwise they follow from their names, or from what the owner
    /// matched earlier in a file with the same header.
    pub columns: Option<Columns>,
    /// The columns as a person names them, instead of `columns`.
    pub assignment: Option<Assignment>,
    /// What to remember for files with the same header.
    pub remember: Remember,
    /// How the file is read, as far as a person has set it.
    pub settings: ParseSettings,
    /// The fields that contacts must have.
    pub required: RequiredFields,
}

/// The result of an upload.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Uploaded {
    /// The job: PENDING, or the earlier job of the same file.
    pub job: JobId,
    /// Whether the owner had already uploaded the same file; the job is then the earlier one.
    pub earlier: bool,
    /// Size of the file in bytes.
    pub bytes: u64,
    /// The jobs of an archive with several tables, one for each table; `job` is the first of them.
    #[serde(default)]
    pub parts: Vec<UploadedPart>,
}

impl Uploaded {
    /// Returns the jobs: one, or one for each table of an archive.
    pub(crate) fn jobs(&self) -> Vec<JobId> {
        match self.parts.is_empty() {
            true => vec![self.job],
            false => self.parts.iter().map(|part| part.job).collect(),
        }
    }
}

/// The job of a table in an archive.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct UploadedPart {
    /// The name of the table's file.
    pub part: String,
    /// Its job.
    pub job: JobId,
    /// Whether the owner had already uploaded the same file; the job is then the earlier one.
    pub earlier: bool,
}

/// Puts the file into the store under a key of its own and creates a job for it, unless the owner has one for the
/// same bytes. Of an archive with several tables, each becomes a job, unless one is chosen. The run is requested through `queue`; without a queue, the caller runs the job.
///
/// Keeps up to 24 MiB of the content in memory. If the same request is sent again under the same key, the recorded
/// result is returned before the content is read. Deletes the file from the store if no job was created for it.
pub async fn upload(
    owners: &OwnerPool,
    objects: &Objects,
    queue: Option<&Queue>,
    request: &Request,
    upload: &Upload<'_>,
    content: impl AsyncRead + Send + Unpin,
) -> Result<Uploaded, ActionError> {
    let mut db = owners.read(&request.owner).await?;
    if let Some(earlier) = request.earlier(&mut db).await? {
        return Ok(earlier);
    }
    db.rollback().await?;
    let key = new_upload_key(&request.owner, upload.filename);
    let mut file = StoredFile::new(owners, objects, &request.owner, key);
    let uploaded = store_and_make(owners, objects, queue, request, upload, content, &mut file).await;
    match &uploaded {
        Ok(uploaded) if !uploaded.earlier => file.keep(),
        // After an error the job may still exist, if only the answer was lost; `remove` checks that.
        Ok(_) | Err(_) => file.remove().await,
    }
    uploaded
}

async fn store_and_make(
    owners: &OwnerPool,
    objects: &Objects,
    queue: Option<&Queue>,
    request: &Request,
    upload: &Upload<'_>,
    content: impl AsyncRead + Send + Unpin,
    stored: &mut StoredFile,
) -> Result<Uploaded, ActionError> {
    let (mut hash, mut head, mut tail) = (blake3::Hasher::new(), Vec::new(), Tail::default());
    let content = InspectReader::new(content.take(upload.limit.saturating_add(1)), |bytes| {
        hash.update(bytes);
        let wanted = preview_limit(&head).saturating_sub(head.len());
        head.extend_from_slice(&bytes[..bytes.len().min(wanted)]);
        if head.len() < SIGNATURE_BYTES || Signature::of(&head) == Some(Signature::Zip) {
            tail.push(bytes);
        }
    });
    let (_, bytes) = objects.put(stored.key(), content).await?;
    if bytes > upload.limit {
        return Err(ActionError::TooLarge(upload.limit));
    }
    let whole = bytes == head.len() as u64;
    let is_archive = Signature::of(&head) == Some(Signature::Zip);
    let tables = match (is_archive, whole) {
        (true, true) => tables_of_archive(Cursor::new(&head)),
        (true, false) => tables_of_archive(tail.into_reader()),
        (false, _) => Vec::new(),
    };
    let tables = split(upload, tables)?;
    if !tables.is_empty() {
        let reading = |part: String| Reading::of_part(upload, part);
        let files = tables.into_iter().map(|part| ToImport::new(&hash, reading(part), None));
        let files = files.collect::<Result<Vec<ToImport>, ActionError>>()?;
        return make(owners, queue, request, upload, bytes, &files, stored).await;
    }
    // A large workbook or archive is read once more only to assign its columns.
    let beginning = match upload.assignment.is_some() && !whole && is_needed_whole(&head) {
        true => Beginning::stored(objects, stored.key()).await?,
        false => Beginning::new(head, whole),
    };
    let header = header_of(owners, &request.owner, &beginning, upload).await?;
    let reading = Reading::of(upload, header.as_ref())?;
    let header = header.filter(|_| upload.remember != Remember::Nothing);
    let file = ToImport::new(&hash, reading, header)?;
    make(owners, queue, request, upload, bytes, &[file], stored).await
}

/// Returns the header of a file. Returns `None` if the file cannot be previewed: its run reports why, unless columns are to
/// be assigned.
pub(super) async fn header_of(
    owners: &OwnerPool,
    owner: &Owner,
    beginning: &Beginning,
    upload: &Upload<'_>,
) -> Result<Option<FilePreview>, ActionError> {
    match preview_file(owners, owner, beginning, &upload.settings, upload.required).await {
        Ok(header) => Ok(Some(header)),
        Err(ActionError::Invalid { field: "file", .. }) if upload.assignment.is_none() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Maximum number of tables of an archive that become jobs.
const MAX_TABLES: usize = 100;

/// Returns the tables of an archive that become jobs of their own; none if the file is to be one job.
fn split(upload: &Upload<'_>, names: Vec<String>) -> Result<Vec<String>, ActionError> {
    if upload.settings.part.is_some() || names.len() < 2 {
        return Ok(Vec::new());
    }
    let refused = |reason| ActionError::Invalid { field: "part", reason };
    let count = names.len();
    if count > MAX_TABLES {
        return Err(refused(Refusal::TooManyTables { count, limit: MAX_TABLES }));
    }
    if upload.columns.is_some() || upload.assignment.is_some() {
        return Err(refused(Refusal::MatchOneTable { names }));
    }
    Ok(names)
}

/// A file, or a table in it, that becomes a job.
struct ToImport {
    content_hash: String,
    reading: Reading,
    /// Its header, if its columns are to be remembered.
    header: Option<FilePreview>,
}

impl ToImport {
    fn new(
        bytes: &blake3::Hasher,
        reading: Reading,
        header: Option<FilePreview>,
    ) -> Result<ToImport, ActionError> {
        let mut hash = bytes.clone();
        reading.add_to(&mut hash)?;
        Ok(ToImport { content_hash: hash.finalize().to_hex().to_string(), reading, header })
    }
}

/// Makes the jobs and requests their runs.
async fn make(
    owners: &OwnerPool,
    queue: Option<&Queue>,
    request: &Request,
    upload: &Upload<'_>,
    bytes: u64,
    files: &[ToImport],
    stored: &mut StoredFile,
) -> Result<Uploaded, ActionError> {
    // All jobs are made in one transaction, so one hash shows whether it is in progress.
    if let Some(first) = files.first() {
        stored.offer(&first.content_hash);
    }
    let (made, after_commit) = make_jobs(owners, queue, request, upload, bytes, files, stored.key()).await?;
    for sent in after_commit {
        sent.send().await?;
    }
    Ok(made)
}

/// How a file is read, as far as a person has set it or it is remembered.
pub(super) struct Reading {
    pub settings: ParseSettings,
    pub columns: Option<Columns>,
    /// The fields that rows must have, if a person leaves others empty.
    pub required: Option<RequiredFields>,
}

impl Reading {
    pub(super) fn of(upload: &Upload<'_>, header: Option<&FilePreview>) -> Result<Reading, ActionError> {
        let mut settings = upload.settings.clone();
        if let (Some(assignment), Some(header)) = (&upload.assignment, header) {
            let assigned = assign(header, assignment, &settings.values, upload.required)?;
            settings.values = assigned.values;
            let required = Some(assigned.required).filter(|required| *required != upload.required);
            return Ok(Reading { settings, columns: Some(assigned.columns), required });
        }
        let recalled = header.filter(|header| header.remembered && upload.columns.is_none());
        if let Some(header) = recalled {
            settings.values = header.values();
        }
        let columns = upload.columns.clone().or(recalled.and_then(FilePreview::matched));
        Ok(Reading { settings, columns, required: None })
    }

    /// Returns how a table of an archive is read. Its run applies columns that are remembered.
    fn of_part(upload: &Upload<'_>, part: String) -> Reading {
        let settings = ParseSettings { part: Some(part), ..upload.settings.clone() };
        Reading { settings, columns: None, required: None }
    }

    /// Adds what was set to the hash of the bytes: the same bytes with other columns or settings count as another file.
    fn add_to(&self, hash: &mut blake3::Hasher) -> Result<(), ActionError> {
        if let Some(columns) = &self.columns {
            hash.update(&serde_json::to_vec(&Columns { remembered: false, ..columns.clone() })?);
        }
        if !self.settings.is_empty() {
            hash.update(&serde_json::to_vec(&self.settings)?);
        }
        if let Some(required) = self.required {
            hash.update(required.to_string().as_bytes());
        }
        Ok(())
    }
}

async fn make_jobs(
    owners: &OwnerPool,
    queue: Option<&Queue>,
    request: &Request,
    upload: &Upload<'_>,
    bytes: u64,
    files: &[ToImport],
    key: &str,
) -> Result<(Uploaded, Vec<AfterCommit>), ActionError> {
    let mut transaction = owners.begin(&request.owner).await?;
    let (mut made, mut after_commit, mut actions) = (Vec::new(), Vec::new(), Vec::new());
    for file in files {
        // The idempotency key belongs to the first action, whose result is that of the request.
        let request = match made.is_empty() {
            true => request,
            false => &Request { idempotency: None, ..request.clone() },
        };
        let earlier = jobs::by_content(&mut transaction, &request.owner, &file.content_hash).await?;
        let earlier = earlier.filter(|_| !upload.force);
        let job = match earlier {
            Some(job) => job,
            None => {
                let job = insert(&mut transaction, &request.owner, upload, file, key, bytes).await?;
                after_commit.push(enqueue(&mut transaction, queue, job, key).await?);
                job
            }
        };
        actions.push(record(&mut transaction, request, upload, file, job).await?);
        let part = file.reading.settings.part.clone().unwrap_or_default();
        made.push(UploadedPart { part, job, earlier: earlier.is_some() });
    }
    let earlier = made.iter().all(|part| part.earlier);
    let first = made.first().ok_or(StoreError::Unreadable)?.job;
    let parts = if made.len() > 1 { made.clone() } else { Vec::new() };
    let uploaded = Uploaded { job: first, earlier, bytes, parts };
    for (action, UploadedPart { job, earlier, .. }) in actions.into_iter().zip(&made) {
        let result = match *job == first {
            true => uploaded.clone(),
            false => Uploaded { job: *job, earlier: *earlier, bytes, parts: Vec::new() },
        };
        request.finish(&mut transaction, action, Some(*job), &result).await?;
    }
    transaction.commit().await?;
    Ok((uploaded, after_commit))
}

async fn insert(
    connection: &mut PgConnection,
    owner: &Owner,
    upload: &Upload<'_>,
    file: &ToImport,
    key: &str,
    file_bytes: u64,
) -> Result<JobId, ActionError> {
    let Reading { settings, columns, required } = &file.reading;
    let (filename, policy, content_hash) = (upload.filename, upload.policy, file.content_hash.as_str());
    let (columns, required) = (columns.as_ref(), *required);
    let new =
        jobs::New { owner, filename, key, file_bytes, policy, content_hash, columns, settings, required };
    Ok(jobs::insert(connection, &new).await?)
}

/// Records the upload, and remembers the columns if that was requested. Returns the recorded action.
async fn record(
    connection: &mut PgConnection,
    request: &Request,
    upload: &Upload<'_>,
    file: &ToImport,
    job: JobId,
) -> Result<ActionId, ActionError> {
    let Reading { settings, columns, .. } = &file.reading;
    if let (Some(header), Some(columns)) = (&file.header, columns)
        && let Some(shape) = header.shape()
    {
        let values = &upload.remember.values(&settings.values);
        let new = column_mappings::New { shape: &shape, names: &header.names, columns, values };
        column_mappings::remember(connection, &request.owner, &new).await?;
    }
    let mut parameters = json!({ "policy": upload.policy, "force": upload.force, "columns": columns });
    if !settings.is_empty() {
        parameters["settings"] = serde_json::to_value(settings)?;
    }
    request.record(connection, ActionKind::Upload, Some(job), &parameters).await
}
