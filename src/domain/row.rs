//! The values of a row in the form in which they are stored and compared, and their hash.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use unicode_normalization::{UnicodeNormalization, is_nfc_quick};

use super::contact::first_16;
use super::email;
use super::field::{Field, PerField};
use super::words::words;

words! {
    /// `staging_status_enum`.
    RowStatus, "staging status" {
        /// Valid, but without a contact so far.
        Ready = "READY",
        /// Its contact has been created.
        Success = "SUCCESS",
        /// Discarded by a person, or because it repeats another row.
        Discard = "DISCARD",
        /// Violates a rule.
        Issue = "ISSUE",
    }
}

words! {
    /// `staging_on_existing_enum`: a person's decision about the existing contact with a row's e-mail.
    OnExisting, "decision about an existing contact" {
        /// Replace the contact's values with the row's.
        Overwrite = "OVERWRITE",
        /// Fill the contact's empty fields with the row's values.
        Fill = "FILL",
    }
}

/// The values of a row, trimmed of Unicode white space and in NFC; case is preserved.
pub type Fields<'a> = PerField<Cow<'a, str>>;

/// Trims Unicode white space and invisible characters and normalises to NFC (Unicode Standard Annex 15).
///
/// ```
/// use ingest::domain::row::normalise;
///
/// assert_eq!(normalise("  Rene\u{301}\u{a0}"), "René");
/// ```
pub fn normalise(value: &str) -> Cow<'_, str> {
    let trimmed = match value.trim() {
        ascii if ascii.is_ascii() => return Cow::Borrowed(ascii),
        trimmed => trimmed.trim_matches(|letter: char| letter.is_whitespace() || is_invisible(letter)),
    };
    let is_normalised = is_nfc_quick(trimmed.chars()) == unicode_normalization::IsNormalized::Yes;
    if is_normalised { Cow::Borrowed(trimmed) } else { Cow::Owned(trimmed.nfc().collect()) }
}

/// Returns the value with line feeds as line ends, which programs change.
pub(crate) fn unified(value: &str) -> Cow<'_, str> {
    match value.contains('\r') {
        true => Cow::Owned(value.replace("\r\n", "\n").replace('\r', "\n")),
        false => Cow::Borrowed(value),
    }
}

/// Returns whether a character is invisible white space that Unicode does not classify as white space.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{200b}' | '\u{2060}' | '\u{feff}')
}

impl<'a> PerField<Cow<'a, str>> {
    /// Normalises the values. Other fields are empty.
    #[allow(clippy::needless_update, reason = "there may be other fields")]
    pub fn new(email: &'a str, first_name: &'a str, last_name: &'a str, company: &'a str) -> Fields<'a> {
        PerField { email, first_name, last_name, company, ..PerField::default() }.map(normalise)
    }

    /// Returns the total length of the values.
    pub(crate) fn bytes(&self) -> usize {
        self.values().into_iter().map(|value| value.len()).sum()
    }

    /// Hashes the values, with the e-mail in lower case, and `residue`: what a malformed row contained beside them, empty
    /// for any other row.
    ///
    /// The first 8 bytes depend only on the values. The last 8 also depend on the residue, so that rows that differ only
    /// in their residue do not count as repeats.
    ///
    /// ```
    /// use ingest::domain::row::Fields;
    ///
    /// let hash = Fields::new("Ann@Example.com", "Ann", "Lee", "Acme").hash("");
    /// assert_eq!(hash, Fields::new(" ann@example.com", "Ann ", "Lee", "Acme").hash(""));
    /// assert_ne!(hash, Fields::new("ann@example.com", "Anna", "Lee", "Acme").hash(""));
    /// ```
    pub fn hash(&self, residue: &str) -> RowHash {
        let key = email::key(&self.email);
        let mut content = Content::default();
        for (field, value) in self.iter() {
            if !field.is_required() {
                // Rows without the field keep the hash that they had before it was added.
                if value.is_empty() {
                    continue;
                }
                content.update(field.as_str().as_bytes());
            }
            let value = if field == Field::Email { &key } else { value };
            // The length distinguishes ("ab", "c") from ("a", "bc").
            content.update(&(value.len() as u32).to_le_bytes());
            content.update(value.as_bytes());
        }
        let content_hash = first_16(&content.finalize());
        if residue.is_empty() {
            return RowHash(content_hash);
        }
        content.update(residue.as_bytes());
        let whole_hash = first_16(&content.finalize());
        let low = u128::from(u64::MAX);
        RowHash((content_hash & !low) | (whole_hash & low))
    }
}

