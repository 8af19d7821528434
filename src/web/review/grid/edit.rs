//! Saves cells of the table: one, or a pasted column.

use std::collections::{HashMap, HashSet};

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use sqlx::PgConnection;

use super::line::{Line, Notes, lines};
use super::query::GridQuery;
use super::{head, shown_others};
use crate::actions::{self, ActionError, Effect, RowEdit};
use crate::domain::field::Field;
use crate::domain::ids::{ActionId, RowId};
use crate::domain::job::JobId;
use crate::http::{App, Editor, Json, Path, Problem, Query};
use crate::store::{extra_columns, issue_items, issues, staging};
use crate::texts::Text;
use crate::web::changes::{self, Change, Count};
use crate::web::extra;
use crate::web::form::request;
use crate::web::language::Viewer;
use crate::web::review::failure_notice;
use crate::web::review::head::Head;
use crate::web::review::job::{ReviewJob, effect};
use crate::web::review::reason;
use crate::web::shell::show;
use crate::web::words;

/// Rows of each issue of an edited row that are shown again, since their issues may have changed.
const OF_EACH: i64 = 20;
/// The most of these rows.
const SHARING: i64 = 500;

/// The new values of cells.
#[derive(Debug, Deserialize)]
pub(in crate::web) struct Cells {
    rows: Vec<CellsOfRow>,
    /// Pasted lines that do not fit, since the table shows fewer rows.
    #[serde(default)]
    left_lines: i64,
    /// Pasted columns that do not fit.
    #[serde(default)]
    left_columns: i64,
}

/// The new values of a row's cells.
#[derive(Debug, Deserialize)]
struct CellsOfRow {
    row: RowId,
    /// The tag of the row as shown.
    tag: String,
    values: HashMap<String, String>,
}

impl Cells {
    fn edits(&self) -> Vec<RowEdit> {
        let edit = |of: &CellsOfRow| RowEdit {
            row: of.row,
            seen: Some(of.tag.clone()),
            edits: extra::edits(&of.values),
        };
        self.rows.iter().map(edit).collect()
    }

    fn rows(&self) -> Vec<RowId> {
        self.rows.iter().map(|of| of.row).collect()
    }
}

/// The rows of the table after an action, with the head of the page.
#[derive(Template)]
#[template(path = "grid_changed.html")]
struct Changed {
    head: Head,
    /// What was done, or why nothing was.
    words: String,
    /// Whether nothing was done.
    failed: bool,
    action: Option<ActionId>,
    lines: Vec<Line>,
}

/// What an action did, or why nothing was done.
struct Outcome {
    words: String,
    failed: bool,
    action: Option<ActionId>,
    /// The rows that it was about.
    rows: Vec<RowId>,
    notes: Notes,
}

/// Saves cells as one action.
pub(in crate::web) async fn edit(
    Editor(principal): Editor,
    viewer: Viewer,
    State(app): State<App>,
    Path(job): Path<JobId>,
    Query(query): Query<GridQuery>,
    Json(cells): Json<Cells>,
) -> Result<Response, Problem> {
    let done = actions::edit_rows(&app.owners, &request(principal.clone()), job, &cells.edits()).await;
    let mut db = app.owners.read(&principal.owner).await?;
    let review = ReviewJob::find(&mut db, viewer, principal, job).await?;
    let outcome = match done {
        Ok(effect) => saved(&mut db, &review, &cells, &effect).await?,
        Err(error) => refused(&mut db, &review, &cells, error).await?,
    };
    changed(&mut db, &review, &query, outcome).await
}

async fn saved(
    db: &mut PgConnection,
    review: &ReviewJob,
    cells: &Cells,
    done: &Effect,
) -> Result<Outcome, Problem> {
    let text = review.text();
    let notes = done.warnings.iter().map(|warning| {
        let email = (warning.row, Field::Email.as_str().to_owned());
        (email, text.case_warns(words::wrong(text, warning.issue_type)))
    });
    let words = match done.changed.rows {
        0 => text.case_not_edited(),
        _ => text.review_done(effect(text, done)),
    };
    let reason = still_wrong(db, review, cells, done).await?;
    let words = reason.map_or(words.clone(), |reason| format!("{words} {}", words::sentence(&reason)));
    Ok(Outcome { words, failed: false, action: done.action, rows: cells.rows(), notes: notes.collect() })
}

/// Returns what is wrong with the new values of a row; `None` if nothing is, or several rows were saved.
async fn still_wrong(
    db: &mut PgConnection,
    review: &ReviewJob,
    cells: &Cells,
    done: &Effect,
) -> Result<Option<String>, Problem> {
    let issues = &done.issues;
    let &[row] = &cells.rows()[..] else { return Ok(None) };
    if issues.still_open + issues.raised + issues.reopened == 0 {
        return Ok(None);
    }
    let (owner, tables) = (review.owner(), review.job.tables());
    let open = issues::open_of_rows(&mut *db, owner, tables, &[row]).await?;
    let row = staging::get(db, owner, tables, row).await?;
    let reason = |issue| reason::sentence(review.text(), issue, row.as_ref(), review.job.required);
    Ok(open.first().map(|(_, issue)| reason(issue)))
}

