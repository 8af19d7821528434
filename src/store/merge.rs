//! Moves the records of large jobs from their own tables to the shared ones, so that the number of own tables does not grow
//! with the history: every query of a shared table by another program plans for and locks each of them.
//!
//! Each record is in one table at any time: a batch is deleted and inserted by one statement. While a batch moves, its own
//! table admits readers only, since a change that waits for a deleted record would be lost. Writers wait for one batch.
//!
//! A merge begins and ends with a period of grace. Transactions that have read the job before it was announced may still use
//! only the own tables; and snapshots from before the last batch need these tables until they end.
//!
//! Any process may continue a merge that another one has begun, at any point.

use std::time::Duration;

use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Row};

use super::jobs::Claim;
use super::{MergeState, RecordKind, StoreError, own_tables, sql};
use crate::domain::job::JobId;

/// The key of the advisory lock of a merge that is not part of a run: one at a time per database.
const MERGE_LOCK: i64 = 0x001A_9E57_0000_0002;
/// How many jobs are announced at once.
const ANNOUNCED_AT_ONCE: i64 = 64;
/// Maximum time that a step waits for a lock, during which others queue up behind it.
const LOCK_TIMEOUT: &str = "SET LOCAL lock_timeout = '500ms'";

/// Who moves the records of a job.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mover<'a> {
    /// A background task, as long as no run has the job.
    Background(JobId),
    /// The run with this claim.
    Run(&'a Claim),
}

/// A job whose own tables are being merged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Merge {
    /// The job.
    pub job: JobId,
    /// How far the merge has got.
    pub state: MergeState,
}

/// What a step did. Its transaction must be rolled back if it is [`Step::Busy`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Nothing: somebody else has locked the job or is merging another.
    Busy,
    /// The records up to this key have moved.
    MovedUpTo(i64),
    /// Nothing was left to do.
    Done,
}

impl Mover<'_> {
    fn job(self) -> JobId {
        match self {
            Mover::Background(job) => job,
            Mover::Run(claim) => claim.job,
        }
    }

    /// Locks the job for a step of a merge in `state`; returns `false` if that is not possible now.
    async fn lock(self, connection: &mut PgConnection, state: MergeState) -> Result<bool, StoreError> {
        let (job, state) = (self.job().0, state.as_str());
        let (condition, wait) = match self {
            Mover::Background(_) => {
                let query = "SELECT pg_try_advisory_xact_lock($1)";
                if !sql::query_scalar::<bool>(query).bind(MERGE_LOCK).fetch_one(&mut *connection).await? {
                    return Ok(false);
                }
                ("job_lease_token IS NULL".to_owned(), "SKIP LOCKED")
            }
            Mover::Run(claim) => (format!("job_lease_token = '{}'", claim.token), ""),
        };
        let query = format!(
            "SELECT FROM jobs WHERE job_id = $1 AND job_merge = $2 AND {condition} FOR NO KEY UPDATE {wait}"
        );
        let query = sql::query(AssertSqlSafe(query)).bind(job).bind(state);
        Ok(query.execute(connection).await?.rows_affected() > 0)
    }
}

/// How long after its last run a job keeps its own tables.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Idle {
    /// A job under review: its next run is fastest in them.
    pub under_review: Duration,
    /// Any other job.
    pub ended: Duration,
}

/// Announces the merges of jobs whose last run ended longer ago than `idle`, if it is set, and of some if more than `most`
/// jobs have own tables: first those that are not under review, then those that ended first. Returns the number of jobs
/// that have own tables, merged ones included until the tables are dropped.
pub(crate) async fn announce(pool: &PgPool, idle: Option<Idle>, most: i64) -> Result<i64, StoreError> {
    let is_idle = idle.map_or_else(
        || "false".to_owned(),
        |Idle { under_review, ended }| {
            let (under_review, ended) = (sql::interval(under_review), sql::interval(ended));
            format!("job_process_end < now() - CASE WHEN under_review THEN {under_review} ELSE {ended} END")
        },
    );
    // Jobs that somebody has locked are left for the next time. Other programs' workers do not clear `job_available_at`.
    let announce = format!(
        "WITH own AS MATERIALIZED (
             SELECT job_id, job_process_end, under_review,
                    row_number() OVER (ORDER BY under_review DESC, job_process_end DESC) AS place
             FROM jobs, LATERAL (SELECT job_status = 'NEEDS_REVIEW' AS under_review) AS state
             WHERE job_partitioned AND job_merge IS NULL AND job_staged_at IS NOT NULL AND job_process_end IS NOT NULL
               AND job_lease_token IS NULL AND coalesce(job_available_at < job_process_end, true)),
         due AS (
             SELECT job_id FROM jobs
             WHERE job_id = ANY (ARRAY(SELECT job_id FROM own
                       WHERE place > {most} OR {is_idle}
                       ORDER BY place DESC LIMIT {ANNOUNCED_AT_ONCE}))
               AND job_merge IS NULL AND job_lease_token IS NULL
             FOR NO KEY UPDATE SKIP LOCKED),
         announced AS (
             UPDATE jobs SET job_merge = '{announced}', job_merge_at = now() FROM due WHERE jobs.job_id = due.job_id
             RETURNING jobs.job_id)
         SELECT count(*) AS own FROM jobs WHERE job_partitioned",
        announced = MergeState::Announced.as_str(),
    );
    let row = sql::once(pool, &announce).await?.pop().ok_or(StoreError::Unreadable)?;
    Ok(row.try_get("own")?)
}

