//! `provider_roles`: the roles that the provider last granted each owner, which limit the owner's API tokens.

use sqlx::PgPool;

use super::{StoreError, sql};
use crate::domain::access::Roles;
use crate::domain::job::Owner;

/// Records the roles in a token that the provider issued at `issued_at` (seconds since 1970; now if `None`). Does not
/// replace the roles of a token issued later, so that an old token cannot restore roles that were withdrawn.
pub(crate) async fn record(
    pool: &PgPool,
    owner: &Owner,
    roles: Roles,
    issued_at: Option<i64>,
) -> Result<(), StoreError> {
    // The latest time that is passed to the database: the end of the year 9999. The same token again writes nothing.
    const LATEST: i64 = 253_402_300_799;
    let query = sql::query(
        "WITH said AS (SELECT least(coalesce(to_timestamp($3), now()), now()) AS at)
         INSERT INTO provider_roles (provider_owner, provider_gave, provider_issued_at)
         SELECT $1, $2, at FROM said
         WHERE NOT EXISTS (SELECT FROM provider_roles WHERE provider_owner = $1
                           AND (provider_issued_at > at OR provider_issued_at = at AND provider_gave::text[] = $2))
         ON CONFLICT (provider_owner) DO UPDATE
         SET provider_gave = excluded.provider_gave, provider_issued_at = excluded.provider_issued_at
         WHERE provider_roles.provider_issued_at <= excluded.provider_issued_at",
    )
    .bind(&owner.0)
    .bind(roles.words())
    .bind(issued_at.map(|seconds| seconds.clamp(0, LATEST) as f64));
    sql::execute(pool, query).await?;
    Ok(())
}
