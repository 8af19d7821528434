//! A row of the table: its cells, and what is wrong with each.

use std::collections::HashMap;

use askama::Template;
use sqlx::PgConnection;

use crate::domain::field::Field;
use crate::domain::ids::{IssueId, RowId};
use crate::domain::job::JobId;
use crate::domain::required::{FieldSet, RequiredFields};
use crate::domain::row::RowStatus;
use crate::domain::rules::{self, Verdict};
use crate::http::Problem;
use crate::store::issues::{self, Issue};
use crate::store::staging::RowView;
use crate::texts::Text;
use crate::web::extra::input_name;
use crate::web::review::case::{is_about_encoding, origin};
use crate::web::review::job::ReviewJob;
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
        let (reason, fields) = problem(text, &row, issue, required);
        match fields.is_empty() {
            true => problems.push(reason),
            false => cells[..row.values.values().len()]
                .iter_mut()
                .filter(|cell| fields.iter().any(|field| field.as_str() == cell.name))
                .for_each(|cell| cell.problems.push(reason.clone())),
        }
    }
    problems.extend(
        row.residue
            .as_ref()
            .filter(|_| !problems.is_empty())
            .map(|residue| format!("{} {residue}", text.case_extra())),
    );
    for cell in &mut cells {
        cell.problems.extend(notes.get(&(row.row, cell.name.clone())).cloned());
    }
    let issues = open.iter().map(|issue| OpenIssue {
        id: issue.id,
        kind: words::rule(text, issue.issue_type),
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

/// Returns what is wrong with a row, and the fields that are the cause; none if it is the row as a whole.
fn problem(text: &Text, row: &RowView, issue: &Issue, required: RequiredFields) -> (String, Vec<Field>) {
    if is_about_encoding(issue) {
        return (text.wrong_encoding(), Vec::new());
    }
    let verdict = rules::check(&row.fields(), false, required);
    // The cells show which fields are missing.
    let verdict = Verdict { missing: FieldSet::default(), ..verdict };
    let fields = issue.issue_type.rule().causes(required, &row.values);
    (words::reason(text, issue.issue_type, &verdict), fields)
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