/// Returns why cells were not saved, also in the cells of rows that somebody else has changed, with what the person typed.
async fn refused(
    db: &mut PgConnection,
    review: &ReviewJob,
    cells: &Cells,
    error: ActionError,
) -> Result<Outcome, Problem> {
    let text = review.text();
    let is_stale = matches!(error, ActionError::Stale(_));
    let words = failure_notice(text, error)?;
    let now = staging::list(db, review.owner(), review.job.tables(), &cells.rows()).await?;
    let tags: HashSet<(RowId, String)> = now.iter().map(|row| (row.row, row.tag())).collect();
    let is_cause = |of: &&CellsOfRow| !is_stale || !tags.contains(&(of.row, of.tag.clone()));
    let notes = cells.rows.iter().filter(is_cause).flat_map(|of| {
        let note =
            |(name, value): (&String, &String)| ((of.row, name.clone()), text.case_you_typed(&words, value));
        of.values.iter().map(note)
    });
    let notes = notes.collect();
    Ok(Outcome { words, failed: true, action: None, rows: cells.rows(), notes })
}

/// Renders the rows of an action and those that share issues with them.
async fn changed(
    db: &mut PgConnection,
    review: &ReviewJob,
    query: &GridQuery,
    outcome: Outcome,
) -> Result<Response, Problem> {
    let (owner, tables) = (review.owner(), review.job.tables());
    let Outcome { words, failed, action, mut rows, notes } = outcome;
    let sharing = issue_items::sharing(db, owner, tables, &rows, OF_EACH, SHARING).await?;
    rows.extend(sharing);
    let rows = staging::list(db, owner, tables, &rows).await?;
    let others = extra_columns::of_job(db, review.job.id).await?;
    let lines = lines(db, review, rows, shown_others(query, &others), &notes).await?;
    show(&Changed { head: head(db, review, query).await?, words, failed, action, lines })
}

/// What pasted cells would change.
#[derive(Template)]
#[template(path = "grid_paste.html")]
struct Pasted {
    text: Text,
    /// What is not pasted, and why.
    left: Vec<String>,
    has_left_lines: bool,
    rows: i64,
    effects: Vec<Count>,
    fields: Vec<String>,
    examples: Vec<Change>,
    /// Whether more rows change than are shown.
    more: bool,
}

/// Shows what pasted cells would change. If it cannot be pasted, returns the rows as they are now and the reason.
pub(in crate::web) async fn preview(
    Editor(principal): Editor,
    viewer: Viewer,
    State(app): State<App>,
    Path(job): Path<JobId>,
    Query(query): Query<GridQuery>,
    Json(cells): Json<Cells>,
) -> Result<Response, Problem> {
    let would = match cells.rows.is_empty() {
        true => Ok(None),
        false => actions::preview_rows(&app.owners, &principal.owner, job, &cells.edits()).await.map(Some),
    };
    let would = match would {
        Ok(would) => would,
        Err(error) => {
            let mut db = app.owners.read(&principal.owner).await?;
            let review = ReviewJob::find(&mut db, viewer, principal, job).await?;
            let outcome = refused(&mut db, &review, &cells, error).await?;
            return changed(&mut db, &review, &query, outcome).await;
        }
    };
    let text = viewer.text;
    let mut left = Vec::new();
    if cells.left_lines > 0 {
        left.push(text.grid_left_lines(cells.left_lines));
    }
    if cells.left_columns > 0 {
        left.push(text.grid_left_columns(cells.left_columns));
    }
    show(&Pasted {
        left,
        has_left_lines: cells.left_lines > 0,
        rows: would.as_ref().map_or(0, |would| would.changed.rows),
        effects: would.as_ref().map_or_else(Vec::new, |would| changes::counts(&text, would)),
        fields: words::fields(&text),
        more: would.as_ref().is_some_and(|would| would.changed.rows > would.examples.len() as i64),
        examples: would
            .iter()
            .flat_map(|would| &would.examples)
            .map(|example| Change::of_row(&text, example))
            .collect(),
        text,
    })
}

/// An action of the page to undo.
#[derive(Debug, Deserialize)]
pub(in crate::web) struct Undone {
    action: ActionId,
    /// The rows that it was about.
    rows: Vec<RowId>,
}

/// Undoes an action of the page.
pub(in crate::web) async fn undo(
    Editor(principal): Editor,
    viewer: Viewer,
    State(app): State<App>,
    Path(job): Path<JobId>,
    Query(query): Query<GridQuery>,
    Json(Undone { action, rows }): Json<Undone>,
) -> Result<Response, Problem> {
    let text = &viewer.text;
    let (words, failed) = match actions::undo(&app.owners, &request(principal.clone()), action).await {
        Ok(done) if done.left.is_empty() => (text.review_undone(effect(text, &done)), false),
        Ok(_) => (text.case_undone_partly(), false),
        Err(error) => (failure_notice(text, error)?, true),
    };
    let mut db = app.owners.read(&principal.owner).await?;
    let review = ReviewJob::find(&mut db, viewer, principal, job).await?;
    let outcome = Outcome { words, failed, action: None, rows, notes: Notes::new() };
    changed(&mut db, &review, &query, outcome).await
}
