//! A row of the table: its cells, and what is wrong with each.

use std::collections::HashMap;

use askama::Template;
use sqlx::PgConnection;

use crate::domain::field::Field;
use crate::domain::ids::{IssueId, RowId};
use crate::domain::job::JobId;
use crate::domain::required::RequiredFields;
use crate::domain::row::RowStatus;
use crate::domain::suggest;
use crate::http::Problem;
use crate::store::issues::{self, Issue};
use crate::store::staging::RowView;
use crate::texts::Text;
use crate::web::extra::input_name;
use crate::web::review::case::origin;
use crate::web::review::job::ReviewJob;
use crate::web::review::reason::{self, is_about_encoding};
use crate::web::words::{self, Status};

/// Messages about cells: by row and the name of the cell.
pub(super) type Notes = HashMap<(RowId, String), String>;

/// A row of the table.
#[derive(Template)]
#[template(path = "grid_row.html")]
pub(crate) struct Line {
    text: Text,
    job: JobId,
    row: RowId,
    tag: String,
    /// The line in the file.
    origin: String,
    number: String,
    /// What is wrong with the row as a whole.
    problems: Vec<String>,
    cells: Vec<Cell>,
    /// Its open issues.
    issues: Vec<OpenIssue>,
    /// What has become of it, if it has no open issue.
    status: Option<Status>,
    is_discarded: bool,
    edits: bool,
}

struct OpenIssue {
    id: IssueId,
    /// Its kind.
    kind: String,
    /// Why it is open, in a few words.
    reason: String,
    /// A likely correction of the address, which a button saves.
    suggestion: Option<String>,
    /// The note on it, empty if there is none.
    note: String,
    /// The person to whom it is assigned.
    assignee: Option<String>,
}

struct Cell {
    /// The name as in forms.
    name: String,
    value: String,
    /// What is wrong with the value.
    problems: Vec<String>,
}

impl Line {
    /// Returns the description of what is wrong, as one text.
    fn said(&self, problems: &[String]) -> String {
        problems.join(". ")
    }
}

/// Returns the lines of rows, with the values in the columns `others` that belong to no field.
pub(super) async fn lines(
    db: &mut PgConnection,
    review: &ReviewJob,
    rows: Vec<RowView>,
    others: &[String],
    notes: &Notes,
) -> Result<Vec<Line>, Problem> {
    let ids: Vec<RowId> = rows.iter().map(|row| row.row).collect();
    let mut open: HashMap<RowId, Vec<Issue>> = HashMap::new();
    for (row, issue) in issues::open_of_rows(db, review.owner(), review.job.tables(), &ids).await? {
        open.entry(row).or_default().push(issue);
    }
    let line = |row: RowView| {
        let open = open.remove(&row.row).filter(|_| is_in_question(&row)).unwrap_or_default();
        line(review, row, &open, others, notes)
    };
    Ok(rows.into_iter().map(line).collect())
}

fn is_in_question(row: &RowView) -> bool {
    match row.status {
        Some(RowStatus::Ready | RowStatus::Issue) | None => true,
        Some(RowStatus::Success | RowStatus::Discard) => false,
    }
}

fn line(review: &ReviewJob, row: RowView, open: &[Issue], others: &[String], notes: &Notes) -> Line {
    let (text, required) = (review.text(), review.job.required);
    let mut cells: Vec<Cell> = row.values.iter().map(|(field, value)| cell(field.as_str(), value)).collect();
    cells.extend(others.iter().map(|column| {
        let value = row.extra.get(column).unwrap_or_default();
        cell(input_name(column), value)
    }));
    let mut problems = Vec::new();
    for issue in open {
        let fields = causes(&row, issue, required);
        match fields.is_empty() {
            true => {
                problems.push(reason::sentence(text, issue, Some(&row), required));
                let residue = reason::residue(text, issue, &row).into_iter();
                problems.extend(residue.map(|(label, value)| format!("{label}: {value}")));
            }
            false => cells[..row.values.values().len()]
                .iter_mut()
                .filter(|cell| fields.iter().any(|field| field.as_str() == cell.name))
                .for_each(|cell| cell.problems.push(reason::of_cell(text, issue, &row, required))),
        }
    }
    for cell in &mut cells {
        cell.problems.extend(notes.get(&(row.row, cell.name.clone())).cloned());
    }
    let issues = open.iter().map(|issue| OpenIssue {
        id: issue.id,
        kind: words::rule(text, issue.issue_type),
        reason: reason::short(text, issue, &row, required),
        suggestion: suggestion(issue, &row).filter(|_| review.edits),
        note: issue.note().unwrap_or_default().to_owned(),
        assignee: issue.assignee.clone(),
    });
    Line {
        job: review.job.id,
        row: row.row,
        tag: row.tag(),
        origin: origin(text, &row),
        number: row.line.map_or_else(String::new, |line| text.number(line)),
        problems,
        cells,
        issues: issues.collect(),
        status: open.is_empty().then(|| outcome(text, &row)),
        is_discarded: row.status == Some(RowStatus::Discard),
        edits: review.edits && row.status != Some(RowStatus::Success),
        text: text.clone(),
    }
}

fn cell(name: impl Into<String>, value: &str) -> Cell {
    Cell { name: name.into(), value: value.to_owned(), problems: Vec::new() }
}

/// Returns the fields that are the cause of an issue; none if it is the row as a whole.
fn causes(row: &RowView, issue: &Issue, required: RequiredFields) -> Vec<Field> {
    match is_about_encoding(issue) {
        true => Vec::new(),
        false => issue.issue_type.rule().causes(required, &row.values),
    }
}

/// Returns a likely correction of the address that an issue is about.
fn suggestion(issue: &Issue, row: &RowView) -> Option<String> {
    let suggests = issue.issue_type.rule().suggests_address;
    suggests.then(|| suggest::correction(&row.fields().email)).flatten()
}

/// Returns what has become of a row without an open issue.
fn outcome(text: &Text, row: &RowView) -> Status {
    match row.status {
        Some(RowStatus::Discard | RowStatus::Success) => words::row_status(text, row.status),
        // The next run determines the status.
        Some(RowStatus::Ready | RowStatus::Issue) | None => {
            Status { word: text.grid_resolved(), sign: "✓", class: "ready" }
        }
    }
}
