//! Gives contacts that other programs have inserted their keys, in the background, so that their owner's next import need
//! not. An import calculates those that are still missing.

use std::time::Instant;

use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::Pace;
use crate::domain::ids::ContactId;
use crate::domain::job::Owner;
use crate::store::{StoreError, contacts, sql};

/// Contacts in one transaction, for which the owner's imports wait.
const BATCH: i64 = 5_000;

/// Calculates the keys of all contacts that have none, but for those of owners whose import is running. Calls `each` with the
/// number of keys so far after each batch; returns the number of all.
pub(crate) async fn fill(
    pool: &PgPool,
    pace: Pace,
    stop: &CancellationToken,
    mut each: impl FnMut(u64),
) -> Result<u64, StoreError> {
    let (mut all, mut owner) = (0, Owner(String::new()));
    while let Some(next) = owner_after(pool, &owner).await? {
        let mut after = ContactId(0);
        while !stop.is_cancelled() {
            let started = Instant::now();
            let Some((filled, last)) = batch(pool, &next, after).await? else { break };
            (all, after) = (all + filled, last);
            each(all);
            pace.rest(started.elapsed()).await;
        }
        if stop.is_cancelled() {
            break;
        }
        owner = next;
    }
    Ok(all)
}

async fn owner_after(pool: &PgPool, owner: &Owner) -> Result<Option<Owner>, StoreError> {
    let mut transaction = sql::begin(pool).await?;
    let next = contacts::owner_without_keys(&mut transaction, owner).await?;
    transaction.rollback().await?;
    Ok(next)
}

/// Calculates the keys of some contacts of the owner after the contact `after`. Returns their number and the last of them, or
/// `None` if there are none or an import of the owner is running.
async fn batch(
    pool: &PgPool,
    owner: &Owner,
    after: ContactId,
) -> Result<Option<(u64, ContactId)>, StoreError> {
    let mut transaction = sql::begin(pool).await?;
    let filled = match contacts::try_turn(&mut transaction, owner).await?.taken {
        true => contacts::fill_some(&mut transaction, owner, after, BATCH).await?,
        false => None,
    };
    transaction.commit().await?;
    Ok(filled)
}
