//! Events of S3 about objects, as S3 itself, SNS and EventBridge put them into a queue.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

/// A message with events of S3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Notification {
    /// The message as received.
    pub raw: String,
    /// Its events.
    pub events: Vec<S3Event>,
}

/// An event of S3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum S3Event {
    /// An object was created or replaced.
    Created(CreatedObject),
    /// Anything else, such as a deletion or the test that S3 sends when notifications are configured.
    Other {
        /// The name of the event, such as `ObjectRemoved:Delete`.
        name: String,
    },
}

/// An object that was created or replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedObject {
    /// The bucket.
    pub bucket: String,
    /// The key, decoded.
    pub key: String,
    /// The size in bytes; `None` if the event does not say.
    pub size: Option<u64>,
    /// The id of the version or, without versioning, the ETag; empty if the event names neither.
    pub version: String,
    /// The position of the event among those of its key; `None` if the event has none.
    pub sequencer: Option<Sequencer>,
}

impl CreatedObject {
    /// Returns whether the object stands for a folder, as consoles create them.
    pub(crate) fn is_folder(&self) -> bool {
        self.key.ends_with('/') && self.size.is_none_or(|bytes| bytes == 0)
    }

    /// Returns the last segment of the key.
    pub(crate) fn filename(&self) -> &str {
        self.key.rsplit('/').next().unwrap_or_default()
    }
}

/// The position of an event among those of its key, in a form whose bytes are in the order of the events.
///
/// S3's sequencers are hexadecimal numbers. The shorter of two is padded with zeros at its right end before they are compared,
/// so zeros at the end do not count.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sequencer(String);

impl Sequencer {
    fn of(text: &str) -> Sequencer {
        Sequencer(text.trim_end_matches('0').to_ascii_uppercase())
    }

