//! PostgreSQL's COPY text format (manual, section COPY, "Text Format"), written into a buffer.

/// One line of COPY text at a time, appended to a buffer.
pub struct Line<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
}

impl<'a> Line<'a> {
    /// Starts a line at the end of `out`.
    pub fn new(out: &'a mut Vec<u8>) -> Line<'a> {
        Line { out, first: true }
    }

    fn separator(&mut self) {
        if !std::mem::take(&mut self.first) {
            self.out.push(b'\t');
        }
    }

    /// A text value. The caller has made sure that it holds no NUL, which PostgreSQL cannot store.
    pub fn text(&mut self, value: &str) -> &mut Self {
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

    /// A text value, NULL where it is empty.
    pub fn text_or_null(&mut self, value: &str) -> &mut Self {
        match value {
            "" => self.null(),
            value => self.text(value),
        }
    }

    /// NULL.
    pub fn null(&mut self) -> &mut Self {
        self.separator();
        self.out.extend_from_slice(b"\\N");
        self
    }

    /// A value whose text form needs no escape: a number, a hash, a word of an enum.
    pub fn plain(&mut self, value: impl std::fmt::Display) -> &mut Self {
        use std::io::Write;
        self.separator();
        let written = write!(self.out, "{value}");
        debug_assert!(written.is_ok(), "a Vec takes all that is written to it");
        self
    }

    /// Ends the line.
    pub fn end(self) {
        self.out.push(b'\n');
    }
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
}
