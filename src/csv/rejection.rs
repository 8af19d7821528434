//! The reasons for which a file is rejected, in words for the person who has to correct it.

use std::fmt;

use super::encoding::UnknownEncoding;
use super::records::Record;
use crate::domain::field::Field;
use crate::domain::job::JobId;

/// Maximum number of header names in one message, and of characters of each.
const NAMES_SHOWN: usize = 20;
const NAME_CHARS: usize = 40;

/// The reason why a file cannot be read as contacts. Each message is one sentence for the file's owner and quotes only
/// column names from the file. Commands that get the file in name its job as `JOB`; see [`Rejection::for_job`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The file is empty or contains only a byte order mark.
    #[error("the file is empty; upload one with a header line and at least one contact below it")]
    Empty,

    /// The file contains only empty lines, white space and delimiters.
    #[error(
        "the file contains only blank lines; upload one with a header line and at least one contact \
         below it"
    )]
    Blank,

    /// No row has a value in a required column.
    #[error(
        "the file contains a header on line {line} but no contact below it; add at least one row and upload it again, or, \
         if the header is on another line, set that with `ingest reread JOB --header-line N` or under \"Match the columns\" \
         on the page of the job"
    )]
    HeaderOnly {
        /// The line of the header.
        line: u64,
    },

    /// The file is of another format.
    #[error("the file is {format}, not CSV text; save it as CSV in UTF-8 and upload that")]
    NotCsv {
        /// The format, with its article.
        format: &'static str,
    },

    /// The file has no header, and its content does not identify the columns.
    #[error("{}", no_header_sentence(*line, *columns, missing, proposals))]
    NoHeader {
        /// The line of the first contact.
        line: u64,
        /// The number of columns.
        columns: usize,
        /// The fields that need a column.
        missing: Vec<Field>,
        /// The columns that the fields may be.
        proposals: Vec<ColumnProposal>,
    },

    /// A required column is missing or ambiguous.
    #[error("{}", columns_sentence(*line, missing, doubled, names, proposals))]
    Columns {
        /// The line of the header.
        line: u64,
        /// Required columns that neither a name nor the content identifies.
        missing: Vec<Field>,
        /// Required columns for which there are several with the same name.
        doubled: Vec<Field>,
        /// The names in the header.
        names: HeaderNames,
        /// The columns that the missing fields may be.
        proposals: Vec<ColumnProposal>,
    },

    /// The encoding that was set for the file does not exist.
    #[error("{0}")]
    Encoding(#[from] UnknownEncoding),

    /// The header line that was set for the file is beyond the lines that are searched.
    #[error(
        "the header cannot be on line {line}: the beginning of the file ends on line {last}; \
         `ingest preview FILE` shows the lines, and without `--header-line` the header is detected"
    )]
    NoSuchLine {
        /// The line.
        line: u64,
        /// The last line that is searched.
        last: u64,
    },

    /// The number of columns differs from that of the mapping.
    #[error(
        "the header on line {line} has {found} columns, and the columns were matched for a file with {expected}; match them \
         for this file under \"Match the columns\" on the page of the job, or with `ingest map JOB FIELD=COLUMN …`"
    )]
    Mapping {
        /// The line of the header.
        line: u64,
        /// The number of columns in the file.
        found: usize,
        /// The number of columns for which the mapping was made.
        expected: usize,
    },

    /// The quotes of a row are ambiguous.
    #[error(
        "the quotes of the row that starts on line {line} are broken; close or remove the one that is too many and \
         upload the file again"
    )]
    BrokenQuotes {
        /// The line on which the row starts.
        line: u64,
    },

    /// A row exceeds the [`Limits`](super::Limits).
    #[error(
        "the row that starts on line {line} is too long or has too many columns; shorten it and upload the file again"
    )]
    RowTooLong {
        /// The line on which the row starts.
        line: u64,
    },

    /// A row contains too many bytes that are beyond the header's columns or not text.
    #[error(
        "the row that starts on line {line} contains more than {limit_bytes} bytes that fit no column or are not text; \
         check for a missing line break or quote there, save the file as CSV in UTF-8 and upload it again"
    )]
    TooDamaged {
        /// The line on which the row starts.
        line: u64,
        /// The limit for the bytes as they would be stored with the row.
        limit_bytes: usize,
    },
}

