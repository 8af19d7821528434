//! The form that assigns the columns of the file of a job.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::response::{Redirect, Response};

use crate::actions::{self, FilePreview, Remember, Reread};
use crate::domain::job::{JobId, ParseSettings};
use crate::http::{App, Editor, Path, PreviewQuery, Problem, Query, find_job, preview_of_job};
use crate::store::jobs::Job;
use crate::texts::Text;
use crate::web::form::{Form, request};
use crate::web::language::Viewer;
use crate::web::matching::{ColumnsTable, PreviewRows, chosen};
use crate::web::reading::ReadingView;
use crate::web::settings::{self, PartButtons, SettingsForm};
use crate::web::shell::{Section, Shell, show};

/// The form, with the first rows of the file.
#[derive(Template)]
#[template(path = "columns_form.html")]
pub(crate) struct ColumnsForm {
    text: Text,
    id: JobId,
    csrf: Option<String>,
    /// What is set about how the file is read.
    settings: Vec<(&'static str, String)>,
    parts: Option<PartButtons>,
    /// `None` if a part of the file has to be chosen first.
    columns: Option<ColumnsTable>,
    reading: ReadingView,
    rows: PreviewRows,
    /// The address of the script of the form.
    script: &'static str,
}

impl ColumnsForm {
    pub(super) fn of(
        shell: &Shell,
        job: &Job,
        settings: &ParseSettings,
        preview: &FilePreview,
    ) -> ColumnsForm {
        let text = &shell.text;
        ColumnsForm {
            id: job.id,
            csrf: shell.csrf.clone(),
            settings: settings::fields(settings),
            parts: PartButtons::of(text, preview, true),
            columns: (!preview.is_split).then(|| ColumnsTable::of(text, preview, true)),
            reading: ReadingView::of_preview(text, preview),
            rows: PreviewRows::of(text, preview, true),
            script: shell.assets().matching(),
            text: text.clone(),
        }
    }
}

#[derive(Template)]
#[template(path = "job_columns.html")]
struct Page {
    shell: Shell,
    id: JobId,
    filename: String,
    form: ColumnsForm,
}

/// Shows the form, with the file as the query's settings read it.
pub(in crate::web) async fn columns(
    Editor(principal): Editor,
    viewer: Viewer,
    State(app): State<App>,
    Path(job): Path<JobId>,
    Query(query): Query<PreviewQuery>,
) -> Result<Response, Problem> {
    let mut db = app.owners.read(&principal.owner).await?;
    let job = find_job(&mut db, &principal.owner, job).await?;
    db.rollback().await?;
    let settings = query.settings_or(&job.settings)?;
    let preview = preview_of_job(&app, &principal.owner, &job, &query).await?;
    let shell = Shell::new(viewer, &principal, Section::Jobs, job.filename.clone());
    let form = ColumnsForm::of(&shell, &job, &settings, &preview);
    show(&Page { id: job.id, filename: job.filename, form, shell })
}

/// Reads the file of a job again, with the columns of the form.
pub(in crate::web) async fn map(
    Editor(principal): Editor,
    State(app): State<App>,
    Path(job): Path<JobId>,
    Form(form): Form<HashMap<String, String>>,
) -> Result<Redirect, Problem> {
    let text = |name: &str| form.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
    let (assignment, values) = chosen(&form)?;
    let settings = &ParseSettings { values, ..SettingsForm::of(&form).parsed()? };
    let remember = Remember::of(text("remember").is_some(), text("remember_values").is_some());
    let reread = Reread { settings, assignment: Some(&assignment), remember, required: app.required };
    let queue = Some(&app.queue);
    actions::reread(&app.owners, &app.objects, queue, &request(principal), job, &reread).await?;
    Ok(Redirect::to(&format!("/jobs/{job}")))
}