/// Returns the merges that can go on: those whose own tables can be dropped first, then the oldest. `grace` is how long a
/// merge waits after it was announced, and after the tables were emptied.
pub(crate) async fn due(pool: &PgPool, grace: Duration) -> Result<Vec<Merge>, StoreError> {
    let due = format!(
        "SELECT job_id, job_merge FROM jobs
         WHERE job_partitioned AND job_lease_token IS NULL
           AND (job_merge = '{moving}' OR job_merge IN ('{announced}', '{emptied}') AND job_merge_at < now() - {grace})
         ORDER BY job_merge <> '{emptied}', job_merge <> '{moving}', job_merge_at",
        moving = MergeState::Moving.as_str(),
        announced = MergeState::Announced.as_str(),
        emptied = MergeState::Emptied.as_str(),
        grace = sql::interval(grace),
    );
    let merge = |row: &PgRow| {
        let state = MergeState::named(row.try_get("job_merge")?).ok_or(StoreError::Unreadable)?;
        Ok(Merge { job: row.try_get("job_id")?, state })
    };
    sql::once(pool, &due).await?.iter().map(merge).collect()
}

/// Begins to move the records of an announced merge. Waits until all transactions that use only the own tables have ended.
/// Drops the foreign keys of the links, which cannot refer to records in two tables.
pub(crate) async fn begin(connection: &mut PgConnection, mover: Mover<'_>) -> Result<Step, StoreError> {
    if !mover.lock(connection, MergeState::Announced).await? {
        return Ok(Step::Busy);
    }
    let [staging, issues, items] = RecordKind::ALL.map(|kind| kind.own(mover.job()));
    let open = format!(
        "{LOCK_TIMEOUT};
         LOCK TABLE ONLY {staging}, ONLY {issues}, ONLY {items} IN ACCESS EXCLUSIVE MODE;
         ALTER TABLE {items} DROP CONSTRAINT IF EXISTS {items}_issue_key, DROP CONSTRAINT IF EXISTS {items}_row_key"
    );
    sqlx::raw_sql(AssertSqlSafe(open)).execute(&mut *connection).await?;
    enter(connection, mover.job(), MergeState::Moving).await?;
    Ok(Step::Done)
}

/// Moves up to `limit` records of one kind whose keys are greater than `after`.
///
/// Links to a row or an issue that somebody has deleted since [`begin`] are deleted too, as their foreign keys would have done.
pub(crate) async fn move_some(
    connection: &mut PgConnection,
    mover: Mover<'_>,
    kind: RecordKind,
    after: i64,
    limit: i64,
) -> Result<Step, StoreError> {
    if !mover.lock(connection, MergeState::Moving).await? {
        return Ok(Step::Busy);
    }
    let (own, shared, key) = (kind.own(mover.job()), kind.shared(), kind.key());
    let lock = format!("{LOCK_TIMEOUT}; {}; LOCK TABLE ONLY {own} IN EXCLUSIVE MODE", sql::NOT_FLUSHED);
    sqlx::raw_sql(AssertSqlSafe(lock)).execute(&mut *connection).await?;
    let columns = columns(connection, kind).await?;
    let kept = match kind {
        RecordKind::Rows | RecordKind::Issues => "",
        RecordKind::Items => {
            "WHERE EXISTS (SELECT FROM ONLY issues WHERE issue_id = item_issue_id)
               AND EXISTS (SELECT FROM ONLY staging WHERE staging_id = item_staging_id)"
        }
    };
    let query = format!(
        "WITH batch AS MATERIALIZED (
             SELECT max({key}) AS last FROM
                 (SELECT {key} FROM ONLY {own} WHERE {key} > $1 ORDER BY {key} LIMIT $2) AS first),
         moved AS (
             DELETE FROM ONLY {own} WHERE {key} > $1 AND {key} <= (SELECT last FROM batch) RETURNING {columns}),
         inserted AS (
             INSERT INTO {shared} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM moved {kept} ORDER BY {key})
         SELECT last::bigint FROM batch"
    );
    let query = sql::query_scalar(AssertSqlSafe(query)).bind(after).bind(limit);
    let last: Option<i64> = query.fetch_one(&mut *connection).await?;
    Ok(last.map_or(Step::Done, Step::MovedUpTo))
}

