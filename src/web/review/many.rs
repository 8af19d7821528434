//! Decisions about many cases or rows: a preview that counts the changes, then the decision itself.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use sqlx::PgConnection;

use super::ReviewQuery;
use super::grid::GridQuery;
use super::job::ReviewJob;
use super::kind_of;
use super::panel::shared;
use crate::actions;
use crate::auth::Principal;
use crate::domain::bulk_decision::BulkDecision;
use crate::domain::decision::{ColumnFilter, Decision, Edits, Field, Filter};
use crate::domain::ids::{ActionId, IssueId, JobId, RowId};
use crate::domain::merge::Merge;
use crate::domain::replacement::Replacement;
use crate::domain::rules::IssueType;
use crate::http::{App, Editor, Kind, Path, Problem};
use crate::store::contacts::{self, Contact};
use crate::store::decided::Example;
use crate::texts::Text;
use crate::web::changes::{self, Change, Count};
use crate::web::form::{Form, request};
use crate::web::language::Viewer;
use crate::web::shell::{Shell, show};
use crate::web::words;

/// The cases or rows of a decision, as the form names them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Scope {
    /// Those in [`ManyForm::issue`] or [`ManyForm::row`].
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

/// The form of a decision and its cases or rows.
#[derive(Debug, Deserialize)]
pub(in crate::web) struct ManyForm {
    decision: BulkDecision,
    #[serde(default)]
    scope: Scope,
    /// The selected cases.
    #[serde(default)]
    issue: Vec<IssueId>,
    /// The selected rows of the table.
    #[serde(default)]
    row: Vec<RowId>,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    column: String,
    /// The text that all contain; empty for all.
    #[serde(default)]
    text: String,
    /// The person to whom all are assigned; empty for all.
    #[serde(default)]
    assigned: String,
    #[serde(default)]
    others: String,
    /// The empty field that is filled, and its value.
    blank: Option<Field>,
    #[serde(default)]
    value: String,
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
    /// Returns the query of the cases with the form, to return to it.
    fn cases(&self) -> ReviewQuery {
        let text = Some(self.text.clone());
        ReviewQuery { assigned: self.assigned.clone(), text, ..ReviewQuery::default() }
    }

    /// Returns the query of the table with the form, to return to it.
    fn table(&self) -> GridQuery {
        let ManyForm { kind, column, text, assigned, others, .. } = self;
        let (kind, column, text) = (kind.clone(), column.clone(), Some(text.clone()));
        let (assigned, others) = (assigned.clone(), others.clone());
        GridQuery { kind, column, text, assigned, others, ..GridQuery::default() }
    }

    fn filter(&self, text: &Text, view: View, me: &str) -> Result<Filter, Problem> {
        let filter = match (view, self.scope) {
            (View::Cases(kind), Scope::All) => self.cases().filter(kind, me),
            (View::Cases(kind), Scope::Selected) => {
                let issues = selected(&self.issue, || text.bulk_none_selected())?;
                Filter { issue_type: Some(kind), issues: Some(issues), ..Filter::default() }
            }
            (View::Table, Scope::All) => self.table().filter(text, me)?,
            (View::Table, Scope::Selected) => {
                Filter::rows(selected(&self.row, || text.grid_none_selected())?)
            }
        };
        let is_empty = |name| ColumnFilter { name, equals: Some(String::new()), contains: None };
        match self.blank.filter(|_| self.decision == BulkDecision::FillIn) {
            Some(blank) => Ok(Filter { column: Some(is_empty(blank)), ..filter }),
            None => Ok(filter),
        }
    }

    fn decision(&self, text: &Text) -> Result<Decision, Problem> {
        Ok(match self.decision {
            BulkDecision::KeepFirst => Decision::KeepFirst,
            BulkDecision::KeepLast => Decision::KeepLast,
            BulkDecision::Merge => Decision::Merge(Merge::default()),
            BulkDecision::Correct => Decision::Correct,
            BulkDecision::KeepContact => Decision::KeepContact,
            BulkDecision::Overwrite => Decision::Overwrite,
            BulkDecision::Fill => Decision::Fill,
            BulkDecision::Accept => Decision::Accept,
            BulkDecision::Discard => Decision::Discard,
            BulkDecision::FillIn => Decision::Edit(self.filling(text)?),
            BulkDecision::Replace => Decision::Replace(Replacement {
                field: self.field.unwrap_or(Field::Email),
                find: self.find.clone(),
                with: self.with.clone(),
                match_case: !self.match_case.is_empty(),
            }),
        })
    }

