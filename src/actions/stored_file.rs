//! A file in the store that no job refers to yet.

use std::time::Duration;

use super::ActionError;
use crate::domain::job::Owner;
use crate::objects::Objects;
use crate::store::{OwnerPool, jobs};

/// How long a write to the store may continue after it was cut off: the thread or server that does it does not
/// notice.
const LAST_WRITE: Duration = Duration::from_secs(5);

/// A file that a request puts into the store under a key of its own. Unless it is kept, it is removed once it is
/// certain that no job refers to it, even if the request is dropped because its client went away.
pub(super) struct StoredFile {
    owners: OwnerPool,
    objects: Objects,
    owner: Owner,
    key: String,
    /// The hash of its bytes, once a job may refer to it.
    content_hash: Option<String>,
    /// Whether it has been kept or removed.
    is_decided: bool,
}

impl StoredFile {
    pub(crate) fn new(owners: &OwnerPool, objects: &Objects, owner: &Owner, key: String) -> Self {
        let (owners, objects, owner) = (owners.clone(), objects.clone(), owner.clone());
        Self { owners, objects, owner, key, content_hash: None, is_decided: false }
    }

    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// From now on a job may refer to the file, under this hash of its bytes.
    pub(crate) fn offer(&mut self, content_hash: &str) {
        self.content_hash = Some(content_hash.to_owned());
    }

    /// Keeps the file: a job refers to it.
    pub(crate) fn keep(mut self) {
        self.is_decided = true;
    }

    /// Removes the file unless a job refers to it. Only logs a failure, since the request is already answered.
    pub(crate) async fn remove(mut self) {
        let content_hash = self.content_hash.clone();
        remove_unused(&self.owners, &self.objects, &self.owner, &self.key, content_hash).await;
        self.is_decided = true;
    }
}

impl Drop for StoredFile {
    fn drop(&mut self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if self.is_decided {
            return;
        }
        let (owners, objects, owner) = (self.owners.clone(), self.objects.clone(), self.owner.clone());
        let (key, content_hash) = (std::mem::take(&mut self.key), self.content_hash.take());
        runtime.spawn(async move {
            tokio::time::sleep(LAST_WRITE).await;
            remove_unused(&owners, &objects, &owner, &key, content_hash).await;
        });
    }
}

async fn remove_unused(
    owners: &OwnerPool,
    objects: &Objects,
    owner: &Owner,
    key: &str,
    content_hash: Option<String>,
) {
    let removed = async {
        if let Some(content_hash) = content_hash
            && is_used(owners, owner, key, &content_hash).await?
        {
            return Ok(());
        }
        Ok::<_, ActionError>(objects.delete(key).await?)
    };
    if let Err(error) = removed.await {
        tracing::warn!(%error, key, "cannot delete the file of a rejected upload");
    }
}

/// Returns whether a job refers to the file.
async fn is_used(
    owners: &OwnerPool,
    owner: &Owner,
    key: &str,
    content_hash: &str,
) -> Result<bool, ActionError> {
    // A commit whose answer was lost may still be in progress. This waits for the lock of its transaction; the
    // commit is visible to the next statement, not to this transaction's current one.
    let mut transaction = owners.read(owner).await?;
    jobs::by_content(&mut transaction, owner, content_hash).await?;
    transaction.rollback().await?;
    Ok(jobs::has_file(&mut *owners.read(owner).await?, owner, key).await?)
}
