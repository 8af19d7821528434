//! Who sent the same credentials before.
//!
//! Lets nobody in: each request asks the database. But whoever floods the server is counted by what is remembered
//! here, and refused before the database is asked; and the requests with the same credentials ask one after the other.
//! So others do not wait for them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum_extra::extract::CookieJar;

use crate::auth::Principal;
use crate::turns::{Turn, Turns};

/// How many credentials are remembered before all are forgotten.
const MOST: usize = 10_000;
/// How many requests with the same credentials look them up at once.
const LOOK_UPS: usize = 1;

/// The hash of a token or a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Credentials([u8; 32]);

impl Credentials {
    /// What a request shows: a token, else the cookie of this name.
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

/// Who sent which credentials.
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
    /// Waits until these may be looked up in the database.
    pub(crate) async fn turn(&self, credentials: &Credentials) -> Turn {
        self.turns.take(credentials).await
    }

    /// Who sent these before.
    pub(crate) fn get(&self, credentials: &Credentials) -> Option<Principal> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(credentials).cloned()
    }

    /// Notes who has sent these, now that the database has said so.
    pub(crate) fn note(&self, credentials: Credentials, principal: &Principal) {
        let mut senders = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if senders.len() >= MOST {
            senders.clear();
        }
        senders.insert(credentials, principal.clone());
    }

    /// Forgets who sent these: they are no longer good.
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
    fn credentials_are_told_apart_and_forgotten() {
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
