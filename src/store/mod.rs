//! The database: all SQL of the program, one file a table, as functions of a connection or pool.
//!
//! Nothing here opens a transaction: which writes belong together is decided by `pipeline` and
//! `actions`. Every read for a person names the owner, and every write of a run names its lease.

pub(crate) mod actions;
pub(crate) mod api_tokens;
mod at_rest;
mod bounded;
pub(crate) mod column_mappings;
pub mod contact_changes;
pub mod contacts;
pub mod copy;
pub(crate) mod corrections;
pub(crate) mod decided;
mod filter;
mod home;
pub(crate) mod imported;
pub mod issue_items;
mod issue_rank;
pub mod issues;
pub mod jobs;
pub mod local;
mod owner_pool;
pub(crate) mod partition;
pub(crate) mod provider_roles;
pub(crate) mod raised;
pub mod schema;
mod schema_turn;
pub(crate) mod sign_ins;
pub mod sql;
pub mod staging;
pub(crate) mod undo_progress;
pub(crate) mod unreadable;
mod wall;
pub(crate) mod wanted;

use std::time::Duration;

pub(crate) use home::Home;
pub use owner_pool::{OwnerPool, OwnerTransaction};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
pub(crate) use wall::Wall;

use crate::domain::job::JobId;

/// What went wrong at the database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The lease of the run was taken over, or its job deleted: the run must stop writing.
    #[error("job {0}: lease lost")]
    LeaseLost(JobId),
    /// A value in the database that this program does not know.
    #[error("the database contains {0}, which this version does not know; upgrade this program")]
    Unknown(#[from] crate::domain::words::UnknownWord),
    /// A number beyond what a job may have.
    #[error("{what} is {value}, more than the limit of one job")]
    TooLarge {
        /// What it counts, in words.
        what: &'static str,
        /// The number.
        value: u64,
    },
    /// The schema could not be brought up to date.
    #[error("cannot migrate the schema: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The schema is older than this program and `--no-migrate` forbids to change it.
    #[error("the database schema is {0} migration(s) behind; run `ingest migrate`")]
    Outdated(usize),
    /// The server is of a version that is too old.
    #[error("PostgreSQL {version} is not supported; upgrade to 13 or newer")]
    ServerTooOld {
        /// Its version.
        version: String,
    },
    /// The database cannot hold every letter.
    #[error(
        "the database {database} has the encoding {encoding}, which cannot store all letters; create one with \
         CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0 and move the tables with pg_dump"
    )]
    NotUtf8 {
        /// Its name.
        database: String,
        /// What it stores text as.
        encoding: String,
    },
    /// The login role inherits the role for requests, so that its own runs see nothing.
    #[error(
        "the row-level security policies of requests apply to the role {login}, so it sees no job; run {advice}"
    )]
    BoundByWall {
        /// The login role.
        login: String,
        /// What has to be run.
        advice: String,
    },
    /// A write was broken off since one before it failed.
    #[error("cancelled because an earlier write of the same run failed")]
    Aborted,
    /// The server sent a row in another form than it was asked for.
    #[error("the database returned a row that cannot be decoded")]
    Unreadable,
    /// A temporary file could not be written or read.
    #[error("temporary file: {0}; check the free space of the folder for temporary files (TMPDIR)")]
    Scratch(#[from] std::io::Error),
    /// Anything that PostgreSQL or the connection reported.
    #[error(transparent)]
    Database(DatabaseError),
}

/// An error of PostgreSQL or the connection, shown without the values of rows: the server's detail
/// line quotes them.
#[derive(Debug)]
pub struct DatabaseError(sqlx::Error);

impl std::fmt::Display for DatabaseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            sqlx::Error::Database(error) => {
                let code = error.code().unwrap_or_default();
                write!(f, "database error {code}: {}", quoteless(error.message()))?;
                match error.constraint() {
                    Some(name) => write!(f, " (constraint {name})"),
                    None => Ok(()),
                }
            }
            other => write!(f, "database: {other}"),
        }
    }
}

impl std::error::Error for DatabaseError {}

/// What a failed temporary file is called where no path may be shown.
pub(crate) const NO_SCRATCH: &str = "a temporary file could not be written or read";

/// A server message without the value that a data exception (class 22) quotes after a colon.
fn quoteless(message: &str) -> &str {
    match message.starts_with("invalid input") || message.starts_with("invalid byte") {
        true => message.split(':').next().unwrap_or(message),
        false => message,
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        StoreError::Database(DatabaseError(error))
    }
}

/// How the codes of errors begin that may pass: connection exceptions, transaction rollbacks, insufficient resources,
/// objects in use, interventions (cancelled, shut down, a session idle for too long) and system errors; and of the
/// invalid transaction states a server that is read-only during a failover, and the two time-outs of a transaction.
const TRANSIENT: &[&str] = &["08", "40", "53", "55", "57", "58", "25006", "25P03", "25P04"];

impl StoreError {
    /// Whether the same call may succeed later: the server is away, busy, restarting or out of a
    /// resource, or two transactions were in each other's way. By SQLSTATE (PostgreSQL manual, appendix A).
    pub(crate) fn is_transient(&self) -> bool {
        let StoreError::Database(DatabaseError(error)) = self else {
            return false;
        };
        match error {
            sqlx::Error::Database(error) => {
                let code = error.code().unwrap_or_default();
                TRANSIENT.iter().any(|start| code.starts_with(start))
            }
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::Protocol(_) => true,
            sqlx::Error::WorkerCrashed | sqlx::Error::BeginFailed => true,
            _ => false,
        }
    }

