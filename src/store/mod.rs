//! The database: all SQL of the program, one file a table, as functions of a connection or pool.
//!
//! Nothing here opens a transaction: which writes belong together is decided by `pipeline` and
//! `actions`. Every read for a person names the owner, and every write of a run names its lease.

pub mod actions;
pub mod api_tokens;
mod bounded;
pub mod column_mappings;
pub mod contact_changes;
pub mod contacts;
pub mod copy;
pub mod corrections;
pub mod decided;
mod filter;
mod home;
pub mod imported;
mod in_turn;
pub mod issue_items;
pub mod issues;
pub mod jobs;
pub mod local;
mod owner_pool;
pub mod partition;
pub mod provider_roles;
pub mod raised;
pub mod schema;
pub mod sign_ins;
pub mod staging;
pub mod undo_progress;
pub mod unreadable;

use std::time::Duration;

pub use bounded::Slice;
pub use home::Home;
pub use owner_pool::{OwnerPool, OwnerTransaction};
use sqlx::PgConnection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use crate::domain::job::JobId;

/// What went wrong at the database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The lease of the run was taken over, or its job deleted: the run must stop writing.
    #[error("job {0}: the lease is lost")]
    LeaseLost(JobId),
    /// A value in the database that this program does not know.
    #[error("the database holds {0}; is it of a newer version of this program?")]
    Unknown(#[from] crate::domain::job::UnknownWord),
    /// A number beyond what a job may have.
    #[error("{what} is {value}, more than this program takes in one job")]
    TooLarge {
        /// What it counts, in words.
        what: &'static str,
        /// The number.
        value: u64,
    },
    /// The schema could not be brought up to date.
    #[error("the schema could not be migrated: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The schema is older than this program and `--no-migrate` forbids to change it.
    #[error("the database lacks {0} migration(s) of this program; run `ingest migrate`")]
    Outdated(usize),
    /// A write was broken off since one before it failed.
    #[error("broken off, since an earlier write of the same run failed")]
    Aborted,
    /// The server sent a row in another form than it was asked for.
    #[error("the database sent a row that cannot be read")]
    Unreadable,
    /// A temporary file could not be written or read.
    #[error("temporary file: {0}; is there room in the folder for temporary files (TMPDIR)?")]
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
pub const NO_SCRATCH: &str = "a temporary file could not be written or read";

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

impl StoreError {
    /// Whether the same call may succeed later: the server is away, busy, restarting or out of a
    /// resource, or two transactions were in each other's way. By SQLSTATE class (PostgreSQL manual,
    /// appendix A).
    pub fn is_transient(&self) -> bool {
        let StoreError::Database(DatabaseError(error)) = self else {
            return false;
        };
        match error {
            sqlx::Error::Database(error) => {
                let code = error.code().unwrap_or_default();
                // 25006: a server that takes no writes, as a standby does until it is the primary.
                ["08", "40", "53", "55", "57", "25006"].iter().any(|class| code.starts_with(class))
            }
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::Protocol(_) => true,
            sqlx::Error::WorkerCrashed | sqlx::Error::BeginFailed => true,
            _ => false,
        }
    }

    /// What happened in words for a job's owner. PostgreSQL's own message may name files and settings of its
    /// server.
    pub fn for_owner(&self) -> String {
        match self {
            StoreError::LeaseLost(_)
            | StoreError::Unknown(_)
            | StoreError::TooLarge { .. }
            | StoreError::Aborted
            | StoreError::Unreadable => self.to_string(),
            StoreError::Migrate(_) | StoreError::Outdated(_) => {
                "the database is not ready for use".to_owned()
            }
            StoreError::Scratch(_) => NO_SCRATCH.to_owned(),
            StoreError::Database(DatabaseError(sqlx::Error::Database(error))) => {
                format!("the database refused (error {})", error.code().unwrap_or_default())
            }
            StoreError::Database(_) => "the database could not be reached".to_owned(),
        }
    }

    /// Whether a lock was not given within the time that the statement was willing to wait.
    pub fn is_lock_timeout(&self) -> bool {
        let StoreError::Database(DatabaseError(sqlx::Error::Database(error))) = self else {
            return false;
        };
        error.code().as_deref() == Some("55P03")
    }

    /// Whether the server cancelled the statement: it ran into its time limit.
    pub fn is_cancelled(&self) -> bool {
        let StoreError::Database(DatabaseError(sqlx::Error::Database(error))) = self else {
            return false;
        };
        error.code().as_deref() == Some("57014")
    }

    /// Whether a unique constraint of `table` refused the write.
    pub fn is_conflict_in(&self, table: &str) -> bool {
        let StoreError::Database(DatabaseError(sqlx::Error::Database(error))) = self else {
            return false;
        };
        error.is_unique_violation() && error.table() == Some(table)
    }
}

/// A pool of at most `connections` connections. Connects when first used.
pub fn pool(options: PgConnectOptions, connections: u32) -> PgPool {
    use sqlx::ConnectOptions;
    // Statements are never logged: their errors and timings are, by whoever handles them.
    let options = options.application_name("ingest").disable_statement_logging();
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(20))
        .test_before_acquire(false)
        .before_acquire(|connection, _| Box::pin(in_turn::answers_in_turn(connection)))
        .connect_lazy_with(options)
}

/// Names what a repeatable-read transaction sees, so that others can see the same beside it.
pub async fn export_snapshot(connection: &mut PgConnection) -> Result<String, StoreError> {
    Ok(sqlx::query_scalar("SELECT pg_export_snapshot()").fetch_one(connection).await?)
}

/// Makes a repeatable-read transaction, before its first query, see what another exported.
pub async fn import_snapshot(connection: &mut PgConnection, snapshot: &str) -> Result<(), StoreError> {
    // SET TRANSACTION takes no parameters. Safe: the name is the server's own and is held to its letters.
    let known = snapshot.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let snapshot = if known { snapshot } else { "" };
    let statement = sqlx::AssertSqlSafe(format!("SET TRANSACTION SNAPSHOT '{snapshot}'"));
    sqlx::raw_sql(statement).execute(connection).await?;
    Ok(())
}

/// How many there are, counted only as far as a person wants to know: to count millions takes seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count(i64);

impl Count {
    /// The most that is counted.
    pub const MOST: i64 = 10_000;

    /// The number; one more than [`Count::MOST`] where there are more.
    pub fn number(self) -> i64 {
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
