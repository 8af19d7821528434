//! Widens the ids that the contract makes 32-bit numbers: their columns become `bigint`.
//!
//! One transaction rewrites each table with its own tables, and nobody else uses any table until it ends. The columns that
//! refer to an id change first, and its sequence continues beyond 2147483647 last, so every id fits into all of them. A program
//! that is killed leaves each table as it was or changed; the next one changes the rest.

mod plan;

use std::time::Duration;

pub(crate) use plan::{Plan, Rewrite, plan};
use sqlx::{AssertSqlSafe, PgPool, Postgres, Transaction};
use tokio_util::sync::CancellationToken;

use super::{StoreError, schema_turn, sql, wall};

/// The ids to widen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WideIds {
    /// `job_id`, `issue_id` and `issue_item_id`.
    All,
    /// `issue_id` and `issue_item_id`.
    Issues,
}

/// An id, or a column that refers to it.
struct Column {
    table: &'static str,
    name: &'static str,
    is_of_job: bool,
    /// Whether a sequence supplies its values.
    is_key: bool,
}

const fn column(table: &'static str, name: &'static str, is_of_job: bool, is_key: bool) -> Column {
    Column { table, name, is_of_job, is_key }
}

/// All columns, each id after those that refer to it.
const COLUMNS: [Column; 10] = [
    column("issue_items", "issue_item_id", false, true),
    column("issue_items", "item_issue_id", false, false),
    column("undo_progress", "undo_job_id", true, false),
    column("run_progress", "run_job_id", true, false),
    column("contact_changes", "change_job_id", true, false),
    column("actions", "action_job_id", true, false),
    column("staging", "staging_job_id", true, false),
    column("issues", "issue_id", false, true),
    column("issues", "issues_job_id", true, false),
    column("jobs", "job_id", true, true),
];

/// Locks all tables whose rows a statement may read together with those of a rewritten table. A snapshot from before sees a
/// rewritten table as empty, and a transaction with such a snapshot has locked one of these. Without ONLY: with the tables of
/// large jobs.
const LOCK: &str = "SET LOCAL lock_timeout = '500ms';
     LOCK TABLE jobs, staging, issues, issue_items, actions, action_rows, contact_changes, undo_progress, run_progress
         IN ACCESS EXCLUSIVE MODE";
/// Memory for building indexes.
const MEMORY: &str = "SET LOCAL maintenance_work_mem = '256MB'";
/// Lets the server notice within a second that this program was killed, and undo the rewrite. Servers that cannot (PostgreSQL
/// 13) notice it at the end of the rewrite.
const NOTICE_END: &str = "DO $notice$ BEGIN
         PERFORM set_config('client_connection_check_interval', '1s', true);
     EXCEPTION WHEN undefined_object OR invalid_parameter_value THEN NULL; END $notice$";
/// How long after an attempt that found the tables in use the next one begins.
const BETWEEN_ATTEMPTS: Duration = Duration::from_secs(1);

/// The function that policies call for rows of another job, for ids of 64 bits.
const SEES_JOB: &str = "CREATE OR REPLACE FUNCTION ingest_sees_job(job bigint) RETURNS boolean
     LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
     BEGIN
         RETURN (SELECT true FROM jobs WHERE job_id = job);
     END $$";

/// How an attempt has ended.
enum Attempt {
    Done,
    /// Others use the tables.
    Busy,
    Stopped,
}

/// Rewrites a table of the plan. Tries until nobody uses the tables; calls `on_busy` after the first attempt that failed.
/// Returns `false` if `stop` came first.
pub(crate) async fn widen(
    pool: &PgPool,
    ids: WideIds,
    rewrite: &Rewrite,
    stop: &CancellationToken,
    on_busy: impl FnOnce(),
) -> Result<bool, StoreError> {
    let mut on_busy = Some(on_busy);
    while !stop.is_cancelled() {
        match attempt(pool, ids, rewrite, stop).await? {
            Attempt::Done => {
                analyze(pool, rewrite).await?;
                return Ok(true);
            }
            Attempt::Stopped => return Ok(false),
            Attempt::Busy => {}
        }
        if let Some(on_busy) = on_busy.take() {
            on_busy();
        }
        stop.run_until_cancelled(tokio::time::sleep(BETWEEN_ATTEMPTS)).await;
    }
    Ok(false)
}

