//! Decisions about one case, edits of its rows, and undo.

use std::collections::HashMap;
use std::num::ParseIntError;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use sqlx::PgConnection;

use super::case::{self, CaseView, Notice};
use super::head::Head;
use super::job::ReviewJob;
use super::{failure_notice, reason, response, response_with};
use crate::actions::{self, ActionError, Effect, Request};
use crate::auth::Principal;
use crate::domain::decision::{ActionKind, Decision};
use crate::domain::ids::{ActionId, IssueId, JobId, RowId};
use crate::domain::merge::{ChosenRows, Merge};
use crate::domain::note::Note;
use crate::domain::refusal::Refusal;
use crate::http::{App, Editor, Kind, Path, Problem};
use crate::store::actions::{self as trail, ActionFilter};
use crate::store::{issues, staging};
use crate::texts::Text;
use crate::web::extra;
use crate::web::form::{Form, request};
use crate::web::language::Viewer;
use crate::web::words;

/// Number of recent actions that are searched for a person's last step.
const STEPS: i64 = 50;

/// A case after a decision, with the updated head of the page.
#[derive(Template)]
#[template(path = "case_decided.html")]
pub(crate) struct Decided {
    pub(crate) case: CaseView,
    pub(crate) head: Head,
}

/// The form of a case's buttons.
#[derive(Debug, Deserialize)]
#[serde(try_from = "HashMap<String, Vec<String>>")]
pub(in crate::web) struct DecisionForm {
    decision: String,
    /// The rows as shown: `row:tag`.
    seen: Vec<String>,
    /// The rows whose values a merge takes.
    from: ChosenRows,
    /// The note on the case; absent if the form has none.
    note: Option<String>,
    /// The note as shown; absent if the form does not say so.
    note_before: Option<String>,
}

// The names of the radio buttons contain names of columns, and serde cannot flatten lists.
impl TryFrom<HashMap<String, Vec<String>>> for DecisionForm {
    type Error = ParseIntError;

    fn try_from(mut form: HashMap<String, Vec<String>>) -> Result<Self, ParseIntError> {
        let from = case::chosen(&form)?;
        let decision = form.remove("decision").unwrap_or_default().concat();
        let mut text = |name: &str| form.remove(name).map(|texts| texts.concat());
        let (note, note_before) = (text("note"), text("note_before"));
        Ok(DecisionForm { decision, seen: form.remove("seen").unwrap_or_default(), from, note, note_before })
    }
}

impl DecisionForm {
    /// Returns the note if the person has changed it: others may have changed the one that was shown.
    fn note(&self) -> Result<Option<Note>, Refusal> {
        let Some(note) = &self.note else { return Ok(None) };
        let note = Note::new(note)?;
        let before = self.note_before.as_deref().and_then(|before| Note::new(before).ok());
        Ok(Some(note).filter(|note| Some(note) != before.as_ref()))
    }

    /// Returns the decision of the button, `None` if no button sends it.
    fn decision(&self) -> Option<Decision> {
        let mut decision = decision(&self.decision)?;
        if let Decision::Merge(merge) = &mut decision {
            merge.from = self.from.clone();
        }
        Some(decision)
    }
}

/// The button that leaves the note without a decision.
const NOTE_BUTTON: &str = "note";

/// Applies a decision to a case, and leaves the note of the form on it; or only leaves the note.
pub(in crate::web) async fn decide(
    Editor(principal): Editor,
    viewer: Viewer,
    State(app): State<App>,
    Path((job, issue)): Path<(JobId, IssueId)>,
    headers: HeaderMap,
    Form(form): Form<DecisionForm>,
) -> Result<Response, Problem> {
    let (text, by) = (&viewer.text, request(principal.clone()));
    let note = form.note().map_err(|refusal| Problem::of_value("#/note", refusal))?;
    let done = if form.decision == NOTE_BUTTON {
        leave_note(&app, &by, text, (job, issue), note.as_ref()).await
    } else {
        let broken = || Problem::of_value("#/decision", Refusal::BrokenForm);
        let decision = form.decision().ok_or_else(broken)?;
        apply(&app, &by, text, (job, issue), &decision, &form.seen, note.as_ref()).await
    };
    let notice = match (done, note.as_ref().and_then(Note::text)) {
        (Ok(notice), _) => notice,
        (Err(error), typed) => {
            let notice = failure_notice(text, error)?;
            let words = typed.map_or(notice.clone(), |typed| text.case_you_typed(&notice, typed));
            Some(Notice { words, is_good: false })
        }
    };
    let mut db = app.owners.read(&principal.owner).await?;
    let review = ReviewJob::find(&mut db, viewer, principal, job).await?;
    response_with(&mut db, &review, issue, &headers, notice).await
}

