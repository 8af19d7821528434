//! The rows that get new values by a decision, for their validation before the values are written.

use futures::TryStreamExt;
use sqlx::{AssertSqlSafe, PgConnection, Row};

use crate::domain::field::{Field, PerField};
use crate::domain::ids::RowId;
use crate::domain::row::{Fields, OnExisting, RowHash, normalise};
use crate::store::{JobTables, StoreError, sql};

/// A row with the values that a decision gives it.
pub(crate) struct NewValues {
    /// The row.
    pub row: RowId,
    /// All of its values as they will be.
    values: PerField<String>,
    /// Whether its e-mail changes.
    pub has_new_email: bool,
    /// The hash of the row as imported.
    pub hash: RowHash,
    /// What a person decided about the contact with its e-mail.
    pub on_existing: Option<OnExisting>,
}

impl NewValues {
    /// The values, normalised.
    pub(crate) fn fields(&self) -> Fields<'_> {
        self.values.each_ref().map(|value| normalise(value))
    }
}

/// Calls `on_row` for each row in `decided` that gets new values and is not discarded. Call it before the values are written.
pub(crate) async fn each_with_new_values(
    connection: &mut PgConnection,
    job_tables: JobTables,
    mut on_row: impl FnMut(NewValues) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let query = AssertSqlSafe(format!(
        "SELECT decided_id, {}, decided_email IS DISTINCT FROM staging_email AS has_new_email, staging_row_hash,
                decided_on_existing::text AS on_existing
         FROM decided JOIN {} ON staging_id = decided_id
         WHERE decided_status IS DISTINCT FROM 'DISCARD' AND ({}) IS DISTINCT FROM ({})",
        Field::list(|field| format!("coalesce(decided_{field}, '') AS {field}")),
        job_tables.staging(),
        Field::columns("staging"),
        Field::columns("decided"),
    ));
    let mut rows = sql::query(query).fetch(connection);
    while let Some(row) = rows.try_next().await? {
        let on_existing: Option<&str> = row.try_get("on_existing")?;
        let hash: Option<&str> = row.try_get("staging_row_hash")?;
        on_row(NewValues {
            row: row.try_get("decided_id")?,
            values: PerField::try_from_fn(|field| row.try_get(field.as_str()))?,
            has_new_email: row.try_get("has_new_email")?,
            hash: RowHash::of_column(hash.unwrap_or_default()),
            on_existing: on_existing.map(|word| word.parse()).transpose()?,
        })?;
    }
    Ok(())
}

/// Maximum number of rows that [`with_emails`] returns.
const MOST_WITH_EMAILS: i64 = 10_000;

/// Returns the values of the rows with these e-mails in lower case, as the decision leaves them. Leaves out discarded rows.
/// Reads all rows of the job.
pub(crate) async fn with_emails(
    connection: &mut PgConnection,
    job_tables: JobTables,
    emails: &[&str],
) -> Result<Vec<PerField<String>>, StoreError> {
    // The collation C takes less than half of the time, and knows all letters of ASCII.
    let collation = if emails.iter().all(|email| email.is_ascii()) { "\"C\"" } else { "ingest_search" };
    let query = AssertSqlSafe(format!(
        "SELECT {} FROM (
             SELECT * FROM {}
             WHERE staging_job_id = $1 AND lower(staging_email COLLATE {collation}) = ANY ($2) LIMIT $3) AS found
         LEFT JOIN decided ON decided_id = staging_id
         WHERE CASE WHEN decided_id IS NULL THEN staging_status ELSE decided_status END IS DISTINCT FROM 'DISCARD'",
        Field::list(|field| format!(
            "coalesce(CASE WHEN decided_id IS NULL THEN staging_{field} ELSE decided_{field} END, '') AS {field}"
        )),
        job_tables.staging(),
    ));
    let rows = sql::query(query).bind(job_tables.job().0).bind(emails).bind(MOST_WITH_EMAILS);
    let rows = rows.fetch_all(connection).await?;
    let values = rows.iter().map(|row| PerField::try_from_fn(|field| row.try_get(field.as_str())));
    Ok(values.collect::<Result<_, _>>()?)
}
