//! The lock that lets one program at a time change the schema.

use sqlx::PgConnection;

use super::{StoreError, sql};

/// The key of the advisory lock that a migrating program takes.
const MIGRATION_LOCK: i64 = 0x001A_9E57_0000_0001;

/// Waits until no other program is changing the schema, and excludes others until the transaction ends.
pub(super) async fn take(connection: &mut PgConnection) -> Result<(), StoreError> {
    if !try_take(connection).await? {
        tracing::warn!("waiting for another process that is migrating the database");
        sql::query("SELECT pg_advisory_xact_lock($1)").bind(MIGRATION_LOCK).execute(connection).await?;
    }
    Ok(())
}

/// Does the same unless another program is changing the schema; returns whether it has done so.
pub(super) async fn try_take(connection: &mut PgConnection) -> Result<bool, StoreError> {
    let query = "SELECT pg_try_advisory_xact_lock($1)";
    Ok(sql::query_scalar(query).bind(MIGRATION_LOCK).fetch_one(connection).await?)
}
