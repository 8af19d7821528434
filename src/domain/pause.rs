//! Why workers are paused.

use std::fmt;
use std::str::FromStr;

/// Maximum length of a reason in characters.
const LONGEST: usize = 200;

/// Why workers are paused, in the words of whoever pauses them: 1 to 200 characters, none of them a control character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PauseReason(String);

impl PauseReason {
    /// Returns the words.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that is no reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoReason;

impl fmt::Display for NoReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a reason has 1 to {LONGEST} characters and no control characters")
    }
}

impl std::error::Error for NoReason {}

impl FromStr for PauseReason {
    type Err = NoReason;

    /// Parses a reason, without spaces around it.
    fn from_str(text: &str) -> Result<PauseReason, NoReason> {
        let text = text.trim();
        match (1..=LONGEST).contains(&text.chars().count()) && !text.contains(char::is_control) {
            true => Ok(PauseReason(text.to_owned())),
            false => Err(NoReason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_short_and_printable() {
        assert_eq!("  an upgrade ".parse::<PauseReason>().unwrap().as_str(), "an upgrade");
        for wrong in ["", "  ", "a\nb", &"x".repeat(LONGEST + 1)] {
            assert_eq!(wrong.parse::<PauseReason>(), Err(NoReason), "{wrong:?}");
        }
        assert!("ä".repeat(LONGEST).parse::<PauseReason>().is_ok());
    }
}
