//! Why an issue is open, in the words of pages.

use crate::domain::issue::ENCODING_ISSUE_KEY;
use crate::domain::required::RequiredFields;
use crate::domain::rules::{self, IssueType, ResidueParts, Verdict};
use crate::store::issues::Issue;
use crate::store::staging::RowView;
use crate::texts::{Text, email_error, field_inline};
use crate::web::words;

/// Returns whether the issue is about the encoding of the file.
pub(super) fn is_about_encoding(issue: &Issue) -> bool {
    issue.issue_type == IssueType::MalformedRow && issue.key == ENCODING_ISSUE_KEY
}

/// Returns why an issue is open, given the first of its rows, as a sentence without its full stop.
pub(super) fn sentence(
    text: &Text,
    issue: &Issue,
    row: Option<&RowView>,
    required: RequiredFields,
) -> String {
    if is_about_encoding(issue) {
        return text.wrong_encoding();
    }
    let verdict = row.map(|row| rules::check(&row.fields(), false, required)).unwrap_or_default();
    match row.and_then(|row| misfit(text, row)).filter(|_| issue.issue_type == IssueType::MalformedRow) {
        Some(misfit) => misfit,
        None => words::reason(text, issue.issue_type, &verdict),
    }
}

/// Returns the same in a few words, to be read beside the name of the kind of issue.
pub(super) fn short(text: &Text, issue: &Issue, row: &RowView, required: RequiredFields) -> String {
    if is_about_encoding(issue) {
        return text.case_encoding();
    }
    let Verdict { missing, invalid_email, .. } = rules::check(&row.fields(), false, required);
    let names = || missing.iter().map(|field| field_inline(text, field)).collect::<Vec<_>>().join(", ");
    let short = match issue.issue_type {
        IssueType::InvalidEmail => invalid_email.map(|error| email_error(text, error)),
        IssueType::MissingRequiredField => (!missing.is_empty()).then(names),
        IssueType::DuplicateEmail | IssueType::ExistingEmail | IssueType::MalformedRow => None,
    };
    short.unwrap_or_else(|| sentence(text, issue, Some(row), required))
}

/// Returns why a cell is a cause of an issue. That a value is missing needs no name beside its cell.
pub(super) fn of_cell(text: &Text, issue: &Issue, row: &RowView, required: RequiredFields) -> String {
    match issue.issue_type {
        IssueType::MissingRequiredField => words::wrong(text, issue.issue_type),
        IssueType::InvalidEmail
        | IssueType::DuplicateEmail
        | IssueType::ExistingEmail
        | IssueType::MalformedRow => sentence(text, issue, Some(row), required),
    }
}

/// Returns in what a malformed row does not fit the file.
fn misfit(text: &Text, row: &RowView) -> Option<String> {
    let parts = ResidueParts::of(row.residue.as_deref()?);
    let extra = i64::try_from(parts.extra_cells.len()).unwrap_or(i64::MAX);
    if extra > 0 {
        Some(text.wrong_extra_cells(extra))
    } else if !parts.unreadable_cells.is_empty() {
        Some(text.wrong_unreadable())
    } else {
        (!parts.others.is_empty()).then(|| text.wrong_oddity())
    }
}

/// Returns the labels and values of what does not fit into the values of a row with this issue.
pub(super) fn residue(text: &Text, issue: &Issue, row: &RowView) -> Vec<(String, String)> {
    let Some(residue) = &row.residue else { return Vec::new() };
    let label = if is_about_encoding(issue) { text.case_encoding() } else { text.case_oddity() };
    words::residue(text, residue, label)
}
