//! The schema: embedded migrations, applied under an advisory lock.

use sqlx::PgPool;
use sqlx::migrate::{Migrate, Migrator};

use super::StoreError;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Brings the database up to this program's schema. Several processes may call it at once: one
/// applies, the others wait and find nothing to do. A database of upstream's is adopted in place.
pub async fn migrate(pool: &PgPool) -> Result<(), StoreError> {
    Ok(MIGRATIONS.run(pool).await?)
}

/// How many migrations the database still lacks.
pub async fn pending(pool: &PgPool) -> Result<usize, StoreError> {
    let mut connection = pool.acquire().await?;
    connection.ensure_migrations_table(&MIGRATIONS.table_name).await?;
    let applied = connection.list_applied_migrations(&MIGRATIONS.table_name).await?;
    let lacking = |version: i64| !applied.iter().any(|migration| migration.version == version);
    Ok(MIGRATIONS.iter().filter(|migration| lacking(migration.version)).count())
}

/// Fails with [`StoreError::Outdated`] unless the schema is this program's.
pub async fn require_current(pool: &PgPool) -> Result<(), StoreError> {
    match pending(pool).await? {
        0 => Ok(()),
        lacking => Err(StoreError::Outdated(lacking)),
    }
}

/// The oldest server that will do, as `server_version_num` has it.
pub const OLDEST_SERVER: i32 = 130_000;

/// What the server says of itself.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Server {
    /// As people write it.
    pub version: String,
    /// As numbers compare.
    pub version_num: i32,
    /// The name of the database.
    pub database: String,
}

/// Asks the server for its version.
pub async fn server(pool: &PgPool) -> Result<Server, StoreError> {
    let query = "SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS version_num,
                        current_database()::text AS database";
    Ok(sqlx::query_as(query).fetch_one(pool).await?)
}

/// Fails unless the database answers.
pub async fn answers(pool: &PgPool) -> Result<(), StoreError> {
    sqlx::query("SELECT 1").execute(pool).await?;
    Ok(())
}
