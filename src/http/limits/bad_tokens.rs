//! Limits invalid credentials per address: an address that sends too many is refused before anything is looked up.
//!
//! Nobody guesses 256 random bits; the limit keeps forged tokens from costing a query, a signature check or a log
//! line each. While an address is blocked, its valid tokens are refused too, since checking them is what costs.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::header::RETRY_AFTER;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::rate::seconds;
use crate::domain::refusal::Refusal;
use crate::http::client::Client;
use crate::http::problem::{Kind, Problem};

/// The budget of an address per minute; all of it may be spent at once.
const PER_MINUTE: NonZeroU32 = NonZeroU32::new(600).expect("600 is not zero");

/// When this many addresses are remembered, those not seen for long are removed.
const REMEMBERED: usize = 10_000;

/// A kind of invalid credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bad {
    /// A bearer token: 60 per minute.
    Token,
    /// A cookie: 600 per minute. Every morning, each browser of an office sends an expired one.
    Cookie,
}

impl Bad {
    fn cost(self) -> NonZeroU32 {
        match self {
            Bad::Token => NonZeroU32::new(10).unwrap_or(NonZeroU32::MIN),
            Bad::Cookie => NonZeroU32::MIN,
        }
    }
}

/// Counts invalid credentials by address.
pub struct BadTokens {
    budget: DefaultKeyedRateLimiter<IpAddr>,
    clock: DefaultClock,
    blocked_until: Mutex<HashMap<IpAddr, Instant>>,
}

impl Default for BadTokens {
    fn default() -> Self {
        BadTokens {
            budget: RateLimiter::keyed(Quota::per_minute(PER_MINUTE)),
            clock: DefaultClock::default(),
            blocked_until: Mutex::default(),
        }
    }
}

impl BadTokens {
    /// Returns a problem while the client's address is over the limit.
    pub(crate) fn check(&self, client: &Client) -> Result<(), Problem> {
        let mut blocked = self.blocked_until.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(until) = blocked.get(&client.network()) else { return Ok(()) };
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            blocked.remove(&client.network());
            return Ok(());
        }
        Err(Problem::because(Kind::TooMany, Refusal::BadTokens).header(RETRY_AFTER, seconds(left)))
    }

    /// Counts invalid credentials from the client.
    pub(crate) fn count(&self, client: &Client, bad: Bad) {
        let network = client.network();
        if self.budget.len() > REMEMBERED {
            self.budget.retain_recent();
        }
        // Costs are far below the budget, so waiting always helps.
        let Ok(Err(early)) = self.budget.check_key_n(&network, bad.cost()) else { return };
        let wait = early.wait_time_from(self.clock.now()).max(Duration::from_secs(1));
        let mut blocked = self.blocked_until.lock().unwrap_or_else(PoisonError::into_inner);
        if blocked.len() > REMEMBERED {
            let now = Instant::now();
            blocked.retain(|_, until| *until > now);
        }
        blocked.insert(network, Instant::now() + wait);
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::extract::ConnectInfo;
    use axum::http::{Extensions, HeaderMap, header};

    use super::*;
    use crate::http::client::TrustedProxies;

    fn client(address: &str) -> Client {
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::new(address.parse().unwrap(), 1)));
        Client::new(&TrustedProxies::new(Vec::new(), header::FORWARDED), &extensions, &HeaderMap::new())
    }

    #[test]
    fn only_an_address_that_sends_too_many_is_refused() {
        let bad = BadTokens::default();
        let (one, same_network) = (client("2001:db8::1"), client("2001:db8::ffff:1"));
        for _ in 0..60 {
            bad.count(&one, Bad::Token);
            assert!(bad.check(&one).is_ok());
        }
        bad.count(&one, Bad::Token);
        let problem = bad.check(&one).unwrap_err();
        assert_eq!(problem.status().as_u16(), 429);
        assert!(bad.check(&same_network).is_err());
        assert!(bad.check(&client("2001:db8:0:1::1")).is_ok() && bad.check(&client("192.0.2.1")).is_ok());
    }

    #[test]
    fn expired_cookies_cost_less() {
        let (bad, office) = (BadTokens::default(), client("192.0.2.1"));
        for _ in 0..500 {
            bad.count(&office, Bad::Cookie);
        }
        assert!(bad.check(&office).is_ok());
    }
}
