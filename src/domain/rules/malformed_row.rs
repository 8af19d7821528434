//! The rule against rows that do not fit the file's header or encoding.

use std::borrow::Cow;
use std::fmt;

use super::{About, BlindTo, Compares, IssueType, PerLanguage, Rule};
use crate::domain::bulk_decision::BulkDecision;

pub(crate) const RULE: Rule = Rule {
    issue_type: IssueType::MalformedRow,
    about: About::Row,
    when: "more cells than the header has, or bytes that are not text",
    name: PerLanguage { en: "Malformed rows", de: "Fehlerhafte Zeilen", es: "Filas mal formadas" },
    wrong: PerLanguage {
        en: "The row does not fit the columns of the file, or looks damaged",
        de: "Die Zeile passt nicht zu den Spalten der Datei oder sieht beschädigt aus",
        es: "La fila no se ajusta a las columnas del archivo o parece dañada",
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

/// What precedes the extra cells in a residue, as a JSON array.
const EXTRA_CELLS: &str = "extra cells ";
/// What precedes the unreadable cells in a residue, as a JSON array.
const UNREADABLE_CELLS: &str = "unreadable bytes in ";
/// What separates the parts of a residue.
pub(crate) const BETWEEN: &str = "; ";

/// The parts of a residue.
///
/// ```
/// use ingest::domain::rules::ResidueParts;
///
/// let cells = ["Acme; Ltd".to_owned()];
/// let parts = ResidueParts { extra_cells: (&cells).into(), ..ResidueParts::default() };
/// assert_eq!(parts.to_string(), r#"extra cells ["Acme; Ltd"]"#);
/// assert_eq!(ResidueParts::of(&parts.to_string()), parts);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ResidueParts<'a> {
    /// The cells beyond the header's width.
    pub extra_cells: Cow<'a, [String]>,
    /// Cells with bytes that are not text.
    pub unreadable_cells: Cow<'a, [String]>,
    /// A description of what else is odd; empty if nothing is.
    pub others: String,
}

impl ResidueParts<'_> {
    /// Parses a residue. What cannot be parsed is left to `others`.
    pub fn of(residue: &str) -> ResidueParts<'static> {
        let (extra_cells, rest) = cells_after(EXTRA_CELLS, residue);
        let (unreadable_cells, rest) = cells_after(UNREADABLE_CELLS, rest);
        ResidueParts {
            extra_cells: extra_cells.into(),
            unreadable_cells: unreadable_cells.into(),
            others: rest.to_owned(),
        }
    }
}

/// Returns the cells of a residue that begins with `words`, and what follows them.
fn cells_after<'t>(words: &str, residue: &'t str) -> (Vec<String>, &'t str) {
    let Some(rest) = residue.strip_prefix(words) else { return (Vec::new(), residue) };
    let mut cells = serde_json::Deserializer::from_str(rest).into_iter::<Vec<String>>();
    match cells.next() {
        Some(Ok(found)) => {
            let rest = &rest[cells.byte_offset()..];
            (found, rest.strip_prefix(BETWEEN).unwrap_or(rest))
        }
        Some(Err(_)) | None => (Vec::new(), residue),
    }
}

impl fmt::Display for ResidueParts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut between = "";
        for (words, cells) in [(EXTRA_CELLS, &self.extra_cells), (UNREADABLE_CELLS, &self.unreadable_cells)] {
            if !cells.is_empty() {
                write!(f, "{between}{words}{}", serde_json::json!(cells))?;
                between = BETWEEN;
            }
        }
        match self.others.is_empty() {
            true => Ok(()),
            false => write!(f, "{between}{}", self.others),
        }
    }
}

/// What precedes the descriptions of the values that the encoding leaves in doubt.
const IN_DOUBT: &str = "the encoding of the file is in doubt: ";

/// Describes which values the encoding leaves in doubt, for people.
pub(crate) fn encoding_in_doubt(doubts: &[String]) -> String {
    format!("{IN_DOUBT}{}", doubts.join(BETWEEN))
}

/// Returns the descriptions in a residue that is about nothing but the encoding; any other text as it is.
pub(crate) fn doubts_in(residue: &str) -> &str {
    residue.strip_prefix(IN_DOUBT).unwrap_or(residue)
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
    fn a_residue_that_cannot_be_parsed_is_shown_whole() {
        for text in ["extra cells [\"a", "extra cells", "anything; else", ""] {
            let parts = ResidueParts::of(text);
            assert_eq!((parts.others.as_str(), parts.to_string().as_str()), (text, text));
        }
        let both = r#"extra cells ["; \"x\""]; unreadable bytes in ["\\xFF"]"#;
        let parts = ResidueParts::of(both);
        assert_eq!((&parts.extra_cells[0][..], &parts.unreadable_cells[0][..]), ("; \"x\"", "\\xFF"));
        assert_eq!((parts.others.as_str(), parts.to_string().as_str()), ("", both));
        let more = format!("{both}; the quotes are broken; \"y\"");
        assert_eq!(ResidueParts::of(&more).others, "the quotes are broken; \"y\"");
    }

    #[test]
    fn an_issue_quotes_the_beginning_of_a_long_residue() {
        let described = |text: &str| description(Residue { text, is_about_encoding: false });
        assert!(described(&"é".repeat(1_000)).ends_with("éé"));
        let long = described(&"é".repeat(100_000));
        assert!(long.ends_with("é…") && long.chars().filter(|letter| *letter == 'é').count() == 1_000);
    }
}