    /// Returns the edit that fills the empty field.
    fn filling(&self, text: &Text) -> Result<Edits, Problem> {
        if self.value.trim().is_empty() {
            return Err(Problem::on_page(Kind::Conflict, text.bulk_no_value()));
        }
        match self.blank.filter(|field| shared().contains(field)) {
            Some(field) => Ok(Edits::of(field, self.value.clone())),
            None => Err(Problem::on_page(Kind::Conflict, text.bulk_no_field())),
        }
    }

    /// Returns the names and values of the form, except those that are empty.
    fn inputs(&self) -> Vec<(&'static str, String)> {
        let texts = [
            ("decision", self.decision.as_str()),
            ("scope", self.scope.as_str()),
            ("kind", &self.kind),
            ("column", &self.column),
            ("text", &self.text),
            ("assigned", &self.assigned),
            ("others", &self.others),
            ("blank", self.blank.map_or("", Field::as_str)),
            ("value", &self.value),
            ("field", self.field.map_or("", Field::as_str)),
            ("find", &self.find),
            ("with", &self.with),
            ("match_case", &self.match_case),
        ];
        let texts = texts.into_iter().filter(|(_, value)| !value.is_empty());
        let texts = texts.map(|(name, value)| (name, value.to_owned()));
        let issues = self.issue.iter().map(|issue| ("issue", issue.to_string()));
        texts.chain(issues).chain(self.row.iter().map(|row| ("row", row.to_string()))).collect()
    }
}

fn selected<T: Copy>(chosen: &[T], none: impl FnOnce() -> String) -> Result<Vec<T>, Problem> {
    match chosen.is_empty() {
        true => Err(Problem::on_page(Kind::Conflict, none())),
        false => Ok(chosen.to_vec()),
    }
}

/// The view of a review with the form.
#[derive(Debug, Clone, Copy)]
enum View {
    /// The cases of a kind.
    Cases(IssueType),
    /// The table.
    Table,
}

impl View {
    /// Returns the address that carries out the decision.
    fn action(self, job: JobId) -> String {
        match self {
            View::Cases(kind) => format!("/jobs/{job}/review/{}/bulk", kind.rule().slug),
            View::Table => format!("/jobs/{job}/grid/many"),
        }
    }

    /// Returns the address of the page with the form, with a notice about an action.
    fn page(self, job: JobId, form: &ManyForm, done: Option<ActionId>) -> String {
        match self {
            View::Cases(kind) => ReviewQuery { done, ..form.cases() }.address(job, kind),
            View::Table => GridQuery { done, ..form.table() }.address(job),
        }
    }
}

