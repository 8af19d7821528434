//! Streams of server-sent events: the progress of one job, and the changes of all jobs of the caller.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::response::sse::Event;
use futures::Stream;

use crate::domain::job::{JobId, Owner};
use crate::domain::snapshot::Snapshot;
use crate::http::{App, Kind, Path, Problem, ProblemBody, Reader, Standing, event_stream, find_job};
use crate::store::StoreError;
use crate::store::jobs::changed::{self, Changed};
use crate::store::jobs::{self, Job};

/// The interval between reads of jobs.
const POLL_INTERVAL: Duration = Duration::from_millis(300);

/// Maximum number of changed jobs that are sent at once. If there are more, the client has to list its jobs again.
const MOST_CHANGED: i64 = 1_000;

/// The most jobs whose progress a stream follows.
const MOST_FOLLOWED: usize = 100;

/// The header with which a client continues a stream.
const LAST_EVENT_ID: &str = "last-event-id";

/// Streams a job's progress as server-sent events: `job` with the job whenever it changes, and `end` once no run is
/// requested or running and its import is not being undone. Then the stream ends.
#[utoipa::path(get, path = "/jobs/{job}/events", tag = "jobs", params(("job" = i64, Path, description = "The job")),
    responses((status = 200, description = "The events", body = String, content_type = "text/event-stream"),
        (status = 404, description = "No such job", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn stream_job_events(
    Reader(principal): Reader,
    standing: Standing,
    State(app): State<App>,
    Path(job): Path<JobId>,
) -> Result<Response, Problem> {
    let mut db = app.owners.read(&principal.owner).await?;
    let first = find_job(&mut db, &principal.owner, job).await?;
    db.rollback().await?;
    event_stream(&app.clone(), standing, changes(app, principal.owner, first))
}

fn changes(app: App, owner: Owner, first: Job) -> impl Stream<Item = Result<Event, Infallible>> {
    let start = Some((app, owner, first, None::<String>));
    futures::stream::unfold(start, move |state| async move {
        let (app, owner, mut job, last) = state?;
        loop {
            let now = json(&job);
            if last.as_ref() != Some(&now) {
                let event = Event::default().event("job").data(&now);
                return Some((Ok(event), Some((app, owner, job, Some(now)))));
            }
            if !is_followed(&job) {
                return Some((Ok(Event::default().event("end").data(now)), None));
            }
            next_poll(&app).await?;
            // The stream ends if the job is deleted or the database unreachable.
            let mut db = app.owners.read(&owner).await.ok()?;
            job = jobs::get(&mut db, &owner, job.id).await.ok()??;
            db.rollback().await.ok()?;
        }
    })
}

/// Returns whether a job changes without a decision of a person: it runs, waits for its run, or its import is being undone.
fn is_followed(job: &Job) -> bool {
    job.wanted || job.running || job.undoing.is_some()
}

fn json(job: &Job) -> String {
    serde_json::to_string(job).unwrap_or_default()
}

/// Waits until jobs are read again. Returns `None` if the server stops.
async fn next_poll(app: &App) -> Option<()> {
    tokio::select! {
        () = app.stopping.cancelled() => None,
        () = tokio::time::sleep(POLL_INTERVAL) => Some(()),
    }
}

/// Streams the changes of all of the caller's jobs as server-sent events, without an end.
///
/// `job` has a job as it is now: sent when its status or the number of its open issues has changed or it was cancelled, and
/// during a run whenever its progress changes, for up to a hundred jobs at a time. A job may be sent again without a change.
/// `reset` means that the stream does not tell what was before: list the jobs again. It is the first event, unless
/// `Last-Event-ID` continues an earlier stream, and comes if more than a thousand jobs have changed at once. Deleted jobs have
/// no event.
///
/// A stream ends when the server stops or the client loses access. Browsers continue it automatically. An event without an
/// `id` has that of the event before it.
#[utoipa::path(get, path = "/jobs/events", tag = "jobs",
    params(("Last-Event-ID" = Option<String>, Header, description = "The `id` of the last event that the client has received")),
    responses((status = 200, description = "The events", body = String, content_type = "text/event-stream")))]
