//! The CSV files: objects in an S3 bucket or in a local folder, read and written as streams.
//!
//! A key is data. S3 receives it byte for byte as in the message, and in the local folder it never leads out of
//! the folder. A read of a version returns that version's bytes or [`ObjectError::Changed`], even if the
//! connection is cut and resumed. Nothing here keeps a whole object in memory, or lists objects.

mod error;
mod files;
mod key;
mod local;
mod permissions;
mod put;
mod s3;
mod upload_key;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{GetOptions, ObjectMeta, ObjectStore, ObjectStoreExt, PutPayload};
use tokio::io::AsyncRead;
use tokio_util::sync::CancellationToken;

pub(crate) use error::ObjectError;
pub(crate) use files::files;
pub(crate) use upload_key::{is_upload_key, new_part_key, new_upload_key};

/// An unfinished upload that nobody has written to for this long belongs to a process that has died.
const ABANDONED: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);

/// A store of objects. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    place: Location,
}

/// The two kinds of store; everything in which they differ depends on this.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Location {
    S3 { bucket: Arc<str> },
    Local { folder: Arc<std::path::Path> },
}

impl Location {
    fn bucket(&self) -> Option<String> {
        match self {
            Self::S3 { bucket } => Some(bucket.to_string()),
            Self::Local { .. } => None,
        }
    }
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::S3 { bucket } => write!(f, "bucket `{bucket}`"),
            Self::Local { folder } => write!(f, "folder `{}`", folder.display()),
        }
    }
}

impl std::fmt::Display for Objects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.place.fmt(f)
    }
}

/// One version of an object: its ETag without the quotes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Version(String);

