//! The schema: embedded migrations, each applied in one transaction that takes a lock.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::Instant;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{PgConnection, PgPool, Row, SqlStr};

use super::{StoreError, contacts, schema_turn, sql, wall};

/// The migrations: version, description, and statements.
const FILES: &[(i64, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/migrations.rs"));

static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    let migration = |&(version, description, statements): &(i64, &'static str, &'static str)| {
        let kind = MigrationType::Simple;
        Migration::new(version, description.into(), kind, SqlStr::from_static(statements), false)
    };
    Migrator::with_migrations(FILES.iter().map(migration).collect())
});

/// The statement that creates the table of applied migrations, as `sqlx` defines it.
const RECORD: &str = "CREATE TABLE IF NOT EXISTS _sqlx_migrations (
    version        bigint PRIMARY KEY,
    description    text NOT NULL,
    installed_on   timestamptz NOT NULL DEFAULT now(),
    success        boolean NOT NULL,
    checksum       bytea NOT NULL,
    execution_time bigint NOT NULL)";

/// Applies pending migrations, then builds the wall (`wall.rs`) if the login role may.
///
/// Several processes may call it at once: one applies a migration while the others wait for it. A database created by
/// upstream is migrated in place. If nothing is pending, nothing is locked or written.
pub async fn migrate(pool: &PgPool) -> Result<(), StoreError> {
    let mut transaction = sql::begin(pool).await?;
    let applied = applied(&mut transaction).await?;
    transaction.rollback().await?;
    accept_newer(&applied)?;
    for migration in MIGRATIONS.iter() {
        match applied.get(&migration.version) {
            None => apply(pool, migration).await?,
            Some(known) if known.checksum != migration.checksum => {
                return Err(MigrateError::VersionMismatch(migration.version).into());
            }
            Some(_) => {}
        }
    }
    if applied.len() < MIGRATIONS.iter().count() {
        warn_of_keys_by_locale(pool).await?;
    }
    contacts::index::build(pool).await?;
    refresh_collation(pool).await?;
    wall::build(pool).await
}

/// How the description of a migration begins that removes what the previous release uses. All others only add to the schema,
/// so that the previous release works on it.
const CONTRACT: &str = "contract";

/// Checks that the migrations that this version does not know have removed nothing that it uses.
fn accept_newer(applied: &HashMap<i64, Applied>) -> Result<(), StoreError> {
    let unknown = || applied.iter().filter(|(version, _)| !MIGRATIONS.version_exists(**version));
    let removed = unknown().filter(|(_, migration)| migration.description.starts_with(CONTRACT));
    if let Some(version) = removed.map(|(version, _)| *version).max() {
        return Err(StoreError::Newer(version));
    }
    if let Some(migration) = unknown().map(|(version, _)| *version).max() {
        tracing::warn!(
            migration,
            "a newer version of this program has migrated the schema; this one works on it"
        );
    }
    Ok(())
}

/// Warns about text keys that migration 12 could not change to the collation "C": sorting them by the database's locale
/// slows down imports.
async fn warn_of_keys_by_locale(pool: &PgPool) -> Result<(), StoreError> {
    let query = "SELECT attrelid::regclass || '.' || attname AS key FROM pg_attribute
         WHERE attrelid IN ('jobs'::regclass, 'staging'::regclass, 'issues'::regclass, 'contacts'::regclass,
                            'actions'::regclass)
           AND attname IN ('job_user_id', 'job_content_hash', 'staging_row_hash', 'issue_key',
                           'contacts_user_id', 'action_owner', 'action_idempotency_key')
           AND attcollation <> 'pg_catalog.\"C\"'::regcollation";
    for row in sql::once(pool, query).await? {
        let key: &str = row.try_get("key")?;
        tracing::warn!(
            key,
            "a text key is sorted by the locale of the database, which slows down imports: drop what depends on it, such as a \
             materialized view, and change its type to varchar COLLATE \"C\""
        );
    }
    Ok(())
}

/// Notes that the collation of searches now has another version, after an upgrade of the server's libraries: nothing is stored
/// in its order. Otherwise the server would warn in each session.
async fn refresh_collation(pool: &PgPool) -> Result<(), StoreError> {
    let refresh = "DO $$ BEGIN
             IF EXISTS (SELECT FROM pg_collation WHERE oid = to_regcollation('ingest_search')
                            AND collversion IS DISTINCT FROM pg_collation_actual_version(oid)
                            AND pg_has_role(collowner, 'USAGE'))
             THEN ALTER COLLATION ingest_search REFRESH VERSION; END IF;
         END $$";
    sql::once_changed(pool, refresh).await?;
    Ok(())
}

