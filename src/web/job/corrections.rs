//! The download and upload of corrections.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::Response;

use crate::actions::{Corrected, CorrectionsPreview};
use crate::auth::Principal;
use crate::domain::ids::JobId;
use crate::http::{self, App, Editor, Path, Problem, Reader, find_job, take_corrections};
use crate::store::corrections::FileRow;
use crate::texts::Text;
use crate::web::changes::{self, Change, Count};
use crate::web::form::{request, wants_part};
use crate::web::language::Viewer;
use crate::web::problem;
use crate::web::shell::{Section, Shell, show};
use crate::web::words;

/// The page with the form for a file of corrections.
#[derive(Template)]
#[template(path = "corrections_form.html")]
struct FormPage {
    shell: Shell,
    job: JobId,
    filename: String,
    /// What the file of the form would change.
    changes: Option<Changes>,
}

/// What a file of corrections would change, or why it is refused.
#[derive(Template)]
#[template(path = "corrections_changes.html")]
struct Changes {
    text: Text,
    /// Why the file is refused, and where.
    refused: Option<String>,
    counts: Vec<Count>,
    unchanged: String,
    contacts: Option<String>,
    unknown: Vec<FileRow>,
    /// The note on the number of unknown rows, if there are more than are shown.
    unknown_first: Option<String>,
    fields: Vec<String>,
    examples: Vec<Change>,
    /// Whether more rows change than are shown.
    more: bool,
}

impl Changes {
    fn of(text: &Text, found: CorrectionsPreview) -> Changes {
        let CorrectionsPreview { preview, read, unchanged, unknown_count, unknown, contact_count } = found;
        Changes {
            refused: None,
            counts: changes::counts(text, &preview),
            unchanged: text.corrections_unchanged(shown(text, unchanged), shown(text, read)),
            contacts: contacts(text, contact_count),
            unknown_first: unknown_first(text, unknown_count),
            unknown,
            fields: words::fields(text),
            examples: preview.examples.iter().map(|example| Change::of_row(text, example)).collect(),
            more: preview.changed.rows > preview.examples.len() as i64,
            text: text.clone(),
        }
    }

    /// Returns why a file is refused. Fails with the problem if the viewer can do nothing about it.
    fn refused(text: &Text, problem: Problem) -> Result<Changes, Problem> {
        let status = problem.status();
        let Some(refused) = problem::words(text, &problem).filter(|_| status.is_client_error()) else {
            return Err(problem);
        };
        Ok(Changes {
            text: text.clone(),
            refused: Some(refused),
            counts: Vec::new(),
            unchanged: String::new(),
            contacts: None,
            unknown: Vec::new(),
            unknown_first: None,
            fields: Vec::new(),
            examples: Vec::new(),
            more: false,
        })
    }
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn shown(text: &Text, count: u64) -> String {
    text.number(number(count))
}

fn contacts(text: &Text, count: u64) -> Option<String> {
    (count > 0).then(|| text.corrections_contacts(number(count)))
}

fn unknown_first(text: &Text, count: u64) -> Option<String> {
    (count > 100).then(|| text.corrections_first(shown(text, count)))
}

/// Shows the form for a file of corrections.
pub(in crate::web) async fn corrections(
    Editor(principal): Editor,
    viewer: Viewer,
    State(app): State<App>,
    Path(job): Path<JobId>,
) -> Result<Response, Problem> {
    form(&app, &principal, viewer, job, None).await
}

async fn form(
    app: &App,
    principal: &Principal,
    viewer: Viewer,
    job: JobId,
    changes: Option<Changes>,
) -> Result<Response, Problem> {
    let mut db = app.owners.read(&principal.owner).await?;
    let filename = find_job(&mut db, &principal.owner, job).await?.label();
    db.rollback().await?;
    let title = viewer.text.corrections_title(job.to_string());
    show(&FormPage { shell: Shell::new(viewer, principal, Section::Jobs, title), job, filename, changes })
}

/// Shows what a file of corrections would change; for htmx only that, to insert it into the form.
pub(in crate::web) async fn preview_corrections(
    Editor(principal): Editor,
    viewer: Viewer,
    State(app): State<App>,
    Path(job): Path<JobId>,
    headers: HeaderMap,
    body: Request,
) -> Result<Response, Problem> {
    let changes = match http::preview_corrections(&app, &principal.owner, job, body).await {
        Ok(found) => Changes::of(&viewer.text, found),
        Err(problem) => Changes::refused(&viewer.text, problem)?,
    };
    match wants_part(&headers) {
        true => show(&changes),
        false => form(&app, &principal, viewer, job, Some(changes)).await,
    }
}

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

/// Applies a file of corrections and shows what it changed, or the form with the reason why the file is refused.
pub(in crate::web) async fn correct(
    Editor(principal): Editor,
    viewer: Viewer,
    State(app): State<App>,
    Path(job): Path<JobId>,
    body: Request,
) -> Result<Response, Problem> {
    let done = match take_corrections(&app, &request(principal.clone()), job, body).await {
        Ok(done) => done,
        Err(problem) => {
            let refused = Changes::refused(&viewer.text, problem)?;
            return form(&app, &principal, viewer, job, Some(refused)).await;
        }
    };
    let title = viewer.text.corrections_title(job.to_string());
    let shell = Shell::new(viewer, &principal, Section::Jobs, title);
    let text = &shell.text;
    let (changed, resolved) = (done.effect.changed.rows, done.effect.issues.settled);
    show(&Page {
        job,
        effect: format!("{}, {}", text.corrections_changed(changed), text.effect_resolved(resolved)),
        unchanged: text.corrections_unchanged(shown(text, done.unchanged), shown(text, done.read)),
        contacts: contacts(text, done.contact_count),
        unknown_first: unknown_first(text, done.unknown_count),
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
