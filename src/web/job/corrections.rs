//! The download and upload of corrections.

use askama::Template;
use axum::extract::{Request, State};
use axum::response::Response;

use crate::actions::Corrected;
use crate::domain::ids::JobId;
use crate::http::{self, App, Editor, Path, Problem, Reader, take_corrections};
use crate::web::form::request;
use crate::web::language::Viewer;
use crate::web::shell::{Section, Shell, show};

#[derive(Template)]
#[template(path = "corrections.html")]
struct Page {
    shell: Shell,
    job: JobId,
    effect: String,
    unchanged: String,
    contacts: Option<String>,
    /// The note on the number of unknown rows, if there are more than are shown.
    unknown_first: Option<String>,
    done: Corrected,
}

/// Applies a file of corrections and shows what it changed.
pub(in crate::web) async fn correct(
    Editor(principal): Editor,
    viewer: Viewer,
    State(app): State<App>,
    Path(job): Path<JobId>,
    form: Request,
) -> Result<Response, Problem> {
    let title = viewer.text.corrections_title(job.to_string());
    let shell = Shell::new(viewer, &principal, Section::Jobs, title);
    let done = take_corrections(&app, &request(principal), job, form).await?;
    let text = &shell.text;
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let shown = |count: u64| text.number(number(count));
    let (changed, resolved) = (done.effect.changed.rows, done.effect.issues.settled);
    show(&Page {
        job,
        effect: format!("{}, {}", text.corrections_changed(changed), text.effect_resolved(resolved)),
        unchanged: text.corrections_unchanged(shown(done.unchanged), shown(done.read)),
        contacts: (done.contact_count > 0).then(|| text.corrections_contacts(number(done.contact_count))),
        unknown_first: (done.unknown_count > 100).then(|| text.corrections_first(shown(done.unknown_count))),
        done,
        shell,
    })
}

/// Downloads the rows of a job with open issues as CSV.
pub(in crate::web) async fn corrections_file(
    Reader(principal): Reader,
    State(app): State<App>,
    Path(job): Path<JobId>,
) -> Result<Response, Problem> {
    http::corrections_file(&app, &principal.owner, job).await
}