/// Applies one migration, unless another process already has.
async fn apply(pool: &PgPool, migration: &Migration) -> Result<(), StoreError> {
    let started = Instant::now();
    let mut transaction = sql::begin(pool).await?;
    schema_turn::take(&mut transaction).await?;
    if applied(&mut transaction).await?.contains_key(&migration.version) {
        return Ok(transaction.rollback().await?);
    }
    sqlx::raw_sql(RECORD).execute(&mut *transaction).await?;
    let failed = |error| MigrateError::ExecuteMigration(error, migration.version);
    sqlx::raw_sql(migration.sql.clone()).execute(&mut *transaction).await.map_err(failed)?;
    let record = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                  VALUES ($1, $2, true, $3, $4)";
    sql::query(record)
        .bind(migration.version)
        .bind(migration.description.as_ref())
        .bind(migration.checksum.as_ref())
        .bind(i64::try_from(started.elapsed().as_nanos()).unwrap_or(i64::MAX))
        .execute(&mut *transaction)
        .await?;
    Ok(transaction.commit().await?)
}

/// A migration that was applied.
struct Applied {
    checksum: Cow<'static, [u8]>,
    description: String,
}

/// Returns the applied migrations by version. Only reads, since the role may have no right to write.
async fn applied(connection: &mut PgConnection) -> Result<HashMap<i64, Applied>, StoreError> {
    // `to_regclass` would use the session's cache, which may not know of a table that another process has created while this one
    // waited for its turn.
    let query = "SELECT EXISTS (SELECT FROM pg_class WHERE relname = '_sqlx_migrations' AND pg_table_is_visible(oid))";
    if !sql::query_scalar::<bool>(query).fetch_one(&mut *connection).await? {
        return Ok(HashMap::new());
    }
    let query = "SELECT version, checksum, description FROM _sqlx_migrations WHERE success";
    let applied: Vec<(i64, Vec<u8>, String)> = sql::query_as(query).fetch_all(connection).await?;
    let with_version = |(version, checksum, description): (_, Vec<u8>, _)| {
        (version, Applied { checksum: checksum.into(), description })
    };
    Ok(applied.into_iter().map(with_version).collect())
}

/// Returns the number of migrations that are not yet applied. Fails with [`StoreError::Newer`] if a later version has removed
/// something.
pub(crate) async fn pending(pool: &PgPool) -> Result<usize, StoreError> {
    let mut transaction = sql::begin(pool).await?;
    let applied = applied(&mut transaction).await?;
    transaction.rollback().await?;
    accept_newer(&applied)?;
    Ok(MIGRATIONS.iter().filter(|migration| !applied.contains_key(&migration.version)).count())
}

/// Checks that no migration is pending; fails with [`StoreError::Outdated`] otherwise.
pub(crate) async fn require_current(pool: &PgPool) -> Result<(), StoreError> {
    match pending(pool).await? {
        0 => Ok(()),
        pending => Err(StoreError::Outdated(pending)),
    }
}

/// The oldest supported server, as in `server_version_num`.
const OLDEST_SERVER: i32 = 130_000;

/// The version of the server, and the encoding of the database.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    /// The version as people write it.
    pub version: String,
    /// The version as a number that can be compared.
    version_num: i32,
    /// The name of the database.
    pub database: String,
    /// The encoding of its text.
    encoding: String,
}

from_row!(Server { version, version_num, database, encoding });

impl Server {
    /// Fails if the server is too old or the database's encoding is not UTF-8.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        if self.version_num < OLDEST_SERVER {
            return Err(StoreError::ServerTooOld { version: self.version.clone() });
        }
        if self.encoding != "UTF8" {
            let (database, encoding) = (self.database.clone(), self.encoding.clone());
            return Err(StoreError::NotUtf8 { database, encoding });
        }
        Ok(())
    }
}

/// Returns the server's version and the database's name and encoding.
pub(crate) async fn server(pool: &PgPool) -> Result<Server, StoreError> {
    let query = "SELECT current_setting('server_version') AS version,
                current_setting('server_version_num')::int AS version_num,
                current_database()::text AS database,
                current_setting('server_encoding') AS encoding";
    let row = sql::once(pool, query).await?.pop().ok_or(StoreError::Unreadable)?;
    Ok(sqlx::FromRow::from_row(&row)?)
}

/// Returns whether a pooler assigns connections to the server per transaction. Detected when one server process serves
/// two of our connections, or two processes serve one.
pub(crate) async fn is_pooled(pool: &PgPool) -> Result<bool, StoreError> {
    let (mut one, mut other) = (pool.acquire().await?, pool.acquire().await?);
    let first = process(&mut one).await?;
    for _ in 0..4 {
        if process(&mut other).await? == first || process(&mut one).await? != first {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns the id of the server process that serves a connection.
async fn process(connection: &mut PgConnection) -> Result<i32, StoreError> {
    let row = sqlx::raw_sql("SELECT pg_backend_pid() AS process").fetch_one(connection).await?;
    Ok(row.try_get("process")?)
}

/// Checks that the database answers queries.
pub(crate) async fn answers(pool: &PgPool) -> Result<(), StoreError> {
    sqlx::raw_sql("SELECT 1").execute(pool).await?;
    Ok(())
}