async fn attempt(
    pool: &PgPool,
    ids: WideIds,
    rewrite: &Rewrite,
    stop: &CancellationToken,
) -> Result<Attempt, StoreError> {
    let mut transaction = sql::begin(pool).await?;
    schema_turn::take(&mut transaction).await?;
    let query = "SELECT pg_backend_pid()";
    let backend: i32 = sql::query_scalar(query).fetch_one(&mut *transaction).await?;
    let mut work = std::pin::pin!(alter(transaction, ids, rewrite));
    let done = tokio::select! {
        done = &mut work => done,
        () = stop.cancelled() => {
            sql::once(pool, &format!("SELECT pg_cancel_backend({backend})")).await?;
            work.await
        }
    };
    match done {
        Ok(()) => Ok(Attempt::Done),
        Err(error) if error.is_cancelled() && stop.is_cancelled() => Ok(Attempt::Stopped),
        Err(error) if error.is_lock_timeout() || error.is_deadlock() => Ok(Attempt::Busy),
        Err(error) => Err(error),
    }
}

/// Changes the columns of a table that are still `integer`, in the transaction, and commits it.
async fn alter(
    mut transaction: Transaction<'static, Postgres>,
    ids: WideIds,
    rewrite: &Rewrite,
) -> Result<(), StoreError> {
    for statement in [NOTICE_END, MEMORY, LOCK] {
        sqlx::raw_sql(statement).execute(&mut *transaction).await?;
    }
    if ids == WideIds::All {
        sqlx::raw_sql(SEES_JOB).execute(&mut *transaction).await?;
    }
    // Own tables that are still being filled do not inherit yet.
    let detached = sql::query_scalar(plan::DETACHED).bind(&rewrite.table);
    let detached: Vec<String> = detached.fetch_all(&mut *transaction).await?;
    let locks = detached.iter().map(|table| format!("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"));
    // The policies of requests use the columns.
    let policies = sql::query_scalar(AssertSqlSafe(plan::policies(ids)));
    let drops: Vec<String> = policies.bind(&rewrite.table).fetch_all(&mut *transaction).await?;
    let changes: Vec<String> =
        rewrite.columns.iter().map(|column| format!("ALTER COLUMN {column} TYPE bigint")).collect();
    let changes = changes.join(", ");
    let tables = std::iter::once(&rewrite.table).chain(&detached);
    let alters = tables.map(|table| format!("ALTER TABLE {table} {changes}"));
    let keys = COLUMNS.iter().filter(|column| column.is_key && rewrite.contains(column));
    for statement in locks.chain(drops).chain(alters).chain(keys.map(continue_sequence)) {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *transaction).await?;
    }
    wall::close_open(&mut transaction).await?;
    Ok(transaction.commit().await?)
}

/// Returns the statement that lets the sequence of a column continue beyond 2147483647. That of an identity column already
/// does.
fn continue_sequence(column: &Column) -> String {
    format!(
        "DO $counter$ DECLARE counter text := pg_get_serial_sequence('{}', '{}'); BEGIN
             IF counter IS NOT NULL THEN EXECUTE format('ALTER SEQUENCE %s AS bigint NO MAXVALUE', counter); END IF;
         END $counter$",
        column.table, column.name
    )
}

/// Collects the statistics of the changed columns, which the change has removed.
async fn analyze(pool: &PgPool, rewrite: &Rewrite) -> Result<(), StoreError> {
    let mut transaction = sql::begin(pool).await?;
    let tables: Vec<String> =
        sql::query_scalar(plan::FAMILY).bind(&rewrite.table).fetch_all(&mut *transaction).await?;
    transaction.rollback().await?;
    for table in tables {
        // A table may have been dropped since.
        let analyze = format!(
            "DO $analyze$ BEGIN ANALYZE {table}; EXCEPTION WHEN undefined_table THEN NULL; END $analyze$"
        );
        sql::once_changed(pool, &analyze).await?;
    }
    Ok(())
}
