//! Reads the file of a job again: with another encoding or header line, or with other columns.

use serde_json::json;

use super::assign::{Assignment, assign};
use super::beginning::Beginning;
use super::job::{delete_rows, idle};
use super::preview_file::{FilePreview, preview_file};
use super::{ActionError, Changed, Request, enqueue};
use crate::domain::decision::ActionKind;
use crate::domain::field::Field;
use crate::domain::job::{FixedValues, JobId, JobStatus, Owner, ParseSettings};
use crate::domain::required::RequiredFields;
use crate::objects::Objects;
use crate::queue::{AfterCommit, Queue};
use crate::store::jobs::{self, Job, Reading};
use crate::store::{OwnerPool, actions, column_mappings};

/// Returns whether the file of a job can be read again. Its rows are replaced then, so none may be a contact.
pub fn can_reread(job: &Job) -> bool {
    let is_open = matches!(job.status, JobStatus::NeedsReview | JobStatus::Failed);
    is_open
        && job.rows_removed_at.is_none()
        && !job.running
        && job.undoing.is_none()
        && job.counts.consolidated == 0
}

/// How the file of a job is to be read.
#[derive(Debug, Clone)]
pub struct Reread<'a> {
    /// What a person has set; the rest is detected, except that the part of an archive or a workbook stays the same.
    pub settings: &'a ParseSettings,
    /// The columns, if a person assigns them now; otherwise those that a person has assigned before remain.
    pub assignment: Option<&'a Assignment>,
    /// Whether to remember the columns for files with the same header.
    pub remember: Remember,
    /// The fields that contacts must have, unless the job requires fewer.
    pub required: RequiredFields,
}

/// What is remembered for files with the same header.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Remember {
    /// Nothing.
    #[default]
    Nothing,
    /// The columns.
    Columns,
    /// The columns, and the values that are the same in every row.
    ColumnsAndValues,
}

impl Remember {
    /// Returns what to remember.
    pub(crate) fn of(columns: bool, values: bool) -> Remember {
        match (columns, values) {
            (_, true) => Remember::ColumnsAndValues,
            (true, false) => Remember::Columns,
            (false, false) => Remember::Nothing,
        }
    }

    /// Returns the fixed values to remember.
    pub(super) fn values(self, values: &FixedValues) -> FixedValues {
        match self {
            Remember::ColumnsAndValues => values.clone(),
            Remember::Nothing | Remember::Columns => FixedValues::default(),
        }
    }
}

/// Deletes the rows and issues of a job, with all decisions about them, and requests a run that reads its file again; what
/// is left open is detected. Without a queue, the caller runs the job itself.
///
/// Fails if the file no longer exists, if its columns cannot be assigned, or if the job has imported contacts or is neither
/// under review nor FAILED.
pub async fn reread(
    owners: &OwnerPool,
    objects: &Objects,
    queue: Option<&Queue>,
    request: &Request,
    id: JobId,
    reread: &Reread<'_>,
) -> Result<Changed, ActionError> {
    let (mut tries, mut file) = (0, None);
    let (done, after_commit) = loop {
        // Without a transaction, since locks would last as long as the request to the store.
        let table = match file.take() {
            Some(table) => table,
            None => match StoredTable::find(owners, objects, request, id, reread).await? {
                Found::Earlier(done) => return Ok(done),
                Found::Table(table) => *table,
            },
        };
        match reread_once(owners, queue, request, id, reread, &table).await {
            Ok(Some(done)) => break done,
            // Somebody has changed the job since.
            Ok(None) if tries < 20 => tries += 1,
            Ok(None) => return Err(ActionError::Busy),
            // Dropping the tables needs a lock for which nobody else must be made to wait long.
            Err(ActionError::Busy) if tries < 20 => {
                tries += 1;
                file = Some(table);
            }
            Err(error) => return Err(error),
        }
    };
    after_commit.send().await?;
    Ok(done)
}

/// The stored file of a job as it is before it is read again.
struct StoredTable {
    /// The job by which it was found.
    job: Job,
    /// Its beginning, if columns are to be assigned.
    preview: Option<FilePreview>,
}

enum Found {
    /// The request was carried out before.
    Earlier(Changed),
    Table(Box<StoredTable>),
}

