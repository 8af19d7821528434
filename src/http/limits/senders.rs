//! Remembers who sent the same credentials before.
//!
//! This does not authenticate: each request still asks the database. But it lets requests of a client that floods
//! the server be counted and refused before they reach the database, and requests with the same credentials look
//! them up one after the other. So other clients do not have to wait.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum_extra::extract::CookieJar;

use crate::auth::Principal;
use crate::turns::{Turn, Turns};

/// Maximum number of credentials to remember; beyond it all are removed.
const MOST: usize = 10_000;
/// Maximum number of concurrent look-ups of the same credentials.
const LOOK_UPS: usize = 1;

/// The hash of a token or a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Credentials([u8; 32]);

impl Credentials {
    /// Returns the credentials of a request: its token, else the cookie of this name.
    pub(crate) fn of(headers: &HeaderMap, cookie: &str) -> Option<Credentials> {
        let hash = |kind: &[u8], value: &[u8]| {
            Credentials(*blake3::Hasher::new().update(kind).update(value).finalize().as_bytes())
        };
        match headers.get(AUTHORIZATION) {
            Some(token) => Some(hash(b"token ", token.as_bytes())),
            None => CookieJar::from_headers(headers)
                .get(cookie)
                .map(|value| hash(b"cookie ", value.value().as_bytes())),
        }
    }
}

/// Remembers who sent which credentials.
pub struct Senders {
    known: Mutex<HashMap<Credentials, Principal>>,
    turns: Turns<Credentials>,
}

impl Default for Senders {
    fn default() -> Self {
        Senders { known: Mutex::default(), turns: Turns::new(LOOK_UPS) }
    }
}

impl Senders {
    /// Waits until these credentials may be looked up in the database.
    pub(crate) async fn turn(&self, credentials: &Credentials) -> Turn {
        self.turns.take(credentials).await
    }

    /// Returns who sent these credentials before.
    pub(crate) fn get(&self, credentials: &Credentials) -> Option<Principal> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(credentials).cloned()
    }

    /// Remembers who sent these credentials, after the database has confirmed it.
    pub(crate) fn note(&self, credentials: Credentials, principal: &Principal) {
        let mut senders = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if senders.len() >= MOST {
            senders.clear();
        }
        senders.insert(credentials, principal.clone());
    }

    /// Removes credentials that are no longer valid.
    pub(crate) fn forget(&self, credentials: &Credentials) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(credentials);
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use axum::http::header::COOKIE;

    use super::*;
    use crate::domain::job::Owner;

    #[test]
    fn credentials_are_distinguished_and_forgotten() {
        let of = |name, value: &'static str| {
            Credentials::of(&HeaderMap::from_iter([(name, HeaderValue::from_static(value))]), "session")
        };
        let (token, cookie) = (of(AUTHORIZATION, "a").unwrap(), of(COOKIE, "session=a").unwrap());
        assert!(token != cookie && of(COOKIE, "other=a").is_none());
        let senders = Senders::default();
        senders.note(token, &Principal::local(Owner("ann".to_owned())));
        assert_eq!(senders.get(&token).unwrap().owner.0, "ann");
        assert!(senders.get(&cookie).is_none());
        senders.forget(&token);
        assert!(senders.get(&token).is_none());
    }
}
