//! The page of operators: the workers of all queues, pauses, and dead letters.
//!
//! These belong to no owner. The page shows numbers of jobs and why messages were given up, but no message, file or row.

use std::collections::HashSet;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::form::Form;
use super::language::Viewer;
use super::shell::{Section, Shell, show};
use super::times::Time;
use crate::actions::{ActionError, DeadLetter, DeadLetters, Handled, LetterAction, LetterId, WhichLetters};
use crate::auth::Principal;
use crate::domain::pause::PauseReason;
use crate::domain::worker_state::WorkerState;
use crate::http::{App, Operator, Problem};
use crate::store::pauses::{self, Extent, Pause};
use crate::store::workers::{self, WorkerEntry};
use crate::texts::Text;

/// Maximum number of dead letters on the page.
const LISTED: usize = 100;

struct WorkerLine {
    name: String,
    version: String,
    queue: String,
    state: String,
    jobs: String,
    started: Time,
    seen: Time,
}

struct LetterLine {
    id: LetterId,
    job: String,
    at: Option<Time>,
    receives: String,
    reason: String,
}

/// A pause that applies to the queue of this server.
struct PauseView {
    reason: String,
    actor: String,
    since: Time,
}

/// Dead letters, as far as they are shown.
enum Letters {
    /// Their number; `None` if the queue cannot be reached.
    Counted(Option<String>),
    /// The newest ones, and whether there are more.
    Listed(Vec<LetterLine>, bool),
}

#[derive(Template)]
#[template(path = "operation.html")]
struct Page {
    shell: Shell,
    queue: String,
    workers: Vec<WorkerLine>,
    pause: Option<PauseView>,
    letters: Letters,
    /// A note that something was done, or why not.
    notice: Option<Notice>,
}

struct Notice {
    words: String,
    is_refused: bool,
}

impl Notice {
    fn done(words: String) -> Notice {
        Notice { words, is_refused: false }
    }

    fn refused(words: String) -> Notice {
        Notice { words, is_refused: true }
    }

    /// Says what was done, and that some dead letters were no longer there.
    fn of(text: &Text, action: LetterAction, handled: &Handled) -> Notice {
        let number = count(handled.count);
        let done = match action {
            LetterAction::Redrive => text.operation_redriven(number, text.number(number)),
            LetterAction::Drop => text.operation_dropped(number, text.number(number)),
        };
        match handled.missing.len() {
            0 => Notice::done(done),
            missing => {
                let missing = count(missing as u64);
                Notice::refused(format!("{done} {}", text.operation_missing(missing, text.number(missing))))
            }
        }
    }
}

/// Shows the page, with the number of dead letters.
pub(super) async fn page(
    Operator(principal): Operator,
    viewer: Viewer,
    State(app): State<App>,
) -> Result<Response, Problem> {
    counted(&app, viewer, &principal, None).await
}

/// The form that pauses workers.
#[derive(Debug, Deserialize)]
pub(super) struct PauseForm {
    reason: String,
}

/// Pauses the workers of all queues.
pub(super) async fn pause(
    Operator(principal): Operator,
    viewer: Viewer,
    State(app): State<App>,
    Form(form): Form<PauseForm>,
) -> Result<Response, Problem> {
    let Ok(reason) = form.reason.parse::<PauseReason>() else {
        let notice = Notice::refused(viewer.text.operation_bad_reason());
        return counted(&app, viewer, &principal, Some(notice)).await;
    };
    pauses::begin(&app.pool, Extent::AllQueues, &reason, &principal.name).await?;
    tracing::info!(owner = %principal.owner, "workers paused");
    Ok(Redirect::to("/operation").into_response())
}

/// Ends the pauses that apply to the queue of this server.
pub(super) async fn resume(
    Operator(principal): Operator,
    State(app): State<App>,
) -> Result<Redirect, Problem> {
    pauses::end(&app.pool, app.queue.name()).await?;
    tracing::info!(owner = %principal.owner, "workers resumed");
    Ok(Redirect::to("/operation"))
}

/// Lists the dead letters. Reading a dead-letter queue has effects on its messages, so this is not part of the page.
pub(super) async fn dead_letters(
    Operator(principal): Operator,
    viewer: Viewer,
    State(app): State<App>,
) -> Result<Response, Problem> {
    listed(&app, viewer, &principal, None).await
}

/// The dead letters that a person has chosen.
#[derive(Debug, Deserialize)]
pub(super) struct LettersForm {
    #[serde(default)]
    ids: Vec<String>,
    /// `on` for all, also those that the page does not show.
    all: Option<String>,
}

impl LettersForm {
    /// Returns the choice; `None` if there is none.
    fn which(self) -> Option<WhichLetters> {
        match self {
            LettersForm { all: Some(_), .. } => Some(WhichLetters::All),
            LettersForm { ids, all: None } if ids.is_empty() => None,
            LettersForm { ids, all: None } => {
                // Any text is the id of a message, if there is one with it.
                let id = |text: String| {
                    let Ok(id) = text.parse::<LetterId>();
                    id
                };
                let ids: HashSet<LetterId> = ids.into_iter().map(id).collect();
                Some(WhichLetters::Ids(ids))
            }
        }
    }
}

