//! The dialects of CSV: delimiter, quote and escape.

use crate::domain::job::Quote;

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

/// What is set about the table of a file rather than detected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TableSettings {
    /// The physical line of the header, from 1.
    pub header_line: Option<u64>,
    /// The character between two cells.
    pub delimiter: Option<char>,
    /// The quote around cells.
    pub quote: Option<Quote>,
}

impl From<Option<u64>> for TableSettings {
    /// Returns settings with a line of the header.
    fn from(header_line: Option<u64>) -> TableSettings {
        TableSettings { header_line, ..TableSettings::default() }
    }
}

impl TableSettings {
    /// Returns the dialects that a text may have.
    pub(super) fn candidates(self, declared: Option<Dialect>, text: &[u8]) -> Vec<Dialect> {
        let delimiter = self.delimiter.and_then(|delimiter| u8::try_from(delimiter).ok());
        let mut candidates = match (delimiter, declared) {
            (Some(delimiter), _) => vec![Dialect::of(delimiter)],
            (None, Some(declared)) => vec![declared],
            (None, None) => Dialect::candidates(text),
        };
        if let Some(quote) = self.quote {
            candidates.iter_mut().for_each(|dialect| dialect.quote = byte_of(quote));
        }
        candidates
    }

    /// Returns whether a dialect has the quote that is set.
    pub(super) fn allows(self, dialect: &Dialect) -> bool {
        self.quote.is_none_or(|quote| byte_of(quote) == dialect.quote)
    }
}

fn byte_of(quote: Quote) -> Option<u8> {
    match quote {
        Quote::Double => Some(b'"'),
        Quote::Single => Some(b'\''),
        Quote::None => None,
    }
}

/// Parses a delimiter: a character that may separate cells, or its name.
pub fn delimiter(text: &str) -> Option<char> {
    let named = match text.trim().to_ascii_lowercase().as_str() {
        "comma" => Some(','),
        "semicolon" => Some(';'),
        "tab" | "\\t" => Some('\t'),
        "bar" | "pipe" => Some('|'),
        "space" => Some(' '),
        _ => None,
    };
    let may_separate = |letter: &char| {
        let is_shown = letter.is_ascii_punctuation() && !matches!(letter, '"' | '@');
        is_shown || matches!(letter, ' ' | '\t')
    };
    let mut letters = text.chars();
    let only = letters.next().filter(|_| letters.next().is_none());
    named.or(only.filter(may_separate))
}

/// Parses a quote: the character or its name.
pub fn quote(text: &str) -> Option<Quote> {
    match text.trim().to_ascii_lowercase().as_str() {
        "\"" | "double" => Some(Quote::Double),
        "'" | "single" => Some(Quote::Single),
        "none" => Some(Quote::None),
        _ => None,
    }
}

impl Dialect {
    /// Returns the kind of quote.
    pub(super) fn quotes(self) -> Quote {
        match self.quote {
            Some(b'\'') => Quote::Single,
            Some(_) => Quote::Double,
            None => Quote::None,
        }
    }

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
