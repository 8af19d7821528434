//! The only user of a server without a provider: whoever knows its token, which only that user can read.

use super::{Principal, Secret};
use crate::domain::job::Owner;

/// The local user, and what proves that a request is theirs.
#[derive(Debug)]
pub struct LocalUser {
    principal: Principal,
    token: Secret,
    cookie_name: String,
    cookie: Secret,
}

impl LocalUser {
    /// Returns the user of the server that listens on `port`. Browsers send cookies to every port of a host, so
    /// the name of the cookie contains the port, and its value is derived from the token rather than being the
    /// token.
    pub(crate) fn new(owner: Owner, token: Secret, port: u16) -> LocalUser {
        LocalUser {
            principal: Principal::local(owner),
            cookie: token.derive("data-ingestion-worker 2026-11 cookie of the local user"),
            cookie_name: format!("ingest_local_{port}"),
            token,
        }
    }

    /// Returns the user if `text` is the token.
    pub(crate) fn by_token(&self, text: &str) -> Option<Principal> {
        self.token.is(text).then(|| self.principal.clone())
    }

    /// Returns the user if `value` is that of the cookie.
    pub(crate) fn by_cookie(&self, value: &str) -> Option<Principal> {
        self.cookie.is(value).then(|| self.principal.clone())
    }

    /// Returns the token, to show it to the user.
    pub(crate) fn token(&self) -> &str {
        self.token.expose()
    }

    /// Returns the name of the cookie.
    pub(crate) fn cookie_name(&self) -> &str {
        &self.cookie_name
    }

    /// Returns the value of the cookie. It stays the same after a restart, as long as the token does.
    pub(crate) fn cookie_value(&self) -> &str {
        self.cookie.expose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_outlives_a_restart_and_does_not_reveal_the_token() {
        let user =
            |token: &str, port| LocalUser::new(Owner("ann".to_owned()), Secret::from(token.to_owned()), port);
        let (one, again, other) = (user("a", 1), user("a", 1), user("b", 2));
        assert!(again.by_cookie(one.cookie_value()).is_some() && again.by_token("a").is_some());
        assert!(one.by_token(one.cookie_value()).is_none() && one.by_cookie("a").is_none());
        assert!(one.by_cookie(other.cookie_value()).is_none() && one.by_token("b").is_none());
        assert_ne!(one.cookie_name(), other.cookie_name());
    }
}
