//! What is done to a whole job: the forms of its page.

use axum::extract::State;
use axum::response::Redirect;
use serde::Deserialize;

use crate::actions;
use crate::api::{App, Editor, Path, Problem, Uploader};
use crate::domain::job::{ImportPolicy, JobId};
use crate::web::form::{Form, request};

fn back(job: i32) -> Redirect {
    Redirect::to(&format!("/jobs/{job}"))
}

/// Asks for a run.
pub(in crate::web) async fn reprocess(
    Uploader(principal): Uploader,
    State(app): State<App>,
    Path(job): Path<i32>,
) -> Result<Redirect, Problem> {
    actions::reprocess(&app.owners, Some(&app.queue), &request(principal), JobId(job)).await?;
    Ok(back(job))
}

/// Calls a job off.
pub(in crate::web) async fn cancel(
    Editor(principal): Editor,
    State(app): State<App>,
    Path(job): Path<i32>,
) -> Result<Redirect, Problem> {
    actions::cancel(&app.owners, &request(principal), JobId(job)).await?;
    Ok(back(job))
}

/// Takes an import back.
pub(in crate::web) async fn undo_import(
    Editor(principal): Editor,
    State(app): State<App>,
    Path(job): Path<i32>,
) -> Result<Redirect, Problem> {
    actions::undo_import(&app.owners, &request(principal), JobId(job)).await?;
    Ok(back(job))
}

/// Deletes a job.
pub(in crate::web) async fn delete(
    Editor(principal): Editor,
    State(app): State<App>,
    Path(job): Path<i32>,
) -> Result<Redirect, Problem> {
    actions::delete(&app.owners, &app.objects, &request(principal), JobId(job)).await?;
    Ok(Redirect::to("/jobs"))
}

#[derive(Debug, Deserialize)]
pub(in crate::web) struct Policy {
    policy: ImportPolicy,
}

/// Sets when valid rows become contacts.
pub(in crate::web) async fn set_policy(
    Editor(principal): Editor,
    State(app): State<App>,
    Path(job): Path<i32>,
    Form(asked): Form<Policy>,
) -> Result<Redirect, Problem> {
    actions::set_policy(&app.owners, &request(principal), JobId(job), asked.policy).await?;
    Ok(back(job))
}
