//! The state of a job and its next step, updated live during a run.

use std::convert::Infallible;
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::response::sse::Event;
use futures::Stream;

use super::cure::Cure;
use crate::domain::failure::Failure;
use crate::domain::job::{ImportPolicy, JobId, JobStatus, Owner};
use crate::domain::progress::Phase as RunPhase;
use crate::http::{App, Path, Problem, Reader, Standing, event_stream, find_job};
use crate::store::jobs::{self, Job};
use crate::store::undo_progress::UndoProgress;
use crate::texts::{Text, failure_on_page};
use crate::web::language::Viewer;
use crate::web::shell::{Section, Shell};
use crate::web::times;
use crate::web::words::sentence;

/// The interval between reads of the job.
const POLL_INTERVAL: Duration = Duration::from_millis(300);

/// The panel with the state of a job.
#[derive(Template)]
#[template(path = "job_state.html")]
pub(crate) struct StateView {
    text: Text,
    id: JobId,
    /// Whether a run is requested or running, or the import is being undone.
    pub(super) is_live: bool,
    running: bool,
    phase: Phase,
    work: Work,
    to_review: String,
    imported: String,
    partly_imported: String,
    took: Option<String>,
    failure: String,
    /// Whether the failure is in English, whatever the viewer's language.
    is_english: bool,
    cancelled: bool,
    /// What helps if the job has failed.
    cure: Cure,
    /// What to do then, unless the failure says it.
    advice: Option<String>,
    at_once: bool,
    csrf: Option<String>,
    uploads: bool,
    edits: bool,
}

/// The progress of the run, or of the undo of the import.
struct Work {
    heading: String,
    /// Rows processed, or contacts while the import is being undone.
    done: i64,
    /// All of them, if known.
    total: Option<i64>,
    /// The same in words; empty if nothing is counted.
    counts: String,
}

impl Work {
    fn of(job: &Job, text: &Text) -> Work {
        if let Some(UndoProgress { done, total }) = job.undoing {
            return Work::counted(text, text.state_undoing(), done, text.contacts(total), total);
        }
        let Some(run) = job.progress else {
            let heading = if job.processed_rows == 0 { text.state_reading() } else { text.state_working() };
            let (done, total) = (job.processed_rows, job.total_rows);
            return Work::counted(text, heading, done.into(), text.rows(total), total.into());
        };
        let (heading, done) = (phase(text, run.phase), run.rows as i64);
        match run.total_rows.map(|total| total as i64) {
            Some(total) => Work::counted(text, heading, done, text.rows(total), total),
            None if done > 0 => {
                Work { heading, done, total: None, counts: text.state_so_far(text.rows(done)) }
            }
            None => Work { heading, done, total: None, counts: String::new() },
        }
    }

    fn counted(text: &Text, heading: String, done: i64, all: String, total: i64) -> Work {
        let counts = text.state_progress(text.number(done), all);
        Work { heading, done, total: Some(total.max(1)), counts }
    }
}

/// Returns the heading of a phase of a run.
fn phase(text: &Text, phase: RunPhase) -> String {
    match phase {
        RunPhase::Reading => text.state_reading(),
        RunPhase::Waiting => text.state_in_turn(),
        RunPhase::Comparing => text.state_comparing(),
        RunPhase::Saving => text.state_saving(),
        RunPhase::Indexing => text.state_indexing(),
        RunPhase::Checking => text.state_checking(),
        RunPhase::Importing => text.state_importing(),
        RunPhase::Finishing => text.state_finishing(),
    }
}

/// The phase of a job, which determines the content of the panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Live,
    Undoing,
    ToReview,
    Resolved,
    Completed,
    Failed,
    Waiting,
    Removed,
}

