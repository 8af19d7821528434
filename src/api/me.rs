//! Who the server takes the caller for.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::auth::{Means, Role, Roles};
use crate::http::Reader;

/// A role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RoleName {
    /// Uploads files and asks for another run.
    Uploader,
    /// Resolves issues, edits rows, deletes.
    Editor,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Uploader => Role::Uploader,
            RoleName::Editor => Role::Editor,
        }
    }
}

/// The names of roles.
pub(crate) fn role_names(roles: Roles) -> Vec<RoleName> {
    let name = |role| match role {
        Role::Uploader => RoleName::Uploader,
        Role::Editor => RoleName::Editor,
    };
    roles.iter().map(name).collect()
}

/// How somebody showed who they are.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Via {
    /// The token of the local user, or its cookie.
    Local,
    /// A token of the provider.
    Bearer,
    /// An API token.
    ApiToken,
    /// A browser that has signed in.
    Session,
}

/// Who the caller is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Me {
    /// Whose data they see: the subject of their token.
    owner: String,
    /// What they are called.
    name: String,
    /// What they may do.
    roles: Vec<RoleName>,
    via: Via,
    /// What a script of our own pages sends as `X-CSRF-Token`; of a browser that has signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    csrf_token: Option<String>,
}

/// Who the server takes the caller for.
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
