//! A large job's own partition of `staging`: filled while it has no index and belongs to nothing, then
//! indexed and checked in bulk, then attached. Bulk is what makes it fast: an index that is built costs a
//! quarter of one that is filled, a foreign key that is checked at once a twentieth of one checked row by row.
//!
//! PostgreSQL lets nobody but the owner of `staging` do this, hence [`possible`].

use std::ops::RangeInclusive;

use sqlx::{AssertSqlSafe, PgConnection, PgPool};

use super::StoreError;
use super::staging::Home;
use crate::domain::job::JobId;

/// Statements cannot take names as parameters. Safe: all that is put together is the number of a job and
/// numbers of rows.
async fn run(connection: &mut PgConnection, statement: String) -> Result<(), StoreError> {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await?;
    Ok(())
}

fn table(job: JobId) -> String {
    Home::Own(job).table()
}

/// Whether this role may make partitions of `staging`.
pub async fn possible(pool: &PgPool) -> Result<bool, StoreError> {
    let query = "SELECT pg_has_role(current_user, relowner, 'USAGE') AND has_schema_privilege(relnamespace::regnamespace::text, 'CREATE')
         FROM pg_class WHERE oid = 'staging'::regclass";
    Ok(sqlx::query_scalar(query).fetch_one(pool).await?)
}

/// Removes a table that was never attached.
pub async fn discard(connection: &mut PgConnection, job: JobId) -> Result<(), StoreError> {
    run(connection, format!("DROP TABLE IF EXISTS {}", table(job))).await
}

/// Makes the table, anew where one was left. `room`: the percentage of each page that is filled at first;
/// what is left takes the new versions of rows that change, beside the old ones.
pub async fn create(
    connection: &mut PgConnection,
    job: JobId,
    ids: RangeInclusive<i64>,
    room: u8,
) -> Result<(), StoreError> {
    let (table, first, last) = (table(job), ids.start(), ids.end());
    let statement = format!(
        "DROP TABLE IF EXISTS {table};
         CREATE TABLE {table} (LIKE staging INCLUDING DEFAULTS,
             CONSTRAINT {table}_ids CHECK (staging_id >= {first} AND staging_id <= {last})) WITH (fillfactor = {room})"
    );
    run(connection, statement).await
}

/// Builds the unique index over the job's row hashes.
pub async fn index_hashes(connection: &mut PgConnection, job: JobId) -> Result<(), StoreError> {
    let table = table(job);
    let build = "SET LOCAL maintenance_work_mem = '256MB'; CREATE UNIQUE INDEX IF NOT EXISTS";
    run(connection, format!("{build} {table}_row_hash ON {table} (staging_job_id, staging_row_hash)")).await
}

/// Builds the index that becomes the primary key.
pub async fn index_ids(connection: &mut PgConnection, job: JobId) -> Result<(), StoreError> {
    let table = table(job);
    run(connection, format!("CREATE UNIQUE INDEX IF NOT EXISTS {table}_pkey ON {table} (staging_id)")).await
}

/// Declares the primary key, and the foreign key to `jobs` without a look at the rows. Waits at most half
/// a second for `jobs`, which it locks against writes for an instant: a transient error says so.
pub async fn declare_keys(connection: &mut PgConnection, job: JobId) -> Result<(), StoreError> {
    let (table, query) = (
        table(job),
        "SELECT count(*) FROM pg_constraint WHERE conrelid = to_regclass($1) AND contype IN ('p', 'f')",
    );
    let declared: i64 = sqlx::query_scalar(query).bind(&table).fetch_one(&mut *connection).await?;
    if declared > 0 {
        return Ok(());
    }
    let statement = format!(
        "SET LOCAL lock_timeout = '500ms';
         ALTER TABLE {table} ADD PRIMARY KEY USING INDEX {table}_pkey,
             ADD FOREIGN KEY (staging_job_id) REFERENCES jobs ON DELETE CASCADE NOT VALID"
    );
    run(connection, statement).await
}

/// Checks the foreign key of all rows at once.
pub async fn check_keys(connection: &mut PgConnection, job: JobId) -> Result<(), StoreError> {
    let table = table(job);
    let statement =
        format!("ALTER TABLE {table} VALIDATE CONSTRAINT {table}_staging_job_id_fkey; ANALYZE {table}");
    run(connection, statement).await
}

/// Makes the table a partition of `staging`: from the transaction's end on its rows are seen. Locks and
/// waits as [`declare_keys`] does.
pub async fn attach(
    connection: &mut PgConnection,
    job: JobId,
    ids: RangeInclusive<i64>,
) -> Result<(), StoreError> {
    let (table, first, after) = (table(job), ids.start(), ids.end().saturating_add(1));
    let statement = format!(
        "SET LOCAL lock_timeout = '500ms';
         ALTER TABLE staging ATTACH PARTITION {table} FOR VALUES FROM ({first}) TO ({after})"
    );
    run(connection, statement).await
}
