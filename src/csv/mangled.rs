//! Repairs UTF-8 that a program has decoded as Windows-1252 and saved: `Ã©` for `é`. LibreOffice may do so with any file,
//! even with a byte order mark; the mark is then saved as three letters, which reveal it.

use super::converter::{WINDOWS_1252, encode};
use super::encoding::Encoding;

/// Other encodings as which programs decode UTF-8, after Windows-1252.
const OTHERS: [Encoding; 4] = [
    Encoding::Other(&encoding_rs::MACINTOSH_INIT),
    Encoding::Cp437,
    Encoding::Cp850,
    Encoding::Other(&encoding_rs::WINDOWS_1251_INIT),
];

/// The byte order mark of UTF-8, read as Windows-1252.
const MARK: &str = "\u{ef}\u{bb}\u{bf}";

/// Returns the name of a file's first column without the mangled byte order mark, or `None` if the file is not mangled.
pub fn without_mangled_mark(name: &str) -> Option<&str> {
    name.strip_prefix(MARK)
}

/// Repairs a mangled text. Keeps text that was added afterwards.
pub fn unmangled(text: &str) -> String {
    let mut repaired = String::with_capacity(text.len());
    let (mut letters, mut bytes) = (Vec::new(), Vec::new());
    for letter in text.chars() {
        match byte(letter) {
            Some(byte) => {
                letters.push(letter);
                bytes.push(byte);
            }
            None => {
                push_decoded(&letters, &bytes, &mut repaired);
                repaired.push(letter);
                letters.clear();
                bytes.clear();
            }
        }
    }
    push_decoded(&letters, &bytes, &mut repaired);
    repaired
}

/// Returns `false` if [`unmangled`] leaves a text unchanged. Fast enough for every value of a large file.
///
/// In a mangled text the first byte of a sequence has become one of the letters U+00C2 to U+00F4, and the next byte a
/// letter beyond ASCII, none of U+00C0 to U+00FF. Both are recognized by their first bytes in UTF-8.
pub(super) fn may_be_mangled(text: &str) -> bool {
    from_each_letter(text)
        .any(|bytes| matches!(bytes, [0xC3, 0x82..=0xB4, 0xC2 | 0xC5 | 0xC6 | 0xCB | 0xE2 | 0xEF, ..]))
}

/// Returns the bytes from each letter beyond ASCII to the end of the text.
fn from_each_letter(text: &str) -> impl Iterator<Item = &[u8]> {
    let bytes = text.as_bytes();
    let is_first_of_several = |at: &usize| bytes[*at] >= 0xC2;
    (0..bytes.len()).filter(is_first_of_several).map(|at| &bytes[at..])
}

/// Returns the original of a text whose UTF-8 was decoded as another encoding than Windows-1252: `√©`, `├®`, `Р©`.
pub(super) fn unmangled_from_others(text: &str) -> Option<String> {
    if !may_be_from_others(text) {
        return None;
    }
    let decoded = |encoding: Encoding| String::from_utf8(encode(text, encoding)?).ok();
    OTHERS.into_iter().find_map(decoded)
}

/// Returns `false` if [`unmangled_from_others`] returns `None`. The first byte of a sequence has become a root sign, a line
/// of a box, a dash before a letter, or a letter from `В` to `Е`, `Р` or `С` that another letter than those of Russian words
/// follows: none of them is a letter from U+00C0 to U+00FF.
fn may_be_from_others(text: &str) -> bool {
    from_each_letter(text).any(|bytes| {
        matches!(
            bytes,
            [0xE2, 0x88, 0x9A, ..]
                | [0xE2, 0x94 | 0x95, _, ..]
                | [0xE2, 0x80, 0x93 | 0x94, 0xC2..=0xE2, ..]
                | [0xD0, 0x92..=0x95 | 0xA0 | 0xA1, 0xC2 | 0xD2 | 0xE2, _, ..]
                | [0xD0, 0x92..=0x95 | 0xA0 | 0xA1, 0xD0, 0x82..=0x8F, ..]
                | [0xD0, 0x92..=0x95 | 0xA0 | 0xA1, 0xD1, 0x91..=0x9F, ..]
        )
    })
}

