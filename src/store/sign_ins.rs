//! `pending_sign_ins` and `browser_sessions`: sign-ins in progress, and sessions of people who are signed in. Reads ignore
//! expired entries; the next insert deletes them.

use std::fmt;
use std::time::Duration;

use sqlx::{PgPool, Row};

use super::{StoreError, interval, sql};
use crate::domain::access::Roles;
use crate::domain::job::Owner;

/// A sign-in in progress: the person was redirected to the provider.
#[derive(Clone)]
pub(crate) struct Pending {
    /// The nonce that the ID token must repeat.
    pub nonce: String,
    /// The code verifier of PKCE, a secret.
    pub verifier: String,
    /// The path of this server to open afterwards.
    pub return_path: String,
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").field("return_path", &self.return_path).finish_non_exhaustive()
    }
}

/// Inserts a sign-in in progress under the hash of its state.
pub(crate) async fn begin(
    pool: &PgPool,
    state_hash: &[u8; 32],
    pending: &Pending,
    lifetime: Duration,
) -> Result<(), StoreError> {
    sql::once_changed(pool, "DELETE FROM pending_sign_ins WHERE pending_expires_at <= now()").await?;
    let query = sql::query(
        "INSERT INTO pending_sign_ins (pending_state_hash, pending_nonce, pending_verifier,
                                       pending_return_path, pending_expires_at)
         VALUES ($1, $2, $3, $4, now() + $5)",
    )
    .bind(state_hash.as_slice())
    .bind(&pending.nonce)
    .bind(&pending.verifier)
    .bind(&pending.return_path)
    .bind(interval(lifetime));
    sql::execute(pool, query).await?;
    Ok(())
}

/// Deletes and returns a sign-in in progress; `None` if it does not exist, was already taken or has expired.
pub(crate) async fn take(pool: &PgPool, state_hash: &[u8; 32]) -> Result<Option<Pending>, StoreError> {
    let query = "DELETE FROM pending_sign_ins WHERE pending_state_hash = $1
         RETURNING pending_nonce, pending_verifier, pending_return_path, pending_expires_at > now() AS live";
    let query = sql::query(query).bind(state_hash.as_slice());
    let Some(row) = sql::fetch(pool, query).await?.pop() else {
        return Ok(None);
    };
    let pending = Pending {
        nonce: row.try_get("pending_nonce")?,
        verifier: row.try_get("pending_verifier")?,
        return_path: row.try_get("pending_return_path")?,
    };
    let live: bool = row.try_get("live")?;
    Ok(live.then_some(pending))
}

/// The session of a person who is signed in.
#[derive(Clone)]
pub(crate) struct BrowserSession {
    /// The owner of the data that they see.
    pub owner: Owner,
    /// Their name.
    pub name: String,
    /// Their roles.
    pub roles: Roles,
    /// The CSRF token that requests from our own pages send.
    pub csrf: String,
}

impl fmt::Debug for BrowserSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrowserSession").field("owner", &self.owner).finish_non_exhaustive()
    }
}

/// Inserts a session under the hash of its cookie.
pub(crate) async fn open(
    pool: &PgPool,
    hash: &[u8; 32],
    session: &BrowserSession,
    lifetime: Duration,
) -> Result<(), StoreError> {
    sql::once_changed(pool, "DELETE FROM browser_sessions WHERE session_expires_at <= now()").await?;
    let query = sql::query(
        "INSERT INTO browser_sessions (session_hash, session_owner, session_name,
                                       session_roles, session_csrf, session_expires_at)
         VALUES ($1, $2, $3, $4, $5, now() + $6)",
    )
    .bind(hash.as_slice())
    .bind(&session.owner.0)
    .bind(&session.name)
    .bind(session.roles.words())
    .bind(&session.csrf)
    .bind(interval(lifetime));
    sql::execute(pool, query).await?;
    Ok(())
}

/// The age of the recorded last use after which it is written again.
const USE_RESOLUTION: &str = "interval '1 minute'";

/// Returns the session of a cookie, unless it has ended or was not used for `idle`. With `activity`, records the use.
pub(crate) async fn find(
    pool: &PgPool,
    hash: &[u8; 32],
    idle: Duration,
    activity: bool,
) -> Result<Option<BrowserSession>, StoreError> {
    let query = sqlx::AssertSqlSafe(format!(
        "SELECT session_owner, session_name, session_roles, session_csrf,
                session_used_at < now() - {USE_RESOLUTION} AS note
         FROM browser_sessions
         WHERE session_hash = $1 AND session_expires_at > now() AND session_used_at > now() - $2"
    ));
    let query = sql::query(query).bind(hash.as_slice()).bind(interval(idle));
    let Some(row) = sql::fetch(pool, query).await?.pop() else { return Ok(None) };
    if activity && row.try_get("note")? {
        let query = "UPDATE browser_sessions SET session_used_at = now() WHERE session_hash = $1";
        sql::execute(pool, sql::query(query).bind(hash.as_slice())).await?;
    }
    let roles: Vec<String> = row.try_get("session_roles")?;
    Ok(Some(BrowserSession {
        owner: Owner(row.try_get("session_owner")?),
        name: row.try_get("session_name")?,
        roles: Roles::from_words(&roles)?,
        csrf: row.try_get("session_csrf")?,
    }))
}

/// Ends a session and returns its owner; `None` if it does not exist.
pub(crate) async fn close(pool: &PgPool, hash: &[u8; 32]) -> Result<Option<Owner>, StoreError> {
    let query = "DELETE FROM browser_sessions WHERE session_hash = $1 RETURNING session_owner";
    let closed = sql::fetch(pool, sql::query(query).bind(hash.as_slice())).await?.pop();
    closed.map(|row| Ok(Owner(row.try_get("session_owner")?))).transpose()
}

/// Ends all sessions of an owner, or of all owners, and returns their number.
pub(crate) async fn close_all(pool: &PgPool, owner: Option<&Owner>) -> Result<u64, StoreError> {
    let query = "DELETE FROM browser_sessions WHERE $1::text IS NULL OR session_owner = $1";
    let query = sql::query(query).bind(owner.map(|owner| &owner.0));
    Ok(sql::execute(pool, query).await?.rows_affected())
}
