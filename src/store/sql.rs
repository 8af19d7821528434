//! The worker's transactions and statements. They work on any server, whatever its defaults, and through any pooler.
//!
//! A server's defaults may end statements after two seconds, refuse writes or be serializable, so each transaction sets
//! what it needs. A pooler in transaction mode assigns each transaction another connection to the server, so nothing may
//! outlive a transaction: no setting, no lock, no prepared statement. A statement with parameters takes two messages and
//! therefore needs a transaction; one without takes one message and can be sent alone.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU32, Ordering};

use chrono::{DateTime, SecondsFormat, Utc};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgPool, PgQueryResult, PgRow};
use sqlx::query::{Query, QueryAs, QueryScalar};
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, Decode, FromRow, PgConnection, Postgres, Row, SqlSafeStr, Transaction, Type};

use super::StoreError;
use super::at_rest::UnderWay;
use crate::domain::extra::Extra;
use crate::domain::field::PerField;
use crate::domain::snapshot::Snapshot;

/// Returns a statement with parameters, for use in a transaction.
pub(crate) fn query<'q>(sql: impl SqlSafeStr) -> Query<'q, Postgres, PgArguments> {
    sqlx::query(sql).persistent(false)
}

/// Like [`query`], but returns rows as values of a type.
pub(crate) fn query_as<'q, T>(sql: impl SqlSafeStr) -> QueryAs<'q, Postgres, T, PgArguments>
where
    T: for<'r> FromRow<'r, PgRow>,
{
    sqlx::query_as(sql).persistent(false)
}

/// Like [`query`], but returns the first column of rows.
pub(crate) fn query_scalar<'q, T>(sql: impl SqlSafeStr) -> QueryScalar<'q, Postgres, T, PgArguments>
where
    (T,): for<'r> FromRow<'r, PgRow>,
{
    sqlx::query_scalar(sql).persistent(false)
}

/// Formats a time as part of a statement, to the microsecond, which is the database's precision.
pub(super) fn moment(moment: &DateTime<Utc>) -> String {
    format!("'{}'::timestamptz", moment.to_rfc3339_opts(SecondsFormat::Micros, true))
}

/// Reads the columns of a table that contain the fields, such as `contact_email`.
pub(super) fn values<'r, T>(row: &'r PgRow, prefix: &str) -> Result<PerField<T>, sqlx::Error>
where
    T: Decode<'r, Postgres> + Type<Postgres>,
{
    PerField::try_from_fn(|field| row.try_get(format!("{prefix}_{field}").as_str()))
}

/// Reads values in columns that belong to no field. NULL means that there are none.
pub(super) fn extra(row: &PgRow, column: &str) -> Result<Extra, sqlx::Error> {
    Ok(row.try_get::<Option<Json<Extra>>, _>(column)?.map(|Json(extra)| extra).unwrap_or_default())
}

/// Reads a snapshot.
pub(super) fn snapshot(row: &PgRow, column: &str) -> Result<Snapshot, StoreError> {
    row.try_get::<&str, _>(column)?.parse().map_err(|_| StoreError::Unreadable)
}

/// Disables just-in-time compilation, in all of our transactions. The server compiles statements that it estimates to be
/// expensive, which takes 60 to 110 ms. The policies of the wall look expensive but are not: a page of rows took 333 ms
/// with compilation and takes 0.3 ms without.
pub(super) const NO_JIT: &str = "SET LOCAL jit = off";
/// The settings of a run's transactions. Statements have no time limit, since a COPY lasts as long as its file. Waits for
/// locks have none either; a run sets one where it must not wait. The locks of a worker that hangs are released within an
/// hour.
const SETTINGS: &str = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0;
     SET LOCAL idle_in_transaction_session_timeout = '1h'";
/// Returns the statement that disables `transaction_timeout`, which exists since PostgreSQL 17, for a transaction ("true") or for
/// a session. It returns no row, and fixes the transaction's snapshot.
macro_rules! no_timeout {
    ($is_local:literal) => {
        concat!(
            "SELECT WHERE CASE WHEN current_setting('server_version_num')::integer >= 170000
                       THEN set_config('transaction_timeout', '0', ",
            $is_local,
            ") IS NULL ELSE false END"
        )
    };
}

/// Disables `transaction_timeout` for a transaction.
const NO_TRANSACTION_TIMEOUT: &str = no_timeout!("true");
/// The same for all later transactions of a session.
pub(super) const NO_SESSION_TRANSACTION_TIMEOUT: &str = no_timeout!("false");

/// Waits for a program that rewrites tables, before the transaction's snapshot is fixed, and excludes such programs until the
/// transaction ends. In a snapshot from before, a rewritten table is empty. Comes before the first query.
pub(super) const BEFORE_SNAPSHOT: &str = "LOCK TABLE jobs IN ACCESS SHARE MODE;";

const READ_COMMITTED: &str = "READ COMMITTED";

/// The newest server version that this process has connected to, as in `server_version_num`; 0 before any connection.
static NEWEST_SERVER: AtomicU32 = AtomicU32::new(0);

/// Records the version of the server, so that statements for newer versions are not sent to older servers.
pub(super) fn note_version(connection: &PgConnection) -> Result<(), sqlx::Error> {
    NEWEST_SERVER.fetch_max(connection.server_version_num().unwrap_or(u32::MAX), Ordering::SeqCst);
    Ok(())
}

/// Returns [`NO_TRANSACTION_TIMEOUT`] for a READ COMMITTED transaction, or nothing if no server needs it.
fn no_transaction_timeout() -> &'static str {
    match NEWEST_SERVER.load(Ordering::SeqCst) {
        1..170_000 => "",
        _ => NO_TRANSACTION_TIMEOUT,
    }
}

