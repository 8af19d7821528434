//! The rule against e-mails to which Internet mail cannot be delivered.

use super::{About, BlindTo, Compares, IssueType, PerLanguage, Rule};
use crate::domain::bulk_decision::BulkDecision;
use crate::domain::email::{self, EmailError};
use crate::domain::field::Field;
use crate::domain::row::Fields;

pub(crate) const RULE: Rule = Rule {
    issue_type: IssueType::InvalidEmail,
    about: About::Email,
    when: "not an address that Internet mail can deliver to; the description gives the reason",
    name: PerLanguage { en: "Invalid addresses", de: "Ungültige Adressen", es: "Direcciones no válidas" },
    wrong: PerLanguage {
        en: "This address cannot receive mail",
        de: "Diese Adresse kann keine E-Mails empfangen",
        es: "Esta dirección no puede recibir correo",
    },
    slug: "invalid",
    compares: Compares::Nothing,
    suggests_address: true,
    is_wrong: |_, field, _| field == Field::Email,
    bulk: &[BulkDecision::Correct, BulkDecision::Discard],
    still_raised: |_| "bool_or(same_email) FILTER (WHERE counts)".to_owned(),
    blind_to: BlindTo::Nothing,
};

/// Returns why the e-mail is invalid, or `None` if it is valid or empty: an empty e-mail is missing, not invalid.
pub(crate) fn check(fields: &Fields<'_>) -> Option<EmailError> {
    match fields.email.is_empty() {
        true => None,
        false => email::check(&fields.email).err(),
    }
}

pub(crate) fn description(reason: Option<&EmailError>) -> String {
    match reason {
        Some(reason) => format!("not a deliverable address: {reason}"),
        None => "not a deliverable address".to_owned(),
    }
}
