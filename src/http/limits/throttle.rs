//! Log lines about trouble that comes in floods.

use std::time::{Duration, Instant};

/// The shortest time between two log lines about the same trouble.
const LOG_INTERVAL: Duration = Duration::from_secs(10);

/// Lets one log line through in a while, and counts what it stands for.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    last: Option<Instant>,
    times: u64,
}

impl Throttle {
    /// Counts an occurrence; the number of them since the last line, if another is due.
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
    fn the_same_trouble_is_logged_once_in_a_while() {
        let mut throttle = Throttle::default();
        assert_eq!(throttle.due(), Some(1));
        assert_eq!((throttle.due(), throttle.due()), (None, None));
        throttle.last = Instant::now().checked_sub(LOG_INTERVAL);
        assert_eq!(throttle.due(), Some(3));
    }
}
