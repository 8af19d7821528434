//! The progress of an undo of an import on stderr: a bar on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressState, ProgressStyle};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::output::counted_in_groups;
use crate::domain::job::JobId;
use crate::store::undo_progress::{self, UndoProgress};

/// How often the progress is read for a bar, and for a plain line.
const BAR_INTERVAL: Duration = Duration::from_millis(300);
const LINE_INTERVAL: Duration = Duration::from_secs(2);

/// Shows the progress until `done`.
pub(crate) async fn watch(pool: PgPool, job: JobId, done: CancellationToken) {
    let template = "job {prefix}: undoing {wide_bar} {contacts}, {eta} left";
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let style = style.with_key("contacts", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
        let total = counted_in_groups(state.len().unwrap_or_default(), "contact");
        // Writing to the bar's own buffer cannot fail usefully.
        let _ = write!(out, "{}/{total}", HumanCount(state.pos()));
    });
    let bar = std::io::stderr().is_terminal().then(|| {
        let bar = ProgressBar::new(0).with_style(style).with_prefix(job.to_string());
        bar.tick();
        bar
    });
    let interval = if bar.is_some() { BAR_INTERVAL } else { LINE_INTERVAL };
    loop {
        tokio::select! {
            () = done.cancelled() => break,
            () = tokio::time::sleep(interval) => {}
        }
        // Progress that cannot be read is not shown.
        let Ok(Some(progress)) = undo_progress::read(&pool, job).await else { continue };
        show(bar.as_ref(), job, progress);
    }
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
}

fn show(bar: Option<&ProgressBar>, job: JobId, UndoProgress { done, total }: UndoProgress) {
    let (done, total) = (done.unsigned_abs(), total.unsigned_abs());
    match bar {
        Some(bar) => {
            bar.set_length(total);
            bar.set_position(done);
        }
        None => {
            let total = counted_in_groups(total, "contact");
            eprintln!("job {job}: undoing, {} of {total}", HumanCount(done));
        }
    }
}
