//! Limits of a search: comparing a long text with a long cell costs the product of their lengths.

/// Maximum number of characters of a search text.
pub(crate) const LONGEST_TEXT: usize = 200;
/// Number of characters of a cell that are searched, from its beginning.
pub(crate) const SEARCHED_CHARACTERS: usize = 500;

/// Returns what is wrong with a search text, or `None` if it is valid.
///
/// ```
/// use ingest::domain::search;
///
/// assert_eq!(search::refusal("müller"), None);
/// assert_eq!(search::refusal(&"x".repeat(201)), Some("has more than 200 characters"));
/// assert_eq!(search::refusal("a\0"), Some("contains the character NUL"));
/// ```
pub fn refusal(text: &str) -> Option<&'static str> {
    if text.contains('\0') {
        Some("contains the character NUL")
    } else if text.chars().nth(LONGEST_TEXT).is_some() {
        Some("has more than 200 characters")
    } else {
        None
    }
}