/// Number of bytes that are collected before they are hashed: more than most rows have.
const SHORT_BYTES: usize = 256;

/// Bytes to be hashed.
struct Content {
    short: [u8; SHORT_BYTES],
    length: usize,
    /// What was hashed so far, if there are more bytes.
    long: Option<blake3::Hasher>,
}

impl Default for Content {
    fn default() -> Content {
        Content { short: [0; SHORT_BYTES], length: 0, long: None }
    }
}

impl Content {
    fn update(&mut self, bytes: &[u8]) {
        let end = self.length + bytes.len();
        if self.long.is_none()
            && let Some(free) = self.short.get_mut(self.length..end)
        {
            free.copy_from_slice(bytes);
            self.length = end;
            return;
        }
        let long = self.long.get_or_insert_with(|| {
            let mut hasher = blake3::Hasher::new();
            hasher.update(&self.short[..self.length]);
            hasher
        });
        long.update(bytes);
    }

    fn finalize(&self) -> blake3::Hash {
        match &self.long {
            Some(long) => long.finalize(),
            None => blake3::hash(&self.short[..self.length]),
        }
    }
}

/// 128 bits of BLAKE3, equal for equal content in every run and on every machine. Stored as 32 hexadecimal digits in
/// `staging_row_hash`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowHash(pub u128);

impl RowHash {
    /// Returns the hash in a column `staging_row_hash`; if upstream wrote it in another format, a hash of that text.
    pub(crate) fn of_column(text: &str) -> RowHash {
        text.parse().unwrap_or_else(|_| Fields::new(text, "", "", "").hash(""))
    }
}

impl fmt::Display for RowHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for RowHash {
    type Err = std::num::ParseIntError;

    fn from_str(digits: &str) -> Result<Self, Self::Err> {
        u128::from_str_radix(digits, 16).map(RowHash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(email: &str, first: &str, last: &str, company: &str) -> RowHash {
        Fields::new(email, first, last, company).hash("")
    }

    #[test]
    fn the_hash_is_the_same_on_any_machine() {
        assert_eq!(
            hash("Ann@Example.com", "Ann", "Lee", "Acme").to_string(),
            hash(" ann@example.com\u{a0}", "Ann ", "\tLee", "Acme").to_string()
        );
        assert_eq!(
            hash("ann@example.com", "Ann", "Lee", "Acme").to_string(),
            "bee6409d25d0c03ec1d8a1b4134db90b"
        );
    }

    #[test]
    fn rows_of_any_length_are_hashed_as_a_whole() {
        for length in [0, 1, 100, 230, 245, 250, 255, 256, 257, 300, 2_000] {
            let company = "x".repeat(length);
            let mut expected = blake3::Hasher::new();
            for value in ["a@b.co", "Ann", "Lee", &company] {
                expected.update(&(value.len() as u32).to_le_bytes()).update(value.as_bytes());
            }
            let expected = RowHash(first_16(&expected.finalize()));
            assert_eq!(hash("a@b.co", "Ann", "Lee", &company), expected, "{length}");
        }
    }

    #[test]
    fn different_values_have_different_hashes() {
        let base = hash("a@b.co", "Ann", "Lee", "Acme");
        assert_ne!(base, hash("a@b.co", "ann", "Lee", "Acme"));
        assert_ne!(base, hash("a@b.co", "AnnL", "ee", "Acme"));
        assert_ne!(base, hash("a@b.co", "Ann", "Lee", ""));
    }

    #[test]
    fn composed_and_decomposed_letters_have_the_same_hash() {
        assert_eq!(hash("a@b.co", "Rene\u{301}", "L", "C"), hash("a@b.co", "Ren\u{e9}", "L", "C"));
    }

    #[test]
    fn residue_changes_the_hash_but_not_the_identity() {
        let fields = Fields::new("a@b.co", "Ann", "Lee", "Acme");
        assert_ne!(fields.hash(""), fields.hash("x"));
        assert_ne!(fields.hash("x"), fields.hash("y"));
        let identity = |residue| fields.hash(residue).0 >> 64;
        assert_eq!(identity(""), identity("x"));
    }
}
