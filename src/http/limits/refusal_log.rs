//! How much is logged of refused requests.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::http::client::Client;

/// Lines a second of one address; a flood of refused requests must not become a flood of lines.
const LINES_PER_SECOND: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// How many addresses are remembered before those are forgotten that have not been seen for long.
const REMEMBERED: usize = 10_000;

/// How much is logged of each address.
pub struct RefusalLog {
    lines: DefaultKeyedRateLimiter<IpAddr>,
    skipped: AtomicU64,
}

impl Default for RefusalLog {
    fn default() -> Self {
        let lines = RateLimiter::keyed(Quota::per_second(LINES_PER_SECOND));
        RefusalLog { lines, skipped: AtomicU64::new(0) }
    }
}

impl RefusalLog {
    /// Whether a line may be written; if so, how many were not before it.
    pub(crate) fn admit(&self, client: &Client) -> Option<u64> {
        if self.lines.len() > REMEMBERED {
            self.lines.retain_recent();
        }
        match self.lines.check_key(&client.network()) {
            Ok(()) => Some(self.skipped.swap(0, Ordering::Relaxed)),
            Err(_) => {
                self.skipped.fetch_add(1, Ordering::Relaxed);
                None
            }
        }
    }
}