/// Limits every wait for a lock in this transaction to five seconds.
pub(crate) async fn limit_lock_waits(connection: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::raw_sql("SET LOCAL lock_timeout = '5s'").execute(connection).await?;
    Ok(())
}

/// Begins a transaction of a run.
pub async fn begin(pool: &PgPool) -> Result<Transaction<'static, Postgres>, StoreError> {
    open(pool, READ_COMMITTED, "").await
}

/// Begins a transaction that sees the database as of its start.
pub async fn begin_snapshot(pool: &PgPool) -> Result<Transaction<'static, Postgres>, StoreError> {
    open(pool, "REPEATABLE READ", "").await
}

/// Begins a transaction with the snapshot of `other`, which was begun by [`begin_snapshot`].
pub(crate) async fn begin_beside(
    pool: &PgPool,
    other: &mut PgConnection,
) -> Result<Transaction<'static, Postgres>, StoreError> {
    let snapshot = export_snapshot(other).await?;
    open(pool, "REPEATABLE READ", &snapshot).await
}

/// Returns the statement that gives another transaction the snapshot of this one.
async fn export_snapshot(connection: &mut PgConnection) -> Result<String, StoreError> {
    let snapshot: String = query_scalar("SELECT pg_export_snapshot()").fetch_one(connection).await?;
    // SET TRANSACTION takes no parameters. Safe: the name comes from the server and is checked character by character.
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

/// Begins a transaction with the statement `begin`. Records if the future is dropped before the server has answered: see
/// [`UnderWay`].
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
    let (lock, timeout) = match isolation {
        READ_COMMITTED => ("", no_transaction_timeout()),
        _ => (BEFORE_SNAPSHOT, NO_TRANSACTION_TIMEOUT),
    };
    format!("BEGIN ISOLATION LEVEL {isolation} READ WRITE; {SETTINGS}; {NO_JIT}; {snapshot} {lock} {timeout}")
}

/// A transaction that reads rows by COPY. Unless `Reader::end` is called, its connection is closed: if a COPY is not
/// read to its end, the driver loses count of the responses, and the next user of the connection would take the remaining
/// ones for the responses to its own statements.
pub struct Reader {
    connection: PoolConnection<Postgres>,
    ended: bool,
}

impl Reader {
    /// Begins a transaction with the snapshot of `other`, which was begun by [`begin_snapshot`].
    pub async fn begin(pool: &PgPool, other: &mut PgConnection) -> Result<Reader, StoreError> {
        let snapshot = export_snapshot(other).await?;
        let mut reader = Reader { connection: pool.acquire().await?, ended: false };
        let begin = AssertSqlSafe(begin_statement("REPEATABLE READ", &snapshot));
        sqlx::raw_sql(begin).execute(&mut *reader.connection).await?;
        Ok(reader)
    }

    /// Ends the transaction. Call it once all rows are read.
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

/// Runs a statement without parameters in a transaction of its own, in one round trip. Returns its rows.
///
/// `statement` must not contain text from outside: only numbers, times and ids.
pub(crate) async fn once(pool: &PgPool, statement: &str) -> Result<Vec<PgRow>, StoreError> {
    Ok(sqlx::raw_sql(AssertSqlSafe(alone(statement))).fetch_all(pool).await?)
}

/// Like [`once`], for a statement that returns no rows. Returns the number of rows that it changed.
pub(crate) async fn once_changed(pool: &PgPool, statement: &str) -> Result<u64, StoreError> {
    Ok(sqlx::raw_sql(AssertSqlSafe(alone(statement))).execute(pool).await?.rows_affected())
}

/// Adds the settings to a statement. Statements sent in one message are one transaction.
fn alone(statement: &str) -> String {
    let timeout = no_transaction_timeout();
    format!(
        "SET TRANSACTION ISOLATION LEVEL {READ_COMMITTED}, READ WRITE; {SETTINGS}; {timeout}; {statement}"
    )
}

/// Lets a commit return before it is on disk, for changes that are harmless to lose: a crash of the server may undo the
/// changes of the last second.
pub(crate) const NOT_FLUSHED: &str = "SET LOCAL synchronous_commit = off";

/// Runs a statement with parameters in a transaction of its own.
pub(crate) async fn execute(
    pool: &PgPool,
    query: Query<'_, Postgres, PgArguments>,
) -> Result<PgQueryResult, StoreError> {
    let mut transaction = begin(pool).await?;
    let done = query.execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(done)
}

/// Like [`execute`], for a statement that returns rows.
pub(crate) async fn fetch(
    pool: &PgPool,
    query: Query<'_, Postgres, PgArguments>,
) -> Result<Vec<PgRow>, StoreError> {
    let mut transaction = begin(pool).await?;
    let rows = query.fetch_all(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(rows)
}

/// Formats a duration as part of a statement.
pub(crate) fn interval(duration: std::time::Duration) -> String {
    format!("interval '{} microseconds'", i64::try_from(duration.as_micros()).unwrap_or(i64::MAX))
}
