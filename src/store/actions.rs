//! `actions`, the audit trail: who did what and when, the result, and the action that undid it.

use chrono::{DateTime, Utc};
use serde_json::Value;
use serde_json::value::RawValue;
use sqlx::types::Json;
use sqlx::{PgConnection, Row};

use super::bounded::{self, PAGE_BYTES, Slice};
use super::{StoreError, filter, sql};
use crate::domain::decision::ActionKind;
use crate::domain::ids::{ActionId, RowId};
use crate::domain::job::{JobId, Owner};

/// An action to record.
#[derive(Debug)]
pub(crate) struct New<'a> {
    /// The owner of the data that it changes.
    pub owner: &'a Owner,
    /// The person who performs it.
    pub actor: &'a str,
    /// The kind of action.
    pub kind: ActionKind,
    /// The job that it changes.
    pub job: Option<JobId>,
    /// The request.
    pub request: &'a Value,
    /// The idempotency key, which identifies a repeated request, and the fingerprint of the request.
    pub idempotency: Option<(&'a str, &'a str)>,
}

/// Records an action and returns its id. Fails with a conflict in `actions` if the owner has already used the idempotency
/// key.
pub(crate) async fn insert(connection: &mut PgConnection, action: &New<'_>) -> Result<ActionId, StoreError> {
    let insert =
        "INSERT INTO actions (action_owner, action_actor, action_kind, action_job_id, action_request,
                             action_idempotency_key, action_fingerprint)
         VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING action_id, set_config('ingest.action', action_id::text, true)";
    let id = sql::query_scalar(insert)
        .bind(&action.owner.0)
        .bind(action.actor)
        .bind(action.kind.as_str())
        .bind(action.job.map(|job| job.0))
        .bind(action.request)
        .bind(action.idempotency.map(|(key, _)| key))
        .bind(action.idempotency.map(|(_, fingerprint)| fingerprint))
        .fetch_one(connection)
        .await?;
    Ok(id)
}

/// Records the result of an action, and its job if it was not known before.
pub(crate) async fn finish(
    connection: &mut PgConnection,
    action: ActionId,
    job: Option<JobId>,
    result: &Value,
) -> Result<(), StoreError> {
    let update = "UPDATE actions SET action_result = $2, action_job_id = coalesce(action_job_id, $3)
         WHERE action_id = $1";
    sql::query(update).bind(action).bind(result).bind(job.map(|job| job.0)).execute(connection).await?;
    Ok(())
}

/// Returns the result of the owner's action with this idempotency key, and the fingerprint of its request.
pub(crate) async fn by_key(
    connection: &mut PgConnection,
    owner: &Owner,
    key: &str,
) -> Result<Option<(Value, String)>, StoreError> {
    let query = "SELECT action_result, coalesce(action_fingerprint, '') FROM actions
         WHERE action_owner = $1 AND action_idempotency_key = $2";
    Ok(sql::query_as(query).bind(&owner.0).bind(key).fetch_optional(connection).await?)
}

/// An action as people see it.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct Action {
    /// The id.
    pub id: ActionId,
    /// The person who performed it.
    pub actor: String,
    /// The time.
    pub at: DateTime<Utc>,
    /// The kind of action.
    pub kind: ActionKind,
    /// The job that it changed.
    pub job: Option<JobId>,
    /// The request. Not parsed, since it may be large.
    pub request: Box<RawValue>,
    /// The result.
    pub result: Value,
    /// The action that undid it.
    pub undone_by: Option<ActionId>,
}

const ACTION_SIZED: &str =
    "SELECT action_id, action_actor, action_at, action_kind, action_job_id, action_request, action_result,
     action_undone_by,
     octet_length(action_request::text) + octet_length(action_result::text) AS row_bytes FROM actions a";
/// Without the request, which may be large.
const ACTION_BRIEF: &str =
    "SELECT action_id, action_actor, action_at, action_kind, action_job_id, 'null'::jsonb AS action_request,
     action_result, action_undone_by FROM actions a";
/// Makes this action the current action of the transaction: see [the wall](super::wall).
const ACTION: &str = "SELECT set_config('ingest.action', action_id::text, true),
     action_id, action_actor, action_at, action_kind, action_job_id, action_request, action_result,
     action_undone_by FROM actions a";

fn action(row: &sqlx::postgres::PgRow) -> Result<Action, StoreError> {
    Ok(Action {
        id: row.try_get("action_id")?,
        actor: row.try_get("action_actor")?,
        at: row.try_get("action_at")?,
        kind: row.try_get::<&str, _>("action_kind")?.parse()?,
        job: row.try_get("action_job_id")?,
        request: row.try_get::<Json<Box<RawValue>>, _>("action_request")?.0,
        result: row.try_get("action_result")?,
        undone_by: row.try_get("action_undone_by")?,
    })
}

/// Returns one action of an owner.
pub(crate) async fn get(
    connection: &mut PgConnection,
    owner: &Owner,
    id: ActionId,
) -> Result<Option<Action>, StoreError> {
    let query = sqlx::AssertSqlSafe(format!("{ACTION} WHERE action_owner = $1 AND action_id = $2"));
    let row = sql::query(query).bind(&owner.0).bind(id).fetch_optional(connection).await?;
    row.as_ref().map(action).transpose()
}

