//! Whether Internet mail can be delivered to an address, and the form in which addresses are compared.
//!
//! The rule is RFC 5322's addr-spec as RFC 5321 lets it be delivered (dot-atom or quoted string, LDH
//! domain; no comments, folding white space, obsolete forms or domain literals), widened by RFC 6531 and
//! RFC 6532 to internationalised addresses, whose domains follow IDNA (UTS 46, of the characters that IDNA
//! 2008 has). It looks nothing up: a domain that does not exist is not refused.

use std::borrow::Cow;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use unicode_normalization::char::is_combining_mark;
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// The most octets of a local part (RFC 5321, 4.5.3.1.1).
const LOCAL_OCTETS: usize = 64;
/// The most octets of a domain (RFC 1035, 2.3.4, without the root).
const DOMAIN_OCTETS: usize = 253;
/// The most octets of a domain's label (RFC 1035, 2.3.4).
const LABEL_OCTETS: usize = 63;
/// The most octets of an address (RFC 5321, 4.5.3.1.3, less the angle brackets).
const ADDRESS_OCTETS: usize = 254;

/// Why a value is no deliverable address. Displayed in words that a person can act on, which never repeat
/// the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// There is no `@`.
    #[error("it has no @")]
    NoAt,
    /// There is an `@` too many.
    #[error("it has more than one @")]
    SecondAt,
    /// The whole is too long.
    #[error("it is {0} bytes long; at most 254 are allowed")]
    TooLong(usize),
    /// Nothing stands before the `@`.
    #[error("the part before the @ is empty")]
    EmptyLocal,
    /// Too much stands before the `@`.
    #[error("the part before the @ is {0} bytes long; at most 64 are allowed")]
    LocalTooLong(usize),
    /// The local part starts with a dot.
    #[error("the part before the @ starts with a dot")]
    LocalDotFirst,
    /// The local part ends with a dot.
    #[error("the part before the @ ends with a dot")]
    LocalDotLast,
    /// Two dots follow each other in the local part.
    #[error("the part before the @ has two dots in a row")]
    LocalDotDot,
    /// A character that needs quotes in the local part, or is not allowed at all.
    #[error("the part before the @ contains {}", Named(*.0))]
    LocalCharacter(char),
    /// A quoted local part has no closing quote.
    #[error("a quotation mark before the @ is not closed")]
    QuoteOpen,
    /// A quoted local part is not quoted as a whole.
    #[error("quotation marks must enclose the whole part before the @")]
    QuotePart,
    /// A quoted local part holds nothing.
    #[error("the quotation marks before the @ are empty")]
    QuoteEmpty,
    /// A character that no quoting helps.
    #[error("the quoted part before the @ contains {}", Named(*.0))]
    QuoteCharacter(char),
    /// Nothing stands behind the `@`.
    #[error("the part after the @ is empty")]
    EmptyDomain,
    /// An address literal such as `[192.0.2.1]`.
    #[error("the part after the @ is an address in brackets; use a domain name")]
    DomainLiteral,
    /// The domain is too long.
    #[error("the domain is {0} bytes long; at most 253 are allowed")]
    DomainTooLong(usize),
    /// The domain has one label only.
    #[error("the domain has no dot")]
    NoDot,
    /// The domain starts with a dot.
    #[error("the domain starts with a dot")]
    DomainDotFirst,
    /// The domain ends with a dot.
    #[error("the domain ends with a dot")]
    DomainDotLast,
    /// Two dots follow each other in the domain.
    #[error("the domain has two dots in a row")]
    DomainDotDot,
    /// A label is too long.
    #[error("a label of the domain is {0} bytes long; at most 63 are allowed")]
    LabelTooLong(usize),
    /// A label starts or ends with a hyphen.
    #[error("a label of the domain starts or ends with a hyphen")]
    LabelHyphen,
    /// A character that no domain has.
    #[error("the domain contains {}", Named(*.0))]
    DomainCharacter(char),
    /// The domain is internationalised and breaks IDNA.
    #[error("the domain is not a valid internationalized domain name")]
    DomainIdna,
    /// The last label has one character.
    #[error("the top-level domain has only one letter")]
    TopLevelShort,
    /// The last label is a number.
    #[error("the top-level domain is a number")]
    TopLevelDigits,
}

/// A character in words that show what is otherwise not seen.
struct Named(char);

impl std::fmt::Display for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            ' ' => f.write_str("a space"),
            '\t' => f.write_str("a tab"),
            '\n' | '\r' => f.write_str("a line break"),
            '\u{fffd}' | '\u{2400}' => f.write_str("a damaged character"),
            letter if letter.is_control() || letter.is_whitespace() || is_invisible(letter) => {
                write!(f, "the invisible character U+{:04X}", u32::from(letter))
            }
            letter => write!(f, "`{letter}`"),
        }
    }
}

