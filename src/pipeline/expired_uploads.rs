//! Removes uploads in parts that have expired, and the objects of parts that no upload needs.

use tokio_util::sync::CancellationToken;

use super::{Context, RunError};
use crate::objects::ObjectError;
use crate::store::uploads;

/// Parts that are looked up at a time.
const PARTS: i64 = 100;

/// What a removal has done.
#[derive(Debug, Default)]
pub(crate) struct Expired {
    /// The number of uploads that have expired and were removed.
    pub uploads: u64,
    /// The objects of parts that could not be deleted. They and their uploads stay until a later removal.
    pub left: Option<LeftParts>,
}

/// Objects that could not be deleted.
#[derive(Debug)]
pub(crate) struct LeftParts {
    /// Their number.
    pub number: u64,
    /// Why the first of them could not be deleted.
    pub error: ObjectError,
}

/// Removes what is not needed, until nothing else is left or `stop` is cancelled. An object that cannot be deleted does not
/// keep the others. Several programs may do it at the same time.
pub(crate) async fn remove(context: &Context, stop: &CancellationToken) -> Result<Expired, RunError> {
    let mut left: Option<LeftParts> = None;
    let mut last = String::new();
    while !stop.is_cancelled() {
        let keys = uploads::unneeded_parts(&context.pool, &last, PARTS).await?;
        let Some(end) = keys.last().cloned() else { break };
        let mut deleted = Vec::new();
        for key in keys {
            if stop.is_cancelled() {
                break;
            }
            match (context.objects.delete(&key).await, &mut left) {
                (Ok(()), _) => deleted.push(key),
                (Err(_), Some(left)) => left.number += 1,
                (Err(error), None) => left = Some(LeftParts { number: 1, error }),
            }
        }
        uploads::delete_parts(&context.pool, &deleted).await?;
        last = end;
    }
    Ok(Expired { uploads: uploads::delete_expired(&context.pool).await?, left })
}
