//! `actions`, the audit trail: who did what and when, what came of it, and what took it back.

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

/// An action on its way onto the record.
#[derive(Debug)]
pub(crate) struct New<'a> {
    /// Whose data it is about.
    pub owner: &'a Owner,
    /// Who does it.
    pub actor: &'a str,
    /// What is done.
    pub kind: ActionKind,
    /// To which job.
    pub job: Option<JobId>,
    /// What was asked for.
    pub request: &'a Value,
    /// The key by which a repeated request is known, and what the request is known by.
    pub idempotency: Option<(&'a str, &'a str)>,
}

/// Puts an action on record; gives its number. A request with a key that is on record fails as a conflict in
/// `actions`.
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

/// Puts on record what came of an action, and the job where it was not known before.
pub(crate) async fn finish(
    connection: &mut PgConnection,
    action: ActionId,
    job: Option<JobId>,
    result: &Value,
) -> Result<(), StoreError> {
    let update = "UPDATE actions SET action_result = $2, action_job_id = coalesce(action_job_id, $3) WHERE action_id = $1";
    sql::query(update).bind(action).bind(result).bind(job.map(|job| job.0)).execute(connection).await?;
    Ok(())
}

/// The result of the owner's action with this key, and the fingerprint of its request.
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
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
pub(crate) struct Action {
    /// Its number.
    #[schema(value_type = i64)]
    pub id: ActionId,
    /// Who did it.
    pub actor: String,
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub kind: ActionKind,
    /// To which job.
    #[schema(value_type = Option<i32>)]
    pub job: Option<JobId>,
    /// What was asked for: as it is on record, since it may be large.
    #[schema(value_type = Value)]
    pub request: Box<RawValue>,
    /// What came of it.
    pub result: Value,
    /// The action that took it back.
    #[schema(value_type = Option<i64>)]
    pub undone_by: Option<ActionId>,
}

const ACTION_SIZED: &str =
    "SELECT action_id, action_actor, action_at, action_kind, action_job_id, action_request, action_result,
     action_undone_by, octet_length(action_request::text) + octet_length(action_result::text) AS row_bytes FROM actions a";
/// Without what was asked for, which may be large.
const ACTION_BRIEF: &str =
    "SELECT action_id, action_actor, action_at, action_kind, action_job_id, 'null'::jsonb AS action_request, action_result,
     action_undone_by FROM actions a";
/// The transaction reads the rows of this action from then on: see [the wall](super::wall).
const ACTION: &str =
    "SELECT set_config('ingest.action', action_id::text, true), action_id, action_actor, action_at, action_kind, action_job_id, action_request, action_result,
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

/// One action of an owner.
pub(crate) async fn get(
    connection: &mut PgConnection,
    owner: &Owner,
    id: ActionId,
) -> Result<Option<Action>, StoreError> {
    let query = sqlx::AssertSqlSafe(format!("{ACTION} WHERE action_owner = $1 AND action_id = $2"));
    let row = sql::query(query).bind(&owner.0).bind(id).fetch_optional(connection).await?;
    row.as_ref().map(action).transpose()
}

/// Which actions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Which {
    /// To this job.
    pub job: Option<JobId>,
    /// That changed this row.
    pub row: Option<RowId>,
    /// Of people whose names hold this.
    pub actor: Option<String>,
}

/// An owner's actions, the newest first: at most `limit`, fewer where they are large, older than `before` where that is given.
pub(crate) async fn page(
    connection: &mut PgConnection,
    owner: &Owner,
    which: &Which,
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
    if let Some(before) = before {
        query.push(" AND action_id < ").push_bind(before);
    }
    // By the index over jobs where one is asked for, however the statistics stand.
    query.push(if which.job.is_some() { " ORDER BY action_job_id DESC, " } else { " ORDER BY " });
    query.push("action_id DESC LIMIT ").push_bind(limit + 1).push(end);
    bounded::slice(&query.build().persistent(false).fetch_all(connection).await?, limit, action)
}

/// The latest action of an owner that changed each of these rows, with the row; without what it was asked for.
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
    let found = sql::query(query).bind(&owner.0).bind(rows).fetch_all(connection).await?;
    found.iter().map(|found| Ok((found.try_get("row")?, action(found)?))).collect()
}

/// Whether the action changed rows, which is what can be taken back.
pub(crate) async fn has_rows(connection: &mut PgConnection, action: ActionId) -> Result<bool, StoreError> {
    let query = "SELECT EXISTS (SELECT FROM action_rows WHERE row_action_id = $1)";
    Ok(sql::query_scalar(query).bind(action).fetch_one(connection).await?)
}

/// Marks an action as taken back by `undo`; one that it had taken back itself holds again.
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

/// Forgets what the actions of a job tell of people; that they were done stays on record.
pub(crate) async fn forget_data(connection: &mut PgConnection, job: JobId) -> Result<(), StoreError> {
    sql::query(
        "DELETE FROM action_rows USING actions WHERE row_action_id = action_id AND action_job_id = $1",
    )
    .bind(job.0)
    .execute(&mut *connection)
    .await?;
    // The keys of rows in a file of corrections are whatever somebody wrote there.
    let forget =
        "UPDATE actions SET action_request = '{}', action_result = action_result - 'unknown' - 'contacts'
         WHERE action_job_id = $1";
    sql::query(forget).bind(job.0).execute(connection).await?;
    Ok(())
}
