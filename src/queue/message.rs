//! The request to run a job, and what is no message that we know.

use serde_json::{Map, Value};

use crate::domain::job::JobId;

/// A request to run a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobMessage {
    /// The job.
    pub job_id: JobId,
    /// The key of its CSV file.
    pub s3_key: String,
}

/// A message that cannot be parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The message as received.
    pub raw: String,
    /// What is wrong with it, without quoting its content.
    pub reason: String,
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the message is not understood: {}", self.reason)
    }
}

impl std::error::Error for Unreadable {}

impl JobMessage {
    /// Parses `{"job_id": 123, "s3_key": "…"}`. Ignores other fields, and accepts the number as a string.
    ///
    /// ```
    /// use ingest::queue::JobMessage;
    ///
    /// let message = JobMessage::parse(r#"{"job_id": 7, "s3_key": "uploads/a.csv"}"#).unwrap();
    /// assert_eq!((message.job_id.0, message.s3_key.as_str()), (7, "uploads/a.csv"));
    /// assert_eq!(JobMessage::parse("{}").unwrap_err().reason, "job_id is missing");
    /// ```
    pub fn parse(raw: &str) -> Result<Self, Unreadable> {
        let parsed = fields(raw).and_then(|fields| JobMessage::of(&fields));
        parsed.map_err(|reason| Unreadable { raw: raw.to_owned(), reason })
    }

    /// Reads the fields of a request. Fails with the reason.
    pub(super) fn of(fields: &Map<String, Value>) -> Result<Self, String> {
        let job_id = job_id(fields.get("job_id"))?;
        match fields.get("s3_key") {
            Some(Value::String(key)) if !key.is_empty() => Ok(Self { job_id, s3_key: key.clone() }),
            Some(Value::String(_)) => Err("s3_key is empty".to_owned()),
            Some(other) => Err(format!("s3_key is {}, not a string", kind(other))),
            None => Err("s3_key is missing".to_owned()),
        }
    }

    /// Returns the message as JSON.
    pub fn to_json(&self) -> String {
        serde_json::json!({ "job_id": self.job_id.0, "s3_key": self.s3_key }).to_string()
    }
}

/// Parses a JSON object. Fails with the reason.
pub(super) fn fields(raw: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(raw).map_err(|error| not_json(&error))
}

fn job_id(value: Option<&Value>) -> Result<JobId, String> {
    let value = match value {
        Some(value @ (Value::Number(_) | Value::String(_))) => value,
        Some(other) => return Err(format!("job_id is {}, not a number", kind(other))),
        None => return Err("job_id is missing".to_owned()),
    };
    let text = value.as_str().map_or_else(|| value.to_string(), |text| text.trim().to_owned());
    let digits = text.strip_prefix('-').unwrap_or(&text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("job_id is no whole number".to_owned());
    }
    match text.parse() {
        Ok(number) if number > 0 => Ok(JobId(number)),
        _ => Err("job_id is out of range: job ids go from 1 to 9223372036854775807".to_owned()),
    }
}

fn not_json(error: &serde_json::Error) -> String {
    match error.classify() {
        serde_json::error::Category::Data => "it is JSON, but not an object".to_owned(),
        _ => format!("it is not JSON (line {}, column {})", error.line(), error.column()),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_parsed() {
        let expected = JobMessage { job_id: JobId(123), s3_key: "uploads/a b.csv".to_owned() };
        for raw in [
            r#"{"job_id": 123, "s3_key": "uploads/a b.csv"}"#,
            r#"{"job_id": "123", "s3_key": "uploads/a b.csv", "more": {"a": [1]}}"#,
            r#" {"s3_key":"uploads/a b.csv","job_id":" 123 "} "#,
        ] {
            assert_eq!(JobMessage::parse(raw).as_ref(), Ok(&expected), "{raw}");
        }
        assert_eq!(JobMessage::parse(&expected.to_json()), Ok(expected));
    }

    #[test]
    fn invalid_messages_are_refused_with_a_reason() {
        let deep = "[".repeat(100_000);
        for (raw, reason) in [
            ("", "not JSON"),
            ("hello", "not JSON"),
            ("{\"job_id\": 1", "not JSON"),
            ("[1]", "not an object"),
            ("null", "not an object"),
            (deep.as_str(), "not"),
            (r#"{"s3_key": "a"}"#, "job_id is missing"),
            (r#"{"job_id": null, "s3_key": "a"}"#, "job_id is null"),
            (r#"{"job_id": 1.5, "s3_key": "a"}"#, "no whole number"),
            (r#"{"job_id": "one", "s3_key": "a"}"#, "no whole number"),
            (r#"{"job_id": "", "s3_key": "a"}"#, "no whole number"),
            (r#"{"job_id": 0, "s3_key": "a"}"#, "out of range"),
            (r#"{"job_id": -1, "s3_key": "a"}"#, "out of range"),
            (r#"{"job_id": 9223372036854775808, "s3_key": "a"}"#, "out of range"),
            (r#"{"job_id": 99999999999999999999999999, "s3_key": "a"}"#, "job_id is"),
            (r#"{"job_id": 1}"#, "s3_key is missing"),
            (r#"{"job_id": 1, "s3_key": ""}"#, "s3_key is empty"),
            (r#"{"job_id": 1, "s3_key": 7}"#, "s3_key is a number"),
        ] {
            let unreadable = JobMessage::parse(raw).unwrap_err();
            assert!(unreadable.reason.contains(reason), "{raw:.40}: {}", unreadable.reason);
            assert_eq!(unreadable.raw, raw);
        }
    }
}
