//! Takes turns with other programs that change the schema.

use sqlx::PgConnection;

use super::{StoreError, sql};

/// The key of the advisory lock under which programs that migrate take turns.
const MIGRATION_LOCK: i64 = 0x001A_9E57_0000_0001;

/// Waits until no other program changes the schema. Holds the turn until the transaction ends.
pub(super) async fn take(connection: &mut PgConnection) -> Result<(), StoreError> {
    let query = "SELECT pg_try_advisory_xact_lock($1)";
    let taken: bool = sql::query_scalar(query).bind(MIGRATION_LOCK).fetch_one(&mut *connection).await?;
    if !taken {
        tracing::warn!("waiting for another process that is migrating the database");
        sql::query("SELECT pg_advisory_xact_lock($1)").bind(MIGRATION_LOCK).execute(connection).await?;
    }
    Ok(())
}
