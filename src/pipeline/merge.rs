//! Merges the own tables of large jobs into the shared ones, in the background, so that their number stays small however
//! many large jobs there have been. A run that finds its job half merged completes the merge first.

use std::time::{Duration, Instant};

use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::{Context, Control, Pace, RunError};
use crate::domain::job::JobId;
use crate::store::jobs::Claim;
use crate::store::merge::{self, Idle, Merge, Mover, Step};
use crate::store::{MergeState, RecordKind, StoreError, own_tables, sql};

/// How long after its last run a job keeps its own tables. Running a large job again takes more than twice as long without.
const IDLE: Idle =
    Idle { under_review: Duration::from_secs(24 * 60 * 60), ended: Duration::from_secs(10 * 60) };
/// The most jobs that keep their own tables. Each adds to the time of other programs' statements: see `make bench
/// PARTS=history`.
const MOST: i64 = 8;
/// How long a merge waits for transactions that began before one of its steps. Those of requests are shorter.
const GRACE: Duration = Duration::from_secs(60);
/// A batch should take about this long: writers to the job's rows wait for one.
const BATCH: Duration = Duration::from_millis(100);
/// Records in the first batch.
const FIRST_BATCH: i64 = 500;
/// The most records in a batch.
const LARGEST_BATCH: i64 = 10_000;
/// Maximum number of attempts of a step whose lock is in use.
const TRIES: u32 = 10;
/// The wait between two tries.
const PAUSE: Duration = Duration::from_millis(200);

/// Which jobs lose their own tables.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Extent {
    /// Those that have been idle for a while, and those that are too many.
    Idle,
    /// Only those that are too many.
    Excess,
}

/// Announces merges, and continues all that are due. Leaves half of the time to others, unless too many jobs have own tables.
/// Without the rights to drop tables, does nothing.
///
/// With [`Extent::Idle`], also drops the own tables of jobs that other programs have deleted.
pub(crate) async fn advance(
    context: &Context,
    extent: Extent,
    stop: &CancellationToken,
) -> Result<(), StoreError> {
    if !own_tables::possible(&context.pool).await? {
        return Ok(());
    }
    let (idle, abandoned) = match extent {
        Extent::Idle => (Some(IDLE), merge::abandoned(&context.pool).await?),
        // An import by a person does not search the catalog.
        Extent::Excess => (None, Vec::new()),
    };
    for job in abandoned {
        patiently(&context.pool, Act::DropAbandoned(job)).await?;
    }
    let own = merge::announce(&context.pool, idle, MOST).await?;
    for merge in merge::due(&context.pool, GRACE).await? {
        let pace = if own > MOST { Pace::Full } else { Pace::Half };
        if stop.is_cancelled() || !advance_one(context, merge, pace, stop).await? {
            break;
        }
    }
    Ok(())
}

/// Continues one merge. Returns `false` if it was interrupted.
async fn advance_one(
    context: &Context,
    merge: Merge,
    pace: Pace,
    stop: &CancellationToken,
) -> Result<bool, StoreError> {
    let (pool, mover) = (&context.pool, Mover::Background(merge.job));
    match merge.state {
        MergeState::Emptied => {
            if patiently(pool, Act::Retire(merge.job)).await? == Step::Done {
                tracing::info!(job_id = merge.job.0, "merged the job's own tables into the shared ones");
            }
            return Ok(true);
        }
        MergeState::Announced => {
            if patiently(pool, Act::Begin(mover)).await? == Step::Busy {
                return Ok(true);
            }
        }
        MergeState::Moving => {}
    }
    let check = || if stop.is_cancelled() { Err(Interrupted) } else { Ok(()) };
    match move_all(context, mover, pace, check).await? {
        Moved::All => Ok(true),
        Moved::Interrupted => Ok(false),
        Moved::Busy => {
            tracing::debug!(
                job_id = merge.job.0,
                "cannot go on with a merge now: its job or its tables are in use"
            );
            Ok(true)
        }
    }
}

