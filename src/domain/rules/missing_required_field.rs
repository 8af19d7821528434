//! The rule against empty required fields.

use super::{About, BlindTo, Compares, Rule};
use crate::domain::decision::{BulkDecision, Field};
use crate::domain::issue::IssueType;
use crate::domain::required::{FieldSet, RequiredFields};
use crate::domain::row::Fields;

pub(crate) const RULE: Rule = Rule {
    issue_type: IssueType::MissingRequiredField,
    about: About::Row,
    when: "a required field is empty",
    slug: "missing",
    compares: Compares::Nothing,
    suggests_address: false,
    is_wrong: |required, field, value| required.has(field) && value.trim().is_empty(),
    bulk: &[BulkDecision::FillIn, BulkDecision::Discard],
    still_raised: |required| {
        let values: Vec<String> = required.iter().map(|field| format!("coalesce({field}, '')")).collect();
        format!("bool_or('' IN ({})) FILTER (WHERE counts)", values.join(", "))
    },
    blind_to: BlindTo::Nothing,
};

/// Returns the required fields that are empty.
pub(crate) fn check(fields: &Fields<'_>, required: RequiredFields) -> FieldSet {
    required.iter().filter(|field| fields.get(*field).is_empty()).collect()
}

pub(crate) fn description(missing: FieldSet) -> String {
    let names: Vec<&str> = missing.iter().map(Field::as_str).collect();
    format!("missing: {}", names.join(", "))
}
