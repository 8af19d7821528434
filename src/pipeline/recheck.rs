//! Reprocessing: the job's rows out of the database instead of out of the file, judged by the same
//! rules; only what changed is written back, and a job without open issues is consolidated.
//!
//! All of it is one repeatable-read transaction in the owner's turn: a row that somebody edits
//! meanwhile makes it fail as transient and start again, so nothing is consolidated that was not
//! judged, and a run that is cut short leaves no trace.

use std::collections::HashSet;

use futures::TryStreamExt;
use sqlx::PgConnection;

use super::compare::{Comparison, Findings};
use super::{Context, Control, Outcome, Phase, RunError, Statistics, existing, wait_for_turn};
use crate::domain::email;
use crate::domain::issue::row_issue_key;
use crate::domain::job::JobStatus;
use crate::domain::row::{Fields, RowStatus, email_hash};
use crate::domain::rules::{self, Verdict};
use crate::store::issues::Raised;
use crate::store::jobs::Claim;
use crate::store::staging::StagedRow;
use crate::store::{contacts, issue_items, issues, jobs, staging};

/// Rows that become contacts in one COPY.
const CONSOLIDATION_BATCH: i64 = 20_000;
/// Up to so many rows the owner's contacts are asked for each e-mail.
const PROBED_ROWS: usize = 20_000;

/// Judges all rows of a staged job again and settles it.
pub async fn run(context: &Context, claim: &Claim, control: &Control) -> Result<Outcome, RunError> {
    let mut connection = context.pool.acquire().await?;
    contacts::fill_keys(&mut connection, &claim.owner).await?;
    // The lock comes before the transaction, whose snapshot must see what the turn before has made.
    wait_for_turn(&mut connection, &claim.owner, claim, control, true).await?;
    let outcome = in_turn(&mut connection, claim, control).await;
    if contacts::unlock_owner(&mut connection, &claim.owner).await.is_err() {
        // Only the end of the connection gives the turn back.
        connection.close_on_drop();
    }
    outcome
}

async fn in_turn(
    connection: &mut PgConnection,
    claim: &Claim,
    control: &Control,
) -> Result<Outcome, RunError> {
    use sqlx::Connection;
    let mut transaction = connection.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ").await?;
    jobs::hold(&mut transaction, claim).await?;
    staging::mark_unfinished(&mut transaction, claim.job).await?;
    let accepted = issues::accepted_malformed(&mut transaction, claim.job).await?.into_iter().collect();
    let (mut findings, mut statistics) = compare(&mut transaction, claim, control, &accepted).await?;
    let changes = judge(&mut transaction, claim, control, &accepted, &mut findings, &mut statistics).await?;
    write(&mut transaction, claim, &changes).await?;

    statistics.open_issues = issues::count_open(&mut transaction, claim.job).await?.unsigned_abs();
    let status = match statistics.open_issues {
        0 => JobStatus::Completed,
        _ => JobStatus::NeedsReview,
    };
    if status == JobStatus::Completed {
        statistics.contacts = consolidate(&mut transaction, claim, control).await?;
    }
    jobs::settle(&mut transaction, claim, status, statistics.open_issues as i64).await?;
    transaction.commit().await?;
    Ok(Outcome { status, statistics })
}

/// Keys of the malformed rows that a person has said yes to.
type Accepted = HashSet<String>;

/// Whether the row is malformed still: nobody has edited it, said yes to it or discarded it.
///
/// An edit is seen by the row's hash, which stands for the row as it came in: so it does not matter
/// which program has edited.
fn is_malformed(row: &StagedRow, fields: &Fields<'_>, accepted: &Accepted) -> bool {
    !row.residue.is_empty()
        && fields.hash(&row.residue).to_string() == row.hash
        && !accepted.contains(&row_issue_key(row.row_hash()))
}

fn verdict(row: &StagedRow, fields: &Fields<'_>, accepted: &Accepted) -> Verdict {
    rules::check(fields, is_malformed(row, fields, accepted))
}

