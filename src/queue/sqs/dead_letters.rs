//! The dead-letter queue of an SQS queue: reads, redrives and deletes its messages.
//!
//! SQS shows a message only to whoever receives it. So reading hides each message from other readers until the end,
//! when those that stay are made visible again, and each reading increases the receive count of the messages. If the
//! program is killed in between, SQS makes them visible after [`HIDDEN`]: nothing is lost. A message that somebody else
//! has received is not found. A FIFO queue returns no more than ten messages of a group at a time.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, Message, MessageAttributeValue, MessageSystemAttributeName,
    QueueAttributeName,
};
use chrono::{DateTime, Utc};

use super::super::{Body, QueueError};
use super::{MOST_AT_ONCE, REASON, Redrive, SqsQueue, whole_seconds};

/// How long a message stays hidden after it was read, at most.
const HIDDEN: Duration = Duration::from_secs(60);

/// How long a receive waits for a message. Only a receive that waits asks all of the queue's servers.
const WAIT: Duration = Duration::from_secs(1);

/// A dead-letter queue, and the queue whose messages it contains.
pub(crate) struct DeadLetterQueue {
    main: SqsQueue,
    url: String,
    /// The number of receives after which SQS itself moves a message here.
    max_receives: Option<u64>,
}

/// A received dead letter.
pub(crate) struct Letter {
    /// The id of its message.
    pub id: String,
    /// The body, as it was sent.
    pub body: String,
    /// When it was sent: here with its reason, or to the main queue if SQS itself has moved it.
    pub sent_at: Option<DateTime<Utc>>,
    /// How often it was received, including this time.
    pub receives: u32,
    /// Why it was given up.
    pub reason: String,
    attributes: HashMap<String, MessageAttributeValue>,
    system: HashMap<MessageSystemAttributeName, String>,
    handle: String,
}

/// What to do with a received dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handling {
    /// Leave it in the queue.
    Leave,
    /// Send it to the main queue, and then delete it here. A crash in between leaves both, which is harmless: the job of
    /// the second one is found done, or is run again.
    Redrive,
    /// Delete it for good.
    Delete,
    /// Leave it, and read no more.
    Stop,
}

impl SqsQueue {
    /// Finds the dead-letter queue. Returns `None` if the queue has no redrive policy.
    pub(crate) async fn dead_letter_queue(&self) -> Result<Option<DeadLetterQueue>, QueueError> {
        let attributes = self.attributes(&self.url).await?;
        let policy = attributes.get(&QueueAttributeName::RedrivePolicy);
        let Some(redrive) = policy.and_then(|policy| Redrive::parse(policy)) else { return Ok(None) };
        let url = self.dead_letter_url(&redrive).await?;
        Ok(Some(DeadLetterQueue { main: self.clone(), url, max_receives: redrive.max_receives }))
    }

    /// Sends a message with this body, which need not be a request for a run. In a FIFO queue, a message that is sent
    /// twice under the same `id` arrives once.
    pub(crate) async fn send_body(&self, id: &str, body: &str) -> Result<(), QueueError> {
        self.send_as(id, body, HashMap::new(), None).await
    }

    async fn send_as(
        &self,
        id: &str,
        body: &str,
        attributes: HashMap<String, MessageAttributeValue>,
        group: Option<&String>,
    ) -> Result<(), QueueError> {
        let request = self.client.send_message().queue_url(&*self.url).message_body(body);
        let request = request.set_message_attributes(Some(attributes));
        let request = match self.is_fifo() {
            true => request.message_group_id(group.map_or(id, String::as_str)).message_deduplication_id(id),
            false => request.set_message_group_id(group.cloned()),
        };
        request.send().await.map(|_| ()).map_err(QueueError::sqs(&self.url, "send a message back"))
    }
}

impl DeadLetterQueue {
    /// Receives each message once and does with it what `handle` returns, until there are no more. Messages of other
    /// queues that use the same dead-letter queue are left.
    pub(crate) async fn visit(&self, mut handle: impl FnMut(&Letter) -> Handling) -> Result<(), QueueError> {
        let mut hidden = HashMap::new();
        let visited = self.visit_all(&mut hidden, &mut handle).await;
        let released = self.release(hidden.into_values().collect()).await;
        visited.and(released)
    }

