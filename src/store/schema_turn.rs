//! The lock that lets one program at a time change the schema.

use sqlx::PgConnection;

use super::{StoreError, sql};

/// The key of the advisory lock that a migrating program takes.
const MIGRATION_LOCK: i64 = 0x001A_9E57_0000_0001;

/// Waits until no other program is changing the schema, and excludes others until the transaction ends.
pub(super) async fn take(connection: &mut PgConnection) -> Result<(), StoreError> {
    let query = "SELECT pg_try_advisory_xact_lock($1)";
    let taken: bool = sql::query_scalar(query).bind(MIGRATION_LOCK).fetch_one(&mut *connection).await?;
    if !taken {
        tracing::warn!("waiting for another process that is migrating the database");
        sql::query("SELECT pg_advisory_xact_lock($1)").bind(MIGRATION_LOCK).execute(connection).await?;
    }
    Ok(())
}
