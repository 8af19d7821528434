//! Rows that raise nothing become contacts: read on one connection, written on another, while a third
//! marks them.

use sqlx::PgConnection;

use super::super::{Phase, RunError, Statistics};
use super::beside;
use super::read::{Compared, Reading};
use crate::domain::row::RowStatus;
use crate::store::contacts::{self, Batch};
use crate::store::{issues, staging};

/// Contacts in one COPY: the more, the better the order in which the index over their keys is filled.
const BATCH_ROWS: usize = 100_000;
/// A batch is full with that many bytes, however few its contacts.
const BATCH_BYTES: usize = 16 << 20;

/// Makes the contacts of all rows that have none.
///
/// The marks are committed before the contacts are: what is left of a run that is cut short in between are
/// rows marked SUCCESS without a contact, which the next run finds. Nobody else can: the job is held.
pub async fn run(
    transaction: &mut PgConnection,
    reading: &Reading<'_>,
    compared: &Compared,
) -> Result<Statistics, RunError> {
    let (pool, home) = (&reading.context.pool, reading.place.home);
    issues::resolve_all(transaction, home).await?;
    let mut reader = beside(pool, transaction).await?;
    let mut marker = beside(pool, transaction).await?;
    let mark = async { Ok::<_, RunError>(staging::mark_success(&mut marker, home).await?) };
    let contacts = write(transaction, &mut reader, reading, compared);
    let ((), (statistics, repeats)) = tokio::try_join!(mark, contacts)?;
    let discard = vec![RowStatus::Discard; repeats.len()];
    staging::set_statuses(&mut marker, home, &repeats, &discard).await?;
    marker.commit().await?;
    Ok(statistics)
}

/// Reads the rows and writes their contacts; gives the repeats, which get none.
async fn write(
    transaction: &mut PgConnection,
    reader: &mut PgConnection,
    reading: &Reading<'_>,
    compared: &Compared,
) -> Result<(Statistics, Vec<i64>), RunError> {
    let mut statistics = Statistics { total_rows: compared.rows, ..Statistics::default() };
    let (mut batch, mut ready, mut repeats) = (Batch::default(), Batch::default(), Vec::new());
    let mut rows = reading.rows(reader).await?;
    let mut more = true;
    while more {
        // The next contacts are made while the last are written.
        let read = async {
            while ready.len() < BATCH_ROWS && ready.bytes() < BATCH_BYTES {
                more = rows
                    .some(|judged| {
                        if judged.is_done() {
                            statistics.valid_rows += 1;
                        } else if compared.findings.about(judged.number).repeat {
                            statistics.repeated_rows += 1;
                            repeats.push(judged.row.id);
                        } else {
                            statistics.valid_rows += 1;
                            statistics.contacts += 1;
                            let key = judged.group.unwrap_or(0);
                            ready.push(&reading.claim.owner, judged.row.id, judged.fields, key);
                        }
                        Ok(())
                    })
                    .await?;
                if !more {
                    break;
                }
            }
            Ok::<_, RunError>(())
        };
        let written = async { Ok(contacts::insert(transaction, &mut batch).await?) };
        tokio::try_join!(read, written)?;
        batch.clear();
        std::mem::swap(&mut batch, &mut ready);
        reading.control.report(Phase::Consolidate, statistics.contacts, None);
    }
    contacts::insert(transaction, &mut batch).await?;
    Ok((statistics, repeats))
}
