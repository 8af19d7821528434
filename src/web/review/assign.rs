//! Assigns a case.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;

use super::case::Notice;
use super::job::ReviewJob;
use super::{failure_notice, response_with};
use crate::actions;
use crate::domain::assigned::AssignedTo;
use crate::domain::decision::Filter;
use crate::domain::ids::{IssueId, JobId};
use crate::http::{App, Editor, Path, Problem};
use crate::web::form::{Form, request};
use crate::web::language::Viewer;

/// The form that assigns a case.
#[derive(Debug, Deserialize)]
pub(in crate::web) struct AssignForm {
    /// The chosen person.
    to: AssignedTo,
    /// Present if the button of the viewer is pressed.
    me: Option<String>,
}

/// Assigns a case to a person, or to nobody.
pub(in crate::web) async fn assign(
    Editor(principal): Editor,
    viewer: Viewer,
    State(app): State<App>,
    Path((job, issue)): Path<(JobId, IssueId)>,
    headers: HeaderMap,
    Form(form): Form<AssignForm>,
) -> Result<Response, Problem> {
    let me = principal.person().to_owned();
    let to = if form.me.is_some() { AssignedTo::Me } else { form.to }.of(&me);
    let by = request(principal.clone());
    let done = actions::assign_issues(&app.owners, &by, job, &Filter::issue(issue), &to, &me).await;
    let notice = match (done, to.person()) {
        (Ok(_), Some(name)) => Notice { words: viewer.text.case_assigned_to(name), is_good: true },
        (Ok(_), None) => Notice { words: viewer.text.case_assigned_to_nobody(), is_good: true },
        (Err(error), _) => Notice { words: failure_notice(&viewer.text, error)?, is_good: false },
    };
    let mut db = app.owners.read(&principal.owner).await?;
    let review = ReviewJob::find(&mut db, viewer, principal, job).await?;
    response_with(&mut db, &review, issue, &headers, Some(notice)).await
}
