//! The rule against empty required fields.

use super::{About, BlindTo, Compares, IssueType, PerLanguage, Rule};
use crate::domain::bulk_decision::BulkDecision;
use crate::domain::field::Field;
use crate::domain::required::{FieldSet, RequiredFields};
use crate::domain::row::Fields;

pub(crate) const RULE: Rule = Rule {
    issue_type: IssueType::MissingRequiredField,
    about: About::Row,
    when: "a required field is empty",
    name: PerLanguage { en: "Missing values", de: "Fehlende Werte", es: "Valores que faltan" },
    wrong: PerLanguage {
        en: "A required value is missing",
        de: "Ein Pflichtwert fehlt",
        es: "Falta un valor obligatorio",
    },
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
