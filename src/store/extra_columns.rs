//! The order of columns that belong to no field. The database does not preserve the order of the members of a JSON object.
//!
//! `jobs.job_extra_columns` has the order of a job's file. Contacts may have values from several files: `contact_columns`
//! has the columns of all files of an owner, in the order in which they first appeared.

use sqlx::{PgConnection, PgPool};

use super::jobs::Claim;
use super::{StoreError, sql};
use crate::domain::extra::Extra;
use crate::domain::job::{JobId, Owner};

/// Returns SQL before and after a JSON object of new values by their columns: together, they are the values of `current`
/// with the new ones, `{}` if none remains, and NULL if none changes. An empty value removes the old one; line ends are no
/// difference.
pub(super) fn around_edits(current: &str) -> (String, String) {
    let unified = |text: &str| format!("replace(replace({text}, E'\\r\\n', E'\\n'), E'\\r', E'\\n')");
    let before = format!(
        "(SELECT (coalesce({current}, '{{}}') || coalesce(jsonb_object_agg(key, value) FILTER (WHERE value <> ''), '{{}}'))
                - coalesce(array_agg(key) FILTER (WHERE value = ''), '{{}}')
             FROM jsonb_each_text("
    );
    let stored = format!("coalesce({current} ->> key, '')");
    let after = format!(") WHERE {} <> {} HAVING count(*) > 0)", unified("value"), unified(&stored));
    (before, after)
}

/// Adds columns of a job's file to those of its owner.
pub(crate) async fn add(pool: &PgPool, claim: &Claim, columns: &[String]) -> Result<(), StoreError> {
    if columns.is_empty() {
        return Ok(());
    }
    // Sorted by name, so that two jobs with the same columns in another order do not wait for each other.
    let query = sql::query(
        "INSERT INTO contact_columns (column_owner, column_name, column_rank)
         SELECT $1, name, ($2::bigint << 16) + position FROM unnest($3::varchar[]) WITH ORDINALITY AS c (name, position)
         ORDER BY name COLLATE \"C\"
         ON CONFLICT DO NOTHING",
    )
    .bind(&claim.owner.0)
    .bind(claim.job.0)
    .bind(columns);
    sql::execute(pool, query).await?;
    Ok(())
}

/// Sorts values of rows by the columns of the file of `job`.
pub(super) async fn sort(
    connection: &mut PgConnection,
    job: JobId,
    values: Vec<&mut Extra>,
) -> Result<(), StoreError> {
    if values.iter().all(|extra| extra.is_empty()) {
        return Ok(());
    }
    let order = of_job(connection, job).await?;
    values.into_iter().for_each(|extra| extra.sort(&order));
    Ok(())
}

/// Returns the columns of a job's file that belong to no field and have values, in the order of the file.
pub(crate) async fn of_job(connection: &mut PgConnection, job: JobId) -> Result<Vec<String>, StoreError> {
    let query = "SELECT job_extra_columns FROM jobs WHERE job_id = $1";
    let found: Option<Vec<String>> = sql::query_scalar(query).bind(job.0).fetch_optional(connection).await?;
    Ok(found.unwrap_or_default())
}

/// Sorts values of contacts of an owner.
pub(super) async fn sort_of_contacts(
    connection: &mut PgConnection,
    owner: &Owner,
    values: Vec<&mut Extra>,
) -> Result<(), StoreError> {
    if values.iter().all(|extra| extra.is_empty()) {
        return Ok(());
    }
    let order = of_owner(connection, owner).await?;
    values.into_iter().for_each(|extra| extra.sort(&order));
    Ok(())
}

/// Returns the columns of an owner's files that belong to no field, in the order in which they first appeared: those that
/// contacts have values in. Contacts of other programs may have others.
pub async fn of_owner(connection: &mut PgConnection, owner: &Owner) -> Result<Vec<String>, StoreError> {
    let query =
        "SELECT column_name FROM contact_columns WHERE column_owner = $1 ORDER BY column_rank, column_name";
    Ok(sql::query_scalar(query).bind(&owner.0).fetch_all(connection).await?)
}
