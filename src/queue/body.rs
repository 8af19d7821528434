//! What a message contains: a request, events, or the place where these are stored.

use serde_json::{Map, Value};

use super::message::{JobMessage, Unreadable, fields};
use super::s3_event::{self, S3Notification};
use crate::domain::job::JobId;

/// The body of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// It contains what it says.
    Content(Content),
    /// It points to an object that does.
    Stored(StoredContent),
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A request to run a job.
    Job(JobMessage),
    /// Events of S3 about objects. New objects can become jobs.
    S3(S3Notification),
}

/// Where the Extended Client Library of SQS has stored the content of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredContent {
    /// The message as received.
    pub raw: String,
    /// The bucket of the object.
    pub bucket: String,
    /// The key of the object.
    pub key: String,
}

impl Body {
    /// Parses a request of the form of [`JobMessage::parse`], events of S3 as S3 or EventBridge sends them, or a pointer of the
    /// Extended Client Library. Each may be in a notification of SNS.
    ///
    /// ```
    /// use ingest::queue::{Body, Content, S3Event};
    ///
    /// let event = r#"{"Records": [{"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
    ///     "s3": {"bucket": {"name": "files"}, "object": {"key": "uploads/ann/red+flowers.csv"}}}]}"#;
    /// let Ok(Body::Content(Content::S3(notification))) = Body::parse(event) else { panic!() };
    /// let S3Event::Created(object) = &notification.events[0] else { panic!() };
    /// assert_eq!(object.key, "uploads/ann/red flowers.csv");
    /// ```
    pub fn parse(raw: &str) -> Result<Body, Unreadable> {
        let body = in_sns(raw).and_then(|message| {
            let message = message.as_deref().unwrap_or(raw);
            match pointer(message) {
                Some((bucket, key)) => Ok(Body::Stored(StoredContent { raw: raw.to_owned(), bucket, key })),
                None => Content::of(raw, message).map(Body::Content),
            }
        });
        body.map_err(|reason| Unreadable { raw: raw.to_owned(), reason })
    }

    /// Returns the job that is to run, if it is known.
    pub fn job(&self) -> Option<JobId> {
        match self {
            Body::Content(Content::Job(message)) => Some(message.job_id),
            Body::Content(Content::S3(_)) | Body::Stored(_) => None,
        }
    }
}

impl Content {
    fn of(raw: &str, message: &str) -> Result<Content, String> {
        let fields = fields(message)?;
        // Other fields of a request are ignored, whatever their names.
        let events = if fields.contains_key("job_id") { None } else { s3_event::parse(&fields) };
        match events {
            Some(events) => Ok(Content::S3(S3Notification { raw: raw.to_owned(), events: events? })),
            None => JobMessage::of(&fields).map(Content::Job),
        }
    }
}

impl StoredContent {
    /// Parses the content of the object.
    pub(crate) fn parse(&self, text: &str) -> Result<Content, Unreadable> {
        Content::of(&self.raw, text).map_err(|reason| self.unreadable(&reason))
    }

    /// Returns the message as one that cannot be used.
    pub(crate) fn unreadable(&self, reason: &str) -> Unreadable {
        Unreadable { raw: self.raw.clone(), reason: format!("its content is stored in S3: {reason}") }
    }
}

/// Returns the message in a notification of SNS; `None` if `raw` is not from SNS.
fn in_sns(raw: &str) -> Result<Option<String>, String> {
    // What is wrong with other messages, their own parser says.
    let fields = fields(raw).unwrap_or_default();
    let text = |name| fields.get(name).and_then(Value::as_str).filter(|_| !fields.contains_key("job_id"));
    match (text("TopicArn"), text("Type"), text("Message")) {
        (Some(_), Some("Notification"), Some(message)) => Ok(Some(message.to_owned())),
        (Some(_), Some(_), _) => {
            Err("it is from SNS, but not a notification; the subscription may have to be confirmed"
                .to_owned())
        }
        (Some(_) | None, ..) => Ok(None),
    }
}

/// Returns the bucket and the key in a pointer: a list of the name of a Java class and an object with them.
fn pointer(message: &str) -> Option<(String, String)> {
    let (class, fields): (String, Map<String, Value>) = serde_json::from_str(message).ok()?;
    let is_pointer = ["PayloadS3Pointer", "MessageS3Pointer"].iter().any(|name| class.ends_with(name));
    let text = |name| fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let (bucket, key) = (text("s3BucketName")?, text("s3Key")?);
    is_pointer.then(|| (bucket.to_owned(), key.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sns(message: &str) -> String {
        let topic = "arn:aws:sns:us-east-1:123456789012:files";
        serde_json::json!({ "Type": "Notification", "TopicArn": topic, "Message": message }).to_string()
    }

    #[test]
    fn a_notification_of_sns_contains_a_request_or_events() {
        let job = JobMessage { job_id: JobId(7), s3_key: "a.csv".to_owned() };
        let body = Ok(Body::Content(Content::Job(job.clone())));
        assert_eq!(Body::parse(&sns(&job.to_json())), body);
        let more = r#"{"job_id": 7, "s3_key": "a.csv", "Records": [], "TopicArn": "arn", "Type": "Notification", "Message": ""}"#;
        assert_eq!(Body::parse(more), body, "other fields of a request are ignored");
        let test = r#"{"Service": "Amazon S3", "Event": "s3:TestEvent"}"#;
        let Ok(Body::Content(Content::S3(notification))) = Body::parse(&sns(test)) else {
            panic!("events are expected")
        };
        assert_eq!((notification.raw, notification.events.len()), (sns(test), 1));
        let confirm =
            r#"{"Type": "SubscriptionConfirmation", "TopicArn": "arn", "Message": "You have chosen"}"#;
        for (raw, reason) in [
            (sns("hello").as_str(), "it is not JSON"),
            (confirm, "the subscription may have to be confirmed"),
            (&sns(&sns("{}")), "job_id is missing"),
            ("hello", "it is not JSON"),
        ] {
            let refused = Body::parse(raw).unwrap_err().reason;
            assert!(refused.contains(reason), "{refused}");
        }
    }

    #[test]
    fn a_pointer_names_the_object_with_the_content() {
        for class in [
            "software.amazon.payloadoffloading.PayloadS3Pointer",
            "com.amazon.sqs.javamessaging.MessageS3Pointer",
        ] {
            let pointer = format!(r#"["{class}", {{"s3BucketName": "files", "s3Key": "0b0c1d5e"}}]"#);
            for raw in [pointer.clone(), sns(&pointer)] {
                let expected = StoredContent {
                    raw: raw.clone(),
                    bucket: "files".to_owned(),
                    key: "0b0c1d5e".to_owned(),
                };
                assert_eq!(Body::parse(&raw), Ok(Body::Stored(expected)));
            }
        }
        for raw in [
            r#"["java.lang.String", {"s3BucketName": "files", "s3Key": "a"}]"#,
            r#"["PayloadS3Pointer", {"s3BucketName": "files"}]"#,
            r#"["PayloadS3Pointer", "files", "a"]"#,
        ] {
            assert_eq!(Body::parse(raw).unwrap_err().reason, "it is JSON, but not an object");
        }
    }
}
