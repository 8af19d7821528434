//! Writes an object from a stream of unknown length.

use bytes::BytesMut;
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload, UploadPart};
use scopeguard::ScopeGuard;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio_util::task::AbortOnDropHandle;

/// Size of one part. S3 allows at most 10,000 parts, so this limits an object to 80 GB.
const PART_BYTES: usize = 8 << 20;

pub(super) enum PutError {
    Content(std::io::Error),
    Store(object_store::Error),
}

impl From<object_store::Error> for PutError {
    fn from(error: object_store::Error) -> Self {
        Self::Store(error)
    }
}

/// Writes all of `content`, and returns the size and, if the store reports it, the ETag.
pub(super) async fn put(
    store: &dyn ObjectStore,
    path: &Path,
    mut content: impl AsyncRead + Send + Unpin,
) -> Result<(Option<String>, u64), PutError> {
    let first = part(&mut content).await?;
    let first_bytes = first.content_length();
    if first_bytes < PART_BYTES {
        return Ok((store.put(path, first).await?.e_tag, first_bytes as u64));
    }
    // Aborts even if the future is dropped because a client went away: S3 stores the parts of an upload that is
    // neither completed nor aborted, and charges for them.
    let mut upload = scopeguard::guard(store.put_multipart(path).await?, abort_in_background);
    let written = match parts(upload.as_mut(), first, &mut content).await {
        Ok(bytes) => upload.complete().await.map(|done| (done.e_tag, bytes)).map_err(PutError::Store),
        Err(error) => Err(error),
    };
    let upload = ScopeGuard::into_inner(upload);
    if written.is_err() {
        abort(upload).await;
    }
    written
}

fn abort_in_background(upload: Box<dyn MultipartUpload>) {
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(abort(upload));
    }
}

async fn abort(mut upload: Box<dyn MultipartUpload>) {
    if let Err(error) = upload.abort().await {
        // The earlier failure is the one to report. A lifecycle rule of the bucket removes the parts eventually.
        tracing::debug!(%error, "cannot remove the parts of an upload");
    }
}

async fn parts(
    upload: &mut dyn MultipartUpload,
    first: PutPayload,
    content: &mut (impl AsyncRead + Send + Unpin),
) -> Result<u64, PutError> {
    let mut bytes = 0;
    let mut next = first;
    // One part is uploaded while the next is read.
    let mut under_way: Option<AbortOnDropHandle<object_store::Result<()>>> = None;
    while next.content_length() > 0 {
        bytes += next.content_length() as u64;
        let sent: UploadPart = upload.put_part(next);
        let before = under_way.replace(AbortOnDropHandle::new(tokio::spawn(sent)));
        next = part(content).await?;
        if let Some(before) = before {
            before.await.map_err(object_store::Error::from)??;
        }
    }
    if let Some(last) = under_way {
        last.await.map_err(object_store::Error::from)??;
    }
    Ok(bytes)
}

async fn part(content: &mut (impl AsyncRead + Send + Unpin)) -> Result<PutPayload, PutError> {
    let mut buffer = BytesMut::with_capacity(64 << 10);
    while buffer.len() < PART_BYTES {
        let wanted = (PART_BYTES - buffer.len()).min(1 << 20);
        buffer.reserve(wanted);
        let read = content.take(wanted as u64).read_buf(&mut buffer).await.map_err(PutError::Content)?;
        if read == 0 {
            break;
        }
    }
    Ok(PutPayload::from(buffer.freeze()))
}
