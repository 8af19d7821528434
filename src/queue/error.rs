//! The errors of a queue, and whether they are transient.

use aws_sdk_sqs::config::http::HttpResponse;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};

use crate::domain::job::JobId;
use crate::store::StoreError;

/// Why a call to the queue failed.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// SQS rejected the request.
    #[error("SQS queue {queue}: cannot {action}: {code}: {text}")]
    Refused {
        /// The queue's URL.
        queue: String,
        /// What was attempted.
        action: &'static str,
        /// SQS's error code.
        code: String,
        /// SQS's error message.
        text: String,
        /// Whether the same request may succeed later.
        transient: bool,
    },
    /// SQS could not be reached, or there were no credentials.
    #[error("SQS queue {queue}: cannot {action}: {text}")]
    Unreachable {
        /// The queue's URL.
        queue: String,
        /// What was attempted.
        action: &'static str,
        /// The chain of causes.
        text: String,
    },
    /// The database failed.
    #[error("queue in the database: cannot {action}: {source}")]
    Database {
        /// What was attempted.
        action: &'static str,
        /// The cause.
        source: StoreError,
    },
    /// The job does not exist.
    #[error("queue in the database: there is no job {0}")]
    NoSuchJob(JobId),
    /// A message that is not a request for a run.
    #[error(
        "queue in the database: cannot send message {0} back, since it is no request of a job; set SQS_QUEUE_URL to the \
         queue that it came from, or delete it with `ingest dead-letters drop {0}`"
    )]
    NotAJob(String),
}

impl QueueError {
    /// Returns whether the same call may succeed later.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Refused { transient, .. } => *transient,
            Self::Unreachable { .. } => true,
            Self::Database { source, .. } => source.is_transient(),
            Self::NoSuchJob(_) | Self::NotAJob(_) => false,
        }
    }

    /// Returns whether SQS has denied the call.
    pub(crate) fn is_denied(&self) -> bool {
        ["AccessDenied", "AccessDeniedException"].iter().any(|code| self.has_code(code))
    }

    /// Returns whether the queue does not exist.
    fn is_missing(&self) -> bool {
        ["NonExistentQueue", "QueueDoesNotExist"].iter().any(|code| self.has_code(code))
    }

    /// Returns what an operator can do.
    pub(crate) fn advice(&self) -> &'static str {
        match self {
            Self::Refused { .. } if self.is_denied() => {
                "allow the call in the policy of the worker's identity; `ingest doctor` names what is missing"
            }
            Self::Refused { .. } if self.is_missing() => "create the queue, or correct SQS_QUEUE_URL",
            Self::Refused { transient: true, .. } => "nothing, unless it lasts: SQS asks to try again",
            Self::Refused { .. } => "check SQS_QUEUE_URL and the AWS credentials with `ingest doctor`",
            Self::Unreachable { .. } => "check the network and the AWS credentials with `ingest doctor`",
            Self::Database { .. } => "check the database with `ingest doctor`",
            Self::NoSuchJob(_) | Self::NotAJob(_) => "list the dead letters with `ingest dead-letters list`",
        }
    }

    /// Returns whether SQS answered with the error `code`, with or without the prefix of its older protocol.
    pub(super) fn has_code(&self, code: &str) -> bool {
        matches!(self, Self::Refused { code: found, .. } if found.rsplit('.').next() == Some(code))
    }

    pub(super) fn database<E: Into<StoreError>>(action: &'static str) -> impl FnOnce(E) -> Self {
        move |source| Self::Database { action, source: source.into() }
    }

    pub(super) fn sqs<E>(queue: &str, action: &'static str) -> impl FnOnce(SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let queue = queue.to_owned();
        move |error| match error.as_service_error() {
            Some(refusal) => {
                let code = refusal.code().unwrap_or("unknown error").to_owned();
                let text = refusal.message().unwrap_or("no reason given").to_owned();
                let status = error.raw_response().map_or(500, |answer| answer.status().as_u16());
                let throttled = ["Throttl", "RequestLimit", "OverLimit", "TooManyRequests", "ExpiredToken"];
                let transient =
                    status >= 500 || status == 429 || throttled.iter().any(|word| code.contains(word));
                Self::Refused { queue, action, code, text, transient }
            }
            None => Self::Unreachable { queue, action, text: causes(&error) },
        }
    }
}

fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
