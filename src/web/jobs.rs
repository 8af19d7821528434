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
use super::shell::{Section, Shell, show};
use super::words::{self, Told};
use crate::domain::job::{JobId, JobStatus, Owner};
use crate::http::{App, Problem, Query, Reader, Standing, event_stream};
use crate::store::jobs::{self, Job, Which};

/// Jobs of a page.
const PAGE: i64 = 50;
/// How often the jobs of a page are looked at.
const LOOK: Duration = Duration::from_millis(700);

/// Jobs are what there is to see first.
pub(super) async fn first() -> Redirect {
    Redirect::to("/jobs")
}

/// Which jobs somebody looks for.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    status: String,
    text: Option<String>,
    after: Option<JobId>,
}

impl Asked {
    fn which(&self) -> Which {
        Which { status: self.status.parse().ok(), text: sought(&self.text) }
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
    id: JobId,
    filename: String,
    status: Told,
    /// Whether a person is waited for.
    wants_review: bool,
    /// Whether a run is wanted or working.
    is_live: bool,
    cancelled: bool,
    done: i32,
    total: i32,
    rows: String,
    imported: String,
    issues: String,
    open: i32,
    bar: Bar,
    made: String,
    made_exactly: String,
}

impl Line {
    fn of(job: &Job) -> Line {
        Line {
            id: job.id,
            filename: job.filename.clone(),
            status: words::job_status(job.status),
            wants_review: job.status == JobStatus::NeedsReview && !job.wanted,
            is_live: job.wanted || job.running,
            cancelled: job.cancelled,
            done: job.processed_rows,
            total: job.total_rows,
            rows: words::number(job.total_rows.into()),
            imported: words::number(job.counts.consolidated),
            issues: words::number(job.open_issues.into()),
            open: job.open_issues,
            bar: Bar::of(&job.counts),
            made: words::ago(job.created_at),
            made_exactly: words::exact(job.created_at),
        }
    }
}

#[derive(Template)]
#[template(path = "jobs.html")]
struct Page {
    shell: Shell,
    lines: Vec<Line>,
    /// Statuses to choose from, each with whether it is chosen.
    statuses: Vec<(JobStatus, &'static str, bool)>,
    text: String,
    filtered: bool,
    next: Option<String>,
    /// Where progress is told, if any of the jobs runs.
    live: Option<String>,
}

/// The jobs, newest first.
pub(super) async fn list(
    Reader(principal): Reader,
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let which = asked.which();
    let mut db = app.owners.read(&principal.owner).await?;
    let mut found = jobs::list(&mut db, &principal.owner, &which, asked.after, PAGE + 1).await?;
    let more = found.len() as i64 > PAGE;
    found.truncate(PAGE as usize);
    let last = found.last().map(|job| job.id).filter(|_| more);
    let lines: Vec<Line> = found.iter().map(Line::of).collect();
    let status =
        |status: &JobStatus| (*status, words::job_status(*status).word, which.status == Some(*status));
    show(&Page {
        shell: Shell::new(&principal, Section::Jobs, "Jobs"),
        statuses: JobStatus::ALL.iter().map(status).collect(),
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
    standing: Standing,
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    event_stream(&app.clone(), standing, changes(app, principal.owner, asked))
}

fn changes(app: App, owner: Owner, asked: Asked) -> impl Stream<Item = Result<Event, Infallible>> {
    let told: HashMap<JobId, String> = HashMap::new();
    let state = Some((told, Vec::<Event>::new(), false));
    futures::stream::unfold(state, move |state| {
        let (app, owner, asked) = (app.clone(), owner.clone(), asked.clone());
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
                for line in found.iter().map(Line::of) {
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
