//! Limits log lines about trouble that comes in floods.

use std::time::{Duration, Instant};

/// Minimum time between two log lines about the same trouble.
const LOG_INTERVAL: Duration = Duration::from_secs(10);

/// Lets one log line through per interval, and counts the occurrences that it stands for.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    last: Option<Instant>,
    times: u64,
}

impl Throttle {
    /// Counts an occurrence. Returns the number of occurrences since the last line if another line is due.
    pub(crate) fn due(&mut self) -> Option<u64> {
        self.times += 1;
        if self.last.is_some_and(|last| last.elapsed() < LOG_INTERVAL) {
            return None;
        }
        self.last = Some(Instant::now());
        Some(std::mem::take(&mut self.times))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_trouble_is_logged_once_per_interval() {
        let mut throttle = Throttle::default();
        assert_eq!(throttle.due(), Some(1));
        assert_eq!((throttle.due(), throttle.due()), (None, None));
        throttle.last = Instant::now().checked_sub(LOG_INTERVAL);
        assert_eq!(throttle.due(), Some(3));
    }
}
