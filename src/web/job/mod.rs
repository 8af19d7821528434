//! The page of a job: its rows, state and history.

mod act;
mod columns;
mod corrections;
mod cure;
mod rows;
mod state;
mod timeline;

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

pub(super) use act::{cancel, delete, reprocess, reread, set_policy, undo_import};
pub(super) use columns::{columns, map};
pub(super) use corrections::{correct, corrections, corrections_file, preview_corrections};
pub(super) use cure::Cure;
pub(super) use rows::export;
pub(super) use state::{failure, live};

use self::columns::ColumnsForm;
use self::rows::{Rows, RowsQuery};
use self::state::StateView;
use self::timeline::Entry;
use super::bar::Bar;
use super::export::Formats;
use super::form::{search_text, wants_part};
use super::language::Viewer;
use super::reading::{ReadingView, Readings};
use super::settings::{self, SettingsFields};
use super::shell::{Section, Shell, show};
use super::words::{self, Status};
use crate::actions;
use crate::domain::job::{ImportPolicy, JobId, JobStatus, ParseSettings};
use crate::domain::rules::IssueType;
use crate::http::{self, App, Path, PreviewQuery, Problem, Query, Reader, find_job, preview_of_job};
use crate::store::issues;

/// A kind of open issues of the job.
struct Kind {
    name: String,
    slug: &'static str,
    open: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "job.html")]
struct Page {
    shell: Shell,
    id: JobId,
    filename: String,
    /// The names of the fields.
    fields: Vec<String>,
    status: Status,
    state: StateView,
    bar: Bar,
    picture: String,
    kinds: Vec<Kind>,
    show: String,
    text: String,
    /// Whether the list, and so a download, has only some of the rows.
    filtered: bool,
    /// The name of the part of the rows that is shown, and their number if it is known.
    shown: Option<(String, Option<String>)>,
    rows: Rows,
    formats: Formats,
    reading: Option<ReadingView>,
    readings: Option<Readings>,
    can_reread: bool,
    /// The form for the columns, if the file was refused and can be previewed.
    columns: Option<ColumnsForm>,
    /// The settings of the job besides its encoding, as hidden inputs.
    other_settings: Vec<(&'static str, String)>,
    settings_fields: SettingsFields,
    notice: Option<String>,
    timeline: Vec<Entry>,
    at_once: bool,
    /// Selection actions are possible.
    can_cancel: bool,
    can_undo: bool,
    can_delete: bool,
    can_correct: bool,
    /// Whether the rows were removed because they were too old.
    is_removed: bool,
    has_file: bool,
    undo_note: String,
}

/// Shows a job; for htmx only the next rows.
pub(super) async fn page(
    Reader(principal): Reader,
    viewer: Viewer,
    State(app): State<App>,
    Path(job): Path<JobId>,
    Query(query): Query<RowsQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut db = app.owners.read(&principal.owner).await?;
    let job = find_job(&mut db, &principal.owner, job).await?;
    let rows = Rows::of(&mut db, &viewer.text, &principal.owner, &job, &query).await?;
    if wants_part(&headers) && query.after.is_some() {
        return show(&rows);
    }
    let open = issues::counts(&mut db, &principal.owner, job.tables()).await?;
    let shell = Shell::new(viewer, &principal, Section::Jobs, job.label());
    let text = &shell.text;
    let kind = |(kind, count): &(IssueType, crate::store::Count)| {
        let slug = kind.rule().slug;
        Kind { name: words::rule(text, *kind), slug, open: text.count(*count), chosen: query.show == slug }
    };
    let untouched = !job.running && job.undoing.is_none();
    let idle = untouched && !job.wanted;
    let can_reread = shell.edits && idle && actions::can_reread(&job);
    let (bar, kinds) = (Bar::of(text, &job), open.iter().map(kind).collect::<Vec<Kind>>());
    let search = search_text(&query.text);
    let part = bar.parts.iter().find(|part| part.slug == query.show);
    let part = part.map(|part| (part.name.clone(), search.is_none().then(|| part.number.clone())));
    let shown =
        part.or_else(|| words::rule_of(&query.show).map(|rule| (words::rule(text, rule.issue_type), None)));
    let timeline = timeline::of(&mut db, text, &principal.owner, &job).await?;
    db.rollback().await?;
    let is_refused = job.status == JobStatus::Failed && !job.cancelled && job.total_rows == 0;
    let columns = match can_reread && is_refused {
        true => preview_of_job(&app, &principal.owner, &job, &PreviewQuery::default()).await.ok(),
        false => None,
    };
    show(&Page {
        id: job.id,
        filename: job.label(),
        columns: columns.map(|preview| ColumnsForm::of(&shell, &job, &job.settings, &preview)),
        fields: words::fields(text),
        status: words::job_outcome(text, job.status, job.cancelled),
        state: StateView::of(&job, &shell),
        bar,
        picture: text.job_picture(job.total_rows),
        kinds,
        filtered: search.is_some() || shown.is_some(),
        shown,
        readings: job.interpretation.as_ref().and_then(|read| Readings::of(text, read, can_reread)),
        can_reread,
        settings_fields: SettingsFields::of(text, "reread-", &job.settings),
        other_settings: settings::fields(&ParseSettings { encoding: None, ..job.settings.clone() }),
        notice: query.done.map(|done| done.words(text)),
        reading: job.interpretation.as_ref().map(|read| ReadingView::of(text, read)),
        timeline,
        at_once: job.policy == ImportPolicy::AtOnce,
        can_cancel: shell.edits
            && untouched
            && !matches!(job.status, JobStatus::Completed | JobStatus::Failed),
        can_undo: shell.edits && idle && job.rows_removed_at.is_none() && job.counts.consolidated > 0,
        can_delete: shell.edits && untouched,
        can_correct: idle && job.rows_removed_at.is_none() && job.open_issues > 0,
        is_removed: job.rows_removed_at.is_some(),
        has_file: job.file_removed_at.is_none(),
        undo_note: text.job_undo_import_note(job.counts.consolidated),
        formats: Formats::of(text),
        text: search.unwrap_or_default(),
        show: query.show,
        rows,
        shell,
    })
}

/// Downloads the original file of a job.
pub(super) async fn file(
    Reader(principal): Reader,
    State(app): State<App>,
    Path(job): Path<JobId>,
) -> Result<Response, Problem> {
    http::job_file(&app, &principal.owner, job).await
}
