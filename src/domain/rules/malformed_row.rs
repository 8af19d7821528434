//! The rule against rows that do not fit the file's header or encoding.

use std::borrow::Cow;

use super::{About, BlindTo, Compares, IssueType, PerLanguage, Rule};
use crate::domain::bulk_decision::BulkDecision;

pub(crate) const RULE: Rule = Rule {
    issue_type: IssueType::MalformedRow,
    about: About::Row,
    when: "more cells than the header has, or bytes that are not text",
    name: PerLanguage { en: "Malformed rows", de: "Fehlerhafte Zeilen", es: "Filas mal formadas" },
    wrong: PerLanguage {
        en: "The row does not fit the header or the encoding of the file",
        de: "Die Zeile passt nicht zur Kopfzeile oder zur Zeichenkodierung der Datei",
        es: "La fila no se ajusta al encabezado o a la codificación del archivo",
    },
    slug: "malformed",
    compares: Compares::Nothing,
    suggests_address: false,
    is_wrong: |_, _, _| false,
    bulk: &[BulkDecision::Accept, BulkDecision::Discard],
    still_raised: |_| "bool_or(malformed AND NOT accepted) FILTER (WHERE counts)".to_owned(),
    blind_to: BlindTo::Nothing,
};

/// Maximum number of characters of a residue in an issue's description. The row stores all of it.
const RESIDUE_LETTERS: usize = 1_000;

/// The description without the residue.
pub(crate) const SENTENCE: &str = "the row does not fit the file's header or encoding";

/// What a malformed row contained beside its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Residue<'a> {
    /// It in words; empty if the row is not malformed.
    pub text: &'a str,
    /// Whether nothing but the encoding of the file is in doubt. All such rows of a job share one issue.
    pub is_about_encoding: bool,
}

/// Describes which values the encoding leaves in doubt, for people.
pub(crate) fn encoding_in_doubt(doubts: &[String]) -> String {
    format!("the encoding of the file is in doubt: {}", doubts.join("; "))
}

pub(crate) fn description(residue: Residue<'_>) -> String {
    match residue.is_about_encoding {
        true => shortened(residue.text).into_owned(),
        false => format!("{SENTENCE}: {}", shortened(residue.text)),
    }
}

fn shortened(residue: &str) -> Cow<'_, str> {
    match residue.char_indices().nth(RESIDUE_LETTERS) {
        Some((end, _)) => Cow::Owned(format!("{}…", &residue[..end])),
        None => Cow::Borrowed(residue),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issue_quotes_the_beginning_of_a_long_residue() {
        let described = |text: &str| description(Residue { text, is_about_encoding: false });
        assert!(described(&"é".repeat(1_000)).ends_with("éé"));
        let long = described(&"é".repeat(100_000));
        assert!(long.ends_with("é…") && long.chars().filter(|letter| *letter == 'é').count() == 1_000);
    }
}