#[derive(Template)]
#[template(path = "bulk.html")]
struct Page {
    shell: Shell,
    filename: String,
    job: JobId,
    /// The address that carries out the decision.
    action: String,
    back: String,
    question: String,
    inputs: Vec<(&'static str, String)>,
    rows: i64,
    effects: Vec<Count>,
    fields: Vec<String>,
    examples: Vec<Change>,
    /// Whether more rows change than are shown.
    more: bool,
    /// The note that the values are those of contacts.
    contacts_note: Option<String>,
}

/// Shows what a decision about cases would change.
pub(in crate::web) async fn preview(
    Editor(principal): Editor,
    viewer: Viewer,
    State(app): State<App>,
    Path((job, slug)): Path<(JobId, String)>,
    Form(form): Form<ManyForm>,
) -> Result<Response, Problem> {
    let view = View::Cases(kind_of(&viewer.text, &slug)?);
    preview_of(&app, principal, viewer, job, view, &form).await
}

/// Shows what a decision about rows of the table would change.
pub(in crate::web) async fn preview_rows(
    Editor(principal): Editor,
    viewer: Viewer,
    State(app): State<App>,
    Path(job): Path<JobId>,
    Form(form): Form<ManyForm>,
) -> Result<Response, Problem> {
    preview_of(&app, principal, viewer, job, View::Table, &form).await
}

async fn preview_of(
    app: &App,
    principal: Principal,
    viewer: Viewer,
    job: JobId,
    view: View,
    form: &ManyForm,
) -> Result<Response, Problem> {
    let mut db = app.owners.read(&principal.owner).await?;
    let review = ReviewJob::find(&mut db, viewer, principal, job).await?;
    db.rollback().await?;
    let text = review.text();
    let (filter, decision) = (form.filter(text, view, review.principal.person())?, form.decision(text)?);
    let would = actions::preview(&app.owners, review.owner(), job, &filter, &decision).await?;
    let mut db = app.owners.read(review.owner()).await?;
    let examples = examples(&mut db, &review, form.decision, &would).await?;
    db.rollback().await?;
    let question = words::bulk_question(text, form.decision);
    show(&Page {
        shell: review.shell(question.clone()),
        filename: review.job.filename.clone(),
        job,
        action: view.action(job),
        back: view.page(job, form, None),
        question,
        inputs: form.inputs(),
        rows: would.changed.rows,
        effects: changes::counts(text, &would),
        more: would.changed.rows > examples.len() as i64,
        contacts_note: changes_contacts(form.decision).then(|| text.bulk_contacts_note()),
        fields: words::fields(text),
        examples,
    })
}

/// Returns how the first rows change, or, if the decision changes contacts, how these do.
async fn examples(
    db: &mut PgConnection,
    review: &ReviewJob,
    decision: BulkDecision,
    would: &actions::Preview,
) -> Result<Vec<Change>, Problem> {
    let text = review.text();
    let of_row = |example: &Example| Change::of_row(text, example);
    if !changes_contacts(decision) {
        return Ok(would.examples.iter().map(of_row).collect());
    }
    let emails: Vec<&str> = would.examples.iter().map(|example| example.after.email.as_str()).collect();
    let contacts = contacts::with_emails(db, review.owner(), &emails).await?;
    let pairs = would.examples.iter().zip(contacts);
    let change = |(example, contact): (&Example, Option<Contact>)| match contact {
        Some(contact) => Change::of_contact(text, example, &contact, decision == BulkDecision::Fill),
        None => of_row(example),
    };
    Ok(pairs.map(change).collect())
}

/// Returns whether the next run changes contacts because of the decision.
fn changes_contacts(decision: BulkDecision) -> bool {
    match decision {
        BulkDecision::Overwrite | BulkDecision::Fill => true,
        BulkDecision::KeepFirst
        | BulkDecision::KeepLast
        | BulkDecision::Merge
        | BulkDecision::Correct
        | BulkDecision::KeepContact
        | BulkDecision::Accept
        | BulkDecision::Discard
        | BulkDecision::FillIn
        | BulkDecision::Replace => false,
    }
}

/// Applies a decision about cases.
pub(in crate::web) async fn carry_out(
    Editor(principal): Editor,
    viewer: Viewer,
    State(app): State<App>,
    Path((job, slug)): Path<(JobId, String)>,
    Form(form): Form<ManyForm>,
) -> Result<Response, Problem> {
    let view = View::Cases(kind_of(&viewer.text, &slug)?);
    carry_out_in(&app, principal, &viewer, job, view, &form).await
}

/// Applies a decision about rows of the table.
pub(in crate::web) async fn carry_out_rows(
    Editor(principal): Editor,
    viewer: Viewer,
    State(app): State<App>,
    Path(job): Path<JobId>,
    Form(form): Form<ManyForm>,
) -> Result<Response, Problem> {
    carry_out_in(&app, principal, &viewer, job, View::Table, &form).await
}

async fn carry_out_in(
    app: &App,
    principal: Principal,
    viewer: &Viewer,
    job: JobId,
    view: View,
    form: &ManyForm,
) -> Result<Response, Problem> {
    let text = &viewer.text;
    let (filter, decision) = (form.filter(text, view, principal.person())?, form.decision(text)?);
    let done = actions::decide(&app.owners, &request(principal), job, &filter, &decision).await?;
    Ok(Redirect::to(&view.page(job, form, done.action)).into_response())
}
