//! Search texts, and their limits: comparing a long text with a long cell costs the product of their lengths.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

/// Maximum number of characters of a search text.
pub(crate) const LONGEST_TEXT: usize = 200;
/// Number of characters of a cell that are searched, from its beginning.
pub(crate) const SEARCHED_CHARACTERS: usize = 500;

/// The most words of a text that are searched for separately; the last one includes the rest.
const MOST_WORDS: usize = 8;

/// A search text, and how it is compared with contacts.
///
/// ```
/// use ingest::domain::search::SearchText;
///
/// let search = SearchText { text: " Ann  Müller".to_owned(), fold_accents: false };
/// assert_eq!(search.words(), ["Ann", "Müller"]);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchText {
    /// The text. Its words are searched for separately.
    pub text: String,
    /// Whether letters with and without accents match each other.
    pub fold_accents: bool,
}

impl SearchText {
    /// Returns a text that is compared with its accents.
    pub fn exact(text: impl Into<String>) -> SearchText {
        SearchText { text: text.into(), fold_accents: false }
    }

    /// Returns the words. A word of accents alone is none if accents do not matter: it would match every contact.
    pub fn words(&self) -> Vec<&str> {
        let words = self.text.trim().splitn(MOST_WORDS, char::is_whitespace);
        words.filter(|word| !word.trim_start_matches(|letter| self.is_ignored(letter)).is_empty()).collect()
    }

    fn is_ignored(&self, letter: char) -> bool {
        self.fold_accents && is_accent(letter)
    }

    /// Returns the parts of the words that an index can look up, separated by spaces: in the form NFD, without white space and
    /// without marks other than accents, whose order may differ in a contact.
    pub(crate) fn indexed(&self) -> String {
        let is_mark = |letter: char| canonical_combining_class(letter) != 0 && !is_accent(letter);
        let letters = self.text.nfd();
        letters.map(|letter| if letter.is_whitespace() || is_mark(letter) { ' ' } else { letter }).collect()
    }
}

/// Returns whether a letter is a combining diacritical mark, such as the accent of a Latin, Greek or Cyrillic letter.
fn is_accent(letter: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&letter)
}

/// What is wrong with a search text. Displayed in English.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextFlaw {
    /// It contains the character NUL.
    Nul,
    /// It is too long.
    TooLong {
        /// The maximum number of characters.
        limit: usize,
    },
}

/// Returns what is wrong with a search text, or `None` if it is valid.
///
/// ```
/// use ingest::domain::search::{self, TextFlaw};
///
/// assert_eq!(search::refusal("müller"), None);
/// assert_eq!(search::refusal(&"x".repeat(201)), Some(TextFlaw::TooLong { limit: 200 }));
/// assert_eq!(search::refusal("a\0"), Some(TextFlaw::Nul));
/// ```
pub fn refusal(text: &str) -> Option<TextFlaw> {
    if text.contains('\0') {
        Some(TextFlaw::Nul)
    } else if text.chars().nth(LONGEST_TEXT).is_some() {
        Some(TextFlaw::TooLong { limit: LONGEST_TEXT })
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_consists_of_words() {
        assert_eq!(SearchText::exact(" Ann  Lee\t").words(), ["Ann", "Lee"]);
        assert_eq!(SearchText::exact("1 2 3 4 5 6 7 8 9").words()[7], "8 9");
        assert!(SearchText::exact(" \n").words().is_empty());
    }

    #[test]
    fn accents_alone_are_no_word_if_they_do_not_matter() {
        let text = "\u{301} a\u{301}";
        assert_eq!(SearchText::exact(text).words().len(), 2);
        let folded = SearchText { text: text.to_owned(), fold_accents: true };
        assert_eq!(folded.words(), ["a\u{301}"]);
    }

    #[test]
    fn an_index_looks_up_letters_without_other_marks() {
        assert_eq!(SearchText::exact("Jo\u{eb}l\tLee").indexed(), "Joe\u{308}l Lee");
        assert_eq!(SearchText::exact("わがし").indexed(), "わか し");
    }
}
