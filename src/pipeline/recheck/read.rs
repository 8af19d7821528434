//! Reading a job's rows out of the database: once to compare them, once to act on what was found.

use std::collections::HashSet;

use futures::stream::{BoxStream, StreamExt, TryStreamExt};
use sqlx::PgConnection;

use super::super::budget::READ_BYTES;
use super::super::compare::{Finding, Findings, OPEN, UNDECIDED};
use super::super::row_outcome::RowOutcome;
use super::super::{Context, Control, Phase, RunError, existing, survey};
use crate::domain::contact::ContactKeys;
use crate::domain::row::{Fields, RowHash, RowStatus};
use crate::domain::rules::{self, Verdict};
use crate::store::jobs::{Claim, Place};
use crate::store::sql::Reader;
use crate::store::staging::{self, RowText, StagedRow};
use crate::store::{Home, StoreError};

/// What every reading of the rows needs.
pub(crate) struct Reading<'a> {
    /// The database.
    pub context: &'a Context,
    /// The job.
    pub claim: &'a Claim,
    /// Who watches.
    pub control: &'a Control,
    /// Where the rows are.
    pub place: Place,
    /// The malformed rows that a person has said yes to.
    pub accepted: HashSet<RowHash>,
}

/// What the first reading found.
pub(crate) struct Compared {
    /// About single rows.
    pub findings: Findings,
    /// Rows that are not discarded.
    pub rows: u64,
    /// Rows that have their contacts.
    pub done: u64,
    /// Whether any of them breaks a rule by itself.
    has_violations: bool,
}

impl Compared {
    /// Whether no row raises anything.
    pub(crate) fn is_clean(&self) -> bool {
        !self.has_violations && !self.findings.has_conflicts()
    }
}

/// A row, and what is thought of it.
pub(crate) struct Judged<'a> {
    /// As the database holds it.
    pub row: &'a StagedRow<'a>,
    /// Its values, normalised.
    pub fields: &'a Fields<'a>,
    /// The rules that it breaks by itself.
    pub verdict: Verdict,
    /// Its number: that of the file where the job's rows have a table of their own.
    pub number: u32,
    /// What it has in common with others.
    pub group: Option<u128>,
}

impl Judged<'_> {
    /// Whether it has its contact: then it is done, whatever was edited since.
    pub(crate) fn is_done(&self) -> bool {
        self.row.status == Some(RowStatus::Success)
    }

    /// What becomes of it, with what was found by comparison.
    pub(crate) fn outcome(&self, finding: Finding) -> RowOutcome {
        RowOutcome::new(self.verdict.clone(), finding, self.row.on_existing)
    }
}

impl Reading<'_> {
    /// The first reading: finds what takes more than one row to see.
    pub(crate) async fn compare(&self, connection: &mut PgConnection) -> Result<Compared, RunError> {
        let mut comparison = self.context.comparison();
        let (mut count, mut has_violations, mut done) = (0, false, 0);
        let mut record = |judged: &Judged<'_>| {
            count += 1;
            has_violations |= !judged.verdict.is_clean() && !judged.is_done();
            done += u64::from(judged.is_done());
            // What a malformed row held beside its values counts until a person has settled it.
            let hash = judged.fields.hash(if judged.verdict.malformed { &judged.row.residue } else { "" });
            // Of two rows that say the same, the one that has its contact is kept.
            let open = if judged.is_done() { 0 } else { OPEN };
            let undecided = if judged.row.on_existing.is_some() { 0 } else { UNDECIDED };
            Ok(comparison.push(judged.number | open | undecided, judged.group, hash)?)
        };
        let mut reader = Reader::begin(&self.context.pool, connection).await?;
        let mut rows = self.rows(&mut reader).await?;
        while rows.some(&mut record).await? {}
        drop(rows);
        reader.end().await?;
        let sorted = tokio::task::block_in_place(|| comparison.sort())?;
        let own = (done > 0).then_some(self.place.home);
        let existing = existing::look(self.context, connection, &self.claim.owner, own, &sorted).await?;
        let findings = tokio::task::block_in_place(|| sorted.findings(existing))?;
        Ok(Compared { findings, rows: count, done, has_violations })
    }

    /// Starts to read every row that is not discarded.
    pub(crate) async fn rows<'c>(&'c self, reader: &'c mut Reader) -> Result<Rows<'c>, RunError> {
        let texts = staging::rows(reader, self.place.home).await?.boxed();
        Ok(Rows { reading: self, keys: ContactKeys::of(&self.claim.owner), texts, seen: 0 })
    }

    /// Whether the row is malformed still: nobody has edited it, said yes to it or discarded it.
    ///
    /// An edit is seen by the row's hash, which stands for the row as it came in: so it does not matter
    /// which program has edited.
    fn is_malformed(&self, row: &StagedRow<'_>, fields: &Fields<'_>) -> bool {
        !row.residue.is_empty()
            && !row.accepted
            && fields.hash(&row.residue).to_string() == row.hash
            && !self.accepted.contains(&row.row_hash())
    }
}

/// The rows of a job on their way out of the database.
pub(crate) struct Rows<'c> {
    reading: &'c Reading<'c>,
    keys: ContactKeys,
    texts: BoxStream<'c, Result<RowText, StoreError>>,
    seen: u32,
}

impl Rows<'_> {
    /// Gives the next rows to `on_row`, about a thousand, fewer where they are wide; false when there are no more.
    pub(crate) async fn some(
        &mut self,
        mut on_row: impl FnMut(&Judged<'_>) -> Result<(), RunError>,
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
            let verdict = rules::check(&fields, reading.is_malformed(&row, &fields));
            let number = match reading.place.home {
                Home::Shared(_) => self.seen,
                Home::Own(_) => (row.id.0 - reading.place.base.0) as u32,
            };
            let group = survey::group(&self.keys, &fields, &verdict);
            on_row(&Judged { row: &row, fields: &fields, verdict, number, group })?;
        }
        reading.control.check(reading.claim)?;
        reading.control.report(Phase::Recheck, self.seen.into(), None);
        // Rows that are there already never make the connection wait: without this the renewals of lease
        // and message would starve.
        tokio::task::yield_now().await;
        Ok(true)
    }
}