impl Rejection {
    /// Returns the sentence with the commands for a job.
    pub(crate) fn for_job(&self, job: JobId) -> String {
        let words = self.to_string().replace(" JOB ", &format!(" {job} "));
        match self {
            Rejection::Encoding(_) => format!("{words}; set it with `ingest reread {job} --encoding NAME`"),
            Rejection::NoSuchLine { .. } => {
                format!("{words}; set it with `ingest reread {job} --header-line N`")
            }
            Rejection::Empty
            | Rejection::Blank
            | Rejection::HeaderOnly { .. }
            | Rejection::NotCsv { .. }
            | Rejection::NoHeader { .. }
            | Rejection::Columns { .. }
            | Rejection::Mapping { .. }
            | Rejection::TooDamaged { .. }
            | Rejection::BrokenQuotes { .. }
            | Rejection::RowTooLong { .. } => words,
        }
    }

    /// Returns whether another encoding, header line or dialect may make the file importable.
    pub(crate) fn may_be_misread(&self) -> bool {
        match self {
            Rejection::NoHeader { .. }
            | Rejection::Columns { .. }
            | Rejection::Mapping { .. }
            | Rejection::HeaderOnly { .. }
            | Rejection::TooDamaged { .. } => true,
            Rejection::Empty
            | Rejection::Blank
            | Rejection::NotCsv { .. }
            | Rejection::Encoding(_)
            | Rejection::NoSuchLine { .. }
            | Rejection::BrokenQuotes { .. }
            | Rejection::RowTooLong { .. } => false,
        }
    }

    /// Returns the rejection for a flawed record, for tables that must not contain any.
    pub(super) fn flawed(record: &Record<'_>) -> Rejection {
        let line = record.line();
        if record.flaws().quoting { Rejection::BrokenQuotes { line } } else { Rejection::RowTooLong { line } }
    }
}

/// The names in a header, shortened for a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderNames {
    shown: Vec<String>,
    more: usize,
}

impl HeaderNames {
    /// Shortens the names of a header.
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

/// Returns a column name, shortened and without an e-mail address.
pub(super) fn shown(name: &str) -> String {
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

/// A column that may be a field, by its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnProposal {
    /// The field.
    pub field: Field,
    /// The column, from 0.
    pub column: usize,
}

fn columns_sentence(
    line: u64,
    missing: &[Field],
    doubled: &[Field],
    names: &HeaderNames,
    proposals: &[ColumnProposal],
) -> String {
    let list = |columns: &[Field]| {
        let names: Vec<&str> = columns.iter().map(|column| column.as_str()).collect();
        names.join(", ")
    };
    let problem = match (missing, doubled) {
        (_, []) => format!("has no column for {}", list(missing)),
        ([], _) => format!("has more than one column for {}", list(doubled)),
        _ => format!("has no column for {} and more than one for {}", list(missing), list(doubled)),
    };
    let options = options(missing.iter().chain(doubled), proposals);
    format!(
        "the header on line {line} {problem} (found: {names}); {MATCH} `ingest map JOB {options}`; a field without a column \
         can have the same value in every row: {VALUE}"
    )
}

fn no_header_sentence(line: u64, columns: usize, missing: &[Field], proposals: &[ColumnProposal]) -> String {
    let options = options(missing.iter(), proposals);
    format!(
        "line {line} contains an e-mail address where the column names should be; say which of the {columns} columns is \
         which: {MATCH} `ingest map JOB {options}`; a field without a column can have the same value in every row: \
         {VALUE}; the first line is then kept as a contact"
    )
}

const MATCH: &str = "match the columns under \"Match the columns\" on the page of the job, or with";
const VALUE: &str = "`--value FIELD=TEXT`";

/// Returns arguments that assign columns to the fields, with the proposed columns.
fn options<'a>(fields: impl Iterator<Item = &'a Field>, proposals: &[ColumnProposal]) -> String {
    let option = |field: &Field| {
        let proposal = proposals.iter().find(|proposal| proposal.field == *field);
        let column = proposal.map_or("N".to_owned(), |proposal| (proposal.column + 1).to_string());
        format!("{field}={column}")
    };
    fields.map(option).collect::<Vec<String>>().join(" ")
}
