//! Rows that repeat another one since a person has edited them, and have other values in columns that belong to no field.
//!
//! Like those of repeats in a file, their values fill the empty ones of the row that is kept, and those that differ are
//! reported.

use std::collections::HashMap;

use sqlx::PgConnection;

use super::super::RunError;
use super::super::compare::Repeats;
use super::read::{CheckedRow, Compared, Reading};
use crate::domain::ids::RowId;
use crate::domain::interpretation::{RepeatDifference, RepeatDifferences};
use crate::domain::progress::Phase;
use crate::domain::rejection::ShownName;
use crate::store::sql::Reader;
use crate::store::staging::{self, Absorbed, OtherColumns, Pairs};
use crate::store::{JobTables, extra_columns, jobs};

/// Maximum number of repeats that are listed.
const LISTED: i64 = 20;

/// Fills rows from their repeats and discards the repeats. Returns their number and what they said, `None` if nothing
/// changed. The changes belong to the caller's transaction, which must be committed before the rows are read again.
pub(crate) async fn run(
    transaction: &mut PgConnection,
    reading: &Reading<'_>,
    compared: &Compared,
) -> Result<Option<(u64, RepeatDifferences)>, RunError> {
    let repeats = compared.findings.repeats();
    if repeats.pairs.is_empty() {
        return Ok(None);
    }
    let columns = extra_columns::of_job(transaction, reading.claim.job).await?;
    if columns.is_empty() {
        return Ok(None);
    }
    let (repeated, kept) = ids(transaction, reading, repeats).await?;
    let tables = reading.location.tables;
    let pairs = Pairs { repeats: &repeated, kept: &kept, is_unfinished: reading.is_unfinished };
    let absorbed = staging::absorb(transaction, tables, &pairs, LISTED).await?;
    if absorbed.rows == 0 {
        return Ok(None);
    }
    let rows = absorbed.rows.unsigned_abs();
    let differences = differences(absorbed, &columns);
    jobs::add_repeats(transaction, reading.claim, differences.clone()).await?;
    Ok(Some((rows, differences)))
}

/// Returns the ids of the repeats and of the rows that are kept.
async fn ids(
    transaction: &mut PgConnection,
    reading: &Reading<'_>,
    repeats: &Repeats,
) -> Result<(Vec<RowId>, Vec<RowId>), RunError> {
    let pairs = || repeats.pairs.iter();
    if let JobTables::Own(_) = reading.location.tables {
        let row = |number: u32| reading.location.row(number.into());
        return Ok(pairs().map(|(repeat, kept)| (row(*repeat), row(*kept))).unzip());
    }
    // The numbers are those of one pass, so another pass is needed to know the rows.
    let mut found: HashMap<u32, Option<RowId>> =
        pairs().flat_map(|(repeat, kept)| [(*repeat, None), (*kept, None)]).collect();
    let mut reader = Reader::begin(&reading.context.pool, transaction).await?;
    let all = (Phase::Comparing, None);
    let mut rows = reading.rows(&mut reader, OtherColumns::Skipped, all).await?;
    let mut note = |checked: &CheckedRow<'_>| {
        if let Some(id) = found.get_mut(&checked.number) {
            *id = Some(checked.row.id);
        }
        Ok(())
    };
    while rows.some(&mut note).await? {}
    drop(rows);
    reader.end().await?;
    let row = |number: &u32| found.get(number).copied().flatten();
    Ok(pairs().filter_map(|(repeat, kept)| row(repeat).zip(row(kept))).unzip())
}

/// Returns what the repeats said, with the columns in the order of the file.
fn differences(absorbed: Absorbed, order: &[String]) -> RepeatDifferences {
    let position = |name: &String| order.iter().position(|column| column == name).unwrap_or(usize::MAX);
    let mut found =
        RepeatDifferences { filled: absorbed.filled.unsigned_abs(), ..RepeatDifferences::default() };
    for (line, kept_line, mut columns) in absorbed.first {
        columns.sort_by_key(position);
        let columns = columns.iter().map(|name| ShownName::of(name).to_string()).collect();
        let (line, kept_line) = (line.unsigned_abs(), kept_line.unsigned_abs());
        found.add(RepeatDifference { line, kept_line, columns });
    }
    found.count = absorbed.differing.unsigned_abs();
    found
}
