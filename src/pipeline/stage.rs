//! Pass 2 over the file: every row written once, with its final verdict.
//!
//! Each chunk is one transaction with its checkpoint, so a run that is cut short is continued behind
//! the last chunk. The contacts of a clean file travel beside on a connection of their own, in the
//! one transaction that ends by making the job COMPLETED.

use sqlx::{Postgres, Transaction};

use super::existing::Plan;
use super::{Context, Control, Outcome, Phase, RunError, Statistics, file};
use crate::csv::{RawRow, Reader};
use crate::domain::job::JobStatus;
use crate::domain::row::RowStatus;
use crate::domain::rules;
use crate::store::issues::Raised;
use crate::store::jobs::Claim;
use crate::store::staging::{Chunk, NewRow};
use crate::store::{StoreError, contacts, issues, jobs, staging};

/// How staging ended.
pub enum Staged {
    /// The job is settled.
    Settled(Outcome),
    /// All rows are there, but their verdicts must be looked at again.
    Recheck,
}

/// Stages all rows that no earlier run has staged.
pub async fn run(
    context: &Context,
    claim: &Claim,
    control: &Control,
    mut plan: Plan,
) -> Result<Staged, RunError> {
    let base = prepare(context, claim, &plan).await?;
    let clean = plan.contacts.is_some();
    let mut rows = Rows {
        base,
        clean,
        batch: Batch::default(),
        statistics: Statistics { total_rows: plan.rows, ..Statistics::default() },
        reached: 0,
        findings: &mut plan.findings,
    };
    let mut writer = Writer { context, claim, contacts: plan.contacts };
    let mut pass = file::open(context, claim, Some(&plan.version)).await?;
    let mut reader = Reader::with_encoding(plan.encoding, file::limits());
    // Small pieces, so that a chunk ends close to the size that was asked for.
    let piece_bytes = (context.chunk_rows * 32).clamp(1 << 10, 1 << 18);
    while let Some(block) = pass.next().await? {
        tokio::task::yield_now().await;
        for piece in block.chunks(piece_bytes) {
            reader.feed(piece, &mut |row| rows.row(&row, claim))?;
            if rows.batch.len() >= context.chunk_rows {
                writer.write(&mut rows).await?;
                control.report(Phase::Stage, rows.reached, Some(plan.rows));
                control.check(claim)?;
            }
        }
    }
    reader.finish(&mut |row| rows.row(&row, claim))?;
    writer.write(&mut rows).await?;
    control.report(Phase::Stage, rows.reached, Some(plan.rows));
    finish(context, claim, writer.contacts, clean, rows.statistics).await
}

/// Writes down what the survey settled, and clears what a run that was not ours has left half done.
async fn prepare(context: &Context, claim: &Claim, plan: &Plan) -> Result<i64, RunError> {
    let mut transaction = context.pool.begin().await?;
    if claim.checkpoint == 0 && staging::any(&mut transaction, claim.job).await? {
        tracing::info!(job_id = claim.job.0, "rows without a checkpoint are staged anew");
        issues::delete_all(&mut transaction, claim.job).await?;
        staging::delete_all(&mut transaction, claim.job).await?;
    }
    let settled = jobs::Plan { object_version: plan.version.as_str().to_owned(), total_rows: plan.rows };
    let base = jobs::plan(&mut transaction, claim, &settled).await?;
    transaction.commit().await?;
    Ok(base)
}

/// Rows on their way from the reader to the database.
struct Rows<'a> {
    base: i64,
    clean: bool,
    batch: Batch,
    statistics: Statistics,
    /// The number of the last row seen.
    reached: u64,
    findings: &'a mut super::compare::Findings,
}

#[derive(Default)]
struct Batch {
    chunk: Chunk,
    raised: Vec<Raised>,
    contacts: contacts::Batch,
    /// Rows that are not staged: repeats, and what an earlier run has staged.
    skipped: usize,
}

impl Batch {
    fn len(&self) -> usize {
        self.chunk.len() + self.skipped
    }
}