impl Version {
    /// Returns the ETag, in the form stored in the database.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Version {
    fn from(etag: &str) -> Self {
        Self(etag.trim_matches('"').to_owned())
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Options of requests to an S3 bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BucketOptions {
    /// The sender pays for its requests, which a bucket with [requester pays] demands.
    ///
    /// [requester pays]: https://docs.aws.amazon.com/AmazonS3/latest/userguide/RequesterPaysBuckets.html
    pub requester_pays: bool,
    /// The key of AWS KMS that encrypts new objects; `None` for the encryption of the bucket.
    pub kms_key: Option<String>,
}

/// An object opened for reading.
pub(crate) struct Opened {
    /// The version of all of `bytes`.
    pub version: Version,
    /// Total length of `bytes`.
    pub size: u64,
    /// The content in blocks of any length up to about 1 MiB.
    pub bytes: BoxStream<'static, Result<Bytes, ObjectError>>,
}

impl Objects {
    /// Returns the store in an S3 bucket, with the credentials and endpoint of the AWS SDK's own chain.
    ///
    /// Does not connect yet. Fails if `sdk` lacks credentials or has an endpoint that is not a URL.
    pub fn s3(
        bucket: &str,
        region: &str,
        sdk: &SdkConfig,
        options: &BucketOptions,
    ) -> Result<Self, ObjectError> {
        let place = Location::S3 { bucket: bucket.into() };
        let store = s3::store(bucket, region, sdk, options)
            .map_err(|source| ObjectError::of_place(&place, source))?;
        Ok(Self { store: Arc::new(store), place })
    }

    /// Returns the store in a local folder, which is created if it does not exist.
    pub fn local(folder: PathBuf) -> Result<Self, ObjectError> {
        let (store, folder) = local::store(&folder)?;
        Ok(Self { store: Arc::new(store), place: Location::Local { folder: folder.into() } })
    }

    /// Returns the name of the bucket; `None` if the store is a folder.
    pub(crate) fn bucket(&self) -> Option<&str> {
        match &self.place {
            Location::S3 { bucket } => Some(bucket),
            Location::Local { .. } => None,
        }
    }

    /// Opens an object for reading: `version`, or the current one if that is `None`.
    pub(crate) async fn open(&self, key: &str, version: Option<&Version>) -> Result<Opened, ObjectError> {
        let path = self.path(key).await?;
        let options =
            GetOptions { if_match: version.map(|version| self.quoted(version)), ..GetOptions::default() };
        let result = self.store.get_opts(&path, options).await.map_err(|error| self.error(key, error))?;
        let found = self.version(key, &result.meta)?;
        // Some S3 implementations ignore `If-Match`.
        if version.is_some_and(|wanted| *wanted != found) {
            return Err(ObjectError::Changed { store: self.to_string(), key: key.to_owned() });
        }
        let size = result.meta.size;
        let bytes = match &self.place {
            Location::Local { .. } => local::stream(self.clone(), key.to_owned(), result),
            Location::S3 { .. } => s3::stream(self.clone(), key.to_owned(), path, found.clone(), result),
        };
        Ok(Opened { version: found, size, bytes })
    }

    /// Limits the time of work with an object. After that, the store counts as unavailable.
    pub(crate) async fn within<T, E: From<ObjectError>>(
        &self,
        limit: Duration,
        key: &str,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let late = || ObjectError::Unavailable {
            store: self.to_string(),
            key: Some(key.to_owned()),
            source: format!("no result within {} s", limit.as_secs()).into(),
        };
        tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(late().into()))
    }

    /// Returns the current version of an object, and its size in bytes.
    pub async fn head(&self, key: &str) -> Result<(Version, u64), ObjectError> {
        let path = self.path(key).await?;
        let meta = self.store.head(&path).await.map_err(|error| self.error(key, error))?;
        Ok((self.version(key, &meta)?, meta.size))
    }

    /// Writes all of `content` under `key`, replacing what was there. Returns the new version and its size in
    /// bytes.
    ///
    /// The object appears whole or not at all. Keeps up to 24 MiB in memory.
    pub async fn put(
        &self,
        key: &str,
        content: impl AsyncRead + Send + Unpin,
    ) -> Result<(Version, u64), ObjectError> {
        let path = self.path(key).await?;
        let (etag, size) =
            put::put(self.store.as_ref(), &path, content).await.map_err(|error| match error {
                put::PutError::Content(source) => ObjectError::Content { key: key.to_owned(), source },
                put::PutError::Store(source) => self.error(key, source),
            })?;
        match etag {
            Some(etag) => Ok((Version::from(etag.as_str()), size)),
            None => Ok((self.head(key).await?.0, size)),
        }
    }

    /// Writes bytes in memory under a key, replacing what was there.
    pub(crate) async fn put_bytes(&self, key: &str, bytes: Bytes) -> Result<(), ObjectError> {
        let path = self.path(key).await?;
        let put = self.store.put(&path, PutPayload::from(bytes)).await;
        put.map(|_| ()).map_err(|error| self.error(key, error))
    }

    /// Deletes an object. Succeeds if there is no such object.
    pub async fn delete(&self, key: &str) -> Result<(), ObjectError> {
        let path = self.path(key).await?;
        match self.store.delete(&path).await {
            Err(object_store::Error::NotFound { .. }) => Ok(()),
            done => done.map_err(|error| self.error(key, error)),
        }
    }

    /// Removes the remains of uploads that were killed more than a day ago, and returns the number of files. Stops
    /// early when `stop` is cancelled.
    ///
    /// Applies to a folder only: a bucket does it by a lifecycle rule (`AbortIncompleteMultipartUpload`).
    pub(crate) async fn remove_abandoned(&self, stop: &CancellationToken) -> Result<u64, ObjectError> {
        let Location::Local { folder } = &self.place else { return Ok(0) };
        let (folder, stop) = (folder.clone(), stop.clone());
        let removing = move || local::remove_abandoned(&folder, ABANDONED, &stop);
        let removed = tokio::task::spawn_blocking(removing).await.map_err(std::io::Error::from).flatten();
        removed.map_err(|source| ObjectError::Unavailable {
            store: self.to_string(),
            key: None,
            source: source.into(),
        })
    }

    /// Checks that the bucket or folder can be read; fails as reading an object would.
    pub(crate) async fn check(&self) -> Result<(), ObjectError> {
        use futures::StreamExt;
        match self.store.list(None).next().await {
            Some(Err(error)) => Err(ObjectError::of_place(&self.place, error)),
            Some(Ok(_)) | None => Ok(()),
        }
    }

    async fn path(&self, key: &str) -> Result<Path, ObjectError> {
        let path = key::path(&self.place, key)?;
        if let Location::Local { folder } = &self.place {
            local::check_inside(folder, key).await?;
        }
        Ok(path)
    }

    fn version(&self, key: &str, meta: &ObjectMeta) -> Result<Version, ObjectError> {
        let etag = meta.e_tag.as_deref().filter(|etag| !etag.is_empty());
        let missing = || ObjectError::Unavailable {
            store: self.to_string(),
            key: Some(key.to_owned()),
            source: "the store answered without an ETag".into(),
        };
        etag.map(Version::from).ok_or_else(missing)
    }

    /// Formats a version for `If-Match`.
    fn quoted(&self, version: &Version) -> String {
        format!("\"{version}\"")
    }

    fn error(&self, key: &str, error: object_store::Error) -> ObjectError {
        ObjectError::of_key(&self.place, key, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_that_takes_too_long_is_a_transient_error() {
        let folder = tempfile::tempdir().unwrap();
        let objects = Objects::local(folder.path().to_owned()).unwrap();
        let never = std::future::pending::<Result<(), ObjectError>>();
        let late = objects.within(Duration::from_millis(1), "a.csv", never).await.unwrap_err();
        assert!(late.is_transient() && late.to_string().contains("a.csv"), "{late}");
        let done = objects.within(Duration::from_secs(60), "a.csv", async { Ok::<_, ObjectError>(7) }).await;
        assert_eq!(done.unwrap(), 7);
    }
}