pub(super) async fn stream_events(
    Reader(principal): Reader,
    standing: Standing,
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let stream = JobsStream::new(principal.owner, since(&headers)?);
    event_stream(&app.clone(), standing, stream.events(app))
}

/// Reads `Last-Event-ID`. Browsers send an empty one if no event had an id.
fn since(headers: &HeaderMap) -> Result<Option<Snapshot>, Problem> {
    let Some(value) = headers.get(LAST_EVENT_ID).filter(|value| !value.is_empty()) else { return Ok(None) };
    let snapshot = value.to_str().ok().and_then(|text| text.parse().ok());
    let detail = "Last-Event-ID must be the id of an event of this stream; leave it out to begin anew";
    snapshot.map(Some).ok_or_else(|| Problem::new(Kind::Malformed).detail(detail))
}

/// A stream of all jobs of an owner.
struct JobsStream {
    owner: Owner,
    /// What the client knows; `None` if it has to list its jobs.
    since: Option<Snapshot>,
    /// The jobs whose progress is followed, as they were sent last.
    followed: HashMap<JobId, String>,
    /// Events that are not sent yet.
    due: VecDeque<Event>,
    has_read: bool,
}

impl JobsStream {
    fn new(owner: Owner, since: Option<Snapshot>) -> JobsStream {
        JobsStream { owner, since, followed: HashMap::new(), due: VecDeque::new(), has_read: false }
    }

    fn events(self, app: App) -> impl Stream<Item = Result<Event, Infallible>> {
        futures::stream::unfold((self, app), |(mut stream, app)| async move {
            loop {
                if let Some(event) = stream.due.pop_front() {
                    return Some((Ok(event), (stream, app)));
                }
                if std::mem::replace(&mut stream.has_read, true) {
                    next_poll(&app).await?;
                }
                // The stream ends if the database is unreachable, and the client continues it.
                stream.read(&app).await.ok()?;
            }
        })
    }

    /// Reads the jobs that have changed and those that are followed, and adds an event for each that the client does not know.
    async fn read(&mut self, app: &App) -> Result<(), StoreError> {
        let mut db = app.owners.read(&self.owner).await?;
        let changed = match &self.since {
            Some(since) => known_since(
                changed::changed_since(&mut db, &self.owner, since, MOST_CHANGED + 1).await?,
                since,
            ),
            None => None,
        };
        let Changed { mut jobs, until } = match changed {
            Some(changed) => changed,
            None => {
                let wanted = changed::wanted(&mut db, &self.owner, MOST_FOLLOWED as i64).await?;
                self.followed.clear();
                self.due.push_back(Event::default().event("reset").id(wanted.until.to_string()).data("{}"));
                wanted
            }
        };
        jobs.extend(self.followed.keys().filter(|id| !jobs.contains(id)).copied().collect::<Vec<_>>());
        let found = match jobs.is_empty() {
            true => Vec::new(),
            false => changed::with_ids(&mut db, &self.owner, &jobs).await?,
        };
        db.rollback().await?;
        self.add(&found, &until);
        self.since = Some(until);
        Ok(())
    }

    /// Adds events for jobs that the client does not know as they are. Only the last event has the new id, so that a client
    /// that has not received all of them gets them again.
    fn add(&mut self, jobs: &[Job], until: &Snapshot) {
        let known = std::mem::take(&mut self.followed);
        let mut texts = Vec::new();
        for job in jobs {
            let now = json(job);
            if known.get(&job.id) != Some(&now) {
                texts.push(now.clone());
            }
            if is_followed(job) && self.followed.len() < MOST_FOLLOWED {
                self.followed.insert(job.id, now);
            }
        }
        let last = texts.len();
        self.due.extend(texts.into_iter().zip(1..).map(|(text, number)| {
            let event = Event::default().event("job").data(text);
            if number == last { event.id(until.to_string()) } else { event }
        }));
    }
}

/// Returns the changes unless they are too many, or the client's snapshot is of another database.
fn known_since(changed: Changed, since: &Snapshot) -> Option<Changed> {
    (changed.jobs.len() as i64 <= MOST_CHANGED && !changed.until.is_before(since)).then_some(changed)
}
