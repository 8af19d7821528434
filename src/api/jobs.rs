//! Jobs: their state, and actions on a whole job.

use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::request::{IdempotencyKey, Keyed, Page, limit, text};
use crate::actions::{self, Changed, GivenSettings, Remember, Retried, Undone};
use crate::domain::job::{ImportPolicy, JobId, JobStatus};
use crate::domain::rules::IssueType;
use crate::http::{App, Editor, Json, Path, Problem, ProblemBody, Query, Reader, Uploader, find_job};
use crate::store::issues;
use crate::store::jobs::{self, FailedFilter, Job};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListJobsQuery {
    /// Only jobs with this status.
    status: Option<JobStatus>,
    /// Only jobs whose file name contains this text.
    #[param(max_length = 200, pattern = "^[^\\x00]*$")]
    text: Option<String>,
    /// The `next` of the previous page.
    #[param(value_type = Option<i64>)]
    after: Option<JobId>,
    /// Maximum number of jobs in the page, 100 by default.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<i64>,
}

/// Lists the caller's jobs, newest first.
#[utoipa::path(get, path = "/jobs", tag = "jobs", params(ListJobsQuery),
    responses((status = 200, description = "A page of jobs", body = Page<Job>)))]
pub(super) async fn list_jobs(
    Reader(principal): Reader,
    State(app): State<App>,
    Query(query): Query<ListJobsQuery>,
) -> Result<axum::Json<Page<Job>>, Problem> {
    let limit = limit(query.limit)?;
    let filter =
        jobs::JobFilter { status: query.status, text: text("text", &query.text)?.map(str::to_owned) };
    let mut db = app.owners.read(&principal.owner).await?;
    let jobs = jobs::list(&mut db, &principal.owner, &filter, query.after, limit + 1).await?;
    Ok(axum::Json(Page::new(jobs, limit, |job| job.id)))
}

/// A job and its open issues.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct JobDetail {
    #[serde(flatten)]
    job: Job,
    /// The number of open issues by type, at most 10,001 each, which means more than 10,000.
    open: Vec<OpenIssues>,
}

#[derive(Debug, Serialize, ToSchema)]
struct OpenIssues {
    issue_type: IssueType,
    count: i64,
}

/// Returns a job.
#[utoipa::path(get, path = "/jobs/{job}", tag = "jobs", params(("job" = i64, Path, description = "The job")),
    responses((status = 200, description = "The job", body = JobDetail),
        (status = 404, description = "No such job", body = ProblemBody, content_type = "application/problem+json")))]
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

