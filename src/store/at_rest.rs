//! Checks that a pooled connection is at rest: it responds to the query that was sent, outside of any transaction.
//!
//! sqlx leaves a connection unusable in two ways if its user is dropped at the wrong moment:
//! - sqlx does not count the responses to a COPY, so some remain unread when the connection returns to the pool. Every
//!   later query would then read the response to an earlier one: another person's rows, a "not found" for a job that
//!   exists, a success for a COMMIT that never ran.
//! - sqlx does not roll back a transaction if the server has not yet responded to its BEGIN. Statements that the next user
//!   runs outside of a transaction would become part of it, and be lost with it.
//!
//! The ping that sqlx sends before it hands out a connection detects neither.
//!
//! The check costs a round trip. Released connections are therefore checked only after a COPY or a BEGIN of this process
//! was dropped, and from then on until the process ends, since it is unknown which connection that was.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use sqlx::{AssertSqlSafe, PgConnection, Row};

static WAS_DROPPED: AtomicBool = AtomicBool::new(false);

/// A COPY or BEGIN in progress. Records that it was dropped, unless [`end`](UnderWay::end) is called.
pub(crate) struct UnderWay {
    ended: bool,
}

impl UnderWay {
    /// Call before the first message is sent.
    pub(crate) fn start() -> UnderWay {
        UnderWay { ended: false }
    }

    /// Call after the last response was read.
    pub(crate) fn end(mut self) {
        self.ended = true;
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if !self.ended {
            WAS_DROPPED.store(true, Ordering::SeqCst);
        }
    }
}

/// Returns whether a released connection can be reused. Only checks if a COPY or BEGIN was dropped before.
pub(crate) async fn may_be_kept(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    match WAS_DROPPED.load(Ordering::SeqCst) {
        true => is_at_rest(connection).await,
        false => Ok(true),
    }
}

/// Rolls back a transaction that was left open; returns whether the connection is then at rest.
pub(crate) async fn is_at_rest(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    match probe(connection).await? {
        Answer::AtRest => Ok(true),
        Answer::ToAnother => Ok(false),
        Answer::InTransaction => {
            sqlx::raw_sql("ROLLBACK").execute(&mut *connection).await?;
            Ok(probe(connection).await? == Answer::AtRest)
        }
    }
}

#[derive(PartialEq, Eq)]
enum Answer {
    /// The response to this query, outside of any transaction.
    AtRest,
    /// The response to this query, in a transaction that began before it.
    InTransaction,
    /// The response to an earlier query, or no row.
    ToAnother,
}

/// Sends a query with a unique number, to tell its response from those to earlier queries.
async fn probe(connection: &mut PgConnection) -> Result<Answer, sqlx::Error> {
    static SENT: AtomicU64 = AtomicU64::new(0);
    let number = SENT.fetch_add(1, Ordering::Relaxed).to_string();
    let query = sqlx::raw_sql(AssertSqlSafe(format!(
        "SELECT '{number}', transaction_timestamp() = statement_timestamp() AS alone"
    )));
    let Some(row) = query.fetch_optional(connection).await? else { return Ok(Answer::ToAnother) };
    if !row.try_get(0).is_ok_and(|answer: &str| answer == number) {
        return Ok(Answer::ToAnother);
    }
    match row.try_get("alone")? {
        true => Ok(Answer::AtRest),
        false => Ok(Answer::InTransaction),
    }
}
