//! A large job's own tables: created empty, attached when all rows are in them.

use std::time::Duration;

use sqlx::PgConnection;

use super::super::existing::Plan;
use super::super::{Context, Control, RunError, timed};
use crate::store::issue_items::{self, Links};
use crate::store::jobs::{self, Claim, RowLocation};
use crate::store::{StoreError, own_tables as table, sql};

/// Initial fill factor of pages whose rows will change: READY and ISSUE rows become SUCCESS, and a new row version
/// that stays on its page needs no new index entries.
const ROOM_FOR_CHANGES: u8 = 50;

/// Creates the tables for the rows of `plan` and their issues.
pub(crate) async fn open(
    connection: &mut PgConnection,
    claim: &Claim,
    plan: &Plan,
    location: RowLocation,
) -> Result<(), RunError> {
    // The rows of a clean file are written in their final state.
    let full = if plan.clean { 100 } else { ROOM_FOR_CHANGES };
    let ids = location.row(1)..=location.row(plan.rows);
    Ok(table::create(connection, claim.job, ids, full).await?)
}

/// Writes the links between rows and issues, indexes and validates the tables, and attaches them.
/// From then on, a run of the job reprocesses.
pub(crate) async fn close(
    context: &Context,
    claim: &Claim,
    control: &Control,
    location: RowLocation,
    links: Links,
) -> Result<(), RunError> {
    let (pool, job) = (&context.pool, claim.job);
    let of_rows = async {
        let mut transaction = sql::begin(pool).await?;
        table::index_hashes(&mut transaction, job).await?;
        table::index_issues(&mut transaction, job).await?;
        Ok::<_, RunError>(transaction.commit().await?)
    };
    let of_links = async {
        let mut transaction = sql::begin(pool).await?;
        jobs::hold(&mut transaction, claim).await?;
        issue_items::insert(&mut transaction, location.tables, links).await?;
        transaction.commit().await?;
        let mut transaction = sql::begin(pool).await?;
        table::index_items(&mut transaction, job).await?;
        table::index_ids(&mut transaction, job).await?;
        Ok(transaction.commit().await?)
    };
    timed(claim, "indexes", async { tokio::try_join!(of_rows, of_links) }).await?;
    patiently(context, claim, control, Step::DeclareKeys).await?;
    let of_rows = async {
        let mut transaction = sql::begin(pool).await?;
        table::check_jobs(&mut transaction, job).await?;
        Ok::<_, RunError>(transaction.commit().await?)
    };
    let of_links = async {
        let mut transaction = sql::begin(pool).await?;
        table::check_items(&mut transaction, job).await?;
        Ok(transaction.commit().await?)
    };
    timed(claim, "keys", async { tokio::try_join!(of_rows, of_links) }).await?;
    patiently(context, claim, control, Step::Attach).await
}

/// A step that briefly locks `jobs`.
enum Step {
    DeclareKeys,
    Attach,
}

/// Retries a step until its lock is free at once. Waiting for a lock would make others queue up after us.
async fn patiently(context: &Context, claim: &Claim, control: &Control, step: Step) -> Result<(), RunError> {
    loop {
        match attempt(context, claim, &step).await {
            Err(error) if error.is_lock_timeout() => {
                control.check(claim)?;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            done => return Ok(done?),
        }
    }
}

async fn attempt(context: &Context, claim: &Claim, step: &Step) -> Result<(), StoreError> {
    let mut transaction = sql::begin(&context.pool).await?;
    match step {
        Step::DeclareKeys => table::declare_keys(&mut transaction, claim.job).await?,
        Step::Attach => {
            table::attach(&mut transaction, claim.job).await?;
            jobs::staged(&mut transaction, claim).await?;
        }
    }
    transaction.commit().await?;
    Ok(())
}