    /// What happened in words for a job's owner. PostgreSQL's own message may name files and settings of its
    /// server.
    pub(crate) fn for_owner(&self) -> String {
        match self {
            StoreError::LeaseLost(_)
            | StoreError::Unknown(_)
            | StoreError::TooLarge { .. }
            | StoreError::Aborted
            | StoreError::Unreadable => self.to_string(),
            StoreError::Migrate(_)
            | StoreError::Outdated(_)
            | StoreError::ServerTooOld { .. }
            | StoreError::BoundByWall { .. }
            | StoreError::NotUtf8 { .. } => "the database is not ready for use".to_owned(),
            StoreError::Scratch(_) => NO_SCRATCH.to_owned(),
            StoreError::Database(DatabaseError(sqlx::Error::Database(error))) => {
                format!("the database refused (error {})", error.code().unwrap_or_default())
            }
            StoreError::Database(_) => "the database could not be reached".to_owned(),
        }
    }

    /// Whether a lock was not given within the time that the statement was willing to wait.
    pub(crate) fn is_lock_timeout(&self) -> bool {
        let StoreError::Database(DatabaseError(sqlx::Error::Database(error))) = self else {
            return false;
        };
        error.code().as_deref() == Some("55P03")
    }

    /// Whether the server cancelled the statement: it ran into its time limit.
    pub(crate) fn is_cancelled(&self) -> bool {
        let StoreError::Database(DatabaseError(sqlx::Error::Database(error))) = self else {
            return false;
        };
        error.code().as_deref() == Some("57014")
    }

    /// Whether a row that the transaction was to write has changed since its snapshot.
    pub(crate) fn is_serialization_failure(&self) -> bool {
        const SERIALIZATION_FAILURE: &str = "40001";
        match self {
            StoreError::Database(DatabaseError(sqlx::Error::Database(error))) => {
                error.code().is_some_and(|code| code == SERIALIZATION_FAILURE)
            }
            _ => false,
        }
    }

    /// Whether a unique constraint of `table` refused the write.
    pub(crate) fn is_conflict_in(&self, table: &str) -> bool {
        let StoreError::Database(DatabaseError(sqlx::Error::Database(error))) = self else {
            return false;
        };
        error.is_unique_violation() && error.table() == Some(table)
    }
}

/// A connection that was idle for longer is asked whether it is still there before it is used again.
const TRUSTED_IDLE: Duration = Duration::from_secs(2);

/// Returns a pool of at most `connections` connections. Connects when first used, and lets go of connections that are
/// not used for ten minutes.
pub fn pool(options: PgConnectOptions, connections: u32) -> PgPool {
    pool_of(connections).connect_lazy_with(named(options))
}

/// Returns a pool that keeps its connections. To open one takes sqlx 800 turns of the runtime (SCRAM), which on a busy
/// server are seconds: [`fill`] opens them before anybody waits for them.
pub(crate) fn lasting_pool(options: PgConnectOptions, connections: u32) -> PgPool {
    pool_of(connections).idle_timeout(None).max_lifetime(None).connect_lazy_with(named(options))
}

/// Opens all connections of a pool. What cannot be opened is tried again by whoever needs it.
pub(crate) async fn fill(pool: &PgPool) {
    let all = (0..pool.options().get_max_connections()).map(|_| pool.acquire());
    let opened = futures::future::join_all(all).await;
    if let Some(error) = opened.into_iter().find_map(Result::err) {
        tracing::warn!(%error, "cannot open all connections to the database in advance");
    }
}

fn named(options: PgConnectOptions) -> PgConnectOptions {
    use sqlx::ConnectOptions;
    // Statements are never logged: their errors and timings are, by whoever handles them.
    // No `extra_float_digits`, which PgBouncer refuses.
    options.application_name("ingest").extra_float_digits(None).disable_statement_logging()
}

fn pool_of(connections: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(20))
        .test_before_acquire(false)
        .after_release(|connection, _| Box::pin(at_rest::may_be_kept(connection)))
        .after_connect(|connection, _| Box::pin(async move { sql::note_version(connection) }))
        .before_acquire(|connection, metadata| {
            Box::pin(async move {
                if metadata.idle_for > TRUSTED_IDLE {
                    return at_rest::is_at_rest(connection).await;
                }
                Ok(true)
            })
        })
}

/// How many there are, counted only as far as a person wants to know: to count millions takes seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count(i64);

impl Count {
    /// The most that is counted.
    pub(crate) const MOST: i64 = 10_000;

    /// The number; one more than [`Count::MOST`] where there are more.
    pub(crate) fn number(self) -> i64 {
        self.0
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 > Self::MOST {
            true => write!(f, "more than {}", Self::MOST),
            false => write!(f, "{}", self.0),
        }
    }
}

/// PostgreSQL's `interval` from a duration, to the microsecond.
pub(crate) fn interval(duration: Duration) -> sqlx::postgres::types::PgInterval {
    let microseconds = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
    sqlx::postgres::types::PgInterval { months: 0, days: 0, microseconds }
}