/// Requests a run of a job that is under review, FAILED or cancelled.
#[utoipa::path(post, path = "/jobs/{job}/reprocess", tag = "jobs",
    params(("job" = i64, Path, description = "The job"), IdempotencyKey),
    responses((status = 202, description = "The job will run", body = Changed),
        (status = 404, description = "No such job", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The job is running, or there is nothing to do", body = ProblemBody, content_type = "application/problem+json"),
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

/// The failed jobs to run again.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RetryJobs {
    /// Only jobs whose latest run ended at this time or later.
    #[serde(default)]
    since: Option<DateTime<Utc>>,
    /// Only jobs whose file name contains this text, in any case.
    #[serde(default)]
    #[schema(max_length = 200, pattern = "^[^\\x00]*$")]
    text: Option<String>,
    /// The `next` of the previous response, if there were more jobs than one request retries.
    #[serde(default)]
    #[schema(value_type = Option<i64>)]
    after: Option<JobId>,
    /// Only count the jobs, up to 10,001, which means more than 10,000.
    #[serde(default)]
    dry_run: bool,
}

/// Requests a run of all FAILED jobs that were not cancelled, up to 500 at a time, newest first.
#[utoipa::path(post, path = "/jobs/retry", tag = "jobs", request_body = RetryJobs, params(IdempotencyKey),
    responses((status = 202, description = "The jobs will run", body = Retried),
        (status = 422, description = "The key was used for another request", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn retry_jobs(
    Uploader(principal): Uploader,
    State(app): State<App>,
    keyed: Keyed,
    Json(retry): Json<RetryJobs>,
) -> Result<(StatusCode, axum::Json<Retried>), Problem> {
    let request = keyed.request(principal, &retry)?;
    let text = text("text", &retry.text)?.map(str::to_owned);
    let which = FailedFilter { since: retry.since, text };
    let retried = match retry.dry_run {
        true => {
            let jobs = actions::count_failed(&app.owners, &request, &which).await?;
            Retried { jobs, skipped: 0, next: None }
        }
        false => actions::retry_failed(&app.owners, &app.queue, &request, &which, retry.after).await?,
    };
    Ok((StatusCode::ACCEPTED, axum::Json(retried)))
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Reread {
    /// The name of the encoding; detected if it is missing.
    #[serde(default)]
    encoding: Option<String>,
    /// The line of the header, from 1; detected if it is missing.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 2147483647)]
    header_line: Option<i64>,
    /// The sheet of a workbook or the file of an archive; the one of the last run if it is missing.
    #[serde(default)]
    part: Option<String>,
    /// The character between two cells, or its name; detected if it is missing.
    #[serde(default)]
    delimiter: Option<String>,
    /// The quote around cells: `double`, `single` or `none`; detected if it is missing.
    #[serde(default)]
    quote: Option<String>,
}

/// Reads the file of a job again, with other settings. The job's rows and all decisions about them are
/// replaced. No row may be a contact.
#[utoipa::path(post, path = "/jobs/{job}/reread", tag = "jobs", request_body = Reread,
    params(("job" = i64, Path, description = "The job"), IdempotencyKey),
    responses((status = 202, description = "The file will be read again", body = Changed),
        (status = 404, description = "No such job", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The job is running, is neither under review nor FAILED, or has imported contacts", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn reread_job(
    Editor(principal): Editor,
    State(app): State<App>,
    Path(job): Path<JobId>,
    keyed: Keyed,
    Json(reread): Json<Reread>,
) -> Result<(StatusCode, axum::Json<Changed>), Problem> {
    let request = keyed.request(principal, &reread)?;
    let settings = &actions::parse_settings(GivenSettings {
        encoding: reread.encoding.as_deref(),
        header_line: reread.header_line,
        part: reread.part.as_deref(),
        delimiter: reread.delimiter.as_deref(),
        quote: reread.quote.as_deref(),
        ..GivenSettings::default()
    })?;
    let reread =
        actions::Reread { settings, assignment: None, remember: Remember::Nothing, required: app.required };
    let queue = Some(&app.queue);
    let changed = actions::reread(&app.owners, &app.objects, queue, &request, job, &reread).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(changed)))
}

/// Cancels a job that is not running.
#[utoipa::path(post, path = "/jobs/{job}/cancel", tag = "jobs",
    params(("job" = i64, Path, description = "The job"), IdempotencyKey),
    responses((status = 200, description = "The job is cancelled", body = Changed),
        (status = 404, description = "No such job", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The job is running or COMPLETED", body = ProblemBody, content_type = "application/problem+json"),
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

/// Deletes a job that is not running, with its rows and issues. Keeps its contacts.
#[utoipa::path(delete, path = "/jobs/{job}", tag = "jobs",
    params(("job" = i64, Path, description = "The job"), IdempotencyKey),
    responses((status = 200, description = "The job is deleted", body = Changed),
        (status = 404, description = "No such job", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The job is running", body = ProblemBody, content_type = "application/problem+json"),
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

/// Undoes the import of a job: deletes contacts that it created and restores contacts that it changed. Contacts that were
/// changed since are kept and reported. The job is under review again.
#[utoipa::path(post, path = "/jobs/{job}/undo-import", tag = "jobs",
    params(("job" = i64, Path, description = "The job"), IdempotencyKey),
    responses((status = 200, description = "What was undone", body = Undone),
        (status = 404, description = "No such job", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The job is running, or has imported nothing", body = ProblemBody, content_type = "application/problem+json"),
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

/// Sets when a job's valid rows become contacts, from its next run.
#[utoipa::path(put, path = "/jobs/{job}/policy", tag = "jobs", request_body = Policy,
    params(("job" = i64, Path, description = "The job"), IdempotencyKey),
    responses((status = 200, description = "The policy is set", body = Changed),
        (status = 404, description = "No such job", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The job is running", body = ProblemBody, content_type = "application/problem+json")))]
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
