//! Writes the rows of a large file in chunks. While some chunks are written to the database, the next rows are
//! read. Chunks are written concurrently and committed in file order.

use std::collections::VecDeque;

use tokio::sync::oneshot;
use tokio_util::task::AbortOnDropHandle;

use super::super::existing::Plan;
use super::super::{Context, Control, RunError, Statistics};
use super::check::{Batch, RowChecker};
use super::numbering::Numbering;
use crate::domain::progress::Phase;
use crate::domain::rules::IssueType;
use crate::store::issue_items::Links;
use crate::store::jobs::{Claim, RowLocation};
use crate::store::{StoreError, issues, jobs, sql, staging};

/// Chunks in flight at a time; one fewer when contacts are written as well.
const LANES: usize = 2;

/// The result of writing all chunks.
pub(crate) struct Written {
    /// What was counted.
    pub counts: Statistics,
    /// The links between rows and issues, to be written once the rows are in `staging`.
    pub links: Links,
    /// The issues created, by rule.
    pub opened: Vec<(IssueType, u64)>,
}

/// Reads the file and writes its rows.
pub(crate) async fn write(
    context: &Context,
    claim: &Claim,
    control: &Control,
    plan: &Plan,
    checker: &RowChecker<'_>,
) -> Result<Written, RunError> {
    let mut batch = Batch::default();
    let mut lanes = Lanes {
        context,
        claim,
        count: if plan.clean { LANES - 1 } else { LANES },
        location: checker.location(),
        numbering: Numbering::default(),
        links: Links::default(),
        under_way: VecDeque::new(),
        before: None,
    };
    control.report(Phase::Saving, claim.checkpoint, Some(plan.rows));
    let mut pass = plan.file.pass(context, claim).await?;
    let mut reader = plan.file.reader(claim, plan.reading);
    // Small pieces, so that a chunk ends close to its target size.
    let piece_bytes = (context.chunk_rows * 32).clamp(1 << 10, 1 << 18);
    while let Some(block) = pass.next().await? {
        for piece in block.chunks(piece_bytes) {
            reader.feed(piece, &mut |row| drop(checker.row(&row, &mut batch)))?;
            if batch.is_full(context.chunk_rows) {
                lanes.send(batch.take()).await?;
                control.report(Phase::Saving, batch.reached, Some(plan.rows));
                control.check(claim)?;
            }
        }
    }
    reader.finish(&mut |row| drop(checker.row(&row, &mut batch)))?;
    lanes.send(batch.take()).await?;
    lanes.finish().await?;
    control.report(Phase::Saving, plan.rows, Some(plan.rows));
    Ok(Written { counts: batch.counts, links: lanes.links, opened: lanes.numbering.counts() })
}

/// The chunks in flight.
struct Lanes<'a> {
    context: &'a Context,
    claim: &'a Claim,
    count: usize,
    location: RowLocation,
    numbering: Numbering,
    links: Links,
    under_way: VecDeque<AbortOnDropHandle<Result<(), StoreError>>>,
    /// Resolves when the most recently sent chunk is committed.
    before: Option<oneshot::Receiver<()>>,
}

impl Lanes<'_> {
    /// Starts writing a chunk, once there is a free lane.
    async fn send(&mut self, mut batch: Batch) -> Result<(), RunError> {
        // A resumed run first skips the rows that are already staged.
        if batch.reached <= self.claim.checkpoint {
            return Ok(());
        }
        if self.under_way.len() == self.count {
            self.land().await?;
        }
        let shares = batch.shares.take();
        let opened = match shares.is_empty() {
            true => issues::Batch::default(),
            false => {
                let mut transaction = sql::begin(&self.context.pool).await?;
                let links = &mut self.links;
                let opened = self.numbering.open(&mut transaction, self.claim.job, shares, links).await?;
                transaction.commit().await?;
                opened
            }
        };
        let (committed, after) = oneshot::channel();
        let before = self.before.replace(after);
        let (context, claim, location) = (self.context.clone(), self.claim.clone(), self.location);
        let chunk = async move {
            one(&context, &claim, location, batch, opened, before).await?;
            // The last chunk has no successor to receive this.
            let _ = committed.send(());
            Ok(())
        };
        self.under_way.push_back(AbortOnDropHandle::new(tokio::spawn(chunk)));
        Ok(())
    }

    /// Waits for the oldest chunk in flight.
    async fn land(&mut self) -> Result<(), RunError> {
        match self.under_way.pop_front() {
            None => Ok(()),
            Some(chunk) => Ok(chunk.await.map_err(|_| StoreError::Aborted)??),
        }
    }

    async fn finish(&mut self) -> Result<(), RunError> {
        while !self.under_way.is_empty() {
            self.land().await?;
        }
        Ok(())
    }
}

/// Writes one chunk. Its checkpoint waits for the previous chunk to be committed.
async fn one(
    context: &Context,
    claim: &Claim,
    location: RowLocation,
    mut batch: Batch,
    mut opened: issues::Batch,
    before: Option<oneshot::Receiver<()>>,
) -> Result<(), StoreError> {
    let mut transaction = sql::begin(&context.pool).await?;
    staging::insert(&mut transaction, location.tables, &mut batch.chunk).await?;
    issues::insert(&mut transaction, location.tables, &mut opened).await?;
    if let Some(before) = before {
        before.await.map_err(|_| StoreError::Aborted)?;
    }
    jobs::checkpoint(&mut transaction, claim, batch.reached, batch.counts.repeated_rows).await?;
    transaction.commit().await?;
    Ok(())
}
