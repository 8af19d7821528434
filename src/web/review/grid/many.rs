//! Decisions of the table about selected rows, or all that match: a preview that counts the changes, then the decision itself.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::query::GridQuery;
use crate::actions;
use crate::domain::bulk_decision::BulkDecision;
use crate::domain::decision::{Decision, Field, Filter};
use crate::domain::ids::RowId;
use crate::domain::job::JobId;
use crate::domain::replacement::Replacement;
use crate::http::{App, Editor, Kind, Path, Problem};
use crate::texts::Text;
use crate::web::changes::{self, Change, Count};
use crate::web::form::{Form, request};
use crate::web::language::Viewer;
use crate::web::review::job::ReviewJob;
use crate::web::shell::{Shell, show};
use crate::web::words;

/// A decision, as its button sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Button {
    Discard,
    Accept,
    Replace,
}

impl Button {
    fn as_str(self) -> &'static str {
        match self {
            Button::Discard => "discard",
            Button::Accept => "accept",
            Button::Replace => "replace",
        }
    }

    fn question(self, text: &Text) -> String {
        match self {
            Button::Discard => words::bulk_question(text, BulkDecision::Discard),
            Button::Accept => words::bulk_question(text, BulkDecision::Accept),
            Button::Replace => text.grid_replace_question(),
        }
    }
}

/// The rows of a decision, as the form names them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Scope {
    /// Those in [`ManyForm::row`].
    #[default]
    Selected,
    /// All that match the query.
    All,
}

impl Scope {
    fn as_str(self) -> &'static str {
        match self {
            Scope::Selected => "selected",
            Scope::All => "all",
        }
    }
}

/// The form of a decision and its rows.
#[derive(Debug, Deserialize)]
pub(in crate::web) struct ManyForm {
    decision: Button,
    #[serde(default)]
    scope: Scope,
    #[serde(default)]
    row: Vec<RowId>,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    column: String,
    text: Option<String>,
    #[serde(default)]
    assigned: String,
    #[serde(default)]
    others: String,
    /// The field in which a text is replaced.
    field: Option<Field>,
    #[serde(default)]
    find: String,
    #[serde(default)]
    with: String,
    /// `on` as a checkbox sends it, else absent or empty.
    #[serde(default)]
    match_case: String,
}

impl ManyForm {
    fn query(&self) -> GridQuery {
        let ManyForm { kind, column, text, assigned, others, .. } = self;
        let (kind, column, text) = (kind.clone(), column.clone(), text.clone());
        let (assigned, others) = (assigned.clone(), others.clone());
        GridQuery { kind, column, text, assigned, others, ..GridQuery::default() }
    }

    fn filter(&self, text: &Text, me: &str) -> Result<Filter, Problem> {
        match self.scope {
            Scope::All => self.query().filter(text, me),
            Scope::Selected if self.row.is_empty() => {
                Err(Problem::on_page(Kind::Conflict, text.grid_none_selected()))
            }
            Scope::Selected => Ok(Filter::rows(self.row.clone())),
        }
    }

    fn decision(&self) -> Decision {
        match self.decision {
            Button::Discard => Decision::Discard,
            Button::Accept => Decision::Accept,
            Button::Replace => Decision::Replace(Replacement {
                field: self.field.unwrap_or(Field::Email),
                find: self.find.clone(),
                with: self.with.clone(),
                match_case: !self.match_case.is_empty(),
            }),
        }
    }
}

#[derive(Template)]
#[template(path = "grid_many.html")]
struct Page {
    shell: Shell,
    filename: String,
    job: JobId,
    back: String,
    question: String,
    form: ManyForm,
    rows: i64,
    effects: Vec<Count>,
    fields: Vec<String>,
    examples: Vec<Change>,
    /// Whether more rows change than are shown.
    more: bool,
}

/// Shows what a decision would change.
pub(in crate::web) async fn preview(
    Editor(principal): Editor,
    viewer: Viewer,
    State(app): State<App>,
    Path(job): Path<JobId>,
    Form(form): Form<ManyForm>,
) -> Result<Response, Problem> {
    let mut db = app.owners.read(&principal.owner).await?;
    let review = ReviewJob::find(&mut db, viewer, principal, job).await?;
    db.rollback().await?;
    let text = review.text();
    let (filter, decision) = (form.filter(text, review.principal.person())?, form.decision());
    let would = actions::preview(&app.owners, review.owner(), job, &filter, &decision).await?;
    show(&Page {
        shell: review.shell(form.decision.question(text)),
        filename: review.job.filename.clone(),
        job,
        back: form.query().address(job),
        question: form.decision.question(text),
        rows: would.changed.rows,
        effects: changes::counts(text, &would),
        fields: words::fields(text),
        more: would.changed.rows > would.examples.len() as i64,
        examples: would.examples.iter().map(|example| Change::of_row(text, example)).collect(),
        form,
    })
}

/// Applies a decision.
pub(in crate::web) async fn carry_out(
    Editor(principal): Editor,
    viewer: Viewer,
    State(app): State<App>,
    Path(job): Path<JobId>,
    Form(form): Form<ManyForm>,
) -> Result<Response, Problem> {
    let (filter, decision) = (form.filter(&viewer.text, principal.person())?, form.decision());
    let done = actions::decide(&app.owners, &request(principal), job, &filter, &decision).await?;
    Ok(Redirect::to(&GridQuery { done: done.action, ..form.query() }.address(job)).into_response())
}
