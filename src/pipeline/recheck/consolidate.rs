//! Creates contacts from the rows that raise no issue, and updates existing ones where a person decided so. Rows
//! are read on one connection, contacts written on another, and rows marked on a third.

use sqlx::PgConnection;

use super::super::budget::{CHANGES_ROWS, CONTACTS_BYTES, CONTACTS_ROWS};
use super::super::compare::Finding;
use super::super::row_outcome::RowOutcome;
use super::super::{RunError, Statistics};
use super::read::{CheckedRow, Compared, Reading};
use crate::domain::ids::RowId;
use crate::domain::progress::Phase;
use crate::domain::row::RowStatus;
use crate::store::contacts::{self, Batch};
use crate::store::sql::{self, Reader};
use crate::store::staging::OtherColumns;
use crate::store::{contact_changes, issues, staging};

/// Creates the contacts of all rows that have none.
///
/// The marks are committed before the contacts. A run that is cut off in between leaves rows marked SUCCESS
/// without a contact, and the next run repairs them. Nobody else sees them, because the job is locked.
pub(crate) async fn run(
    transaction: &mut PgConnection,
    reading: &Reading<'_>,
    compared: &Compared,
) -> Result<Statistics, RunError> {
    let (pool, tables) = (&reading.context.pool, reading.location.tables);
    issues::resolve_all(transaction, tables).await?;
    let mut reader = Reader::begin(pool, transaction).await?;
    let mut marker = sql::begin_beside(pool, transaction).await?;
    // Another program may have locked the rows and wait for the job, which `transaction` has locked. The server sees no
    // deadlock, since `transaction` waits for the marker here and not there: both would wait for ever.
    sql::limit_lock_waits(&mut marker).await?;
    let mark = async { Ok::<_, RunError>(staging::mark_success(&mut marker, tables).await?) };
    let contacts = write(transaction, &mut reader, reading, compared);
    let ((), (statistics, repeats)) = tokio::try_join!(mark, contacts)?;
    reader.end().await?;
    for repeats in repeats.chunks(CHANGES_ROWS) {
        let discard = vec![RowStatus::Discard; repeats.len()];
        staging::set_statuses(&mut marker, tables, repeats, &discard).await?;
    }
    marker.commit().await?;
    Ok(statistics)
}

/// Creates the contacts of the rows that raise no issue while others wait for a decision. Runs in the transaction
/// that has just written all statuses, since no other could mark the same rows.
pub(crate) async fn valid(
    transaction: &mut PgConnection,
    reading: &Reading<'_>,
    compared: &Compared,
) -> Result<Statistics, RunError> {
    let mut reader = Reader::begin(&reading.context.pool, transaction).await?;
    let (statistics, _) = write(transaction, &mut reader, reading, compared).await?;
    reader.end().await?;
    staging::mark_ready_success(transaction, reading.location.tables).await?;
    Ok(statistics)
}

/// Rows on their way to becoming contacts.
#[derive(Default)]
struct Outgoing {
    statistics: Statistics,
    ready: Batch,
    changes: contact_changes::Batch,
    repeats: Vec<RowId>,
}

impl Outgoing {
    fn is_full(&self) -> bool {
        self.ready.len().max(self.changes.len()) >= CONTACTS_ROWS
            || self.ready.bytes() + self.changes.bytes() >= CONTACTS_BYTES
    }

    fn take(&mut self, checked: &CheckedRow<'_>, reading: &Reading<'_>, compared: &Compared) {
        if checked.is_done {
            self.statistics.count_done();
            return;
        }
        let finding = compared.findings.about(checked.number);
        let outcome = checked.outcome(finding);
        match outcome {
            RowOutcome::Repeat => self.repeats.push(checked.row.id),
            // The row waits for a decision, and for the run after it.
            RowOutcome::Raises(_) => return,
            RowOutcome::Valid(_) => self.take_valid(checked, finding, reading),
        }
        self.statistics.count(&outcome);
    }

    fn take_valid(&mut self, checked: &CheckedRow<'_>, finding: Finding, reading: &Reading<'_>) {
        let (key, extra) = (checked.group.unwrap_or(0), &checked.row.extra);
        match checked.row.on_existing.filter(|_| finding.conflicts.existing) {
            Some(decided) => self.changes.push(checked.row.id, checked.fields, key, decided, extra),
            None => {
                self.statistics.contacts += 1;
                self.ready.push(&reading.claim.owner, checked.row.id, checked.fields, key, extra);
            }
        }
    }
}

/// Reads the rows and writes their contacts. Returns the repeats, which get no contact.
async fn write(
    transaction: &mut PgConnection,
    reader: &mut Reader,
    reading: &Reading<'_>,
    compared: &Compared,
) -> Result<(Statistics, Vec<RowId>), RunError> {
    let (mut outgoing, mut batch, mut has_changes) = (Outgoing::default(), Batch::default(), false);
    let all = (Phase::Importing, Some(compared.rows));
    let mut rows = reading.rows(reader, OtherColumns::Read, all).await?;
    let mut more = true;
    while more {
        // Prepares the next contacts while the previous ones are written.
        let read = async {
            while more && !outgoing.is_full() {
                let take = |checked: &CheckedRow<'_>| {
                    outgoing.take(checked, reading, compared);
                    Ok(())
                };
                more = rows.some(take).await?;
            }
            Ok::<_, RunError>(())
        };
        let written = async { Ok(contacts::insert(transaction, &mut batch).await?) };
        tokio::try_join!(read, written)?;
        batch.clear();
        std::mem::swap(&mut batch, &mut outgoing.ready);
        if !outgoing.changes.is_empty() {
            if !std::mem::replace(&mut has_changes, true) {
                contact_changes::create(transaction).await?;
            }
            contact_changes::insert(transaction, &mut outgoing.changes).await?;
        }
    }
    contacts::insert(transaction, &mut batch).await?;
    let Outgoing { mut statistics, repeats, .. } = outgoing;
    statistics.total_rows = compared.rows;
    if has_changes {
        let (owner, job) = (&reading.claim.owner, reading.claim.job);
        statistics.updated_contacts = contact_changes::apply(transaction, owner, job).await?;
    }
    Ok((statistics, repeats))
}
