//! The check of a file before its import, as a part of the page of uploads.

use askama::Template;
use axum::extract::{Request, State};
use axum::response::Response;

use super::changes::Count;
use super::language::Viewer;
use super::shell::show;
use super::words;
use crate::domain::file_check::{CheckedRow, FileCheck, MisspeltDomain, RowIssue};
use crate::http::{App, Problem, Query, UploadQuery, Uploader, check_of};
use crate::texts::Text;

/// What an import would find.
#[derive(Template)]
#[template(path = "upload_check.html")]
struct Part {
    text: Text,
    /// A sentence about the number of rows, if they are not all rows of the file.
    beginning: Option<String>,
    is_split: bool,
    counts: Vec<Count>,
    is_clean: bool,
    kinds: Vec<Kind>,
    identical: Option<String>,
    has_unknown_contacts: bool,
    /// The sentence about domains that look misspelt, and each of them with its rows.
    misspelt: Option<String>,
    domains: Vec<(MisspeltDomain, String)>,
    examples: Vec<Example>,
}

/// The issues of a rule.
struct Kind {
    name: String,
    issues: String,
    rows: String,
}

/// An issue of a row.
struct Example {
    line: String,
    /// The names of the columns and their values, or the labels of what does not fit into the values of a malformed row.
    causes: Vec<(String, String)>,
    reason: String,
}

/// Shows what an import of the file would find.
pub(super) async fn check(
    Uploader(principal): Uploader,
    viewer: Viewer,
    State(app): State<App>,
    Query(query): Query<UploadQuery>,
    content: Request,
) -> Result<Response, Problem> {
    let found = check_of(&app, &principal.owner, &query, content).await?;
    show(&Part::of(viewer.text, &found))
}

impl Part {
    fn of(text: Text, found: &FileCheck) -> Part {
        let shown = |count: u64| text.number(number(count));
        let kinds = found.issues.iter().map(|of| Kind {
            name: words::rule(&text, of.issue_type),
            issues: shown(of.issues),
            rows: shown(of.rows),
        });
        let issues = found.examples.iter().flat_map(|row| row.issues.iter().map(move |issue| (row, issue)));
        let examples = issues.map(|(row, issue)| example(&text, found, row, issue));
        let misspelt: u64 = found.misspelt_domains.iter().map(|domain| domain.rows).sum();
        let domains = found.misspelt_domains.iter().map(|domain| (domain.clone(), shown(domain.rows)));
        let identical = found.identical_rows.filter(|rows| *rows > 0);
        Part {
            beginning: (!found.is_whole).then(|| text.check_beginning(number(found.rows))),
            is_split: found.is_split,
            counts: counts(&text, found),
            is_clean: found.issues.is_empty(),
            kinds: kinds.collect(),
            identical: identical.map(|rows| text.check_identical(number(rows))),
            has_unknown_contacts: found.has_unknown_contacts,
            misspelt: (misspelt > 0).then(|| text.check_misspelt(number(misspelt))),
            domains: domains.collect(),
            examples: examples.collect(),
            text,
        }
    }
}

fn counts(text: &Text, found: &FileCheck) -> Vec<Count> {
    let mut counts = Vec::new();
    macro_rules! count {
        ($count:expr, $message:ident) => {
            let sentence = text.$message(number($count));
            counts.push(Count {
                before: sentence.s0,
                number: text.number(number($count)),
                after: sentence.s1,
            });
        };
    }
    count!(found.valid_rows, check_valid);
    if found.issue_rows > 0 {
        count!(found.issue_rows, check_asked);
    }
    if found.repeated_rows > 0 {
        count!(found.repeated_rows, check_repeated);
    }
    if found.skipped_lines > 0 {
        count!(found.skipped_lines, check_skipped);
    }
    counts
}

fn example(text: &Text, found: &FileCheck, row: &CheckedRow, issue: &RowIssue) -> Example {
    let causes = issue.fields.iter().map(|field| {
        let column = found.columns.iter().find(|column| column.field == *field);
        let column = column.map(|column| column.name.trim()).filter(|name| !name.is_empty());
        let name = column.map_or_else(|| words::field(text, *field), str::to_owned);
        (name, row.values.get(*field).clone())
    });
    let residue = row.residue.as_deref().filter(|_| issue.fields.is_empty());
    let residue = residue.map(|residue| words::residue(text, residue, text.case_oddity()));
    Example {
        line: text.number(number(row.line)),
        causes: causes.chain(residue.into_iter().flatten()).collect(),
        reason: words::reason(text, issue.issue_type, &row.verdict),
    }
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
