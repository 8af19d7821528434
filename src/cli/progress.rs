//! Progress on stderr: a bar on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressState, ProgressStyle};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::output::counted_in_groups;
use crate::domain::progress::{Phase, Progress};

/// How often a plain line is printed.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

fn words(phase: Phase) -> &'static str {
    match phase {
        Phase::Reading => "reading",
        Phase::Waiting => "waiting for another import",
        Phase::Comparing => "comparing",
        Phase::Saving => "saving",
        Phase::Indexing => "indexing",
        Phase::Checking => "checking",
        Phase::Importing => "importing",
        Phase::Finishing => "finishing",
    }
}

/// Shows progress until `done`.
pub(crate) async fn show(label: String, progress: watch::Receiver<Progress>, done: CancellationToken) {
    match std::io::stderr().is_terminal() {
        true => bar(label, progress, done).await,
        false => lines(label, progress, done).await,
    }
}

async fn bar(label: String, mut progress: watch::Receiver<Progress>, done: CancellationToken) {
    let bar = ProgressBar::new(0);
    bar.set_prefix(label);
    let mut shown = None;
    loop {
        let now = *progress.borrow_and_update();
        let form = (now.phase, Counts::of(now));
        if shown.replace(form) != Some(form) {
            bar.reset();
            bar.set_message(words(now.phase));
            bar.set_style(style(form.1.template()));
        }
        bar.set_length(now.total_rows.unwrap_or(now.rows));
        bar.set_position(now.rows);
        tokio::select! {
            () = done.cancelled() => break,
            changed = progress.changed() => if changed.is_err() { break },
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bar.finish_and_clear();
}

/// What is known about the rows of a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counts {
    Nothing,
    Done,
    DoneOfAll,
}

impl Counts {
    fn of(now: Progress) -> Counts {
        match now.total_rows {
            Some(_) => Counts::DoneOfAll,
            None if now.rows > 0 => Counts::Done,
            None => Counts::Nothing,
        }
    }

    fn template(self) -> &'static str {
        match self {
            Counts::Nothing => "{prefix} {spinner} {msg}",
            Counts::Done => "{prefix} {spinner} {msg} {rows}, {rate}",
            Counts::DoneOfAll => "{prefix} {msg} {wide_bar} {rows_of_all}, {rate}, {eta} left",
        }
    }
}

/// Returns the style of a template, or the default bar if indicatif rejects the template.
fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    // Writing to the bar's own buffer cannot fail usefully: there is nobody to report to.
    style
        .with_key("rate", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let _ = write!(out, "{}/s", HumanCount(state.per_sec() as u64));
        })
        .with_key("rows", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let _ = write!(out, "{}", counted_in_groups(state.pos(), "row"));
        })
        .with_key("rows_of_all", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let all = counted_in_groups(state.len().unwrap_or_default(), "row");
            let _ = write!(out, "{}/{all}", HumanCount(state.pos()));
        })
}

async fn lines(label: String, progress: watch::Receiver<Progress>, done: CancellationToken) {
    let mut pace = Pace::starting(Instant::now());
    loop {
        tokio::select! {
            () = done.cancelled() => return,
            () = tokio::time::sleep(LINE_INTERVAL) => {}
        }
        let now = *progress.borrow();
        eprintln!("{label}: {}", line(now, pace.rows_per_second(now, Instant::now())));
    }
}

/// Returns a plain line.
fn line(now: Progress, rate: Option<u64>) -> String {
    let rows = match now.total_rows {
        Some(total) => format!("{} of {}", HumanCount(now.rows), counted_in_groups(total, "row")),
        None if now.rows == 0 => return words(now.phase).to_owned(),
        None => counted_in_groups(now.rows, "row"),
    };
    let rate = rate.map(|rate| format!(", {}/s", counted_in_groups(rate, "row"))).unwrap_or_default();
    format!("{} {rows}{rate}", words(now.phase))
}

/// The pace of a phase since it was first seen.
struct Pace {
    phase: Phase,
    /// When the phase was first seen, and the rows that were done then.
    since: Instant,
    rows: u64,
}

impl Pace {
    fn starting(at: Instant) -> Pace {
        Pace { phase: Progress::default().phase, since: at, rows: 0 }
    }

    /// Returns the rows per second; `None` in the first line of a phase, which may have begun at any time before it.
    fn rows_per_second(&mut self, now: Progress, at: Instant) -> Option<u64> {
        if self.phase != now.phase {
            *self = Pace { phase: now.phase, since: at, rows: now.rows };
        }
        let seconds = at.duration_since(self.since).as_secs_f64();
        (seconds > 0.0).then(|| (now.rows.saturating_sub(self.rows) as f64 / seconds) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_of_a_phase_is_that_since_it_was_first_seen() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let at = |phase, rows| Progress { phase, rows, total_rows: None };
        let mut pace = Pace::starting(start);
        assert_eq!(pace.rows_per_second(at(Phase::Reading, 1_000), after(5)), Some(200));
        // The first line of a phase is printed after an unknown part of it.
        assert_eq!(pace.rows_per_second(at(Phase::Saving, 300_000), after(10)), None);
        assert_eq!(pace.rows_per_second(at(Phase::Saving, 350_000), after(15)), Some(10_000));
        assert_eq!(pace.rows_per_second(at(Phase::Saving, 450_000), after(20)), Some(15_000));
    }

    #[test]
    fn lines_count_in_words() {
        let now = |rows, total_rows| Progress { phase: Phase::Saving, rows, total_rows };
        assert_eq!(line(now(0, None), Some(0)), "saving");
        assert_eq!(line(now(1, None), None), "saving 1 row");
        assert_eq!(line(now(0, Some(1)), Some(1)), "saving 0 of 1 row, 1 row/s");
        assert_eq!(
            line(now(300_000, Some(1_000_000)), Some(60_000)),
            "saving 300,000 of 1,000,000 rows, 60,000 rows/s"
        );
    }
}
