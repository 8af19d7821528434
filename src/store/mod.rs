//! All SQL of the program: one file per table, as functions that take a connection or a pool.
//!
//! The functions do not open transactions of several statements: `pipeline` and `actions` decide which writes belong
//! together. Every read for a person filters by owner, and every write of a run checks its lease.

#[macro_use]
mod from_row;

pub(crate) mod action_subjects;
pub(crate) mod actions;
pub(crate) mod api_tokens;
mod at_rest;
pub(crate) mod backlog;
mod bounded;
pub mod column_mappings;
pub mod contact_changes;
pub mod contact_log;
pub mod contacts;
pub mod copy;
pub(crate) mod corrections;
pub(crate) mod counters;
pub(crate) mod decided;
pub mod deleted_contacts;
pub mod erasures;
pub mod extra_columns;
mod filter;
pub(crate) mod iam;
pub(crate) mod imported;
pub(crate) mod issue_assignees;
pub mod issue_items;
pub(crate) mod issue_notes;
mod issue_rank;
pub mod issues;
pub(crate) mod job_size;
mod job_tables;
pub mod jobs;
pub mod local;
pub(crate) mod merge;
pub(crate) mod object_events;
pub mod own_tables;
mod owner_pool;
pub(crate) mod pauses;
pub(crate) mod person;
pub(crate) mod provider_roles;
pub(crate) mod raised;
pub(crate) mod retention;
pub(crate) mod rights;
pub(crate) mod run_progress;
pub mod schema;
mod schema_turn;
pub(crate) mod sign_ins;
pub mod sql;
pub mod staging;
pub(crate) mod topic_events;
pub(crate) mod undo_progress;
pub(crate) mod unreadable;
pub(crate) mod uploads;
mod wall;
pub(crate) mod wanted;
pub(crate) mod webhooks;
pub(crate) mod wide_ids;
pub(crate) mod workers;

use std::time::Duration;

pub(crate) use job_tables::{JobTables, MergeState, RecordKind};
pub use owner_pool::{OwnerPool, OwnerTransaction};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
pub(crate) use wall::Wall;

use crate::domain::failure::{Failure, Fault};
use crate::domain::job::JobId;

/// What went wrong at the database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another run took over the lease, or the job was deleted. The run must stop writing.
    #[error("job {0}: lease lost")]
    LeaseLost(JobId),
    /// The database contains a value that this version does not know.
    #[error("the database contains {0}, which this version does not know; upgrade this program")]
    Unknown(#[from] crate::domain::words::UnknownWord),
    /// A number exceeds the limit of one job.
    #[error("{what} is {value}, more than the limit of one job")]
    TooLarge {
        /// What was counted, in words.
        what: &'static str,
        /// The number that was too large.
        value: u64,
    },
    /// A migration failed.
    #[error("cannot migrate the schema: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The schema is older than this program, and `--no-migrate` forbids migrating it.
    #[error("the database schema is {0} migration(s) behind; run `ingest migrate`")]
    Outdated(usize),
    /// A later version of this program has removed from the schema what this version uses.
    #[error("a newer version of this program has changed the schema (migration {0}); use that version")]
    Newer(i64),
    /// The server is older than the oldest supported version.
    #[error("PostgreSQL {version} is not supported; upgrade to 13 or newer")]
    ServerTooOld {
        /// The server's version.
        version: String,
    },
    /// The database's encoding cannot store every character.
    #[error(
        "the database {database} has the encoding {encoding}, which cannot store all letters; create one with \
         CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0 and move the tables with pg_dump"
    )]
    NotUtf8 {
        /// The name of the database.
        database: String,
        /// Its encoding.
        encoding: String,
    },
    /// The login role inherits the role for requests, so runs would see no job.
    #[error(
        "the row-level security policies of requests apply to the role {login}, so it sees no job; run {advice}"
    )]
    BoundByWall {
        /// The login role.
        login: String,
        /// The statements that correct it.
        advice: String,
    },
    /// The write was cancelled because an earlier write of the same run failed.
    #[error("cancelled because an earlier write of the same run failed")]
    Aborted,
    /// The server returned a row in an unexpected form.
    #[error("the database returned a row that cannot be decoded")]
    Unreadable,
    /// A temporary file could not be read or written.
    #[error("temporary file: {0}; check the free space of the folder for temporary files (TMPDIR)")]
    Scratch(#[from] std::io::Error),
    /// PostgreSQL or the connection reported an error.
    #[error(transparent)]
    Database(DatabaseError),
}

/// An error from PostgreSQL or the connection. Displayed without the server's detail line, which quotes the values of
/// rows.
#[derive(Debug)]
pub struct DatabaseError(sqlx::Error);

impl std::fmt::Display for DatabaseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            sqlx::Error::Database(error) => {
                let code = error.code().unwrap_or_default();
                write!(f, "database error {code}: {}", quoteless(error.message()))?;
                if is_id_limit(&**error) {
                    f.write_str("; to continue with larger ids, run `ingest migrate --wide-ids`")?;
                }
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

/// Returns whether a sequence of ids has reached its limit.
fn is_id_limit(error: &dyn sqlx::error::DatabaseError) -> bool {
    const SEQUENCE_GENERATOR_LIMIT_EXCEEDED: &str = "2200H";
    error.code().as_deref() == Some(SEQUENCE_GENERATOR_LIMIT_EXCEEDED)
}

/// Returns a server message without the value that a data exception (class 22) quotes after a colon.
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

/// Prefixes of the SQLSTATEs of transient errors: connection exceptions, transaction rollbacks, insufficient resources,
/// objects in use, interventions (cancelled, shut down, session idle for too long) and system errors. Of the invalid
/// transaction states only three: a server that is read-only during a failover, and the two timeouts of a transaction.
const TRANSIENT: &[&str] = &["08", "40", "53", "55", "57", "58", "25006", "25P03", "25P04"];

impl StoreError {
    /// Returns whether the same call may succeed later: the server is unreachable, busy, restarting or out of a
    /// resource, or two transactions conflicted. Decided by SQLSTATE (PostgreSQL manual, appendix A).
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

