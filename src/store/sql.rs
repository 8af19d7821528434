//! The worker's transactions and statements: right on any server, whatever its defaults, and behind any pooler.
//!
//! A server may end statements after two seconds, refuse writes or be serializable unless it is told otherwise, so each
//! transaction says what it needs. A pooler in transaction mode gives each transaction another connection to the server,
//! so nothing is kept from one to the next: no setting, no lock, no name of a statement. A statement with parameters takes
//! two messages and therefore stands in a transaction; one without takes one message and may stand alone.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgPool, PgQueryResult, PgRow};
use sqlx::query::{Query, QueryAs, QueryScalar};
use sqlx::{AssertSqlSafe, FromRow, PgConnection, Postgres, SqlSafeStr, Transaction};

use super::StoreError;
use super::at_rest::UnderWay;

/// A statement with parameters, for use in a transaction.
pub(crate) fn query<'q>(sql: impl SqlSafeStr) -> Query<'q, Postgres, PgArguments> {
    sqlx::query(sql).persistent(false)
}

/// The same, with rows as values of a type.
pub(crate) fn query_as<'q, T>(sql: impl SqlSafeStr) -> QueryAs<'q, Postgres, T, PgArguments>
where
    T: for<'r> FromRow<'r, PgRow>,
{
    sqlx::query_as(sql).persistent(false)
}

/// The same, with the first column of rows.
pub(crate) fn query_scalar<'q, T>(sql: impl SqlSafeStr) -> QueryScalar<'q, Postgres, T, PgArguments>
where
    (T,): for<'r> FromRow<'r, PgRow>,
{
    sqlx::query_scalar(sql).persistent(false)
}

/// For every transaction of ours. A server compiles a statement that it thinks expensive, which takes it 60 to 110 ms.
/// Policies of the wall look expensive and are not: a page of rows took 333 ms with it, and takes 0.3 ms.
pub(super) const NO_JIT: &str = "SET LOCAL jit = off";
/// What a run's transactions need: no limit to a statement, since a COPY lasts as long as its file, or to the wait for a
/// lock, which a run sets itself where it must not wait. A worker that hangs gives up its locks within the hour.
const SETTINGS: &str = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0;
     SET LOCAL idle_in_transaction_session_timeout = '1h'";
/// The same for `transaction_timeout`, which PostgreSQL 17 brought. Returns no row. It fixes the transaction's snapshot.
const NO_TRANSACTION_TIMEOUT: &str =
    "SELECT WHERE CASE WHEN current_setting('server_version_num')::integer >= 170000
                       THEN set_config('transaction_timeout', '0', true) IS NULL ELSE false END";

const READ_COMMITTED: &str = "READ COMMITTED";

/// The newest version of a server that this process has connected to, as `server_version_num` has it; 0 where it is not known.
static NEWEST_SERVER: AtomicU32 = AtomicU32::new(0);

/// Notes the version of the server, so that an older one is spared what only a newer one needs.
pub(super) fn note_version(connection: &PgConnection) -> Result<(), sqlx::Error> {
    NEWEST_SERVER.fetch_max(connection.server_version_num().unwrap_or(u32::MAX), Ordering::SeqCst);
    Ok(())
}

/// What a transaction that is READ COMMITTED needs of [`NO_TRANSACTION_TIMEOUT`].
fn no_transaction_timeout() -> &'static str {
    match NEWEST_SERVER.load(Ordering::SeqCst) {
        1..170_000 => "",
        _ => NO_TRANSACTION_TIMEOUT,
    }
}

/// Begins a transaction of a run.
pub async fn begin(pool: &PgPool) -> Result<Transaction<'static, Postgres>, StoreError> {
    open(pool, READ_COMMITTED, "").await
}

/// Begins a transaction that sees one state of the database: the one at its beginning.
pub async fn begin_snapshot(pool: &PgPool) -> Result<Transaction<'static, Postgres>, StoreError> {
    open(pool, "REPEATABLE READ", "").await
}

/// Begins a transaction that sees what `other`, one of [`begin_snapshot`], sees.
pub(crate) async fn begin_beside(
    pool: &PgPool,
    other: &mut PgConnection,
) -> Result<Transaction<'static, Postgres>, StoreError> {
    let snapshot = export_snapshot(other).await?;
    open(pool, "REPEATABLE READ", &snapshot).await
}

/// The statement that makes another transaction see what this one sees.
async fn export_snapshot(connection: &mut PgConnection) -> Result<String, StoreError> {
    let snapshot: String = query_scalar("SELECT pg_export_snapshot()").fetch_one(connection).await?;
    // SET TRANSACTION takes no parameters. Safe: the name is the server's own and is held to its letters.
    let known = snapshot.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let snapshot = if known { snapshot } else { String::new() };
    Ok(format!("SET TRANSACTION SNAPSHOT '{snapshot}';"))
}

