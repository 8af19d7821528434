//! A case: an issue with its rows side by side.

mod choices;
mod columns;

use std::collections::HashMap;

use askama::Template;
use sqlx::PgConnection;

pub(super) use choices::chosen;
pub(super) use columns::origin;
use columns::{Cell, Column, columns_of, extra_lines};

use super::job::ReviewJob;
use super::people::People;
use super::reason::{self, is_about_encoding};
use super::top::Choice;
use crate::actions::{self, Case, Cases};
use crate::domain::bulk_decision::BulkDecision;
use crate::domain::decision::ActionKind;
use crate::domain::ids::{ActionId, IssueId, JobId, RowId};
use crate::domain::issue::RESOLVED_BY_RUN;
use crate::domain::rules::{About, Compares, IssueType};
use crate::http::Problem;
use crate::store::actions::{self as trail, Action};
use crate::store::extra_columns;
use crate::store::issues::Issue;
use crate::texts::Text;
use crate::web::extra::ExtraLine;
use crate::web::times::Time;

/// Maximum number of characters of a note that is folded.
const SHORT_NOTE: usize = 60;

/// Maximum number of rows shown of a case.
pub(super) const ROWS: i64 = 20;

/// A case.
#[derive(Template)]
#[template(path = "case.html")]
pub(crate) struct CaseView {
    text: Text,
    pub(super) job: JobId,
    pub(super) id: IssueId,
    pub(super) kind: IssueType,
    /// The e-mail or row that it is about.
    pub(super) title: String,
    /// The description of the issue.
    words: String,
    pub(super) open: bool,
    /// Whether it is about the encoding of the file.
    is_encoding: bool,
    /// The decision, if it is resolved.
    decided: Option<Decided>,
    /// The existing contact, if there is one, and the rows, side by side.
    columns: Vec<Column>,
    /// The values of these in columns that belong to no field, if they are compared.
    extra: Vec<ExtraLine>,
    /// Whether it has more rows than are shown.
    more: bool,
    /// The note on it, empty if there is none.
    note: String,
    /// The person to whom it is assigned, empty for nobody.
    assignee: String,
    /// Whether that is the viewer.
    is_mine: bool,
    /// The people to whom it can be assigned.
    people: Vec<Choice>,
    /// The notice about the last action.
    pub(super) notice: Option<Notice>,
    /// Whether all values have inputs.
    editing: bool,
    /// Whether its details are shown although it is resolved.
    is_unfolded: bool,
    edits: bool,
    csrf: Option<String>,
}

/// A notice about the last action on a case.
pub(super) struct Notice {
    pub(super) words: String,
    /// Whether the action has been carried out as requested.
    pub(super) is_good: bool,
}

/// The decision about a case, by whom, and how to undo it.
struct Decided {
    words: String,
    /// The time, and the rest of the sentence after it.
    time: Option<(Time, String)>,
    /// The action, if it can be undone.
    action: Option<ActionId>,
    /// The label of the undo button, if the action changed more rows than those of the case.
    rows: Option<String>,
}

impl CaseView {
    /// Returns it with its details shown, although it may be resolved.
    pub(super) fn unfolded(self) -> CaseView {
        CaseView { is_unfolded: true, ..self }
    }

    /// Returns whether only its title and decision are shown, until somebody opens it.
    fn is_folded(&self) -> bool {
        !self.open && !self.is_unfolded
    }

    /// Returns the beginning of the note, empty if there is none.
    fn short_note(&self) -> String {
        let first = self.note.lines().next().unwrap_or_default();
        match first.char_indices().nth(SHORT_NOTE) {
            Some((end, _)) => format!("{}…", &first[..end]),
            None if first.len() < self.note.len() => format!("{first}…"),
            None => first.to_owned(),
        }
    }

    fn is_duplicate(&self) -> bool {
        self.kind.rule().compares == Compares::Rows
    }

    fn is_existing(&self) -> bool {
        self.kind.rule().compares == Compares::Contact
    }

