//! The lines of vCards: unfolded, and taken apart.

use std::io::{BufRead, Read};

use encoding_rs::Encoding;

use super::super::error::UnpackError;
use crate::domain::interpretation::ContainerFormat;
use crate::domain::rejection::Rejection;

/// Maximum bytes of an unfolded line. Longer ones are pictures, which are cut off.
const MAX_BYTES: usize = 1 << 20;

/// A property of a card.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// Its name in upper case, without its group.
    pub name: Vec<u8>,
    /// Its parameters in upper case, such as `TYPE=WORK`.
    parameters: Vec<Vec<u8>>,
    /// Its value, decoded but with its escapes.
    value: Vec<u8>,
}

/// Reads lines.
pub(super) struct Lines<'s> {
    source: &'s mut dyn BufRead,
    /// The first physical line that does not belong to the last line.
    ahead: Option<Vec<u8>>,
}

impl<'s> Lines<'s> {
    pub(super) fn new(source: &'s mut dyn BufRead) -> Lines<'s> {
        Lines { source, ahead: None }
    }

    /// Returns the next property, or `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Line>, UnpackError> {
        loop {
            let Some(mut unfolded) = self.physical()? else { return Ok(None) };
            while let Some(next) = self.physical()? {
                let is_soft = ends_softly(&unfolded);
                match next.first() {
                    _ if is_soft => {
                        unfolded.pop();
                        unfolded.extend_from_slice(&next);
                    }
                    Some(b' ' | b'\t') => unfolded.extend_from_slice(&next[1..]),
                    Some(_) | None => {
                        self.ahead = Some(next);
                        break;
                    }
                }
                unfolded.truncate(MAX_BYTES);
            }
            if let Some(line) = Line::parse(&unfolded) {
                return Ok(Some(line));
            }
        }
    }

    /// Returns the next physical line without its end.
    fn physical(&mut self) -> Result<Option<Vec<u8>>, UnpackError> {
        if let Some(line) = self.ahead.take() {
            return Ok(Some(line));
        }
        let mut line = Vec::new();
        let most = MAX_BYTES as u64;
        if Read::take(&mut self.source, most).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        if line.len() == MAX_BYTES && line.last() != Some(&b'\n') {
            let reason = format!("it has a line of more than {MAX_BYTES} bytes");
            return Err(Rejection::BrokenContainer { format: ContainerFormat::Vcard, reason }.into());
        }
        while matches!(line.last(), Some(b'\n' | b'\r')) {
            line.pop();
        }
        Ok(Some(line))
    }
}

/// Returns whether a line in quoted-printable goes on in the next one.
fn ends_softly(line: &[u8]) -> bool {
    line.last() == Some(&b'=') && contains_ignoring_case(head(line), b"QUOTED-PRINTABLE")
}

fn contains_ignoring_case(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part))
}

/// Returns the name and the parameters of a line.
fn head(line: &[u8]) -> &[u8] {
    let mut in_quotes = false;
    let end = line.iter().position(|byte| {
        in_quotes ^= *byte == b'"';
        *byte == b':' && !in_quotes
    });
    &line[..end.unwrap_or(line.len())]
}

impl Line {
    /// Takes a line apart. Returns `None` if it is none.
    fn parse(line: &[u8]) -> Option<Line> {
        let line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
        let head = head(line);
        let value = line.get(head.len() + 1..)?;
        let mut parts = head.split(|byte| *byte == b';').map(|part| part.trim_ascii().to_ascii_uppercase());
        let name = parts.next()?;
        // A group, such as `item1` of Apple's address book.
        let name = name.rsplit(|byte| *byte == b'.').next()?.to_vec();
        let parameters: Vec<Vec<u8>> = parts.collect();
        let is = |value: &[u8]| parameters.iter().any(|parameter| parameter.ends_with(value));
        let decoded = if is(b"QUOTED-PRINTABLE") { unquoted(value) } else { value.to_vec() };
        let charset = parameters.iter().find_map(|parameter| parameter.strip_prefix(b"CHARSET="));
        let encoding = charset.and_then(Encoding::for_label);
        let value =
            encoding.map_or(decoded.clone(), |encoding| encoding.decode(&decoded).0.into_owned().into());
        (!name.is_empty()).then_some(Line { name, parameters, value })
    }

    /// Returns whether a card begins or ends here.
    pub(super) fn is_edge(&self) -> bool {
        self.name == b"BEGIN" || self.name == b"END"
    }

    /// Returns whether the owner of the card prefers this one among several.
    pub(super) fn is_preferred(&self) -> bool {
        self.parameters.iter().any(|parameter| match parameter.strip_prefix(b"PREF") {
            Some(rest) => rest.is_empty() || rest == b"=1",
            None => parameter.strip_prefix(b"TYPE=").is_some_and(|types| {
                types.split(|byte| matches!(byte, b',' | b'"')).any(|one| one == b"PREF")
            }),
        })
    }

    /// Returns the value as text.
    pub(super) fn text(&self) -> Vec<u8> {
        unescaped(&self.value).trim_ascii().to_vec()
    }

    /// Returns a part of a value with several, which semicolons separate; empty if there is none.
    pub(super) fn component(&self, at: usize) -> Vec<u8> {
        let (mut part, mut start) = (0, 0);
        let mut is_escaped = false;
        for (index, byte) in self.value.iter().chain(b";").enumerate() {
            if *byte == b';' && !is_escaped {
                if part == at {
                    return unescaped(&self.value[start..index]).trim_ascii().to_vec();
                }
                (part, start) = (part + 1, index + 1);
            }
            is_escaped = *byte == b'\\' && !is_escaped;
        }
        Vec::new()
    }
}

/// Replaces `\n`, `\,`, `\;` and `\\`.
fn unescaped(value: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(value.len());
    let mut bytes = value.iter();
    while let Some(byte) = bytes.next() {
        match (byte, byte == &b'\\') {
            (_, true) => match bytes.next() {
                Some(b'n' | b'N') => text.push(b'\n'),
                Some(other) => text.push(*other),
                None => text.push(b'\\'),
            },
            (byte, false) => text.push(*byte),
        }
    }
    text
}

/// Decodes quoted-printable (RFC 2045, section 6.7). Keeps what is not valid.
fn unquoted(value: &[u8]) -> Vec<u8> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let mut decoded = Vec::with_capacity(value.len());
    let mut at = 0;
    while let Some(byte) = value.get(at) {
        match (byte, digit(value.get(at + 1)), digit(value.get(at + 2))) {
            (b'=', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                at += 3;
            }
            (byte, _, _) => {
                decoded.push(*byte);
                at += 1;
            }
        }
    }
    decoded
}
