//! The reasons for which a file cannot be written.

use std::io;

use super::ExportFormat;

/// The reason why an export failed.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A value is longer than the format allows.
    #[error(
        "{record} has a value of more than {limit} characters in the column `{column}`, which {format} files cannot \
         contain; export as csv or jsonl"
    )]
    TooLong {
        /// The contact or row, such as `contact 12`.
        record: String,
        /// The name of the column.
        column: String,
        /// The format.
        format: ExportFormat,
        /// The limit in UTF-16 code units.
        limit: usize,
    },
    /// A record has a value in a column that none of its owner's files has.
    #[error(
        "{record} has a value in the column `{column}`, which another program added; {format} files have the columns of \
         imported files only; export as jsonl or vcf"
    )]
    UnknownColumn {
        /// The contact or row, such as `contact 12`.
        record: String,
        /// The name of the column.
        column: String,
        /// The format.
        format: ExportFormat,
    },
    /// There are more columns than the format allows.
    #[error(
        "the contacts have {columns} columns; {format} files have at most {limit}; export as csv or jsonl"
    )]
    TooWide {
        /// The number of columns.
        columns: usize,
        /// The format.
        format: ExportFormat,
        /// The limit.
        limit: usize,
    },
    /// A temporary file failed.
    #[error("a temporary file cannot be written: {0}")]
    Io(#[from] io::Error),
    /// The library failed.
    #[error("the {format} file cannot be written: {reason}")]
    Library {
        /// The format.
        format: ExportFormat,
        /// What the library reports.
        reason: String,
    },
}

impl ExportError {
    /// Returns whether the data cannot be exported in the format, rather than that something failed.
    pub(crate) fn is_limit(&self) -> bool {
        match self {
            ExportError::TooLong { .. } | ExportError::UnknownColumn { .. } | ExportError::TooWide { .. } => {
                true
            }
            ExportError::Io(_) | ExportError::Library { .. } => false,
        }
    }
}
