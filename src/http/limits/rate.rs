//! Limits the request rate of each user.

use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::HeaderValue;
use axum::http::header::RETRY_AFTER;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::http::problem::{Kind, Problem};

/// When this many users are remembered, those not seen for long are removed.
const REMEMBERED: usize = 10_000;

/// A limit of requests per second, separate for each user. A burst of one second's worth is allowed.
pub struct RateLimit {
    limiter: DefaultKeyedRateLimiter<String>,
    clock: DefaultClock,
}

impl RateLimit {
    /// Creates a limit of that many requests per second.
    pub(crate) fn per_second(requests: u32) -> RateLimit {
        let quota = Quota::per_second(NonZeroU32::new(requests).unwrap_or(NonZeroU32::MIN));
        RateLimit { limiter: RateLimiter::keyed(quota), clock: DefaultClock::default() }
    }

    /// Counts a request of `who`. Returns a problem with `Retry-After` if it exceeds the limit.
    pub(crate) fn check(&self, who: &str) -> Result<(), Problem> {
        if self.limiter.len() > REMEMBERED {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(&who.to_owned()).map_err(|early| {
            let wait = early.wait_time_from(self.clock.now());
            Problem::new(Kind::TooMany).header(RETRY_AFTER, seconds(wait))
        })
    }
}

/// Returns whole seconds, rounded up: the header allows no fractions.
pub(super) fn seconds(wait: Duration) -> HeaderValue {
    HeaderValue::from(wait.as_millis().div_ceil(1_000).max(1) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_user_has_a_separate_limit() {
        let limit = RateLimit::per_second(2);
        assert!(limit.check("ann").is_ok() && limit.check("ann").is_ok());
        assert_eq!(limit.check("ann").unwrap_err().status().as_u16(), 429);
        assert!(limit.check("bob").is_ok());
    }

    #[test]
    fn waits_are_rounded_up() {
        for (wait, expected) in [(0, "1"), (1, "1"), (1_000, "1"), (1_001, "2")] {
            assert_eq!(seconds(Duration::from_millis(wait)), expected);
        }
    }
}
