//! An SNS topic with a subscriber for one test, on the peer of S3 and SQS.

use std::collections::BTreeMap;

use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::Value;

use super::cloud::aws_sdk;
use super::{eventually, servers};

/// A topic, and the queue that receives its messages.
pub(crate) struct Topic {
    arn: String,
    sqs: aws_sdk_sqs::Client,
    queue_url: String,
    received: tokio::sync::Mutex<Vec<Message>>,
}

/// A message of the topic.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    /// Its body.
    pub body: String,
    /// Its attributes by name.
    pub attributes: BTreeMap<String, String>,
}

impl Message {
    /// Returns the body as JSON.
    pub(crate) fn content(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

impl Topic {
    /// Creates a topic with a subscriber.
    pub(crate) async fn make(name: &str) -> Topic {
        let sdk = aws_sdk().await;
        let (sns, sqs) = (aws_sdk_sns::Client::new(&sdk), aws_sdk_sqs::Client::new(&sdk));
        let queue = sqs.create_queue().queue_name(format!("{name}-subscriber")).send().await.unwrap();
        let queue_url = queue.queue_url.unwrap();
        let attributes = sqs.get_queue_attributes().queue_url(&queue_url);
        let attributes = attributes.attribute_names(QueueAttributeName::QueueArn).send().await.unwrap();
        let queue_arn = attributes.attributes.unwrap().remove(&QueueAttributeName::QueueArn).unwrap();
        let arn = sns.create_topic().name(name).send().await.unwrap().topic_arn.unwrap();
        let subscribe = sns.subscribe().topic_arn(&arn).protocol("sqs").endpoint(queue_arn);
        subscribe.attributes("RawMessageDelivery", "true").send().await.unwrap();
        Topic { arn, sqs, queue_url, received: tokio::sync::Mutex::default() }
    }

    /// Returns the environment of a program that publishes to a topic that does not exist.
    pub(crate) fn env_of_missing(name: &str) -> Vec<(String, String)> {
        env(&format!("arn:aws:sns:us-east-1:123456789012:{name}"))
    }

    /// Returns the environment of a program that publishes to the topic.
    pub(crate) fn env(&self) -> Vec<(String, String)> {
        env(&self.arn)
    }

    /// Returns all messages, once there are as many as `messages` or more, and none has arrived for a second.
    pub(crate) async fn eventually_received(&self, messages: usize) -> Vec<Message> {
        eventually("the subscriber has the events", async || {
            let more = self.receive().await;
            self.received.lock().await.len() >= messages && more == 0
        })
        .await;
        self.received.lock().await.clone()
    }

    /// Receives what has arrived; waits for a second if there is nothing. Returns the number of messages.
    async fn receive(&self) -> usize {
        let request = self.sqs.receive_message().queue_url(&self.queue_url).max_number_of_messages(10);
        let answer = request.wait_time_seconds(1).message_attribute_names("All").send().await.unwrap();
        let messages = answer.messages.unwrap_or_default();
        for message in &messages {
            let attributes = message.message_attributes.clone().unwrap_or_default();
            let attributes = attributes.into_iter();
            let attributes = attributes.map(|(name, value)| (name, value.string_value.unwrap_or_default()));
            let (body, attributes) = (message.body.clone().unwrap(), attributes.collect());
            self.received.lock().await.push(Message { body, attributes });
            let delete = self.sqs.delete_message().queue_url(&self.queue_url);
            delete.receipt_handle(message.receipt_handle.clone().unwrap()).send().await.unwrap();
        }
        messages.len()
    }
}

fn env(arn: &str) -> Vec<(String, String)> {
    let endpoint = servers::moto().endpoint();
    let pairs = [
        ("AWS_ENDPOINT_URL", endpoint.as_str()),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("EVENTS_TOPIC_ARN", arn),
    ];
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}
