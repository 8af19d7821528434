//! The list of jobs, with live progress.

use std::collections::HashMap;
use std::convert::Infallible;
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::response::sse::Event;
use axum::response::{Redirect, Response};
use futures::Stream;
use serde::Deserialize;

use super::bar::Bar;
use super::form::{request, search_text};
use super::job::{Cure, failure};
use super::language::Viewer;
use super::shell::{Section, Shell, show};
use super::times::Time;
use super::upload::formats;
use super::words::{self, Status};
use crate::actions;
use crate::domain::access::Role;
use crate::domain::job::{JobId, JobStatus, Owner};
use crate::domain::progress::Progress;
use crate::http::{App, Problem, Query, Reader, Standing, Uploader, event_stream};
use crate::store::jobs::{self, FailedFilter, Job, JobFilter};
use crate::texts::Text;

/// Jobs of a page.
const PAGE: i64 = 50;
/// The interval between reads of the jobs of a page.
const POLL_INTERVAL: Duration = Duration::from_millis(700);

/// Redirects to the list, which is the start page.
pub(super) async fn first() -> Redirect {
    Redirect::to("/jobs")
}

/// The query of the list: the jobs to show.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct JobsQuery {
    #[serde(default)]
    status: String,
    text: Option<String>,
    after: Option<JobId>,
}

impl JobsQuery {
    fn filter(&self) -> JobFilter {
        JobFilter { status: self.status.parse().ok(), text: search_text(&self.text) }
    }

    /// Returns the address of `path` with this query, after the given job.
    fn address(&self, path: &str, after: Option<JobId>) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        if !self.status.is_empty() {
            query.append_pair("status", &self.status);
        }
        if let Some(text) = search_text(&self.text) {
            query.append_pair("text", &text);
        }
        if let Some(after) = after {
            query.append_pair("after", &after.to_string());
        }
        format!("{path}?{}", query.finish())
    }
}

/// A job as a line of the list.
#[derive(Template)]
#[template(path = "job_line.html")]
pub(crate) struct Line {
    text: Text,
    id: JobId,
    filename: String,
    status: Status,
    /// Whether it waits for a person.
    wants_review: bool,
    /// Whether a run is requested or running.
    is_live: bool,
    done: i64,
    total: i64,
    /// `done` and `total` in words.
    progress: String,
    rows: String,
    imported: String,
    issues: String,
    /// The label of the link to the review.
    review: String,
    open: i32,
    bar: Bar,
    created: Time,
    /// Why it has failed, unless somebody has cancelled it.
    failure: Option<String>,
    /// Whether it has failed and running it again may help.
    wants_run: bool,
    csrf: Option<String>,
}

impl Line {
    fn of(shell: &Shell, job: &Job) -> Line {
        let text = &shell.text;
        let rows = text.number(job.total_rows.into());
        let (done, total) = match job.progress {
            Some(Progress { rows, total_rows, .. }) => (rows as i64, total_rows.unwrap_or_default() as i64),
            None => (job.processed_rows.into(), job.total_rows.into()),
        };
        let is_live = job.wanted || job.running;
        let has_failed = job.status == JobStatus::Failed && !is_live;
        Line {
            id: job.id,
            filename: job.label(),
            status: words::job_outcome(text, job.status, job.cancelled),
            wants_review: job.status == JobStatus::NeedsReview && !job.wanted,
            is_live,
            failure: (has_failed && !job.cancelled).then(|| failure(text, job)),
            wants_run: has_failed && shell.uploads && matches!(Cure::of(text, job, shell.edits), Cure::Run),
            csrf: shell.csrf.clone(),
            done,
            total,
            progress: text.done_of(text.number(done), text.number(total)),
            rows,
            imported: text.number(job.counts.consolidated),
            issues: text.number(job.open_issues.into()),
            review: text.jobs_review(job.open_issues),
            open: job.open_issues,
            bar: Bar::of(text, job),
            created: Time::ago(text, job.created_at),
            text: text.clone(),
        }
    }
}

#[derive(Template)]
#[template(path = "jobs.html")]
struct Page {
    shell: Shell,
    lines: Vec<Line>,
    /// The statuses to choose from, and whether each is chosen.
    statuses: Vec<(JobStatus, String, bool)>,
    text: String,
    filtered: bool,
    next: Option<String>,
    /// The label of the button that runs the failed jobs again, if there are any and the viewer may.
    retry: Option<String>,
    /// The kinds of files that can be uploaded.
    formats: String,
    /// The address of the event stream, if any of the jobs is running.
    live: Option<String>,
}

