//! Decisions about many cases: a preview that counts the changes, then the decision itself.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::head::Head;
use super::job::{ReviewJob, address};
use super::kind_of;
use crate::actions;
use crate::domain::bulk_decision::BulkDecision;
use crate::domain::decision::{ColumnFilter, Decision, Edits, Field, Filter};
use crate::domain::ids::{IssueId, JobId};
use crate::domain::row::RowStatus;
use crate::domain::rules::IssueType;
use crate::http::{App, Editor, Kind, Path, Problem};
use crate::store::decided::Example;
use crate::texts::{Text, field_inline};
use crate::web::extra;
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
    /// Whether all open cases can be chosen, which a search prevents.
    pub(super) all: bool,
    pub(super) all_open: String,
}

impl Choices {
    pub(super) fn of(text: &Text, kind: IssueType, head: &Head, searched: bool) -> Choices {
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
            all: !searched,
            all_open: text.bulk_all(head.open_number, &head.open),
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
    /// The value that fills empty fields.
    #[serde(default)]
    value: String,
    field: Option<Field>,
}

impl BulkForm {
    fn filter(&self, text: &Text, kind: IssueType) -> Result<Filter, Problem> {
        let mut filter = Filter { issue_type: Some(kind), ..Filter::default() };
        if self.scope != "all" {
            if self.issue.is_empty() {
                return Err(Problem::on_page(Kind::Conflict, text.bulk_none_selected()));
            }
            filter.issues = Some(self.issue.clone());
        }
        if let (Some(name), true) = (self.field, self.fills()) {
            filter.column = Some(ColumnFilter { name, equals: Some(String::new()), contains: None });
        }
        Ok(filter)
    }

    fn fills(&self) -> bool {
        self.decision == BulkDecision::FillIn
    }

    fn decision(&self, text: &Text) -> Result<Decision, Problem> {
        Ok(match self.decision {
            BulkDecision::KeepFirst => Decision::KeepFirst,
            BulkDecision::KeepLast => Decision::KeepLast,
            BulkDecision::Merge => Decision::Merge(Edits::default()),
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
    effects: Vec<Effect>,
    fields: Vec<String>,
    examples: Vec<Row>,
}

/// A count of the preview and the sentence around it.
struct Effect {
    before: String,
    number: String,
    after: String,
}

/// A row before and after.
struct Row {
    /// Each value before and after, and whether it changes.
    values: Vec<(String, String, bool)>,
    /// The values that change in columns that belong to no field: the column, before and after.
    others: Vec<(String, String, String)>,
    /// The status after the decision.
    status: words::Status,
}

fn row(text: &Text, example: &Example) -> Row {
    let pairs = example.before.values().into_iter().zip(example.after.values());
    let values = pairs.map(|(before, after)| (before.clone(), after.clone(), before != after)).collect();
    let status = match example.status_after {
        Some(RowStatus::Discard) => words::row_status(text, example.status_after),
        // The next run determines the status.
        Some(RowStatus::Ready | RowStatus::Success | RowStatus::Issue) | None => {
            words::Status { word: text.row_validated_again(), sign: "↻", class: "ready" }
        }
    };
    Row { values, others: extra::changes(&example.extra_before, &example.extra_after), status }
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
    let (filter, decision) = (form.filter(text, kind)?, form.decision(text)?);
    let would = actions::preview(&app.owners, review.owner(), job, &filter, &decision).await?;
    show(&Page {
        shell: review.shell(words::bulk_question(text, form.decision)),
        filename: review.job.filename.clone(),
        job,
        kind: words::rule(text, kind),
        slug: kind.rule().slug,
        back: address(job, kind),
        question: words::bulk_question(text, form.decision),
        rows: would.changed.rows,
        effects: effects(text, &would),
        fields: words::fields(text),
        examples: would.examples.iter().map(|example| row(text, example)).collect(),
        form,
    })
}

/// Returns the counts of what a decision would change.
fn effects(text: &Text, would: &actions::Preview) -> Vec<Effect> {
    let (changed, issues) = (&would.changed, &would.issues);
    // The changes without a count of their own.
    let others = changed.rows - changed.discarded - changed.restored - changed.edited;
    let mut effects = Vec::new();
    macro_rules! count {
        ($count:expr, $message:ident) => {
            if $count > 0 {
                let sentence = text.$message($count);
                effects.push(Effect { before: sentence.s0, number: text.number($count), after: sentence.s1 });
            }
        };
    }
    count!(others, bulk_effect_decided);
    count!(changed.discarded, bulk_effect_discarded);
    count!(changed.restored, bulk_effect_restored);
    count!(changed.edited, bulk_effect_edited);
    count!(changed.differing, bulk_effect_differing);
    count!(issues.settled, bulk_effect_resolved);
    count!(issues.reopened, bulk_effect_reopened);
    count!(issues.raised, bulk_effect_raised);
    effects
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
    let (filter, decision) = (form.filter(&viewer.text, kind)?, form.decision(&viewer.text)?);
    let done = actions::decide(&app.owners, &request(principal), job, &filter, &decision).await?;
    let query = done.action.map(|action| format!("?done={action}")).unwrap_or_default();
    Ok(Redirect::to(&format!("{}{query}", address(job, kind))).into_response())
}