impl StoredTable {
    /// Finds the file in the store.
    ///
    /// Fails if it no longer exists, or if the job does not allow that it is read again.
    async fn find(
        owners: &OwnerPool,
        objects: &Objects,
        request: &Request,
        id: JobId,
        reread: &Reread<'_>,
    ) -> Result<Found, ActionError> {
        let owner = &request.owner;
        let mut db = owners.read(owner).await?;
        if let Some(earlier) = request.earlier(&mut db).await? {
            return Ok(Found::Earlier(earlier));
        }
        let job = jobs::get(&mut db, owner, id).await?.ok_or(ActionError::NoJob(id))?;
        db.rollback().await?;
        fit(&job)?;
        let preview = match reread.assignment {
            Some(_) => {
                Some(preview_job(owners, objects, owner, &job, reread.settings, reread.required).await?)
            }
            None => {
                objects.head(&job.object_key).await?;
                None
            }
        };
        Ok(Found::Table(Box::new(StoredTable { job, preview })))
    }

    /// Returns whether the job is still the one by which the file was found and read.
    fn is_of(&self, job: &Job) -> bool {
        let read_by = |job: &Job| (job.object_key.clone(), job.settings.clone(), job.required);
        read_by(&self.job) == read_by(job)
    }
}

/// Reads the file again. Returns `None` if the job has changed since the file was found.
async fn reread_once(
    owners: &OwnerPool,
    queue: Option<&Queue>,
    request: &Request,
    id: JobId,
    reread: &Reread<'_>,
    file: &StoredTable,
) -> Result<Option<(Changed, AfterCommit)>, ActionError> {
    let mut transaction = owners.begin(&request.owner).await?;
    if let Some(earlier) = request.earlier(&mut transaction).await? {
        return Ok(Some((earlier, AfterCommit::nothing())));
    }
    let job = idle(&mut transaction, request, id).await?;
    fit(&job)?;
    if !file.is_of(&job) {
        return Ok(None);
    }
    let mut settings = reread.settings.clone();
    settings.part = settings.part.or_else(|| job.settings.part.clone());
    if reread.assignment.is_none() {
        settings.values = job.settings.values.clone();
    }
    let mut required = job.required.both(reread.required);
    // Remembered columns belong to the header that they were found by.
    let mut columns = job.columns.clone().filter(|columns| !columns.remembered);
    if let (Some(assignment), Some(preview)) = (reread.assignment, &file.preview) {
        let assigned = assign(preview, assignment, &settings.values, required)?;
        (settings.values, required) = (assigned.values, assigned.required);
        if reread.remember != Remember::Nothing
            && let Some(shape) = preview.shape()
        {
            let values = &reread.remember.values(&settings.values);
            let (shape, names, columns) = (shape.as_str(), preview.names.as_slice(), &assigned.columns);
            let new = column_mappings::New { shape, names, columns, values };
            column_mappings::remember(&mut transaction, &request.owner, &new).await?;
        }
        columns = Some(assigned.columns);
    }
    delete_rows(&mut transaction, &job).await?;
    actions::forget_rows(&mut transaction, id).await?;
    let reading = Reading { settings: &settings, columns: columns.as_ref(), required };
    jobs::restart(&mut transaction, id, &reading).await?;
    let after_commit = enqueue(&mut transaction, queue, id, &job.object_key).await?;
    let mut parameters = json!({ "before": job.settings, "after": settings });
    if reread.assignment.is_some() {
        let left_empty: Vec<Field> = job.required.iter().filter(|field| !required.has(*field)).collect();
        parameters["columns"] = serde_json::to_value(columns)?;
        parameters["not_required"] = serde_json::to_value(left_empty)?;
    }
    let action = request.record(&mut transaction, ActionKind::Reread, Some(id), &parameters).await?;
    let done = Changed { action, job: id, before: job.status, after: Some(JobStatus::Pending) };
    request.finish(&mut transaction, action, Some(id), &done).await?;
    transaction.commit().await?;
    Ok(Some((done, after_commit)))
}

fn fit(job: &Job) -> Result<(), ActionError> {
    if job.rows_removed_at.is_some() {
        return Err(ActionError::RowsRemoved(job.id));
    }
    if can_reread(job) {
        return Ok(());
    }
    if job.running {
        return Err(ActionError::Running(job.id));
    }
    let reason = match job.counts.consolidated {
        0 => "only the file of a job that is NEEDS_REVIEW or FAILED can be read again",
        _ => "rows of it are contacts; undo the import before the file is read again",
    };
    Err(ActionError::Unfit { job: job.id, status: job.status, reason })
}

/// Parses the beginning of the stored file of a job.
///
/// Fails as invalid, in words for the job's owner, if it cannot be parsed.
pub(crate) async fn preview_job(
    owners: &OwnerPool,
    objects: &Objects,
    owner: &Owner,
    job: &Job,
    settings: &ParseSettings,
    required: RequiredFields,
) -> Result<FilePreview, ActionError> {
    let beginning = Beginning::stored(objects, &job.object_key).await?;
    preview_file(owners, owner, &beginning, settings, job.required.both(required)).await
}
