//! Replaces the index over keys of contacts that databases before migration 25 have, while others read and write.

use sqlx::{PgConnection, PgPool};

use crate::store::{StoreError, schema, schema_turn, sql};

/// The state of the two indexes.
#[derive(Debug, Clone, Copy)]
struct State {
    /// Whether the earlier index exists.
    has_earlier: bool,
    /// Whether the index exists and is complete.
    is_built: bool,
    /// Whether this role may change the indexes.
    is_owner: bool,
}

from_row!(State { has_earlier, is_built, is_owner });

async fn state(connection: &mut PgConnection) -> Result<State, StoreError> {
    let query = "SELECT to_regclass('contacts_key') IS NOT NULL AS has_earlier,
            coalesce((SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('contacts_owner_key')), false) AS is_built,
            pg_has_role((SELECT relowner FROM pg_class WHERE oid = 'contacts'::regclass), 'USAGE') AS is_owner";
    Ok(sql::query_as(query).fetch_one(connection).await?)
}

/// Builds the index `contacts_owner_key` if migration 25 has not, and drops the earlier one. Until then, statements use the
/// earlier one. Does nothing if another process is building it, or without the right to change indexes. Continues what a killed
/// process has begun.
///
/// Others can write at the same time, unless a pooler is in front of the
/// server: such an index is built outside of transactions, and a pooler would give the session's settings to others.
pub(crate) async fn build(pool: &PgPool) -> Result<(), StoreError> {
    let mut transaction = sql::begin(pool).await?;
    let found = state(&mut transaction).await?;
    transaction.rollback().await?;
    if !found.is_owner || found.is_built && !found.has_earlier {
        return Ok(());
    }
    let pooled = schema::is_pooled(pool).await?;
    let mut transaction = sql::begin(pool).await?;
    if !schema_turn::try_take(&mut transaction).await? {
        tracing::warn!("another process is building an index over the keys of contacts");
        return Ok(transaction.rollback().await?);
    }
    // Another process may have built it in between.
    let before = state(&mut transaction).await?;
    tracing::warn!("building an index over the keys of contacts; this takes longer the more there are");
    run(pool, pooled, &mut transaction, |how| statements(before, how)).await?;
    transaction.commit().await?;
    tracing::warn!("built the index over the keys of contacts");
    Ok(())
}

/// Runs statements that build or drop indexes, unless another process is changing the schema; returns whether it has. The
/// statements of `statements("CONCURRENTLY")` let others write, those of `statements("")` run behind a pooler.
pub(super) async fn change(
    pool: &PgPool,
    statements: impl Fn(&str) -> Vec<String>,
) -> Result<bool, StoreError> {
    let pooled = schema::is_pooled(pool).await?;
    let mut turn = sql::begin(pool).await?;
    if !schema_turn::try_take(&mut turn).await? {
        turn.rollback().await?;
        return Ok(false);
    }
    run(pool, pooled, &mut turn, statements).await?;
    turn.commit().await?;
    Ok(true)
}

/// Runs the statements, in the transaction if a pooler is in front of the server. The transaction has the turn to change the
/// schema, and no snapshot, for which the server would wait.
async fn run(
    pool: &PgPool,
    pooled: bool,
    turn: &mut PgConnection,
    statements: impl Fn(&str) -> Vec<String>,
) -> Result<(), StoreError> {
    if pooled {
        return each(turn, statements("")).await;
    }
    let mut connection = pool.acquire().await?;
    // The connection has settings that no other user of it expects.
    connection.close_on_drop();
    let settings = "SET statement_timeout = 0; SET lock_timeout = 0; SET default_transaction_read_only = off";
    sqlx::raw_sql(settings).execute(&mut *connection).await?;
    sqlx::raw_sql(sql::NO_SESSION_TRANSACTION_TIMEOUT).execute(&mut *connection).await?;
    each(&mut connection, statements("CONCURRENTLY")).await
}

async fn each(connection: &mut PgConnection, statements: Vec<String>) -> Result<(), StoreError> {
    for statement in statements {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Returns the statements that are left.
fn statements(before: State, how: &str) -> Vec<String> {
    let mut left = Vec::new();
    if !before.is_built {
        left.push(format!("DROP INDEX {how} IF EXISTS contacts_owner_key"));
        left.push(format!(
            "CREATE UNIQUE INDEX {how} contacts_owner_key ON contacts (contacts_user_id COLLATE \"POSIX\" text_pattern_ops, contact_key)"
        ));
    }
    left.push(format!("DROP INDEX {how} IF EXISTS contacts_key"));
    left
}
