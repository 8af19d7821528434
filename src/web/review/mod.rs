//! The review: the cases of one kind of issue, page by page.

mod assign;
mod bulk;
mod case;
mod decide;
pub(super) mod grid;
mod head;
mod job;
mod people;
mod query;

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use sqlx::PgConnection;

pub(super) use assign::assign;
pub(super) use bulk::{carry_out, preview};
pub(super) use decide::{decide, edit, undo, undo_last, undo_one};

use self::case::{CaseView, Notice};
use self::head::{Flash, Head};
use self::job::{ReviewJob, address};
use self::people::{People, Person};
pub(super) use self::query::ReviewQuery;
use super::form::wants_part;
use super::language::Viewer;
use super::refusals::action_error;
use super::shell::{Shell, show};
use super::words;
use crate::actions::ActionError;
use crate::domain::ids::{IssueId, JobId};
use crate::domain::job::JobStatus;
use crate::domain::rules::IssueType;
use crate::http::{App, Kind, Path, Problem, Query, Reader};
use crate::store::issues::{self, IssueFilter, State as IssueState};
use crate::texts::Text;

/// Cases of a page.
const PAGE: i64 = 25;

/// Redirects to the first kind with open issues.
pub(super) async fn first(
    Reader(principal): Reader,
    viewer: Viewer,
    State(app): State<App>,
    Path(job): Path<JobId>,
    Query(query): Query<ReviewQuery>,
) -> Result<Redirect, Problem> {
    let mut db = app.owners.read(&principal.owner).await?;
    let review = ReviewJob::find(&mut db, viewer, principal, job).await?;
    let open = issues::counts(&mut db, review.owner(), review.job.tables()).await?;
    let done = query.done.map(|done| format!("?done={done}")).unwrap_or_default();
    Ok(match open.first() {
        Some((kind, _)) => Redirect::to(&format!("{}{done}", address(job, *kind))),
        None => Redirect::to(&format!("/jobs/{job}")),
    })
}

#[derive(Template)]
#[template(path = "review.html")]
struct Page {
    shell: Shell,
    head: Head,
    flash: Option<Flash>,
    /// The reason why the viewer cannot decide, if there is one.
    closed: Option<String>,
    bulk: bulk::Choices,
    text: String,
    state: &'static str,
    /// The choice of the person to whom the cases are assigned.
    people: Vec<Person>,
    /// The chosen one; empty for all.
    assigned: String,
    /// The address of the same review as a table.
    grid: String,
    /// The cases whose rows have the values of their contacts.
    identical: Vec<IssueId>,
    /// How many these are, as a sentence.
    identical_words: String,
    cases: Vec<CaseView>,
    next: Option<String>,
}

/// More cases for the current page.
#[derive(Template)]
#[template(path = "review_more.html")]
struct More {
    text: Text,
    cases: Vec<CaseView>,
    next: Option<String>,
}

/// Shows the cases of one kind; for htmx only the cases, to append to the current page.
pub(super) async fn cases(
    Reader(principal): Reader,
    viewer: Viewer,
    State(app): State<App>,
    Path((job, slug)): Path<(JobId, String)>,
    Query(query): Query<ReviewQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let kind = kind_of(&viewer.text, &slug)?;
    let mut db = app.owners.read(&principal.owner).await?;
    let review = ReviewJob::find(&mut db, viewer, principal, job).await?;
    let (text, state) = (query.text(), query.state);
    let people = People::of(&mut db, &review).await?;
    let assigned = people.condition(&query.assigned);
    let filter = IssueFilter { kind: Some(kind), state, assigned, text: text.clone() };
    let (owner, tables) = (review.owner(), review.job.tables());
    let page = issues::page(&mut db, owner, tables, &filter, query.after, PAGE).await?;
    let last = page.next(|last| last.id);
    let (cases, end) = case::views(&mut db, &review, page.items, None, &people).await?;
    let next = end.or(last).map(|last| query.further(job, kind, last));
    if wants_part(&headers) {
        return show(&More { text: review.text().clone(), cases, next });
    }
    let head = Head::of(&mut db, &review, kind, &query).await?;
    let identical: Vec<IssueId> =
        cases.iter().filter(|case| case.is_identical()).map(|case| case.id).collect();
    show(&Page {
        shell: review
            .shell(review.text().review_page_title(words::rule(review.text(), kind), &review.job.filename)),
        flash: Flash::of(&mut db, &review, query.done).await?,
        closed: closed(&review),
        bulk: bulk::Choices::of(review.text(), kind, &head, &query),
        head,
        text: text.clone().unwrap_or_default(),
        state: match state {
            IssueState::Open => "open",
            IssueState::Resolved => "settled",
            IssueState::All => "all",
        },
        grid: grid::address(job, kind, text.as_deref(), &query.assigned),
        people: people.choice(review.text(), &query.assigned),
        assigned: query.assigned,
        identical_words: review.text().review_identical(identical.len() as i64),
        identical,
        cases,
        next,
    })
}

