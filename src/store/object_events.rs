//! `object_events`: for each object, the latest event of S3 that became a job.

use std::time::Duration;

use sqlx::{AssertSqlSafe, PgPool, Row};

use super::wanted::IN_A_MINUTE;
use super::{StoreError, sql};
use crate::domain::job::{JobId, Owner};

/// An object that an event reports, and the owner of the job to make of it.
#[derive(Debug)]
pub(crate) struct NewObject<'a> {
    /// The bucket.
    pub bucket: &'a str,
    /// The key.
    pub key: &'a str,
    /// The last segment of the key.
    pub filename: &'a str,
    /// The owner.
    pub owner: &'a Owner,
    /// The size in bytes, if it is known.
    pub bytes: Option<u64>,
    /// The position of the event among those of its key: text whose bytes are in the order of the events.
    pub sequencer: Option<&'a str>,
    /// The version of the object, which tells events without a sequencer apart.
    pub version: &'a str,
}

/// Makes a job of an object and requests its run, within one statement. Returns `None` without a change if the event was
/// recorded before, or a later one about the same object.
///
/// Of two workers that receive events about the same object, the second waits for the first and compares with its event. As
/// with [`Due::InAMinute`](super::wanted::Due), another queue should deliver the message of the job; if that is lost, it is
/// sent again.
pub(crate) async fn make_job(pool: &PgPool, object: &NewObject<'_>) -> Result<Option<JobId>, StoreError> {
    let statement = format!(
        "WITH noted AS (
             INSERT INTO object_events AS known (event_object, event_sequencer, event_version) VALUES ($1, $2, $3)
             ON CONFLICT (event_object) DO UPDATE
             SET event_sequencer = EXCLUDED.event_sequencer, event_version = EXCLUDED.event_version,
                 event_noted_at = now()
             WHERE coalesce(known.event_sequencer < EXCLUDED.event_sequencer,
                            known.event_version <> EXCLUDED.event_version)
             RETURNING 1)
         INSERT INTO jobs (job_user_id, job_original_filename, job_s3_object_key, job_status, job_total_rows,
                           job_processed_rows, job_issue_count, job_file_bytes, job_available_at)
         SELECT $4, $5, $6, 'PENDING'::job_status_enum, 0, 0, 0, $7, {IN_A_MINUTE} FROM noted RETURNING job_id"
    );
    let query = sql::query(AssertSqlSafe(statement))
        .bind(identity(object.bucket, object.key))
        .bind(object.sequencer)
        .bind(object.version)
        .bind(&object.owner.0)
        .bind(object.filename)
        .bind(object.key)
        .bind(object.bytes.map(|bytes| i64::try_from(bytes).unwrap_or(i64::MAX)));
    let row = sql::fetch(pool, query).await?.pop();
    row.map(|row| Ok(row.try_get("job_id")?)).transpose()
}

fn identity(bucket: &str, key: &str) -> Vec<u8> {
    // The name of a bucket contains no slash.
    blake3::hash(format!("{bucket}/{key}").as_bytes()).as_bytes()[..16].to_vec()
}

/// How long events are remembered after the last one of their object. SQS keeps a message for at most 14 days, and a dead
/// letter that is sent back for as long again.
const REMEMBERED: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Maximum number of events that one statement deletes.
const STEP: u64 = 5_000;

/// Deletes some events that are too old for another delivery. Returns whether there may be more.
pub(crate) async fn forget_some(pool: &PgPool) -> Result<bool, StoreError> {
    let delete = format!(
        "DELETE FROM object_events WHERE event_object IN (
             SELECT event_object FROM object_events WHERE event_noted_at < now() - {}
             ORDER BY event_noted_at LIMIT {STEP} FOR UPDATE SKIP LOCKED)",
        sql::interval(REMEMBERED)
    );
    Ok(sql::once_changed(pool, &delete).await? == STEP)
}
