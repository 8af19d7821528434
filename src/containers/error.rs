//! The reasons for which a container cannot be unpacked.

use crate::domain::rejection::Rejection;

/// The reason why a container cannot be unpacked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnpackError {
    /// The file's owner can correct it.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// A temporary file could not be written or read.
    #[error(transparent)]
    Scratch(#[from] std::io::Error),
    /// Nobody waits for the result any more.
    #[error("unpacking was stopped")]
    Stopped,
}
