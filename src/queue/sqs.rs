//! The queue on SQS.

pub(crate) mod dead_letters;
mod permissions;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::types::{Message, MessageAttributeValue, MessageSystemAttributeName, QueueAttributeName};
use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{
    Body, DeadLetters, Delivery, JobMessage, Late, QueueError, QueueHealth, Receipt, ReceiveOptions, Renewal,
};
use crate::domain::trace_parent::TraceParent;
use crate::propagation::{TRACE_PARENT, TraceHeaders, continuing, trace_headers};

/// SQS's limits.
const MOST_AT_ONCE: usize = 10;
const LONGEST_HIDDEN: Duration = Duration::from_secs(12 * 60 * 60);
const MOST_ATTRIBUTES: usize = 10;

/// How long a receive hides a message before the first renewal, at most. SQS also hides messages sent to a worker
/// that was killed or had stopped waiting, and nobody can release those.
const FIRST_HIDDEN: Duration = Duration::from_secs(30);

/// The attribute of a dead letter that contains the reason.
const REASON: &str = "dead_letter_reason";

/// An SQS queue. Clones share the connections.
#[derive(Clone)]
pub struct SqsQueue {
    client: Client,
    url: Arc<str>,
    options: ReceiveOptions,
    late: Late,
}

impl SqsQueue {
    pub(super) fn new(sdk: &aws_config::SdkConfig, url: &str, options: ReceiveOptions) -> Self {
        // A long poll answers only after the whole wait.
        let limit = options.wait + Duration::from_secs(15);
        let timeouts =
            TimeoutConfig::builder().connect_timeout(Duration::from_secs(5)).operation_attempt_timeout(limit);
        let config = aws_sdk_sqs::config::Builder::from(sdk)
            .timeout_config(timeouts.build())
            .retry_config(RetryConfig::standard());
        Self { client: Client::from_conf(config.build()), url: url.into(), options, late: Late::default() }
    }

    pub(super) fn late(&self) -> &Late {
        &self.late
    }

    pub(super) async fn receive(
        &self,
        at_most: usize,
        stop: &CancellationToken,
    ) -> Result<Vec<Delivery>, QueueError> {
        let at_most = at_most.min(self.options.max_messages).min(MOST_AT_ONCE);
        if at_most == 0 || stop.is_cancelled() {
            return Ok(Vec::new());
        }
        let queue = self.clone();
        self.late.guard(stop, async move { queue.poll(at_most).await }).await
    }

    pub(super) fn name(&self) -> &str {
        self.url.rsplit('/').next().unwrap_or_default()
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn is_fifo(&self) -> bool {
        is_fifo(&self.url)
    }

    fn first_visibility(&self) -> Duration {
        self.options.visibility.min(FIRST_HIDDEN)
    }

    async fn poll(&self, at_most: usize) -> Result<Vec<Delivery>, QueueError> {
        let answer = self
            .client
            .receive_message()
            .queue_url(&*self.url)
            .max_number_of_messages(at_most as i32)
            .wait_time_seconds(whole_seconds(self.options.wait))
            .visibility_timeout(whole_seconds(self.first_visibility()))
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .message_system_attribute_names(MessageSystemAttributeName::AwsTraceHeader)
            .message_system_attribute_names(MessageSystemAttributeName::MessageGroupId)
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp)
            .message_attribute_names("All")
            .send()
            .await
            .map_err(QueueError::sqs(&self.url, "receive messages"))?;
        let received_at = Instant::now();
        Ok(answer
            .messages
            .unwrap_or_default()
            .into_iter()
            .map(|message| self.delivery(message, received_at))
            .collect())
    }

