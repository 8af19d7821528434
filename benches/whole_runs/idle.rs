//! Waits for an idle machine, so that no measured run competes with something else.

use std::time::Duration;

/// The share of the processors that may be busy.
const BUSY: f64 = 0.05;
/// How long the processors are watched.
const SAMPLE: Duration = Duration::from_secs(1);
/// After so many samples the run starts anyway.
const SAMPLES: u32 = 600;

/// Waits until the processors are idle for a second, for ten minutes at most. Says on standard error that it waits, and that it
/// has given up. Does not wait where `/proc/stat` does not exist.
pub(crate) async fn wait() {
    for sample in 0..SAMPLES {
        let Some(before) = Times::read() else { return };
        tokio::time::sleep(SAMPLE).await;
        let Some(after) = Times::read() else { return };
        if after.busy_since(&before) <= BUSY {
            return;
        }
        if sample == 0 {
            eprintln!("waiting until the machine is idle");
        }
    }
    eprintln!("the machine is still busy; measuring anyway");
}

/// Ticks of all processors since the start of the system.
struct Times {
    idle: u64,
    total: u64,
}

impl Times {
    /// Reads the first line of `/proc/stat`: user, nice, system, idle, waiting for input and output, interrupts, stolen; see
    /// proc(5). Times of guests are part of user times.
    fn read() -> Option<Times> {
        let stat = std::fs::read_to_string("/proc/stat").ok()?;
        let ticks = stat.lines().next()?.split_whitespace().skip(1).take(8);
        let ticks: Vec<u64> = ticks.map(|ticks| ticks.parse().ok()).collect::<Option<_>>()?;
        let [_, _, _, idle, waiting, ..] = ticks[..] else { return None };
        Some(Times { idle: idle + waiting, total: ticks.iter().sum() })
    }

    /// Returns the busy share of the time since `before`.
    fn busy_since(&self, before: &Times) -> f64 {
        let total = self.total.saturating_sub(before.total).max(1);
        1.0 - self.idle.saturating_sub(before.idle) as f64 / total as f64
    }
}
