//! `job_available_at`: whether and from when a run of a job is wanted, with the count of deliveries.
//!
//! In the database's own queue this column is the message: receiving it sets the time to the end of the visibility
//! timeout, and that time is the receipt. With another queue the column finds jobs whose message was lost.
//!
//! The queue's changes do not wait for the disk. If a crash of the server loses one, a job is delivered again or its count
//! of deliveries is too low. That is harmless: the lease, which is flushed, decides who works on the job, and a COMPLETED
//! job is not run again.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Row};

use super::sql::{self, NO_JIT, NOT_FLUSHED, moment};
use super::{StoreError, job_size};
use crate::domain::job::JobId;
use crate::domain::trace_parent::TraceParent;
use crate::propagation::trace_parent;

/// The channel that notifies workers of new jobs. Only a hint: nothing depends on it.
pub(crate) const CHANNEL: &str = "ingest_jobs";

/// When a requested run can be received from the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// At once: the database is the queue.
    Now,
    /// In a minute, if it is still wanted then: another queue delivers the message, or the caller runs the job.
    InAMinute,
}

/// The value of `job_available_at` for [`Due::InAMinute`].
pub(super) const IN_A_MINUTE: &str = "now() + interval '1 minute'";

/// The SQL condition that a run was requested with [`IN_A_MINUTE`] after the last run of the job had ended.
pub(super) const REQUESTED_SINCE: &str =
    "coalesce(job_available_at - interval '1 minute' > job_process_end, false)";

/// Requests a run, which continues the current trace. Clears a cancellation and the count of killed runs.
pub(crate) async fn want(connection: &mut PgConnection, id: JobId, due: Due) -> Result<(), StoreError> {
    let query = format!(
        "UPDATE jobs SET job_delivery_count = 0, job_unfinished_runs = 0, job_cancelled_at = NULL,
                job_trace_parent = $3, job_available_at = CASE WHEN $2 THEN now() ELSE {IN_A_MINUTE} END WHERE job_id = $1"
    );
    let parent = trace_parent().map(|parent| parent.to_string());
    let query = sql::query(AssertSqlSafe(query)).bind(id.0).bind(due == Due::Now).bind(parent);
    query.execute(&mut *connection).await?;
    if due == Due::Now {
        sql::query("SELECT pg_notify($1, '')").bind(CHANNEL).execute(connection).await?;
    }
    Ok(())
}

/// Withdraws the request for a run, in the caller's transaction.
pub(crate) async fn withdraw(connection: &mut PgConnection, id: JobId) -> Result<(), StoreError> {
    let query = "UPDATE jobs SET job_available_at = NULL WHERE job_id = $1 AND job_available_at IS NOT NULL";
    sql::query(query).bind(id.0).execute(connection).await?;
    Ok(())
}

/// Records that no run of the job is wanted, after the end of a run that another queue delivered.
pub(crate) async fn unwant(pool: &PgPool, id: JobId) -> Result<(), StoreError> {
    let unwant = format!(
        "UPDATE jobs SET job_available_at = NULL, job_delivery_count = 0
         WHERE job_id = {id} AND job_available_at IS NOT NULL"
    );
    sql::once_changed(pool, &unwant).await?;
    Ok(())
}

/// Returns jobs whose message seems to be lost: a run is wanted, no live lease exists, and the job is overdue by `grace`.
/// Each job is returned to one caller only, and again after twice the time each time, since in a long queue a message is
/// late without being lost.
///
/// A job that has ended wants a run only if it was requested after its end: other programs' workers do not clear
/// `job_available_at`.
pub(crate) async fn stranded(
    pool: &PgPool,
    grace: Duration,
    limit: i64,
) -> Result<Vec<(JobId, String)>, StoreError> {
    let send = format!(
        "UPDATE jobs SET job_available_at = now(), job_delivery_count = job_delivery_count + 1
         WHERE job_id IN (
             SELECT job_id FROM jobs
             WHERE job_available_at <= now() - {} * power(2, least(job_delivery_count, 10))
               AND (job_status IN ('PENDING', 'PROCESSING')
                    OR job_status IN ('NEEDS_REVIEW', 'FAILED') AND job_available_at > job_process_end)
               AND (job_lease_until IS NULL OR job_lease_until <= now())
             ORDER BY job_available_at LIMIT {limit} FOR UPDATE SKIP LOCKED)
         RETURNING job_id, job_s3_object_key",
        sql::interval(grace)
    );
    let rows = sql::once(pool, &send).await?;
    rows.iter().map(|row| Ok((row.try_get("job_id")?, row.try_get("job_s3_object_key")?))).collect()
}

