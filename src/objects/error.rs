//! The errors of the object store, and whether they are transient.

use super::Location;
use crate::domain::failure::{Failure, Fault, KeyFlaw};

type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why an object could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// The object does not exist.
    #[error("there is no object `{key}` in {store}")]
    NotFound {
        /// The bucket or folder.
        store: String,
        /// The key.
        key: String,
    },
    /// The bucket or folder does not exist.
    #[error("{store} does not exist")]
    NoStore {
        /// The bucket or folder.
        store: String,
        /// The name of the bucket, if it is one.
        bucket: Option<String>,
    },
    /// The object no longer has the requested version.
    #[error("object `{key}` in {store} was replaced after it was first read")]
    Changed {
        /// The bucket or folder.
        store: String,
        /// The key.
        key: String,
    },
    /// The store cannot have an object with this key.
    #[error("key `{}` cannot be used in {store}: {flaw}", key.escape_debug())]
    BadKey {
        /// The bucket or folder.
        store: String,
        /// The key.
        key: String,
        /// What is wrong with the key.
        flaw: KeyFlaw,
    },
    /// The store denies access.
    #[error("{store} denied access{}: {reason}", of(key.as_ref()))]
    Denied {
        /// The bucket or folder.
        store: String,
        /// The key, if the request was for one.
        key: Option<String>,
        /// The store's message.
        reason: String,
    },
    /// The store is unavailable or fails.
    #[error("{store} is unavailable{}: {source}", of(key.as_ref()))]
    Unavailable {
        /// The bucket or folder.
        store: String,
        /// The key, if the request was for one.
        key: Option<String>,
        /// The cause.
        source: Source,
    },
    /// The content to be written could not be read.
    #[error("the content of `{key}` cannot be read: {source}")]
    Content {
        /// The key.
        key: String,
        /// The cause.
        source: std::io::Error,
    },
}

fn of(key: Option<&String>) -> String {
    key.map(|key| format!(" (object `{key}`)")).unwrap_or_default()
}

impl ObjectError {
    /// Returns whether the same call may succeed later.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    /// Returns whether the owner of the file, rather than the operator of the store, can fix the problem.
    pub(crate) fn is_owners(&self) -> bool {
        matches!(self, Self::NotFound { .. } | Self::BadKey { .. })
    }

    /// Returns the error as the file's owner may see it, without the location of the store.
    pub(crate) fn failure(&self) -> Failure {
        match self {
            Self::NotFound { key, .. } => Failure::NoFile { key: key.clone() },
            Self::BadKey { key, flaw, .. } => Failure::BadKey { key: key.clone(), flaw: *flaw },
            Self::NoStore { .. } => Fault::NoStore.into(),
            Self::Changed { .. } => Fault::FileChanged.into(),
            Self::Denied { .. } => Fault::StoreDenied.into(),
            Self::Unavailable { .. } => Fault::StoreUnavailable.into(),
            Self::Content { .. } => Fault::FileCut.into(),
        }
    }

    pub(super) fn of_place(place: &Location, error: object_store::Error) -> Self {
        Self::new(place, None, error)
    }

    pub(super) fn of_key(place: &Location, key: &str, error: object_store::Error) -> Self {
        Self::new(place, Some(key), error)
    }

    fn new(place: &Location, key: Option<&str>, error: object_store::Error) -> Self {
        use object_store::Error;
        let store = place.to_string();
        let key = key.map(str::to_owned);
        match (error, key) {
            (Error::NotFound { source, .. }, key) => match key {
                // S3 distinguishes the two only in the text of its answer.
                Some(key) if !source.to_string().contains("NoSuchBucket") => Self::NotFound { store, key },
                Some(_) | None => Self::NoStore { store, bucket: place.bucket() },
            },
            (Error::Precondition { .. } | Error::NotModified { .. }, Some(key)) => {
                Self::Changed { store, key }
            }
            (Error::InvalidPath { .. }, Some(key)) => Self::BadKey { store, key, flaw: KeyFlaw::Refused },
            (error @ (Error::PermissionDenied { .. } | Error::Unauthenticated { .. }), key) => {
                Self::Denied { store, key, reason: cause(&error) }
            }
            (error, key) => match io_kind(&error) {
                Some(std::io::ErrorKind::PermissionDenied) => {
                    Self::Denied { store, key, reason: cause(&error) }
                }
                _ if error.to_string().contains("NoSuchBucket") => {
                    Self::NoStore { store, bucket: place.bucket() }
                }
                // The library has no kind of its own for a list that S3 denies.
                _ if error.to_string().contains("<Code>AccessDenied</Code>") => {
                    Self::Denied { store, key, reason: cause(&error) }
                }
                _ => Self::Unavailable { store, key, source: cause(&error).into() },
            },
        }
    }
}

fn io_kind(error: &object_store::Error) -> Option<std::io::ErrorKind> {
    let mut next = std::error::Error::source(error);
    while let Some(error) = next {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return Some(io.kind());
        }
        next = error.source();
    }
    None
}

/// Returns the text of the innermost errors: `object_store` wraps each in sentences that repeat path and cause.
fn cause(error: &object_store::Error) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(error) = next {
        let inner = error.to_string();
        if !text.contains(&inner) {
            text = format!("{text}: {inner}");
        }
        next = error.source();
    }
    text
}
