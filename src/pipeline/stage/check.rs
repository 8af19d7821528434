//! Decides a row's final verdict and fills the batches of rows.

use super::super::budget::CHUNK_BYTES;
use super::super::existing::Plan;
use super::super::extra::Fills;
use super::super::row_outcome::RowRules;
use super::super::{Statistics, file};
use crate::csv::RawRow;
use crate::domain::ids::RowId;
use crate::domain::row::{Fields, RowStatus};
use crate::domain::rules::Residue;
use crate::store::issues::Raised;
use crate::store::jobs::{Claim, RowLocation};
use crate::store::staging::{Chunk, NewRow};

/// Rows to be written to the database.
#[derive(Default)]
pub(crate) struct Batch {
    /// The rows.
    pub chunk: Chunk,
    /// The issues that the rows raise.
    pub shares: Shares,
    /// What was counted since the run began.
    pub counts: Statistics,
    /// The number of the last row read.
    pub reached: u64,
    /// Rows read that are not in `chunk`: repeats, and rows that an earlier run staged.
    pub passed: usize,
    /// The encoded values of the last row in `chunk` in columns that belong to no field.
    pub extra: String,
}

impl Batch {
    /// Returns whether the batch has reached the rows or bytes of a full chunk.
    pub(crate) fn is_full(&self, chunk_rows: usize) -> bool {
        self.chunk.len() + self.passed >= chunk_rows || self.chunk.bytes() + self.shares.bytes >= CHUNK_BYTES
    }

    /// Takes the rows and leaves an empty batch. The counts continue.
    pub(crate) fn take(&mut self) -> Batch {
        let rest = Batch { counts: self.counts, reached: self.reached, ..Batch::default() };
        std::mem::replace(self, rest)
    }
}

/// The issues that the rows of a batch raise.
#[derive(Default)]
pub(crate) struct Shares {
    all: Vec<Share>,
    bytes: usize,
}

impl Shares {
    fn push(&mut self, share: Share) {
        let Share { raised: Raised { key, description, .. }, .. } = &share;
        self.bytes += size_of::<Share>() + key.len() + description.len();
        self.all.push(share);
    }

    /// Takes the shares.
    pub(crate) fn take(&mut self) -> Vec<Share> {
        std::mem::take(self).all
    }
}

/// A row's share in an issue.
pub(crate) struct Share {
    /// The issue and the row.
    pub raised: Raised,
    /// For an issue shared with other rows: the group of rows, and whether this row is its last.
    pub group: Option<(u128, bool)>,
}

/// A checked row.
pub(crate) struct CheckedRow<'r> {
    /// `staging_id`.
    pub id: RowId,
    /// The four values.
    pub fields: Fields<'r>,
    /// The contact's key.
    pub key: u128,
}

/// Checks the rows of one file.
pub(crate) struct RowChecker<'a> {
    claim: &'a Claim,
    location: RowLocation,
    /// Whether no row of the file raises an issue, so that every row is written in its final state.
    clean: bool,
    rules: RowRules<'a>,
    fills: &'a Fills,
}

impl<'a> RowChecker<'a> {
    /// Creates a checker.
    pub(crate) fn new(claim: &'a Claim, location: RowLocation, plan: &'a Plan) -> RowChecker<'a> {
        RowChecker {
            claim,
            location,
            clean: plan.clean,
            rules: RowRules::new(&claim.owner, claim.required, &plan.findings, &plan.doubts),
            fills: &plan.fills,
        }
    }

    /// Returns where the rows go.
    pub(crate) fn location(&self) -> RowLocation {
        self.location
    }

    /// Checks a row and adds it to the batch, unless an earlier run has staged it. Returns `None` for a repeat.
    pub(crate) fn row<'r>(&self, row: &RawRow<'r>, batch: &mut Batch) -> Option<CheckedRow<'r>> {
        batch.reached = row.number;
        let ruled = self.rules.apply(row);
        batch.counts.count(&ruled.outcome);
        if ruled.outcome.verdict().is_none() {
            batch.passed += 1;
            return None;
        }
        let status = match ruled.outcome.status() {
            RowStatus::Ready if self.clean => RowStatus::Success,
            status => status,
        };
        let id = self.location.row(row.number);
        let key = ruled.group.unwrap_or(0);
        if row.number <= self.claim.checkpoint {
            batch.passed += 1;
            return Some(CheckedRow { id, fields: ruled.fields, key });
        }
        let damage = row.damage.as_ref();
        let text = file::residue(damage);
        let residue = Residue { text: &text, is_about_encoding: file::is_about_encoding(damage) };
        let hash = ruled.fields.hash(residue.text);
        self.fills.encode(row, &mut batch.extra);
        let (fields, line, extra) = (&ruled.fields, row.line, &batch.extra);
        let staged = NewRow { id, fields, status, hash, line, residue, extra };
        batch.chunk.push(self.claim.job, &staged);
        // After a resume, the recheck raises the issues of all rows alike.
        if status == RowStatus::Issue && self.claim.checkpoint == 0 {
            for (violation, group) in self.rules.issues(&ruled, hash, residue) {
                batch.shares.push(Share { raised: Raised::new(violation, id), group });
            }
        }
        Some(CheckedRow { id, fields: ruled.fields, key })
    }
}
