//! Webhooks: URLs of an owner that receive the changes of jobs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::Url;

use super::words::words;

words! {
    /// An event that a webhook receives: a job has reached a status. Migration 33 forms the names from the statuses.
    WebhookEvent, "webhook event" {
        /// The job waits for a worker.
        Pending = "job.pending",
        /// A run has begun.
        Processing = "job.processing",
        /// The job has open issues for a person to decide.
        NeedsReview = "job.needs_review",
        /// The contacts of the job have been created.
        Completed = "job.completed",
        /// The job has failed.
        Failed = "job.failed",
        /// Somebody tries the webhook.
        Test = "webhook.test",
    }
}

impl WebhookEvent {
    /// The events that a webhook receives if it does not choose: those that a person may want to act on.
    pub(crate) const DEFAULT: [WebhookEvent; 3] =
        [WebhookEvent::NeedsReview, WebhookEvent::Completed, WebhookEvent::Failed];
}

/// The URL of a webhook: `https` or `http`, without a user and a password.
///
/// # Examples
///
/// ```
/// use ingest::domain::webhook::WebhookUrl;
///
/// assert!("https://example.com/hook".parse::<WebhookUrl>().is_ok());
/// assert!("https://user:password@example.com/".parse::<WebhookUrl>().is_err());
/// assert!("ftp://example.com/".parse::<WebhookUrl>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WebhookUrl(Url);

/// A text is not the URL of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "takes a URL such as https://example.com/hook, with https or http, at most 2000 characters and no password"
)]
pub struct BadWebhookUrl;

/// Maximum length of a URL in bytes.
const LONGEST: usize = 2_000;

impl WebhookUrl {
    /// Returns the URL.
    pub(crate) fn url(&self) -> &Url {
        &self.0
    }
}

impl FromStr for WebhookUrl {
    type Err = BadWebhookUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text.trim()).map_err(|_| BadWebhookUrl)?;
        let is_good = matches!(url.scheme(), "https" | "http")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.as_str().len() <= LONGEST;
        if is_good { Ok(WebhookUrl(url)) } else { Err(BadWebhookUrl) }
    }
}

impl fmt::Display for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<String> for WebhookUrl {
    type Error = BadWebhookUrl;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<WebhookUrl> for String {
    fn from(url: WebhookUrl) -> String {
        url.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::job::JobStatus;

    #[test]
    fn each_status_of_a_job_has_its_event() {
        for status in JobStatus::ALL {
            let name = format!("job.{}", status.as_str().to_lowercase());
            assert!(name.parse::<WebhookEvent>().is_ok(), "{name}");
        }
    }
}
