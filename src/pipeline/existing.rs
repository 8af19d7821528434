//! Which of the file's e-mails the owner has already, and what follows for the run.

use std::collections::HashSet;

use futures::TryStreamExt;
use sqlx::{PgConnection, Postgres, Transaction};

use super::compare::{Findings, Sorted};
use super::survey::Survey;
use super::{Context, Control, RunError, wait_for_turn};
use crate::csv::Encoding;
use crate::domain::job::Owner;
use crate::domain::row::email_hash;
use crate::objects::Version;
use crate::store::contacts::{self, Origin};
use crate::store::jobs::Claim;

/// E-mails asked for in one query.
const PROBE_BATCH: usize = 5_000;

/// All that staging needs to know before its first write.
pub struct Plan {
    /// The version of the file.
    pub version: Version,
    /// Its encoding.
    pub encoding: Encoding,
    /// Its data rows.
    pub rows: u64,
    /// What was found about single rows.
    pub findings: Findings,
    /// For a file without any issue: the transaction that will hold its contacts, in the owner's turn.
    pub contacts: Option<Transaction<'static, Postgres>>,
}

/// Compares the file's e-mails with the owner's contacts.
///
/// When the file has no issue in itself, this is done in the owner's turn, so that what is found
/// still holds when the contacts are written.
pub async fn plan(
    context: &Context,
    claim: &Claim,
    control: &Control,
    survey: Survey,
) -> Result<Plan, RunError> {
    let mut sorted = tokio::task::block_in_place(|| survey.comparison.sort());
    let mut transaction = context.pool.begin().await?;
    contacts::fill_keys(&mut transaction, &claim.owner).await?;
    transaction.commit().await?;

    let mut transaction = context.pool.begin().await?;
    // A run that goes on behind a checkpoint ends with the recheck, which makes the contacts.
    let may_be_clean = !survey.has_violations && claim.checkpoint == 0;
    if may_be_clean {
        wait_for_turn(&mut transaction, &claim.owner, claim, control, false).await?;
    }
    // A first run has no row with a contact: those come with its end.
    let own = HashSet::new();
    look(&mut transaction, &claim.owner, &own, &mut sorted, survey.keys.as_deref()).await?;
    let findings = sorted.findings();
    let clean = may_be_clean && !findings.has_conflicts();
    Ok(Plan {
        version: survey.version,
        encoding: survey.encoding,
        rows: survey.rows,
        findings,
        contacts: clean.then_some(transaction),
    })
}

/// Marks the rows whose e-mail the owner has from another job: `own` are the job's rows that have a
/// contact. With `keys`, the e-mails of all rows, the index is probed for each; without, the owner's
/// contacts are read past the rows.
pub async fn look(
    connection: &mut PgConnection,
    owner: &Owner,
    own: &HashSet<i64>,
    sorted: &mut Sorted,
    keys: Option<&[String]>,
) -> Result<(), RunError> {
    let mut mark = |(key, row): Origin| {
        if !own.contains(&row) {
            sorted.mark_existing(email_hash(&key));
        }
    };
    let Some(keys) = keys else {
        let mut all = contacts::origins(connection, owner);
        while let Some(origin) = all.try_next().await? {
            mark(origin);
            tokio::task::consume_budget().await;
        }
        return Ok(());
    };
    for batch in keys.chunks(PROBE_BATCH) {
        contacts::existing_among(connection, owner, batch).await?.into_iter().for_each(&mut mark);
    }
    Ok(())
}
