//! What came of a file of corrections.

use askama::Template;
use axum::extract::{Request, State};
use axum::response::Response;

use crate::actions::Corrected;
use crate::domain::ids::JobId;
use crate::http::{self, App, Editor, Path, Problem, Reader, take_corrections};
use crate::web::form::request;
use crate::web::shell::{Section, Shell, show};
use crate::web::words::many;

#[derive(Template)]
#[template(path = "corrections.html")]
struct Page {
    shell: Shell,
    job: JobId,
    changed: String,
    settled: String,
    done: Corrected,
}

/// Takes in a file of corrections, and tells what came of it.
pub(in crate::web) async fn correct(
    Editor(principal): Editor,
    State(app): State<App>,
    Path(job): Path<JobId>,
    form: Request,
) -> Result<Response, Problem> {
    let shell = Shell::new(&principal, Section::Jobs, format!("Corrections of job {job}"));
    let done = take_corrections(&app, &request(principal), job, form).await?;
    let changed = many(done.effect.changed.rows, "row", "rows");
    let settled = many(done.effect.issues.settled, "issue", "issues");
    show(&Page { shell, job, changed, settled, done })
}

/// Sends the rows of a job that an open issue is about, as CSV.
pub(in crate::web) async fn corrections_file(
    Reader(principal): Reader,
    State(app): State<App>,
    Path(job): Path<JobId>,
) -> Result<Response, Problem> {
    http::corrections_file(&app, &principal.owner, job).await
}
