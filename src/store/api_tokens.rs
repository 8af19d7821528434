//! `api_tokens`: tokens for the API. Only the hash of a token's secret is stored.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};

use super::{StoreError, interval, sql};
use crate::domain::access::Roles;
use crate::domain::ids::TokenId;
use crate::domain::job::Owner;

/// A token as its owner sees it.
#[derive(Debug, Clone)]
pub(crate) struct ApiToken {
    /// `token_id`.
    pub id: TokenId,
    /// The owner of the data that it gives access to.
    pub owner: Owner,
    /// The name that its owner chose.
    pub name: String,
    /// The roles that it was created with.
    pub roles: Roles,
    /// The roles that the provider last granted its owner; `None` if none are recorded.
    pub owner_roles: Option<Roles>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it expires.
    pub expires_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

impl ApiToken {
    /// Returns the current roles. With `by_provider`, which says that a provider grants roles, they never exceed the roles
    /// that the provider last granted the owner.
    pub(crate) fn roles_now(&self, by_provider: bool) -> Roles {
        match self.owner_roles {
            Some(most) if by_provider => self.roles.and(most),
            _ => self.roles,
        }
    }
}

/// The most active tokens that an owner can have at once.
pub(crate) const MOST_LIVE: i64 = 100;

/// The most tokens that are listed.
const MOST_LISTED: i64 = 1_000;

/// The age of the recorded last use after which it is written again.
const USE_RESOLUTION: &str = "interval '1 minute'";

const COLUMNS: &str = "token_id, token_owner, token_name, token_roles, token_created_at, token_expires_at,
    token_last_used_at, token_revoked_at,
    (SELECT provider_gave FROM provider_roles WHERE provider_owner = token_owner) AS owner_roles";

fn token(row: &PgRow) -> Result<ApiToken, StoreError> {
    let roles: Vec<String> = row.try_get("token_roles")?;
    let owner_roles: Option<Vec<String>> = row.try_get("owner_roles")?;
    Ok(ApiToken {
        id: row.try_get("token_id")?,
        owner: Owner(row.try_get("token_owner")?),
        name: row.try_get("token_name")?,
        roles: Roles::from_words(&roles)?,
        owner_roles: owner_roles.as_deref().map(Roles::from_words).transpose()?,
        created_at: row.try_get("token_created_at")?,
        expires_at: row.try_get("token_expires_at")?,
        last_used_at: row.try_get("token_last_used_at")?,
        revoked_at: row.try_get("token_revoked_at")?,
    })
}

/// Inserts a token that expires after `lifetime`; returns `None` if the owner already has [`MOST_LIVE`] active tokens.
pub(crate) async fn insert(
    pool: &PgPool,
    owner: &Owner,
    name: &str,
    hash: &[u8; 32],
    roles: Roles,
    lifetime: Duration,
) -> Result<Option<ApiToken>, StoreError> {
    let query = sqlx::AssertSqlSafe(format!(
        "INSERT INTO api_tokens (token_owner, token_name, token_hash, token_roles, token_expires_at)
         SELECT $1, $2, $3, $4, now() + $5
         WHERE (
             SELECT count(*) FROM api_tokens
             WHERE token_owner = $1 AND token_revoked_at IS NULL AND token_expires_at > now()) < $6
         RETURNING {COLUMNS}"
    ));
    let query = sql::query(query)
        .bind(&owner.0)
        .bind(name)
        .bind(hash.as_slice())
        .bind(roles.words())
        .bind(interval(lifetime))
        .bind(MOST_LIVE);
    sql::fetch(pool, query).await?.first().map(token).transpose()
}

/// Returns the token with this hash of its secret, unless it has expired or was revoked. Records the use.
pub(crate) async fn find(pool: &PgPool, hash: &[u8; 32]) -> Result<Option<ApiToken>, StoreError> {
    let query = sqlx::AssertSqlSafe(format!(
        "SELECT {COLUMNS}, coalesce(token_last_used_at < now() - {USE_RESOLUTION}, true) AS note
         FROM api_tokens WHERE token_hash = $1 AND token_revoked_at IS NULL AND token_expires_at > now()"
    ));
    let Some(row) = sql::fetch(pool, sql::query(query).bind(hash.as_slice())).await?.pop() else {
        return Ok(None);
    };
    let token = token(&row)?;
    if row.try_get("note")? {
        let query = "UPDATE api_tokens SET token_last_used_at = now() WHERE token_id = $1";
        sql::execute(pool, sql::query(query).bind(token.id)).await?;
    }
    Ok(Some(token))
}

/// Returns an owner's tokens, or those of all owners, newest first, including expired and revoked ones.
pub(crate) async fn list(pool: &PgPool, owner: Option<&Owner>) -> Result<Vec<ApiToken>, StoreError> {
    let query = sqlx::AssertSqlSafe(format!(
        "SELECT {COLUMNS} FROM api_tokens WHERE ($1::text IS NULL OR token_owner = $1)
         ORDER BY token_id DESC LIMIT {MOST_LISTED}"
    ));
    let rows = sql::fetch(pool, sql::query(query).bind(owner.map(|owner| &owner.0))).await?;
    rows.iter().map(token).collect()
}

/// Revokes a token of the owner; returns whether the token exists. Revoking it again does not change the recorded time.
pub(crate) async fn revoke(pool: &PgPool, owner: &Owner, id: TokenId) -> Result<bool, StoreError> {
    let query = "UPDATE api_tokens SET token_revoked_at = coalesce(token_revoked_at, now())
         WHERE token_owner = $1 AND token_id = $2";
    let query = sql::query(query).bind(&owner.0).bind(id);
    Ok(sql::execute(pool, query).await?.rows_affected() > 0)
}

/// Revokes all active tokens of an owner, or of all owners, and returns their number.
pub(crate) async fn revoke_all(pool: &PgPool, owner: Option<&Owner>) -> Result<u64, StoreError> {
    let query = "UPDATE api_tokens SET token_revoked_at = now()
         WHERE token_revoked_at IS NULL AND token_expires_at > now() AND ($1::text IS NULL OR token_owner = $1)";
    let query = sql::query(query).bind(owner.map(|owner| &owner.0));
    Ok(sql::execute(pool, query).await?.rows_affected())
}
