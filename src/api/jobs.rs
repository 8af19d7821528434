//! Jobs: what there is, how far it has come, and what can be done to a whole job.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::response::sse::Event;
use futures::Stream;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::request::{IdempotencyKey, Keyed, Page, limit, text};
use crate::actions::{self, Changed, Undone};
use crate::domain::issue::IssueType;
use crate::domain::job::{ImportPolicy, JobId, JobStatus, Owner};
use crate::http::{
    App, Editor, Json, Path, Problem, ProblemBody, Query, Reader, Standing, Uploader, event_stream, find_job,
};
use crate::store::issues;
use crate::store::jobs::{self, Job};

/// How often a job's progress is looked at.
const LOOK: Duration = Duration::from_millis(300);

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListJobsQuery {
    /// Only jobs in this status.
    status: Option<JobStatus>,
    /// Only jobs of files whose names hold this.
    #[param(max_length = 200, pattern = "^[^\\x00]*$")]
    text: Option<String>,
    /// The number of the last job of the page before.
    #[param(value_type = Option<i32>)]
    after: Option<JobId>,
    /// The most jobs to give; 100 where nothing is said.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<i64>,
}

/// The caller's jobs, newest first.
#[utoipa::path(get, path = "/jobs", tag = "jobs", params(ListJobsQuery),
    responses((status = 200, description = "A page of jobs", body = Page<Job>)))]
pub(super) async fn list_jobs(
    Reader(principal): Reader,
    State(app): State<App>,
    Query(asked): Query<ListJobsQuery>,
) -> Result<axum::Json<Page<Job>>, Problem> {
    let limit = limit(asked.limit)?;
    let which = jobs::JobFilter { status: asked.status, text: text("text", &asked.text)?.map(str::to_owned) };
    let mut db = app.owners.read(&principal.owner).await?;
    let found = jobs::list(&mut db, &principal.owner, &which, asked.after, limit + 1).await?;
    Ok(axum::Json(Page::new(found, limit, |job| job.id)))
}

/// A job, and what is open of it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct JobDetail {
    #[serde(flatten)]
    job: Job,
    /// Its open issues by type, counted as far as 10,000.
    open: Vec<OpenIssues>,
}

#[derive(Debug, Serialize, ToSchema)]
struct OpenIssues {
    issue_type: IssueType,
    count: i64,
}

