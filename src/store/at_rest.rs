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

/// Returns whether the connection is at rest, once a transaction that was left open is rolled back.
pub async fn is_at_rest(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
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
