//! `contact_changes`: the history of contacts, with their values before and after each change.

use std::collections::BTreeMap;

use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, FromRow, PgConnection, Row};

use super::bounded::{self, PAGE_BYTES, Slice, row_bytes};
use super::contacts::Contact;
use super::copy::{Lines, Target};
use super::{StoreError, extra_columns, sql};
use crate::domain::extra::Extra;
use crate::domain::field::{FIELDS, Field};
use crate::domain::ids::{ActionId, ContactId, RowId};
use crate::domain::job::{JobId, Owner};
use crate::domain::row::{Fields, OnExisting};

/// Rows that update existing contacts, encoded for COPY.
#[derive(Default)]
pub(crate) struct Batch {
    lines: Lines,
}

impl Batch {
    /// Adds a row; `key` is the key of its contact, and `extra` its values in columns that belong to no field, as a JSON
    /// object, or empty if there are none.
    pub(crate) fn push(
        &mut self,
        staging_id: RowId,
        fields: &Fields<'_>,
        key: u128,
        decided: OnExisting,
        extra: &str,
    ) {
        self.lines.push(key, |line| {
            line.plain(staging_id).hex(key);
            for value in fields.values() {
                line.text(value);
            }
            line.plain(decided).text_or_null(extra);
        });
    }

    /// Returns the number of rows.
    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Returns the bytes that the rows take in memory.
    pub(crate) fn bytes(&self) -> usize {
        self.lines.bytes()
    }

    /// Returns whether the batch is empty.
    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

/// Creates the temporary table `incoming` for the rows; it exists until the transaction ends.
pub(crate) async fn create(connection: &mut PgConnection) -> Result<(), StoreError> {
    let table = AssertSqlSafe(format!(
        "CREATE TEMPORARY TABLE incoming (incoming_staging_id bigint NOT NULL, incoming_key uuid PRIMARY KEY,
         {}, incoming_decided staging_on_existing_enum NOT NULL, incoming_extra jsonb) ON COMMIT DROP",
        Field::list(|field| format!("incoming_{field} varchar NOT NULL"))
    ));
    sqlx::raw_sql(table).execute(connection).await?;
    Ok(())
}

/// Inserts a batch into `incoming` and empties the batch.
pub(crate) async fn insert(connection: &mut PgConnection, batch: &mut Batch) -> Result<(), StoreError> {
    let target = Target::new("incoming", &[("incoming_staging_id", "bigint"), ("incoming_key", "uuid")])
        .with_fields("incoming")
        .with(&[("incoming_decided", "staging_on_existing_enum"), ("incoming_extra", "jsonb")]);
    batch.lines.send(connection, &target).await?;
    batch.lines.clear();
    Ok(())
}

/// Updates contacts with the rows of `incoming` and records their earlier values. Returns the number of contacts.
pub(crate) async fn apply(
    connection: &mut PgConnection,
    owner: &Owner,
    job: JobId,
) -> Result<u64, StoreError> {
    sqlx::raw_sql("ANALYZE incoming").execute(&mut *connection).await?;
    // Each row looks its contact up, as in `contacts/keys.rs`.
    let after = |field| match field {
        // A contact always has an address.
        Field::Email => {
            "CASE incoming_decided WHEN 'FILL' THEN contact_email ELSE incoming_email END".to_owned()
        }
        field => format!(
            "CASE WHEN incoming_decided = 'FILL' AND btrim(contact_{field}) <> ''
                         THEN contact_{field} ELSE incoming_{field} END"
        ),
    };
    let change = AssertSqlSafe(format!(
        "WITH met AS MATERIALIZED (
             SELECT found.*, incoming.* FROM incoming, LATERAL (
                 SELECT * FROM contacts
                 WHERE contacts_user_id = $1 COLLATE \"POSIX\" AND contact_key = incoming_key OFFSET 0) AS found),
         kept AS (
             INSERT INTO contact_changes (change_contact_id, change_owner, change_job_id, change_staging_id,
                    {before_columns}, before_extra,
                    {after_columns}, after_extra)
             SELECT contact_id, $1, $2, incoming_staging_id, {before}, contact_extra,
                    {after},
                    {EXTRA_AFTER}
             FROM met RETURNING *)
         UPDATE contacts SET {changed}, contact_extra = after_extra
         FROM kept WHERE contact_id = change_contact_id",
        before_columns = Field::columns("before"),
        after_columns = Field::columns("after"),
        before = Field::columns("contact"),
        after = Field::joined(",\n                    ", after),
        changed = Field::list(|field| format!("contact_{field} = after_{field}")),
    ));
    Ok(sql::query(change).bind(&owner.0).bind(job.0).execute(connection).await?.rows_affected())
}

/// The values of a contact in columns that belong to no field after a change. Of two values in one column, the row's wins
/// when it overwrites the contact, and the contact's when the row fills it.
const EXTRA_AFTER: &str = "CASE incoming_decided
                        WHEN 'FILL' THEN coalesce(incoming_extra || contact_extra, incoming_extra, contact_extra)
                        ELSE coalesce(contact_extra || incoming_extra, incoming_extra, contact_extra) END";

/// A change as people see it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Change {
    /// The time of the change.
    pub at: chrono::DateTime<chrono::Utc>,
    /// The job of the row that made the change.
    pub job: Option<JobId>,
    /// The row that made the change.
    pub row: Option<RowId>,
    /// The action that made the change.
    pub action: Option<ActionId>,
    /// The action that undid the change.
    pub undone_by: Option<ActionId>,
    /// The four values before: e-mail, first name, last name, company.
    pub before: Vec<String>,
    /// The four values after.
    pub after: Vec<String>,
    /// The values before in columns that belong to no field.
    pub extra_before: Extra,
    /// The same after.
    pub extra_after: Extra,
}

