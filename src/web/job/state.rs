//! Where a job stands, and what is to be done next; kept up to date while a run goes on.

use std::convert::Infallible;
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::response::sse::Event;
use futures::Stream;

use crate::domain::job::{ImportPolicy, JobId, JobStatus, Owner};
use crate::http::{App, Path, Problem, Reader, Standing, event_stream, find_job};
use crate::store::jobs::{self, Job};
use crate::store::undo_progress::UndoProgress;
use crate::web::language::Viewer;
use crate::web::shell::{Section, Shell};
use crate::web::text::Text;
use crate::web::times;
use crate::web::words::sentence;

/// How often a job is looked at.
const LOOK: Duration = Duration::from_millis(300);

/// Where a job stands.
#[derive(Template)]
#[template(path = "job_state.html")]
pub(crate) struct StateView {
    text: Text,
    id: JobId,
    /// Whether a run is wanted or working, or the import is being undone.
    pub(super) is_live: bool,
    running: bool,
    stands: Stands,
    /// Rows done, and all of them as far as that is known; contacts, while the import is being undone.
    done: i64,
    total: i64,
    progress: String,
    to_review: String,
    open: i32,
    imported: String,
    partly_imported: String,
    took: Option<String>,
    failure: String,
    cancelled: bool,
    at_once: bool,
    csrf: Option<String>,
    uploads: bool,
    edits: bool,
}

/// Where a job stands, for the template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    Live,
    Undoing,
    ToReview,
    Resolved,
    Completed,
    Failed,
    Waiting,
}

impl StateView {
    pub(super) fn of(job: &Job, shell: &Shell) -> StateView {
        let is_live = job.wanted || job.running || job.undoing.is_some();
        let stands = match job.status {
            _ if job.undoing.is_some() => Stands::Undoing,
            _ if is_live => Stands::Live,
            JobStatus::NeedsReview if job.open_issues > 0 => Stands::ToReview,
            JobStatus::NeedsReview => Stands::Resolved,
            JobStatus::Completed => Stands::Completed,
            JobStatus::Failed => Stands::Failed,
            JobStatus::Pending | JobStatus::Processing => Stands::Waiting,
        };
        let text = &shell.text;
        let (done, total, all) = match job.undoing {
            Some(UndoProgress { done, total }) => (done, total, text.contacts(total)),
            None => (job.processed_rows.into(), job.total_rows.into(), text.rows(job.total_rows)),
        };
        let times = job.started_at.zip(job.ended_at).filter(|(start, end)| end >= start);
        StateView {
            id: job.id,
            is_live,
            running: job.running,
            stands,
            done,
            total: total.max(1),
            progress: text.state_progress(text.number(done), all),
            to_review: text.state_to_review(job.open_issues),
            open: job.open_issues,
            imported: text.state_imported(job.counts.consolidated),
            partly_imported: text.state_partly_imported(job.counts.consolidated),
            took: times.map(|(start, end)| times::took(text, start, end)),
            failure: sentence(job.failure.as_deref().unwrap_or_default()),
            text: text.clone(),
            cancelled: job.cancelled,
            at_once: job.policy == ImportPolicy::AtOnce && job.counts.consolidated > 0,
            csrf: shell.csrf.clone(),
            uploads: shell.uploads,
            edits: shell.edits,
        }
    }
}

/// The job's state as it changes: `part` with its panel, `end` when no run is wanted or working any more and
/// the import is not being undone.
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
        let (app, owner, shell, mut job, told) = state?;
        loop {
            let view = StateView::of(&job, &shell);
            let html = view.render().ok()?;
            if !view.is_live {
                return Some((Ok(Event::default().event("end").data("end")), None));
            }
            if html != told {
                let event = Event::default().event("part").data(&html);
                return Some((Ok(event), Some((app, owner, shell, job, html))));
            }
            tokio::select! {
                () = app.stopping.cancelled() => return None,
                () = tokio::time::sleep(LOOK) => {}
            }
            // A job that is deleted meanwhile, or a database that is away, ends the stream.
            let mut db = app.owners.read(&owner).await.ok()?;
            job = jobs::get(&mut db, &owner, job.id).await.ok()??;
            db.rollback().await.ok()?;
        }
    })
}