    /// Returns whether it is open and its only row has the values of the contact.
    pub(super) fn is_identical(&self) -> bool {
        let differs = self.columns.iter().flat_map(|column| &column.cells).any(|cell| cell.differs);
        let others_differ = self.extra.iter().flat_map(|line| &line.values).any(|(_, differs)| *differs);
        let is_pair = self.columns.len() == 2 && !self.contact_is_gone();
        self.open && self.is_existing() && is_pair && !differs && !others_differ
    }

    fn is_invalid(&self) -> bool {
        self.kind.rule().suggests_address
    }

    fn is_malformed(&self) -> bool {
        self.kind.rule().bulk.contains(&BulkDecision::Accept)
    }

    /// Returns whether its columns are compared value by value.
    fn compares(&self) -> bool {
        self.kind.rule().compares != Compares::Nothing
    }

    /// Returns whether a value has an input: all values while editing, otherwise only wrong ones.
    fn has_input(&self, column: &Column, cell: &Cell) -> bool {
        self.edits && column.editable && (self.editing || cell.wrong && self.open && !self.compares())
    }

    /// Returns the label of a radio button.
    fn choice_label(&self, name: &str, value: &str, column: &Column) -> String {
        let value = if value.is_empty() { self.text.empty_value() } else { value.to_owned() };
        self.text.case_choice(name, value, &column.heading)
    }

    /// Returns whether any value of a column has an input.
    fn has_inputs(&self, column: &Column) -> bool {
        column.cells.iter().any(|cell| self.has_input(column, cell))
    }

    /// Returns the origin of its only row, unless that is the title.
    fn single_origin(&self) -> Option<&str> {
        match &self.columns[..] {
            [column] if column.origin != self.title => Some(&column.origin),
            _ => None,
        }
    }

    fn suggests(&self) -> bool {
        self.is_invalid() && self.columns.iter().any(|column| column.suggestion.is_some())
    }

    /// Returns whether some values cannot be edited here, since they are too long for a form.
    fn is_partly_editable(&self) -> bool {
        self.columns.iter().any(|column| column.others.is_partial)
    }

    fn contact_has_blanks(&self) -> bool {
        let contact = self.columns.iter().find(|column| column.number == 0);
        contact.is_some_and(|contact| contact.cells.iter().any(|cell| cell.value.trim().is_empty()))
    }

    fn contact_is_gone(&self) -> bool {
        self.is_existing() && !self.columns.iter().any(|column| column.number == 0)
    }
}

/// Returns the case of an issue, with inputs for all values if it is `editing`.
pub(super) async fn view(
    db: &mut PgConnection,
    review: &ReviewJob,
    issue: Issue,
    editing: bool,
) -> Result<CaseView, Problem> {
    let id = issue.id;
    let columns = match editing {
        true => Some(extra_columns::of_job(&mut *db, review.job.id).await?),
        false => None,
    };
    let people = People::of(&mut *db, review).await?;
    let (cases, _) = views(db, review, vec![issue], columns.as_deref(), &people).await?;
    cases.into_iter().next().ok_or_else(|| actions::ActionError::NoIssue(id).into())
}

