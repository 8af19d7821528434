//! Tries each call that the program makes of a bucket, without changing an object.

use object_store::ObjectStoreExt;

use super::{Location, ObjectError, Objects, new_upload_key};
use crate::domain::job::Owner;
use crate::domain::permission::{Need, Permission};

impl Objects {
    /// Tries each call. A folder has no permissions of this kind. Fails if the bucket cannot be reached.
    ///
    /// The calls are for a new key: reading finds nothing, writing begins an upload in parts and aborts it, and deleting deletes
    /// nothing; in a bucket with versions, it leaves a delete marker.
    pub(crate) async fn permissions(&self) -> Result<Vec<Permission>, ObjectError> {
        let Location::S3 { bucket } = &self.place else { return Ok(Vec::new()) };
        let key = new_upload_key(&Owner("doctor".to_owned()), "permissions");
        let (of_bucket, of_objects) = (format!("arn:aws:s3:::{bucket}"), format!("arn:aws:s3:::{bucket}/*"));
        let tried = |action, resource: &String, denied| {
            let (need, resource) = (Need::Work, resource.clone());
            Permission { action, resource, need, denied }
        };
        let mut all = Vec::new();
        let list = denied(self.check().await)?;
        let may_list = list.is_none();
        all.push(tried("s3:ListBucket", &of_bucket, list));
        // Without the right to list, S3 denies access to an object that is missing, so the answer would mean nothing.
        if may_list {
            all.push(tried("s3:GetObject", &of_objects, denied(self.head(&key).await.map(drop))?));
        }
        let path = self.path(&key).await?;
        let begun = self.store.put_multipart(&path).await.map_err(|error| self.error(&key, error));
        let (put, abort) = match begun {
            Ok(mut upload) => {
                let aborted = upload.abort().await.map_err(|error| self.error(&key, error));
                (Ok(()), Some(aborted))
            }
            Err(error) => (Err(error), None),
        };
        all.push(tried("s3:PutObject", &of_objects, denied(put)?));
        if let Some(abort) = abort {
            all.push(tried("s3:AbortMultipartUpload", &of_objects, denied(abort)?));
        }
        all.push(tried("s3:DeleteObject", &of_objects, denied(self.delete(&key).await)?));
        Ok(all)
    }
}

/// Returns the answer if a call was denied.
fn denied(result: Result<(), ObjectError>) -> Result<Option<String>, ObjectError> {
    match result {
        Ok(()) | Err(ObjectError::NotFound { .. }) => Ok(None),
        Err(ObjectError::Denied { reason, .. }) => Ok(Some(reason)),
        Err(error) => Err(error),
    }
}
