//! The contacts that a job created or changed, in a temporary table of the transaction that undoes its import. They are
//! collected in one pass over the index of contacts by row, then undone in parts, in the order of the rows, so that the
//! progress can be shown.
//!
//! Within a part, tables are joined by their keys alone: with outdated statistics the planner expects one row per job, and
//! would compare every row with every contact. Joins use indexes: a hash join would read a whole table for each part.

use sqlx::{AssertSqlSafe, PgConnection};

use super::{JobTables, StoreError, sql, staging};
use crate::domain::field::Field;
use crate::domain::ids::{ActionId, ContactId};
use crate::domain::job::Owner;

/// The number of contacts in a part.
pub(crate) const PART: i64 = 20_000;

/// Makes joins use indexes for the rest of the transaction.
const BY_INDEX: &str =
    "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_seqscan = off";

/// The result of undoing a part.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Part {
    /// Contacts deleted or restored to their values before the import.
    pub undone: i64,
    /// Contacts that were skipped because they have changed since the import.
    pub kept: Vec<ContactId>,
}

from_row!(Part { undone, kept });

/// Creates the table, collects the contacts and returns their number.
pub(crate) async fn gather(
    connection: &mut PgConnection,
    owner: &Owner,
    job_tables: JobTables,
) -> Result<i64, StoreError> {
    sqlx::raw_sql(BY_INDEX).execute(&mut *connection).await?;
    let table = "CREATE TEMPORARY TABLE imported (
             imported_number bigint GENERATED ALWAYS AS IDENTITY,
             imported_contact bigint NOT NULL,
             imported_row bigint NOT NULL,
             imported_change bigint) ON COMMIT DROP";
    sqlx::raw_sql(table).execute(&mut *connection).await?;
    if let Some((first, last)) = staging::consolidated(connection, job_tables).await? {
        // `|| ''` prevents the use of the index by owner. The cost of the index by row does not grow with the number of
        // contacts.
        let made = "INSERT INTO imported (imported_contact, imported_row)
             SELECT contact_id, staging_id FROM contacts
             WHERE staging_id BETWEEN $2 AND $3 AND contacts_user_id || '' = $1
             ORDER BY staging_id";
        sql::query(made).bind(&owner.0).bind(first).bind(last).execute(&mut *connection).await?;
    }
    let changed = "INSERT INTO imported (imported_contact, imported_row, imported_change)
         SELECT change_contact_id, change_staging_id, change_id FROM contact_changes
         WHERE change_job_id = $2 AND change_undone_by IS NULL AND change_owner = $1
         ORDER BY change_staging_id";
    sql::query(changed).bind(&owner.0).bind(job_tables.job().0).execute(&mut *connection).await?;
    sqlx::raw_sql("CREATE UNIQUE INDEX ON imported (imported_number); ANALYZE imported")
        .execute(&mut *connection)
        .await?;
    Ok(sql::query_scalar("SELECT count(*) FROM imported").fetch_one(connection).await?)
}

/// Deletes the contacts of the part after `after` that the job's rows created, if they still have the values of those
/// rows, and sets the rows to READY.
pub(crate) async fn remove(
    connection: &mut PgConnection,
    owner: &Owner,
    job_tables: JobTables,
    after: i64,
) -> Result<Part, StoreError> {
    let staging = job_tables.staging();
    let query = AssertSqlSafe(format!(
        "WITH {made},
         gone AS (
             DELETE FROM contacts USING made WHERE contact_id = imported_contact
               AND {unchanged}
             RETURNING contact_id, made.staging_id),
         ready AS (
             UPDATE {staging} AS row SET staging_status = 'READY'
             FROM gone WHERE row.staging_id = gone.staging_id)
         SELECT (SELECT count(*) FROM gone) AS undone,
                ARRAY(SELECT imported_contact FROM made EXCEPT SELECT contact_id FROM gone) AS kept",
        made = made(job_tables),
        unchanged = unchanged_since_made(),
    ));
    let query = sql::query_as(query).bind(&owner.0).bind(job_tables.job().0).bind(after);
    Ok(query.fetch_one(connection).await?)
}