/// Appends the bytes decoded as UTF-8, with the original letters for invalid bytes.
fn push_decoded(letters: &[char], bytes: &[u8], repaired: &mut String) {
    let mut at = 0;
    for chunk in bytes.utf8_chunks() {
        repaired.push_str(chunk.valid());
        at += chunk.valid().len();
        repaired.extend(letters.iter().skip(at).take(chunk.invalid().len()));
        at += chunk.invalid().len();
    }
}

/// Returns the byte that a program decoded as this letter. Bytes that Windows-1252 does not assign become control
/// characters of the same number in some programs, and private characters in LibreOffice.
fn byte(letter: char) -> Option<u8> {
    match letter {
        '\u{f180}'..='\u{f19f}' => Some((u32::from(letter) & 0xff) as u8),
        letter => windows_1252_byte(letter),
    }
}

/// Returns the byte of a character in Windows-1252 or, if only that contains it, in ISO 8859-1.
fn windows_1252_byte(character: char) -> Option<u8> {
    let index = WINDOWS_1252.iter().position(|known| *known == Some(character));
    match index {
        Some(index) => Some(0x80 + index as u8),
        None => u8::try_from(character).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unmangled_repairs_text_and_keeps_later_additions() {
        let letter = |byte: &u8| {
            let known = byte.checked_sub(0x80).and_then(|index| WINDOWS_1252[usize::from(index)]);
            known.unwrap_or(char::from(*byte))
        };
        let mangled = |text: &str| -> String { text.as_bytes().iter().map(letter).collect() };
        assert_eq!(without_mangled_mark(&mangled("\u{feff}email")), Some("email"));
        for text in ["", "plain", "é", "Müller €", "naïve – “quoted”"] {
            assert_eq!(unmangled(&mangled(text)), text);
        }
        for open in ['\u{81}', '\u{f181}'] {
            assert_eq!(unmangled(&format!("\u{c5}{open}\u{c3}\u{b3}d\u{c5}\u{ba}")), "Łódź");
        }
        assert_eq!(unmangled(&format!("{} René ”Ł 東京 é", mangled("Müller"))), "Müller René ”Ł 東京 é");
    }
    #[test]
    fn every_text_that_changes_may_be_mangled() {
        for second in ('\u{80}'..='\u{ffff}').filter(|letter| *letter != char::REPLACEMENT_CHARACTER) {
            for lead in ['\u{c2}', '\u{e0}', '\u{f4}'] {
                let text = format!("a{lead}{second}\u{a0}\u{20ac}b");
                assert!(may_be_mangled(&text) || unmangled(&text) == text, "{text:?}");
            }
        }
        for text in ["", "Zoë", "ë", "Müller", "Dvořák", "東京", "Ñandú Ç"] {
            assert!(!may_be_mangled(text), "{text}");
        }
    }

    #[test]
    fn text_decoded_as_other_encodings_is_repaired() {
        for encoding in OTHERS {
            for text in ["Zoë Brûlé", "Müller", "Łódź", "Людмила Жданова"] {
                let Some(decoded) = decoded(text.as_bytes(), encoding) else { continue };
                assert_eq!(unmangled_from_others(&decoded).as_deref(), Some(text), "{encoding} {decoded}");
            }
        }
        for text in ["Сёмин", "Сергей Рябов", "Жданова и партнёры", "Zoë", "a √ b", "┌─┐", "С № 5"]
        {
            assert_eq!(unmangled_from_others(text), None, "{text}");
        }
    }

    fn decoded(bytes: &[u8], encoding: Encoding) -> Option<String> {
        let mut converter = super::super::converter::Converter::new(encoding)?;
        let mut out = Vec::new();
        converter.push(bytes, &mut out);
        String::from_utf8(out).ok()
    }
}
