//! Decisions about many cases: a preview that counts the changes, then the decision itself.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use sqlx::PgConnection;

use super::ReviewQuery;
use super::head::Head;
use super::job::ReviewJob;
use super::kind_of;
use crate::actions;
use crate::domain::assigned::AssignedTo;
use crate::domain::bulk_decision::BulkDecision;
use crate::domain::decision::{ColumnFilter, Decision, Edits, Field, Filter};
use crate::domain::ids::{IssueId, JobId};
use crate::domain::merge::Merge;
use crate::domain::rules::IssueType;
use crate::http::{App, Editor, Kind, Path, Problem};
use crate::store::contacts::{self, Contact};
use crate::store::decided::Example;
use crate::texts::{Text, field_inline};
use crate::web::changes::{self, Change, Count};
use crate::web::form::{Form, request};
use crate::web::language::Viewer;
use crate::web::shell::{Shell, show};
use crate::web::words;

/// The bulk decisions about cases of a kind.
pub(crate) struct Choices {
    /// The values and labels of the buttons.
    pub(super) buttons: Vec<(&'static str, String)>,
    /// The fields that can be filled with one value in all rows: names in forms, and labels.
    pub(super) blanks: Vec<(&'static str, String)>,
    pub(super) all_open: String,
}

impl Choices {
    pub(super) fn of(text: &Text, kind: IssueType, head: &Head, query: &ReviewQuery) -> Choices {
        let choices = kind.rule().bulk;
        let buttons = choices.iter().filter(|choice| **choice != BulkDecision::FillIn);
        Choices {
            buttons: buttons.map(|choice| (choice.as_str(), words::bulk_button(text, *choice))).collect(),
            blanks: match choices.contains(&BulkDecision::FillIn) {
                true => {
                    shared().into_iter().map(|field| (field.as_str(), field_inline(text, field))).collect()
                }
                false => Vec::new(),
            },
            all_open: match query.is_narrow() {
                true => text.bulk_all_matching(),
                false => text.bulk_all(head.open_number, &head.open),
            },
        }
    }
}

/// The form of a bulk decision and its cases.
#[derive(Debug, Deserialize)]
pub(in crate::web) struct BulkForm {
    decision: BulkDecision,
    /// `all` open cases of the kind; otherwise those in `issue`.
    #[serde(default)]
    scope: String,
    #[serde(default)]
    issue: Vec<IssueId>,
    /// The person to whom all cases are assigned, if not those in `issue` are meant; empty for all.
    #[serde(default)]
    assigned: String,
    /// The text that all cases contain; empty for all.
    #[serde(default)]
    text: String,
    /// The value that fills empty fields.
    #[serde(default)]
    value: String,
    field: Option<Field>,
}

impl BulkForm {
    fn filter(&self, text: &Text, kind: IssueType, me: &str) -> Result<Filter, Problem> {
        let mut filter = Filter { issue_type: Some(kind), ..Filter::default() };
        if self.scope == "all" {
            let query = self.query();
            filter.issue_text = query.text();
            filter.assigned = (!query.assigned.is_empty()).then(|| AssignedTo::from(query.assigned).of(me));
        } else if self.issue.is_empty() {
            return Err(Problem::on_page(Kind::Conflict, text.bulk_none_selected()));
        } else {
            filter.issues = Some(self.issue.clone());
        }
        if let (Some(name), true) = (self.field, self.fills()) {
            filter.column = Some(ColumnFilter { name, equals: Some(String::new()), contains: None });
        }
        Ok(filter)
    }

    /// Returns the query of the page with the form, to return to it.
    fn query(&self) -> ReviewQuery {
        let text = Some(self.text.clone());
        ReviewQuery { assigned: self.assigned.clone(), text, ..ReviewQuery::default() }
    }

    fn fills(&self) -> bool {
        self.decision == BulkDecision::FillIn
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
        })
    }

    /// Returns the edit that fills the empty field.
    fn filling(&self, text: &Text) -> Result<Edits, Problem> {
        if self.value.trim().is_empty() {
            return Err(Problem::on_page(Kind::Conflict, text.bulk_no_value()));
        }
        match self.field.filter(|field| shared().contains(field)) {
            Some(field) => Ok(Edits::of(field, self.value.clone())),
            None => Err(Problem::on_page(Kind::Conflict, text.bulk_no_field())),
        }
    }
}

/// Returns the fields for which many rows can get the same value, first the company, which they most often share. One
/// e-mail for many rows would make them duplicates.
fn shared() -> Vec<Field> {
    let mut fields: Vec<Field> = Field::ALL.iter().copied().filter(|field| *field != Field::Email).collect();
    fields.sort_by_key(|field| *field != Field::Company);
    fields
}

#[derive(Template)]
#[template(path = "bulk.html")]
struct Page {
    shell: Shell,
    filename: String,
    job: JobId,
    kind: String,
    slug: &'static str,
    back: String,
    question: String,
    form: BulkForm,
    rows: i64,
    effects: Vec<Count>,
    fields: Vec<String>,
    examples: Vec<Change>,
    /// Whether more rows change than are shown.
    more: bool,
    /// The note that the values are those of contacts.
    contacts_note: Option<String>,
}

/// Shows what a bulk decision would change.
pub(in crate::web) async fn preview(
    Editor(principal): Editor,
    viewer: Viewer,
    State(app): State<App>,
    Path((job, slug)): Path<(JobId, String)>,
    Form(form): Form<BulkForm>,
) -> Result<Response, Problem> {
    let kind = kind_of(&viewer.text, &slug)?;
    let mut db = app.owners.read(&principal.owner).await?;
    let review = ReviewJob::find(&mut db, viewer, principal, job).await?;
    db.rollback().await?;
    let text = review.text();
    let (filter, decision) = (form.filter(text, kind, review.principal.person())?, form.decision(text)?);
    let would = actions::preview(&app.owners, review.owner(), job, &filter, &decision).await?;
    let mut db = app.owners.read(review.owner()).await?;
    let examples = examples(&mut db, &review, form.decision, &would).await?;
    db.rollback().await?;
    show(&Page {
        shell: review.shell(words::bulk_question(text, form.decision)),
        filename: review.job.filename.clone(),
        job,
        kind: words::rule(text, kind),
        slug: kind.rule().slug,
        back: form.query().address(job, kind),
        question: words::bulk_question(text, form.decision),
        rows: would.changed.rows,
        effects: changes::counts(text, &would),
        more: would.changed.rows > examples.len() as i64,
        contacts_note: changes_contacts(form.decision).then(|| text.bulk_contacts_note()),
        fields: words::fields(text),
        examples,
        form,
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
        | BulkDecision::FillIn => false,
    }
}

/// Applies a bulk decision.
pub(in crate::web) async fn carry_out(
    Editor(principal): Editor,
    viewer: Viewer,
    State(app): State<App>,
    Path((job, slug)): Path<(JobId, String)>,
    Form(form): Form<BulkForm>,
) -> Result<Response, Problem> {
    let kind = kind_of(&viewer.text, &slug)?;
    let (filter, decision) =
        (form.filter(&viewer.text, kind, principal.person())?, form.decision(&viewer.text)?);
    let done = actions::decide(&app.owners, &request(principal), job, &filter, &decision).await?;
    let page = ReviewQuery { done: done.action, ..form.query() };
    Ok(Redirect::to(&page.address(job, kind)).into_response())
}