/// A filter of actions.
#[derive(Debug, Clone, Default)]
pub(crate) struct ActionFilter {
    /// Only actions on this job.
    pub job: Option<JobId>,
    /// Only actions that changed this row.
    pub row: Option<RowId>,
    /// Only actions of people whose name contains this text, ignoring case.
    pub actor: Option<String>,
    /// Only actions since this time.
    pub since: Option<DateTime<Utc>>,
    /// Only actions before this time.
    pub until: Option<DateTime<Utc>>,
}

/// Returns up to `limit` actions of an owner, fewer if they are large, newest first, starting after `before` if it is set.
pub(crate) async fn page(
    connection: &mut PgConnection,
    owner: &Owner,
    which: &ActionFilter,
    before: Option<ActionId>,
    limit: i64,
) -> Result<Slice<Action>, StoreError> {
    let (start, end) = bounded::around(PAGE_BYTES, "action_id DESC");
    let mut query = sqlx::QueryBuilder::new(format!("{start}{ACTION_SIZED} WHERE action_owner = "));
    query.push_bind(&owner.0);
    if let Some(job) = which.job {
        query.push(" AND action_job_id = ").push_bind(job.0);
    }
    if let Some(row) = which.row {
        query
            .push(
                " AND EXISTS (SELECT FROM action_rows WHERE row_action_id = action_id AND row_staging_id = ",
            )
            .push_bind(row)
            .push(")");
    }
    if let Some(actor) = &which.actor {
        query
            .push(format!(" AND {} ILIKE ", filter::searched("action_actor")))
            .push_bind(filter::anywhere(actor));
    }
    if let Some(since) = which.since {
        query.push(" AND action_at >= ").push_bind(since);
    }
    if let Some(until) = which.until {
        query.push(" AND action_at < ").push_bind(until);
    }
    if let Some(before) = before {
        query.push(" AND action_id < ").push_bind(before);
    }
    // With a job in the filter, this order makes the planner use the index over jobs, whatever the statistics.
    query.push(if which.job.is_some() { " ORDER BY action_job_id DESC, " } else { " ORDER BY " });
    query.push("action_id DESC LIMIT ").push_bind(limit + 1).push(end);
    bounded::slice(&query.build().persistent(false).fetch_all(connection).await?, limit, action)
}

/// Returns the latest action of an owner that changed each of these rows, with the row but without the request.
pub(crate) async fn last_of_rows(
    connection: &mut PgConnection,
    owner: &Owner,
    rows: &[RowId],
) -> Result<Vec<(RowId, Action)>, StoreError> {
    let query = sqlx::AssertSqlSafe(format!(
        "SELECT row, a.* FROM unnest($2::bigint[]) AS row,
             LATERAL (SELECT row_action_id FROM action_rows WHERE row_staging_id = row
                      ORDER BY row_action_id DESC LIMIT 1) AS latest,
             LATERAL ({ACTION_BRIEF} WHERE action_id = row_action_id AND action_owner = $1) AS a"
    ));
    let latest = sql::query(query).bind(&owner.0).bind(rows).fetch_all(connection).await?;
    latest.iter().map(|latest| Ok((latest.try_get("row")?, action(latest)?))).collect()
}

/// Returns whether the action changed rows, which an undo can restore.
pub(crate) async fn has_rows(connection: &mut PgConnection, action: ActionId) -> Result<bool, StoreError> {
    let query = "SELECT EXISTS (SELECT FROM action_rows WHERE row_action_id = $1)";
    Ok(sql::query_scalar(query).bind(action).fetch_one(connection).await?)
}

/// Marks an action as undone by `undo`. If the action was itself an undo, the action that it undid is in effect again.
pub(crate) async fn mark_undone(
    connection: &mut PgConnection,
    action: ActionId,
    undo: ActionId,
) -> Result<(), StoreError> {
    sql::query("UPDATE actions SET action_undone_by = NULL WHERE action_undone_by = $1")
        .bind(action)
        .execute(&mut *connection)
        .await?;
    sql::query("UPDATE actions SET action_undone_by = $2 WHERE action_id = $1")
        .bind(action)
        .bind(undo)
        .execute(connection)
        .await?;
    Ok(())
}

/// Deletes the rows of the actions on a job, which cannot be undone then.
pub(crate) async fn forget_rows(connection: &mut PgConnection, job: JobId) -> Result<(), StoreError> {
    let forget =
        "DELETE FROM action_rows USING actions WHERE row_action_id = action_id AND action_job_id = $1";
    sql::query(forget).bind(job.0).execute(connection).await?;
    Ok(())
}

/// Deletes personal data from the actions of a job; the record that they were performed remains.
pub(crate) async fn forget_data(connection: &mut PgConnection, job: JobId) -> Result<(), StoreError> {
    forget_rows(connection, job).await?;
    // `unknown` and `contacts` list keys of rows from a file of corrections, which may contain any text.
    let forget =
        "UPDATE actions SET action_request = '{}', action_result = action_result - 'unknown' - 'contacts'
         WHERE action_job_id = $1";
    sql::query(forget).bind(job.0).execute(connection).await?;
    Ok(())
}
