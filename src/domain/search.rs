//! Limits of a search: comparing a long text with a long cell costs the product of their lengths.

/// Maximum number of characters of a search text.
pub(crate) const LONGEST_TEXT: usize = 200;
/// Number of characters of a cell that are searched, from its beginning.
pub(crate) const SEARCHED_CHARACTERS: usize = 500;

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
