//! Issues, with their rows and the information needed to decide.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::request::{IdempotencyKey, Keyed, Page, assigned, limit, object, text};
use super::rows::RowTagged;
use crate::actions::{self, ActionError, Case, Effect, MarkedIssues};
use crate::domain::assigned::AssignedTo;
use crate::domain::decision::{Decision, Filter};
use crate::domain::ids::{IssueId, JobId};
use crate::domain::note::Note;
use crate::domain::rules::IssueType;
use crate::http::{App, Editor, Json, Path, Problem, ProblemBody, Query, Reader, find_job};
use crate::store::issues::{self, Issue, IssueFilter, State as IssueState};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListIssuesQuery {
    /// Only issues of this type.
    issue_type: Option<IssueType>,
    /// Only issues in this state, open ones by default.
    #[serde(default)]
    #[param(required = false, inline)]
    state: IssueState,
    /// Only issues that are assigned to this person: `me`, `nobody` or the name of a person.
    #[param(max_length = 200, pattern = "^[^\\x00]*$")]
    assigned: Option<String>,
    /// Only issues that contain this text in their key, their description, or a value of one of their first hundred rows. A page
    /// of such a search may have fewer issues than its limit, or none, before the end.
    #[param(max_length = 200, pattern = "^[^\\x00]*$")]
    text: Option<String>,
    /// The `next` of the previous page.
    #[param(value_type = Option<i64>)]
    after: Option<IssueId>,
    /// Maximum number of issues in the page, 100 by default.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<i64>,
}

