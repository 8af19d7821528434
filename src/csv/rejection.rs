//! Why a file is refused, in words for the person who has to mend it.

use std::fmt;

use super::records::Record;
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

    /// Contacts right from the first line, in columns that cannot be told by their content.
    #[error("{}", no_header_sentence(*line, *columns, proposals))]
    NoHeader {
        /// The line of the first contact.
        line: u64,
        /// How many columns there are.
        columns: usize,
        /// Which columns the fields may be.
        proposals: Vec<ColumnProposal>,
    },

    /// A required column that is not there, or there twice.
    #[error("{}", columns_sentence(*line, missing, doubled, found, proposals))]
    Columns {
        /// Where the header starts.
        line: u64,
        /// Required columns that neither a name nor their content tells.
        missing: Vec<Field>,
        /// Required columns that more than one name stands for.
        doubled: Vec<Field>,
        /// What the header holds.
        found: HeaderNames,
        /// Which columns the missing fields may be.
        proposals: Vec<ColumnProposal>,
    },

    /// The requested header line is beyond the beginning of the file.
    #[error(
        "no table begins on line {line} or just below it; `ingest preview FILE` shows the first lines of the file"
    )]
    NoSuchLine {
        /// The line.
        line: u64,
    },

    /// A header that is not the one whose columns a person has matched.
    #[error(
        "the header on line {line} has {found} columns, and the columns were matched for a file with {expected}; \
         match them for this file with `--column` or on the upload page"
    )]
    Mapping {
        /// Where the header starts.
        line: u64,
        /// How many columns it has.
        found: usize,
        /// How many the mapping is for.
        expected: usize,
    },

    /// A row whose quotes can be read in more than one way.
    #[error(
        "the quotes of the row that starts on line {line} are broken; close or remove the one that is too many and \
         upload the file again"
    )]
    BrokenQuotes {
        /// Where the row starts.
        line: u64,
    },

    /// A row beyond the [`Limits`](super::Limits).
    #[error(
        "the row that starts on line {line} is too long or has too many columns; shorten it and upload the file again"
    )]
    RowTooLong {
        /// Where the row starts.
        line: u64,
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
}

impl Rejection {
    /// The rejection of a broken record, for a table in which no record may be broken.
    pub(super) fn flawed(record: &Record<'_>) -> Rejection {
        let line = record.line();
        if record.flaws().quoting { Rejection::BrokenQuotes { line } } else { Rejection::RowTooLong { line } }
    }
}

/// The names in a header, as many and as much of them as a message can hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderNames {
    shown: Vec<String>,
    more: usize,
}

impl HeaderNames {
    /// Of all names, in order.
    pub(crate) fn new(names: &[String]) -> HeaderNames {
        HeaderNames {
            shown: names.iter().take(NAMES_SHOWN).map(|n| shown(n)).collect(),
            more: names.len().saturating_sub(NAMES_SHOWN),
        }
    }
}

impl fmt::Display for HeaderNames {
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

/// A column that a field may be, by its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnProposal {
    /// The field.
    pub field: Field,
    /// The column, from 0.
    pub place: usize,
}

fn columns_sentence(
    line: u64,
    missing: &[Field],
    doubled: &[Field],
    found: &HeaderNames,
    proposals: &[ColumnProposal],
) -> String {
    let list = |columns: &[Field]| {
        let names: Vec<&str> = columns.iter().map(|column| column.as_str()).collect();
        names.join(", ")
    };
    let complaint = match (missing, doubled) {
        (_, []) => format!("has no column for {}", list(missing)),
        ([], _) => format!("has more than one column for {}", list(doubled)),
        _ => format!("has no column for {} and more than one for {}", list(missing), list(doubled)),
    };
    let options = options(missing.iter().chain(doubled), proposals);
    format!(
        "the header on line {line} {complaint} (found: {found}); say which column is which with \
         `ingest import FILE {options}`, or match the columns on the upload page; a column that the file lacks has to \
         be added to it"
    )
}

fn no_header_sentence(line: u64, columns: usize, proposals: &[ColumnProposal]) -> String {
    let options = options(Field::ALL.iter(), proposals);
    format!(
        "line {line} holds an e-mail address where the column names should be; say which of the {columns} columns is \
         which with `ingest import FILE {options}`, or match the columns on the upload page; the first line is then \
         kept as a contact"
    )
}

/// The options that name the fields' columns, with those that are proposed.
fn options<'a>(fields: impl Iterator<Item = &'a Field>, proposals: &[ColumnProposal]) -> String {
    let option = |field: &Field| {
        let proposal = proposals.iter().find(|proposal| proposal.field == *field);
        let column = proposal.map_or("N".to_owned(), |proposal| (proposal.place + 1).to_string());
        format!("--column {field}={column}")
    };
    fields.map(option).collect::<Vec<String>>().join(" ")
}
