//! What every handler works with.

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
use crate::objects::Objects;
use crate::queue::Queue;
use crate::store::OwnerPool;

/// The server's state. Clones share it; its parts are its fields: `app.pool`.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// The parts of the state.
pub struct Parts {
    /// The database, on behalf of the owner who sends a request.
    pub owners: OwnerPool,
    /// The database, for what comes before an owner is known: tokens, sessions, health.
    pub pool: PgPool,
    /// The store of the files.
    pub objects: Objects,
    /// Where jobs to run are sent.
    pub queue: Queue,
    /// Who may use the server.
    pub access: Access,
    /// How much each may ask.
    pub rate_limit: RateLimit,
    /// Reverse proxies that name the client.
    pub proxies: TrustedProxies,
    /// Addresses that send bad credentials.
    pub bad_tokens: BadTokens,
    /// How much is logged of refusals.
    pub refusal_log: RefusalLog,
    /// How long API tokens last.
    pub token_days: TokenDays,
    /// How long a browser's session lasts without a request.
    pub session_idle: Duration,
    /// How much may be under way at once.
    pub ceilings: Arc<Ceilings>,
    /// Who sent which credentials before.
    pub senders: Senders,
    /// How long a request's body may stop.
    pub body_idle_timeout: Duration,
    /// Where browsers reach the server: scheme, host and port.
    pub public_origin: String,
    /// The most bytes of one uploaded file.
    pub upload_limit_bytes: u64,
    /// After how long a request is given up.
    pub request_timeout: Duration,
    /// Cancelled when the server stops: what goes on for long, such as an event stream, ends then.
    pub stopping: CancellationToken,
}

/// Who may use the server.
pub enum Access {
    /// The local user: a loopback address is listened on.
    Local(LocalUser),
    /// Whom an OpenID Connect provider knows.
    Oidc(Box<Provider>),
}

impl App {
    /// The state of these parts.
    pub(crate) fn new(parts: Parts) -> App {
        App(Arc::new(parts))
    }

    /// Whether browsers reach the server by TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.public_origin.starts_with("https://")
    }

    /// The provider, where there is one.
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
