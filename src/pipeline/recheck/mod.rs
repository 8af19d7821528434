//! Reprocessing: checks the job's staged rows, rather than those of the file, by the same rules. Writes only what
//! changed, and consolidates a job without open issues.
//!
//! The whole run sees one snapshot, in the owner's turn. If somebody edits a row during the run, it fails as
//! transient and starts again, so that no row is consolidated unchecked. A run that is cut off leaves at most rows
//! marked SUCCESS without a contact, which the next run repairs.

mod absorb;
mod consolidate;
mod read;
mod review;

use super::{Context, Control, Outcome, RunError, Statistics, timed, wait_for_turn};
use crate::domain::interpretation::RepeatDifferences;
use crate::domain::job::{ImportPolicy, JobStatus};
use crate::domain::progress::Phase;
use crate::store::jobs::{Claim, Finished, RowCounts};
use crate::store::{contacts, issues, jobs, sql, staging};
use read::Reading;

/// Checks all rows of a staged job again and finishes the job.
///
/// A transaction of its own has the owner's turn. A lock taken by the first statement of the run's transaction
/// would be younger than that transaction's snapshot, which must see everything that the previous turn wrote. A
/// session lock would need no transaction, but a pooler's connection would keep it. If the connection with the
/// turn is cut and two runs overlap, the unique index on the contacts' keys stops one of them.
pub(crate) async fn run(context: &Context, claim: &Claim, control: &Control) -> Result<Outcome, RunError> {
    let mut turn = sql::begin(&context.pool).await?;
    while wait_for_turn(&mut turn, claim, control).await? {
        contacts::fill_keys(&mut turn, &claim.owner).await?;
        turn.commit().await?;
        turn = sql::begin(&context.pool).await?;
    }
    let outcome = in_turn(context, claim, control).await;
    // Ends the turn with its transaction, even if the server cannot be reached.
    drop(turn);
    outcome
}

async fn in_turn(context: &Context, claim: &Claim, control: &Control) -> Result<Outcome, RunError> {
    let mut transaction = sql::begin(&context.pool).await?;
    jobs::hold(&mut transaction, claim).await?;
    let location = jobs::location(&mut transaction, claim.job).await?;
    // If all SUCCESS rows lack their contacts, they are only read as unfinished: to mark ten million of them takes minutes.
    let is_unfinished = staging::lack_contacts(&mut transaction, location.tables).await?;
    if !is_unfinished {
        staging::mark_unfinished(&mut transaction, location.tables).await?;
    }
    transaction.commit().await?;

    let (mut absorbed_rows, mut repeats) = (0, RepeatDifferences::default());
    let (mut transaction, reading, compared) = loop {
        let mut transaction = sql::begin_snapshot(&context.pool).await?;
        jobs::hold(&mut transaction, claim).await?;
        let accepted = issues::accepted_malformed(&mut transaction, location.tables).await?;
        let reading = Reading { context, claim, control, location, accepted, is_unfinished };
        let compared = timed(claim, "compare", reading.compare(&mut transaction)).await?;
        let Some((rows, differences)) = absorb::run(&mut transaction, &reading, &compared).await? else {
            break (transaction, reading, compared);
        };
        // The rest of the run needs a snapshot that has these changes. Only rows that are discarded now were absorbed, so
        // this ends.
        transaction.commit().await?;
        absorbed_rows += rows;
        repeats.extend(differences);
    };
    let statistics = match compared.is_clean() {
        true => timed(claim, "consolidate", consolidate::run(&mut transaction, &reading, &compared)).await?,
        false => {
            let reviewed = timed(claim, "review", review::run(&mut transaction, &reading, &compared)).await?;
            match claim.policy {
                ImportPolicy::Hold => reviewed,
                ImportPolicy::AtOnce => {
                    let created = consolidate::valid(&mut transaction, &reading, &compared);
                    let created = timed(claim, "consolidate", created).await?;
                    Statistics {
                        contacts: created.contacts,
                        updated_contacts: created.updated_contacts,
                        ..reviewed
                    }
                }
            }
        }
    };
    control.report(Phase::Finishing, 0, None);
    let statistics = Statistics {
        total_rows: statistics.total_rows + absorbed_rows,
        repeated_rows: statistics.repeated_rows + absorbed_rows,
        ..statistics
    };
    let open_issues = issues::count_open(&mut transaction, location.tables).await?;
    let status = match compared.is_clean() {
        true => JobStatus::Completed,
        false => JobStatus::NeedsReview,
    };
    let outcome = Outcome { status, statistics, open_issues, interpretation: None, repeats };
    let consolidated = compared.done + statistics.contacts + statistics.updated_contacts;
    let counts = RowCounts {
        ready: statistics.valid_rows.saturating_sub(consolidated) as i64,
        with_issues: statistics.issue_rows as i64,
        consolidated: consolidated as i64,
        ..RowCounts::default()
    };
    let finished = Finished { status, open_issues: outcome.open_issues(), counts };
    jobs::finish(&mut transaction, claim, &finished, None).await?;
    transaction.commit().await?;
    Ok(outcome)
}
