//! A check that a pooled connection answers the question that it is asked.
//!
//! sqlx does not count the answers to a COPY, so a COPY that is dropped half-way leaves some of them unread, and the
//! connection goes back to the pool one answer behind. Every later query would then read the answer to an earlier one:
//! somebody else's rows, "there is no such job", a COMMIT that never was. The ping that sqlx sends before it lends a
//! connection does not notice; this does.

use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::{AssertSqlSafe, PgConnection, Row};

/// Whether the answer to a question that was never asked before is the answer to that question.
pub async fn answers_in_turn(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    static ASKED: AtomicU64 = AtomicU64::new(0);
    let question = ASKED.fetch_add(1, Ordering::Relaxed).to_string();
    let query = sqlx::raw_sql(AssertSqlSafe(format!("SELECT '{question}'")));
    let answer = query.fetch_optional(connection).await?;
    Ok(answer.is_some_and(|answer| answer.try_get(0).is_ok_and(|answer: &str| answer == question)))
}
