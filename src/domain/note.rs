//! Notes of people on issues.

use super::refusal::Refusal;
use super::row::unified;

/// Maximum number of characters of a note.
pub const LONGEST_NOTE: usize = 2_000;

/// What a person has noted on an issue: trimmed text of at most [`LONGEST_NOTE`] characters. An empty one removes the note.
///
/// ```
/// use ingest::domain::note::Note;
///
/// let note = Note::new(" Asked Ann.\r\nShe moved. ").unwrap();
/// assert_eq!(note.text(), Some("Asked Ann.\nShe moved."));
/// assert_eq!(Note::new("  ").unwrap().text(), None);
/// assert!(Note::new(&"x".repeat(2_001)).is_err());
/// ```
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Note(String);

impl Note {
    /// Returns the note, or what is wrong with the text: it is too long, or contains NUL.
    pub fn new(text: &str) -> Result<Note, Refusal> {
        let text = unified(text);
        let text = text.trim();
        if text.contains('\0') {
            Err(Refusal::Nul)
        } else if text.chars().nth(LONGEST_NOTE).is_some() {
            Err(Refusal::LongNote { limit: LONGEST_NOTE })
        } else {
            Ok(Note(text.to_owned()))
        }
    }

    /// Returns the text, or `None` if there is none.
    pub fn text(&self) -> Option<&str> {
        Some(self.0.as_str()).filter(|text| !text.is_empty())
    }
}

impl TryFrom<String> for Note {
    type Error = Refusal;

    fn try_from(text: String) -> Result<Self, Refusal> {
        Note::new(&text)
    }
}

impl From<Note> for String {
    fn from(note: Note) -> String {
        note.0
    }
}

// Without the text, which may be about a person and does not belong into logs.
impl std::fmt::Debug for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Note").field(&self.0.chars().count()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_validated_in_json_and_not_logged() {
        let note: Note = serde_json::from_str(r#"" secret ""#).unwrap();
        assert_eq!(serde_json::to_string(&note).unwrap(), r#""secret""#);
        assert_eq!(format!("{note:?}"), "Note(6)");
        let long = serde_json::to_string(&"ü".repeat(LONGEST_NOTE + 1)).unwrap();
        assert!(serde_json::from_str::<Note>(&long).unwrap_err().to_string().contains("2000"));
        assert_eq!(Note::new("a\0"), Err(Refusal::Nul));
    }
}