/// The address as it is compared: in lower case, nothing folded. `value` is trimmed and in NFC, and so is
/// the key.
///
/// ```
/// use ingest::domain::email;
///
/// assert_eq!(email::key("Ann+News@Example.com"), "ann+news@example.com");
/// ```
pub fn key(value: &str) -> Cow<'_, str> {
    if !value.is_ascii() {
        // Lower-case letters may compose where the capitals did not: Ά with U+0345.
        let lower = value.to_lowercase();
        return Cow::Owned(match is_nfc(&lower) {
            true => lower,
            false => lower.nfc().collect(),
        });
    }
    match value.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(value.to_ascii_lowercase()),
        false => Cow::Borrowed(value),
    }
}

/// Checks an address that is trimmed and in NFC.
///
/// ```
/// use ingest::domain::email::{self, EmailError};
///
/// assert_eq!(email::check("ann@example.com"), Ok(()));
/// assert_eq!(email::check("jörg@bücher.example"), Ok(()));
/// assert_eq!(email::check("ann@"), Err(EmailError::EmptyDomain));
/// ```
pub fn check(value: &str) -> Result<(), EmailError> {
    match is_plain(value.as_bytes()) {
        true => Ok(()),
        false => full(value),
    }
}

/// Whether a byte may stand in an unquoted local part (RFC 5322, atext).
const fn is_atext(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'/' | b'=' | b'?' | b'^'..=b'`' | b'{'..=b'~')
}

/// One look at each byte, for what nearly every address is: ASCII, nothing quoted, no label that needs
/// IDNA. False says only that the full grammar must decide.
fn is_plain(value: &[u8]) -> bool {
    if value.len() > ADDRESS_OCTETS {
        return false;
    }
    let mut at = 0;
    let mut previous = b'.';
    while at < value.len() && value[at] != b'@' {
        let byte = value[at];
        if !(is_atext(byte) || byte == b'.' && previous != b'.') {
            return false;
        }
        previous = byte;
        at += 1;
    }
    at <= LOCAL_OCTETS && previous != b'.' && is_plain_domain(value.get(at + 1..).unwrap_or_default())
}

fn is_plain_domain(domain: &[u8]) -> bool {
    let (mut label_octets, mut labels, mut digits) = (0, 1, true);
    let mut previous = b'.';
    for &byte in domain {
        match byte {
            b'.' if matches!(previous, b'.' | b'-') => return false,
            b'.' => (label_octets, labels, digits) = (0, labels + 1, true),
            b'-' if previous == b'.' => return false,
            // "xn--" and its like are for IDNA to judge.
            b'-' if previous == b'-' => return false,
            b'-' => (label_octets, digits) = (label_octets + 1, false),
            b'0'..=b'9' => label_octets += 1,
            b'a'..=b'z' | b'A'..=b'Z' => (label_octets, digits) = (label_octets + 1, false),
            _ => return false,
        }
        if label_octets > LABEL_OCTETS {
            return false;
        }
        previous = byte;
    }
    domain.len() <= DOMAIN_OCTETS && labels >= 2 && previous != b'-' && label_octets >= 2 && !digits
}

/// The full grammar, with a reason for every refusal.
fn full(value: &str) -> Result<(), EmailError> {
    let rest = match value.starts_with('"') {
        true => quoted_local(value)?,
        false => dot_atom_local(value)?,
    };
    let local_octets = value.len() - rest.len() - 1;
    if local_octets > LOCAL_OCTETS {
        return Err(EmailError::LocalTooLong(local_octets));
    }
    domain(rest)?;
    match value.len() {
        octets if octets > ADDRESS_OCTETS => Err(EmailError::TooLong(octets)),
        _ => Ok(()),
    }
}

/// Checks a dot-atom before the `@` and gives what stands behind it.
fn dot_atom_local(value: &str) -> Result<&str, EmailError> {
    let (local, rest) = value.split_once('@').ok_or(EmailError::NoAt)?;
    if local.is_empty() {
        return Err(EmailError::EmptyLocal);
    }
    if local.starts_with('.') {
        return Err(EmailError::LocalDotFirst);
    }
    if local.ends_with('.') {
        return Err(EmailError::LocalDotLast);
    }
    if local.contains("..") {
        return Err(EmailError::LocalDotDot);
    }
    if local.contains('"') {
        return Err(EmailError::QuotePart);
    }
    match local.chars().find(|letter| !is_local(*letter)) {
        Some(letter) => Err(EmailError::LocalCharacter(letter)),
        None => Ok(rest),
    }
}

fn is_local(letter: char) -> bool {
    match u8::try_from(letter) {
        Ok(byte) if byte.is_ascii() => byte == b'.' || is_atext(byte),
        _ => is_international(letter),
    }
}

/// Whether a character beyond ASCII may stand in a local part (RFC 6532, UTF8-non-ascii), less those
/// that nobody sees or that stand for damage: two addresses must not look the same and differ.
fn is_international(letter: char) -> bool {
    !(letter.is_ascii()
        || letter.is_control()
        || letter.is_whitespace()
        || is_invisible(letter)
        || matches!(letter, '\u{fffd}' | '\u{2400}'))
}

