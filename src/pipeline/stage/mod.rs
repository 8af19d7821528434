//! Pass 2 over the file: writes every row once, with its final verdict.
//!
//! A file of one chunk is written and finished in one transaction. In a larger file, each chunk is a transaction
//! with its checkpoint, so that the next run resumes after the last chunk. The contacts of a clean file are
//! written alongside, in the one transaction that ends by making the job COMPLETED.

mod check;
mod chunks;
mod contacts;
mod numbering;
mod own_tables;

use sqlx::{PgConnection, Postgres, Transaction};

use super::budget::CHUNK_BYTES;
use super::existing::Plan;
use super::{Context, Control, Outcome, RunError, Statistics, timed};
use crate::domain::interpretation::RepeatDifferences;
use crate::domain::job::{ImportPolicy, JobStatus};
use crate::domain::progress::Phase;
use crate::domain::rules::IssueType;
use crate::store::issue_items::{self, Links};
use crate::store::jobs::{Claim, Finished, RowCounts, RowLocation};
use crate::store::{
    JobTables, contacts as contacts_table, extra_columns, issues, jobs, own_tables as table, sql, staging,
};
use check::RowChecker;
use numbering::Numbering;

/// The result of staging.
pub(crate) enum Staged {
    /// The job is finished.
    Finished(Outcome),
    /// All rows are staged, but must be checked again.
    Recheck,
}

/// Stages all rows that no earlier run has staged.
pub(crate) async fn run(
    context: &Context,
    claim: &Claim,
    control: &Control,
    plan: Plan,
) -> Result<Staged, RunError> {
    let is_one_chunk = plan.rows <= context.chunk_rows as u64 && plan.bytes <= CHUNK_BYTES as u64;
    match claim.checkpoint == 0 && is_one_chunk && plan.location.is_none() {
        true => timed(claim, "stage", at_once(context, claim, control, plan)).await,
        false => by_chunks(context, claim, control, plan).await,
    }
}

/// Stages everything in one transaction.
async fn at_once(
    context: &Context,
    claim: &Claim,
    control: &Control,
    mut plan: Plan,
) -> Result<Staged, RunError> {
    let clean = plan.clean;
    let location = jobs::reserve(&context.pool, claim, plan.rows, false).await?;
    extra_columns::add(&context.pool, claim, &plan.extra_columns).await?;
    let mut transaction = match plan.contacts.take() {
        Some(begun) => begun.transaction,
        None => sql::begin(&context.pool).await?,
    };
    clear(&mut transaction, claim).await?;
    let checker = RowChecker::new(claim, location, &plan);
    let (mut batch, mut contacts) = (check::Batch::default(), contacts_table::Batch::default());
    let pass = plan.file.pass(context, claim).await?;
    pass.read(plan.file.reader(claim, plan.reading), claim, control, |row| {
        if let Some(checked) = checker.row(&row, &mut batch)
            && clean
        {
            contacts.push(&claim.owner, checked.id, &checked.fields, checked.key, &batch.extra);
        }
        Ok(())
    })
    .await?;
    let (mut numbering, mut links) = (Numbering::default(), Links::default());
    let shares = batch.shares.take();
    let mut opened = numbering.open(&mut transaction, claim.job, shares, &mut links).await?;
    staging::insert(&mut transaction, location.tables, &mut batch.chunk).await?;
    issues::insert(&mut transaction, location.tables, &mut opened).await?;
    issue_items::insert(&mut transaction, location.tables, links).await?;
    contacts_table::insert(&mut transaction, &mut contacts).await?;
    control.report(Phase::Saving, plan.rows, Some(plan.rows));
    let planned = planned(&plan, location);
    if !clean && claim.policy == ImportPolicy::AtOnce {
        jobs::plan(&mut transaction, claim, &planned).await?;
        jobs::checkpoint(&mut transaction, claim, plan.rows, batch.counts.repeated_rows).await?;
        jobs::staged(&mut transaction, claim).await?;
        transaction.commit().await?;
        return Ok(Staged::Recheck);
    }
    let statistics = batch.counts.with_total(plan.rows);
    finish(transaction, claim, clean, numbering.counts(), statistics, Some(&planned)).await
}

