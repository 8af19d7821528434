//! Validates e-mail addresses and defines their comparison key.
//!
//! An address is valid if it is an addr-spec of RFC 5322 that RFC 5321 can deliver (dot-atom or quoted string, LDH domain;
//! no comments, folding white space, obsolete forms or domain literals), extended by RFC 6531 and RFC 6532 to
//! internationalized addresses, whose domains follow UTS 46, restricted to the characters of IDNA 2008. Domains are not
//! resolved, so a domain that does not exist is accepted.

use std::borrow::Cow;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use unicode_normalization::char::is_combining_mark;
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// Maximum length of a local part (RFC 5321, 4.5.3.1.1).
const LOCAL_OCTETS: usize = 64;
/// Maximum length of a domain (RFC 1035, 2.3.4, without the root).
const DOMAIN_OCTETS: usize = 253;
/// Maximum length of a label of a domain (RFC 1035, 2.3.4).
const LABEL_OCTETS: usize = 63;
/// Maximum length of an address (RFC 5321, 4.5.3.1.3, without the angle brackets).
const ADDRESS_OCTETS: usize = 254;

/// The reason why an address is invalid. The message never quotes the address; it is in `locales/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmailError {
    /// There is no `@`.
    NoAt,
    /// There is more than one `@`.
    SecondAt,
    /// The address is too long.
    TooLong(usize),
    /// The local part is empty.
    EmptyLocal,
    /// The local part is too long.
    LocalTooLong(usize),
    /// The local part starts with a dot.
    LocalDotFirst,
    /// The local part ends with a dot.
    LocalDotLast,
    /// The local part has two dots in a row.
    LocalDotDot,
    /// The unquoted local part contains a character that requires quotes or is never allowed.
    LocalCharacter(char),
    /// A quoted local part has no closing quote.
    QuoteOpen,
    /// Only a part of the local part is quoted.
    QuotePart,
    /// A quoted local part is empty.
    QuoteEmpty,
    /// The quoted local part contains a character that is not allowed.
    QuoteCharacter(char),
    /// The domain is empty.
    EmptyDomain,
    /// The domain is an address literal such as `[192.0.2.1]`.
    DomainLiteral,
    /// The domain is too long.
    DomainTooLong(usize),
    /// The domain has only one label.
    NoDot,
    /// The domain starts with a dot.
    DomainDotFirst,
    /// The domain ends with a dot.
    DomainDotLast,
    /// The domain has two dots in a row.
    DomainDotDot,
    /// A label is too long.
    LabelTooLong(usize),
    /// A label starts or ends with a hyphen.
    LabelHyphen,
    /// The domain contains a character that is not allowed.
    DomainCharacter(char),
    /// The domain is internationalized and violates IDNA.
    DomainIdna,
    /// The last label has one character.
    TopLevelShort,
    /// The last label is a number.
    TopLevelDigits,
}

/// Returns the comparison key of an address: the address in lower case, without further folding. `value` must be trimmed
/// and in NFC; the key is too.
///
/// ```
/// use ingest::domain::email;
///
/// assert_eq!(email::key("Ann+News@Example.com"), "ann+news@example.com");
/// ```
pub fn key(value: &str) -> Cow<'_, str> {
    if !value.is_ascii() {
        // Lower-case letters may compose although the capitals did not: Ά with U+0345.
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

/// Validates an address, which must be trimmed and in NFC.
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

/// Returns whether a byte is allowed in an unquoted local part (RFC 5322, atext).
const fn is_atext(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'/' | b'=' | b'?' | b'^'..=b'`' | b'{'..=b'~')
}

/// Returns whether an address is valid, unquoted and ASCII, and has no label that requires IDNA. Nearly all addresses
/// are, and this reads each byte once. If it returns `false`, the full grammar decides.
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
            // `xn--` and similar prefixes are left to IDNA.
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

/// Validates an address by the full grammar.
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

/// Validates a dot-atom before the `@` and returns the text after the `@`.
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

/// Returns whether a character beyond ASCII is allowed in a local part (RFC 6532, UTF8-non-ascii). Invisible characters
/// and replacement characters are not, since different addresses must not look the same.
fn is_international(letter: char) -> bool {
    !(letter.is_ascii()
        || letter.is_control()
        || letter.is_whitespace()
        || is_invisible(letter)
        || matches!(letter, '\u{fffd}' | '\u{2400}'))
}

/// Returns whether a character is invisible: a format character, joiner, bidirectional control, variation selector,
/// private-use character or noncharacter.
pub(crate) fn is_invisible(letter: char) -> bool {
    matches!(u32::from(letter),
        0xad | 0x34f | 0x61c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x2800 | 0x180b..=0x180f | 0x200b..=0x200f | 0x2028..=0x202e
        | 0x2060..=0x206f | 0x3164 | 0xe000..=0xf8ff | 0xfdd0..=0xfdef | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xfffb
        | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff | 0xf0000..)
        || u32::from(letter) & 0xfffe == 0xfffe
}

/// Validates a quoted string before the `@` (RFC 5321, 4.1.2: Quoted-string) and returns the text after the `@`.
fn quoted_local(value: &str) -> Result<&str, EmailError> {
    let mut letters = value.char_indices().skip(1);
    let mut length = 0;
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' if length == 0 => return Err(EmailError::QuoteEmpty),
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
        length += 1;
    }
    Err(EmailError::QuoteOpen)
}

/// Validates the domain.
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
    // UTS 46 may map a character to a dot. Lengths are checked below, since IDNA's error would not name the limit.
    let ascii = Uts46::new()
        .to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Ignore)
        .map_err(|_| EmailError::DomainIdna)?;
    dots(&ascii)?;
    labels(&ascii)
}

/// Returns whether a character beyond ASCII is allowed in a domain: letters, marks and digits, the few others of IDNA 2008
/// (RFC 5892, 2.6 and A), and the dots of UTS 46. UTS 46 alone also accepts punctuation, so that quotes around an address
/// would become part of it.
fn is_international_ldh(letter: char) -> bool {
    is_international(letter)
        && (letter.is_alphanumeric()
            || is_combining_mark(letter)
            || matches!(letter, '·' | '\u{375}' | '\u{5f3}' | '\u{5f4}' | '\u{6fd}' | '\u{6fe}' | '\u{f0b}')
            || matches!(letter, '・' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}'))
}

/// Returns whether a label has the prefix of the ASCII form of an internationalized label (RFC 5890, 2.3.2.1).
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

/// Validates the labels of a domain in its ASCII form.
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
