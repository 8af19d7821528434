//! The rules for rows, one file each. A rule's file contains everything about it.
//!
//! To add a rule: add its [`IssueType`] (and the value to the database's enum in a migration), write its file, and follow the
//! compiler: [`IssueType::rule`], [`Verdict::breaks`] and [`Verdict::description`] match on every type. Reviews, their texts
//! in each language, bulk decisions, help and SQL are made from [`Rule`].
//!
//! Two rules compare rows with other rows or contacts. The caller does that and adds the results, [`Conflicts`], with
//! [`Verdict::with_conflicts`].

mod duplicate_email;
mod existing_email;
mod invalid_email;
mod malformed_row;
mod missing_required_field;

use super::bulk_decision::BulkDecision;
use super::email::{self, EmailError};
use super::field::{Field, PerField};
use super::issue::{ENCODING_ISSUE_KEY, email_issue_key, row_issue_key};
use super::required::{FieldSet, RequiredFields};
use super::row::{Fields, OnExisting, RowHash, RowStatus};
use super::words::words;
pub(crate) use malformed_row::{BETWEEN as BETWEEN_PARTS, doubts_in, encoding_in_doubt};
pub use malformed_row::{Residue, ResidueParts};

words! {
    /// The type of the issues of a rule, `issue_type_enum` of the database. New types are added last.
    IssueType, "issue type" {
        /// Rows share an e-mail and differ in name or company.
        DuplicateEmail = "DUPLICATE_EMAIL",
        /// The value is not a deliverable address.
        InvalidEmail = "INVALID_EMAIL",
        /// The owner has a contact with that e-mail from another job.
        ExistingEmail = "EXISTING_EMAIL",
        /// One or more required values are empty.
        MissingRequiredField = "MISSING_REQUIRED_FIELD",
        /// The row does not fit its header or its encoding.
        MalformedRow = "MALFORMED_ROW",
    }
}

/// Everything about a rule except its check.
pub struct Rule {
    /// The type of its issues.
    pub issue_type: IssueType,
    /// What one issue is about.
    pub about: About,
    /// The condition that raises it, for help.
    pub when: &'static str,
    /// What pages call its issues.
    pub name: PerLanguage,
    /// What pages say about a row that breaks it.
    pub wrong: PerLanguage,
    /// The name of its issues in URLs.
    pub slug: &'static str,
    /// What a review shows side by side.
    pub compares: Compares,
    /// Whether a review suggests a corrected address.
    pub suggests_address: bool,
    /// Returns whether a value is the cause of the issue.
    pub is_wrong: fn(RequiredFields, Field, &str) -> bool,
    /// The decisions that can be made about many of its issues at once, in the order of their buttons. A text can be replaced in
    /// rows with any issues.
    pub bulk: &'static [BulkDecision],
    /// The SQL aggregate that is true while the rows of an issue still raise it. It is evaluated for each issue over its
    /// rows as a decision leaves them, with a column for each field, such as `email`, and `status`, `accepted`, `on_existing`,
    /// `malformed` (the row has a residue), `same_email` (the row still has the address that the
    /// issue is about) and `counts` (the row is of the job and not discarded).
    pub still_raised: fn(RequiredFields) -> String,
    /// What `still_raised` cannot know until the next run.
    pub blind_to: BlindTo,
}

impl Rule {
    /// Returns the fields whose values cause an issue: those that are wrong, or else the e-mail that the rows of the issue share;
    /// none if the whole row is the cause.
    pub(crate) fn causes<T: AsRef<str>>(&self, required: RequiredFields, values: &PerField<T>) -> Vec<Field> {
        let is_cause = |field: &Field| (self.is_wrong)(required, *field, values.get(*field).as_ref());
        let fields: Vec<Field> = Field::ALL.iter().copied().filter(is_cause).collect();
        match self.about {
            About::Email if fields.is_empty() => vec![Field::Email],
            About::Email | About::Row => fields,
        }
    }
}

/// A text in each language of the pages.
pub struct PerLanguage {
    /// English.
    pub en: &'static str,
    /// German.
    pub de: &'static str,
    /// Spanish.
    pub es: &'static str,
}

/// What one issue is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// One row. The key of the issue is the row's hash.
    Row,
    /// All rows with one e-mail, which is the key of the issue.
    Email,
}

/// What a review shows side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compares {
    /// Nothing: each row is shown alone.
    Nothing,
    /// The rows of the issue.
    Rows,
    /// The rows and the existing contact.
    Contact,
}

