//! The list of jobs, and how far those that run have come.

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
use super::form::sought;
use super::language::Viewer;
use super::shell::{Section, Shell, show};
use super::text::Text;
use super::times::Time;
use super::words::{self, Status};
use crate::domain::job::{JobId, JobStatus, Owner};
use crate::http::{App, Problem, Query, Reader, Standing, event_stream};
use crate::store::jobs::{self, Job, JobFilter};

/// Jobs of a page.
const PAGE: i64 = 50;
/// How often the jobs of a page are looked at.
const LOOK: Duration = Duration::from_millis(700);

/// Jobs are what there is to see first.
pub(super) async fn first() -> Redirect {
    Redirect::to("/jobs")
}

/// JobFilter jobs somebody looks for.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct JobsQuery {
    #[serde(default)]
    status: String,
    text: Option<String>,
    after: Option<JobId>,
}

impl JobsQuery {
    fn which(&self) -> JobFilter {
        JobFilter { status: self.status.parse().ok(), text: sought(&self.text) }
    }

    /// The same, further on.
    fn address(&self, path: &str, after: Option<JobId>) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        if !self.status.is_empty() {
            query.append_pair("status", &self.status);
        }
        if let Some(text) = sought(&self.text) {
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
    /// Whether a person is waited for.
    wants_review: bool,
    /// Whether a run is wanted or working.
    is_live: bool,
    done: i32,
    total: i32,
    /// The same in words.
    progress: String,
    rows: String,
    imported: String,
    issues: String,
    /// The words of the link to the review.
    review: String,
    open: i32,
    bar: Bar,
    created: Time,
}

impl Line {
    fn of(text: &Text, job: &Job) -> Line {
        let (done, total) = (text.number(job.processed_rows.into()), text.number(job.total_rows.into()));
        Line {
            id: job.id,
            filename: job.filename.clone(),
            status: words::job_outcome(text, job.status, job.cancelled),
            wants_review: job.status == JobStatus::NeedsReview && !job.wanted,
            is_live: job.wanted || job.running,
            done: job.processed_rows,
            total: job.total_rows,
            progress: text.done_of(done, &total),
            rows: total,
            imported: text.number(job.counts.consolidated),
            issues: text.number(job.open_issues.into()),
            review: text.jobs_review(job.open_issues),
            open: job.open_issues,
            bar: Bar::of(text, &job.counts),
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
    /// Statuses to choose from, each with whether it is chosen.
    statuses: Vec<(JobStatus, String, bool)>,
    text: String,
    filtered: bool,
    next: Option<String>,
    /// Where progress is told, if any of the jobs runs.
    live: Option<String>,
}

/// The jobs, newest first.
pub(super) async fn list(
    Reader(principal): Reader,
    viewer: Viewer,
    State(app): State<App>,
    Query(asked): Query<JobsQuery>,
) -> Result<Response, Problem> {
    let which = asked.which();
    let mut db = app.owners.read(&principal.owner).await?;
    let mut found = jobs::list(&mut db, &principal.owner, &which, asked.after, PAGE + 1).await?;
    let more = found.len() as i64 > PAGE;
    found.truncate(PAGE as usize);
    let last = found.last().map(|job| job.id).filter(|_| more);
    let text = &viewer.text;
    let lines: Vec<Line> = found.iter().map(|job| Line::of(text, job)).collect();
    let status =
        |status: &JobStatus| (*status, words::job_status(text, *status).word, which.status == Some(*status));
    let statuses = JobStatus::ALL.iter().map(status).collect();
    let title = text.jobs_title();
    show(&Page {
        shell: Shell::new(viewer, &principal, Section::Jobs, title),
        statuses,
        filtered: which.status.is_some() || which.text.is_some(),
        text: which.text.unwrap_or_default(),
        next: last.map(|last| asked.address("/jobs", Some(last))),
        live: lines.iter().any(|line| line.is_live).then(|| asked.address("/jobs/live", asked.after)),
        lines,
    })
}

/// The lines of the page that have changed, as they change: `part` with a line, `end` when no job runs any more.
pub(super) async fn live(
    Reader(principal): Reader,
    viewer: Viewer,
    standing: Standing,
    State(app): State<App>,
    Query(asked): Query<JobsQuery>,
) -> Result<Response, Problem> {
    event_stream(&app.clone(), standing, changes(app, viewer.text, principal.owner, asked))
}

fn changes(
    app: App,
    text: Text,
    owner: Owner,
    asked: JobsQuery,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let told: HashMap<JobId, String> = HashMap::new();
    let state = Some((told, Vec::<Event>::new(), false));
    futures::stream::unfold(state, move |state| {
        let (app, text, owner, asked) = (app.clone(), text.clone(), owner.clone(), asked.clone());
        async move {
            let (mut told, mut waiting, mut ended) = state?;
            loop {
                if let Some(event) = waiting.pop() {
                    return Some((Ok(event), Some((told, waiting, ended))));
                }
                if ended {
                    return Some((Ok(Event::default().event("end").data("end")), None));
                }
                if !told.is_empty() {
                    tokio::select! {
                        () = app.stopping.cancelled() => return None,
                        () = tokio::time::sleep(LOOK) => {}
                    }
                }
                // A database that is away ends the stream; the browser asks again.
                let mut db = app.owners.read(&owner).await.ok()?;
                let found = jobs::list(&mut db, &owner, &asked.which(), asked.after, PAGE).await.ok()?;
                db.rollback().await.ok()?;
                ended = !found.iter().any(|job| job.wanted || job.running);
                for line in found.iter().map(|job| Line::of(&text, job)) {
                    let html = line.render().ok()?;
                    if told.get(&line.id) != Some(&html) {
                        told.insert(line.id, html.clone());
                        waiting.push(Event::default().event("part").data(html));
                    }
                }
            }
        }
    })
}