/// Leaves a note on a case, unless it is the same as before.
async fn leave_note(
    app: &App,
    by: &Request,
    text: &Text,
    (job, issue): (JobId, IssueId),
    note: Option<&Note>,
) -> Result<Option<Notice>, ActionError> {
    if let Some(note) = note {
        actions::note(&app.owners, by, job, issue, note).await?;
    }
    Ok(Some(Notice { words: text.case_note_saved(), is_good: true }))
}

/// Applies the decision of the form to a case.
async fn apply(
    app: &App,
    by: &Request,
    text: &Text,
    (job, issue): (JobId, IssueId),
    decision: &Decision,
    seen: &[String],
    note: Option<&Note>,
) -> Result<Option<Notice>, ActionError> {
    let seen = seen.iter().filter_map(|seen| seen.split_once(':'));
    let seen: Vec<(RowId, &str)> =
        seen.filter_map(|(row, tag)| Some((RowId(row.parse().ok()?), tag))).collect();
    let effect = actions::decide_issue(&app.owners, by, job, issue, decision, &seen, note).await?;
    if effect.changed.rows > 0 {
        return Ok(None);
    }
    // The note has been typed for this case, whatever becomes of it.
    if let Some(note) = note {
        actions::note(&app.owners, by, job, issue, note).await?;
    }
    Ok(Some(Notice { words: text.case_nothing_changed(), is_good: false }))
}

/// Parses the decision that a button sends.
pub(super) fn decision(text: &str) -> Option<Decision> {
    if let Some(row) = text.strip_prefix("keep:") {
        return Some(Decision::KeepRow { row: RowId(row.parse().ok()?) });
    }
    match text {
        "discard" => Some(Decision::Discard),
        "restore" => Some(Decision::Restore),
        "accept" => Some(Decision::Accept),
        "keep_contact" => Some(Decision::KeepContact),
        "overwrite" => Some(Decision::Overwrite),
        "fill" => Some(Decision::Fill),
        "correct" => Some(Decision::Correct),
        "keep_first" => Some(Decision::KeepFirst),
        "keep_last" => Some(Decision::KeepLast),
        "merge" => Some(Decision::Merge(Merge::default())),
        _ => None,
    }
}

/// The form of a row: its new values.
#[derive(Debug, Deserialize)]
pub(in crate::web) struct RowForm {
    /// The tag of the row as shown.
    tag: String,
    #[serde(flatten)]
    inputs: HashMap<String, String>,
}

/// Edits a row of a case.
pub(in crate::web) async fn edit(
    Editor(principal): Editor,
    viewer: Viewer,
    State(app): State<App>,
    Path((job, issue, row)): Path<(JobId, IssueId, RowId)>,
    headers: HeaderMap,
    Form(form): Form<RowForm>,
) -> Result<Response, Problem> {
    let RowForm { tag, inputs } = form;
    let edits = extra::edits(&inputs);
    let by = request(principal.clone());
    let done = actions::edit_row(&app.owners, &by, job, row, &edits, Some(&tag)).await;
    let mut db = app.owners.read(&principal.owner).await?;
    let review = ReviewJob::find(&mut db, viewer, principal, job).await?;
    let (shown, notice) = match done {
        Ok(effect) if effect.changed.rows == 0 => (issue, Some(review.text().case_not_edited())),
        Ok(effect) => edited(&mut db, &review, issue, row, &effect).await?,
        Err(error) => {
            let notice = failure_notice(review.text(), error)?;
            let typed: Vec<&str> = edits.texts().filter(|text| !text.is_empty()).collect();
            (issue, Some(review.text().case_you_typed(notice, typed.join(" · "))))
        }
    };
    response(&mut db, &review, shown, &headers, notice).await
}

/// Returns the issue to show after an edit, and a notice if anything about the row remains to be decided. If the new value is
/// wrong too, that is the issue about it, so that the case stays open for the person.
async fn edited(
    db: &mut PgConnection,
    review: &ReviewJob,
    issue: IssueId,
    row: RowId,
    effect: &Effect,
) -> Result<(IssueId, Option<String>), Problem> {
    let (text, before) = (review.text(), review.issue(&mut *db, issue).await?);
    let (owner, tables) = (review.owner(), review.job.tables());
    let open = issues::open_of_rows(&mut *db, owner, tables, &[row]).await?;
    let again = open.iter().map(|(_, open)| open).find(|open| open.issue_type == before.issue_type);
    if let Some(still) = Some(&before).filter(|before| !before.resolved).or(again) {
        // If the issue is only about other rows by now, its reason is not that of this row.
        let is_about_row = again.is_some_and(|again| again.id == still.id);
        let row = staging::get(db, owner, tables, row).await?.filter(|_| is_about_row);
        let reason = reason::sentence(text, still, row.as_ref(), review.job.required);
        return Ok((still.id, Some(text.case_still_open(reason))));
    }
    if let Some((_, other)) = open.first() {
        return Ok((issue, Some(text.case_other_issue(words::rule(text, other.issue_type)))));
    }
    let warning = effect.warnings.first();
    let notice = warning.map(|warning| text.case_warns(words::wrong(text, warning.issue_type)));
    Ok((issue, notice))
}

