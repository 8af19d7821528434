//! Logs receives that fail one after another: one line at first, one a minute with their number, and one at the end.

use std::time::{Duration, Instant};

use crate::queue::QueueError;

/// The least time between two lines of an outage.
const LOG_EVERY: Duration = Duration::from_secs(60);

/// Receives that have failed since the last one that worked.
#[derive(Debug, Default)]
pub(super) struct Outage(Option<Failing>);

#[derive(Debug)]
struct Failing {
    began: Instant,
    logged: Instant,
    failures: u64,
}

/// A line of the log.
#[derive(Debug, PartialEq, Eq)]
enum Line {
    First,
    Still { failures: u64, seconds: u64 },
}

impl Outage {
    /// Counts a failure, and logs it if no line of the last minute has.
    pub(super) fn failed(&mut self, error: &QueueError) {
        let advice = error.advice();
        match self.count(Instant::now()) {
            Some(Line::First) => {
                tracing::warn!(%error, advice, "receive failed; retrying");
            }
            Some(Line::Still { failures, seconds }) => {
                tracing::warn!(%error, advice, failures, seconds, "receives still fail; retrying");
            }
            None => {}
        }
    }

    /// Ends the outage, if there is one.
    pub(super) fn end(&mut self) {
        if let Some(Failing { began, failures, .. }) = self.0.take() {
            let seconds = began.elapsed().as_secs();
            tracing::info!(failures, seconds, "receive works again");
        }
    }

    /// Counts a failure, and returns the line to log, if any.
    fn count(&mut self, now: Instant) -> Option<Line> {
        let Some(failing) = &mut self.0 else {
            self.0 = Some(Failing { began: now, logged: now, failures: 1 });
            return Some(Line::First);
        };
        failing.failures += 1;
        if now.duration_since(failing.logged) < LOG_EVERY {
            return None;
        }
        failing.logged = now;
        let seconds = now.duration_since(failing.began).as_secs();
        Some(Line::Still { failures: failing.failures, seconds })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_logged_at_first_and_then_once_a_minute() {
        let (mut outage, began) = (Outage::default(), Instant::now());
        let lines: Vec<(u64, Line)> = (0..150)
            .filter_map(|second| Some((second, outage.count(began + Duration::from_secs(second))?)))
            .collect();
        let still = |failures, seconds| (seconds, Line::Still { failures, seconds });
        assert_eq!(lines, [(0, Line::First), still(61, 60), still(121, 120)]);
        outage.end();
        assert_eq!(outage.count(began + Duration::from_secs(150)), Some(Line::First));
    }
}
