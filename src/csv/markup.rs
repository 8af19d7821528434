//! Decodes values in the notation of other programs: entities and tags of HTML, escapes of programming languages, encoded
//! words of MIME headers (RFC 2047) and `="text"` of spreadsheets.

mod entities;

use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine as _, alphabet};

use super::converter::Converter;
use super::encoding::Encoding;
use crate::domain::html;

/// Maximum number of times that a value is written in codes, such as `&amp;amp;`.
const ROUNDS: usize = 3;

/// Decodes a value. Returns `None` if it contains no markup.
pub(super) fn decoded(value: &str) -> Option<String> {
    let mut text = decoded_once(value)?;
    for _ in 1..ROUNDS {
        match decoded_once(&text) {
            Some(decoded) => text = decoded,
            None => break,
        }
    }
    (text != value).then_some(text)
}

fn decoded_once(value: &str) -> Option<String> {
    let has_entity = || value.split_once('&').is_some_and(|(_, after)| after.contains(';'));
    if let Some(text) = value.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')) {
        return Some(text.to_owned());
    }
    if !value.contains("=?") && !value.contains(['\\', '<']) && !has_entity() {
        return None;
    }
    let text = without_entities(&without_escapes(&without_mime_words(value)));
    let text = html::without_tags(&text).unwrap_or(text);
    (text != value).then_some(text)
}

fn without_entities(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let entity = after.split_once(';').and_then(|(name, after)| Some((entities::letter(name)?, after)));
        rest = match entity {
            Some((letter, after)) => {
                plain.push(letter);
                after
            }
            None => {
                plain.push('&');
                after
            }
        };
    }
    plain.push_str(rest);
    plain
}

/// Decodes `\u00e9`, and a quote or apostrophe behind a backslash, as programming languages write them.
fn without_escapes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        let code = after.strip_prefix('u').and_then(|digits| digits.get(..4));
        let letter = code.and_then(|digits| char::from_u32(u32::from_str_radix(digits, 16).ok()?));
        rest = match letter.filter(|letter| !letter.is_control()) {
            Some(letter) => {
                plain.push(letter);
                &after["u0000".len()..]
            }
            None => {
                if !after.starts_with(['\'', '"']) {
                    plain.push('\\');
                }
                after
            }
        };
    }
    plain.push_str(rest);
    plain
}

fn without_mime_words(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("=?") {
        plain.push_str(before);
        match mime_word(after) {
            Some((word, after)) => {
                plain.push_str(&word);
                // White space between two encoded words is not part of the text.
                let next = after.trim_start();
                rest = if next.starts_with("=?") { next } else { after };
            }
            None => {
                plain.push_str("=?");
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    plain
}

/// Decodes the encoded word whose `=?` precedes `text`. Returns it and the rest of the text.
fn mime_word(text: &str) -> Option<(String, &str)> {
    let mut parts = text.splitn(3, '?');
    let (charset, encoding, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let (coded, after) = rest.split_once("?=")?;
    let bytes = match encoding {
        "Q" | "q" => quoted_printable(coded)?,
        "B" | "b" => base64(coded)?,
        _ => return None,
    };
    let encoding: Encoding = charset.parse().ok()?;
    let mut converted = Vec::new();
    match Converter::new(encoding) {
        Some(mut converter) => {
            converter.push(&bytes, &mut converted);
            converter.finish(&mut converted);
        }
        None => converted = bytes,
    }
    Some((String::from_utf8(converted).ok()?, after))
}

fn quoted_printable(coded: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = coded.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'_' => b' ',
            b'=' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                (digit(rest.next())? * 16 + digit(rest.next())?) as u8
            }
            byte => byte,
        });
    }
    Some(bytes)
}

fn base64(coded: &str) -> Option<Vec<u8>> {
    // Mail programs pad and fill the last digit as they like.
    const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(&alphabet::STANDARD, CONFIG).decode(coded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_decoded_and_plain_text_is_not() {
        let cases = [
            ("M&uuml;ller &amp; S&#246;hne", "Müller & Söhne"),
            ("=?UTF-8?Q?Zo=C3=AB_Br=C3=BBl?=", "Zoë Brûl"),
            ("=?iso-8859-1?B?Wm/r?= =?utf-8?q?_B?=", "Zoë B"),
            ("=\"0042\"", "0042"),
            ("Lee &amp;amp; Sons", "Lee & Sons"),
            ("&Scaron;koda &laquo;Caf&#xE9;&raquo;", "Škoda «Café»"),
            ("Lee Ltd<br>London", "Lee Ltd London"),
            ("<b>Ann</b>", "Ann"),
            ("Zo\\u00eb O\\'Hara", "Zoë O'Hara"),
        ];
        for (value, plain) in cases {
            assert_eq!(decoded(value).as_deref(), Some(plain));
        }
        for value in [
            "Smith & Sons",
            "A&B;C",
            "x=1",
            "=?",
            "=?x?Q?y?=",
            "=SUM(1)",
            "&#0;",
            "=?utf-8?Q?=ZZ?=",
            "C:\\Lee\\",
            "a < b",
            "<Lee>",
            "I <3 Ann",
            "\\N",
            "\\u12",
        ] {
            assert_eq!(decoded(value), None, "{value}");
        }
    }
}
