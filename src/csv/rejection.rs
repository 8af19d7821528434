//! Why a file is refused, in words for the person who has to mend it.

use std::fmt;

use crate::domain::field::Field;

/// Most header names in one message, and most characters of each.
const NAMES_SHOWN: usize = 20;
const NAME_CHARS: usize = 40;

/// Why a file cannot be read as contacts. Each message is one sentence for the file's owner and holds
/// nothing of the file but names out of its header.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// No byte, or nothing but a byte order mark.
    #[error("the file is empty; upload one with a header line and at least one contact below it")]
    Empty,

    /// Nothing but empty lines, white space and delimiters.
    #[error(
        "the file holds only blank lines; upload one with a header line and at least one contact \
         below it"
    )]
    Blank,

    /// A header, and no row with a value in any required column.
    #[error(
        "the file holds a header on line {line} but no contact below it; add at least one row and \
         upload it again"
    )]
    HeaderOnly {
        /// Where the header starts.
        line: u64,
    },

    /// A file of another kind.
    #[error("the file is {found}, not CSV text; save it as CSV in UTF-8 and upload that")]
    NotCsv {
        /// What it is, with its article.
        found: &'static str,
    },

    /// Contacts right from the first line.
    #[error(
        "line {line} holds an e-mail address where the column names should be; put a header line \
         with email, first_name, last_name and company above the contacts and upload the file again"
    )]
    NoHeader {
        /// The line that was read as the header.
        line: u64,
    },

    /// A required column that is not there, or there twice.
    #[error("{}", columns_sentence(*line, missing, doubled, found))]
    Columns {
        /// Where the header starts.
        line: u64,
        /// Required columns without a name in the header.
        missing: Vec<Field>,
        /// Required columns that more than one name stands for.
        doubled: Vec<Field>,
        /// What the header holds.
        found: FoundNames,
    },

    /// A header that is not the one whose columns a person has matched.
    #[error(
        "the header on line {line} has {found} columns, and the columns were matched for a file with {expected}; \
         match them for this file and upload it again"
    )]
    Mapping {
        /// Where the header starts.
        line: u64,
        /// How many columns it has.
        found: usize,
        /// How many the mapping is for.
        expected: usize,
    },

    /// A quote that is still open where the file ends.
    #[error(
        "the quote that opens on line {line} in {column} is never closed; close or remove it and \
         upload the file again"
    )]
    UnclosedQuote {
        /// Where the quote opens.
        line: u64,
        /// The column it opens in.
        column: ColumnPlace,
    },

    /// A cell beyond [`max_cell_bytes`](super::Limits::max_cell_bytes).
    #[error("{}", cell_sentence(*line, column, *quote_line, *limit_bytes))]
    CellTooLong {
        /// Where the record starts.
        line: u64,
        /// The column of the cell.
        column: ColumnPlace,
        /// Where the cell's quote opens, when it is quoted.
        quote_line: Option<u64>,
        /// The limit.
        limit_bytes: usize,
    },

    /// A record beyond [`max_record_bytes`](super::Limits::max_record_bytes).
    #[error(
        "the row that starts on line {line} holds more than {limit_bytes} bytes; look for a missing \
         line break or quote there and upload the file again"
    )]
    RecordTooLong {
        /// Where the record starts.
        line: u64,
        /// The limit.
        limit_bytes: usize,
    },

    /// A row with too many bytes that either fit no column or are not text.
    #[error(
        "the row that starts on line {line} holds more than {limit_bytes} bytes that fit no column or are no text; \
         look for a missing line break or quote there, save the file as CSV in UTF-8 and upload it again"
    )]
    TooDamaged {
        /// Where the row starts.
        line: u64,
        /// The limit, counted as it would be kept beside the row.
        limit_bytes: usize,
    },

    /// A record beyond [`max_columns`](super::Limits::max_columns).
    #[error(
        "the row that starts on line {line} has more than {limit} columns; look for a missing line \
         break there and upload the file again"
    )]
    TooManyColumns {
        /// Where the record starts.
        line: u64,
        /// The limit.
        limit: usize,
    },
}

impl Rejection {
    /// The same with the column's name in it, out of the names of the header.
    pub(super) fn with_names(mut self, names: &[String]) -> Rejection {
        if let Rejection::UnclosedQuote { column, .. } | Rejection::CellTooLong { column, .. } = &mut self {
            column.name = names.get(column.ordinal - 1).map(|name| shown(name));
        }
        self
    }
}

/// A column, by its number and by its name where there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnPlace {
    /// The number, from 1.
    pub ordinal: usize,
    /// The name in the header, shortened.
    pub name: Option<String>,
}

impl fmt::Display for ColumnPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}", self.ordinal)?;
        match &self.name {
            Some(name) => write!(f, " ({name})"),
            None => Ok(()),
        }
    }
}

/// The names in a header, as many and as much of them as a message can hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundNames {
    shown: Vec<String>,
    more: usize,
}

impl FoundNames {
    /// Of all names, in order.
    pub(crate) fn new(names: &[String]) -> FoundNames {
        FoundNames {
            shown: names.iter().take(NAMES_SHOWN).map(|n| shown(n)).collect(),
            more: names.len().saturating_sub(NAMES_SHOWN),
        }
    }
}

impl fmt::Display for FoundNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown.join(", "))?;
        match self.more {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

fn shown(name: &str) -> String {
    let name = name.trim();
    if name.is_empty() {
        return "(no name)".to_owned();
    }
    if name.contains('@') {
        return "(an e-mail address)".to_owned();
    }
    let mut characters = name.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut shown: String = characters.by_ref().take(NAME_CHARS).collect();
    if characters.next().is_some() {
        shown.push('…');
    }
    shown
}

fn columns_sentence(line: u64, missing: &[Field], doubled: &[Field], found: &FoundNames) -> String {
    let list = |columns: &[Field]| {
        let names: Vec<&str> = columns.iter().map(|column| column.as_str()).collect();
        names.join(", ")
    };
    let complaint = match (missing, doubled) {
        (_, []) => format!("has no column for {}", list(missing)),
        ([], _) => format!("has more than one column for {}", list(doubled)),
        _ => format!("has no column for {} and more than one for {}", list(missing), list(doubled)),
    };
    format!(
        "the header on line {line} {complaint} (found: {found}); name each of email, first_name, \
         last_name and company once and upload the file again"
    )
}

fn cell_sentence(line: u64, column: &ColumnPlace, quote_line: Option<u64>, limit_bytes: usize) -> String {
    let advice = match quote_line {
        Some(quote_line) => format!(
            "close the quote that opens on line {quote_line}, or remove it, and upload the file again"
        ),
        None => "shorten it and upload the file again".to_owned(),
    };
    format!("the row that starts on line {line} holds more than {limit_bytes} bytes in {column}; {advice}")
}
