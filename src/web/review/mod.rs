//! The review: the cases of one kind of issue, page by page.

mod assign;
mod case;
mod decide;
pub(super) mod grid;
mod head;
mod job;
mod many;
mod panel;
mod people;
mod query;
mod reason;
mod top;

use std::time::Instant;

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use sqlx::PgConnection;

pub(super) use assign::assign;
pub(super) use decide::{decide, edit, undo, undo_last, undo_one};
pub(super) use many::{carry_out, carry_out_rows, preview, preview_rows};

use self::case::{CaseView, Notice};
use self::head::Head;
use self::job::{ReviewJob, address};
use self::panel::{Panel, Scopes};
use self::people::People;
pub(super) use self::query::ReviewQuery;
use self::top::{Choice, Search, Select, Top, View};
use super::form::{SEARCH_TIME, wants_part};
use super::language::Viewer;
use super::refusals::action_error;
use super::shell::{Shell, show};
use super::words;
use crate::actions::ActionError;
use crate::domain::ids::{IssueId, JobId};
use crate::domain::rules::IssueType;
use crate::http::{App, Kind, Path, Problem, Query, Reader};
use crate::store::issues::{self, IssueFilter, IssuePage, State as IssueState};
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
    top: Top,
    head: Head,
    /// The panel of decisions about many cases, if there is one to decide about.
    many: Option<Panel>,
    text: String,
    /// The search and the filter by person are empty.
    is_whole: bool,
    /// Whether only resolved cases are shown.
    is_resolved: bool,
    /// The cases whose rows have the values of their contacts.
    identical: Vec<IssueId>,
    /// How many these are, as a sentence.
    identical_words: String,
    more: More,
}

/// Cases, and the address of the next ones.
#[derive(Template)]
#[template(path = "review_more.html")]
struct More {
    text: Text,
    cases: Vec<CaseView>,
    next: Option<String>,
    /// Whether the page loads the next part without a click, since the search stopped before the page was full.
    continues: bool,
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
    let people = People::of(&mut db, &review).await?;
    let filter = IssueFilter {
        kind: Some(kind),
        state: query.state,
        assigned: people.condition(&query.assigned),
        text: query.text(),
    };
    let more = more(&mut db, &review, &query, &filter, &people).await?;
    if wants_part(&headers) {
        return show(&more);
    }
    let text = review.text();
    let head = Head::of(&mut db, &review, kind, &query).await?;
    let identical: Vec<IssueId> =
        more.cases.iter().filter(|case| case.is_identical()).map(|case| case.id).collect();
    let table = grid::address(job, kind, filter.text.as_deref(), &query.assigned);
    let search = search(text, job, kind, &query, &people);
    show(&Page {
        shell: review.shell(text.review_page_title(words::rule(text, kind), &review.job.filename)),
        top: Top::of(&mut db, &review, View::Cases(table), search, query.done).await?,
        many: panel(&mut db, &review, kind, &query, &filter, &head).await?,
        head,
        text: filter.text.unwrap_or_default(),
        is_whole: !query.is_narrow(),
        is_resolved: query.state == IssueState::Resolved,
        identical_words: text.review_identical(identical.len() as i64),
        identical,
        more,
    })
}

/// Returns the cases of a page.
async fn more(
    db: &mut PgConnection,
    review: &ReviewJob,
    query: &ReviewQuery,
    filter: &IssueFilter,
    people: &People,
) -> Result<More, Problem> {
    let (owner, tables, began) = (review.owner(), review.job.tables(), Instant::now());
    let mut page = issues::page(&mut *db, owner, tables, filter, query.after, PAGE).await?;
    while page.items.is_empty() && page.next.is_some() && began.elapsed() < SEARCH_TIME {
        page = issues::page(&mut *db, owner, tables, filter, page.next, PAGE).await?;
    }
    let IssuePage { items, next, continues } = page;
    let (cases, end) = case::views(db, review, items, None, people).await?;
    let address = |kind, last| query.further(review.job.id, kind, last);
    Ok(More {
        text: review.text().clone(),
        cases,
        next: end.or(next).zip(filter.kind).map(|(last, kind)| address(kind, last)),
        continues: continues && end.is_none(),
    })
}

fn search(text: &Text, job: JobId, kind: IssueType, query: &ReviewQuery, people: &People) -> Search {
    let states = [
        (IssueState::Open, "open", text.review_open()),
        (IssueState::Resolved, "settled", text.review_resolved()),
        (IssueState::All, "all", text.review_all()),
    ];
    let states = states.map(|(state, value, label)| Choice {
        value: value.to_owned(),
        label,
        is_chosen: query.state == state,
    });
    Search {
        action: address(job, kind),
        hidden: Vec::new(),
        label: text.review_search(),
        text: query.text().unwrap_or_default(),
        selects: vec![
            Select { name: "state", label: text.review_which(), options: states.into() },
            people.choice(text, &query.assigned),
        ],
        others: None,
        all: query.is_narrow().then(|| address(job, kind)),
    }
}

/// Returns the panel of decisions about many cases, if there is one that the viewer may decide about.
async fn panel(
    db: &mut PgConnection,
    review: &ReviewJob,
    kind: IssueType,
    query: &ReviewQuery,
    filter: &IssueFilter,
    head: &Head,
) -> Result<Option<Panel>, Problem> {
    if !review.edits || head.open_number == 0 {
        return Ok(None);
    }
    let text = review.text();
    let all = match query.is_narrow() {
        true => {
            let found = issues::count_open_matching(db, review.owner(), review.job.tables(), filter).await?;
            text.bulk_all_matching(found.number, text.matches(found))
        }
        false => text.bulk_all(head.open_number, &head.open),
    };
    let selected = text.bulk_selected();
    let scopes = Scopes {
        action: format!("{}/preview", address(review.job.id, kind)),
        hidden: vec![("assigned", query.assigned.clone()), ("text", query.text().unwrap_or_default())],
        selected: (selected.s0, selected.s1),
        all,
        column: None,
        searches_column: false,
        selects_shown: true,
    };
    Ok(Some(Panel::of(review, &[kind], scopes)))
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

impl Single {
    /// Returns the page of a case, with its details unfolded.
    fn of(review: &ReviewJob, case: CaseView) -> Single {
        Single {
            shell: review.shell(case.title.clone()),
            filename: review.job.filename.clone(),
            job: review.job.id,
            back: address(review.job.id, case.kind),
            case: case.unfolded(),
        }
    }
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
    let editing = query.edit.is_some() && review.edits;
    let case = case::view(&mut db, &review, issue, editing).await?;
    if wants_part(&headers) {
        return show(&case);
    }
    show(&Single::of(&review, case))
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
        return show(&Single::of(review, case));
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