    /// Returns the normalised text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Reads the events of a message. Returns `None` if it is another kind of message; fails with the reason, which quotes no
/// values.
pub(super) fn parse(message: &Map<String, Value>) -> Option<Result<Vec<S3Event>, String>> {
    if message.get("Event").and_then(Value::as_str) == Some(TEST_EVENT) {
        return Some(Ok(vec![S3Event::Other { name: TEST_EVENT.to_owned() }]));
    }
    if message.contains_key("detail-type") && message.contains_key("source") {
        return Some(of_event_bridge(message).map(|event| vec![event]));
    }
    Some(of_records(message.get("Records")?))
}

/// What S3 sends when notifications are configured.
const TEST_EVENT: &str = "s3:TestEvent";

fn of_records(records: &Value) -> Result<Vec<S3Event>, String> {
    let records = records.as_array().filter(|records| !records.is_empty());
    let records = records.ok_or("Records is not a list of S3 events")?;
    let numbered = records.iter().zip(1..);
    numbered
        .map(|(record, number)| of_record(record).map_err(|reason| format!("record {number}: {reason}")))
        .collect()
}

fn of_record(record: &Value) -> Result<S3Event, String> {
    // Other stores send the same events as `minio:s3` and the like.
    let source = text(record, "/eventSource")?;
    if !source.ends_with(":s3") {
        return Err("eventSource is not S3".to_owned());
    }
    if !text(record, "/eventVersion")?.starts_with("2.") {
        return Err("eventVersion is not 2.x".to_owned());
    }
    let name = text(record, "/eventName")?;
    if !name.trim_start_matches("s3:").starts_with("ObjectCreated:") {
        return Ok(S3Event::Other { name: name.to_owned() });
    }
    // Form encoding: `+` stands for a space.
    let key = text(record, "/s3/object/key")?.replace('+', " ");
    let key = percent_decode_str(&key).decode_utf8().map_err(|_| "s3.object.key is not UTF-8")?;
    created(record, ["/s3/bucket/name", "/s3/object"], key.into_owned(), ["versionId", "eTag"])
}

fn of_event_bridge(event: &Map<String, Value>) -> Result<S3Event, String> {
    let event = &Value::Object(event.clone());
    if text(event, "/source")? != "aws.s3" {
        return Err("source is not aws.s3".to_owned());
    }
    let name = text(event, "/detail-type")?;
    if name != "Object Created" {
        return Ok(S3Event::Other { name: name.to_owned() });
    }
    // Not encoded, unlike that of S3's own messages.
    let key = text(event, "/detail/object/key")?.to_owned();
    created(event, ["/detail/bucket/name", "/detail/object"], key, ["version-id", "etag"])
}

fn created(
    event: &Value,
    [bucket, object]: [&str; 2],
    key: String,
    versions: [&str; 2],
) -> Result<S3Event, String> {
    let field = |name| event.pointer(object).and_then(|object| object.get(name));
    let named = |name| field(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    if key.contains('\0') {
        return Err("the key contains a NUL".to_owned());
    }
    Ok(S3Event::Created(CreatedObject {
        bucket: text(event, bucket)?.to_owned(),
        key,
        size: field("size").and_then(Value::as_u64),
        version: versions.into_iter().find_map(named).unwrap_or_default().replace('\0', ""),
        sequencer: named("sequencer").filter(|text| is_hexadecimal(text)).map(Sequencer::of),
    }))
}

fn is_hexadecimal(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Returns a text that is not empty.
fn text<'a>(value: &'a Value, pointer: &str) -> Result<&'a str, String> {
    let found = value.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    found.ok_or_else(|| format!("{} is missing", pointer.trim_start_matches('/').replace('/', ".")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(name: &str, object: &Value) -> Value {
        json!({
            "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1", "eventName": name,
            "eventTime": "1970-01-01T00:00:00.000Z",
            "s3": { "s3SchemaVersion": "1.0", "bucket": { "name": "files" }, "object": object },
        })
    }

    fn parsed(message: &Value) -> Result<Vec<S3Event>, String> {
        parse(message.as_object().unwrap()).unwrap()
    }

    fn only(message: &Value) -> CreatedObject {
        match parsed(message).unwrap().as_slice() {
            [S3Event::Created(object)] => object.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn keys_are_decoded_in_events_of_s3_and_not_in_those_of_event_bridge() {
        for (encoded, key) in [
            ("uploads/ann/a%2Bb+c%2520%C3%BC.csv", "uploads/ann/a+b c%20ü.csv"),
            ("red+flower.jpg", "red flower.jpg"),
            ("a%26b%3Dc/", "a&b=c/"),
            ("100%", "100%"),
        ] {
            let object = json!({ "key": encoded, "size": 5, "eTag": "e", "sequencer": "0A" });
            assert_eq!(only(&json!({ "Records": [record("ObjectCreated:Put", &object)] })).key, key);
        }
        let detail = json!({
            "version": "0", "bucket": { "name": "files" },
            "object": { "key": "a+b c%20ü.csv", "size": 5, "etag": "e", "version-id": "v", "sequencer": "00617F08299329D189" },
            "reason": "PutObject",
        });
        let event =
            json!({ "version": "0", "detail-type": "Object Created", "source": "aws.s3", "detail": detail });
        let expected = CreatedObject {
            bucket: "files".to_owned(),
            key: "a+b c%20ü.csv".to_owned(),
            size: Some(5),
            version: "v".to_owned(),
            sequencer: Some(Sequencer("00617F08299329D189".to_owned())),
        };
        assert_eq!(only(&event), expected);
    }

    #[test]
    fn a_version_identifies_the_object_before_an_etag() {
        let version =
            |object: Value| only(&json!({ "Records": [record("s3:ObjectCreated:Copy", &object)] })).version;
        assert_eq!(version(json!({ "key": "a", "eTag": "e", "versionId": "v" })), "v");
        assert_eq!(version(json!({ "key": "a", "eTag": "e", "versionId": null })), "e");
        assert_eq!(version(json!({ "key": "a" })), "");
    }

    #[test]
    fn other_events_are_no_new_objects() {
        let object = json!({ "key": "a", "sequencer": "0A" });
        for (message, expected) in [
            (json!({ "Records": [record("ObjectRemoved:Delete", &object)] }), "ObjectRemoved:Delete"),
            (
                json!({ "Records": [record("ObjectRestore:Completed", &json!({}))] }),
                "ObjectRestore:Completed",
            ),
            (json!({ "Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "files" }), "s3:TestEvent"),
            (json!({ "detail-type": "Object Deleted", "source": "aws.s3" }), "Object Deleted"),
        ] {
            assert_eq!(parsed(&message), Ok(vec![S3Event::Other { name: expected.to_owned() }]));
        }
    }

    #[test]
    fn sequencers_are_ordered_as_if_padded_at_the_right_end() {
        let sequencer = |text| Sequencer::of(text);
        for (older, newer) in [
            ("0055AED6DCD90281E5", "0055AED6DCD90281E6"),
            ("0055aed6dcd90281e5", "0055AED6DCD90281E6"),
            ("0055AED6DC", "0055AED6DC01"),
            ("0055AED6DC", "0055AED6DD"),
            ("0055AED6DC99", "0055AED6DD"),
        ] {
            assert!(sequencer(older) < sequencer(newer), "{older} {newer}");
        }
        assert_eq!(sequencer("0055AED6DC"), sequencer("0055aed6dc00"));
    }

    #[test]
    fn messages_that_lack_something_are_refused_without_their_values() {
        let object = json!({ "key": "secret", "sequencer": "0A" });
        let with = |pointer: &str, value: Value| {
            let mut record = record("ObjectCreated:Put", &object);
            *record.pointer_mut(pointer).unwrap() = value;
            json!({ "Records": [record] })
        };
        for (message, reason) in [
            (json!({ "Records": [] }), "Records is not a list of S3 events"),
            (json!({ "Records": "secret" }), "Records is not a list of S3 events"),
            (json!({ "Records": [7] }), "record 1: eventSource is missing"),
            (with("/eventSource", json!("aws:ses")), "record 1: eventSource is not S3"),
            (with("/eventVersion", json!("3.0")), "record 1: eventVersion is not 2.x"),
            (with("/s3/bucket/name", json!("")), "record 1: s3.bucket.name is missing"),
            (with("/s3/object/key", json!(7)), "record 1: s3.object.key is missing"),
            (with("/s3/object/key", json!("%ff")), "record 1: s3.object.key is not UTF-8"),
            (with("/s3/object/key", json!("a%00")), "record 1: the key contains a NUL"),
            (json!({ "detail-type": "Object Created", "source": "secret" }), "source is not aws.s3"),
            (json!({ "detail-type": "Object Created", "source": "aws.s3" }), "detail.object.key is missing"),
        ] {
            assert_eq!(parsed(&message), Err(reason.to_owned()));
        }
        assert!(parse(json!({ "job_id": 1 }).as_object().unwrap()).is_none());
    }
}
