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

use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::{AssertSqlSafe, PgConnection, Row};

/// Returns whether the answer to a question that was never asked before is the answer to that question, given in a
/// transaction that began with it.
pub async fn is_at_rest(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    static ASKED: AtomicU64 = AtomicU64::new(0);
    let question = ASKED.fetch_add(1, Ordering::Relaxed).to_string();
    let query = sqlx::raw_sql(AssertSqlSafe(format!(
        "SELECT '{question}', CASE WHEN transaction_timestamp() = statement_timestamp() THEN 'alone' END"
    )));
    let Some(answer) = query.fetch_optional(connection).await? else { return Ok(false) };
    let answers = answer.try_get(0).is_ok_and(|answer: &str| answer == question);
    let is_alone = answer.try_get(1).is_ok_and(|alone: Option<&str>| alone.is_some());
    Ok(answers && is_alone)
}
