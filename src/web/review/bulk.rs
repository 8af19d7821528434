//! One decision about many cases: looked at first, with what it would do counted, then carried out.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::head::Head;
use super::{Place, address, decide};
use crate::actions;
use crate::api::{App, Editor, Path, Problem};
use crate::domain::decision::{ColumnFilter, Decision, Edits, Field, Filter};
use crate::domain::issue::IssueType;
use crate::domain::job::JobId;
use crate::domain::row::RowStatus;
use crate::store::decided::Example;
use crate::web::form::{Form, request};
use crate::web::shell::{Shell, show};
use crate::web::words;

/// What can be decided about many cases of a kind.
pub struct Choices {
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
        let buttons: &[_] = match kind {
            IssueType::DuplicateEmail => &[
                ("keep_first", "Keep the first row"),
                ("keep_last", "Keep the last row"),
                ("merge", "Merge rows"),
            ],
            IssueType::InvalidEmail => &[("correct", "Take suggestions"), ("discard", "Leave out")],
            IssueType::ExistingEmail => &[
                ("keep_contact", "Keep contacts"),
                ("overwrite", "Overwrite contacts"),
                ("fill", "Fill blanks"),
            ],
            IssueType::MissingRequiredField => &[("discard", "Leave out")],
            IssueType::MalformedRow => &[("accept", "Accept as they are"), ("discard", "Leave out")],
        };
        Choices {
            buttons: buttons.to_vec(),
            blanks: kind == IssueType::MissingRequiredField,
            all: !searched,
            open: head.open.clone(),
        }
    }
}

/// What is to be decided, about which cases.
#[derive(Debug, Deserialize)]
pub(in crate::web) struct Asked {
    decision: String,
    /// `all` of the kind that is open, or what is selected.
    #[serde(default)]
    scope: String,
    #[serde(default)]
    issue: Vec<i32>,
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
        self.decision == "fill_in"
    }

    fn decision(&self) -> Result<Decision, Problem> {
        if !self.fills() {
            return decide::decision(&self.decision)
                .ok_or_else(|| Problem::invalid("#/decision", "is none that can be made here"));
        }
        let value = Some(self.value.clone());
        if self.value.trim().is_empty() {
            return Err(Problem::conflict("type the value that goes where there is none"));
        }
        let none = Edits::default();
        Ok(Decision::Edit(match self.field {
            Some(Field::FirstName) => Edits { first_name: value, ..none },
            Some(Field::LastName) => Edits { last_name: value, ..none },
            Some(Field::Company) => Edits { company: value, ..none },
            _ => return Err(Problem::conflict("choose which value is to be filled in")),
        }))
    }

    /// What is going to be done, in words.
    fn words(&self) -> String {
        match self.decision.as_str() {
            "keep_first" => "Keep the first row of each",
            "keep_last" => "Keep the last row of each",
            "merge" => "Merge the rows of each",
            "correct" => "Take the suggested addresses",
            "keep_contact" => "Keep the contacts as they are",
            "overwrite" => "Overwrite the contacts",
            "fill" => "Fill blanks of the contacts",
            "accept" => "Accept as they are",
            "fill_in" => "Fill in what is missing",
            _ => "Leave out",
        }
        .to_owned()
    }
}

#[derive(Template)]
#[template(path = "bulk.html")]
struct Page {
    shell: Shell,
    filename: String,
    job: i32,
    kind: &'static str,
    slug: &'static str,
    back: String,
    words: String,
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
    Path((job, slug)): Path<(i32, String)>,
    Form(asked): Form<Asked>,
) -> Result<Response, Problem> {
    let kind = words::kind_of(&slug).ok_or_else(|| Problem::not_found("there is no such kind of issue"))?;
    let mut db = app.owners.read(&principal.owner).await?;
    let place = Place::find(&mut db, principal, job).await?;
    db.rollback().await?;
    let (filter, decision) = (asked.filter(kind)?, asked.decision()?);
    let would = actions::preview(&app.owners, place.owner(), JobId(job), &filter, &decision).await?;
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
        shell: place.shell(asked.words()),
        filename: place.job.filename.clone(),
        job,
        kind: words::kind(kind).0,
        slug: words::kind(kind).1,
        back: address(job, kind),
        words: asked.words(),
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
    Path((job, slug)): Path<(i32, String)>,
    Form(asked): Form<Asked>,
) -> Result<Response, Problem> {
    let kind = words::kind_of(&slug).ok_or_else(|| Problem::not_found("there is no such kind of issue"))?;
    let (filter, decision) = (asked.filter(kind)?, asked.decision()?);
    let done = actions::decide(&app.owners, &request(principal), JobId(job), &filter, &decision).await?;
    let told = done.action.map(|action| format!("?done={action}")).unwrap_or_default();
    Ok(Redirect::to(&format!("{}{told}", address(job, kind))).into_response())
}
