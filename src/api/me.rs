//! The authenticated caller.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::auth::{Means, Role, Roles};
use crate::http::Reader;

/// A role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RoleName {
    /// Uploads files and requests runs.
    Uploader,
    /// Resolves issues, edits rows, deletes.
    Editor,
    /// Operates what all owners share; the API has nothing that needs it.
    Operator,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Uploader => Role::Uploader,
            RoleName::Editor => Role::Editor,
            RoleName::Operator => Role::Operator,
        }
    }
}

/// Returns the names of roles.
pub(crate) fn role_names(roles: Roles) -> Vec<RoleName> {
    let name = |role| match role {
        Role::Uploader => RoleName::Uploader,
        Role::Editor => RoleName::Editor,
        Role::Operator => RoleName::Operator,
    };
    roles.iter().map(name).collect()
}

/// The means of authentication.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Via {
    /// The token of the local user, or its cookie.
    Local,
    /// A token of the OpenID Connect provider.
    Bearer,
    /// An API token.
    ApiToken,
    /// The session of a browser.
    Session,
}

/// The authenticated caller.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Me {
    /// The owner of the data that the caller sees: the subject of the token.
    owner: String,
    /// The caller's name.
    name: String,
    /// The caller's roles.
    roles: Vec<RoleName>,
    via: Via,
    /// The value of `X-CSRF-Token` for scripts of this server's pages; only for sessions.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    csrf_token: Option<String>,
}

/// Returns the authenticated caller.
#[utoipa::path(get, path = "/me", tag = "access",
    responses((status = 200, description = "The caller", body = Me)))]
pub(super) async fn get_me(Reader(principal): Reader) -> axum::Json<Me> {
    let (via, csrf_token) = match principal.means {
        Means::Local => (Via::Local, None),
        Means::Bearer => (Via::Bearer, None),
        Means::ApiToken(_) => (Via::ApiToken, None),
        Means::Session { csrf } => (Via::Session, Some(csrf.expose().to_owned())),
    };
    let roles = role_names(principal.roles);
    axum::Json(Me { owner: principal.owner.0, name: principal.name, roles, via, csrf_token })
}
