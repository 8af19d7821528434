//! Removes uploads in parts that have expired, and the objects of parts that no upload needs.

use tokio_util::sync::CancellationToken;

use super::{Context, RunError};
use crate::store::uploads;

/// Parts that are looked up at a time.
const PARTS: i64 = 100;

/// Removes what is not needed, until nothing is left or `stop` is cancelled. Returns the number of uploads that have expired.
/// Several programs may do it at the same time.
pub(crate) async fn remove(context: &Context, stop: &CancellationToken) -> Result<u64, RunError> {
    while !stop.is_cancelled() {
        let keys = uploads::unneeded_parts(&context.pool, PARTS).await?;
        if keys.is_empty() {
            break;
        }
        for key in &keys {
            context.objects.delete(key).await?;
        }
        uploads::delete_parts(&context.pool, &keys).await?;
    }
    Ok(uploads::delete_expired(&context.pool).await?)
}
