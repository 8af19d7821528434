//! Transactions on behalf of a person: bound to one owner, limited in time, and ended with their request.
//!
//! Guarantees:
//! - If [the wall](super::wall) is built, they see and change only the rows of their owner.
//! - A statement ends when its request is dropped, because the client disconnected or the request timed out.
//! - No statement runs longer than the pool's limit.
//! - No statement waits longer than [`LOCK_TIMEOUT`] for a lock.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgPool;
use sqlx::{PgConnection, Postgres, Transaction};
use tokio::sync::OnceCell;

use super::{StoreError, Wall, sql};
use crate::domain::job::Owner;
use crate::turns::{Turn, Turns};

/// The longest wait for a lock. After that, the request fails and can be retried.
pub(crate) const LOCK_TIMEOUT: Duration = Duration::from_secs(20);
/// The longest pause between two statements of one transaction.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// The longest time that one statement of a read may run, if the pool sets no other limit.
const LONGEST_READ: Duration = Duration::from_secs(60);
/// The longest time that one statement of a write may run, such as a bulk decision or an undo of millions of rows.
const LONGEST_WRITE: Duration = Duration::from_secs(900);
/// The most connections that one owner can use at once. Further requests of that owner wait; those of others do not.
const OF_ONE_OWNER: usize = 2;
/// The longest wait for one of an owner's connections.
const LONGEST_TURN: Duration = Duration::from_secs(20);
/// The time that a dropped transaction has to roll back before its statement is cancelled.
const ROLLBACK_GRACE: Duration = Duration::from_millis(50);
/// The time that the server has to end a cancelled statement before its connection is closed.
const CANCEL_GRACE: Duration = Duration::from_secs(10);

/// Opens transactions on behalf of owners. Clones share their connections.
#[derive(Clone)]
pub struct OwnerPool {
    pool: PgPool,
    control: PgPool,
    read_timeout: Duration,
    turns: Turns<Owner>,
    /// The role that transactions switch to, cached after the first query.
    role: Arc<OnceCell<String>>,
}

impl OwnerPool {
    /// Returns a pool that uses the connections of `pool`. `control` cancels statements, so it must have a free connection
    /// even if `pool` has none.
    pub fn new(pool: PgPool, control: PgPool) -> OwnerPool {
        let (turns, role) = (Turns::new(OF_ONE_OWNER), Arc::default());
        OwnerPool { pool, control, read_timeout: LONGEST_READ, turns, role }
    }

    /// Limits each statement of a read to `timeout`.
    pub(crate) fn with_read_timeout(self, timeout: Duration) -> OwnerPool {
        OwnerPool { read_timeout: timeout, ..self }
    }

    /// Begins a read-only transaction, for a page or a response.
    pub async fn read(&self, owner: &Owner) -> Result<OwnerTransaction, StoreError> {
        self.open("BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY", "", self.read_timeout, owner).await
    }

    /// Begins a transaction that writes.
    pub async fn begin(&self, owner: &Owner) -> Result<OwnerTransaction, StoreError> {
        self.open("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", "", LONGEST_WRITE, owner).await
    }

    /// Begins a read-only transaction that sees the database as of its start, for a download. Its statements have the time
    /// limit of a write.
    pub(crate) async fn snapshot(&self, owner: &Owner) -> Result<OwnerTransaction, StoreError> {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        self.open(begin, sql::BEFORE_SNAPSHOT, LONGEST_WRITE, owner).await
    }

    /// Returns the pool beside that of transactions, for writes that others must see before a transaction ends.
    pub(crate) fn control(&self) -> &PgPool {
        &self.control
    }

    /// Opens all connections, so that no request waits for one to be opened.
    pub(crate) async fn fill(&self) {
        super::fill(&self.control).await;
        super::fill(&self.pool).await;
    }

    /// Closes all connections.
    pub async fn close(&self) {
        self.pool.close().await;
        self.control.close().await;
    }