/// Lists the jobs, newest first.
pub(super) async fn list(
    Reader(principal): Reader,
    viewer: Viewer,
    State(app): State<App>,
    Query(query): Query<JobsQuery>,
) -> Result<Response, Problem> {
    let filter = query.filter();
    let mut db = app.owners.read(&principal.owner).await?;
    let mut page = jobs::list(&mut db, &principal.owner, &filter, query.after, PAGE + 1).await?;
    let more = page.len() as i64 > PAGE;
    page.truncate(PAGE as usize);
    let last = page.last().map(|job| job.id).filter(|_| more);
    let title = viewer.text.jobs_title();
    let shell = Shell::new(viewer, &principal, Section::Jobs, title);
    let text = &shell.text;
    let failed = match principal.roles.has(Role::Uploader) {
        true => jobs::count_failed(&mut db, &principal.owner, &FailedFilter::default()).await?.number(),
        false => 0,
    };
    let lines: Vec<Line> = page.iter().map(|job| Line::of(&shell, job)).collect();
    let status =
        |status: &JobStatus| (*status, words::job_status(text, *status).word, filter.status == Some(*status));
    let statuses = JobStatus::ALL.iter().map(status).collect();
    let retry = (failed > 0).then(|| text.jobs_retry(failed));
    show(&Page {
        statuses,
        filtered: filter.status.is_some() || filter.text.is_some(),
        text: filter.text.unwrap_or_default(),
        next: last.map(|last| query.address("/jobs", Some(last))),
        live: lines.iter().any(|line| line.is_live).then(|| query.address("/jobs/live", query.after)),
        lines,
        retry,
        formats: formats(text, &app),
        shell,
    })
}

/// Runs the failed jobs again.
pub(super) async fn retry(
    Uploader(principal): Uploader,
    State(app): State<App>,
) -> Result<Redirect, Problem> {
    let (request, which) = (request(principal), FailedFilter::default());
    let mut next = None;
    loop {
        let retried = actions::retry_failed(&app.owners, &app.queue, &request, &which, next).await?;
        next = retried.next;
        if next.is_none() {
            return Ok(first().await);
        }
    }
}

/// Streams the lines of the page as they change: `part` with a line, `end` once no job is running.
pub(super) async fn live(
    Reader(principal): Reader,
    viewer: Viewer,
    standing: Standing,
    State(app): State<App>,
    Query(query): Query<JobsQuery>,
) -> Result<Response, Problem> {
    let shell = Shell::new(viewer, &principal, Section::Jobs, "");
    event_stream(&app.clone(), standing, changes(app, shell, principal.owner, query))
}

fn changes(
    app: App,
    shell: Shell,
    owner: Owner,
    query: JobsQuery,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let sent: HashMap<JobId, String> = HashMap::new();
    let state = Some((sent, Vec::<Event>::new(), false));
    futures::stream::unfold(state, move |state| {
        let (app, shell, owner, query) = (app.clone(), shell.clone(), owner.clone(), query.clone());
        async move {
            let (mut sent, mut waiting, mut ended) = state?;
            loop {
                if let Some(event) = waiting.pop() {
                    return Some((Ok(event), Some((sent, waiting, ended))));
                }
                if ended {
                    return Some((Ok(Event::default().event("end").data("end")), None));
                }
                if !sent.is_empty() {
                    tokio::select! {
                        () = app.stopping.cancelled() => return None,
                        () = tokio::time::sleep(POLL_INTERVAL) => {}
                    }
                }
                // The stream ends if the database is unreachable; the browser reconnects.
                let mut db = app.owners.read(&owner).await.ok()?;
                let page = jobs::list(&mut db, &owner, &query.filter(), query.after, PAGE).await.ok()?;
                db.rollback().await.ok()?;
                ended = !page.iter().any(|job| job.wanted || job.running);
                for line in page.iter().map(|job| Line::of(&shell, job)) {
                    let html = line.render().ok()?;
                    if sent.get(&line.id) != Some(&html) {
                        sent.insert(line.id, html.clone());
                        waiting.push(Event::default().event("part").data(html));
                    }
                }
            }
        }
    })
}
