//! Why an e-mail address is invalid, in each language; the English sentence is also that of `issues.issue_description`.

use std::fmt;

use super::text::{Text, english};
use crate::domain::email::{EmailError, is_invisible};

impl fmt::Display for EmailError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&email_error(english(), *self))
    }
}

impl std::error::Error for EmailError {}

/// Returns why an address is invalid, as a part of a sentence.
pub(crate) fn email_error(text: &Text, error: EmailError) -> String {
    let length = |length: usize| text.number(i64::try_from(length).unwrap_or(i64::MAX));
    match error {
        EmailError::NoAt => text.email_no_at(),
        EmailError::SecondAt => text.email_second_at(),
        EmailError::TooLong(octets) => text.email_too_long(length(octets)),
        EmailError::EmptyLocal => text.email_empty_local(),
        EmailError::LocalTooLong(octets) => text.email_local_too_long(length(octets)),
        EmailError::LocalDotFirst => text.email_local_dot_first(),
        EmailError::LocalDotLast => text.email_local_dot_last(),
        EmailError::LocalDotDot => text.email_local_dot_dot(),
        EmailError::LocalCharacter(letter) => text.email_local_character(character(text, letter)),
        EmailError::QuoteOpen => text.email_quote_open(),
        EmailError::QuotePart => text.email_quote_part(),
        EmailError::QuoteEmpty => text.email_quote_empty(),
        EmailError::QuoteCharacter(letter) => text.email_quote_character(character(text, letter)),
        EmailError::EmptyDomain => text.email_empty_domain(),
        EmailError::DomainLiteral => text.email_domain_literal(),
        EmailError::DomainTooLong(octets) => text.email_domain_too_long(length(octets)),
        EmailError::NoDot => text.email_no_dot(),
        EmailError::DomainDotFirst => text.email_domain_dot_first(),
        EmailError::DomainDotLast => text.email_domain_dot_last(),
        EmailError::DomainDotDot => text.email_domain_dot_dot(),
        EmailError::LabelTooLong(octets) => text.email_label_too_long(length(octets)),
        EmailError::LabelHyphen => text.email_label_hyphen(),
        EmailError::DomainCharacter(letter) => text.email_domain_character(character(text, letter)),
        EmailError::DomainIdna => text.email_domain_idna(),
        EmailError::TopLevelShort => text.email_top_level_short(),
        EmailError::TopLevelDigits => text.email_top_level_digits(),
    }
}

/// Returns a character as text, or its name if it is invisible.
fn character(text: &Text, letter: char) -> String {
    match letter {
        ' ' => text.character_space(),
        '\t' => text.character_tab(),
        '\n' | '\r' => text.character_line_break(),
        '\u{fffd}' | '\u{2400}' => text.character_damaged(),
        letter if letter.is_control() || letter.is_whitespace() || is_invisible(letter) => {
            text.character_invisible(format!("U+{:04X}", u32::from(letter)))
        }
        letter => text.character_shown(letter.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::email;
    use crate::texts::text;

    #[test]
    fn reasons_for_invalid_addresses_are_in_the_viewers_language() {
        for (address, language, expected) in [
            ("ann@@example.com", "en", "it has more than one @"),
            ("ann", "de", "das @ fehlt"),
            ("an n@example.com", "es", "un espacio no está permitido antes de la @"),
            (
                "an\u{200b}n@example.com",
                "en",
                "the part before the @ contains the invisible character U+200B",
            ),
            ("a(n@example.com", "de", "„(“ ist vor dem @ nicht erlaubt"),
        ] {
            assert_eq!(email_error(&text(language), email::check(address).unwrap_err()), expected);
        }
    }
}
