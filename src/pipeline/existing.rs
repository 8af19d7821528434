//! Which of the file's e-mails the owner has already, and what follows for the run.

use futures::TryStreamExt;
use sqlx::{PgConnection, Postgres, Transaction};

use super::compare::{Existing, Findings, Sorted};
use super::file::File;
use super::survey::Survey;
use super::{Context, Control, RunError, wait_for_turn};
use crate::csv::Encoding;
use crate::domain::job::Owner;
use crate::store::jobs::Claim;
use crate::store::{Home, contacts, sql};

/// E-mails asked for in one query.
const PROBE_BATCH: usize = 5_000;
/// Up to so many rows each e-mail is asked for, whatever the owner has.
const ALWAYS_PROBED: u64 = 1_000;
/// One e-mail asked for costs about as much as so many contacts read from end to end.
const PROBE_COST: u64 = 8;

/// All that staging needs to know before its first write.
pub(crate) struct Plan {
    /// The file.
    pub file: File,
    /// Its encoding.
    pub encoding: Encoding,
    /// Its data rows.
    pub rows: u64,
    /// Bytes of what is staged of them.
    pub bytes: u64,
    /// What was found about single rows.
    pub findings: Findings,
    /// No row of the file raises anything.
    pub clean: bool,
    /// For a clean file: the transaction that will hold its contacts, in the owner's turn.
    pub contacts: Option<Transaction<'static, Postgres>>,
}

/// Compares the file's e-mails with the owner's contacts.
///
/// When the file has no issue in itself, this is done in the owner's turn, so that what is found
/// still holds when the contacts are written.
pub(crate) async fn plan(
    context: &Context,
    claim: &Claim,
    control: &Control,
    survey: Survey,
) -> Result<Plan, RunError> {
    let sorted = tokio::task::block_in_place(|| survey.comparison.sort())?;
    // A run that goes on behind a checkpoint ends with the recheck, which makes the contacts.
    let may_be_clean = !survey.has_violations && claim.checkpoint == 0;
    let mut transaction = sql::begin(&context.pool).await?;
    while lacks_keys(&mut transaction, claim, control, may_be_clean).await? {
        contacts::fill_keys(&mut transaction, &claim.owner).await?;
        transaction.commit().await?;
        transaction = sql::begin(&context.pool).await?;
    }
    // A first run has no row with a contact: those come with its end.
    let existing = look(context, &mut transaction, &claim.owner, None, &sorted).await?;
    let findings = tokio::task::block_in_place(|| sorted.findings(existing))?;
    let clean = may_be_clean && !findings.has_conflicts();
    Ok(Plan {
        file: survey.file,
        encoding: survey.encoding,
        rows: survey.rows,
        bytes: survey.bytes,
        findings,
        clean,
        contacts: clean.then_some(transaction),
    })
}

/// Whether the owner has contacts without a key. `in_turn`: takes the owner's turn first.
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

/// The e-mails that the owner has contacts of; `own`: the job that is no other, where it has contacts
/// already. The index is asked for each e-mail, or all contacts are read from end to end, whichever is less.
pub(crate) async fn look(
    context: &Context,
    connection: &mut PgConnection,
    owner: &Owner,
    own: Option<Home>,
    sorted: &Sorted,
) -> Result<Existing, RunError> {
    let mut existing = context.existing();
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