    async fn open(
        &self,
        begin: &'static str,
        lock: &'static str,
        statement_timeout: Duration,
        owner: &Owner,
    ) -> Result<OwnerTransaction, StoreError> {
        let role = self.role.get_or_try_init(|| self.find_role()).await?;
        let turn = tokio::time::timeout(LONGEST_TURN, self.turns.take(owner)).await;
        let turn = turn.map_err(|_| sqlx::Error::PoolTimedOut)?;
        let begin =
            format!("{begin}; SET LOCAL lock_timeout = {}; {lock} {}", LOCK_TIMEOUT.as_millis(), sql::NO_JIT);
        let inner = sql::begin_with(&self.pool, begin).await?;
        let mut transaction = OwnerTransaction {
            inner: Some(inner),
            backend: None,
            control: self.control.clone(),
            turn: Some(turn),
        };
        // A server may have other defaults for all of these. The settings end with the transaction.
        let settings = "SELECT pg_backend_pid(), set_config('statement_timeout', $1, true),
                set_config('idle_in_transaction_session_timeout', $2, true), set_config('ingest.owner', $3, true),
                set_config('role', $4, true)";
        let milliseconds = |duration: Duration| duration.as_millis().to_string();
        let (backend, ..): (i32, String, String, String, String) = sql::query_as(settings)
            .bind(milliseconds(statement_timeout))
            .bind(milliseconds(IDLE_TIMEOUT))
            .bind(&owner.0)
            .bind(role)
            .fetch_one(&mut *transaction)
            .await?;
        transaction.backend = Some(backend);
        Ok(transaction)
    }

    /// Returns the role that sees only the owner's rows; without the wall, `none`, which keeps the login role.
    async fn find_role(&self) -> Result<String, StoreError> {
        Ok(Wall::of(&self.control).await?.role().unwrap_or("none").to_owned())
    }
}

/// A transaction on behalf of one owner. Dropping it rolls it back and cancels a statement that is still running.
pub struct OwnerTransaction {
    inner: Option<Transaction<'static, Postgres>>,
    /// The server process that runs its statements.
    backend: Option<i32>,
    control: PgPool,
    turn: Option<Turn>,
}

impl OwnerTransaction {
    /// Commits the transaction.
    pub(crate) async fn commit(mut self) -> Result<(), StoreError> {
        match self.inner.take() {
            Some(inner) => Ok(inner.commit().await?),
            None => Ok(()),
        }
    }

    /// Rolls back the transaction and waits for that, unlike a drop.
    pub async fn rollback(mut self) -> Result<(), StoreError> {
        match self.inner.take() {
            Some(inner) => Ok(inner.rollback().await?),
            None => Ok(()),
        }
    }
}

/// Why a transaction that can be used is open.
const OPEN: &str = "`commit` and `rollback` end the transaction, and both consume it";

impl Deref for OwnerTransaction {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        self.inner.as_ref().expect(OPEN)
    }
}

impl DerefMut for OwnerTransaction {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.inner.as_mut().expect(OPEN)
    }
}

impl Drop for OwnerTransaction {
    fn drop(&mut self) {
        let Some(inner) = self.inner.take() else { return };
        let (backend, control, turn) = (self.backend, self.control.clone(), self.turn.take());
        // Without a runtime, the program is ending and closes its connections.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(end(inner, backend, control, turn));
        }
    }
}

/// Rolls back the transaction, and cancels a statement that delays the rollback.
///
/// The connection is not released until the statement has ended, so that the cancellation cannot hit a statement of
/// another request.
async fn end(
    transaction: Transaction<'static, Postgres>,
    backend: Option<i32>,
    control: PgPool,
    _turn: Option<Turn>,
) {
    let mut rollback = std::pin::pin!(transaction.rollback());
    if tokio::time::timeout(ROLLBACK_GRACE, &mut rollback).await.is_ok() {
        return;
    }
    let Some(backend) = backend else { return };
    let cancel = sql::once(&control, &format!("SELECT pg_cancel_backend({backend})")).await;
    match cancel {
        Ok(_) => tracing::debug!("cancelled the statement of a dropped request"),
        Err(error) => tracing::warn!(%error, "cannot cancel the statement of a dropped request"),
    }
    if tokio::time::timeout(CANCEL_GRACE, &mut rollback).await.is_err() {
        tracing::warn!("a cancelled statement did not end; closing its connection");
    }
}
