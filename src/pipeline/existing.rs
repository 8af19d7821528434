//! Finds which of the file's e-mails the owner already has, and plans the run accordingly.

use std::io;

use futures::TryStreamExt;
use sqlx::PgConnection;

use super::compare::{Existing, Findings, Sorted};
use super::extra::Fills;
use super::file::File;
use super::head_start::Begun;
use super::survey::Survey;
use super::{Context, Control, RunError, wait_for_turn};
use crate::csv::Reading;
use crate::domain::interpretation::Interpretation;
use crate::domain::job::Owner;
use crate::domain::progress::Phase;
use crate::store::jobs::{Claim, RowLocation};
use crate::store::{JobTables, StoreError, contacts, sql};

/// E-mails looked up per query.
const PROBE_BATCH: usize = 5_000;
/// Up to this many rows, each e-mail is looked up, however many contacts the owner has.
const ALWAYS_PROBED: u64 = 1_000;
/// Looking up one e-mail costs about as much as scanning this many contacts: 10 to 13 µs and 3.2 µs with three million contacts
/// of the owner beside ten million of others.
const PROBE_COST: u64 = 4;

/// What staging needs to know before its first write.
pub(crate) struct Plan {
    /// The file.
    pub file: File,
    /// Its encoding.
    pub reading: Reading,
    /// How it was read, for people.
    pub interpretation: Interpretation,
    /// Descriptions of the first values whose encoding is in doubt.
    pub doubts: Vec<String>,
    /// The number of its data rows.
    pub rows: u64,
    /// Bytes to be staged.
    pub bytes: u64,
    /// The names of the columns that belong to no field and have values.
    pub extra_columns: Vec<String>,
    /// The rows whose values in these columns are filled from their repeats.
    pub fills: Fills,
    /// The findings about single rows.
    pub findings: Findings,
    /// Whether no row of the file raises an issue.
    pub clean: bool,
    /// For a clean file: the contacts, as far as they are written.
    pub contacts: Option<Begun>,
    /// Where the rows are staged, if that is decided.
    pub location: Option<RowLocation>,
}

/// Compares the file's e-mails with the owner's contacts.
///
/// If the file has no issues of its own, the comparison runs in the owner's turn, so that the findings are still
/// true when the contacts are written.
pub(crate) async fn plan(
    context: &Context,
    claim: &Claim,
    control: &Control,
    survey: Survey,
) -> Result<Plan, RunError> {
    control.report(Phase::Comparing, 0, None);
    let sorted = tokio::task::block_in_place(|| survey.comparison.sort())?;
    // A run that resumes from a checkpoint ends with the recheck, which creates the contacts.
    let may_be_clean = !survey.has_violations && claim.checkpoint == 0;
    let location = survey.head_start.as_ref().and_then(|head| head.location(survey.rows));
    // Rows that are filled from their repeats were written without what fills them. Dropping the head start ends its
    // transaction, and with it the owner's turn.
    let is_of_use = may_be_clean && location.is_some() && survey.fills.is_empty();
    let begun = match survey.head_start.filter(|_| is_of_use) {
        Some(head_start) => head_start.written().await,
        None => None,
    };
    // Except in `begun`, no row of a first run has a contact yet: contacts are created at its end.
    let (existing, begun) = match begun {
        Some(begun) => {
            // This transaction does not see the contacts in `begun`.
            let mut beside = sql::begin(&context.pool).await?;
            (look::<RunError>(context.existing(), &mut beside, &claim.owner, None, &sorted).await?, begun)
        }
        None => {
            let mut transaction = sql::begin(&context.pool).await?;
            while lacks_keys(&mut transaction, claim, control, may_be_clean).await? {
                contacts::fill_keys(&mut transaction, &claim.owner).await?;
                transaction.commit().await?;
                transaction = sql::begin(&context.pool).await?;
            }
            control.report(Phase::Comparing, 0, None);
            let existing =
                look::<RunError>(context.existing(), &mut transaction, &claim.owner, None, &sorted).await?;
            (existing, transaction.into())
        }
    };
    let findings = tokio::task::block_in_place(|| sorted.findings(existing, 0))?;
    let clean = may_be_clean && !findings.has_conflicts();
    Ok(Plan {
        file: survey.file,
        reading: survey.reading,
        interpretation: survey.interpretation,
        doubts: survey.doubts,
        rows: survey.rows,
        bytes: survey.bytes,
        extra_columns: survey.extra_columns,
        fills: survey.fills,
        findings,
        clean,
        contacts: clean.then_some(begun),
        location,
    })
}

/// Returns whether the owner has contacts without a key. With `in_turn`, takes the owner's turn first.
async fn lacks_keys(
    connection: &mut PgConnection,
    claim: &Claim,
    control: &Control,
    in_turn: bool,
) -> Result<bool, RunError> {
    match in_turn {
        true => wait_for_turn(connection, claim, control).await,
        false => Ok(contacts::lack_keys(connection, &claim.owner).await?),
    }
}

/// Adds the keys of the file's e-mails that the owner already has to `existing`. Excludes contacts created by `own`, the
/// tables of this job. Looks up each e-mail in the index or scans all contacts, whichever costs less.
pub(crate) async fn look<E: From<StoreError> + From<io::Error>>(
    mut existing: Existing,
    connection: &mut PgConnection,
    owner: &Owner,
    own: Option<JobTables>,
    sorted: &Sorted,
) -> Result<Existing, E> {
    let rows = sorted.rows();
    let probed =
        rows <= ALWAYS_PROBED || contacts::more_than(connection, owner, (rows * PROBE_COST) as i64).await?;
    if !probed {
        let mut all = contacts::keys(connection, owner, own);
        while let Some(key) = all.try_next().await? {
            existing.push(key)?;
            tokio::task::consume_budget().await;
        }
        return Ok(existing);
    }
    let mut keys = sorted.keys()?.peekable();
    while keys.peek().is_some() {
        let batch = keys.by_ref().take(PROBE_BATCH).collect::<Result<Vec<u128>, _>>()?;
        for key in contacts::existing_among(connection, owner, own, &batch).await? {
            existing.push(key)?;
        }
    }
    Ok(existing)
}
