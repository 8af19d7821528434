//! vCards (RFC 6350), which address books import.

use std::fmt::Write as _;
use std::io::Write as _;

use super::buffer::Buffer;
use super::columns::Exported;
use super::error::ExportError;

/// Maximum length of a line in bytes, without its end (RFC 6350, section 3.2).
const LINE: usize = 75;

/// A file of cards. Kept columns are lines of a card's note, since few of them have a property.
pub(super) struct Vcard {
    buffer: Buffer,
}

impl Vcard {
    pub(super) fn new(buffer: Buffer) -> Vcard {
        Vcard { buffer }
    }

    pub(super) fn push<T: Exported>(&mut self, record: &T) -> Result<(), ExportError> {
        Ok(self.buffer.write_all(card(record).as_bytes())?)
    }
}

fn card<T: Exported>(record: &T) -> String {
    let values = record.values();
    let (first, last) = (escaped(&values.first_name), escaped(&values.last_name));
    let full = format!("{} {}", values.first_name, values.last_name);
    // A card without the formatted name is invalid.
    let shown = [full.trim(), &values.company, &values.email].into_iter().find(|text| !text.is_empty());
    let mut card = String::from("BEGIN:VCARD\r\nVERSION:4.0\r\n");
    line(&mut card, &format!("FN:{}", escaped(shown.unwrap_or_default())));
    line(&mut card, &format!("N:{last};{first};;;"));
    for (property, value) in [("EMAIL", &values.email), ("ORG", &values.company)] {
        if !value.is_empty() {
            line(&mut card, &format!("{property}:{}", escaped(value)));
        }
    }
    let mut note = String::new();
    for (name, value) in record.kept() {
        let between = if note.is_empty() { "" } else { "\n" };
        let _ = write!(note, "{between}{name}: {value}");
    }
    if !note.is_empty() {
        line(&mut card, &format!("NOTE:{}", escaped(&note)));
    }
    card.push_str("END:VCARD\r\n");
    card
}

/// Escapes a value (RFC 6350, section 3.4).
fn escaped(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for letter in value.replace("\r\n", "\n").chars() {
        match letter {
            '\\' | ',' | ';' => escaped.extend(['\\', letter]),
            '\n' | '\r' => escaped.push_str("\\n"),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// Adds a line. A long line continues on further lines that begin with a space.
fn line(card: &mut String, text: &str) {
    let mut length = 0;
    for letter in text.chars() {
        if length + letter.len_utf8() > LINE {
            card.push_str("\r\n ");
            length = 1;
        }
        card.push(letter);
        length += letter.len_utf8();
    }
    card.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    #[test]
    fn long_lines_are_folded_between_letters() {
        let mut card = String::new();
        super::line(&mut card, &"é".repeat(100));
        let lines: Vec<&str> = card.split_terminator("\r\n").collect();
        assert!(lines.iter().all(|line| line.len() <= super::LINE), "{lines:?}");
        assert_eq!(card.replace("\r\n ", ""), format!("{}\r\n", "é".repeat(100)));
    }

    #[test]
    fn values_are_escaped() {
        assert_eq!(super::escaped("a,b;c\\d\r\ne"), r"a\,b\;c\\d\ne");
    }
}
