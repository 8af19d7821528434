//! Receives the parts of an upload that arrives in several requests, and makes its jobs.
//!
//! Guarantees:
//! - What has arrived survives a killed server, up to the last boundary of a part. Nothing is kept in a server's memory
//!   between two requests, so each may go to another server.
//! - One request at a time adds to an upload: the one that has the [lease](UploadLease).
//! - The last part is not stored. Its arrival makes the jobs, once, even if it is sent again.

use std::io;
use std::pin::pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::{StreamExt, TryStreamExt, stream};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::Instant;
use tokio_util::io::StreamReader;
use uuid::Uuid;

use super::resumable::{ResumableError, UploadState, find_upload, remove_parts};
use super::upload::{Upload, Uploaded, upload};
use super::{ActionError, Idempotency, Request};
use crate::domain::ids::UploadId;
use crate::domain::job::Owner;
use crate::objects::{ObjectError, Objects, new_part_key};
use crate::queue::Queue;
use crate::store::OwnerPool;
use crate::store::uploads::{self, LEASE, Part};

/// Size of a part in bytes: how much of an upload is lost at most if a server is killed.
const PART_BYTES: usize = 8 << 20;
/// How long the store may take to write a part. Longer than that, and the entry of the part could be deleted first.
const LONGEST_WRITE: Duration = Duration::from_secs(5 * 60);
/// The wait between two renewals of a lease.
const RENEW_EVERY: Duration = Duration::from_secs(LEASE.as_secs() / 3);

/// The right to add parts to an upload. It lasts while bytes arrive, are stored or become a job: a request whose connection is
/// dead loses it to the next one.
pub(crate) struct UploadLease {
    owners: OwnerPool,
    objects: Objects,
    owner: Owner,
    id: UploadId,
    token: Uuid,
    state: UploadState,
    renewed: Instant,
}

impl UploadLease {
    /// Acquires the lease, for a request that continues at `offset`. Fails with [`ResumableError::OtherOffset`] if another offset
    /// has been reached, and with [`ResumableError::InProgress`] if another request has the lease.
    pub(crate) async fn acquire(
        owners: &OwnerPool,
        objects: &Objects,
        owner: &Owner,
        id: UploadId,
        offset: u64,
    ) -> Result<UploadLease, ActionError> {
        let token = Uuid::new_v4();
        let mut transaction = owners.begin(owner).await?;
        let leased = uploads::lease(&mut transaction, owner, id, token, offset).await?;
        transaction.commit().await?;
        let Some(leased) = leased else {
            let state = find_upload(owners, owner, id).await?;
            let error = match state.offset == offset {
                true => ResumableError::InProgress,
                false => ResumableError::OtherOffset(state.offset),
            };
            return Err(error.into());
        };
        Ok(UploadLease {
            owners: owners.clone(),
            objects: objects.clone(),
            owner: owner.clone(),
            id,
            token,
            state: leased.try_into()?,
            renewed: Instant::now(),
        })
    }

    /// Returns the upload, with all parts that were received.
    pub(crate) fn state(&self) -> &UploadState {
        &self.state
    }

    /// Receives parts until `content` ends, and stores them. If the file is complete, returns its last part, which is not
    /// stored. If `content` breaks off, stores what has arrived before it returns the error.
    ///
    /// Keeps up to [`PART_BYTES`] in memory.
    pub(crate) async fn receive(
        &mut self,
        mut content: impl AsyncRead + Send + Unpin,
    ) -> Result<Option<Bytes>, ActionError> {
        loop {
            let left = self.state.bytes - self.state.offset;
            let (part, end) = self.read(&mut content, left).await;
            let is_last = part.len() as u64 == left;
            if !is_last && !part.is_empty() {
                self.store(part.clone()).await?;
            }
            match end {
                PartEnd::Full if is_last => {
                    self.expect_end(&mut content).await?;
                    return Ok(Some(part));
                }
                PartEnd::Full => {}
                PartEnd::OfContent => return Ok(None),
                PartEnd::Failed(error) => return Err(error),
            }
        }
    }

    /// Reads up to the size of a part, or `left` bytes. Returns the bytes also if the content breaks off.
    async fn read(&mut self, content: &mut (impl AsyncRead + Send + Unpin), left: u64) -> (Bytes, PartEnd) {
        let size = PART_BYTES.min(usize::try_from(left).unwrap_or(PART_BYTES));
        let mut part = BytesMut::with_capacity(size.min(64 << 10));
        while part.len() < size {
            let wanted = (size - part.len()).min(1 << 20);
            part.reserve(wanted);
            match (&mut *content).take(wanted as u64).read_buf(&mut part).await {
                Ok(0) => return (part.freeze(), PartEnd::OfContent),
                Ok(_) => {}
                Err(error) => return (part.freeze(), PartEnd::Failed(broken(error))),
            }
            if self.renewed.elapsed() > RENEW_EVERY
                && let Err(error) = self.renew().await
            {
                return (part.freeze(), PartEnd::Failed(error));
            }
        }
        (part.freeze(), PartEnd::Full)
    }

    async fn expect_end(&self, content: &mut (impl AsyncRead + Send + Unpin)) -> Result<(), ActionError> {
        match content.read_u8().await {
            Ok(_) => Err(ResumableError::TooManyBytes(self.state.bytes).into()),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(()),
            Err(error) => Err(broken(error)),
        }
    }