/// What the SQL of a rule cannot know until the next run. No rule knows whether a row has come to repeat another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlindTo {
    /// Nothing: the rows of the issue decide.
    Nothing,
    /// Rows and contacts that are not linked to the issue, such as a row that was edited to the same e-mail.
    Others,
}

/// All rules, in the order in which a row's violations are listed.
pub const RULES: [&Rule; 5] = [
    &missing_required_field::RULE,
    &invalid_email::RULE,
    &duplicate_email::RULE,
    &existing_email::RULE,
    &malformed_row::RULE,
];

impl IssueType {
    /// Returns the rule that raises issues of this type.
    pub fn rule(self) -> &'static Rule {
        match self {
            IssueType::MissingRequiredField => &missing_required_field::RULE,
            IssueType::InvalidEmail => &invalid_email::RULE,
            IssueType::DuplicateEmail => &duplicate_email::RULE,
            IssueType::ExistingEmail => &existing_email::RULE,
            IssueType::MalformedRow => &malformed_row::RULE,
        }
    }
}

/// The result of each rule for one row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verdict {
    /// The required fields that are empty.
    pub missing: FieldSet,
    /// The reason why the e-mail is invalid, if there is one.
    pub invalid_email: Option<EmailError>,
    /// Whether the row does not fit its header or its encoding and has not been accepted.
    pub malformed: bool,
    /// Whether another row of the job has the same e-mail and different values.
    pub duplicate: bool,
    /// Whether the owner has a contact with the e-mail from another job and nobody has decided about it.
    pub existing: bool,
}

/// The conflicts of a row with other rows and with contacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Conflicts {
    /// Another row of the job has the same e-mail but a different identity.
    pub duplicate: bool,
    /// The owner has a contact with the e-mail from another job.
    pub existing: bool,
}

/// A violation of a rule by a row: the issue that the row belongs to, and its description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The rule.
    pub issue_type: IssueType,
    /// `issues.issue_key`.
    pub key: String,
    /// `issues.issue_description`.
    pub description: String,
}

impl Violation {
    /// Returns whether the issue is about the encoding of the file, which rows share.
    pub(crate) fn is_about_encoding(&self) -> bool {
        self.issue_type == IssueType::MalformedRow && self.key == ENCODING_ISSUE_KEY
    }
}

/// Validates a row on its own, without comparing it with others. The fields of `required` must not be empty.
///
/// ```
/// use ingest::domain::{required::RequiredFields, row::Fields, rules};
///
/// let all = RequiredFields::default();
/// assert!(rules::check(&Fields::new("ann@example.com", "Ann", "Lee", "Acme"), false, all).is_clean());
/// assert!(!rules::check(&Fields::new("ann@example.com", "Ann", "Lee", ""), false, all).is_clean());
/// let required = "email,last_name".parse().unwrap();
/// assert!(rules::check(&Fields::new("ann@example.com", "", "Lee", ""), false, required).is_clean());
/// ```
pub fn check(fields: &Fields<'_>, malformed: bool, required: RequiredFields) -> Verdict {
    Verdict {
        missing: missing_required_field::check(fields, required),
        invalid_email: invalid_email::check(fields),
        malformed,
        duplicate: false,
        existing: false,
    }
}

impl Verdict {
    /// Adds the conflicts that comparing the row with others has found. `on_existing` is what a person decided about the contact with
    /// the row's e-mail.
    pub(crate) fn with_conflicts(self, found: Conflicts, on_existing: Option<OnExisting>) -> Verdict {
        let Conflicts { duplicate, existing } = found;
        Verdict { duplicate, existing: existing && existing_email::is_open(on_existing), ..self }
    }

    /// Returns whether the row violates the rule of this type.
    pub(crate) fn breaks(&self, issue_type: IssueType) -> bool {
        match issue_type {
            IssueType::MissingRequiredField => !self.missing.is_empty(),
            IssueType::InvalidEmail => self.invalid_email.is_some(),
            IssueType::DuplicateEmail => self.duplicate,
            IssueType::ExistingEmail => self.existing,
            IssueType::MalformedRow => self.malformed,
        }
    }

    /// Returns whether the row violates no rule.
    pub fn is_clean(&self) -> bool {
        !IssueType::ALL.iter().any(|issue_type| self.breaks(*issue_type))
    }

    /// Returns whether the e-mail is present and valid. Only valid e-mails are compared with others.
    pub(crate) fn is_comparable(&self) -> bool {
        !self.missing.has(Field::Email) && self.invalid_email.is_none()
    }

