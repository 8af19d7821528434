//! Progress on stderr: a bar on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressState, ProgressStyle};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::pipeline::{Phase, Progress};

/// How often a plain line is printed.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

fn words(phase: Phase) -> &'static str {
    match phase {
        Phase::Survey => "reading",
        Phase::Stage => "staging",
        Phase::Recheck => "checking",
        Phase::Consolidate => "making contacts",
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
    let counting = style("{prefix} {spinner} {msg} {human_pos} rows, {rate}");
    let counted = style("{prefix} {msg} {wide_bar} {human_pos}/{human_len} rows, {rate}, {eta} left");
    bar.set_style(counting.clone());
    bar.set_prefix(label);
    let mut phase = None;
    loop {
        let now = *progress.borrow_and_update();
        if phase != Some(now.phase) {
            phase = Some(now.phase);
            bar.reset();
            bar.set_message(words(now.phase));
            bar.set_style(if now.total_rows.is_some() { counted.clone() } else { counting.clone() });
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

/// Returns the style of a template, or the default bar if indicatif rejects the template.
fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.with_key("rate", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
        // Writing to the bar's own buffer cannot fail usefully: there is nobody to report to.
        let _ = write!(out, "{}/s", HumanCount(state.per_sec() as u64));
    })
}

async fn lines(label: String, progress: watch::Receiver<Progress>, done: CancellationToken) {
    let (mut phase, mut since) = (Phase::Survey, Instant::now());
    loop {
        tokio::select! {
            () = done.cancelled() => return,
            () = tokio::time::sleep(LINE_INTERVAL) => {}
        }
        let now = *progress.borrow();
        if phase != now.phase {
            (phase, since) = (now.phase, Instant::now());
        }
        let rate = HumanCount((now.rows as f64 / since.elapsed().as_secs_f64().max(0.001)) as u64);
        match now.total_rows {
            Some(total) => eprintln!(
                "{label}: {} {} of {} rows, {rate} rows/s",
                words(phase),
                HumanCount(now.rows),
                HumanCount(total)
            ),
            None => eprintln!("{label}: {} {} rows, {rate} rows/s", words(phase), HumanCount(now.rows)),
        }
    }
}
