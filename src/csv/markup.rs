//! Values in the codes of other programs: entities of HTML, words of MIME headers (RFC 2047), `="text"` of spreadsheets.

use super::converter::Converter;
use super::encoding::Encoding;

/// Entities that names and firms are written with.
const ENTITIES: [(&str, char); 42] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", ' '),
    ("eacute", 'é'),
    ("egrave", 'è'),
    ("ecirc", 'ê'),
    ("euml", 'ë'),
    ("aacute", 'á'),
    ("agrave", 'à'),
    ("acirc", 'â'),
    ("auml", 'ä'),
    ("aring", 'å'),
    ("atilde", 'ã'),
    ("aelig", 'æ'),
    ("ccedil", 'ç'),
    ("iacute", 'í'),
    ("icirc", 'î'),
    ("iuml", 'ï'),
    ("ntilde", 'ñ'),
    ("oacute", 'ó'),
    ("ograve", 'ò'),
    ("ocirc", 'ô'),
    ("ouml", 'ö'),
    ("otilde", 'õ'),
    ("oslash", 'ø'),
    ("uacute", 'ú'),
    ("ugrave", 'ù'),
    ("ucirc", 'û'),
    ("uuml", 'ü'),
    ("szlig", 'ß'),
    ("Auml", 'Ä'),
    ("Ouml", 'Ö'),
    ("Uuml", 'Ü'),
    ("Eacute", 'É'),
    ("Oslash", 'Ø'),
    ("Aring", 'Å'),
    ("rsquo", '’'),
    ("ndash", '–'),
    ("euro", '€'),
];

/// The text that a value in such codes stands for; `None` if it has none of them.
pub(super) fn mended(value: &str) -> Option<String> {
    let formula = value.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"'));
    let mended = match formula {
        Some(text) => text.to_owned(),
        None => without_entities(&without_mime_words(value)),
    };
    (mended != value).then_some(mended)
}

fn without_entities(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('&') {
        plain.push_str(before);
        let entity = behind.split_once(';').and_then(|(name, behind)| Some((entity(name)?, behind)));
        rest = match entity {
            Some((letter, behind)) => {
                plain.push(letter);
                behind
            }
            None => {
                plain.push('&');
                behind
            }
        };
    }
    plain.push_str(rest);
    plain
}

fn entity(name: &str) -> Option<char> {
    let Some(number) = name.strip_prefix('#') else {
        return ENTITIES.iter().find(|(known, _)| *known == name).map(|(_, letter)| *letter);
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16).ok()?,
        None => number.parse().ok()?,
    };
    char::from_u32(code).filter(|letter| !letter.is_control())
}

fn without_mime_words(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("=?") {
        plain.push_str(before);
        match mime_word(behind) {
            Some((word, behind)) => {
                plain.push_str(&word);
                // White space between two words is none of the text.
                let next = behind.trim_start();
                rest = if next.starts_with("=?") { next } else { behind };
            }
            None => {
                plain.push_str("=?");
                rest = behind;
            }
        }
    }
    plain.push_str(rest);
    plain
}

/// A word behind its `=?`, and what follows it.
fn mime_word(text: &str) -> Option<(String, &str)> {
    let mut parts = text.splitn(3, '?');
    let (charset, encoding, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let (coded, behind) = rest.split_once("?=")?;
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
    Some((String::from_utf8(converted).ok()?, behind))
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
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for byte in coded.trim_end_matches('=').bytes() {
        let digit = DIGITS.iter().position(|known| *known == byte)?;
        bits = (bits << 6) | digit as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_and_plain_text_is_left() {
        let cases = [
            ("M&uuml;ller &amp; S&#246;hne", "Müller & Söhne"),
            ("=?UTF-8?Q?Zo=C3=AB_Br=C3=BBl?=", "Zoë Brûl"),
            ("=?iso-8859-1?B?Wm/r?= =?utf-8?q?_B?=", "Zoë B"),
            ("=\"0042\"", "0042"),
        ];
        for (value, plain) in cases {
            assert_eq!(mended(value).as_deref(), Some(plain));
        }
        for value in ["Smith & Sons", "A&B;C", "x=1", "=?", "=?x?Q?y?=", "=SUM(1)", "&#0;", "=?utf-8?Q?=ZZ?="]
        {
            assert_eq!(mended(value), None, "{value}");
        }
    }
}
