//! `event_topics` and `topic_events`: the changes of the jobs of all owners, until they are published to an SNS topic.
//!
//! One worker at a time publishes the events of a topic, in their order. The time at which the next batch is due is also the end of
//! the worker's lease and its receipt: the result of an attempt is recorded only as long as nobody has begun another.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{PgPool, Row};
use uuid::Uuid;

use super::{StoreError, interval, sql};
use crate::domain::ids::TopicEventId;
use crate::domain::job::{JobId, Owner};
use crate::domain::topic::TopicArn;
use crate::domain::trace_parent::TraceParent;
use crate::domain::webhook::WebhookEvent;

/// The most characters of a file's name in an event: a request to SNS with ten events has at most 256 KiB.
const NAME_CHARACTERS: usize = 1_000;

/// An event to publish.
#[derive(Debug, Clone)]
pub(crate) struct TopicEvent {
    /// `event_id`.
    pub id: TopicEventId,
    /// The id of the event for subscribers.
    pub message: Uuid,
    /// The event.
    pub event: WebhookEvent,
    /// Whose job changed.
    pub owner: Owner,
    /// The job.
    pub job: JobId,
    /// Counts of the job after the change.
    pub counts: Map<String, Value>,
    /// The beginning of the name of the job's file, unless the job was deleted.
    pub filename: Option<String>,
    /// Where the trace of the job continues.
    pub trace_parent: Option<TraceParent>,
    /// When it happened.
    pub created_at: DateTime<Utc>,
}

/// The oldest events of a topic, which one worker publishes.
#[derive(Debug)]
pub(crate) struct Batch {
    /// The end of the lease.
    leased_until: DateTime<Utc>,
    /// Failed attempts since the last batch that was published.
    pub failures: i32,
    /// The events, oldest first.
    pub events: Vec<TopicEvent>,
}

/// Records that a worker publishes to the topic, so that events are recorded for it.
pub(crate) async fn use_topic(pool: &PgPool, topic: &TopicArn) -> Result<(), StoreError> {
    let query = "INSERT INTO event_topics (topic_arn) VALUES ($1)
         ON CONFLICT (topic_arn) DO UPDATE SET topic_used_at = now()";
    sql::execute(pool, sql::query(query).bind(topic.as_str())).await.map(|_| ())
}

/// Begins to publish up to `at_most` events of a topic. Returns `None` if there are none, if another worker publishes, or if the wait
/// after a failure has not ended.
pub(crate) async fn claim(
    pool: &PgPool,
    topic: &TopicArn,
    at_most: usize,
    lease: Duration,
) -> Result<Option<Batch>, StoreError> {
    let query = "UPDATE event_topics SET topic_due_at = now() + $2::interval
         WHERE topic_arn = $1 AND topic_due_at <= now()
           AND EXISTS (SELECT FROM topic_events WHERE event_topic = topic_arn)
         RETURNING topic_due_at, topic_failures";
    let claim = sql::query(query).bind(topic.as_str()).bind(interval(lease));
    let Some(claimed) = sql::fetch(pool, claim).await?.pop() else { return Ok(None) };
    // A statement of its own: it sees the events that another worker has removed before it released the topic.
    let query = "SELECT topic_events.*, left(job_original_filename, $3) AS filename, job_trace_parent
         FROM (SELECT * FROM topic_events WHERE event_topic = $1 ORDER BY event_id LIMIT $2) AS topic_events
         LEFT JOIN jobs ON job_id = event_job_id AND job_user_id = event_owner
         ORDER BY event_id";
    let events = sql::query(query).bind(topic.as_str()).bind(at_most as i64).bind(NAME_CHARACTERS as i32);
    Ok(Some(Batch {
        leased_until: claimed.try_get("topic_due_at")?,
        failures: claimed.try_get("topic_failures")?,
        events: sql::fetch(pool, events).await?.iter().map(event).collect::<Result<_, StoreError>>()?,
    }))
}

fn event(row: &PgRow) -> Result<TopicEvent, StoreError> {
    let trace_parent: Option<&str> = row.try_get("job_trace_parent")?;
    let Json(counts) = row.try_get("event_job")?;
    Ok(TopicEvent {
        id: row.try_get("event_id")?,
        message: row.try_get("event_message")?,
        event: row.try_get::<&str, _>("event_name")?.parse()?,
        owner: Owner(row.try_get("event_owner")?),
        job: JobId(row.try_get("event_job_id")?),
        counts,
        filename: row.try_get("filename")?,
        trace_parent: trace_parent.and_then(|text| text.parse().ok()),
        created_at: row.try_get("event_created_at")?,
    })
}

/// Removes the events of the batch that are `published`, and lets the next batch begin: at once, or after the `wait` if one failed.
pub(crate) async fn end(
    pool: &PgPool,
    topic: &TopicArn,
    batch: &Batch,
    published: &[TopicEventId],
    failure: Option<(&str, Duration)>,
) -> Result<(), StoreError> {
    let query = "WITH ended AS (
             UPDATE event_topics
             SET topic_due_at = now() + $4::interval, topic_error = $5,
                 topic_failures = CASE WHEN $5 IS NULL THEN 0 ELSE topic_failures + 1 END
             WHERE topic_arn = $1 AND topic_due_at = $2)
         DELETE FROM topic_events WHERE event_topic = $1 AND event_id = ANY ($3)";
    let (error, wait) = failure.unzip();
    let query = sql::query(query).bind(topic.as_str()).bind(batch.leased_until).bind(published);
    let query = query.bind(interval(wait.unwrap_or_default())).bind(error);
    sql::execute(pool, query).await.map(|_| ())
}

/// Returns why the last batch of a topic was not published; `None` if it was.
pub(crate) async fn last_error(pool: &PgPool, topic: &TopicArn) -> Result<Option<String>, StoreError> {
    let query = "SELECT topic_error FROM event_topics WHERE topic_arn = $1 AND topic_error IS NOT NULL";
    let rows = sql::fetch(pool, sql::query(query).bind(topic.as_str())).await?;
    Ok(rows.first().map(|row| row.try_get("topic_error")).transpose()?)
}

/// Deletes events of topics that no worker has used for `age`. Returns how many.
pub(crate) async fn remove_unused(pool: &PgPool, age: Duration) -> Result<u64, StoreError> {
    let query = "DELETE FROM event_topics WHERE topic_used_at < now() - $1::interval";
    Ok(sql::execute(pool, sql::query(query).bind(interval(age))).await?.rows_affected())
}
