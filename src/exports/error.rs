//! The reasons for which a file cannot be written.

use std::io;

use super::ExportFormat;
use crate::domain::refusal::Refusal;

/// The reason why an export failed.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The data cannot be exported in the format.
    #[error("{0}")]
    Refused(Refusal),
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
