//! Reads the content of a message that is stored in the bucket.

use std::time::Duration;

use futures::TryStreamExt;

use crate::objects::{ObjectError, Objects};
use crate::queue::{Content, StoredContent, Unreadable};

/// Maximum size of the content, as large as a message of SQS may be.
const MOST_BYTES: u64 = 1 << 20;
/// How long reading may take: less than a message stays hidden.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a message has no content.
#[derive(Debug)]
pub(super) enum NoContent {
    /// The message cannot be used.
    Unreadable(Unreadable),
    /// The store is unavailable. Another delivery may succeed.
    Unavailable(ObjectError),
}

/// Reads the content of a message. Does not delete the object, which may belong to other messages too.
pub(super) async fn read(objects: &Objects, stored: &StoredContent) -> Result<Content, NoContent> {
    let refused = |reason: &str| NoContent::Unreadable(stored.unreadable(reason));
    if objects.bucket() != Some(stored.bucket.as_str()) {
        return Err(refused("it is in another bucket than CSV_BUCKET_NAME"));
    }
    let bytes = match objects.within(PATIENCE, &stored.key, bytes(objects, &stored.key)).await {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Err(refused(&format!("it is larger than {MOST_BYTES} bytes"))),
        Err(error) if error.is_transient() => return Err(NoContent::Unavailable(error)),
        Err(error) => return Err(refused(&error.to_string())),
    };
    let text = String::from_utf8(bytes).map_err(|_| refused("it is not UTF-8"))?;
    stored.parse(&text).map_err(NoContent::Unreadable)
}

/// Returns the bytes of an object; `None` if it is too large.
async fn bytes(objects: &Objects, key: &str) -> Result<Option<Vec<u8>>, ObjectError> {
    let mut opened = objects.open(key, None).await?;
    if opened.size > MOST_BYTES {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    while let Some(block) = opened.bytes.try_next().await? {
        bytes.extend_from_slice(&block);
    }
    Ok(Some(bytes))
}
