//! Reprocessing: the job's rows out of the database instead of out of the file, judged by the same
//! rules; only what changed is written back, and a job without open issues is consolidated.
//!
//! All of it sees one snapshot, in the owner's turn: a row that somebody edits meanwhile makes the run
//! fail as transient and start again, so nothing is consolidated that was not judged. A run that is cut
//! short leaves at most rows marked SUCCESS that have no contact, which the next one puts right.

mod consolidate;
mod read;
mod review;

use sqlx::{Connection, PgConnection, PgPool, Postgres, Transaction};

use super::{Context, Control, Outcome, RunError, Statistics, timed, wait_for_turn};
use crate::domain::job::{ImportPolicy, JobStatus};
use crate::store::jobs::{Claim, RowCounts};
use crate::store::{StoreError, contacts, issues, jobs, staging};
use read::Reading;

/// Begins a transaction that sees one state of the database from its first query to its last.
const ONE_SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ";

/// Judges all rows of a staged job again and settles it.
pub async fn run(context: &Context, claim: &Claim, control: &Control) -> Result<Outcome, RunError> {
    let mut connection = context.pool.acquire().await?;
    if contacts::lack_keys(&mut connection, &claim.owner).await? {
        contacts::fill_keys(&mut connection, &claim.owner).await?;
    }
    // The lock comes before the transaction, whose snapshot must see what the turn before has made.
    wait_for_turn(&mut connection, &claim.owner, claim, control, true).await?;
    let outcome = in_turn(context, &mut connection, claim, control).await;
    if contacts::unlock_owner(&mut connection, &claim.owner).await.is_err() {
        // Only the end of the connection gives the turn back.
        connection.close_on_drop();
    }
    outcome
}

async fn in_turn(
    context: &Context,
    connection: &mut PgConnection,
    claim: &Claim,
    control: &Control,
) -> Result<Outcome, RunError> {
    let mut transaction = connection.begin().await?;
    jobs::hold(&mut transaction, claim).await?;
    let place = jobs::place(&mut transaction, claim.job).await?;
    staging::mark_unfinished(&mut transaction, place.home).await?;
    transaction.commit().await?;

    let mut transaction = connection.begin_with(ONE_SNAPSHOT).await?;
    jobs::hold(&mut transaction, claim).await?;
    let accepted = issues::accepted_malformed(&mut transaction, place.home).await?;
    let reading = Reading { context, claim, control, place, accepted };
    let compared = timed(claim, "compare", reading.compare(&mut transaction)).await?;
    let statistics = match compared.is_clean() {
        true => timed(claim, "consolidate", consolidate::run(&mut transaction, &reading, &compared)).await?,
        false => {
            let found = timed(claim, "review", review::run(&mut transaction, &reading, &compared)).await?;
            match claim.policy {
                ImportPolicy::Hold => found,
                ImportPolicy::AtOnce => {
                    let made = consolidate::valid(&mut transaction, &reading, &compared);
                    let made = timed(claim, "consolidate", made).await?;
                    Statistics { contacts: made.contacts, updated_contacts: made.updated_contacts, ..found }
                }
            }
        }
    };
    let open_issues = issues::count_open(&mut transaction, place.home).await?;
    let status = match compared.is_clean() {
        true => JobStatus::Completed,
        false => JobStatus::NeedsReview,
    };
    let outcome = Outcome { status, statistics, open_issues };
    let consolidated = compared.done + statistics.contacts + statistics.updated_contacts;
    let counts = RowCounts {
        ready: statistics.valid_rows.saturating_sub(consolidated) as i64,
        with_issues: statistics.issue_rows as i64,
        consolidated: consolidated as i64,
        ..RowCounts::default()
    };
    jobs::settle(&mut transaction, claim, status, outcome.open_issues(), &counts).await?;
    transaction.commit().await?;
    Ok(outcome)
}

/// Another transaction that sees what `transaction` saw at its beginning.
async fn beside(
    pool: &PgPool,
    transaction: &mut PgConnection,
) -> Result<Transaction<'static, Postgres>, StoreError> {
    let snapshot = crate::store::export_snapshot(transaction).await?;
    let mut beside = pool.begin_with(ONE_SNAPSHOT).await?;
    crate::store::import_snapshot(&mut beside, &snapshot).await?;
    Ok(beside)
}
