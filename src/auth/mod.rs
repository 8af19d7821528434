//! Who is asking: the provider's tokens, sign-in, and the secrets that we give out ourselves.
//!
//! Nothing here knows requests to us or the database; `api` and `web` bring them together. No type shows
//! a secret in its `Debug`, and no log line holds one.

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
use crate::domain::job::Owner;

/// Somebody who is known, and by what.
#[derive(Debug, Clone)]
pub(crate) struct Principal {
    /// Whose data they see: every query is bound to it.
    pub owner: Owner,
    /// What they are called, for people who read the audit trail.
    pub name: String,
    /// What they may do.
    pub roles: Roles,
    /// How they showed who they are.
    pub means: Means,
}

/// How somebody showed who they are.
#[derive(Debug, Clone)]
pub(crate) enum Means {
    /// With the token of the local user, or its cookie: no provider is configured.
    Local,
    /// With a token of the provider.
    Bearer,
    /// With an API token, by its id: a machine, not a person.
    ApiToken(i64),
    /// With the cookie of a browser that has signed in.
    Session {
        /// What a script of our own pages sends to show that it is one.
        csrf: Secret,
    },
}

impl Means {
    /// A word for the log.
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
    /// The one user of a server with nothing configured.
    pub(crate) fn local(owner: Owner) -> Principal {
        Principal { name: owner.0.clone(), owner, roles: Roles::ALL, means: Means::Local }
    }

    /// Somebody whom the provider knows.
    pub(crate) fn bearer(identity: Identity) -> Principal {
        let Identity { subject, name, roles, issued_at: _ } = identity;
        Principal { owner: Owner(subject), name, roles, means: Means::Bearer }
    }
}