/// Returns the columns that a table of this kind stores, in the order of the shared table, separated by commas. Other programs
/// may have added some.
async fn columns(connection: &mut PgConnection, kind: RecordKind) -> Result<String, StoreError> {
    let query = "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
         WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped AND attgenerated = ''";
    Ok(sql::query_scalar(query).bind(kind.shared()).fetch_one(connection).await?)
}

/// Ends the moving if the own tables are empty. Returns [`Step::Busy`] if they are not.
pub(crate) async fn end(connection: &mut PgConnection, mover: Mover<'_>) -> Result<Step, StoreError> {
    if !mover.lock(connection, MergeState::Moving).await? {
        return Ok(Step::Busy);
    }
    let [staging, issues, items] = RecordKind::ALL.map(|kind| kind.own(mover.job()));
    let lock =
        format!("{LOCK_TIMEOUT}; LOCK TABLE ONLY {staging}, ONLY {issues}, ONLY {items} IN EXCLUSIVE MODE");
    sqlx::raw_sql(AssertSqlSafe(lock)).execute(&mut *connection).await?;
    let query = format!(
        "SELECT EXISTS (SELECT FROM ONLY {staging}) OR EXISTS (SELECT FROM ONLY {issues})
             OR EXISTS (SELECT FROM ONLY {items})"
    );
    let has_records: bool = sql::query_scalar(AssertSqlSafe(query)).fetch_one(&mut *connection).await?;
    if has_records {
        return Ok(Step::Busy);
    }
    enter(connection, mover.job(), MergeState::Emptied).await?;
    Ok(Step::Done)
}

/// Drops the emptied own tables of a job.
pub(crate) async fn retire(connection: &mut PgConnection, job: JobId) -> Result<Step, StoreError> {
    // Locks the tables before the job: dropping their foreign keys locks all of `jobs`.
    own_tables::drop(connection, job).await?;
    let query = "UPDATE jobs SET job_partitioned = false, job_merge = NULL, job_merge_at = NULL
         WHERE job_id = $1 AND job_merge = $2";
    let query = sql::query(query).bind(job.0).bind(MergeState::Emptied.as_str());
    if query.execute(&mut *connection).await?.rows_affected() == 0 {
        return Ok(Step::Busy);
    }
    Ok(Step::Done)
}

/// Returns jobs that another program has deleted, as far as their own tables still exist.
pub(crate) async fn abandoned(pool: &PgPool) -> Result<Vec<JobId>, StoreError> {
    let abandoned = "SELECT DISTINCT job FROM (
             SELECT CASE WHEN relname ~ '^(staging|issues|issue_items)_job_[0-9]{1,18}$'
                         THEN substring(relname FROM '[0-9]+$')::bigint END AS job
             FROM pg_class WHERE relkind = 'r' AND relnamespace =
                 (SELECT relnamespace FROM pg_class WHERE oid = 'jobs'::regclass)) AS own
         WHERE job IS NOT NULL AND NOT EXISTS (SELECT FROM jobs WHERE job_id = job)";
    sql::once(pool, abandoned).await?.iter().map(|row| Ok(row.try_get("job")?)).collect()
}

/// Drops the own tables of a job that does not exist any more.
pub(crate) async fn drop_abandoned(connection: &mut PgConnection, job: JobId) -> Result<Step, StoreError> {
    own_tables::drop(connection, job).await?;
    Ok(Step::Done)
}

/// Cancels a merge that a run has found announced.
pub(crate) async fn cancel(pool: &PgPool, claim: &Claim) -> Result<(), StoreError> {
    let query = sql::query(
        "UPDATE jobs SET job_merge = NULL, job_merge_at = NULL
         WHERE job_id = $1 AND job_lease_token = $2 AND job_merge = $3",
    );
    let query = query.bind(claim.job.0).bind(claim.token).bind(MergeState::Announced.as_str());
    match sql::execute(pool, query).await?.rows_affected() {
        0 => Err(StoreError::LeaseLost(claim.job)),
        _ => Ok(()),
    }
}

/// Records the state of a merge. The job must be locked.
async fn enter(connection: &mut PgConnection, job: JobId, state: MergeState) -> Result<(), StoreError> {
    let query = "UPDATE jobs SET job_merge = $2, job_merge_at = now() WHERE job_id = $1";
    sql::query(query).bind(job.0).bind(state.as_str()).execute(connection).await?;
    Ok(())
}
