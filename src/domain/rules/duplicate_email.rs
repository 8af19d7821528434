//! The rule against rows with the same e-mail and different values.

use super::{About, BlindTo, Compares, Rule};
use crate::domain::decision::{BulkDecision, Field};
use crate::domain::issue::IssueType;

pub(crate) const RULE: Rule = Rule {
    issue_type: IssueType::DuplicateEmail,
    about: About::Email,
    when: "rows share an e-mail and differ in name or company",
    slug: "duplicate",
    compares: Compares::Rows,
    suggests_address: false,
    is_wrong: |_, _, _| false,
    bulk: &[BulkDecision::KeepFirst, BulkDecision::KeepLast, BulkDecision::Merge],
    still_raised: |_| {
        // COLLATE "C" compares values byte by byte, like the check.
        let others = Field::ALL.iter().filter(|field| **field != Field::Email);
        let values: Vec<String> =
            others.map(|field| format!("coalesce({field}, '') COLLATE \"C\"")).collect();
        format!("count(DISTINCT ({})) FILTER (WHERE counts AND same_email) > 1", values.join(", "))
    },
    blind_to: BlindTo::Others,
};

pub(crate) const DESCRIPTION: &str = "several rows share this e-mail and differ in name or company";
