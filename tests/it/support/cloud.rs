//! A bucket and a queue for one test, on the S3 and SQS peer.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_sdk_sqs::types::{MessageAttributeValue, QueueAttributeName};
use ingest::objects::{BucketOptions, Objects};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::servers;

/// A bucket and a queue.
pub(crate) struct Cloud {
    /// The bucket, through the program's own client.
    pub objects: Objects,
    sqs: aws_sdk_sqs::Client,
    queue_url: String,
    dead_letter_url: Option<String>,
    bucket: String,
}

impl Cloud {
    /// Creates both. `dead_letters`: with a dead-letter queue after three receives.
    pub(crate) async fn make(name: &str, dead_letters: bool) -> Cloud {
        let sdk = aws_sdk().await;
        let sqs = aws_sdk_sqs::Client::new(&sdk);
        make_bucket(name).await;
        let dead_letter_url = match dead_letters {
            true => sqs.create_queue().queue_name(format!("{name}-dead")).send().await.unwrap().queue_url,
            false => None,
        };
        let mut queue = sqs.create_queue().queue_name(name);
        if dead_letter_url.is_some() {
            let arn = format!("arn:aws:sqs:us-east-1:123456789012:{name}-dead");
            let policy = serde_json::json!({ "deadLetterTargetArn": arn, "maxReceiveCount": 3 });
            queue = queue.attributes(QueueAttributeName::RedrivePolicy, policy.to_string());
        }
        let queue_url = queue.send().await.unwrap().queue_url.unwrap();
        let objects = Objects::s3(name, "us-east-1", &sdk, &BucketOptions::default()).unwrap();
        Cloud { objects, sqs, queue_url, dead_letter_url, bucket: name.to_owned() }
    }

    /// Returns the environment of a program that uses them.
    pub(crate) fn env(&self) -> Vec<(String, String)> {
        let endpoint = servers::moto().endpoint();
        let pairs = [
            ("AWS_ENDPOINT_URL", endpoint.as_str()),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("CSV_BUCKET_NAME", &self.bucket),
            ("SQS_QUEUE_URL", &self.queue_url),
        ];
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
    }

    /// Sends a message.
    pub(crate) async fn send(&self, body: &str) {
        self.send_with(body, &[]).await;
    }

    /// Sends a message with attributes.
    pub(crate) async fn send_with(&self, body: &str, attributes: &[(&str, &str)]) {
        let mut request = self.sqs.send_message().queue_url(&self.queue_url).message_body(body);
        for (name, value) in attributes {
            let value = MessageAttributeValue::builder().data_type("String").string_value(*value);
            request = request.message_attributes(*name, value.build().unwrap());
        }
        request.send().await.unwrap();
    }

    /// Creates another queue.
    pub(crate) async fn make_queue(&self, name: &str) {
        self.sqs.create_queue().queue_name(name).send().await.unwrap();
    }

    /// Returns the numbers of visible and of hidden messages.
    pub(crate) async fn messages(&self) -> (u64, u64) {
        self.counts(&self.queue_url).await
    }

    /// Returns the number of messages in the dead-letter queue.
    pub(crate) async fn dead_letters(&self) -> u64 {
        self.counts(self.dead_letter_url.as_deref().expect("a world with a dead-letter queue")).await.0
    }

    /// Returns the number of multipart uploads that are neither completed nor aborted.
    pub(crate) async fn multipart_uploads(&self) -> usize {
        raw(&format!("GET /{}?uploads", self.bucket)).await.matches("<UploadId>").count()
    }

    async fn counts(&self, url: &str) -> (u64, u64) {
        let request = self.sqs.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::All);
        let attributes = request.send().await.unwrap().attributes.unwrap();
        let count = |name| attributes[&name].parse().unwrap();
        (
            count(QueueAttributeName::ApproximateNumberOfMessages),
            count(QueueAttributeName::ApproximateNumberOfMessagesNotVisible),
        )
    }
}

/// Returns the configuration of the peer's clients.
pub(crate) async fn aws_sdk() -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(servers::moto().endpoint())
        .credentials_provider(Credentials::new("test", "test", None, None, "tests"))
        .load()
        .await
}

async fn make_bucket(name: &str) {
    raw(&format!("PUT /{name}")).await;
}

/// Sends an S3 request that the program never sends, and whose client it does not have.
async fn raw(request: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", servers::moto().port)).await.unwrap();
    let headers = "HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\nConnection: close";
    stream.write_all(format!("{request} {headers}\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    answer
}
