//! A check that a pooled connection is at rest: it answers the question that it is asked, outside of any transaction.
//!
//! sqlx leaves two things behind on a connection whose user is dropped half-way:
//! - It does not count the answers to a COPY, so some of them stay unread, and the connection goes back to the pool one
//!   answer behind. Every later query would then read the answer to an earlier one: somebody else's rows, "there is no
//!   such job", a COMMIT that never was.
//! - It does not roll back a transaction whose BEGIN has not been answered yet. What the next user does outside of a
//!   transaction would be part of that one, and would be lost with it.
//!
//! The ping that sqlx sends before it lends a connection notices neither.
//!
//! The check costs a round trip. Connections that are given back are therefore checked only once a COPY or a BEGIN of this
//! process was dropped, and from then on for as long as the process lives: nothing says which connection it was.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use sqlx::{AssertSqlSafe, PgConnection, Row};

static WAS_DROPPED: AtomicBool = AtomicBool::new(false);

/// A COPY or a BEGIN under way. Notes that it was dropped, unless it is [`end`](UnderWay::end)ed.
pub(crate) struct UnderWay {
    ended: bool,
}

impl UnderWay {
    /// Starts before the first message is sent.
    pub(crate) fn start() -> UnderWay {
        UnderWay { ended: false }
    }

    /// Ends when the last answer is read.
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

/// Returns whether a connection that is given back may go to its next user.
pub(crate) async fn may_be_kept(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    match WAS_DROPPED.load(Ordering::SeqCst) {
        true => is_at_rest(connection).await,
        false => Ok(true),
    }
}

/// Returns whether the connection is at rest, once a transaction that was left open is rolled back.
pub(crate) async fn is_at_rest(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    match ask(connection).await? {
        Answer::AtRest => Ok(true),
        Answer::ToAnother => Ok(false),
        Answer::InTransaction => {
            sqlx::raw_sql("ROLLBACK").execute(&mut *connection).await?;
            Ok(ask(connection).await? == Answer::AtRest)
        }
    }
}

#[derive(PartialEq, Eq)]
enum Answer {
    /// To the question, outside of any transaction.
    AtRest,
    /// To the question, in a transaction that began before it.
    InTransaction,
    /// To an earlier question, or none.
    ToAnother,
}

/// Asks what was never asked before.
async fn ask(connection: &mut PgConnection) -> Result<Answer, sqlx::Error> {
    static ASKED: AtomicU64 = AtomicU64::new(0);
    let question = ASKED.fetch_add(1, Ordering::Relaxed).to_string();
    let query = sqlx::raw_sql(AssertSqlSafe(format!(
        "SELECT '{question}', transaction_timestamp() = statement_timestamp() AS alone"
    )));
    let Some(row) = query.fetch_optional(connection).await? else { return Ok(Answer::ToAnother) };
    if !row.try_get(0).is_ok_and(|answer: &str| answer == question) {
        return Ok(Answer::ToAnother);
    }
    match row.try_get("alone")? {
        true => Ok(Answer::AtRest),
        false => Ok(Answer::InTransaction),
    }
}