/// A received job.
pub(crate) struct Received {
    /// The job.
    pub job: JobId,
    /// The file's key in the object store; `None` if the program that inserted the job did not set it.
    pub object_key: Option<String>,
    /// How often the job was received, including this time.
    pub count: u32,
    /// Where its trace continues.
    pub trace_parent: Option<TraceParent>,
    /// The time from which the job was due.
    pub due_at: DateTime<Utc>,
    /// The time until which nobody else receives the job, by the database's clock.
    pub hidden_until: DateTime<Utc>,
}

/// Which jobs a receive returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sizes {
    /// All that are due.
    All,
    /// Those that are not known to be large.
    NotLarge,
}

/// Receives up to `at_most` jobs that are due, of these `sizes`, and hides them for `visibility`. Owners take turns, in the order of their
/// names: these are jobs of the owner who follows that of the job `last`, those due longest first.
pub(crate) async fn receive(
    pool: &PgPool,
    sizes: Sizes,
    at_most: usize,
    visibility: Duration,
    last: JobId,
) -> Result<Vec<Received>, StoreError> {
    const NEXT: &str = "ORDER BY job_user_id, job_available_at LIMIT 1";
    let is_due = match sizes {
        Sizes::All => "job_available_at <= now()".to_owned(),
        Sizes::NotLarge => format!("job_available_at <= now() AND {}", job_size::is_not_large()),
    };
    let owner = format!("SELECT job_user_id FROM jobs WHERE {is_due}");
    let of_next_owner = format!(
        "{is_due} AND job_user_id = coalesce(
             ({owner} AND job_user_id > (SELECT job_user_id FROM jobs WHERE job_id = {last}) {NEXT}),
             ({owner} {NEXT}))"
    );
    let received = receive_some(pool, at_most, visibility, &of_next_owner).await?;
    match received.is_empty() {
        // Either nothing is due, or somebody has locked all jobs of the next owner.
        true => receive_some(pool, at_most, visibility, &is_due).await,
        false => Ok(received),
    }
}

/// Receives jobs for which `condition` holds.
async fn receive_some(
    pool: &PgPool,
    at_most: usize,
    visibility: Duration,
    condition: &str,
) -> Result<Vec<Received>, StoreError> {
    // MATERIALIZED, because PostgreSQL may run a plain subquery again for each row and exceed the limit. Without sorts, it uses
    // the indexes in their order, whatever the statistics.
    let receive = format!(
        "{NOT_FLUSHED}; {NO_JIT}; SET LOCAL enable_sort = off;
         WITH due AS MATERIALIZED (
             SELECT job_id, job_available_at AS due_at FROM jobs WHERE {condition}
             ORDER BY job_available_at LIMIT {at_most} FOR UPDATE SKIP LOCKED)
         UPDATE jobs SET job_available_at = now() + {}, job_delivery_count = job_delivery_count + 1
         FROM due WHERE jobs.job_id = due.job_id
         RETURNING jobs.job_id, job_s3_object_key, due_at, job_available_at, job_delivery_count, job_trace_parent",
        sql::interval(visibility),
    );
    let rows = sql::once(pool, &receive).await?;
    let received = |row: &sqlx::postgres::PgRow| {
        Ok(Received {
            job: row.try_get("job_id")?,
            object_key: row.try_get("job_s3_object_key")?,
            count: row.try_get::<i32, _>("job_delivery_count")?.unsigned_abs(),
            // Whatever other programs write there, it is no reason not to run the job.
            trace_parent: row
                .try_get::<Option<&str>, _>("job_trace_parent")?
                .and_then(|text| text.parse().ok()),
            due_at: row.try_get("due_at")?,
            hidden_until: row.try_get("job_available_at")?,
        })
    };
    rows.iter().map(received).collect()
}

