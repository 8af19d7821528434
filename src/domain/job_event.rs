//! The content of an event: what webhooks and topics receive when a job changes.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use super::job::{JobId, Owner};
use super::webhook::WebhookEvent;

/// A change of a job.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JobEvent<'a> {
    /// What happened.
    pub event: WebhookEvent,
    /// When it happened.
    pub created_at: DateTime<Utc>,
    /// The job and its counts after the change; `None` for a test.
    pub job: Option<(JobId, &'a Map<String, Value>)>,
    /// The name of the job's file, unless the job was deleted.
    pub filename: Option<&'a str>,
    /// The owner, for receivers of the events of all owners.
    pub owner: Option<&'a Owner>,
}

impl JobEvent<'_> {
    /// Returns the content as JSON. `pages` is the URL of the pages without a slash at its end, if it is known.
    pub(crate) fn content(&self, pages: Option<&str>) -> Value {
        let mut data = Map::new();
        if let Some((job, counts)) = self.job {
            data.insert("job_id".to_owned(), json!(job));
            data.insert("filename".to_owned(), json!(self.filename));
            data.extend(counts.clone());
            if let Some(owner) = self.owner {
                data.insert("user_id".to_owned(), json!(owner.0));
            }
            if let Some(pages) = pages {
                data.insert("url".to_owned(), json!(format!("{pages}/jobs/{job}")));
            }
        }
        let timestamp = self.created_at.to_rfc3339_opts(SecondsFormat::Millis, true);
        json!({ "type": self.event, "timestamp": timestamp, "data": data })
    }
}