async fn open(
    pool: &PgPool,
    isolation: &'static str,
    snapshot: &str,
) -> Result<Transaction<'static, Postgres>, StoreError> {
    begin_with(pool, begin_statement(isolation, snapshot)).await
}

/// Begins a transaction with a statement of its own, in a way that is noticed when it is dropped half-way.
pub(super) async fn begin_with(
    pool: &PgPool,
    begin: String,
) -> Result<Transaction<'static, Postgres>, StoreError> {
    let under_way = UnderWay::start();
    let transaction = pool.begin_with(AssertSqlSafe(begin)).await?;
    under_way.end();
    Ok(transaction)
}

fn begin_statement(isolation: &str, snapshot: &str) -> String {
    let timeout = if isolation == READ_COMMITTED { no_transaction_timeout() } else { NO_TRANSACTION_TIMEOUT };
    format!("BEGIN ISOLATION LEVEL {isolation} READ WRITE; {SETTINGS}; {NO_JIT}; {snapshot} {timeout}")
}

/// A transaction that reads rows by COPY. Unless it is [`Reader::end`]ed, its connection is closed: the driver loses count
/// of the answers where a COPY is not read to its end, and the next user of the connection would take the rest for the
/// answers to other statements.
pub struct Reader {
    connection: PoolConnection<Postgres>,
    ended: bool,
}

impl Reader {
    /// Begins one that sees what `other`, one of [`begin_snapshot`], sees.
    pub async fn begin(pool: &PgPool, other: &mut PgConnection) -> Result<Reader, StoreError> {
        let snapshot = export_snapshot(other).await?;
        let mut reader = Reader { connection: pool.acquire().await?, ended: false };
        let begin = AssertSqlSafe(begin_statement("REPEATABLE READ", &snapshot));
        sqlx::raw_sql(begin).execute(&mut *reader.connection).await?;
        Ok(reader)
    }

    /// Ends the transaction, once all rows are read.
    pub(crate) async fn end(mut self) -> Result<(), StoreError> {
        sqlx::raw_sql("ROLLBACK").execute(&mut *self.connection).await?;
        self.ended = true;
        Ok(())
    }
}

impl Deref for Reader {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Reader {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if !self.ended {
            self.connection.close_on_drop();
        }
    }
}

/// Carries out a statement without parameters in a transaction of its own and one round trip. Returns its rows.
///
/// `statement` must hold no text from outside: numbers, times and ids only.
pub(crate) async fn once(pool: &PgPool, statement: &str) -> Result<Vec<PgRow>, StoreError> {
    Ok(sqlx::raw_sql(AssertSqlSafe(alone(statement))).fetch_all(pool).await?)
}

/// The same for a statement without rows. Returns how many it has changed.
pub(crate) async fn once_changed(pool: &PgPool, statement: &str) -> Result<u64, StoreError> {
    Ok(sqlx::raw_sql(AssertSqlSafe(alone(statement))).execute(pool).await?.rows_affected())
}

/// Statements that are sent together are one transaction.
fn alone(statement: &str) -> String {
    let timeout = no_transaction_timeout();
    format!(
        "SET TRANSACTION ISOLATION LEVEL {READ_COMMITTED}, READ WRITE; {SETTINGS}; {timeout}; {statement}"
    )
}

/// Makes the end of a transaction not wait for the disk, for changes that are harmless to lose: a crash of the server may
/// undo what the last second brought.
pub(crate) const NOT_FLUSHED: &str = "SET LOCAL synchronous_commit = off";

/// Carries out a statement with parameters in a transaction of its own.
pub(crate) async fn execute(
    pool: &PgPool,
    query: Query<'_, Postgres, PgArguments>,
) -> Result<PgQueryResult, StoreError> {
    let mut transaction = begin(pool).await?;
    let done = query.execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(done)
}

/// The same for a statement that returns rows.
pub(crate) async fn fetch(
    pool: &PgPool,
    query: Query<'_, Postgres, PgArguments>,
) -> Result<Vec<PgRow>, StoreError> {
    let mut transaction = begin(pool).await?;
    let rows = query.fetch_all(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(rows)
}

/// A duration as a part of a statement.
pub(crate) fn interval(duration: std::time::Duration) -> String {
    format!("interval '{} microseconds'", i64::try_from(duration.as_micros()).unwrap_or(i64::MAX))
}
