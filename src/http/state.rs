//! The state that handlers share.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::client::TrustedProxies;
use super::limits::{BadTokens, Ceilings, RateLimit, RefusalLog, Senders};
use crate::auth::LocalUser;
use crate::auth::oidc::Provider;
use crate::domain::access::TokenDays;
use crate::domain::required::RequiredFields;
use crate::objects::Objects;
use crate::queue::Queue;
use crate::store::OwnerPool;

/// The server's state. Clones share it, and its parts are accessible as fields: `app.pool`.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// The parts of the state.
pub struct Parts {
    /// The database, on behalf of the owner who sends a request.
    pub owners: OwnerPool,
    /// The database, before an owner is known: for tokens, sessions, health.
    pub pool: PgPool,
    /// The store of the files.
    pub objects: Objects,
    /// The queue for jobs to run.
    pub queue: Queue,
    /// Who may use the server.
    pub access: Access,
    /// Request rate per user.
    pub rate_limit: RateLimit,
    /// Trusted reverse proxies, which name the client.
    pub proxies: TrustedProxies,
    /// Addresses that send invalid credentials.
    pub bad_tokens: BadTokens,
    /// Limits log lines about refusals.
    pub refusal_log: RefusalLog,
    /// Lifetime of API tokens.
    pub token_days: TokenDays,
    /// How long a browser session lasts without a request.
    pub session_idle: Duration,
    /// Limits on concurrency.
    pub ceilings: Arc<Ceilings>,
    /// Who sent which credentials before.
    pub senders: Senders,
    /// How long a request's body may pause.
    pub body_idle_timeout: Duration,
    /// URL at which browsers reach the server: scheme, host and port.
    pub public_origin: String,
    /// Maximum size of an uploaded file in bytes.
    pub upload_limit_bytes: u64,
    /// The fields that contacts must have.
    pub required: RequiredFields,
    /// Time limit of a request.
    pub request_timeout: Duration,
    /// Cancelled when the server stops, so that long responses such as event streams end.
    pub stopping: CancellationToken,
}

/// Who may use the server.
pub enum Access {
    /// The local user; the server listens on a loopback address only.
    Local(LocalUser),
    /// Users of an OpenID Connect provider.
    Oidc(Box<Provider>),
}

impl App {
    /// Creates the state from its parts.
    pub(crate) fn new(parts: Parts) -> App {
        App(Arc::new(parts))
    }

    /// Returns whether browsers reach the server over TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.public_origin.starts_with("https://")
    }

    /// Returns the provider, if there is one.
    pub(crate) fn provider(&self) -> Option<&Provider> {
        match &self.access {
            Access::Local(_) => None,
            Access::Oidc(provider) => Some(provider),
        }
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
