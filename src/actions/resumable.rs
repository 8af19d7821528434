//! Uploads that arrive in several requests: create, look up, delete. `upload_lease.rs` receives their parts.

use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt, stream};

use super::ActionError;
use super::upload::Uploaded;
use crate::domain::ids::UploadId;
use crate::domain::job::Owner;
use crate::objects::{ObjectError, Objects};
use crate::store::OwnerPool;
use crate::store::uploads::{self, MOST_UPLOADS, UploadRow};

/// How many objects are deleted at a time.
const DELETIONS_AT_ONCE: usize = 8;

/// Why a request of an upload in parts was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResumableError {
    /// The owner has no such upload.
    #[error("there is no such upload: it was deleted, or it has expired a day after its last request")]
    NoUpload,
    /// The owner has too many unfinished uploads.
    #[error("there are already {0} unfinished uploads; finish or delete one")]
    TooMany(i64),
    /// The upload has reached another offset than the request continues at.
    #[error("the upload continues at byte {0}; send the bytes from there on")]
    OtherOffset(u64),
    /// Another request adds to the upload.
    #[error("another request is sending this upload; try again when it has ended, in half a minute at most")]
    InProgress,
    /// The request has more bytes than the upload was created for.
    #[error("the file has more than the {0} bytes of its Upload-Length; create an upload of its size")]
    TooManyBytes(u64),
}

/// An upload that is not complete, or whose jobs are known.
#[derive(Debug, Clone)]
pub(crate) struct UploadState {
    /// The size of the file in bytes.
    pub bytes: u64,
    /// The bytes that have arrived.
    pub offset: u64,
    /// The name of the file and how to import it, as the client has sent them; `None` once there is a job.
    pub metadata: Option<String>,
    /// The jobs, once the file is complete.
    pub uploaded: Option<Uploaded>,
    /// When it is deleted.
    pub expires_at: DateTime<Utc>,
}

impl TryFrom<UploadRow> for UploadState {
    type Error = ActionError;

    fn try_from(row: UploadRow) -> Result<UploadState, ActionError> {
        let UploadRow { bytes, offset, metadata, result, expires_at } = row;
        let uploaded = result.map(serde_json::from_value).transpose()?;
        Ok(UploadState { bytes, offset, metadata, uploaded, expires_at })
    }
}

/// Creates an upload for a file of `bytes`. Returns when it expires unless a part arrives.
pub(crate) async fn create_upload(
    owners: &OwnerPool,
    owner: &Owner,
    bytes: u64,
    metadata: &str,
) -> Result<(UploadId, DateTime<Utc>), ActionError> {
    let mut transaction = owners.begin(owner).await?;
    let made = uploads::insert(&mut transaction, owner, bytes, metadata).await?;
    transaction.commit().await?;
    Ok(made.ok_or(ResumableError::TooMany(MOST_UPLOADS))?)
}

/// Returns an upload.
pub(crate) async fn find_upload(
    owners: &OwnerPool,
    owner: &Owner,
    id: UploadId,
) -> Result<UploadState, ActionError> {
    let mut db = owners.read(owner).await?;
    let found = uploads::get(&mut db, owner, id).await?;
    db.rollback().await?;
    found.ok_or(ResumableError::NoUpload)?.try_into()
}

/// Deletes an upload and its parts. Jobs that it has made stay.
pub(crate) async fn delete_upload(
    owners: &OwnerPool,
    objects: &Objects,
    owner: &Owner,
    id: UploadId,
) -> Result<(), ActionError> {
    let mut transaction = owners.begin(owner).await?;
    let expired = uploads::expire(&mut transaction, owner, id).await?;
    transaction.commit().await?;
    if !expired {
        return Err(ResumableError::NoUpload.into());
    }
    remove_parts(owners, objects, owner, id).await;
    Ok(())
}

/// Removes the parts of an upload that no longer needs them. Only logs a failure: workers remove what is left.
pub(super) async fn remove_parts(owners: &OwnerPool, objects: &Objects, owner: &Owner, id: UploadId) {
    if let Err(error) = try_remove_parts(owners, objects, owner, id).await {
        tracing::warn!(%error, upload = %id, "cannot remove the parts of an upload; a worker will try again");
    }
}

async fn try_remove_parts(
    owners: &OwnerPool,
    objects: &Objects,
    owner: &Owner,
    id: UploadId,
) -> Result<(), ActionError> {
    let mut db = owners.read(owner).await?;
    let parts = uploads::parts(&mut db, owner, id).await?;
    db.rollback().await?;
    let keys: Vec<String> = parts.into_iter().map(|part| part.key).collect();
    let every_key = stream::iter(keys.clone()).map(Ok);
    every_key
        .try_for_each_concurrent(DELETIONS_AT_ONCE, |key| async move { objects.delete(&key).await })
        .await?;
    let mut transaction = owners.begin(owner).await?;
    uploads::forget_parts(&mut transaction, owner, &keys).await?;
    Ok(transaction.commit().await?)
}

/// Returns whether an upload can no longer become a job, since sending its last part again leads to the same error.
pub(crate) fn is_final(error: &ActionError) -> bool {
    matches!(
        error,
        ActionError::Invalid { .. }
            | ActionError::TooLarge(_)
            | ActionError::Object(ObjectError::NotFound { .. } | ObjectError::Changed { .. })
    )
}
