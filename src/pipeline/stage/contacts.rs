//! Writes the contacts of a clean file, in a pass of its own that runs beside that of the rows, in the transaction
//! that will finish the job.

use sqlx::{Postgres, Transaction};
use tokio_util::task::AbortOnDropHandle;

use super::super::budget::{CONTACTS_BYTES, CONTACTS_ROWS};
use super::super::existing::Plan;
use super::super::head_start::Begun;
use super::super::{Context, Control, RunError, file, survey};
use crate::csv::RawRow;
use crate::domain::contact::ContactKeys;
use crate::domain::progress::Phase;
use crate::domain::rules;
use crate::store::StoreError;
use crate::store::contacts::{self, Batch};
use crate::store::jobs::{Claim, RowLocation};

/// Writes the contacts that `begun` lacks. Returns `None` if another program created one of them without waiting for its turn.
pub(crate) async fn write(
    context: &Context,
    claim: &Claim,
    control: &Control,
    plan: &Plan,
    location: RowLocation,
    begun: Begun,
) -> Result<Option<Transaction<'static, Postgres>>, RunError> {
    match write_all(context, claim, control, plan, location, begun).await {
        Err(RunError::Store(error)) if error.is_conflict_in("contacts") => Ok(None),
        written => written.map(Some),
    }
}

async fn write_all(
    context: &Context,
    claim: &Claim,
    control: &Control,
    plan: &Plan,
    location: RowLocation,
    begun: Begun,
) -> Result<Transaction<'static, Postgres>, RunError> {
    let keys = ContactKeys::of(&claim.owner);
    let mut batch = Batch::default();
    let mut pass = plan.file.pass(context, claim).await?;
    let mut reader = plan.file.reader(claim, plan.reading);
    let Begun { transaction, batch: emptied, rows: written } = begun;
    let mut lane = Lane { idle: Some((transaction, emptied)), busy: None };
    let (mut extra, mut reached) = (String::new(), 0);
    let mut contact = |row: RawRow<'_>, batch: &mut Batch| {
        if row.number > written && !plan.findings.about(row.number as u32).repeat {
            let fields = file::fields(&row);
            let key =
                survey::group(&keys, &fields, &rules::check(&fields, false, claim.required)).unwrap_or(0);
            plan.fills.encode(&row, &mut extra);
            batch.push(&claim.owner, location.row(row.number), &fields, key, &extra);
        }
    };
    while let Some(block) = pass.next().await? {
        reader.feed(&block, &mut |row| {
            reached = row.number;
            contact(row, &mut batch);
        })?;
        if batch.len() >= CONTACTS_ROWS || batch.bytes() >= CONTACTS_BYTES {
            batch = lane.send(batch).await?;
            control.report_beside(Phase::Importing, reached, Some(plan.rows));
            control.check(claim)?;
        }
    }
    reader.finish(&mut |row| contact(row, &mut batch))?;
    lane.send(batch).await?;
    Ok(lane.land().await?.0)
}

type Landed = (Transaction<'static, Postgres>, Batch);

/// The connection that writes one batch while the next is filled.
struct Lane {
    idle: Option<Landed>,
    busy: Option<AbortOnDropHandle<Result<Landed, StoreError>>>,
}

impl Lane {
    /// Starts writing a batch once the previous one is written, and returns that one, emptied for reuse.
    async fn send(&mut self, mut batch: Batch) -> Result<Batch, StoreError> {
        let (mut transaction, landed) = self.land().await?;
        self.busy = Some(AbortOnDropHandle::new(tokio::spawn(async move {
            contacts::insert(&mut transaction, &mut batch).await?;
            batch.clear();
            Ok((transaction, batch))
        })));
        Ok(landed)
    }

    async fn land(&mut self) -> Result<Landed, StoreError> {
        match (self.idle.take(), self.busy.take()) {
            (Some(idle), _) => Ok(idle),
            (None, Some(busy)) => busy.await.map_err(|_| StoreError::Aborted)?,
            (None, None) => Err(StoreError::Aborted),
        }
    }
}