impl Rows<'_> {
    fn row(&mut self, row: &RawRow<'_>, claim: &Claim) {
        self.reached = row.number;
        let finding = self.findings.about(row.number as u32);
        if finding.repeat {
            self.statistics.repeated_rows += 1;
            self.batch.skipped += 1;
            return;
        }
        let fields = file::fields(row);
        let mut verdict = rules::check(&fields, row.damage.is_some());
        verdict.duplicate = finding.duplicate;
        verdict.existing = finding.existing;
        let status = match verdict.status() {
            RowStatus::Ready if self.clean => RowStatus::Success,
            status => status,
        };
        match status {
            RowStatus::Issue => self.statistics.issue_rows += 1,
            _ => self.statistics.valid_rows += 1,
        }
        let id = self.base + row.number as i64;
        if self.clean {
            self.batch.contacts.push(&claim.owner, id, &fields);
        }
        if row.number <= claim.checkpoint {
            self.batch.skipped += 1;
            return;
        }
        let residue = file::residue(row.damage.as_ref());
        let hash = fields.hash(&residue);
        let staged = NewRow { id, fields: &fields, status, hash, line: row.line, residue: &residue };
        self.batch.chunk.push(claim.job, &staged);
        if status == RowStatus::Issue {
            let violations = verdict.violations(&fields, hash, &residue);
            self.batch.raised.extend(violations.into_iter().map(|violation| Raised::new(violation, id)));
        }
    }
}

/// Carries batches into the database.
struct Writer<'a> {
    context: &'a Context,
    claim: &'a Claim,
    /// The transaction of a clean file's contacts.
    contacts: Option<Transaction<'static, Postgres>>,
}

impl Writer<'_> {
    /// Writes the batch and the checkpoint behind it, with its contacts beside.
    async fn write(&mut self, rows: &mut Rows<'_>) -> Result<(), RunError> {
        let Batch { chunk, raised, contacts, .. } = &mut rows.batch;
        let staged =
            stage_chunk(self.context, self.claim, chunk, raised, rows.reached, rows.statistics.repeated_rows);
        let written = match &mut self.contacts {
            None => {
                staged.await?;
                Ok(())
            }
            Some(transaction) => {
                let (staged, written) = tokio::join!(staged, contacts::insert(transaction, contacts));
                staged?;
                written
            }
        };
        match written {
            // Another program made one of the contacts without waiting for its turn. The rows are
            // staged all the same; the recheck will raise the issue.
            Err(error) if error.is_conflict_in("contacts") => self.contacts = None,
            other => other?,
        }
        rows.batch.chunk.clear();
        rows.batch.raised.clear();
        rows.batch.contacts.clear();
        rows.batch.skipped = 0;
        Ok(())
    }
}

async fn stage_chunk(
    context: &Context,
    claim: &Claim,
    chunk: &mut Chunk,
    raised: &[Raised],
    reached: u64,
    repeated: u64,
) -> Result<(), StoreError> {
    // A resumed run first passes over rows that are staged already.
    if reached <= claim.checkpoint {
        return Ok(());
    }
    let mut transaction = context.pool.begin().await?;
    staging::insert(&mut transaction, chunk).await?;
    issues::raise(&mut transaction, claim.job, raised).await?;
    jobs::checkpoint(&mut transaction, claim, reached, repeated).await?;
    transaction.commit().await?;
    Ok(())
}

/// Settles the job, or says that its rows must be looked at again.
async fn finish(
    context: &Context,
    claim: &Claim,
    contacts: Option<Transaction<'static, Postgres>>,
    clean: bool,
    mut statistics: Statistics,
) -> Result<Staged, RunError> {
    let mut transaction = match contacts {
        Some(transaction) => transaction,
        // The contacts were refused, or two runs have judged the rows, between which somebody may have
        // edited them.
        None if clean || claim.checkpoint > 0 => {
            let mut connection = context.pool.acquire().await?;
            jobs::staged(&mut connection, claim).await?;
            return Ok(Staged::Recheck);
        }
        None => context.pool.begin().await?,
    };
    let status = match clean {
        true => JobStatus::Completed,
        false => {
            statistics.open_issues = issues::count_open(&mut transaction, claim.job).await?.unsigned_abs();
            JobStatus::NeedsReview
        }
    };
    if clean {
        statistics.contacts = statistics.valid_rows;
    }
    jobs::settle(&mut transaction, claim, status, statistics.open_issues as i64).await?;
    transaction.commit().await?;
    Ok(Staged::Settled(Outcome { status, statistics }))
}
