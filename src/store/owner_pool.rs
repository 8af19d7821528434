//! Transactions on behalf of a person: bound to one owner, limited in time, and ended with their request.
//!
//! Guarantees: they see and change the rows of their owner only, where [the wall](super::wall) is built; a statement ends when the request that sent it is dropped, whether its client has gone or its time
//! is up; no statement runs longer than the pool's limit; no lock is waited for longer than [`LOCK_TIMEOUT`].

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgPool;
use sqlx::{PgConnection, Postgres, Transaction};
use tokio::sync::OnceCell;

use super::{StoreError, Wall, sql};
use crate::domain::job::Owner;
use crate::turns::{Turn, Turns};

/// The longest wait for a lock: whoever waits longer is asked to try again.
pub(crate) const LOCK_TIMEOUT: Duration = Duration::from_secs(20);
/// The longest pause between two statements of one transaction.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// The longest that one statement of a read may run when the pool has no limit of its own.
const LONGEST_READ: Duration = Duration::from_secs(60);
/// The longest that one statement of a write may run: a bulk decision or an undo of millions of rows.
const LONGEST_WRITE: Duration = Duration::from_secs(900);
/// Connections that one owner has at once. Whoever wants more waits, and others do not.
const OF_ONE_OWNER: usize = 2;
/// The longest wait for one of them.
const LONGEST_TURN: Duration = Duration::from_secs(20);
/// How long a dropped transaction may take to roll back before its statement is cancelled.
const ROLLBACK_GRACE: Duration = Duration::from_millis(50);
/// How long the server may take to end a cancelled statement before its connection is closed.
const CANCEL_GRACE: Duration = Duration::from_secs(10);

/// Opens transactions on behalf of owners. Clones share their connections.
#[derive(Clone)]
pub struct OwnerPool {
    pool: PgPool,
    control: PgPool,
    read_timeout: Duration,
    turns: Turns<Owner>,
    /// The role that transactions take on, once it has been asked for.
    role: Arc<OnceCell<String>>,
}

impl OwnerPool {
    /// Uses connections of `pool`; `control` cancels statements and must have a connection free when `pool` has none.
    pub fn new(pool: PgPool, control: PgPool) -> OwnerPool {
        let (turns, role) = (Turns::new(OF_ONE_OWNER), Arc::default());
        OwnerPool { pool, control, read_timeout: LONGEST_READ, turns, role }
    }

    /// Limits each statement of a read to `timeout`.
    pub(crate) fn with_read_timeout(self, timeout: Duration) -> OwnerPool {
        OwnerPool { read_timeout: timeout, ..self }
    }

    /// Begins a transaction that only reads, for a page or an answer.
    pub async fn read(&self, owner: &Owner) -> Result<OwnerTransaction, StoreError> {
        self.open("BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY", self.read_timeout, owner).await
    }

    /// Begins a transaction that writes.
    pub async fn begin(&self, owner: &Owner) -> Result<OwnerTransaction, StoreError> {
        self.open("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", LONGEST_WRITE, owner).await
    }

    /// Begins a transaction that reads a single state of the database, however long that takes: for a download.
    pub(crate) async fn snapshot(&self, owner: &Owner) -> Result<OwnerTransaction, StoreError> {
        self.open("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", LONGEST_WRITE, owner).await
    }

    /// The connections beside those of transactions: for what others are to see before a transaction ends.
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
        statement_timeout: Duration,
        owner: &Owner,
    ) -> Result<OwnerTransaction, StoreError> {
        let role = self.role.get_or_try_init(|| self.find_role()).await?;
        let turn = tokio::time::timeout(LONGEST_TURN, self.turns.take(owner)).await;
        let turn = turn.map_err(|_| sqlx::Error::PoolTimedOut)?;
        let inner = sql::begin_with(&self.pool, format!("{begin}; {}", sql::NO_JIT)).await?;
        let mut transaction = OwnerTransaction {
            inner: Some(inner),
            backend: None,
            control: self.control.clone(),
            turn: Some(turn),
        };
        // Servers have defaults of their own for all of these; the settings end with the transaction.
        let settings = "SELECT pg_backend_pid(), set_config('statement_timeout', $1, true),
                set_config('lock_timeout', $2, true), set_config('idle_in_transaction_session_timeout', $3, true),
                set_config('ingest.owner', $4, true), set_config('role', $5, true)";
        let milliseconds = |duration: Duration| duration.as_millis().to_string();
        let (backend, ..): (i32, String, String, String, String, String) = sql::query_as(settings)
            .bind(milliseconds(statement_timeout))
            .bind(milliseconds(LOCK_TIMEOUT))
            .bind(milliseconds(IDLE_TIMEOUT))
            .bind(&owner.0)
            .bind(role)
            .fetch_one(&mut *transaction)
            .await?;
        transaction.backend = Some(backend);
        Ok(transaction)
    }

    /// The role that sees the owner's rows only; without the wall, no other than that of the login.
    async fn find_role(&self) -> Result<String, StoreError> {
        Ok(Wall::of(&self.control).await?.role().unwrap_or("none").to_owned())
    }
}

/// A transaction on behalf of one owner. Dropping it rolls it back and cancels the statement that is still running.
pub struct OwnerTransaction {
    inner: Option<Transaction<'static, Postgres>>,
    /// The server process that runs its statements.
    backend: Option<i32>,
    control: PgPool,
    turn: Option<Turn>,
}

impl OwnerTransaction {
    /// Commits.
    pub(crate) async fn commit(mut self) -> Result<(), StoreError> {
        match self.inner.take() {
            Some(inner) => Ok(inner.commit().await?),
            None => Ok(()),
        }
    }

    /// Ends the transaction without a change, sooner than a drop does.
    pub async fn rollback(mut self) -> Result<(), StoreError> {
        match self.inner.take() {
            Some(inner) => Ok(inner.rollback().await?),
            None => Ok(()),
        }
    }
}

impl Deref for OwnerTransaction {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        self.inner.as_ref().expect("the transaction is open")
    }
}

impl DerefMut for OwnerTransaction {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.inner.as_mut().expect("the transaction is open")
    }
}

impl Drop for OwnerTransaction {
    fn drop(&mut self) {
        let Some(inner) = self.inner.take() else { return };
        let (backend, control, turn) = (self.backend, self.control.clone(), self.turn.take());
        // Without a runtime the program is ending, and its connections with it.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(end(inner, backend, control, turn));
        }
    }
}

/// Rolls back; cancels the statement that keeps the server from doing so.
///
/// The connection stays with the transaction until the statement has ended, so that the cancellation cannot reach a
/// statement of another request.
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