impl StateView {
    pub(super) fn of(job: &Job, shell: &Shell) -> StateView {
        let is_live = job.wanted || job.running || job.undoing.is_some();
        let phase = match job.status {
            _ if job.undoing.is_some() => Phase::Undoing,
            _ if is_live => Phase::Live,
            _ if job.rows_removed_at.is_some() => Phase::Removed,
            JobStatus::NeedsReview if job.open_issues > 0 => Phase::ToReview,
            JobStatus::NeedsReview => Phase::Resolved,
            JobStatus::Completed => Phase::Completed,
            JobStatus::Failed => Phase::Failed,
            JobStatus::Pending | JobStatus::Processing => Phase::Waiting,
        };
        let text = &shell.text;
        let cure = Cure::of(text, job, shell.edits);
        let times = job.started_at.zip(job.ended_at).filter(|(start, end)| end >= start);
        StateView {
            id: job.id,
            is_live,
            running: job.running,
            phase,
            work: Work::of(job, text),
            to_review: text.state_to_review(job.open_issues),
            imported: text.state_imported(job.counts.consolidated),
            partly_imported: text.state_partly_imported(job.counts.consolidated),
            took: times.map(|(start, end)| times::took(text, start, end)),
            failure: failure(text, job),
            is_english: job.failure_reason.is_none(),
            text: text.clone(),
            cancelled: job.cancelled,
            advice: advice(text, job, &cure),
            cure,
            at_once: job.policy == ImportPolicy::AtOnce && job.counts.consolidated > 0,
            csrf: shell.csrf.clone(),
            uploads: shell.uploads,
            edits: shell.edits,
        }
    }

    /// Returns whether the job has failed and its file has to be read with other settings.
    pub(super) fn asks_settings(&self) -> bool {
        self.phase == Phase::Failed && matches!(self.cure, Cure::Reread)
    }

    /// Returns whether another file has to be uploaded.
    fn is_upload(&self) -> bool {
        matches!(self.cure, Cure::Upload)
    }
}

/// Returns what to do about a failed job, unless its failure says it.
fn advice(text: &Text, job: &Job, cure: &Cure) -> Option<String> {
    match cure {
        _ if job.cancelled => Some(text.state_cancelled_note()),
        _ if job.open_issues > 0 => Some(text.state_failed_open_note()),
        Cure::Run => Some(text.state_failed_note()),
        Cure::Upload if !matches!(job.failure_reason, Some(Failure::Rejected { .. })) => {
            Some(text.state_upload_note())
        }
        Cure::Columns | Cure::Remedies(_) | Cure::Reread | Cure::Upload => None,
    }
}

/// Returns why the job is FAILED; in English if only the text is stored, by an earlier or a later version.
pub(in crate::web) fn failure(text: &Text, job: &Job) -> String {
    match (&job.failure_reason, &job.failure) {
        (Some(reason), _) => sentence(&failure_on_page(text, reason)),
        (None, Some(words)) => sentence(words),
        (None, None) => String::new(),
    }
}

/// Streams the job's state as it changes: `part` with the panel, `end` once no run is requested or running and the import
/// is not being undone.
pub(in crate::web) async fn live(
    Reader(principal): Reader,
    viewer: Viewer,
    standing: Standing,
    State(app): State<App>,
    Path(job): Path<JobId>,
) -> Result<Response, Problem> {
    let mut db = app.owners.read(&principal.owner).await?;
    let first = find_job(&mut db, &principal.owner, job).await?;
    db.rollback().await?;
    let shell = Shell::new(viewer, &principal, Section::Jobs, "");
    event_stream(&app.clone(), standing, changes(app, principal.owner, shell, first))
}

fn changes(
    app: App,
    owner: Owner,
    shell: Shell,
    first: Job,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let state = Some((app, owner, shell, first, String::new()));
    futures::stream::unfold(state, move |state| async move {
        let (app, owner, shell, mut job, sent) = state?;
        loop {
            let view = StateView::of(&job, &shell);
            let html = view.render().ok()?;
            if !view.is_live {
                return Some((Ok(Event::default().event("end").data("end")), None));
            }
            if html != sent {
                let event = Event::default().event("part").data(&html);
                return Some((Ok(event), Some((app, owner, shell, job, html))));
            }
            tokio::select! {
                () = app.stopping.cancelled() => return None,
                () = tokio::time::sleep(POLL_INTERVAL) => {}
            }
            // The stream ends if the job is deleted or the database unreachable.
            let mut db = app.owners.read(&owner).await.ok()?;
            job = jobs::get(&mut db, &owner, job.id).await.ok()??;
            db.rollback().await.ok()?;
        }
    })
}
