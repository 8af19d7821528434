//! Tries each call that the program makes of its queues, without changing a message.

use super::super::QueueError;
use super::{QueueAttributeName, Redrive, SqsQueue};
use crate::domain::permission::{Need, Permission};

/// A receipt handle of no message. SQS refuses it only once it has allowed the call.
const NO_RECEIPT: &str = "none";

impl SqsQueue {
    /// Tries each call, of the dead-letter queue too. Fails if SQS cannot be reached.
    ///
    /// A message that is received stays visible, but the receipt counts; so nothing is received if SQS moves a message to the
    /// dead-letter queue after a single receipt.
    pub(in crate::queue) async fn permissions(&self) -> Result<Vec<Permission>, QueueError> {
        let mut tries = Tries { url: &self.url, need: Need::Work, all: Vec::new() };
        let attributes = self.attributes(&self.url).await;
        let policy = attributes.as_ref().ok().and_then(|all| all.get(&QueueAttributeName::RedrivePolicy));
        let redrive = policy.and_then(|policy| Redrive::parse(policy));
        tries.note("sqs:GetQueueAttributes", attributes.map(drop))?;
        if redrive.as_ref().and_then(|redrive| redrive.max_receives) != Some(1) {
            tries.note("sqs:ReceiveMessage", self.try_receive(&self.url).await)?;
        }
        tries.note("sqs:ChangeMessageVisibility", self.try_change(&self.url).await)?;
        tries.note("sqs:DeleteMessage", self.try_delete(&self.url).await)?;
        tries.note("sqs:SendMessage", self.try_send(&self.url).await)?;
        let Some(redrive) = redrive else { return Ok(tries.all) };
        let mut all = tries.all;
        let mut tries = Tries { url: &redrive.name, need: Need::Work, all: Vec::new() };
        let found = self.dead_letter_url(&redrive).await;
        let url = found.as_ref().cloned().unwrap_or_default();
        tries.note("sqs:GetQueueUrl", found.map(drop))?;
        if !url.is_empty() {
            tries.url = &url;
            tries.note("sqs:GetQueueAttributes", self.attributes(&url).await.map(drop))?;
            tries.note("sqs:SendMessage", self.try_send(&url).await)?;
            tries.need = Need::DeadLetters;
            tries.note("sqs:ReceiveMessage", self.try_receive(&url).await)?;
            tries.note("sqs:ChangeMessageVisibility", self.try_change(&url).await)?;
            tries.note("sqs:DeleteMessage", self.try_delete(&url).await)?;
        }
        all.append(&mut tries.all);
        Ok(all)
    }

    async fn try_receive(&self, url: &str) -> Result<(), QueueError> {
        let receive = self.client.receive_message().queue_url(url).max_number_of_messages(1);
        let received = receive.visibility_timeout(0).wait_time_seconds(0).send().await;
        received.map(drop).map_err(QueueError::sqs(url, "receive a message"))
    }

    async fn try_change(&self, url: &str) -> Result<(), QueueError> {
        let change = self.client.change_message_visibility().queue_url(url).receipt_handle(NO_RECEIPT);
        let changed = change.visibility_timeout(0).send().await;
        changed.map(drop).map_err(QueueError::sqs(url, "change a message's visibility"))
    }

    async fn try_delete(&self, url: &str) -> Result<(), QueueError> {
        let deleted = self.client.delete_message().queue_url(url).receipt_handle(NO_RECEIPT).send().await;
        deleted.map(drop).map_err(QueueError::sqs(url, "remove a message"))
    }

    /// Sends a batch without messages, which SQS refuses if it allows the call.
    async fn try_send(&self, url: &str) -> Result<(), QueueError> {
        let sent = self.client.send_message_batch().queue_url(url).set_entries(Some(Vec::new())).send().await;
        sent.map(drop).map_err(QueueError::sqs(url, "send a message"))
    }
}

/// The calls that were tried.
struct Tries<'a> {
    url: &'a str,
    need: Need,
    all: Vec<Permission>,
}

impl Tries<'_> {
    /// Adds a call. A call that was refused for another reason than a lack of permission is allowed.
    fn note(&mut self, action: &'static str, result: Result<(), QueueError>) -> Result<(), QueueError> {
        let denied = match result {
            Ok(()) => None,
            Err(error) if error.is_denied() => Some(error.to_string()),
            Err(QueueError::Refused { transient: false, .. }) => None,
            Err(error) => return Err(error),
        };
        let (resource, need) = (self.url.to_owned(), self.need);
        self.all.push(Permission { action, resource, need, denied });
        Ok(())
    }
}