    /// Returns the error as a job's owner may see it. PostgreSQL's own message is not shown, since it may name files
    /// and settings of its server.
    pub(crate) fn failure(&self) -> Failure {
        let fault = match self {
            StoreError::TooLarge { value, .. } => return Failure::TooManyRows { rows: *value },
            StoreError::Database(DatabaseError(sqlx::Error::Database(error))) if is_id_limit(&**error) => {
                Fault::IdsUsedUp
            }
            StoreError::Database(DatabaseError(sqlx::Error::Database(error))) => {
                return Failure::DatabaseRefused { code: error.code().unwrap_or_default().into_owned() };
            }
            StoreError::LeaseLost(_) | StoreError::Aborted => Fault::Aborted,
            StoreError::Unknown(_) | StoreError::Unreadable => Fault::DatabaseUnknown,
            StoreError::Migrate(_)
            | StoreError::Outdated(_)
            | StoreError::Newer(_)
            | StoreError::ServerTooOld { .. }
            | StoreError::BoundByWall { .. }
            | StoreError::NotUtf8 { .. } => Fault::DatabaseNotReady,
            StoreError::Scratch(_) => Fault::NoScratch,
            StoreError::Database(_) => Fault::DatabaseUnreachable,
        };
        fault.into()
    }

    /// Returns whether the statement waited longer for a lock than its `lock_timeout`.
    pub(crate) fn is_lock_timeout(&self) -> bool {
        let StoreError::Database(DatabaseError(sqlx::Error::Database(error))) = self else {
            return false;
        };
        error.code().as_deref() == Some("55P03")
    }

    /// Returns whether the server ended the transaction because it and others waited for each other.
    pub(crate) fn is_deadlock(&self) -> bool {
        let StoreError::Database(DatabaseError(sqlx::Error::Database(error))) = self else {
            return false;
        };
        error.code().as_deref() == Some("40P01")
    }

    /// Returns whether the server cancelled the statement because it exceeded its time limit.
    pub(crate) fn is_cancelled(&self) -> bool {
        let StoreError::Database(DatabaseError(sqlx::Error::Database(error))) = self else {
            return false;
        };
        error.code().as_deref() == Some("57014")
    }

    /// Returns whether a row that the transaction tried to write had changed since its snapshot.
    pub(crate) fn is_serialization_failure(&self) -> bool {
        const SERIALIZATION_FAILURE: &str = "40001";
        let StoreError::Database(DatabaseError(sqlx::Error::Database(error))) = self else {
            return false;
        };
        error.code().as_deref() == Some(SERIALIZATION_FAILURE)
    }

    /// Returns whether the write violated a unique constraint of `table`.
    pub(crate) fn is_conflict_in(&self, table: &str) -> bool {
        let StoreError::Database(DatabaseError(sqlx::Error::Database(error))) = self else {
            return false;
        };
        error.is_unique_violation() && error.table() == Some(table)
    }
}

/// A connection that was idle for longer is checked before it is used again.
const TRUSTED_IDLE: Duration = Duration::from_secs(2);

/// Returns a pool of at most `connections` connections. Connects on first use and closes connections that are idle for
/// ten minutes.
pub fn pool(options: PgConnectOptions, connections: u32) -> PgPool {
    pool_of(connections).connect_lazy_with(named(options))
}

/// Returns a pool that never closes its connections. To open one, sqlx needs 800 turns of the runtime (SCRAM), which
/// take seconds on a busy server, so [`fill`] opens them before a request needs one.
pub(crate) fn lasting_pool(options: PgConnectOptions, connections: u32) -> PgPool {
    pool_of(connections).idle_timeout(None).max_lifetime(None).connect_lazy_with(named(options))
}

/// Opens all connections of a pool. A connection that cannot be opened is retried when it is needed.
pub(crate) async fn fill(pool: &PgPool) {
    let all = (0..pool.options().get_max_connections()).map(|_| pool.acquire());
    let opened = futures::future::join_all(all).await;
    if let Some(error) = opened.into_iter().find_map(Result::err) {
        tracing::warn!(%error, "cannot open all connections to the database in advance");
    }
}

fn named(options: PgConnectOptions) -> PgConnectOptions {
    use sqlx::ConnectOptions;
    // Statements are never logged; callers log their errors and timings.
    // PgBouncer refuses `extra_float_digits`.
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

/// A count that stops at `Count::MOST`, since counting millions takes seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count(i64);

impl Count {
    /// The largest exact count.
    pub(crate) const MOST: i64 = 10_000;

    /// Returns the number, or [`Count::MOST`] + 1 if there are more.
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

/// The number of matches among the records that were read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Matches {
    /// The number.
    pub number: i64,
    /// Whether all records were read, so that there are no more matches.
    pub is_all: bool,
}

from_row!(Matches { number, is_all });

impl From<Count> for Matches {
    fn from(count: Count) -> Matches {
        Matches { number: count.number().min(Count::MOST), is_all: count.number() <= Count::MOST }
    }
}

/// Converts a duration to PostgreSQL's `interval`, to the microsecond.
pub(crate) fn interval(duration: Duration) -> sqlx::postgres::types::PgInterval {
    let microseconds = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
    sqlx::postgres::types::PgInterval { months: 0, days: 0, microseconds }
}