    fn delivery(&self, message: Message, received_at: Instant) -> Delivery {
        let system = message.attributes.unwrap_or_default();
        let count = system.get(&MessageSystemAttributeName::ApproximateReceiveCount);
        let raw = message.body.unwrap_or_default();
        let body = Body::parse(&raw);
        let attributes = message.message_attributes.unwrap_or_default();
        let trace = trace(&attributes, system.get(&MessageSystemAttributeName::AwsTraceHeader));
        let receipt = SqsReceipt {
            queue: self.clone(),
            handle: message.receipt_handle.unwrap_or_default(),
            raw,
            attributes,
            group: system.get(&MessageSystemAttributeName::MessageGroupId).cloned(),
        };
        let attempt = count.and_then(|count| count.parse().ok()).unwrap_or(1);
        let sent_at = system.get(&MessageSystemAttributeName::SentTimestamp).and_then(|sent| time(sent));
        Delivery {
            message_id: message.message_id.unwrap_or_default(),
            attempt,
            body,
            // Zero if this machine's clock is slow.
            waited: sent_at
                .filter(|_| attempt == 1)
                .map(|sent| (Utc::now() - sent).to_std().unwrap_or_default()),
            trace,
            sent_at,
            received_at,
            receipt: Receipt::Sqs(Arc::new(receipt)),
        }
    }

    pub(super) async fn send(&self, message: &JobMessage) -> Result<(), QueueError> {
        let group = Some(message.job_id.to_string());
        let request = self.client.send_message().queue_url(&*self.url).message_body(message.to_json());
        let attribute = |(name, value): (String, String)| Some((name, text_attribute(value)?));
        let attributes: HashMap<_, _> = trace_headers().into_iter().filter_map(attribute).collect();
        let request = request.set_message_attributes((!attributes.is_empty()).then_some(attributes));
        let request = match self.is_fifo() {
            // Each request is a message of its own: two requests for one job ask for two runs.
            true => {
                request.set_message_group_id(group).message_deduplication_id(uuid::Uuid::new_v4().to_string())
            }
            false => request,
        };
        request.send().await.map(|_| ()).map_err(QueueError::sqs(&self.url, "send a message"))
    }

    pub(super) async fn check(&self) -> Result<QueueHealth, QueueError> {
        let attributes = self.attributes(&self.url).await?;
        let redrive =
            attributes.get(&QueueAttributeName::RedrivePolicy).and_then(|policy| Redrive::parse(policy));
        let dead_letters = match redrive {
            None => DeadLetters::None,
            Some(redrive) => {
                // Why the dead-letter queue cannot be read is for its owner to find out; that it cannot be read is
                // the result here.
                let waiting = match self.dead_letter_url(&redrive).await {
                    Ok(url) => self.attributes(&url).await.ok().map(|attributes| waiting(&attributes)),
                    Err(_) => None,
                };
                DeadLetters::Queue { name: redrive.name, max_receives: redrive.max_receives, waiting }
            }
        };
        let hidden = count(&attributes, QueueAttributeName::ApproximateNumberOfMessagesNotVisible)
            + count(&attributes, QueueAttributeName::ApproximateNumberOfMessagesDelayed);
        Ok(QueueHealth { waiting: waiting(&attributes), hidden, dead_letters })
    }

    async fn attributes(&self, url: &str) -> Result<HashMap<QueueAttributeName, String>, QueueError> {
        let answer = self
            .client
            .get_queue_attributes()
            .queue_url(url)
            .attribute_names(QueueAttributeName::All)
            .send()
            .await
            .map_err(QueueError::sqs(url, "read the queue's attributes"))?;
        Ok(answer.attributes.unwrap_or_default())
    }

    async fn dead_letter_url(&self, redrive: &Redrive) -> Result<String, QueueError> {
        let answer = self
            .client
            .get_queue_url()
            .queue_name(&redrive.name)
            .queue_owner_aws_account_id(&redrive.account)
            .send()
            .await
            .map_err(QueueError::sqs(&self.url, "find the dead-letter queue"))?;
        Ok(answer.queue_url.unwrap_or_default())
    }
}

impl std::fmt::Display for SqsQueue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SQS queue {}", self.url)
    }
}

