//! The review: one kind of issue at a time, a page of cases after the other.

mod bulk;
mod case;
mod decide;
mod head;
mod job;

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use sqlx::PgConnection;

pub(super) use bulk::{carry_out, preview};
pub(super) use decide::{decide, edit, undo, undo_last, undo_one};

use self::case::CaseView;
use self::head::{Flash, Head};
use self::job::{ReviewJob, address};
use super::form::{sought, wants_part};
use super::language::Viewer;
use super::refusals::action_error;
use super::shell::{Shell, show};
use super::text::Text;
use super::words;
use crate::actions::ActionError;
use crate::domain::ids::{ActionId, IssueId, JobId};
use crate::domain::issue::IssueType;
use crate::domain::job::JobStatus;
use crate::http::{App, Path, Problem, Query, Reader};
use crate::store::issues::{self, IssueFilter, State as IssueState};

/// Cases of a page.
const PAGE: i64 = 25;

/// Begins with the first kind that has something to decide.
pub(super) async fn first(
    Reader(principal): Reader,
    viewer: Viewer,
    State(app): State<App>,
    Path(job): Path<JobId>,
    Query(asked): Query<ReviewQuery>,
) -> Result<Redirect, Problem> {
    let mut db = app.owners.read(&principal.owner).await?;
    let place = ReviewJob::find(&mut db, viewer, principal, job).await?;
    let open = issues::counts(&mut db, place.owner(), place.job.tables()).await?;
    let done = asked.done.map(|done| format!("?done={done}")).unwrap_or_default();
    Ok(match open.first() {
        Some((kind, _)) => Redirect::to(&format!("{}{done}", address(job, *kind))),
        None => Redirect::to(&format!("/jobs/{job}")),
    })
}

/// IssueFilter cases somebody looks at.
#[derive(Debug, Deserialize)]
pub(super) struct ReviewQuery {
    state: Option<IssueState>,
    text: Option<String>,
    after: Option<IssueId>,
    /// An action that was just done, to tell of.
    done: Option<ActionId>,
}

impl ReviewQuery {
    /// The page of the cases that follow.
    fn further(&self, job: JobId, kind: IssueType, after: IssueId) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        match self.state {
            Some(IssueState::Settled) => query.append_pair("state", "settled"),
            Some(IssueState::All) => query.append_pair("state", "all"),
            _ => &mut query,
        };
        if let Some(text) = sought(&self.text) {
            query.append_pair("text", &text);
        }
        query.append_pair("after", &after.to_string());
        format!("{}?{}", address(job, kind), query.finish())
    }
}

#[derive(Template)]
#[template(path = "review.html")]
struct Page {
    shell: Shell,
    head: Head,
    flash: Option<Flash>,
    /// Whether nobody may decide at the moment, and why not.
    closed: Option<String>,
    bulk: bulk::Choices,
    text: String,
    state: &'static str,
    cases: Vec<CaseView>,
    next: Option<String>,
}

/// Cases that follow others in the page.
#[derive(Template)]
#[template(path = "review_more.html")]
struct More {
    text: Text,
    cases: Vec<CaseView>,
    next: Option<String>,
}

/// Cases of one kind; for htmx only those, to be put behind the ones that are there.
pub(super) async fn cases(
    Reader(principal): Reader,
    viewer: Viewer,
    State(app): State<App>,
    Path((job, slug)): Path<(JobId, String)>,
    Query(asked): Query<ReviewQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let kind = kind_of(&viewer.text, &slug)?;
    let mut db = app.owners.read(&principal.owner).await?;
    let place = ReviewJob::find(&mut db, viewer, principal, job).await?;
    let text = sought(&asked.text);
    let state = asked.state.unwrap_or_default();
    let which = IssueFilter { kind: Some(kind), state, text: text.clone() };
    let (owner, tables) = (place.owner(), place.job.tables());
    let found = issues::page(&mut db, owner, tables, &which, asked.after, PAGE).await?;
    let last = found.next(|last| last.id);
    let (cases, end) = case::views(&mut db, &place, found.items).await?;
    let next = end.or(last).map(|last| asked.further(job, kind, last));
    if wants_part(&headers) {
        return show(&More { text: place.text().clone(), cases, next });
    }
    let head = Head::of(&mut db, &place, kind).await?;
    show(&Page {
        shell: place
            .shell(place.text().review_page_title(words::rule(place.text(), kind), &place.job.filename)),
        flash: Flash::of(&mut db, &place, asked.done).await?,
        closed: closed(&place),
        bulk: bulk::Choices::of(place.text(), kind, &head, text.is_some()),
        head,
        text: text.unwrap_or_default(),
        state: match state {
            IssueState::Open => "open",
            IssueState::Settled => "settled",
            IssueState::All => "all",
        },
        cases,
        next,
    })
}

