//! A required field is empty.

use super::{About, BlindTo, Compares, Rule};
use crate::domain::decision::{BulkDecision, Field};
use crate::domain::issue::IssueType;
use crate::domain::row::Fields;

pub(crate) const RULE: Rule = Rule {
    issue_type: IssueType::MissingRequiredField,
    about: About::Row,
    when: "a required field is empty",
    slug: "missing",
    compares: Compares::Nothing,
    suggests_address: false,
    is_wrong: |_, value| value.trim().is_empty(),
    bulk: &[BulkDecision::FillIn, BulkDecision::Discard],
    still_raised: || {
        let values: Vec<String> = required().map(|field| format!("coalesce({field}, '')")).collect();
        format!("bool_or('' IN ({})) FILTER (WHERE counts)", values.join(", "))
    },
    blind_to: BlindTo::Nothing,
};

fn required() -> impl Iterator<Item = Field> {
    Field::ALL.iter().copied().filter(|field| field.is_required())
}

/// A set of required fields that are empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MissingFields(u8);

impl MissingFields {
    /// The required fields that are empty.
    pub(crate) fn of(fields: &Fields<'_>) -> MissingFields {
        let empty = required().filter(|field| fields.get(*field).is_empty());
        MissingFields(empty.fold(0, |bits, field| bits | bit(field)))
    }

    /// Whether none is missing.
    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether this field is missing.
    pub(crate) fn has(self, field: Field) -> bool {
        self.0 & bit(field) != 0
    }
}

fn bit(field: Field) -> u8 {
    1 << field as u8
}

pub(crate) fn description(missing: MissingFields) -> String {
    let names: Vec<&str> = required().filter(|field| missing.has(*field)).map(Field::as_str).collect();
    format!("missing: {}", names.join(", "))
}
