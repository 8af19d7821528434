//! Replacing a text in the values of a field.

use unicode_normalization::UnicodeNormalization;

use super::field::Field;
use super::refusal::Refusal;
use super::row::normalise;
use super::search;

/// Maximum size of a value that a replacement makes longer, the size of the longest cell of a file.
const LONGEST_RESULT_BYTES: usize = 64 << 10;

/// A text to replace in the values of one field.
///
/// ```
/// use ingest::domain::field::Field;
/// use ingest::domain::replacement::Replacement;
///
/// let find = "@exmaple.".to_owned();
/// let replacement = Replacement { field: Field::Email, find, with: "@example.".to_owned(), match_case: false };
/// assert_eq!(replacement.applied_to("Ann@Exmaple.com").unwrap().as_deref(), Some("Ann@example.com"));
/// assert_eq!(replacement.applied_to("ann@example.com").unwrap(), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Replacement {
    /// The field.
    pub field: Field,
    /// The text to find, anywhere in a value.
    pub find: String,
    /// The text to put in its place; empty to remove it.
    #[serde(default)]
    pub with: String,
    /// Whether upper and lower case differ in the text to find.
    #[serde(default)]
    pub match_case: bool,
}

impl Replacement {
    /// Returns the same replacement with its texts in NFC, like stored values. Keeps white space at their ends.
    pub(crate) fn normalised(&self) -> Replacement {
        let nfc = |text: &str| text.nfc().collect();
        Replacement { find: nfc(&self.find), with: nfc(&self.with), ..*self }
    }

    /// Returns what is wrong with the texts, or `None` if they are valid.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        let flaw = || [&self.find, &self.with].into_iter().find_map(|text| search::refusal(text));
        match self.find.is_empty() {
            true => Some(Refusal::NothingToFind),
            false => flaw().map(Refusal::SearchText),
        }
    }

    /// Returns the same replacement with empty texts.
    pub(crate) fn without_texts(&self) -> Replacement {
        Replacement { find: String::new(), with: String::new(), ..*self }
    }

    /// Returns the value after the replacement, normalised ([`normalise`]); `None` if it does not contain the text.
    ///
    /// Fails if the result is longer than the value and than 64 KiB.
    pub fn applied_to(&self, value: &str) -> Result<Option<String>, Refusal> {
        let found = match self.match_case {
            true => self.places_in(value),
            false => self.places_in_any_case(value),
        };
        if found.is_empty() {
            return Ok(None);
        }
        let removed: usize = found.iter().map(|(start, end)| end - start).sum();
        let length = value.len() - removed + found.len() * self.with.len();
        if length > value.len().max(LONGEST_RESULT_BYTES) {
            return Err(Refusal::LongResult { limit_kb: LONGEST_RESULT_BYTES >> 10 });
        }
        let (mut result, mut rest) = (String::with_capacity(length), 0);
        for (start, end) in found {
            result.push_str(&value[rest..start]);
            result.push_str(&self.with);
            rest = end;
        }
        result.push_str(&value[rest..]);
        Ok(Some(normalise(&result).into_owned()))
    }

    /// Returns where the text begins and ends in the value.
    fn places_in(&self, value: &str) -> Vec<(usize, usize)> {
        value.match_indices(&self.find).map(|(start, found)| (start, start + found.len())).collect()
    }

    /// Like [`places_in`](Self::places_in), in upper and lower case. The time is linear, however often the text almost occurs.
    fn places_in_any_case(&self, value: &str) -> Vec<(usize, usize)> {
        let find = lower_case(&self.find);
        let mut lower = String::with_capacity(value.len());
        // Where each letter begins: in the text in lower case, which may have another length, and in the value.
        let mut letters = Vec::new();
        for (at, letter) in value.char_indices() {
            letters.push((lower.len(), at));
            lower.extend(letter.to_lowercase());
        }
        letters.push((lower.len(), value.len()));
        let position = |at: usize| letters.binary_search_by_key(&at, |(start, _)| *start).ok();
        let found = lower.match_indices(&find).filter_map(|(start, found)| {
            let (start, end) = (position(start)?, position(start + found.len())?);
            Some((letters[start].1, letters[end].1))
        });
        found.collect()
    }
}

fn lower_case(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(find: &str, with: &str, match_case: bool, value: &str) -> Option<String> {
        let (field, find, with) = (Field::Company, find.to_owned(), with.to_owned());
        Replacement { field, find, with, match_case }.applied_to(value).unwrap()
    }

    #[test]
    fn every_place_of_the_text_is_replaced() {
        let cases = [
            ("inc", "Ltd", false, "Acme INC, Inc of Inc", Some("Acme Ltd, Ltd of Ltd")),
            ("Inc", "Ltd", true, "Acme INC, Inc", Some("Acme INC, Ltd")),
            ("inc", "Ltd", true, "Acme INC", None),
            ("aa", "b", false, "aAa", Some("ba")),
            (" inc.", "", false, "Acme Inc.", Some("Acme")),
            ("ÄÖ", "x", false, "1 äö 2 Äö", Some("1 x 2 x")),
            // In lower case this letter has three bytes instead of two.
            ("b", "c", false, "İbİB", Some("İcİc")),
            // Half of what a letter is in lower case is not found.
            ("i", "x", false, "İ", None),
            (".", "_", false, "a.b", Some("a_b")),
            ("x", "y", false, "", None),
        ];
        for (find, with, match_case, value, expected) in cases {
            assert_eq!(replaced(find, with, match_case, value).as_deref(), expected, "{find} in {value}");
        }
    }

    #[test]
    fn results_are_normalised_and_not_too_long() {
        assert_eq!(replaced("x", "e\u{301} ", false, "Renx").as_deref(), Some("René"));
        let long = Replacement {
            field: Field::Company,
            find: "a".to_owned(),
            with: "b".repeat(100),
            match_case: true,
        };
        assert_eq!(long.applied_to(&"a".repeat(1_000)), Err(Refusal::LongResult { limit_kb: 64 }));
        assert!(long.applied_to(&"a".repeat(600)).unwrap().is_some());
    }

    #[test]
    fn texts_are_checked() {
        let of = |find: &str| {
            let (field, find) = (Field::Email, find.to_owned());
            Replacement { field, find, with: String::new(), match_case: false }.refusal()
        };
        assert_eq!(of(""), Some(Refusal::NothingToFind));
        assert_eq!(of(" "), None);
        assert!(matches!(of("a\0"), Some(Refusal::SearchText(_))));
        assert!(matches!(of(&"a".repeat(201)), Some(Refusal::SearchText(_))));
    }
}
