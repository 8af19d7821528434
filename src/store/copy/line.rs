//! One line of PostgreSQL's COPY text format: writing and reading it.

use std::borrow::Cow;

use crate::store::StoreError;

/// A writer that appends one line of COPY text to a buffer.
pub struct Line<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
}

impl<'a> Line<'a> {
    /// Starts a line at the end of `out`.
    pub(crate) fn new(out: &'a mut Vec<u8>) -> Line<'a> {
        Line { out, first: true }
    }

    fn separator(&mut self) {
        if !std::mem::take(&mut self.first) {
            self.out.push(b'\t');
        }
    }

    /// Adds a text value. It must not contain NUL, which PostgreSQL cannot store.
    pub(crate) fn text(&mut self, value: &str) -> &mut Self {
        self.separator();
        let mut rest = value.as_bytes();
        while let Some(at) = rest.iter().position(|byte| matches!(byte, b'\\' | b'\t' | b'\n' | b'\r')) {
            self.out.extend_from_slice(&rest[..at]);
            let escape = match rest[at] {
                b'\t' => b't',
                b'\n' => b'n',
                b'\r' => b'r',
                other => other,
            };
            self.out.extend_from_slice(&[b'\\', escape]);
            rest = &rest[at + 1..];
        }
        self.out.extend_from_slice(rest);
        self
    }

    /// Adds a text value, or NULL if it is empty.
    pub(crate) fn text_or_null(&mut self, value: &str) -> &mut Self {
        match value {
            "" => self.null(),
            value => self.text(value),
        }
    }

    /// Adds NULL.
    pub(crate) fn null(&mut self) -> &mut Self {
        self.separator();
        self.out.extend_from_slice(b"\\N");
        self
    }

    /// Adds a value whose text needs no escaping: a number, a hash, a word of an enum.
    pub fn plain(&mut self, value: impl std::fmt::Display) -> &mut Self {
        use std::io::Write;
        self.separator();
        let written = write!(self.out, "{value}");
        debug_assert!(written.is_ok(), "writing to a Vec cannot fail");
        self
    }

    /// Adds a number as 32 hexadecimal digits.
    pub(crate) fn hex(&mut self, value: u128) -> &mut Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        self.separator();
        let digit = |place: u32| DIGITS[(value >> (4 * (31 - place))) as usize & 15];
        self.out.extend((0..32).map(digit));
        self
    }

    /// Ends the line.
    pub(crate) fn end(self) {
        self.out.push(b'\n');
    }
}

/// Decodes the columns of one line of COPY text; `None` is NULL.
pub(crate) fn columns(line: &[u8]) -> impl Iterator<Item = Result<Option<Cow<'_, str>>, StoreError>> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.split(|byte| *byte == b'\t').map(|column| match column {
        b"\\N" => Ok(None),
        column => unescaped(column).map(Some),
    })
}

fn unescaped(column: &[u8]) -> Result<Cow<'_, str>, StoreError> {
    let unreadable = |_| StoreError::Unreadable;
    if !column.contains(&b'\\') {
        return Ok(Cow::Borrowed(std::str::from_utf8(column).map_err(unreadable)?));
    }
    let mut text = Vec::with_capacity(column.len());
    let mut bytes = column.iter();
    while let Some(byte) = bytes.next() {
        text.push(match byte {
            b'\\' => match bytes.next() {
                Some(b'b') => 0x08,
                Some(b'f') => 0x0c,
                Some(b'n') => b'\n',
                Some(b'r') => b'\r',
                Some(b't') => b'\t',
                Some(b'v') => 0x0b,
                Some(other) => *other,
                None => return Err(StoreError::Unreadable),
            },
            byte => *byte,
        });
    }
    Ok(Cow::Owned(String::from_utf8(text).map_err(|_| StoreError::Unreadable)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped_and_separated() {
        let mut out = Vec::new();
        let mut line = Line::new(&mut out);
        line.plain(7).text("a\tb\\c\nd\re").text_or_null("").text("\\N").text("");
        line.end();
        assert_eq!(out, b"7\ta\\tb\\\\c\\nd\\re\t\\N\t\\\\N\t\n");
    }
    #[test]
    fn a_line_decodes_to_the_values_that_were_encoded() {
        let mut out = Vec::new();
        let values = ["a\tb\\c\nd\re\u{8}\u{b}\u{c}é", "", "\\N", "x"];
        let mut line = Line::new(&mut out);
        for value in values {
            line.text(value);
        }
        line.null().hex(0x1f);
        line.end();
        let columns: Vec<_> = columns(&out).map(|column| column.unwrap()).collect();
        let (texts, rest) = columns.split_at(4);
        assert_eq!(texts.iter().map(|text| text.as_deref().unwrap()).collect::<Vec<_>>(), values);
        assert_eq!(rest[0], None);
        assert_eq!(rest[1].as_deref(), Some("0000000000000000000000000000001f"));
        assert!(super::columns(b"a\\").next().unwrap().is_err());
    }
}