/// Lists the issues of a job, oldest first.
#[utoipa::path(get, path = "/jobs/{job}/issues", tag = "issues", params(("job" = i64, Path, description = "The job"), ListIssuesQuery),
    responses((status = 200, description = "A page of issues", body = Page<Issue>),
        (status = 404, description = "No such job", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn list_issues(
    Reader(principal): Reader,
    State(app): State<App>,
    Path(job): Path<JobId>,
    Query(query): Query<ListIssuesQuery>,
) -> Result<axum::Json<Page<Issue>>, Problem> {
    let limit = limit(query.limit)?;
    let filter = IssueFilter {
        kind: query.issue_type,
        state: query.state,
        assigned: assigned(&query.assigned, &principal)?,
        text: text("text", &query.text)?.map(str::to_owned),
    };
    let mut db = app.owners.read(&principal.owner).await?;
    let tables = find_job(&mut db, &principal.owner, job).await?.tables();
    let page = issues::page(&mut db, &principal.owner, tables, &filter, query.after, limit).await?;
    Ok(axum::Json(Page::with_next(page.items, page.next)))
}

/// An issue and its rows.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct IssueDetail {
    #[serde(flatten)]
    issue: Issue,
    /// Its rows: the first hundred, fewer if they are large.
    rows: Vec<CaseTagged>,
    /// Whether there are more rows.
    more: bool,
}

#[derive(Debug, Serialize, ToSchema)]
struct CaseTagged {
    #[serde(flatten)]
    row: RowTagged,
    /// A likely correction of the address, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    suggestion: Option<String>,
    /// The existing contact with the e-mail, and the fields in which it differs from the row.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    contact: Option<actions::Existing>,
}

impl From<Case> for CaseTagged {
    fn from(case: Case) -> Self {
        let Case { row, suggestion, contact } = case;
        CaseTagged { row: row.into(), suggestion, contact }
    }
}

/// Returns an issue with its rows, suggestions and existing contacts.
#[utoipa::path(get, path = "/jobs/{job}/issues/{issue}", tag = "issues",
    params(("job" = i64, Path, description = "The job"), ("issue" = i64, Path, description = "The issue")),
    responses((status = 200, description = "The issue", body = IssueDetail),
        (status = 404, description = "No such issue", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn get_issue(
    Reader(principal): Reader,
    State(app): State<App>,
    Path((job, issue)): Path<(JobId, IssueId)>,
) -> Result<axum::Json<IssueDetail>, Problem> {
    let mut db = app.owners.read(&principal.owner).await?;
    let tables = find_job(&mut db, &principal.owner, job).await?.tables();
    let detail = issues::get(&mut db, &principal.owner, tables, issue).await?;
    let detail = detail.ok_or(ActionError::NoIssue(issue))?;
    let (cases, more) = actions::cases(&mut db, &principal.owner, tables, issue, None, 100).await?;
    let rows = cases.into_iter().map(CaseTagged::from).collect();
    Ok(axum::Json(IssueDetail { issue: detail, rows, more }))
}

/// The note on an issue.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct IssueNote {
    /// The text; an empty one removes the note.
    #[schema(value_type = String, max_length = 2000, pattern = "^[^\\x00]*$")]
    note: Note,
}

/// Leaves a note on an issue, or removes it. Other programs see it as the comment of the issue.
#[utoipa::path(put, path = "/jobs/{job}/issues/{issue}/note", tag = "issues", request_body = IssueNote,
    params(("job" = i64, Path, description = "The job"), ("issue" = i64, Path, description = "The issue"), IdempotencyKey),
    responses((status = 200, description = "What was done", body = MarkedIssues),
        (status = 404, description = "No such issue", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The job is not under review", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn note_issue(
    Editor(principal): Editor,
    State(app): State<App>,
    Path((job, issue)): Path<(JobId, IssueId)>,
    keyed: Keyed,
    Json(body): Json<IssueNote>,
) -> Result<axum::Json<MarkedIssues>, Problem> {
    let request = keyed.request(principal, &body)?;
    Ok(axum::Json(actions::note(&app.owners, &request, job, issue, &body.note).await?))
}

/// The issues to assign, and to whom.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Assigning {
    /// The rows whose open issues are assigned; by default all rows of the job. With issues, a type or an assignment, only those issues.
    #[serde(default, deserialize_with = "object")]
    #[schema(required = false)]
    filter: Filter,
    /// `me`, `nobody`, or the name of a person who has acted on the caller's data.
    #[schema(value_type = String, max_length = 200, pattern = "^[^\\x00]*$")]
    to: AssignedTo,
}

/// Assigns open issues to a person, or to nobody. That is a hint who wants to decide, and keeps nobody else from it.
#[utoipa::path(post, path = "/jobs/{job}/assign", tag = "issues", request_body = Assigning,
    params(("job" = i64, Path, description = "The job"), IdempotencyKey),
    responses((status = 200, description = "What was done", body = MarkedIssues),
        (status = 404, description = "No such job, row or issue", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The job is not under review", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn assign_issues(
    Editor(principal): Editor,
    State(app): State<App>,
    Path(job): Path<JobId>,
    keyed: Keyed,
    Json(body): Json<Assigning>,
) -> Result<axum::Json<MarkedIssues>, Problem> {
    let me = principal.person().to_owned();
    let request = keyed.request(principal, &body)?;
    let Assigning { filter, to } = &body;
    Ok(axum::Json(actions::assign_issues(&app.owners, &request, job, filter, to, &me).await?))
}

/// Applies a decision to the rows of an issue.
#[utoipa::path(post, path = "/jobs/{job}/issues/{issue}/resolution", tag = "issues", request_body = Decision,
    params(("job" = i64, Path, description = "The job"), ("issue" = i64, Path, description = "The issue"), IdempotencyKey),
    responses((status = 200, description = "What was done", body = Effect),
        (status = 404, description = "No such issue", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The job is not under review", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn resolve_issue(
    Editor(principal): Editor,
    State(app): State<App>,
    Path((job, issue)): Path<(JobId, IssueId)>,
    keyed: Keyed,
    Json(decision): Json<Decision>,
) -> Result<axum::Json<Effect>, Problem> {
    let request = keyed.request(principal, &decision)?;
    let effect = actions::decide(&app.owners, &request, job, &Filter::issue(issue), &decision).await?;
    Ok(axum::Json(effect))
}
