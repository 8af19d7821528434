//! Authentication: the provider's tokens, sign-in, and the secrets that this program issues.
//!
//! Nothing here depends on HTTP requests or the database; `api` and `web` connect them. No type shows a secret in
//! its `Debug`, and no log line contains one.

mod claims;
mod keys;
mod local;
pub(crate) mod oidc;
mod secret;
pub(crate) mod sign_in;

pub(crate) use claims::{Identity, RolesBy};
pub(crate) use local::LocalUser;
pub(crate) use secret::Secret;

pub(crate) use crate::domain::access::{Role, Roles};
use crate::domain::ids::TokenId;
use crate::domain::job::Owner;

/// An authenticated sender, and how they authenticated.
#[derive(Debug, Clone)]
pub(crate) struct Principal {
    /// Whose data they see: every query is bound to it.
    pub owner: Owner,
    /// The name that readers of the audit trail see.
    pub name: String,
    /// What they may do.
    pub roles: Roles,
    /// How they authenticated.
    pub means: Means,
}

/// How a sender authenticated.
#[derive(Debug, Clone)]
pub(crate) enum Means {
    /// By the token or cookie of the local user, on a server without a provider.
    Local,
    /// By an access token of the provider.
    Bearer,
    /// By the API token with this id. Its sender is a machine, not a person.
    ApiToken(TokenId),
    /// By the session cookie of a browser.
    Session {
        /// The value that requests from our own pages contain, to prove their origin.
        csrf: Secret,
    },
}

impl Means {
    /// Returns a word for the log.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Means::Local => "local",
            Means::Bearer => "bearer",
            Means::ApiToken(_) => "api_token",
            Means::Session { .. } => "session",
        }
    }
}

impl Principal {
    /// Returns the only user of a server with nothing configured.
    pub(crate) fn local(owner: Owner) -> Principal {
        Principal { name: owner.0.clone(), owner, roles: Roles::ALL, means: Means::Local }
    }

    /// Returns the name of the person: of an API token, the owner.
    pub(crate) fn person(&self) -> &str {
        match self.means {
            Means::ApiToken(_) => &self.owner.0,
            Means::Local | Means::Bearer | Means::Session { .. } => &self.name,
        }
    }

    /// Returns a user known to the provider.
    pub(crate) fn bearer(identity: Identity) -> Principal {
        let Identity { subject, name, roles, issued_at: _ } = identity;
        Principal { owner: Owner(subject), name, roles, means: Means::Bearer }
    }
}