/// Returns the SQL condition that the job was neither requested nor received again: its time is one of `receipts`.
fn is_unchanged(job: JobId, receipts: &[DateTime<Utc>]) -> String {
    let moments: Vec<_> = receipts.iter().map(moment).collect();
    format!("job_id = {job} AND job_available_at IN ({})", moments.join(", "))
}

/// Hides a received job until `next`. Returns `false` without a change if a run has locked the job's row, or if the job
/// was received or requested again since.
pub(crate) async fn hide(
    pool: &PgPool,
    job: JobId,
    receipts: &[DateTime<Utc>],
    next: &DateTime<Utc>,
) -> Result<bool, StoreError> {
    let renew = format!(
        "UPDATE jobs SET job_available_at = {} WHERE job_id = (
             SELECT job_id FROM jobs WHERE {} FOR NO KEY UPDATE SKIP LOCKED)",
        moment(next),
        is_unchanged(job, receipts)
    );
    Ok(sql::once_changed(pool, &renew).await? > 0)
}

/// Returns whether the job was neither requested nor received again.
pub(crate) async fn is_current(
    pool: &PgPool,
    job: JobId,
    receipts: &[DateTime<Utc>],
) -> Result<bool, StoreError> {
    let query = format!("SELECT FROM jobs WHERE {}", is_unchanged(job, receipts));
    Ok(!sql::once(pool, &query).await?.is_empty())
}

/// The fate of a received job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// No run is wanted any more.
    Done,
    /// The job becomes due again after this time.
    Later(Duration),
    /// The job becomes due at once, and this delivery does not count.
    Back,
    /// The same, and the job is due since this time, so that it does not lose its position.
    Declined(DateTime<Utc>),
}

/// Records the fate of a received job, unless the job was requested or received again since.
pub(crate) async fn answer(
    pool: &PgPool,
    job: JobId,
    receipts: &[DateTime<Utc>],
    answer: Answer,
) -> Result<(), StoreError> {
    const NOT_COUNTED: &str = "job_delivery_count = greatest(job_delivery_count - 1, 0)";
    let (change, is_due) = match answer {
        Answer::Done => ("job_available_at = NULL, job_delivery_count = 0".to_owned(), false),
        Answer::Later(wait) => (format!("job_available_at = now() + {}", sql::interval(wait)), false),
        Answer::Back => (format!("job_available_at = now(), {NOT_COUNTED}"), true),
        Answer::Declined(due_at) => (format!("job_available_at = {}, {NOT_COUNTED}", moment(&due_at)), true),
    };
    let finish = format!("{NOT_FLUSHED}; UPDATE jobs SET {change} WHERE {}", is_unchanged(job, receipts));
    sql::once_changed(pool, &finish).await?;
    if is_due {
        sql::once(pool, &format!("SELECT pg_notify('{CHANNEL}', '')")).await?;
    }
    Ok(())
}

/// Makes a job due now. Returns whether the job exists.
pub(crate) async fn send(pool: &PgPool, job: JobId) -> Result<bool, StoreError> {
    let send = format!(
        "WITH wanted AS (UPDATE jobs SET job_available_at = now() WHERE job_id = {job} RETURNING 1)
         SELECT pg_notify('{CHANNEL}', '') FROM wanted"
    );
    Ok(!sql::once(pool, &send).await?.is_empty())
}

/// Counts the jobs that are due and those that are hidden.
pub(crate) async fn counts(pool: &PgPool) -> Result<(u64, u64), StoreError> {
    let query = "SELECT count(*) FILTER (WHERE job_available_at <= now()) AS waiting,
                count(*) FILTER (WHERE job_available_at > now()) AS hidden
         FROM jobs WHERE job_available_at IS NOT NULL";
    let row = sql::once(pool, query).await?.pop().ok_or(StoreError::Unreadable)?;
    let count = |name| row.try_get::<i64, _>(name).map(i64::unsigned_abs);
    Ok((count("waiting")?, count("hidden")?))
}
