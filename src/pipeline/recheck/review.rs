//! Updates the statuses, issues and links of rows to match the findings.

use sqlx::PgConnection;

use super::super::budget::{CHANGES_ROWS, CHUNK_BYTES};
use super::super::row_outcome::RowOutcome;
use super::super::{RunError, Statistics};
use super::read::{CheckedRow, Compared, Reading};
use crate::domain::ids::RowId;
use crate::domain::progress::Phase;
use crate::domain::row::RowStatus;
use crate::store::issues::Raised;
use crate::store::sql::Reader;
use crate::store::staging::OtherColumns;
use crate::store::{raised, staging};

/// The changes of a block of rows.
#[derive(Default)]
struct Changes {
    ids: Vec<RowId>,
    statuses: Vec<RowStatus>,
    raised: raised::Batch,
}

/// Second pass: writes the final verdict of every row.
pub(crate) async fn run(
    transaction: &mut PgConnection,
    reading: &Reading<'_>,
    compared: &Compared,
) -> Result<Statistics, RunError> {
    let mut reader = Reader::begin(&reading.context.pool, transaction).await?;
    raised::create(transaction).await?;
    let mut statistics = Statistics { total_rows: compared.rows, ..Statistics::default() };
    let mut changes = Changes::default();
    let all = (Phase::Saving, Some(compared.rows));
    let mut rows = reading.rows(&mut reader, OtherColumns::Skipped, all).await?;
    while rows.some(|checked| check(checked, compared, &mut changes, &mut statistics)).await? {
        if changes.ids.len() + changes.raised.len() >= CHANGES_ROWS || changes.raised.bytes() >= CHUNK_BYTES {
            write(transaction, reading, &mut changes).await?;
        }
    }
    drop(rows);
    write(transaction, reading, &mut changes).await?;
    reader.end().await?;
    raised::apply(transaction, reading.location.tables).await?;
    Ok(statistics)
}

fn check(
    checked: &CheckedRow<'_>,
    compared: &Compared,
    changes: &mut Changes,
    statistics: &mut Statistics,
) -> Result<(), RunError> {
    if checked.is_done {
        statistics.count_done();
        return Ok(());
    }
    let outcome = checked.outcome(compared.findings.about(checked.number));
    statistics.count(&outcome);
    if checked.row.status != Some(outcome.status()) {
        changes.ids.push(checked.row.id);
        changes.statuses.push(outcome.status());
    }
    if let RowOutcome::Raises(verdict) = outcome {
        for violation in verdict.violations(checked.fields, checked.row.row_hash(), checked.row.residue()) {
            changes.raised.push(&Raised::new(violation, checked.row.id));
        }
    }
    Ok(())
}

async fn write(
    connection: &mut PgConnection,
    reading: &Reading<'_>,
    changes: &mut Changes,
) -> Result<(), RunError> {
    if !changes.ids.is_empty() {
        staging::set_statuses(connection, reading.location.tables, &changes.ids, &changes.statuses).await?;
        changes.ids.clear();
        changes.statuses.clear();
    }
    Ok(raised::insert(connection, &mut changes.raised).await?)
}