/// Restores the earlier values of the contacts of the part after `after` that the job's rows changed, if they still have
/// the values from that change, and sets the rows to READY. Records `undo` as the action that undid the changes.
pub(crate) async fn restore(
    connection: &mut PgConnection,
    job_tables: JobTables,
    after: i64,
    undo: ActionId,
) -> Result<Part, StoreError> {
    let query = AssertSqlSafe(format!(
        "WITH {change},
         restored AS (
             UPDATE contacts SET {restored}, contact_extra = before_extra
             FROM change WHERE contact_id = change_contact_id
               AND {unchanged}
             RETURNING change_id, change_staging_id, contact_id),
         marked AS (
             UPDATE contact_changes SET change_undone_by = $2
             FROM restored WHERE contact_changes.change_id = restored.change_id),
         ready AS (
             UPDATE {} SET staging_status = 'READY'
             FROM restored WHERE staging_id = change_staging_id)
         SELECT (SELECT count(*) FROM restored) AS undone,
                ARRAY(SELECT change_contact_id FROM change EXCEPT SELECT contact_id FROM restored) AS kept",
        job_tables.staging(),
        restored = Field::list(|field| format!("contact_{field} = before_{field}")),
        change = change(),
        unchanged = unchanged_since_change(),
    ));
    Ok(sql::query_as(query).bind(after).bind(undo).fetch_one(connection).await?)
}

/// The numbers of contacts in a part that an undo would change, and that it would skip.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct PartPreview {
    /// Contacts that would be deleted or restored.
    pub undone: i64,
    /// Contacts that have changed since the import.
    pub kept: i64,
}

from_row!(PartPreview { undone, kept });

/// Counts what [`restore`] and [`remove`] would do with the part after `after`.
pub(crate) async fn preview(
    connection: &mut PgConnection,
    owner: &Owner,
    job_tables: JobTables,
    after: i64,
) -> Result<(PartPreview, PartPreview), StoreError> {
    let counts = |part: String, from: &str, unchanged: String| {
        AssertSqlSafe(format!(
            "WITH {part}
             SELECT count(*) FILTER (WHERE is_unchanged) AS undone, count(*) FILTER (WHERE NOT is_unchanged) AS kept
             FROM (SELECT coalesce({unchanged}, false) AS is_unchanged FROM {from}) AS found"
        ))
    };
    let changes =
        "change JOIN contacts ON contact_id = change_contact_id AND contacts_user_id = change_owner";
    let restored = sql::query_as(counts(change(), changes, unchanged_since_change()));
    let restored = restored.bind(after).fetch_one(&mut *connection).await?;
    let removed = counts(
        made(job_tables),
        "made JOIN contacts ON contact_id = imported_contact",
        unchanged_since_made(),
    );
    let removed = sql::query_as(removed).bind(&owner.0).bind(job_tables.job().0).bind(after);
    Ok((restored, removed.fetch_one(connection).await?))
}

/// Returns the common table expression of the contacts of the part after `$3` that the rows of the job `$2` of the owner `$1`
/// created, with the values of those rows.
fn made(job_tables: JobTables) -> String {
    format!(
        "part AS MATERIALIZED (
             SELECT imported_contact, imported_row FROM imported
             WHERE imported_number > $3 AND imported_number <= $3 + {PART} AND imported_change IS NULL),
         made AS MATERIALIZED (
             SELECT imported_contact, staging_id, $1 AS owner, {imported}, staging_extra AS extra
             FROM (SELECT * FROM part JOIN {staging} ON staging_id = imported_row OFFSET 0) AS joined
             WHERE staging_job_id = $2 AND staging_status = 'SUCCESS')",
        // A contact has an empty text where its row has no value.
        imported = Field::list(|field| format!("btrim(coalesce(staging_{field}, '')) AS {field}")),
        staging = job_tables.staging(),
    )
}

/// Returns the condition that a contact has the values of its row in [`made`].
fn unchanged_since_made() -> String {
    format!(
        "(contacts_user_id, {contact}) = (owner, {fields})
               AND contact_extra IS NOT DISTINCT FROM extra",
        contact = Field::columns("contact"),
        fields = Field::list(|field| field.to_string()),
    )
}

/// Returns the common table expression of the changes of the part after `$1`.
fn change() -> String {
    format!(
        "part AS MATERIALIZED (
             SELECT imported_change FROM imported
             WHERE imported_number > $1 AND imported_number <= $1 + {PART} AND imported_change IS NOT NULL),
         change AS MATERIALIZED (
             SELECT found.* FROM part, LATERAL (
                 SELECT * FROM contact_changes WHERE change_id = imported_change OFFSET 0) AS found)"
    )
}

/// Returns the condition that a contact has the values from its [`change`].
fn unchanged_since_change() -> String {
    format!(
        "(contacts_user_id, {contact}) = (change_owner, {after})
               AND contact_extra IS NOT DISTINCT FROM after_extra",
        contact = Field::columns("contact"),
        after = Field::columns("after"),
    )
}
