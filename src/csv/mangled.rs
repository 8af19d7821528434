//! UTF-8 that a program has read as Windows-1252 and saved: `Ã©` for `é`. LibreOffice does that to files that it opens
//! without asking, byte order mark or not; the mark, which then stands in front as three letters, gives it away.

use super::converter::WINDOWS_1252;

/// The byte order mark of UTF-8, read as Windows-1252.
const MARK: &str = "\u{ef}\u{bb}\u{bf}";

/// The name of a file's first column without the mark that shows that all of the file is mangled; `None` when it is
/// not.
pub fn without_mangled_mark(name: &str) -> Option<&str> {
    name.strip_prefix(MARK)
}

/// The text that a mangled one was. What somebody has written into it since stays as it is.
pub fn unmangled(text: &str) -> String {
    let mut whole = String::with_capacity(text.len());
    let (mut letters, mut bytes) = (Vec::new(), Vec::new());
    for letter in text.chars() {
        match byte(letter) {
            Some(byte) => {
                letters.push(letter);
                bytes.push(byte);
            }
            None => {
                put(&letters, &bytes, &mut whole);
                whole.push(letter);
                letters.clear();
                bytes.clear();
            }
        }
    }
    put(&letters, &bytes, &mut whole);
    whole
}

/// Appends the text that the bytes are, or the letters that stand for them where they are none.
fn put(letters: &[char], bytes: &[u8], whole: &mut String) {
    let mut at = 0;
    for chunk in bytes.utf8_chunks() {
        whole.push_str(chunk.valid());
        at += chunk.valid().len();
        whole.extend(letters.iter().skip(at).take(chunk.invalid().len()));
        at += chunk.invalid().len();
    }
}

/// Of bytes for which there is no character some programs make control characters of the same number, LibreOffice
/// others.
fn byte(letter: char) -> Option<u8> {
    match letter {
        '\u{f180}'..='\u{f19f}' => Some((u32::from(letter) & 0xff) as u8),
        letter => windows_1252_byte(letter),
    }
}

/// The byte that stands for a character in Windows-1252, or in ISO 8859-1 where only that has it.
fn windows_1252_byte(character: char) -> Option<u8> {
    let place = WINDOWS_1252.iter().position(|known| *known == Some(character));
    match place {
        Some(place) => Some(0x80 + place as u8),
        None => u8::try_from(character).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_come_back_and_new_ones_stay() {
        let letter = |byte: &u8| {
            let known = byte.checked_sub(0x80).and_then(|place| WINDOWS_1252[usize::from(place)]);
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
}
