//! One decision about many cases: looked at first, with what it would do counted, then carried out.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::head::Head;
use super::job::{ReviewJob, address};
use crate::actions;
use crate::domain::decision::{BulkDecision, ColumnFilter, Decision, Edits, Field, Filter};
use crate::domain::ids::{IssueId, JobId};
use crate::domain::issue::IssueType;
use crate::domain::row::RowStatus;
use crate::http::{App, Editor, Path, Problem};
use crate::store::decided::Example;
use crate::web::form::{Form, request};
use crate::web::shell::{Shell, show};
use crate::web::words;

/// What can be decided about many cases of a kind.
pub(crate) struct Choices {
    /// What the buttons send, and their words.
    pub(super) buttons: Vec<(&'static str, &'static str)>,
    /// Whether blanks can be filled with one value.
    pub(super) blanks: bool,
    /// Whether all that is open can be meant: not while only some of it is looked for.
    pub(super) all: bool,
    pub(super) open: String,
}

impl Choices {
    pub(super) fn of(kind: IssueType, head: &Head, searched: bool) -> Choices {
        let choices = kind.rule().bulk;
        let buttons = choices.iter().filter(|choice| **choice != BulkDecision::FillIn);
        Choices {
            buttons: buttons.map(|choice| (choice.as_str(), words::bulk_button(*choice))).collect(),
            blanks: choices.contains(&BulkDecision::FillIn),
            all: !searched,
            open: head.open.clone(),
        }
    }
}

/// What is to be decided, about which cases.
#[derive(Debug, Deserialize)]
pub(in crate::web) struct Asked {
    decision: BulkDecision,
    /// `all` of the kind that is open, or what is selected.
    #[serde(default)]
    scope: String,
    #[serde(default)]
    issue: Vec<IssueId>,
    /// The value that blanks are filled with.
    #[serde(default)]
    value: String,
    field: Option<Field>,
}

impl Asked {
    fn filter(&self, kind: IssueType) -> Result<Filter, Problem> {
        let mut filter = Filter { issue_type: Some(kind), ..Filter::default() };
        if self.scope != "all" {
            if self.issue.is_empty() {
                return Err(Problem::conflict("nothing is selected; select cases with x, or choose all"));
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

    fn decision(&self) -> Result<Decision, Problem> {
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
            BulkDecision::FillIn => Decision::Edit(self.filling()?),
        })
    }

    /// The value for the field that is empty.
    fn filling(&self) -> Result<Edits, Problem> {
        if self.value.trim().is_empty() {
            return Err(Problem::conflict("type the value that goes where there is none"));
        }
        let (value, none) = (Some(self.value.clone()), Edits::default());
        match self.field {
            Some(Field::FirstName) => Ok(Edits { first_name: value, ..none }),
            Some(Field::LastName) => Ok(Edits { last_name: value, ..none }),
            Some(Field::Company) => Ok(Edits { company: value, ..none }),
            // One address for many contacts would make duplicates of them.
            Some(Field::Email) | None => Err(Problem::conflict("choose which value is to be filled in")),
        }
    }
}

#[derive(Template)]
#[template(path = "bulk.html")]
struct Page {
    shell: Shell,
    filename: String,
    job: JobId,
    kind: &'static str,
    slug: &'static str,
    back: String,
    words: &'static str,
    asked: Asked,
    rows: i64,
    effects: Vec<(String, &'static str)>,
    examples: Vec<Row>,
}

/// A row before and after.
struct Row {
    /// Each value before and after, and whether that is another.
    values: Vec<(String, String, bool)>,
    /// What becomes of it.
    status: words::Told,
}

fn row(example: &Example) -> Row {
    let pairs = example.before.iter().zip(&example.after);
    let values = pairs.map(|(before, after)| (before.clone(), after.clone(), before != after)).collect();
    let status = match example.status_after {
        Some(RowStatus::Discard) => words::row_status(example.status_after),
        // What it is then, the next run finds out.
        _ => words::Told { word: "Judged again", sign: "↻", class: "ready" },
    };
    Row { values, status }
}

/// Shows what a decision about many cases would do.
pub(in crate::web) async fn preview(
    Editor(principal): Editor,
    State(app): State<App>,
    Path((job, slug)): Path<(JobId, String)>,
    Form(asked): Form<Asked>,
) -> Result<Response, Problem> {
    let kind =
        words::rule_of(&slug).ok_or_else(|| Problem::not_found("there is no such kind of issue"))?.issue_type;
    let mut db = app.owners.read(&principal.owner).await?;
    let place = ReviewJob::find(&mut db, principal, job).await?;
    db.rollback().await?;
    let (filter, decision) = (asked.filter(kind)?, asked.decision()?);
    let would = actions::preview(&app.owners, place.owner(), job, &filter, &decision).await?;
    let counted = |count: i64, one: &'static str, more: &'static str| {
        (count > 0).then(|| (words::number(count), if count == 1 { one } else { more }))
    };
    let changed = &would.changed;
    // What is told in particular is not told again in general.
    let others = changed.rows - changed.discarded - changed.restored - changed.edited;
    let effects = [
        counted(others, "row is decided", "rows are decided"),
        counted(changed.discarded, "row is left out", "rows are left out"),
        counted(changed.restored, "row is taken in again", "rows are taken in again"),
        counted(changed.edited, "row gets other values", "rows get other values"),
        counted(would.issues.settled, "issue is settled", "issues are settled"),
        counted(would.issues.reopened, "issue opens again", "issues open again"),
    ];
    show(&Page {
        shell: place.shell(words::bulk_question(asked.decision)),
        filename: place.job.filename.clone(),
        job,
        kind: kind.rule().label,
        slug: kind.rule().slug,
        back: address(job, kind),
        words: words::bulk_question(asked.decision),
        rows: would.changed.rows,
        effects: effects.into_iter().flatten().collect(),
        examples: would.examples.iter().map(row).collect(),
        asked,
    })
}

/// Carries it out.
pub(in crate::web) async fn carry_out(
    Editor(principal): Editor,
    State(app): State<App>,
    Path((job, slug)): Path<(JobId, String)>,
    Form(asked): Form<Asked>,
) -> Result<Response, Problem> {
    let kind =
        words::rule_of(&slug).ok_or_else(|| Problem::not_found("there is no such kind of issue"))?.issue_type;
    let (filter, decision) = (asked.filter(kind)?, asked.decision()?);
    let done = actions::decide(&app.owners, &request(principal), job, &filter, &decision).await?;
    let told = done.action.map(|action| format!("?done={action}")).unwrap_or_default();
    Ok(Redirect::to(&format!("{}{told}", address(job, kind))).into_response())
}