fn closed(place: &ReviewJob) -> Option<String> {
    let text = place.text();
    match (place.edits, place.job.status) {
        (true, _) => None,
        (false, JobStatus::Completed) => Some(text.review_closed_completed()),
        (false, JobStatus::Pending | JobStatus::Processing) => Some(text.review_closed_running()),
        (false, _) if place.job.running => Some(text.review_closed_running()),
        (false, _) => Some(text.review_closed_role()),
    }
}

/// How a case is to be shown.
#[derive(Debug, Deserialize)]
pub(super) struct Manner {
    /// With inputs for all values.
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

/// One case: a page, or for htmx the case alone.
pub(super) async fn one(
    Reader(principal): Reader,
    viewer: Viewer,
    State(app): State<App>,
    Path((job, issue)): Path<(JobId, IssueId)>,
    Query(manner): Query<Manner>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut db = app.owners.read(&principal.owner).await?;
    let place = ReviewJob::find(&mut db, viewer, principal, job).await?;
    let issue = place.issue(&mut db, issue).await?;
    let kind = issue.issue_type;
    let mut case = case::view(&mut db, &place, issue).await?;
    case.editing = manner.edit.is_some() && place.edits;
    if wants_part(&headers) {
        return show(&case);
    }
    show(&Single {
        shell: place.shell(case.title.clone()),
        filename: place.job.filename.clone(),
        job,
        back: address(job, kind),
        case,
    })
}

/// What a decision about a case is answered with: for htmx the case as it is now and the head of the page, else the
/// way back to the page.
async fn answer(
    db: &mut PgConnection,
    place: &ReviewJob,
    issue: IssueId,
    headers: &HeaderMap,
    notice: Option<String>,
) -> Result<Response, Problem> {
    let issue = place.issue(&mut *db, issue).await?;
    let kind = issue.issue_type;
    if !wants_part(headers) && notice.is_none() {
        return Ok(Redirect::to(&format!("{}#main", address(place.job.id, kind))).into_response());
    }
    let mut case = case::view(db, place, issue).await?;
    case.notice = notice;
    if !wants_part(headers) {
        return show(&Single {
            shell: place.shell(case.title.clone()),
            filename: place.job.filename.clone(),
            job: place.job.id,
            back: address(place.job.id, kind),
            case,
        });
    }
    let head = Head::of(db, place, kind).await?;
    show(&decide::Decided { case, head })
}

/// Why a decision was not carried out, if that is for what others did: shown in place, with the case as it is now. Any
/// other error is a problem.
fn overtaken(text: &Text, error: ActionError) -> Result<String, Problem> {
    match &error {
        ActionError::NotUndoable(_) => Ok(text.case_already_undone()),
        ActionError::Stale(_)
        | ActionError::Invalid { .. }
        | ActionError::NotInReview { .. }
        | ActionError::Consolidated(_)
        | ActionError::Busy => action_error(text, &error).ok_or_else(|| error.into()),
        _ => Err(error.into()),
    }
}

/// The kind of issue that an address of a page names.
fn kind_of(text: &Text, slug: &str) -> Result<IssueType, Problem> {
    let rule = words::rule_of(slug).ok_or_else(|| Problem::not_found(text.error_no_kind()))?;
    Ok(rule.issue_type)
}