    /// Leaves in `hidden` the receipt handles of the messages that stay, by message id.
    async fn visit_all(
        &self,
        hidden: &mut HashMap<String, String>,
        handle: &mut impl FnMut(&Letter) -> Handling,
    ) -> Result<(), QueueError> {
        loop {
            let mut letters = self.receive().await?;
            // Once the first ones are visible again, they are received a second time.
            letters.retain(|letter| hidden.insert(letter.id.clone(), letter.handle.clone()).is_none());
            if letters.is_empty() {
                return Ok(());
            }
            for letter in letters.iter().filter(|letter| self.is_from_main(letter)) {
                match handle(letter) {
                    Handling::Leave => continue,
                    Handling::Stop => return Ok(()),
                    Handling::Redrive => {
                        let mut attributes = letter.attributes.clone();
                        attributes.remove(REASON);
                        let group = letter.system.get(&MessageSystemAttributeName::MessageGroupId);
                        self.main.send_as(&letter.id, &letter.body, attributes, group).await?;
                        self.delete(letter).await?;
                    }
                    Handling::Delete => self.delete(letter).await?,
                }
                hidden.remove(&letter.id);
            }
        }
    }

    async fn receive(&self) -> Result<Vec<Letter>, QueueError> {
        let request = self.main.client.receive_message().queue_url(&self.url);
        let answer = request
            .max_number_of_messages(MOST_AT_ONCE as i32)
            .wait_time_seconds(whole_seconds(WAIT))
            .visibility_timeout(whole_seconds(HIDDEN))
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .message_attribute_names("All")
            .send()
            .await
            .map_err(QueueError::sqs(&self.url, "receive dead letters"))?;
        let messages = answer.messages.unwrap_or_default();
        Ok(messages.into_iter().map(|message| self.letter(message)).collect())
    }

    fn letter(&self, message: Message) -> Letter {
        let system = message.attributes.unwrap_or_default();
        let attributes = message.message_attributes.unwrap_or_default();
        let body = message.body.unwrap_or_default();
        let number = |name| system.get(&name).and_then(|number: &String| number.parse::<i64>().ok());
        let receives = number(MessageSystemAttributeName::ApproximateReceiveCount);
        let sent_at = number(MessageSystemAttributeName::SentTimestamp);
        Letter {
            id: message.message_id.unwrap_or_default(),
            sent_at: sent_at.and_then(DateTime::from_timestamp_millis),
            receives: receives.and_then(|count| u32::try_from(count).ok()).unwrap_or(1),
            reason: self.reason(attributes.get(REASON), &body),
            handle: message.receipt_handle.unwrap_or_default(),
            body,
            attributes,
            system,
        }
    }

    /// Returns the reason that the worker gave; without one, SQS itself has moved the message.
    fn reason(&self, given: Option<&MessageAttributeValue>, body: &str) -> String {
        if let Some(given) = given.and_then(MessageAttributeValue::string_value) {
            return given.to_owned();
        }
        match (Body::parse(body), self.max_receives) {
            (Err(unreadable), _) => unreadable.to_string(),
            (Ok(_), Some(receives)) => format!("SQS moved it here after {receives} receives without an end"),
            (Ok(_), None) => "SQS moved it here".to_owned(),
        }
    }

    /// Returns whether the message may have come from the main queue. SQS names the source of those that it has moved.
    fn is_from_main(&self, letter: &Letter) -> bool {
        let source = letter.system.get(&MessageSystemAttributeName::DeadLetterQueueSourceArn);
        let name = self.main.url.rsplit('/').next();
        source.is_none_or(|source| source.rsplit(':').next() == name)
    }

    async fn delete(&self, letter: &Letter) -> Result<(), QueueError> {
        let request = self.main.client.delete_message().queue_url(&self.url).receipt_handle(&letter.handle);
        request.send().await.map(|_| ()).map_err(QueueError::sqs(&self.url, "delete a dead letter"))
    }

    /// Makes messages visible again. Those whose receipt has expired already are.
    async fn release(&self, handles: Vec<String>) -> Result<(), QueueError> {
        for handles in handles.chunks(MOST_AT_ONCE) {
            let entry = |(number, handle): (usize, &String)| {
                let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(number.to_string());
                entry.receipt_handle(handle).visibility_timeout(0).build().ok()
            };
            let entries: Vec<_> = handles.iter().enumerate().filter_map(entry).collect();
            let request = self.main.client.change_message_visibility_batch().queue_url(&self.url);
            let done = request.set_entries(Some(entries)).send().await;
            done.map_err(QueueError::sqs(&self.url, "make dead letters visible again"))?;
        }
        Ok(())
    }
}

impl Letter {
    /// Returns the attributes of the sender and those of SQS, by name.
    pub(crate) fn attributes(&self) -> BTreeMap<String, String> {
        let text = |value: &MessageAttributeValue| match (value.string_value(), value.binary_value()) {
            (Some(text), _) => text.to_owned(),
            (None, bytes) => format!("{} bytes", bytes.map_or(0, |bytes| bytes.as_ref().len())),
        };
        let own = self.attributes.iter().map(|(name, value)| (name.clone(), text(value)));
        let system = self.system.iter().map(|(name, value)| (name.as_str().to_owned(), value.clone()));
        system.chain(own).collect()
    }
}