impl FromRow<'_, PgRow> for Change {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Change {
            at: row.try_get("at")?,
            job: row.try_get("job")?,
            row: row.try_get("row")?,
            action: row.try_get("action")?,
            undone_by: row.try_get("undone_by")?,
            before: row.try_get("before")?,
            after: row.try_get("after")?,
            extra_before: sql::extra(row, "before_extra")?,
            extra_after: sql::extra(row, "after_extra")?,
        })
    }
}

/// The most changes of one contact that are listed.
const MOST_CHANGES: i64 = 1_000;

/// Returns the changes of a contact of an owner, oldest first: at most a thousand, fewer if they are large.
pub async fn of_contact(
    connection: &mut PgConnection,
    owner: &Owner,
    contact: ContactId,
) -> Result<Slice<Change>, StoreError> {
    let (before, after) = (Field::columns("before"), Field::columns("after"));
    let columns = before.split(", ").chain(after.split(", "));
    let bytes = row_bytes(columns.chain(["before_extra::text", "after_extra::text"]));
    let rows = format!(
        "SELECT change_id, {bytes}, change_at AS at, change_job_id AS job, change_staging_id AS row,
                change_action_id AS action, change_undone_by AS undone_by,
                ARRAY[{before}]::text[] AS before,
                ARRAY[{after}]::text[] AS after, before_extra, after_extra
         FROM contact_changes
         WHERE change_contact_id = $2 AND change_owner = $1
         ORDER BY change_id LIMIT $3"
    );
    let query = AssertSqlSafe(bounded::within(PAGE_BYTES, &rows, "change_id"));
    let query = sql::query(query).bind(&owner.0).bind(contact).bind(MOST_CHANGES + 1);
    let rows = query.fetch_all(&mut *connection).await?;
    let mut changes = bounded::slice(&rows, MOST_CHANGES, |row| Ok(Change::from_row(row)?))?;
    let changed = changes.items.iter_mut();
    let values = changed.flat_map(|change| [&mut change.extra_before, &mut change.extra_after]).collect();
    extra_columns::sort_of_contacts(connection, owner, values).await?;
    Ok(changes)
}

/// Records a person's change of a contact before it is made. `extra`: the new values in columns that belong to no field.
pub(crate) async fn record(
    connection: &mut PgConnection,
    contact: &Contact,
    after: &Fields<'_>,
    extra: &BTreeMap<String, String>,
    owner: &Owner,
    action: ActionId,
) -> Result<(), StoreError> {
    let (start, end) = extra_columns::around_edits("contact_extra");
    let values: Vec<String> = (5..5 + 2 * FIELDS).map(|number| format!("${number}")).collect();
    let insert = AssertSqlSafe(format!(
        "INSERT INTO contact_changes (change_contact_id, change_owner, change_action_id, {}, {}, before_extra, after_extra)
         SELECT $1, $2, $3, {}, contact_extra, nullif(coalesce({start}$4{end}, contact_extra), '{{}}')
         FROM contacts WHERE contact_id = $1 AND contacts_user_id = $2",
        Field::columns("before"),
        Field::columns("after"),
        values.join(", ")
    ));
    let mut query = sql::query(insert).bind(contact.id).bind(&owner.0).bind(action).bind(Json(extra));
    for value in contact.values.values() {
        query = query.bind(value.as_str());
    }
    for value in after.values() {
        query = query.bind(value.as_ref());
    }
    query.execute(connection).await?;
    Ok(())
}