fn closed(review: &ReviewJob) -> Option<String> {
    let text = review.text();
    match (review.edits, review.job.status) {
        (true, _) => None,
        (false, JobStatus::Completed) => Some(text.review_closed_completed()),
        (false, JobStatus::Pending | JobStatus::Processing) => Some(text.review_closed_running()),
        (false, JobStatus::NeedsReview | JobStatus::Failed) if review.job.running => {
            Some(text.review_closed_running())
        }
        (false, JobStatus::NeedsReview | JobStatus::Failed) => Some(text.review_closed_role()),
    }
}

/// The query of a case's page.
#[derive(Debug, Deserialize)]
pub(super) struct CaseQuery {
    /// Whether to show inputs for all values.
    edit: Option<String>,
}

#[derive(Template)]
#[template(path = "case_page.html")]
struct Single {
    shell: Shell,
    filename: String,
    job: JobId,
    back: String,
    case: CaseView,
}

/// Shows one case; for htmx only the case without the page.
pub(super) async fn one(
    Reader(principal): Reader,
    viewer: Viewer,
    State(app): State<App>,
    Path((job, issue)): Path<(JobId, IssueId)>,
    Query(query): Query<CaseQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut db = app.owners.read(&principal.owner).await?;
    let review = ReviewJob::find(&mut db, viewer, principal, job).await?;
    let issue = review.issue(&mut db, issue).await?;
    let kind = issue.issue_type;
    let editing = query.edit.is_some() && review.edits;
    let case = case::view(&mut db, &review, issue, editing).await?;
    if wants_part(&headers) {
        return show(&case);
    }
    show(&Single {
        shell: review.shell(case.title.clone()),
        filename: review.job.filename.clone(),
        job,
        back: address(job, kind),
        case,
    })
}

/// Returns the response to a decision about a case, with a warning if there is one.
async fn response(
    db: &mut PgConnection,
    review: &ReviewJob,
    issue: IssueId,
    headers: &HeaderMap,
    warning: Option<String>,
) -> Result<Response, Problem> {
    let notice = warning.map(|words| Notice { words, is_good: false });
    response_with(db, review, issue, headers, notice).await
}

/// Returns the response to an action on a case: for htmx the updated case and head of the page, otherwise a redirect
/// to the page, or the case if there is a notice.
async fn response_with(
    db: &mut PgConnection,
    review: &ReviewJob,
    issue: IssueId,
    headers: &HeaderMap,
    notice: Option<Notice>,
) -> Result<Response, Problem> {
    let issue = review.issue(&mut *db, issue).await?;
    let kind = issue.issue_type;
    if !wants_part(headers) && notice.is_none() {
        return Ok(Redirect::to(&format!("{}#main", address(review.job.id, kind))).into_response());
    }
    let mut case = case::view(db, review, issue, false).await?;
    case.notice = notice;
    if !wants_part(headers) {
        return show(&Single {
            shell: review.shell(case.title.clone()),
            filename: review.job.filename.clone(),
            job: review.job.id,
            back: address(review.job.id, kind),
            case,
        });
    }
    let head = Head::of(db, review, kind, &ReviewQuery::of_page(headers)).await?;
    show(&decide::Decided { case, head })
}

/// Returns the notice for a decision that failed because the case has changed or a value is invalid. Any other error is a
/// problem.
fn failure_notice(text: &Text, error: ActionError) -> Result<String, Problem> {
    match &error {
        ActionError::NotUndoable(_) => Ok(text.case_already_undone()),
        ActionError::Stale(_)
        | ActionError::Invalid { .. }
        | ActionError::NotInReview { .. }
        | ActionError::Consolidated(_)
        | ActionError::Busy => action_error(text, &error).ok_or_else(|| error.into()),
        ActionError::NoJob(_)
        | ActionError::NoRow(_)
        | ActionError::NoIssue(_)
        | ActionError::NoAction(_)
        | ActionError::NoMapping(_)
        | ActionError::NoContact(_)
        | ActionError::ContactDeleted { .. }
        | ActionError::OtherCount { .. }
        | ActionError::RestoredContacts(_)
        | ActionError::Running(_)
        | ActionError::Unread(_)
        | ActionError::RowsRemoved(_)
        | ActionError::Unfit { .. }
        | ActionError::EmailTaken
        | ActionError::KeyReused
        | ActionError::TooLarge(_)
        | ActionError::Resumable(_)
        | ActionError::Export(_)
        | ActionError::Read { .. }
        | ActionError::Record(_)
        | ActionError::DeadLetters(_)
        | ActionError::Queue(_)
        | ActionError::Object(_)
        | ActionError::Store(_) => Err(error.into()),
    }
}

/// Returns the type of issue with the slug.
fn kind_of(text: &Text, slug: &str) -> Result<IssueType, Problem> {
    let rule = words::rule_of(slug).ok_or_else(|| Problem::on_page(Kind::NotFound, text.error_no_kind()))?;
    Ok(rule.issue_type)
}
