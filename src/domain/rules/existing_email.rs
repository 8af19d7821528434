//! The rule against rows with the e-mail of an existing contact from another job.

use super::{About, BlindTo, Compares, Rule};
use crate::domain::decision::BulkDecision;
use crate::domain::issue::IssueType;

pub(crate) const RULE: Rule = Rule {
    issue_type: IssueType::ExistingEmail,
    about: About::Email,
    when: "the owner has a contact with this e-mail from another job",
    slug: "existing",
    compares: Compares::Contact,
    suggests_address: false,
    is_wrong: |_, _, _| false,
    bulk: &[BulkDecision::KeepContact, BulkDecision::Overwrite, BulkDecision::Fill],
    still_raised: |_| "bool_or(same_email AND on_existing IS NULL) FILTER (WHERE counts)".to_owned(),
    blind_to: BlindTo::Others,
};

pub(crate) const DESCRIPTION: &str = "a contact with this e-mail exists already, from an earlier import";
