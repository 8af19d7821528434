//! The rule against rows with the same e-mail and different values.

use super::{About, BlindTo, Compares, IssueType, PerLanguage, Rule};
use crate::domain::bulk_decision::BulkDecision;
use crate::domain::field::Field;

pub(crate) const RULE: Rule = Rule {
    issue_type: IssueType::DuplicateEmail,
    about: About::Email,
    when: "rows share an e-mail and differ in name or company",
    name: PerLanguage { en: "Duplicates", de: "Dubletten", es: "Duplicados" },
    wrong: PerLanguage {
        en: "Several rows have this e-mail address but differ in name or company",
        de: "Mehrere Zeilen haben diese E-Mail-Adresse, aber verschiedene Namen oder Firmen",
        es: "Varias filas tienen esta dirección de correo, pero distinto nombre o empresa",
    },
    slug: "duplicate",
    compares: Compares::Rows,
    suggests_address: false,
    is_wrong: |_, _, _| false,
    bulk: &[BulkDecision::Merge, BulkDecision::KeepFirst, BulkDecision::KeepLast, BulkDecision::Discard],
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
