//! Requests to SNS.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sns::Client;
use aws_sdk_sns::config::retry::RetryConfig;
use aws_sdk_sns::config::timeout::TimeoutConfig;
use aws_sdk_sns::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_sns::types::{MessageAttributeValue, PublishBatchRequestEntry};

use crate::domain::ids::TopicEventId;
use crate::domain::job_event::JobEvent;
use crate::domain::permission::{Need, Permission};
use crate::domain::topic::TopicArn;
use crate::propagation::{TRACE_PARENT, continuing};
use crate::store::topic_events::TopicEvent;

/// Publishes to a topic. Clones share the connections.
#[derive(Clone)]
pub(crate) struct Publisher {
    client: Client,
    topic: TopicArn,
    /// The URL of the pages, if it is known.
    pages: Option<Arc<str>>,
}

/// What became of events.
#[derive(Debug, Default)]
pub(super) struct Published {
    /// Those that SNS has accepted, and those that it will never accept.
    pub(super) ended: Vec<TopicEventId>,
    /// Why the others are to be published again later, if any are.
    pub(super) failure: Option<PublishError>,
}

/// SNS has not accepted a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("SNS topic {topic}: {code}: {text}")]
pub(crate) struct PublishError {
    /// The topic.
    topic: TopicArn,
    /// SNS's error code, or how the request failed.
    code: String,
    /// The reason.
    text: String,
}

impl PublishError {
    /// Returns whether SNS has denied the call.
    fn is_denied(&self) -> bool {
        ["AuthorizationError", "AccessDenied", "AccessDeniedException"].contains(&self.code.as_str())
    }
}

/// The code of a request that SNS has not answered.
const NO_ANSWER: &str = "no answer";

impl Publisher {
    /// SNS's limit of events in a request.
    pub(crate) const AT_ONCE: usize = 10;
    /// Maximum time of a request with its repetitions.
    const TIMEOUT: Duration = Duration::from_secs(30);

