//! Limits the log lines about refused requests.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::http::client::Client;

/// Log lines per second and address: a flood of refused requests must not become a flood of lines.
const LINES_PER_SECOND: NonZeroU32 = NonZeroU32::new(10).expect("10 is not zero");

/// When this many addresses are remembered, those not seen for long are removed.
const REMEMBERED: usize = 10_000;

/// Counts log lines by address.
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
    /// Returns how many lines were suppressed before this one, or `None` if this one is suppressed too.
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