    /// Stores a part as an object of its own, under a key that no other request uses.
    async fn store(&mut self, part: Bytes) -> Result<(), ActionError> {
        let (key, bytes) = (new_part_key(&self.owner, self.id), part.len() as u64);
        let mut transaction = self.owners.begin(&self.owner).await?;
        let announced =
            uploads::announce_part(&mut transaction, &self.owner, self.id, self.token, &key).await?;
        transaction.commit().await?;
        if !announced {
            return Err(ResumableError::InProgress.into());
        }
        self.renewing(self.objects.within(LONGEST_WRITE, &key, self.objects.put_bytes(&key, part))).await?;
        let mut transaction = self.owners.begin(&self.owner).await?;
        let added =
            uploads::add_part(&mut transaction, &self.owner, self.id, self.token, &key, bytes).await?;
        transaction.commit().await?;
        if !added {
            return Err(ResumableError::InProgress.into());
        }
        self.renewed = Instant::now();
        self.state.offset += bytes;
        Ok(())
    }

    /// Puts the file together from the stored parts and the last one, and makes its jobs like [`upload`]. Returns those that it
    /// has already made, if the last part is sent again.
    ///
    /// Keeps up to 32 MiB in memory, with the last part.
    pub(crate) async fn finish(
        &mut self,
        queue: &Queue,
        actor: &str,
        new: &Upload<'_>,
        last: Bytes,
    ) -> Result<Uploaded, ActionError> {
        let mut db = self.owners.read(&self.owner).await?;
        let parts = uploads::parts(&mut db, &self.owner, self.id).await?;
        db.rollback().await?;
        // No client can send this key, since it contains a space.
        let key = format!("upload {}", self.id);
        let request = Request {
            owner: self.owner.clone(),
            actor: actor.to_owned(),
            idempotency: Some(Idempotency { fingerprint: key.clone(), key }),
        };
        let content = Box::pin(joined(self.objects.clone(), parts, last));
        let (owners, objects) = (&self.owners, &self.objects);
        let uploaded = self.renewing(upload(owners, objects, Some(queue), &request, new, content)).await;
        let uploaded = uploaded.map_err(of_part)?;
        let mut transaction = self.owners.begin(&self.owner).await?;
        let result = serde_json::to_value(&uploaded)?;
        uploads::finish(&mut transaction, &self.owner, self.id, &result).await?;
        transaction.commit().await?;
        let (owners, objects, owner, id) =
            (self.owners.clone(), self.objects.clone(), self.owner.clone(), self.id);
        tokio::spawn(async move { remove_parts(&owners, &objects, &owner, id).await });
        self.state.offset = self.state.bytes;
        self.state.uploaded = Some(uploaded.clone());
        Ok(uploaded)
    }

    /// Ends the lease. Only logs a failure, since the lease ends anyway.
    pub(crate) async fn release(self) {
        let released = async {
            let mut transaction = self.owners.begin(&self.owner).await?;
            uploads::release(&mut transaction, &self.owner, self.id, self.token).await?;
            transaction.commit().await
        };
        if let Err(error) = released.await {
            tracing::warn!(%error, upload = %self.id, "cannot end the lease of an upload; it ends in 30 seconds");
        }
    }

    /// Renews the lease while `work` is in progress. Whether it was lost shows in the next write.
    async fn renewing<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            match tokio::time::timeout(RENEW_EVERY, &mut work).await {
                Ok(done) => return done,
                Err(_) => {
                    if let Err(error) = self.try_renew().await {
                        tracing::debug!(%error, upload = %self.id, "cannot renew the lease of an upload");
                    }
                }
            }
        }
    }

    async fn renew(&mut self) -> Result<(), ActionError> {
        match self.try_renew().await? {
            true => self.renewed = Instant::now(),
            false => return Err(ResumableError::InProgress.into()),
        }
        Ok(())
    }

    async fn try_renew(&self) -> Result<bool, ActionError> {
        let mut transaction = self.owners.begin(&self.owner).await?;
        let renewed = uploads::renew(&mut transaction, &self.owner, self.id, self.token).await?;
        transaction.commit().await?;
        Ok(renewed)
    }
}

/// Why no more bytes are added to a part.
enum PartEnd {
    /// It is as large as a part may be, or the file is complete.
    Full,
    /// The request has no more bytes.
    OfContent,
    /// The request broke off, or has lost its lease.
    Failed(ActionError),
}

fn broken(source: io::Error) -> ActionError {
    ActionError::Read { file: "the part of the upload".to_owned(), source }
}

/// Returns a reader of the stored parts and the last one.
fn joined(objects: Objects, parts: Vec<Part>, last: Bytes) -> impl AsyncRead + Send {
    let stored = stream::iter(parts).then(move |part| {
        let objects = objects.clone();
        async move {
            let opened = objects.open(&part.key, None).await?;
            match opened.size == part.bytes {
                true => Ok(opened.bytes),
                false => Err(ObjectError::Changed { store: objects.to_string(), key: part.key }),
            }
        }
    });
    let stored = stored.try_flatten().map_err(io::Error::other);
    StreamReader::new(stored.chain(stream::iter([Ok(last)])))
}

/// Returns the error of the store if a stored part could not be read: to [`upload`], it is one of the content.
fn of_part(error: ActionError) -> ActionError {
    match error {
        ActionError::Object(ObjectError::Content { key, source }) => match source.downcast() {
            Ok(of_store) => ActionError::Object(of_store),
            Err(source) => ActionError::Object(ObjectError::Content { key, source }),
        },
        error => error,
    }
}
