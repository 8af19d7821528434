//! The dialects of CSV: delimiter, quote and escape.

/// Delimiters, the most usual first.
const DELIMITERS: [u8; 8] = *b",;\t|~^: ";

/// How a file separates and quotes its cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    pub delimiter: u8,
    /// The quote around cells, if any.
    pub(crate) quote: Option<u8>,
    /// Whether `\` escapes a quote in quotes, and a delimiter outside them.
    pub(crate) is_escaped: bool,
    /// Whether spaces before an opening quote do not count.
    pub(crate) is_spaced: bool,
}

impl Dialect {
    pub(super) fn of(delimiter: u8) -> Dialect {
        Dialect { delimiter, quote: Some(b'"'), is_escaped: false, is_spaced: false }
    }

    /// Returns the dialects whose delimiter occurs in the text, the most usual first. Never empty.
    pub(super) fn candidates(text: &[u8]) -> Vec<Dialect> {
        let present = DELIMITERS.into_iter().filter(|delimiter| text.contains(delimiter));
        let found: Vec<Dialect> = present.map(Dialect::of).collect();
        if found.is_empty() { vec![Dialect::of(DELIMITERS[0])] } else { found }
    }
}

/// A line such as `sep=;`, with which spreadsheet programs declare the delimiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Declaration {
    pub dialect: Dialect,
    /// Length of the line without its line break.
    pub bytes: usize,
}

/// Returns the declaration in the first line, if there is one. A delimiter of several equal characters counts as one: the
/// columns between them have no name and no value.
pub(super) fn declaration(text: &[u8]) -> Option<Declaration> {
    let bytes = text.iter().position(|byte| matches!(byte, b'\r' | b'\n'))?;
    let line = text[..bytes].strip_prefix(b"\"").unwrap_or(&text[..bytes]);
    let name = line.get(..4).filter(|name| name.eq_ignore_ascii_case(b"sep="))?;
    let value = line[name.len()..].strip_suffix(b"\"").unwrap_or(&line[name.len()..]);
    let value = if value == b"\\t" { b"\t" } else { value };
    let (first, others) = value.split_first()?;
    let fits = first.is_ascii() && !first.is_ascii_alphanumeric() && *first != b'"';
    let dialect = Dialect::of(*first);
    (fits && others.iter().all(|other| other == first)).then_some(Declaration { dialect, bytes })
}