/// Returns the cases of issues in their order, with inputs for all values if their `columns` that belong to no field are
/// given, with two queries for all of them. If the cases are large, returns only the
/// first ones, and the last issue among them.
pub(super) async fn views(
    db: &mut PgConnection,
    review: &ReviewJob,
    issues: Vec<Issue>,
    columns: Option<&[String]>,
    people: &People,
) -> Result<(Vec<CaseView>, Option<IssueId>), Problem> {
    let (owner, tables) = (review.owner(), review.job.tables());
    let ids: Vec<IssueId> = issues.iter().map(|issue| issue.id).collect();
    let Cases { of_issue: mut cases, last: end } =
        actions::cases_of(&mut *db, owner, tables, &ids, ROWS).await?;
    let resolved = issues.iter().filter(|issue| issue.resolved);
    let resolved_rows = resolved.filter_map(|issue| cases.get(&issue.id)).flat_map(|(rows, _)| rows);
    let rows: Vec<RowId> = resolved_rows.map(|case| case.row.row).collect();
    let last: HashMap<RowId, Action> = match rows.is_empty() {
        true => HashMap::new(),
        false => trail::last_of_rows(db, owner, &rows).await?.into_iter().collect(),
    };
    let csrf = review.shell("").csrf;
    let view = |issue: Issue| {
        let (rows, more) = cases.remove(&issue.id).unwrap_or_default();
        let text = review.text();
        let decided = issue.resolved.then(|| decided(review, &issue, &rows, &last));
        CaseView {
            job: review.job.id,
            id: issue.id,
            kind: issue.issue_type,
            title: title(text, &issue, &rows),
            words: reason::sentence(text, &issue, rows.first().map(|case| &case.row), review.job.required),
            open: !issue.resolved,
            is_encoding: is_about_encoding(&issue),
            decided,
            extra: extra_lines(issue.issue_type, &rows, columns.unwrap_or_default()),
            columns: columns_of(text, &issue, &rows, review.job.required, columns.unwrap_or_default()),
            more,
            note: issue.note().unwrap_or_default().to_owned(),
            is_mine: issue.assignee.as_deref() == Some(people.me.as_str()),
            people: people.of_case(text, issue.assignee.as_deref()),
            assignee: issue.assignee.clone().unwrap_or_default(),
            notice: None,
            editing: columns.is_some(),
            is_unfolded: columns.is_some(),
            edits: review.edits,
            csrf: csrf.clone(),
            text: text.clone(),
        }
    };
    let fitting = issues.into_iter().filter(|issue| end.is_none_or(|end| issue.id <= end));
    Ok((fitting.map(view).collect(), end))
}

fn title(text: &Text, issue: &Issue, rows: &[Case]) -> String {
    let first = rows.first().map(|case| &case.row);
    match issue.issue_type.rule().about {
        _ if is_about_encoding(issue) => text.case_encoding(),
        About::Email => issue.key.clone(),
        About::Row => first.map(|row| origin(text, row)).unwrap_or_default(),
    }
}

fn decided(review: &ReviewJob, issue: &Issue, rows: &[Case], last: &HashMap<RowId, Action>) -> Decided {
    let text = review.text();
    let of_rows = rows.iter().filter_map(|case| last.get(&case.row.row));
    let Some(action) = of_rows.max_by_key(|action| action.id) else {
        let words = match issue.resolved_by.as_deref() {
            None | Some(RESOLVED_BY_RUN) => text.case_resolved_by_run(),
            Some(by) => text.case_resolved_by(by),
        };
        return Decided { words, time: None, action: None, rows: None };
    };
    let what = match action.kind {
        ActionKind::KeepRow => text.decided_keep_row(),
        ActionKind::Merge => text.decided_merge(),
        ActionKind::Edit => text.decided_edit(),
        ActionKind::Discard => text.decided_discard(),
        ActionKind::KeepContact => text.decided_keep_contact(),
        ActionKind::Overwrite => text.decided_overwrite(),
        ActionKind::Fill => text.decided_fill(),
        ActionKind::Correct => text.decided_correct(),
        ActionKind::Replace => text.decided_replace(),
        ActionKind::Accept => text.decided_accept(),
        ActionKind::Restore => text.decided_restore(),
        ActionKind::Upload
        | ActionKind::Note
        | ActionKind::Assign
        | ActionKind::Corrections
        | ActionKind::Undo
        | ActionKind::UndoImport
        | ActionKind::Reprocess
        | ActionKind::Reread
        | ActionKind::Mapping
        | ActionKind::Cancel
        | ActionKind::Delete
        | ActionKind::Policy
        | ActionKind::EditContact
        | ActionKind::DeleteContacts => text.decided_other(),
    };
    let changed = action.result["changed"]["rows"].as_i64().unwrap_or(0);
    let can_undo = review.edits && action.undone_by.is_none();
    let sentence = text.case_decision(what, &action.actor);
    Decided {
        words: sentence.s0,
        time: Some((Time::ago(text, action.at), sentence.s1)),
        action: can_undo.then_some(action.id),
        rows: (changed > rows.len() as i64).then(|| text.case_undo_all(text.rows(changed))),
    }
}