/// Format characters, joiners, bidirectional controls, variation selectors, private use and noncharacters.
pub(crate) fn is_invisible(letter: char) -> bool {
    matches!(u32::from(letter),
        0xad | 0x34f | 0x61c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x2800 | 0x180b..=0x180f | 0x200b..=0x200f | 0x2028..=0x202e
        | 0x2060..=0x206f | 0x3164 | 0xe000..=0xf8ff | 0xfdd0..=0xfdef | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xfffb
        | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff | 0xf0000..)
        || u32::from(letter) & 0xfffe == 0xfffe
}

/// Checks a quoted string before the `@` (RFC 5321, 4.1.2: Quoted-string) and gives what stands behind it.
fn quoted_local(value: &str) -> Result<&str, EmailError> {
    let mut letters = value.char_indices().skip(1);
    let mut held = 0;
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' if held == 0 => return Err(EmailError::QuoteEmpty),
            '"' => {
                let rest = &value[at + 1..];
                return match rest.chars().next() {
                    Some('@') => Ok(&rest[1..]),
                    None => Err(EmailError::NoAt),
                    Some(_) => Err(EmailError::QuotePart),
                };
            }
            '\\' => match letters.next() {
                Some((_, ' '..='~')) => {}
                Some((_, escaped)) => return Err(EmailError::QuoteCharacter(escaped)),
                None => return Err(EmailError::QuoteOpen),
            },
            ' '..='~' => {}
            letter if is_international(letter) => {}
            letter => return Err(EmailError::QuoteCharacter(letter)),
        }
        held += 1;
    }
    Err(EmailError::QuoteOpen)
}

/// Checks what stands behind the `@`.
fn domain(domain: &str) -> Result<(), EmailError> {
    match domain {
        "" => return Err(EmailError::EmptyDomain),
        _ if domain.starts_with('[') => return Err(EmailError::DomainLiteral),
        _ if domain.contains('@') => return Err(EmailError::SecondAt),
        _ => dots(domain)?,
    }
    let ldh = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.');
    let stray = |letter: &char| match letter.is_ascii() {
        true => !ldh(*letter),
        false => !is_international_ldh(*letter),
    };
    if let Some(letter) = domain.chars().find(stray) {
        return Err(EmailError::DomainCharacter(letter));
    }
    if domain.split('.').any(|label| label.starts_with('-') || label.ends_with('-')) {
        return Err(EmailError::LabelHyphen);
    }
    if domain.is_ascii() && !domain.split('.').any(is_a_label) {
        return labels(domain);
    }
    // UTS 46 may turn a character into a dot, and IDNA's own limits would hide which one is broken.
    let ascii = Uts46::new()
        .to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Ignore)
        .map_err(|_| EmailError::DomainIdna)?;
    dots(&ascii)?;
    labels(&ascii)
}

/// Whether a character beyond ASCII may stand in a domain: letters, marks and digits, the few others that
/// IDNA 2008 has (RFC 5892, 2.6 and A), and the dots of UTS 46. UTS 46 alone takes punctuation too, and the
/// quotes that a text has around an address would be its end.
fn is_international_ldh(letter: char) -> bool {
    is_international(letter)
        && (letter.is_alphanumeric()
            || is_combining_mark(letter)
            || matches!(letter, '·' | '\u{375}' | '\u{5f3}' | '\u{5f4}' | '\u{6fd}' | '\u{6fe}' | '\u{f0b}')
            || matches!(letter, '・' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}'))
}

/// Whether a label claims to be an international one in its ASCII form (RFC 5890, 2.3.2.1).
fn is_a_label(label: &str) -> bool {
    label.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("xn--"))
}

fn dots(domain: &str) -> Result<(), EmailError> {
    match domain {
        _ if domain.starts_with('.') => Err(EmailError::DomainDotFirst),
        _ if domain.ends_with('.') => Err(EmailError::DomainDotLast),
        _ if domain.contains("..") => Err(EmailError::DomainDotDot),
        _ => Ok(()),
    }
}

/// Checks the labels of a domain in its ASCII form.
fn labels(domain: &str) -> Result<(), EmailError> {
    for label in domain.split('.') {
        match label.len() {
            octets if octets > LABEL_OCTETS => return Err(EmailError::LabelTooLong(octets)),
            _ => {}
        }
    }
    if domain.len() > DOMAIN_OCTETS {
        return Err(EmailError::DomainTooLong(domain.len()));
    }
    let (_, last) = domain.rsplit_once('.').ok_or(EmailError::NoDot)?;
    match last.len() {
        1 => Err(EmailError::TopLevelShort),
        _ if last.bytes().all(|byte| byte.is_ascii_digit()) => Err(EmailError::TopLevelDigits),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