/// Stages each chunk in a transaction of its own.
async fn by_chunks(
    context: &Context,
    claim: &Claim,
    control: &Control,
    mut plan: Plan,
) -> Result<Staged, RunError> {
    let contacts = plan.contacts.take();
    let clean = plan.clean;
    let location = match plan.location {
        Some(location) => location,
        None => {
            let own = plan.rows >= table::MIN_ROWS && table::possible(&context.pool).await?;
            jobs::reserve(&context.pool, claim, plan.rows, own).await?
        }
    };
    extra_columns::add(&context.pool, claim, &plan.extra_columns).await?;
    let mut transaction = sql::begin(&context.pool).await?;
    clear(&mut transaction, claim).await?;
    if let (0, JobTables::Own(_)) = (claim.checkpoint, location.tables) {
        own_tables::open(&mut transaction, claim, &plan, location).await?;
    }
    jobs::plan(&mut transaction, claim, &planned(&plan, location)).await?;
    transaction.commit().await?;

    let checker = RowChecker::new(claim, location, &plan);
    let rows = async {
        let mut written =
            timed(claim, "rows", chunks::write(context, claim, control, &plan, &checker)).await?;
        if let JobTables::Own(_) = location.tables {
            let links = std::mem::take(&mut written.links);
            if !clean {
                control.report(Phase::Indexing, 0, None);
            }
            own_tables::close(context, claim, control, location, links).await?;
        }
        Ok::<_, RunError>(written)
    };
    let contacts = async {
        match contacts {
            None => Ok(None),
            Some(begun) => {
                let write = contacts::write(context, claim, control, &plan, location, begun);
                timed(claim, "contacts", write).await
            }
        }
    };
    let (written, contacts) = tokio::try_join!(rows, contacts)?;
    let mut transaction = match contacts {
        Some(transaction) => transaction,
        // The contacts conflicted with others, several runs checked the rows, or valid rows are to be imported at
        // once.
        None if clean || claim.checkpoint > 0 || claim.policy == ImportPolicy::AtOnce => {
            let mut transaction = sql::begin(&context.pool).await?;
            jobs::staged(&mut transaction, claim).await?;
            transaction.commit().await?;
            return Ok(Staged::Recheck);
        }
        None => sql::begin(&context.pool).await?,
    };
    control.report(Phase::Finishing, 0, None);
    timed(claim, "finish", async {
        issue_items::insert(&mut transaction, location.tables, written.links).await?;
        finish(transaction, claim, clean, written.opened, written.counts.with_total(plan.rows), None).await
    })
    .await
}

/// Deletes what an earlier run left unfinished.
async fn clear(connection: &mut PgConnection, claim: &Claim) -> Result<(), RunError> {
    if claim.checkpoint == 0 && claim.has_tables {
        table::discard(connection, claim.job).await?;
    }
    if claim.has_leftovers {
        tracing::info!(job_id = claim.job.0, "staging rows without a checkpoint again");
        issues::delete_all(connection, JobTables::Shared(claim.job)).await?;
        staging::delete_shared(connection, claim.job).await?;
    }
    Ok(())
}

/// Returns what the survey decided.
fn planned(plan: &Plan, location: RowLocation) -> jobs::Plan {
    jobs::Plan {
        object_version: plan.file.version().as_str().to_owned(),
        total_rows: plan.rows,
        location,
        interpretation: plan.interpretation.clone(),
        extra_columns: plan.extra_columns.clone(),
    }
}

/// Finishes the run in the transaction that writes its last rows or its contacts.
async fn finish(
    mut transaction: Transaction<'_, Postgres>,
    claim: &Claim,
    clean: bool,
    open_issues: Vec<(IssueType, u64)>,
    mut statistics: Statistics,
    planned: Option<&jobs::Plan>,
) -> Result<Staged, RunError> {
    let status = match clean {
        true => {
            statistics.contacts = statistics.valid_rows;
            JobStatus::Completed
        }
        false => JobStatus::NeedsReview,
    };
    let repeats = RepeatDifferences::default();
    let outcome = Outcome { status, statistics, open_issues, interpretation: None, repeats };
    let valid = statistics.valid_rows as i64;
    let counts = RowCounts {
        ready: if clean { 0 } else { valid },
        with_issues: statistics.issue_rows as i64,
        consolidated: if clean { valid } else { 0 },
        repeated: statistics.repeated_rows as i64,
        ..RowCounts::default()
    };
    let finished = Finished { status, open_issues: outcome.open_issues(), counts };
    jobs::finish(&mut transaction, claim, &finished, planned).await?;
    transaction.commit().await?;
    Ok(Staged::Finished(outcome))
}