/// A job.
#[utoipa::path(get, path = "/jobs/{job}", tag = "jobs", params(("job" = i32, Path, description = "The job")),
    responses((status = 200, description = "The job", body = JobDetail),
        (status = 404, description = "There is no such job", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn get_job(
    Reader(principal): Reader,
    State(app): State<App>,
    Path(job): Path<JobId>,
) -> Result<axum::Json<JobDetail>, Problem> {
    let mut db = app.owners.read(&principal.owner).await?;
    let job = find_job(&mut db, &principal.owner, job).await?;
    let open = issues::counts(&mut db, &principal.owner, job.tables()).await?;
    let open = open.into_iter().map(|(issue_type, count)| OpenIssues { issue_type, count: count.number() });
    Ok(axum::Json(JobDetail { job, open: open.collect() }))
}

/// Asks for a run: of a job under review, or of one that FAILED or was cancelled.
#[utoipa::path(post, path = "/jobs/{job}/reprocess", tag = "jobs",
    params(("job" = i32, Path, description = "The job"), IdempotencyKey),
    responses((status = 202, description = "It will run", body = Changed),
        (status = 404, description = "There is no such job", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It is running, or there is nothing to do", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The key was used for another request", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn reprocess_job(
    Uploader(principal): Uploader,
    State(app): State<App>,
    Path(job): Path<JobId>,
    keyed: Keyed,
) -> Result<(StatusCode, axum::Json<Changed>), Problem> {
    let request = keyed.request(principal, &())?;
    let changed = actions::reprocess(&app.owners, Some(&app.queue), &request, job).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(changed)))
}

/// Calls off a job that is not running.
#[utoipa::path(post, path = "/jobs/{job}/cancel", tag = "jobs",
    params(("job" = i32, Path, description = "The job"), IdempotencyKey),
    responses((status = 200, description = "It is called off", body = Changed),
        (status = 404, description = "There is no such job", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It is running, or COMPLETED", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The key was used for another request", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn cancel_job(
    Editor(principal): Editor,
    State(app): State<App>,
    Path(job): Path<JobId>,
    keyed: Keyed,
) -> Result<axum::Json<Changed>, Problem> {
    let request = keyed.request(principal, &())?;
    Ok(axum::Json(actions::cancel(&app.owners, &request, job).await?))
}

/// Deletes a job that is not running, with its rows and issues. Its contacts stay.
#[utoipa::path(delete, path = "/jobs/{job}", tag = "jobs",
    params(("job" = i32, Path, description = "The job"), IdempotencyKey),
    responses((status = 200, description = "It is deleted", body = Changed),
        (status = 404, description = "There is no such job", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It is running", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The key was used for another request", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn delete_job(
    Editor(principal): Editor,
    State(app): State<App>,
    Path(job): Path<JobId>,
    keyed: Keyed,
) -> Result<axum::Json<Changed>, Problem> {
    let request = keyed.request(principal, &())?;
    Ok(axum::Json(actions::delete(&app.owners, &app.objects, &request, job).await?))
}

/// Takes back what a job has imported: contacts that it made are removed, those that it changed get their earlier
/// values, those that somebody has changed since are kept and named. The job is under review again.
#[utoipa::path(post, path = "/jobs/{job}/undo-import", tag = "jobs",
    params(("job" = i32, Path, description = "The job"), IdempotencyKey),
    responses((status = 200, description = "What was taken back", body = Undone),
        (status = 404, description = "There is no such job", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It is running, or has imported nothing", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The key was used for another request", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn undo_import(
    Editor(principal): Editor,
    State(app): State<App>,
    Path(job): Path<JobId>,
    keyed: Keyed,
) -> Result<axum::Json<Undone>, Problem> {
    let request = keyed.request(principal, &())?;
    Ok(axum::Json(actions::undo_import(&app.owners, &request, job).await?))
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Policy {
    /// When valid rows become contacts.
    policy: ImportPolicy,
}

/// Sets when a job's valid rows become contacts; the next run goes by it.
#[utoipa::path(put, path = "/jobs/{job}/policy", tag = "jobs", request_body = Policy,
    params(("job" = i32, Path, description = "The job"), IdempotencyKey),
    responses((status = 200, description = "It is set", body = Changed),
        (status = 404, description = "There is no such job", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It is running", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn set_policy(
    Editor(principal): Editor,
    State(app): State<App>,
    Path(job): Path<JobId>,
    keyed: Keyed,
    Json(policy): Json<Policy>,
) -> Result<axum::Json<Changed>, Problem> {
    let request = keyed.request(principal, &policy)?;
    Ok(axum::Json(actions::set_policy(&app.owners, &request, job, policy.policy).await?))
}

/// A job's progress as server-sent events: `job` with the job whenever it has changed, and `end` when no run is
/// wanted or working any more, and its import is not being undone. The stream then ends.
#[utoipa::path(get, path = "/jobs/{job}/events", tag = "jobs", params(("job" = i32, Path, description = "The job")),
    responses((status = 200, description = "The events", body = String, content_type = "text/event-stream"),
        (status = 404, description = "There is no such job", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn job_events(
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
    let told = |name: &'static str, job: &Job| {
        Ok(Event::default().event(name).json_data(job).unwrap_or_else(|_| Event::default().event(name)))
    };
    let start = Some((app, owner, first, None::<String>));
    futures::stream::unfold(start, move |state| async move {
        let (app, owner, mut job, last) = state?;
        loop {
            let now = serde_json::to_string(&job).unwrap_or_default();
            let settled = !job.wanted && !job.running && job.undoing.is_none();
            if last.as_ref() != Some(&now) {
                let event = told("job", &job);
                return Some((event, Some((app, owner, job, Some(now)))));
            }
            if settled {
                return Some((told("end", &job), None));
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