/// The right to finish a delivery.
pub(super) struct SqsReceipt {
    queue: SqsQueue,
    handle: String,
    raw: String,
    attributes: HashMap<String, MessageAttributeValue>,
    group: Option<String>,
}

impl SqsReceipt {
    /// Returns how long the message stays hidden after its receipt.
    pub(super) fn first_visibility(&self) -> Duration {
        self.queue.first_visibility()
    }

    /// Returns how long the message stays hidden after a renewal.
    pub(super) fn visibility(&self) -> Duration {
        self.queue.options.visibility
    }

    pub(super) async fn extend(&self, received_at: Instant) -> Result<Renewal, QueueError> {
        let left = hideable(received_at);
        if left.is_zero() {
            return Ok(Renewal::Lost);
        }
        match self.hide_for(self.visibility().min(left)).await {
            Ok(()) => Ok(Renewal::Renewed),
            Err(error) if has_lapsed(&error) => Ok(Renewal::Lost),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn ack(&self) -> Result<(), QueueError> {
        let request =
            self.queue.client.delete_message().queue_url(&*self.queue.url).receipt_handle(&self.handle);
        match request.send().await.map_err(QueueError::sqs(&self.queue.url, "remove a message")) {
            // The message is deleted, or belongs to another receipt.
            Err(error) if has_lapsed(&error) => Ok(()),
            done => done.map(|_| ()),
        }
    }

    pub(super) async fn retry_in(&self, wait: Duration, received_at: Instant) -> Result<(), QueueError> {
        match self.hide_for(wait.min(hideable(received_at))).await {
            // The message is already visible.
            Err(error) if has_lapsed(&error) => Ok(()),
            done => done,
        }
    }

    /// Replaces the message by a copy that was never received.
    pub(super) async fn replace(&self) -> Result<(), QueueError> {
        let queue = &self.queue;
        let request = queue.client.send_message().queue_url(&*queue.url).message_body(&self.raw);
        let request = request.set_message_attributes(Some(self.attributes.clone()));
        let request = request.set_message_group_id(self.group.clone());
        request.send().await.map_err(QueueError::sqs(&queue.url, "send a message again"))?;
        self.ack().await
    }

    /// Moves the message to the dead-letter queue. Returns `false` if the queue has none.
    pub(super) async fn dead_letter(&self, message_id: &str, reason: &str) -> Result<bool, QueueError> {
        let queue = &self.queue;
        let attributes = queue.attributes(&queue.url).await?;
        let policy = attributes.get(&QueueAttributeName::RedrivePolicy);
        let Some(redrive) = policy.and_then(|policy| Redrive::parse(policy)) else {
            return Ok(false);
        };
        let url = queue.dead_letter_url(&redrive).await?;
        let request = queue.client.send_message().queue_url(&url).message_body(&self.raw);
        let request = request.set_message_attributes(Some(self.attributes_with(reason)?));
        let request = match is_fifo(&url) {
            true => request
                .message_group_id(self.group.as_deref().unwrap_or(message_id))
                // If sent twice, after a failure in between, it arrives once.
                .message_deduplication_id(message_id),
            false => request,
        };
        request.send().await.map_err(QueueError::sqs(&url, "send a message to the dead-letter queue"))?;
        self.ack().await.map(|()| true)
    }

    fn attributes_with(&self, reason: &str) -> Result<HashMap<String, MessageAttributeValue>, QueueError> {
        let mut attributes = self.attributes.clone();
        // SQS accepts neither an empty value nor most control characters.
        let reason: String = reason.chars().filter(|character| !character.is_control()).take(1000).collect();
        if attributes.len() < MOST_ATTRIBUTES
            && !reason.is_empty()
            && let Some(value) = text_attribute(reason)
        {
            attributes.insert(REASON.to_owned(), value);
        }
        Ok(attributes)
    }

    async fn hide_for(&self, time: Duration) -> Result<(), QueueError> {
        self.queue
            .client
            .change_message_visibility()
            .queue_url(&*self.queue.url)
            .receipt_handle(&self.handle)
            .visibility_timeout(whole_seconds(time))
            .send()
            .await
            .map(|_| ())
            .map_err(QueueError::sqs(&self.queue.url, "change a message's visibility"))
    }
}

fn text_attribute(value: String) -> Option<MessageAttributeValue> {
    MessageAttributeValue::builder().data_type("String").string_value(value).build().ok()
}

/// Returns what a message says about its trace: the attributes of W3C Trace Context, else the header of X-Ray, which AWS's own
/// senders set.
fn trace(attributes: &HashMap<String, MessageAttributeValue>, xray: Option<&String>) -> TraceHeaders {
    if attributes.contains_key(TRACE_PARENT) {
        let text = |(name, value): (&String, &MessageAttributeValue)| {
            Some((name.clone(), value.string_value()?.to_owned()))
        };
        return attributes.iter().filter_map(text).collect();
    }
    continuing(xray.and_then(|header| TraceParent::of_xray(header)))
}

/// Parses a time in milliseconds since 1970.
fn time(sent: &str) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(sent.parse().ok()?)
}

/// Returns for how much longer the message may stay hidden. SQS counts from the receipt; a minute less keeps clear
/// of its limit.
fn hideable(received_at: Instant) -> Duration {
    LONGEST_HIDDEN.saturating_sub(received_at.elapsed() + Duration::from_secs(60))
}

/// Returns whether the receipt has expired: the message became visible, was received again, or was deleted.
fn has_lapsed(error: &QueueError) -> bool {
    ["MessageNotInflight", "ReceiptHandleIsInvalid", "InvalidParameterValue"]
        .iter()
        .any(|code| error.has_code(code))
}

/// The destination in a redrive policy.
#[derive(Debug, PartialEq, Eq)]
struct Redrive {
    name: String,
    account: String,
    max_receives: Option<u64>,
}

impl Redrive {
    fn parse(policy: &str) -> Option<Self> {
        let policy: Value = serde_json::from_str(policy).ok()?;
        // arn:aws:sqs:<region>:<account>:<name>
        let mut parts = policy.get("deadLetterTargetArn")?.as_str()?.split(':').skip(4);
        let (account, name) = (parts.next()?.to_owned(), parts.next()?.to_owned());
        let max_receives = policy.get("maxReceiveCount").and_then(|count| match count {
            Value::String(digits) => digits.parse().ok(),
            other => other.as_u64(),
        });
        Some(Self { name, account, max_receives })
    }
}

fn is_fifo(url: &str) -> bool {
    url.ends_with(".fifo")
}

fn waiting(attributes: &HashMap<QueueAttributeName, String>) -> u64 {
    count(attributes, QueueAttributeName::ApproximateNumberOfMessages)
}

fn count(attributes: &HashMap<QueueAttributeName, String>, name: QueueAttributeName) -> u64 {
    attributes.get(&name).and_then(|count| count.parse().ok()).unwrap_or(0)
}

/// Rounds up, so that a wait is never shorter than requested.
fn whole_seconds(duration: Duration) -> i32 {
    let seconds = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    i32::try_from(seconds).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redrive_policy_names_the_queue() {
        let expected = Redrive {
            name: "jobs-dlq".to_owned(),
            account: "123456789012".to_owned(),
            max_receives: Some(5),
        };
        for count in ["5", "\"5\""] {
            let policy = format!(
                r#"{{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:123456789012:jobs-dlq","maxReceiveCount":{count}}}"#
            );
            assert_eq!(Redrive::parse(&policy).as_ref(), Some(&expected));
        }
        for policy in ["", "{}", "null", r#"{"deadLetterTargetArn":"arn"}"#] {
            assert_eq!(Redrive::parse(policy), None);
        }
    }

    #[test]
    fn waits_are_rounded_up() {
        assert_eq!(whole_seconds(Duration::ZERO), 0);
        assert_eq!(whole_seconds(Duration::from_millis(1)), 1);
        assert_eq!(whole_seconds(Duration::from_secs(300)), 300);
    }
}
