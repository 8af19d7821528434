//! The rule against rows with the e-mail of an existing contact from another job.

use super::{About, BlindTo, Compares, IssueType, PerLanguage, Rule};
use crate::domain::bulk_decision::BulkDecision;
use crate::domain::row::OnExisting;

pub(crate) const RULE: Rule = Rule {
    issue_type: IssueType::ExistingEmail,
    about: About::Email,
    when: "the owner has a contact with this e-mail from another job",
    name: PerLanguage { en: "Existing contacts", de: "Vorhandene Kontakte", es: "Contactos existentes" },
    wrong: PerLanguage {
        en: "A contact with this e-mail address already exists",
        de: "Es gibt bereits einen Kontakt mit dieser E-Mail-Adresse",
        es: "Ya existe un contacto con esta dirección de correo",
    },
    slug: "existing",
    compares: Compares::Contact,
    suggests_address: false,
    is_wrong: |_, _, _| false,
    bulk: &[BulkDecision::Fill, BulkDecision::KeepContact, BulkDecision::Overwrite],
    still_raised: |_| "bool_or(same_email AND on_existing IS NULL) FILTER (WHERE counts)".to_owned(),
    blind_to: BlindTo::Others,
};

/// Returns whether nobody has decided about the existing contact.
pub(crate) fn is_open(on_existing: Option<OnExisting>) -> bool {
    on_existing.is_none()
}

pub(crate) const DESCRIPTION: &str = "a contact with this e-mail exists already, from an earlier import";
