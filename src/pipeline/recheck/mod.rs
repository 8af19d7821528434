//! Reprocessing: the job's rows out of the database instead of out of the file, judged by the same
//! rules; only what changed is written back, and a job without open issues is consolidated.
//!
//! All of it sees one snapshot, in the owner's turn: a row that somebody edits meanwhile makes the run
//! fail as transient and start again, so nothing is consolidated that was not judged. A run that is cut
//! short leaves at most rows marked SUCCESS that have no contact, which the next one puts right.

mod consolidate;
mod read;
mod review;

use super::{Context, Control, Outcome, RunError, Statistics, timed, wait_for_turn};
use crate::domain::job::{ImportPolicy, JobStatus};
use crate::store::jobs::{Claim, RowCounts, Settled};
use crate::store::{contacts, issues, jobs, sql, staging};
use read::Reading;

/// Judges all rows of a staged job again and settles it.
///
/// The owner's turn is held by a transaction of its own: a lock that the run's transaction took as its first statement
/// would be younger than that transaction's snapshot, which must see all that the turn before has made. A lock of the
/// session would need no transaction, but stays behind in a pooler's connection. When the turn's connection is cut, the
/// unique index over contacts' keys is what two runs meet at.
pub(crate) async fn run(context: &Context, claim: &Claim, control: &Control) -> Result<Outcome, RunError> {
    let mut turn = sql::begin(&context.pool).await?;
    while wait_for_turn(&mut turn, claim, control).await? {
        contacts::fill_keys(&mut turn, &claim.owner).await?;
        turn.commit().await?;
        turn = sql::begin(&context.pool).await?;
    }
    let outcome = in_turn(context, claim, control).await;
    // The turn ends with the transaction, whether or not the server can be told.
    drop(turn);
    outcome
}

async fn in_turn(context: &Context, claim: &Claim, control: &Control) -> Result<Outcome, RunError> {
    let mut transaction = sql::begin(&context.pool).await?;
    jobs::hold(&mut transaction, claim).await?;
    let place = jobs::place(&mut transaction, claim.job).await?;
    staging::mark_unfinished(&mut transaction, place.home).await?;
    transaction.commit().await?;

    let mut transaction = sql::begin_snapshot(&context.pool).await?;
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
    let settled = Settled { status, open_issues: outcome.open_issues(), counts };
    jobs::settle(&mut transaction, claim, &settled, None).await?;
    transaction.commit().await?;
    Ok(outcome)
}
