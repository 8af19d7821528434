//! The caller's API tokens for machines. A token is shown once and can be revoked at any time.

use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::me::{RoleName, role_names};
use crate::auth::{Role, Roles, Secret};
use crate::domain::access::TokenDays;
use crate::domain::ids::TokenId;
use crate::http::{App, Client, Json, Kind, Path, Person, Problem, ProblemBody, Reader};
use crate::store::api_tokens;

/// A token without its secret, which is not stored.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ApiToken {
    #[schema(value_type = i64)]
    id: TokenId,
    /// Its name.
    name: String,
    /// Its roles: those for which it was created and which its owner has according to the provider's last token.
    roles: Vec<RoleName>,
    created_at: DateTime<Utc>,
    /// When it expires.
    expires_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    last_used_at: Option<DateTime<Utc>>,
    /// When its owner revoked it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    revoked_at: Option<DateTime<Utc>>,
}

impl ApiToken {
    fn new(token: api_tokens::ApiToken, app: &App) -> ApiToken {
        ApiToken {
            roles: role_names(token.roles_now(app.provider().is_some())),
            id: token.id,
            name: token.name,
            created_at: token.created_at,
            expires_at: token.expires_at,
            last_used_at: token.last_used_at,
            revoked_at: token.revoked_at,
        }
    }
}

/// A token to create.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewToken {
    /// Name of the token.
    #[schema(min_length = 1, max_length = 100, pattern = r"^[^\x00-\x20\x7f-\xa0][^\x00-\x1f\x7f-\x9f]*$")]
    name: String,
    /// Its roles, which must be among the caller's.
    roles: Vec<RoleName>,
    /// Days until it expires. Defaults to 90 unless the server has another default or a lower maximum.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 365)]
    expires_in_days: Option<u32>,
}

/// A token just created.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MadeToken {
    #[serde(flatten)]
    token: ApiToken,
    /// The token itself, to be sent as `Authorization: Bearer`. It is shown only once.
    secret: String,
}

/// Lists the caller's tokens, newest first, including expired and revoked ones.
#[utoipa::path(get, path = "/tokens", tag = "access",
    responses((status = 200, description = "The tokens", body = Vec<ApiToken>)))]
pub(super) async fn list_tokens(
    Reader(principal): Reader,
    State(app): State<App>,
) -> Result<axum::Json<Vec<ApiToken>>, Problem> {
    let tokens = api_tokens::list(&app.pool, Some(&principal.owner)).await?;
    Ok(axum::Json(tokens.into_iter().map(|token| ApiToken::new(token, &app)).collect()))
}

/// Creates a token. API tokens cannot create tokens.
#[utoipa::path(post, path = "/tokens", tag = "access", request_body = NewToken,
    responses(
        (status = 201, description = "The token, with its secret", body = MadeToken,
            headers(("Location" = String, description = "The token's path"))),
        (status = 409, description = "Too many tokens", body = ProblemBody,
            content_type = "application/problem+json")))]
pub(super) async fn create_token(
    Person(principal): Person,
    State(app): State<App>,
    axum::Extension(client): axum::Extension<Client>,
    Json(new): Json<NewToken>,
) -> Result<Response, Problem> {
    let (name, roles, lifetime) = checked(&new, principal.roles, app.token_days)?;
    let secret = Secret::random_api_token();
    let made = api_tokens::insert(&app.pool, &principal.owner, name, &secret.hash(), roles, lifetime).await?;
    let token = made.ok_or_else(|| Problem::conflict("there are too many tokens already; revoke some"))?;
    let (owner, address) = (&principal.owner, client.address());
    tracing::info!(%owner, %address, token_id = token.id.0, "API token created");
    let location = format!("/api/v1/tokens/{}", token.id);
    let made = MadeToken { token: ApiToken::new(token, &app), secret: secret.expose().to_owned() };
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], axum::Json(made)).into_response())
}

/// Revokes a token immediately.
#[utoipa::path(delete, path = "/tokens/{id}", tag = "access",
    params(("id" = i64, Path, description = "The token's id")),
    responses(
        (status = 204, description = "The token is revoked"),
        (status = 404, description = "The caller has no such token", body = ProblemBody,
            content_type = "application/problem+json")))]
pub(super) async fn revoke_token(
    Person(principal): Person,
    State(app): State<App>,
    axum::Extension(client): axum::Extension<Client>,
    Path(id): Path<TokenId>,
) -> Result<StatusCode, Problem> {
    match api_tokens::revoke(&app.pool, &principal.owner, id).await? {
        true => {
            let (owner, address) = (&principal.owner, client.address());
            tracing::info!(%owner, %address, token_id = id.0, "API token revoked");
            Ok(StatusCode::NO_CONTENT)
        }
        false => Err(Problem::not_found(format!("you have no token {id}"))),
    }
}

/// Validates a new token. The problem lists every invalid value.
fn checked(new: &NewToken, most: Roles, days: TokenDays) -> Result<(&str, Roles, Duration), Problem> {
    let name = new.name.trim();
    let roles: Roles = new.roles.iter().copied().map(Role::from).collect();
    let mut wrong: Vec<(&str, String)> = Vec::new();
    if name.is_empty() || name.chars().count() > 100 || name.contains(char::is_control) {
        wrong.push(("#/name", "takes 1 to 100 characters, none of them a control character".to_owned()));
    }
    if !roles.within(most) {
        wrong.push(("#/roles", format!("you may give no more than you have: {}", most.words().join(", "))));
    }
    let lifetime = days.lifetime(new.expires_in_days);
    if lifetime.is_none() {
        wrong.push(("#/expires_in_days", format!("takes 1 to {}", days.max)));
    }
    if let (Some(lifetime), true) = (lifetime, wrong.is_empty()) {
        return Ok((name, roles, lifetime));
    }
    let problem = Problem::new(Kind::Invalid);
    Err(wrong.into_iter().fold(problem, |problem, (pointer, words)| problem.at(pointer, words)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_only_roles_of_its_creator() {
        let new = |name: &str, roles: &[RoleName], days| NewToken {
            name: name.to_owned(),
            roles: roles.to_vec(),
            expires_in_days: days,
        };
        let uploader = Roles::default().with(Role::Uploader);
        let days = TokenDays { default: 90, max: 100 };
        let good = new(" nightly ", &[RoleName::Uploader], Some(2));
        let expected = ("nightly", uploader, Duration::from_secs(172_800));
        assert_eq!(checked(&good, uploader, days).unwrap(), expected);
        let defaults = new("a", &[], None);
        assert_eq!(checked(&defaults, uploader, days).unwrap().2, days.lifetime(Some(90)).unwrap());
        for wrong in [Some(0), Some(101)] {
            let bad = new(" ", &[RoleName::Editor], wrong);
            let problem = checked(&bad, uploader, days).unwrap_err().body();
            for pointer in ["#/name", "#/roles", "#/expires_in_days"] {
                assert!(problem.contains(pointer), "{problem}");
            }
        }
        assert!(checked(&new("a\u{0}", &[], None), uploader, days).is_err());
    }
}