    /// Creates a publisher that names pages at the URL `pages`.
    pub(crate) fn new(sdk: &aws_config::SdkConfig, topic: TopicArn, pages: Option<&str>) -> Publisher {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(5))
            .operation_timeout(Publisher::TIMEOUT)
            .build();
        let config = aws_sdk_sns::config::Builder::from(sdk)
            .timeout_config(timeouts)
            .retry_config(RetryConfig::standard());
        let pages = pages.map(|url| url.trim_end_matches('/').into());
        Publisher { client: Client::from_conf(config.build()), topic, pages }
    }

    /// Returns the topic.
    pub(crate) fn topic(&self) -> &TopicArn {
        &self.topic
    }

    /// Publishes the first events in one request.
    pub(super) async fn publish(&self, events: &[TopicEvent]) -> Published {
        let events = match self.topic.is_fifo() {
            true => of_distinct_jobs(events),
            false => events,
        };
        let entries: Result<Vec<_>, _> = events.iter().map(|event| self.entry(event)).collect();
        let entries = match entries {
            Ok(entries) => entries,
            Err(error) => return self.failed("invalid request", error.to_string()),
        };
        let request = self.client.publish_batch().topic_arn(self.topic.as_str());
        let answer = match request.set_publish_batch_request_entries(Some(entries)).send().await {
            Ok(answer) => answer,
            Err(error) => return Published { failure: Some(self.error(&error)), ..Published::default() },
        };
        let mut failures = BTreeMap::new();
        for entry in answer.failed() {
            failures.insert(entry.id(), entry);
        }
        let mut published = Published::default();
        for event in events {
            match failures.get(event.id.to_string().as_str()) {
                None => published.ended.push(event.id),
                Some(entry) if entry.sender_fault() => {
                    let (event_id, code, reason) =
                        (event.id.0, entry.code(), entry.message().unwrap_or_default());
                    tracing::warn!(
                        event_id,
                        job_id = event.job.0,
                        code,
                        reason,
                        "SNS refuses an event; it is dropped"
                    );
                    published.ended.push(event.id);
                }
                Some(entry) => {
                    let text = entry.message().unwrap_or("no reason given").to_owned();
                    published.failure = self.failed(entry.code(), text).failure;
                }
            }
        }
        published
    }

    fn entry(&self, event: &TopicEvent) -> Result<PublishBatchRequestEntry, aws_sdk_sns::error::BuildError> {
        let content = JobEvent {
            event: event.event,
            created_at: event.created_at,
            job: Some((event.job, &event.counts)),
            filename: event.filename.as_deref(),
            owner: Some(&event.owner),
        };
        let content = content.content(self.pages.as_deref()).to_string();
        let message = format!("msg_{}", event.message.simple());
        let mut entry = PublishBatchRequestEntry::builder().id(event.id.to_string()).message(content);
        let trace = continuing(event.trace_parent).remove(TRACE_PARENT).unwrap_or_default();
        let attributes = [
            ("event", event.event.as_str()),
            ("event_id", message.as_str()),
            ("user_id", event.owner.0.as_str()),
            (TRACE_PARENT, trace.as_str()),
        ];
        // SNS refuses empty values.
        for (name, value) in attributes.into_iter().filter(|(_, value)| !value.is_empty()) {
            let value = MessageAttributeValue::builder().data_type("String").string_value(value).build()?;
            entry = entry.message_attributes(name, value);
        }
        if self.topic.is_fifo() {
            entry = entry.message_group_id(event.job.to_string()).message_deduplication_id(&message);
        }
        entry.build()
    }

    /// Tries the call that the program makes, with a subject that SNS refuses only once it has allowed the call. Fails if SNS cannot
    /// be reached, or if there is no such topic.
    pub(crate) async fn permission(&self) -> Result<Permission, PublishError> {
        let request = self.client.publish().topic_arn(self.topic.as_str()).message("-");
        let group = self.topic.is_fifo().then(|| "-".to_owned());
        let request = request.set_message_group_id(group.clone()).set_message_deduplication_id(group);
        let answer = request.subject("-".repeat(TOO_LONG)).send().await;
        let denied = match answer.map_err(|error| self.error(&error)) {
            Ok(_) => None,
            Err(error) if error.is_denied() => Some(error.to_string()),
            Err(error) if REFUSALS.contains(&error.code.as_str()) => None,
            Err(error) => return Err(error),
        };
        let resource = self.topic.to_string();
        Ok(Permission { action: "sns:Publish", resource, need: Need::Work, denied })
    }

    fn error<E>(&self, error: &SdkError<E>) -> PublishError
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let (code, text) = match error.as_service_error() {
            Some(refusal) => (
                refusal.code().unwrap_or("unknown error"),
                refusal.message().unwrap_or("no reason given").to_owned(),
            ),
            None => (NO_ANSWER, DisplayErrorContext(error).to_string()),
        };
        PublishError { topic: self.topic.clone(), code: code.to_owned(), text }
    }

    fn failed(&self, code: &str, text: String) -> Published {
        let failure = Some(PublishError { topic: self.topic.clone(), code: code.to_owned(), text });
        Published { failure, ..Published::default() }
    }
}

/// The length of a subject that SNS refuses: the limit is 100.
const TOO_LONG: usize = 200;
/// The codes of refusals because of a request's content.
const REFUSALS: [&str; 3] = ["InvalidParameter", "InvalidParameterValue", "ValidationError"];

/// Returns the events before the first whose job has an earlier one: the events of a job are published in their order even if SNS accepts
/// only some of a request.
fn of_distinct_jobs(events: &[TopicEvent]) -> &[TopicEvent] {
    let mut jobs = HashSet::new();
    let end = events.iter().position(|event| !jobs.insert(event.job.0)).unwrap_or(events.len());
    events.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use chrono::Utc;

    use super::*;
    use crate::domain::job::{JobId, Owner};
    use crate::domain::webhook::WebhookEvent;

    #[test]
    fn a_request_to_a_fifo_topic_has_one_event_of_each_job() {
        let event = |job| TopicEvent {
            id: TopicEventId(job),
            message: uuid::Uuid::nil(),
            event: WebhookEvent::Pending,
            owner: Owner("ann".to_owned()),
            job: JobId(job),
            counts: serde_json::Map::new(),
            filename: None,
            trace_parent: None,
            created_at: Utc::now(),
        };
        for (jobs, length) in
            [(vec![], 0), (vec![1], 1), (vec![1, 2, 3], 3), (vec![1, 2, 1, 3], 2), (vec![1, 1], 1)]
        {
            let events: Vec<TopicEvent> = jobs.iter().copied().map(event).collect();
            assert_eq!(of_distinct_jobs(&events).len(), length, "{jobs:?}");
        }
    }
}