/// First reading: the records by which rows are compared.
async fn compare(
    connection: &mut PgConnection,
    claim: &Claim,
    control: &Control,
    accepted: &Accepted,
) -> Result<(Findings, Statistics), RunError> {
    let mut comparison = Comparison::default();
    let mut keys = Vec::new();
    let mut own = HashSet::new();
    let mut number = 0;
    let mut rows = staging::rows(connection, claim.job);
    while let Some(row) = rows.try_next().await? {
        number += 1;
        let fields = row.fields();
        let verdict = verdict(&row, &fields, accepted);
        // What a malformed row held beside its values counts until a person has settled it.
        let hash = fields.hash(if verdict.malformed { &row.residue } else { "" });
        let key = verdict.is_comparable().then(|| email::key(&fields.email));
        comparison.push(number, key.as_deref().map(email_hash), hash);
        if let Some(key) = key.filter(|_| keys.len() < PROBED_ROWS) {
            keys.push(key.into_owned());
        }
        if row.status == Some(RowStatus::Success) {
            own.insert(row.id);
        }
        breathe(control, claim, number).await?;
    }
    drop(rows);
    let mut sorted = tokio::task::block_in_place(|| comparison.sort());
    let keys = (keys.len() < PROBED_ROWS).then_some(keys);
    existing::look(connection, &claim.owner, &own, &mut sorted, keys.as_deref()).await?;
    let statistics = Statistics { total_rows: number.into(), ..Statistics::default() };
    Ok((sorted.findings(), statistics))
}

/// Reports now and then, and lets others run: rows that are there already never make the connection
/// wait, so without this the renewals of lease and message would starve.
async fn breathe(control: &Control, claim: &Claim, number: u32) -> Result<(), RunError> {
    if number.is_multiple_of(1024) {
        control.check(claim)?;
        control.report(Phase::Recheck, number.into(), None);
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// What the second reading found to differ from what the database holds.
#[derive(Default)]
struct Changes {
    ids: Vec<i64>,
    statuses: Vec<RowStatus>,
    raised: Vec<Raised>,
}

/// Second reading: the final verdict of every row.
async fn judge(
    connection: &mut PgConnection,
    claim: &Claim,
    control: &Control,
    accepted: &Accepted,
    findings: &mut Findings,
    statistics: &mut Statistics,
) -> Result<Changes, RunError> {
    let mut changes = Changes::default();
    let mut number = 0;
    let mut rows = staging::rows(connection, claim.job);
    while let Some(row) = rows.try_next().await? {
        number += 1;
        breathe(control, claim, number).await?;
        // A row that has its contact is done, whatever was edited since.
        if row.status == Some(RowStatus::Success) {
            statistics.valid_rows += 1;
            continue;
        }
        let finding = findings.about(number);
        let fields = row.fields();
        let mut verdict = verdict(&row, &fields, accepted);
        verdict.duplicate = finding.duplicate;
        verdict.existing = finding.existing;
        let status = if finding.repeat { RowStatus::Discard } else { verdict.status() };
        match status {
            RowStatus::Discard => statistics.repeated_rows += 1,
            RowStatus::Issue => statistics.issue_rows += 1,
            _ => statistics.valid_rows += 1,
        }
        if row.status != Some(status) {
            changes.ids.push(row.id);
            changes.statuses.push(status);
        }
        if status == RowStatus::Issue {
            let violations = verdict.violations(&fields, row.row_hash(), &row.residue);
            changes.raised.extend(violations.into_iter().map(|violation| Raised::new(violation, row.id)));
        }
    }
    Ok(changes)
}

async fn write(connection: &mut PgConnection, claim: &Claim, changes: &Changes) -> Result<(), RunError> {
    staging::set_statuses(connection, claim.job, &changes.ids, &changes.statuses).await?;
    issues::raise(connection, claim.job, &changes.raised).await?;
    issues::follow(connection, claim.job, &changes.raised).await?;
    issue_items::unlink_settled(connection, claim.job, &changes.raised).await?;
    Ok(())
}

/// READY rows become contacts and then SUCCESS.
async fn consolidate(
    connection: &mut PgConnection,
    claim: &Claim,
    control: &Control,
) -> Result<u64, RunError> {
    let mut after = i64::MIN;
    let mut made = 0;
    let mut batch = contacts::Batch::default();
    loop {
        let rows = staging::ready_page(connection, claim.job, after, CONSOLIDATION_BATCH).await?;
        let Some(last) = rows.last() else { break };
        after = last.id;
        made += rows.len() as u64;
        for row in &rows {
            batch.push(&claim.owner, row.id, &row.fields());
        }
        contacts::insert(connection, &batch).await?;
        batch.clear();
        control.check(claim)?;
        control.report(Phase::Consolidate, made, None);
    }
    staging::mark_success(connection, claim.job).await?;
    Ok(made)
}
