//! Actions on a whole job: the forms of its page.

use std::time::Duration;

use axum::extract::State;
use axum::response::Redirect;
use serde::Deserialize;

use crate::actions::{self, Remember};
use crate::domain::job::{ImportPolicy, JobId};
use crate::http::{App, Editor, Path, Problem, Uploader};
use crate::store::undo_progress;
use crate::web::form::{Form, request};
use crate::web::settings::SettingsForm;

/// The interval between checks whether a long undo has started.
const POLL_INTERVAL: Duration = Duration::from_millis(300);

fn back(job: JobId) -> Redirect {
    Redirect::to(&format!("/jobs/{job}"))
}

/// Requests a run.
pub(in crate::web) async fn reprocess(
    Uploader(principal): Uploader,
    State(app): State<App>,
    Path(job): Path<JobId>,
) -> Result<Redirect, Problem> {
    actions::reprocess(&app.owners, Some(&app.queue), &request(principal), job).await?;
    Ok(back(job))
}

/// Cancels a job.
pub(in crate::web) async fn cancel(
    Editor(principal): Editor,
    State(app): State<App>,
    Path(job): Path<JobId>,
) -> Result<Redirect, Problem> {
    actions::cancel(&app.owners, &request(principal), job).await?;
    Ok(back(job))
}

/// Undoes an import. Returns as soon as a long undo has started, since the job's page shows its progress. The undo
/// continues even if the browser disconnects.
pub(in crate::web) async fn undo_import(
    Editor(principal): Editor,
    State(app): State<App>,
    Path(job): Path<JobId>,
) -> Result<Redirect, Problem> {
    let (owners, request) = (app.owners.clone(), request(principal));
    let mut undo = tokio::spawn(async move {
        let undone = actions::undo_import(&owners, &request, job).await;
        if let Err(error) = &undone {
            tracing::info!(job_id = job.0, %error, "the undo of an import ended without a change");
        }
        undone
    });
    loop {
        tokio::select! {
            undone = &mut undo => {
                undone.map_err(|error| Problem::internal(&error))??;
                return Ok(back(job));
            }
            () = tokio::time::sleep(POLL_INTERVAL) => {}
        }
        if undo_progress::read(&app.pool, job).await?.is_some() {
            return Ok(back(job));
        }
    }
}

/// Deletes a job.
pub(in crate::web) async fn delete(
    Editor(principal): Editor,
    State(app): State<App>,
    Path(job): Path<JobId>,
) -> Result<Redirect, Problem> {
    actions::delete(&app.owners, &app.objects, &request(principal), job).await?;
    Ok(Redirect::to("/jobs"))
}

#[derive(Debug, Deserialize)]
pub(in crate::web) struct Reread {
    #[serde(flatten)]
    settings: SettingsForm,
}

/// Reads the file of a job again. What the form leaves empty is detected.
pub(in crate::web) async fn reread(
    Editor(principal): Editor,
    State(app): State<App>,
    Path(job): Path<JobId>,
    Form(form): Form<Reread>,
) -> Result<Redirect, Problem> {
    let settings = &form.settings.parsed()?;
    let reread =
        actions::Reread { settings, assignment: None, remember: Remember::Nothing, required: app.required };
    let queue = Some(&app.queue);
    actions::reread(&app.owners, &app.objects, queue, &request(principal), job, &reread).await?;
    Ok(back(job))
}

#[derive(Debug, Deserialize)]
pub(in crate::web) struct Policy {
    policy: ImportPolicy,
}

/// Sets when valid rows become contacts.
pub(in crate::web) async fn set_policy(
    Editor(principal): Editor,
    State(app): State<App>,
    Path(job): Path<JobId>,
    Form(form): Form<Policy>,
) -> Result<Redirect, Problem> {
    actions::set_policy(&app.owners, &request(principal), job, form.policy).await?;
    Ok(Redirect::to(&format!("/jobs/{job}?done=saved")))
}