/// Completes the merge of the job of a run, or cancels it if no record has moved yet.
pub(crate) async fn complete(context: &Context, claim: &Claim, control: &Control) -> Result<(), RunError> {
    match claim.merge {
        None | Some(MergeState::Emptied) => return Ok(()),
        Some(MergeState::Announced) => return Ok(merge::cancel(&context.pool, claim).await?),
        Some(MergeState::Moving) => {}
    }
    loop {
        control.check(claim)?;
        let check = || control.check(claim).map_err(|_| Interrupted);
        match move_all(context, Mover::Run(claim), Pace::Full, check).await? {
            Moved::All => return Ok(()),
            // Somebody else uses the tables, or the lease was lost, which the next check or the next write reports.
            Moved::Busy | Moved::Interrupted => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// The work was stopped between two batches.
struct Interrupted;

/// How [`move_all`] ended.
enum Moved {
    All,
    Busy,
    Interrupted,
}

/// Moves all records of a job, in batches.
async fn move_all(
    context: &Context,
    mover: Mover<'_>,
    pace: Pace,
    check: impl Fn() -> Result<(), Interrupted>,
) -> Result<Moved, StoreError> {
    let pool = &context.pool;
    for kind in RecordKind::ALL {
        let (mut after, mut size) = (0, FIRST_BATCH);
        loop {
            if check().is_err() {
                return Ok(Moved::Interrupted);
            }
            let started = Instant::now();
            match patiently(pool, Act::Move { mover, kind, after, size }).await? {
                Step::Busy => return Ok(Moved::Busy),
                Step::Done => break,
                Step::MovedUpTo(last) => after = last,
            }
            let took = started.elapsed();
            size = next_size(size, took);
            pace.rest(took).await;
        }
    }
    match patiently(pool, Act::End(mover)).await? {
        Step::Done => Ok(Moved::All),
        Step::Busy | Step::MovedUpTo(_) => Ok(Moved::Busy),
    }
}

/// Returns the size of the batch after one of `size` records that took so long: towards [`BATCH`], by a factor of two at most.
fn next_size(size: i64, took: Duration) -> i64 {
    let wanted = size as f64 * BATCH.as_secs_f64() / took.as_secs_f64().max(0.001);
    (wanted as i64).clamp(size / 2, size * 2).clamp(1, LARGEST_BATCH)
}

/// A step, which is one transaction.
#[derive(Debug, Clone, Copy)]
enum Act<'a> {
    Begin(Mover<'a>),
    Move { mover: Mover<'a>, kind: RecordKind, after: i64, size: i64 },
    End(Mover<'a>),
    Retire(JobId),
    DropAbandoned(JobId),
}

/// Retries a step whose lock is not free at once. Others queue up behind a statement that waits for a lock, so it must not wait long.
async fn patiently(pool: &PgPool, act: Act<'_>) -> Result<Step, StoreError> {
    for _ in 0..TRIES {
        match attempt(pool, act).await {
            Err(error) if error.is_lock_timeout() => tokio::time::sleep(PAUSE).await,
            done => return done,
        }
    }
    Ok(Step::Busy)
}

async fn attempt(pool: &PgPool, act: Act<'_>) -> Result<Step, StoreError> {
    let mut transaction = sql::begin(pool).await?;
    let done = match act {
        Act::Begin(mover) => merge::begin(&mut transaction, mover).await?,
        Act::Move { mover, kind, after, size } => {
            merge::move_some(&mut transaction, mover, kind, after, size).await?
        }
        Act::End(mover) => merge::end(&mut transaction, mover).await?,
        Act::Retire(job) => merge::retire(&mut transaction, job).await?,
        Act::DropAbandoned(job) => merge::drop_abandoned(&mut transaction, job).await?,
    };
    match done {
        Step::Busy => transaction.rollback().await?,
        Step::MovedUpTo(_) | Step::Done => transaction.commit().await?,
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_grows_or_shrinks_towards_its_time() {
        let ms = Duration::from_millis;
        for (size, took, next) in [
            (500, ms(1), 1000),
            (500, ms(80), 625),
            (500, ms(100), 500),
            (500, ms(150), 333),
            (500, ms(10_000), 250),
            (1, ms(10_000), 1),
            (8_000, ms(10), 10_000),
            (1, ms(0), 2),
        ] {
            assert_eq!(next_size(size, took), next, "{size} records in {took:?}");
        }
    }
}
