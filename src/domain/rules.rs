//! The rules a row can break by itself, and the words for each.
//!
//! What takes more than one row to see (a duplicate, an existing contact, a repeat) is decided by
//! whoever has all rows, and joins the row's own violations in a [`Verdict`].

use std::borrow::Cow;

use super::email::{self, EmailError};
use super::issue::{IssueType, email_issue_key, row_issue_key};
use super::row::{Fields, RowHash, RowStatus};

/// The four required fields, by the names that people read, in the order of the contract.
pub const REQUIRED: [&str; 4] = ["email", "first_name", "last_name", "company"];

/// Everything found about one row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verdict {
    /// Bit i: `REQUIRED[i]` is empty.
    pub missing: u8,
    /// Why the e-mail, which is present, is no mailbox.
    pub invalid_email: Option<EmailError>,
    /// The row does not fit its header or its encoding, and nobody has settled that yet.
    pub malformed: bool,
    /// Another row of the job has the e-mail with another identity.
    pub duplicate: bool,
    /// The owner has the e-mail already, from another job.
    pub existing: bool,
}

/// One rule that a row breaks: the issue it belongs to, and the words for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The rule.
    pub issue_type: IssueType,
    /// `issues.issue_key`.
    pub key: String,
    /// `issues.issue_description`.
    pub description: String,
}

/// Judges a row by its own values.
pub fn check(fields: &Fields<'_>, malformed: bool) -> Verdict {
    let values = [&fields.email, &fields.first_name, &fields.last_name, &fields.company];
    let missing = (0..4).filter(|i| values[*i].is_empty()).fold(0, |bits, i| bits | (1 << i));
    let invalid_email = match fields.email.is_empty() {
        true => None,
        false => email::check(&fields.email).err(),
    };
    Verdict { missing, invalid_email, malformed, duplicate: false, existing: false }
}

impl Verdict {
    /// No rule is broken.
    pub fn is_clean(&self) -> bool {
        self.status() == RowStatus::Ready
    }

    /// Whether the e-mail is there and valid: only such an e-mail is compared with others.
    pub fn is_comparable(&self) -> bool {
        self.missing & 1 == 0 && self.invalid_email.is_none()
    }

    /// [`RowStatus::Ready`] or [`RowStatus::Issue`].
    pub fn status(&self) -> RowStatus {
        let broken = self.missing != 0
            || self.invalid_email.is_some()
            || self.malformed
            || self.duplicate
            || self.existing;
        if broken { RowStatus::Issue } else { RowStatus::Ready }
    }

    /// The issues that the row belongs to, one a broken rule.
    pub fn violations(&self, fields: &Fields<'_>, hash: RowHash, residue: &str) -> Vec<Violation> {
        let mut all = Vec::new();
        let mut add = |issue_type, key, description: String| {
            all.push(Violation { issue_type, key, description });
        };
        if self.missing != 0 {
            let names: Vec<_> =
                (0..4).filter(|i| self.missing & (1 << i) != 0).map(|i| REQUIRED[i]).collect();
            add(
                IssueType::MissingRequiredField,
                row_issue_key(hash),
                format!("missing: {}", names.join(", ")),
            );
        }
        let key = email_issue_key(&email::key(&fields.email));
        if let Some(reason) = &self.invalid_email {
            add(IssueType::InvalidEmail, key.clone(), format!("not a deliverable address: {reason}"));
        }
        if self.duplicate {
            let words = "several rows share this e-mail and differ in name or company";
            add(IssueType::DuplicateEmail, key.clone(), words.to_owned());
        }
        if self.existing {
            let words = "a contact with this e-mail exists already, from an earlier import";
            add(IssueType::ExistingEmail, key, words.to_owned());
        }
        if self.malformed {
            let words = format!("the row does not fit the file's header or encoding: {}", shortened(residue));
            add(IssueType::MalformedRow, row_issue_key(hash), words);
        }
        all
    }
}

/// The most letters of a residue in an issue's words. The row itself keeps all of it.
const RESIDUE_LETTERS: usize = 1_000;

fn shortened(residue: &str) -> Cow<'_, str> {
    match residue.char_indices().nth(RESIDUE_LETTERS) {
        Some((end, _)) => Cow::Owned(format!("{}…", &residue[..end])),
        None => Cow::Borrowed(residue),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(email: &str, first: &str, last: &str, company: &str) -> Vec<(IssueType, String)> {
        let fields = Fields::new(email, first, last, company);
        let verdict = check(&fields, false);
        let all = verdict.violations(&fields, fields.hash(""), "");
        all.into_iter().map(|violation| (violation.issue_type, violation.description)).collect()
    }

    #[test]
    fn a_whole_row_breaks_nothing() {
        assert!(types("ann@example.com", "Ann", "Lee", "Acme").is_empty());
    }

    #[test]
    fn one_issue_names_all_that_is_missing() {
        let found = types("", " ", "Lee", "\u{3000}");
        assert_eq!(
            found,
            [(IssueType::MissingRequiredField, "missing: email, first_name, company".to_owned())]
        );
    }

    #[test]
    fn an_issue_quotes_the_beginning_of_a_long_residue() {
        let fields = Fields::new("ann@example.com", "Ann", "Lee", "Acme");
        let words = |residue: &str| {
            let all = check(&fields, true).violations(&fields, fields.hash(residue), residue);
            all.into_iter().map(|violation| violation.description).collect::<String>()
        };
        assert!(words(&"é".repeat(1_000)).ends_with("éé"));
        let long = words(&"é".repeat(100_000));
        assert!(long.ends_with("é…") && long.chars().filter(|letter| *letter == 'é').count() == 1_000);
    }

    #[test]
    fn all_broken_rules_are_raised_together() {
        let found = types("not-an-address", "", "Lee", "Acme");
        let kinds: Vec<_> = found.iter().map(|(kind, _)| *kind).collect();
        assert_eq!(kinds, [IssueType::MissingRequiredField, IssueType::InvalidEmail]);
    }
}