    /// Returns [`RowStatus::Ready`] or [`RowStatus::Issue`].
    pub fn status(&self) -> RowStatus {
        if self.is_clean() { RowStatus::Ready } else { RowStatus::Issue }
    }

    /// Returns the violations of the row, one for each violated rule.
    pub fn violations(&self, fields: &Fields<'_>, hash: RowHash, residue: Residue<'_>) -> Vec<Violation> {
        let broken = RULES.into_iter().filter(|rule| self.breaks(rule.issue_type));
        let violation = |rule: &Rule| Violation {
            issue_type: rule.issue_type,
            key: match rule.about {
                About::Row if rule.issue_type == IssueType::MalformedRow && residue.is_about_encoding => {
                    ENCODING_ISSUE_KEY.to_owned()
                }
                About::Row => row_issue_key(hash),
                About::Email => email_issue_key(&email::key(&fields.email)),
            },
            description: self.description(rule.issue_type, residue),
        };
        broken.map(violation).collect()
    }

    /// Returns the description of the row's issue of this type.
    fn description(&self, issue_type: IssueType, residue: Residue<'_>) -> String {
        match issue_type {
            IssueType::MissingRequiredField => missing_required_field::description(self.missing),
            IssueType::InvalidEmail => invalid_email::description(self.invalid_email.as_ref()),
            IssueType::DuplicateEmail => duplicate_email::DESCRIPTION.to_owned(),
            IssueType::ExistingEmail => existing_email::DESCRIPTION.to_owned(),
            IssueType::MalformedRow => malformed_row::description(residue),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(email: &str, first: &str, last: &str, company: &str) -> Vec<(IssueType, String)> {
        let fields = Fields::new(email, first, last, company);
        let verdict = check(&fields, false, RequiredFields::default());
        let all = verdict.violations(&fields, fields.hash(""), Residue::default());
        all.into_iter().map(|violation| (violation.issue_type, violation.description)).collect()
    }

    #[test]
    fn every_type_has_one_rule() {
        for issue_type in IssueType::ALL {
            assert_eq!(issue_type.rule().issue_type, *issue_type);
            assert_eq!(RULES.iter().filter(|rule| rule.issue_type == *issue_type).count(), 1);
        }
        assert_eq!(RULES.len(), IssueType::ALL.len());
    }

    #[test]
    fn every_rule_has_a_unique_slug() {
        for rule in RULES {
            assert_eq!(RULES.iter().filter(|other| other.slug == rule.slug).count(), 1, "{}", rule.slug);
            assert!(!rule.bulk.is_empty(), "{} cannot be decided about in bulk", rule.slug);
        }
    }

    #[test]
    fn a_valid_row_violates_no_rule() {
        assert!(types("ann@example.com", "Ann", "Lee", "Acme").is_empty());
    }

    #[test]
    fn one_issue_names_all_missing_fields() {
        let found = types("", " ", "Lee", "\u{3000}");
        assert_eq!(
            found,
            [(IssueType::MissingRequiredField, "missing: email, first_name, company".to_owned())]
        );
    }

    #[test]
    fn a_field_that_is_not_required_may_be_empty() {
        let required = "email,company".parse().unwrap();
        let missing = |fields: &Fields<'_>| check(fields, false, required).missing;
        assert!(missing(&Fields::new("ann@example.com", "", "", "Acme")).is_empty());
        assert!(missing(&Fields::new("ann@example.com", "", "", "")).iter().eq([Field::Company]));
    }

    #[test]
    fn all_violated_rules_are_reported_together() {
        let found = types("not-an-address", "", "Lee", "Acme");
        let kinds: Vec<_> = found.iter().map(|(kind, _)| *kind).collect();
        assert_eq!(kinds, [IssueType::MissingRequiredField, IssueType::InvalidEmail]);
    }

    #[test]
    fn a_row_that_violates_any_rule_has_an_issue() {
        let clean = Verdict::default();
        assert_eq!(clean.status(), RowStatus::Ready);
        let broken = [
            Verdict { malformed: true, ..clean.clone() },
            clean.clone().with_conflicts(Conflicts { duplicate: true, existing: false }, None),
            clean.clone().with_conflicts(Conflicts { duplicate: false, existing: true }, None),
            check(&Fields::new("", "Ann", "Lee", "Acme"), false, RequiredFields::default()),
            check(&Fields::new("ann", "Ann", "Lee", "Acme"), false, RequiredFields::default()),
        ];
        for verdict in broken {
            assert_eq!(verdict.status(), RowStatus::Issue, "{verdict:?}");
        }
    }
}
