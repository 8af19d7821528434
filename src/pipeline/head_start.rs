//! Writes the first contacts of a large file while the survey still reads the rest.
//!
//! Most of the time of a clean file goes into its contacts, and the survey leaves the database idle. Whether the file is clean
//! is known only at the end of the survey. If it is not, the transaction with these contacts is rolled back, so at most one
//! batch is written in vain. It is not written at all if one of its rows breaks a rule on its own, and the unique index over
//! the contacts' keys refuses it if two of its rows, or one of them and a contact, have the same address.

use std::ops::RangeInclusive;

use sqlx::{PgPool, Postgres, Transaction};
use tokio_util::task::AbortOnDropHandle;

use super::budget::{CONTACTS_BYTES, CONTACTS_ROWS};
use super::file::File;
use super::{Context, RunError, extra};
use crate::csv::RawRow;
use crate::domain::job::Owner;
use crate::domain::row::Fields;
use crate::store::contacts::{self, Batch};
use crate::store::jobs::{self, Claim, RowLocation};
use crate::store::{JobTables, StoreError, own_tables, sql};

/// Smaller files have too few rows to gain anything. Larger ones gain little for their size, and would keep the owner's turn for as
/// long as they are surveyed, even if they turn out not to be clean.
const FILE_BYTES: RangeInclusive<u64> = 8 << 20..=256 << 20;
/// Staging ids are reserved before the rows are counted, for one row in so many bytes.
const MIN_ROW_BYTES: u64 = 16;

/// The contacts of a file, as far as they are written.
pub(crate) struct Begun {
    /// The transaction that has the owner's turn and writes them.
    pub transaction: Transaction<'static, Postgres>,
    /// An empty batch.
    pub batch: Batch,
    /// The number of rows whose contacts are written.
    pub rows: u64,
}

impl From<Transaction<'static, Postgres>> for Begun {
    /// Returns the state before the first contact is written, in the owner's turn.
    fn from(transaction: Transaction<'static, Postgres>) -> Begun {
        Begun { transaction, batch: Batch::default(), rows: 0 }
    }
}

/// The first contacts of a file, while it is surveyed.
pub(crate) struct HeadStart {
    pool: PgPool,
    owner: Owner,
    /// Where the rows will be staged.
    location: RowLocation,
    /// For how many rows ids are reserved.
    reserved: u64,
    state: State,
    extra: String,
}

enum State {
    /// The contacts of the rows so far.
    Collecting(Batch),
    /// They are being written.
    Writing(AbortOnDropHandle<Result<Option<Begun>, StoreError>>),
    /// A row broke a rule.
    GivenUp,
}

impl HeadStart {
    /// Prepares for the first run over a file, if it has a size that gains from it.
    pub(crate) async fn prepare(
        context: &Context,
        claim: &Claim,
        file: &File,
    ) -> Result<Option<HeadStart>, RunError> {
        if claim.checkpoint > 0 || !FILE_BYTES.contains(&file.bytes()) {
            return Ok(None);
        }
        let own = own_tables::possible(&context.pool).await?;
        let reserved = file.bytes() / MIN_ROW_BYTES;
        Ok(Some(HeadStart {
            pool: context.pool.clone(),
            owner: claim.owner.clone(),
            location: jobs::reserve(&context.pool, claim, reserved, own).await?,
            reserved,
            state: State::Collecting(Batch::default()),
            extra: String::new(),
        }))
    }

    /// Takes the next row of the file. `key` is the key of its contact, or `None` if the row breaks a rule. Starts writing once
    /// there are enough contacts.
    pub(crate) fn take(&mut self, row: &RawRow<'_>, fields: &Fields<'_>, key: Option<u128>) {
        match (std::mem::replace(&mut self.state, State::GivenUp), key) {
            (State::Collecting(mut batch), Some(key)) => {
                extra::encode(row, &mut self.extra);
                batch.push(&self.owner, self.location.row(row.number), fields, key, &self.extra);
                let is_full = batch.len() >= CONTACTS_ROWS || batch.bytes() >= CONTACTS_BYTES;
                self.state = match is_full {
                    true => self.write(batch, row.number),
                    false => State::Collecting(batch),
                };
            }
            (writing @ State::Writing(_), Some(_)) => self.state = writing,
            (State::Collecting(_) | State::Writing(_), None) | (State::GivenUp, _) => {}
        }
    }

    fn write(&self, mut batch: Batch, rows: u64) -> State {
        let (pool, owner) = (self.pool.clone(), self.owner.clone());
        let task = tokio::spawn(async move {
            let mut transaction = sql::begin(&pool).await?;
            let turn = contacts::try_turn(&mut transaction, &owner).await?;
            if !turn.taken || turn.lacks_keys {
                return Ok(None);
            }
            contacts::insert(&mut transaction, &mut batch).await?;
            batch.clear();
            Ok(Some(Begun { transaction, batch, rows }))
        });
        State::Writing(AbortOnDropHandle::new(task))
    }

    /// Returns where the rows of the file, whose number is now known, are staged, unless they need other ids or tables.
    pub(crate) fn location(&self, rows: u64) -> Option<RowLocation> {
        let has_right_tables = match self.location.tables {
            JobTables::Own(_) => rows >= own_tables::MIN_ROWS,
            JobTables::Shared(_) | JobTables::Announced(_) | JobTables::Moving(_) => true,
        };
        (has_right_tables && rows <= self.reserved).then_some(self.location)
    }

    /// Waits until the contacts are written. Returns `None` if there are none, somebody else has the owner's turn, or the
    /// database has refused them.
    pub(crate) async fn written(self) -> Option<Begun> {
        let State::Writing(task) = self.state else { return None };
        match task.await {
            Ok(Ok(begun)) => begun,
            Ok(Err(error)) => {
                // Nothing is lost: the contacts are written again, or the same failure is found there.
                tracing::debug!(%error, "the first contacts were refused");
                None
            }
            Err(_) => None,
        }
    }
}
