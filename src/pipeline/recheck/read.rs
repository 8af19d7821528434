//! Reads a job's rows from the database: once to compare them, once to act on the findings.

use futures::stream::{BoxStream, StreamExt, TryStreamExt};
use sqlx::PgConnection;

use super::super::budget::READ_BYTES;
use super::super::compare::{Finding, Findings, MOST_REPEATS, OPEN, UNDECIDED};
use super::super::row_outcome::RowOutcome;
use super::super::{Context, Control, RunError, existing, survey};
use crate::domain::contact::ContactKeys;
use crate::domain::progress::Phase;
use crate::domain::row::{Fields, RowStatus};
use crate::domain::rules::{self, Verdict};
use crate::store::issues::AcceptedRows;
use crate::store::jobs::{Claim, RowLocation};
use crate::store::sql::Reader;
use crate::store::staging::{self, OtherColumns, RowText, StagedRow};
use crate::store::{JobTables, StoreError};

/// What each pass over the rows needs.
pub(crate) struct Reading<'a> {
    /// The database.
    pub context: &'a Context,
    /// The job.
    pub claim: &'a Claim,
    /// Receives the progress and can stop the run.
    pub control: &'a Control,
    /// Where the rows are.
    pub location: RowLocation,
    /// The malformed rows that a person accepted.
    pub accepted: AcceptedRows,
    /// Whether no SUCCESS row has its contact.
    pub is_unfinished: bool,
}

/// The result of the first pass.
pub(crate) struct Compared {
    /// The findings about single rows.
    pub findings: Findings,
    /// Rows that are not discarded.
    pub rows: u64,
    /// Rows that have their contacts.
    pub done: u64,
    /// Whether any row without a contact breaks a rule on its own.
    has_violations: bool,
}

impl Compared {
    /// Returns whether no row raises an issue.
    pub(crate) fn is_clean(&self) -> bool {
        !self.has_violations && !self.findings.has_conflicts()
    }
}

/// A row with its verdict.
pub(crate) struct CheckedRow<'a> {
    /// The row as stored.
    pub row: &'a StagedRow<'a>,
    /// Its values, normalised.
    pub fields: &'a Fields<'a>,
    /// The rules that the row breaks on its own.
    pub verdict: Verdict,
    /// The row's number: its number in the file if the job has its own tables, else a running count.
    pub number: u32,
    /// What the row has in common with others.
    pub group: Option<u128>,
    /// Whether the row has its contact. Such a row is done, even if it was edited since.
    pub is_done: bool,
}

impl CheckedRow<'_> {
    /// Combines the verdict with the findings from the comparison.
    pub(crate) fn outcome(&self, finding: Finding) -> RowOutcome {
        RowOutcome::new(self.verdict.clone(), finding, self.row.on_existing)
    }
}

impl Reading<'_> {
    /// First pass: finds what a single row cannot show.
    pub(crate) async fn compare(&self, connection: &mut PgConnection) -> Result<Compared, RunError> {
        let mut comparison = self.context.comparison();
        let (mut count, mut has_violations, mut done) = (0, false, 0);
        let mut record = |checked: &CheckedRow<'_>| {
            count += 1;
            has_violations |= !checked.verdict.is_clean() && !checked.is_done;
            done += u64::from(checked.is_done);
            // The residue of a malformed row counts until a person has decided about the row.
            let hash = checked.fields.hash(if checked.verdict.malformed { &checked.row.residue } else { "" });
            // Of two rows with the same values, the one that has its contact stays.
            let open = if checked.is_done { 0 } else { OPEN };
            let undecided = if checked.row.on_existing.is_some() { 0 } else { UNDECIDED };
            Ok(comparison.push(checked.number | open | undecided, checked.group, hash)?)
        };
        let mut reader = Reader::begin(&self.context.pool, connection).await?;
        let all = (Phase::Checking, self.claim.staged_rows);
        let mut rows = self.rows(&mut reader, OtherColumns::Skipped, all).await?;
        while rows.some(&mut record).await? {}
        drop(rows);
        reader.end().await?;
        self.control.report(Phase::Comparing, 0, None);
        let sorted = tokio::task::block_in_place(|| comparison.sort())?;
        let own = (done > 0).then_some(self.location.tables);
        let existing = self.context.existing();
        let existing =
            existing::look::<RunError>(existing, connection, &self.claim.owner, own, &sorted).await?;
        let findings = tokio::task::block_in_place(|| sorted.findings(existing, MOST_REPEATS))?;
        Ok(Compared { findings, rows: count, done, has_violations })
    }

    /// Starts reading every row that is not discarded, for a phase that has `total` of them, if known.
    pub(crate) async fn rows<'c>(
        &'c self,
        reader: &'c mut Reader,
        others: OtherColumns,
        (phase, total): (Phase, Option<u64>),
    ) -> Result<Rows<'c>, RunError> {
        self.control.report(phase, 0, total);
        let texts = staging::rows(reader, self.location.tables, others).await?.boxed();
        Ok(Rows { reading: self, keys: ContactKeys::of(&self.claim.owner), texts, seen: 0, phase, total })
    }

    /// Returns whether the row is still malformed: nobody has edited, accepted or discarded it.
    ///
    /// An edit shows in the row hash, which is that of the imported row. So edits by any program count.
    fn is_malformed(&self, row: &StagedRow<'_>, fields: &Fields<'_>) -> bool {
        !row.residue.is_empty()
            && !row.accepted
            && fields.hash(&row.residue).to_string() == row.hash
            && !self.accepted.contains(row.row_hash(), row.residue())
    }
}

/// The rows of a job, as they are read from the database.
pub(crate) struct Rows<'c> {
    reading: &'c Reading<'c>,
    keys: ContactKeys,
    texts: BoxStream<'c, Result<RowText, StoreError>>,
    seen: u32,
    phase: Phase,
    total: Option<u64>,
}

impl Rows<'_> {
    /// Passes the next rows to `on_row`: about a thousand, fewer if they are wide. Returns `false` when there are
    /// no more.
    pub(crate) async fn some(
        &mut self,
        mut on_row: impl FnMut(&CheckedRow<'_>) -> Result<(), RunError>,
    ) -> Result<bool, RunError> {
        let reading = self.reading;
        let mut bytes = 0;
        for _ in 0..1024 {
            if bytes >= READ_BYTES {
                break;
            }
            let Some(text) = self.texts.try_next().await? else { return Ok(false) };
            bytes += text.bytes();
            self.seen += 1;
            let row = text.row()?;
            let fields = row.fields();
            let verdict = rules::check(&fields, reading.is_malformed(&row, &fields), reading.claim.required);
            let number = match reading.location.tables {
                JobTables::Shared(_) | JobTables::Announced(_) | JobTables::Moving(_) => self.seen,
                JobTables::Own(_) => (row.id.0 - reading.location.base.0) as u32,
            };
            let group = survey::group(&self.keys, &fields, &verdict);
            let is_done = row.status == Some(RowStatus::Success) && !reading.is_unfinished;
            on_row(&CheckedRow { row: &row, fields: &fields, verdict, number, group, is_done })?;
        }
        reading.control.check(reading.claim)?;
        reading.control.report(self.phase, self.seen.into(), self.total);
        // Buffered rows never make the connection wait; without this, the renewals of lease and message would
        // starve.
        tokio::task::yield_now().await;
        Ok(true)
    }
}