/// The form with the action to undo.
#[derive(Debug, Deserialize)]
pub(in crate::web) struct UndoForm {
    action: ActionId,
}

/// Undoes the decision about a case.
pub(in crate::web) async fn undo(
    Editor(principal): Editor,
    viewer: Viewer,
    State(app): State<App>,
    Path((job, issue)): Path<(JobId, IssueId)>,
    headers: HeaderMap,
    Form(form): Form<UndoForm>,
) -> Result<Response, Problem> {
    let by = request(principal.clone());
    let mut reopened = 0;
    let notice = match actions::undo(&app.owners, &by, form.action).await {
        Ok(effect) => {
            reopened = effect.issues.reopened;
            (!effect.left.is_empty()).then(|| viewer.text.case_undone_partly())
        }
        Err(error) => Some(failure_notice(&viewer.text, error)?),
    };
    let mut db = app.owners.read(&principal.owner).await?;
    let review = ReviewJob::find(&mut db, viewer, principal, job).await?;
    let mut response = response(&mut db, &review, issue, &headers, notice).await?;
    if reopened > 1 {
        // Other cases on the page may have changed too, so reload all of it.
        response.headers_mut().insert("hx-refresh", HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// Undoes the viewer's last action on the job that changed rows.
pub(in crate::web) async fn undo_last(
    Editor(principal): Editor,
    viewer: Viewer,
    State(app): State<App>,
    Path(job): Path<JobId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let filter =
        ActionFilter { job: Some(job), actor: Some(principal.name.clone()), ..ActionFilter::default() };
    let mut db = app.owners.read(&principal.owner).await?;
    let steps = trail::page(&mut db, &principal.owner, &filter, None, STEPS).await?;
    db.rollback().await?;
    let is_step = |step: &&trail::Action| {
        let changed = step.result["changed"]["rows"].as_i64().unwrap_or(0) > 0;
        step.actor == principal.name && step.undone_by.is_none() && step.kind != ActionKind::Undo && changed
    };
    let step = steps.items.iter().find(is_step);
    let step = step.ok_or_else(|| Problem::on_page(Kind::Conflict, viewer.text.review_nothing_to_undo()))?;
    undo_action(&app, principal, job, step.id, &headers).await
}

/// Undoes the action of the notice.
pub(in crate::web) async fn undo_one(
    Editor(principal): Editor,
    State(app): State<App>,
    Path((job, action)): Path<(JobId, ActionId)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    undo_action(&app, principal, job, action, &headers).await
}

/// Undoes an action and redirects to the page that requested it.
async fn undo_action(
    app: &App,
    principal: Principal,
    job: JobId,
    action: ActionId,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let done = actions::undo(&app.owners, &request(principal), action).await?;
    let back = headers.get("referer").and_then(|from| from.to_str().ok());
    let back = back.and_then(|from| url::Url::parse(from).ok());
    let to = returns_to(job, back.as_ref(), done.action);
    Ok(Redirect::to(&to).into_response())
}

/// Returns the address of the page of the review that requested an undo, with the same filter and a notice about the action.
fn returns_to(job: JobId, from: Option<&url::Url>, done: Option<ActionId>) -> String {
    let (review, grid) = (format!("/jobs/{job}/review"), format!("/jobs/{job}/grid"));
    let is_review = |from: &&url::Url| from.path().starts_with(&review) || from.path() == grid;
    let from = from.filter(is_review);
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let kept = from.into_iter().flat_map(|from| from.query_pairs());
    query.extend_pairs(kept.filter(|(name, _)| !matches!(name.as_ref(), "done" | "after")));
    if let Some(action) = done {
        query.append_pair("done", &action.to_string());
    }
    let path = from.map_or(review.as_str(), url::Url::path);
    match query.finish() {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_undo_returns_to_the_page_that_requested_it() {
        let to = |from: &str| {
            let from = url::Url::parse(&format!("http://localhost{from}")).ok();
            returns_to(JobId(1), from.as_ref(), Some(ActionId(9)))
        };
        assert_eq!(to("/jobs/1/review/invalid?done=8"), "/jobs/1/review/invalid?done=9");
        assert_eq!(to("/jobs/1/grid?kind=invalid&after=7"), "/jobs/1/grid?kind=invalid&done=9");
        assert_eq!(to("/jobs/2/grid?kind=invalid"), "/jobs/1/review?done=9");
        assert_eq!(returns_to(JobId(1), None, None), "/jobs/1/review");
    }

    #[test]
    fn only_decisions_of_buttons_are_parsed() {
        assert_eq!(decision("keep:7"), Some(Decision::KeepRow { row: RowId(7) }));
        assert_eq!(decision("merge"), Some(Decision::Merge(Merge::default())));
        for bad in ["", "keep", "keep:", "keep:x", "edit", "drop table"] {
            assert_eq!(decision(bad), None, "{bad}");
        }
    }
}