/// Sends dead letters back to their queue, and requests runs of jobs.
pub(super) async fn redrive(
    Operator(principal): Operator,
    viewer: Viewer,
    State(app): State<App>,
    Form(form): Form<LettersForm>,
) -> Result<Response, Problem> {
    act(&app, viewer, &principal, form, LetterAction::Redrive).await
}

/// Deletes messages, and cancels jobs.
pub(super) async fn drop_letters(
    Operator(principal): Operator,
    viewer: Viewer,
    State(app): State<App>,
    Form(form): Form<LettersForm>,
) -> Result<Response, Problem> {
    act(&app, viewer, &principal, form, LetterAction::Drop).await
}

async fn act(
    app: &App,
    viewer: Viewer,
    principal: &Principal,
    form: LettersForm,
    action: LetterAction,
) -> Result<Response, Problem> {
    let Some(which) = form.which() else {
        let notice = Notice::refused(viewer.text.operation_nothing_chosen());
        return listed(app, viewer, principal, Some(notice)).await;
    };
    let handled = letters_of(app, principal).act(which, action).await?;
    tracing::info!(owner = %principal.owner, count = handled.count, ?action, "acted on dead letters");
    let notice = Notice::of(&viewer.text, action, &handled);
    listed(app, viewer, principal, Some(notice)).await
}

fn letters_of<'a>(app: &'a App, principal: &'a Principal) -> DeadLetters<'a> {
    DeadLetters { pool: &app.pool, owners: &app.owners, queue: &app.queue, actor: &principal.name }
}

fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

async fn counted(
    app: &App,
    viewer: Viewer,
    principal: &Principal,
    notice: Option<Notice>,
) -> Result<Response, Problem> {
    let counted = match letters_of(app, principal).count().await {
        Ok(letters) => Some(viewer.text.matches(letters)),
        Err(error @ ActionError::DeadLetters(_)) => {
            tracing::warn!(%error, "cannot count dead letters");
            None
        }
        Err(error) => return Err(error.into()),
    };
    shown(app, viewer, principal, Letters::Counted(counted), notice).await
}

async fn listed(
    app: &App,
    viewer: Viewer,
    principal: &Principal,
    notice: Option<Notice>,
) -> Result<Response, Problem> {
    let found = letters_of(app, principal).list(LISTED).await?;
    let lines = found.letters.into_iter().map(|letter| LetterLine::of(&viewer.text, letter)).collect();
    shown(app, viewer, principal, Letters::Listed(lines, found.more), notice).await
}

async fn shown(
    app: &App,
    viewer: Viewer,
    principal: &Principal,
    letters: Letters,
    notice: Option<Notice>,
) -> Result<Response, Problem> {
    let text = &viewer.text;
    let workers = workers::list(&app.pool).await?;
    let pause = pauses::of(&app.pool, app.queue.name()).await?;
    let page = Page {
        queue: app.queue.name().to_owned(),
        workers: workers.into_iter().map(|worker| WorkerLine::of(text, worker)).collect(),
        pause: pause.map(|pause| PauseView::of(text, pause)),
        letters,
        notice,
        shell: Shell::new(viewer.clone(), principal, Section::None, viewer.text.operation_title()),
    };
    show(&page)
}

impl WorkerLine {
    fn of(text: &Text, worker: WorkerEntry) -> WorkerLine {
        let WorkerEntry { id: _, name, version, queue, places, running, state, started_at, seen_at } = worker;
        let state = match state {
            WorkerState::Working => text.operation_worker_working(),
            WorkerState::Paused => text.operation_worker_paused(),
            WorkerState::Quiet => text.operation_worker_quiet(),
            WorkerState::Stopping => text.operation_worker_stopping(),
        };
        let jobs = text.operation_worker_jobs(running.to_string(), places.to_string());
        let ago = |at: DateTime<Utc>| Time::ago(text, at);
        WorkerLine { name, version, queue, state, jobs, started: ago(started_at), seen: ago(seen_at) }
    }
}

impl LetterLine {
    fn of(text: &Text, letter: DeadLetter) -> LetterLine {
        let DeadLetter { id, job, at, receives, reason } = letter;
        LetterLine {
            id,
            job: job.map(|job| job.to_string()).unwrap_or_default(),
            at: at.map(|at| Time::ago(text, at)),
            receives: receives.map(|receives| receives.to_string()).unwrap_or_default(),
            reason,
        }
    }
}

impl PauseView {
    fn of(text: &Text, pause: Pause) -> PauseView {
        let Pause { queue: _, reason, actor, at } = pause;
        PauseView { reason, actor, since: Time::ago(text, at) }
    }
}
