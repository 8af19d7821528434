//! `uploads` and `upload_parts`: files that arrive in several requests.
//!
//! The request that sends a part has a lease, and each write that adds to the upload names the token of the lease. A request
//! that stops renewing loses the lease to the next one.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::postgres::{PgPool, PgRow};
use sqlx::{AssertSqlSafe, PgConnection, Row};
use uuid::Uuid;

use super::{StoreError, sql};
use crate::domain::ids::UploadId;
use crate::domain::job::Owner;

/// How long an upload waits for its next part, and its result for whoever asks.
const EXPIRY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a lease is valid without being renewed.
pub(crate) const LEASE: Duration = Duration::from_secs(30);
/// The maximum number of unfinished uploads of an owner.
pub(crate) const MOST_UPLOADS: i64 = 20;
/// How old an entry of a part must be to be deleted although its object may not be written yet.
const LATEST_WRITE: Duration = Duration::from_secs(10 * 60);

/// An upload.
#[derive(Debug, Clone)]
pub(crate) struct UploadRow {
    /// The size of the file in bytes.
    pub bytes: u64,
    /// The bytes that have arrived: all, once there is a result.
    pub offset: u64,
    /// The name of the file and how to import it, as the client has sent them; `None` once there is a result.
    pub metadata: Option<String>,
    /// The jobs, once the file is complete.
    pub result: Option<Value>,
    /// When it is deleted.
    pub expires_at: DateTime<Utc>,
}

const COLUMNS: &str = "upload_bytes, upload_offset, upload_metadata, upload_result, upload_expires_at";

fn upload(row: &PgRow) -> Result<UploadRow, StoreError> {
    Ok(UploadRow {
        bytes: unsigned(row, "upload_bytes")?,
        offset: unsigned(row, "upload_offset")?,
        metadata: row.try_get("upload_metadata")?,
        result: row.try_get("upload_result")?,
        expires_at: row.try_get("upload_expires_at")?,
    })
}

fn unsigned(row: &PgRow, column: &str) -> Result<u64, StoreError> {
    u64::try_from(row.try_get::<i64, _>(column)?).map_err(|_| StoreError::Unreadable)
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// Inserts an upload; returns `None` if the owner already has [`MOST_UPLOADS`] unfinished ones.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    owner: &Owner,
    bytes: u64,
    metadata: &str,
) -> Result<Option<(UploadId, DateTime<Utc>)>, StoreError> {
    let insert = AssertSqlSafe(format!(
        "INSERT INTO uploads (upload_owner, upload_bytes, upload_metadata, upload_expires_at)
         SELECT $1, $2, $3, now() + {} WHERE $4 >
             (SELECT count(*) FROM uploads WHERE upload_owner = $1 AND upload_result IS NULL AND upload_expires_at > now())
         RETURNING upload_id, upload_expires_at",
        sql::interval(EXPIRY)
    ));
    let query = sql::query_as(insert).bind(&owner.0).bind(signed(bytes)).bind(metadata).bind(MOST_UPLOADS);
    Ok(query.fetch_optional(connection).await?)
}

/// Returns an upload of the owner, unless it has expired.
pub(crate) async fn get(
    connection: &mut PgConnection,
    owner: &Owner,
    id: UploadId,
) -> Result<Option<UploadRow>, StoreError> {
    let query = AssertSqlSafe(format!(
        "SELECT {COLUMNS} FROM uploads WHERE upload_owner = $1 AND upload_id = $2 AND upload_expires_at > now()"
    ));
    let row = sql::query(query).bind(&owner.0).bind(id).fetch_optional(connection).await?;
    row.as_ref().map(upload).transpose()
}

/// Acquires the lease of an unfinished upload that has arrived up to `offset`. Returns `None` if there is no such upload, or
/// if another request has a valid lease.
pub(crate) async fn lease(
    connection: &mut PgConnection,
    owner: &Owner,
    id: UploadId,
    token: Uuid,
    offset: u64,
) -> Result<Option<UploadRow>, StoreError> {
    let update = AssertSqlSafe(format!(
        "UPDATE uploads SET upload_lease_token = $3, upload_lease_until = now() + {}, upload_expires_at = now() + {}
         WHERE upload_owner = $1 AND upload_id = $2 AND upload_offset = $4 AND upload_result IS NULL
           AND upload_expires_at > now() AND (upload_lease_until IS NULL OR upload_lease_until < now())
         RETURNING {COLUMNS}",
        sql::interval(LEASE),
        sql::interval(EXPIRY)
    ));
    let query = sql::query(update).bind(&owner.0).bind(id).bind(token).bind(signed(offset));
    query.fetch_optional(connection).await?.as_ref().map(upload).transpose()
}

/// Renews the lease. Returns whether it is still that of `token`.
pub(crate) async fn renew(
    connection: &mut PgConnection,
    owner: &Owner,
    id: UploadId,
    token: Uuid,
) -> Result<bool, StoreError> {
    let update = AssertSqlSafe(format!(
        "UPDATE uploads SET upload_lease_until = now() + {}, upload_expires_at = now() + {}
         WHERE upload_owner = $1 AND upload_id = $2 AND upload_lease_token = $3 AND upload_expires_at > now()",
        sql::interval(LEASE),
        sql::interval(EXPIRY)
    ));
    let renewed = sql::query(update).bind(&owner.0).bind(id).bind(token).execute(connection).await?;
    Ok(renewed.rows_affected() == 1)
}

/// Ends the lease, so that the next request need not wait for its end.
pub(crate) async fn release(
    connection: &mut PgConnection,
    owner: &Owner,
    id: UploadId,
    token: Uuid,
) -> Result<(), StoreError> {
    let update = "UPDATE uploads SET upload_lease_token = NULL, upload_lease_until = NULL
         WHERE upload_owner = $1 AND upload_id = $2 AND upload_lease_token = $3";
    sql::query(update).bind(&owner.0).bind(id).bind(token).execute(connection).await?;
    Ok(())
}

/// Records that the object of a part will be written. Returns whether the lease is still that of `token`.
pub(crate) async fn announce_part(
    connection: &mut PgConnection,
    owner: &Owner,
    id: UploadId,
    token: Uuid,
    key: &str,
) -> Result<bool, StoreError> {
    let insert = "INSERT INTO upload_parts (part_key, part_owner, part_upload_id, part_offset)
         SELECT $4, $1, upload_id, upload_offset FROM uploads
         WHERE upload_owner = $1 AND upload_id = $2 AND upload_lease_token = $3 AND upload_expires_at > now()";
    let query = sql::query(insert).bind(&owner.0).bind(id).bind(token).bind(key);
    Ok(query.execute(connection).await?.rows_affected() == 1)
}

/// Adds a written part to its upload. Returns whether the lease is still that of `token`.
pub(crate) async fn add_part(
    connection: &mut PgConnection,
    owner: &Owner,
    id: UploadId,
    token: Uuid,
    key: &str,
    bytes: u64,
) -> Result<bool, StoreError> {
    let update = AssertSqlSafe(format!(
        "WITH added AS (
             UPDATE uploads SET upload_offset = upload_offset + $5, upload_lease_until = now() + {},
                 upload_expires_at = now() + {}
             WHERE upload_owner = $1 AND upload_id = $2 AND upload_lease_token = $3 AND upload_expires_at > now()
             RETURNING upload_id)
         UPDATE upload_parts SET part_bytes = $5 FROM added
         WHERE part_owner = $1 AND part_key = $4 AND part_upload_id = upload_id",
        sql::interval(LEASE),
        sql::interval(EXPIRY)
    ));
    let query = sql::query(update).bind(&owner.0).bind(id).bind(token).bind(key).bind(signed(bytes));
    Ok(query.execute(connection).await?.rows_affected() == 1)
}

/// A stored part of an upload.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    /// The key of its object.
    pub key: String,
    /// Its size.
    pub bytes: u64,
}

/// Returns the stored parts of an upload, in the order of the file.
pub(crate) async fn parts(
    connection: &mut PgConnection,
    owner: &Owner,
    id: UploadId,
) -> Result<Vec<Part>, StoreError> {
    let query = "SELECT part_key, part_bytes FROM upload_parts
         WHERE part_owner = $1 AND part_upload_id = $2 AND part_bytes IS NOT NULL ORDER BY part_offset";
    let rows = sql::query(query).bind(&owner.0).bind(id).fetch_all(connection).await?;
    rows.iter()
        .map(|row| Ok(Part { key: row.try_get("part_key")?, bytes: unsigned(row, "part_bytes")? }))
        .collect()
}

/// Records the jobs of a complete file, and forgets its name, which the jobs have. Needs no lease, since the jobs exist.
pub(crate) async fn finish(
    connection: &mut PgConnection,
    owner: &Owner,
    id: UploadId,
    result: &Value,
) -> Result<(), StoreError> {
    let update = AssertSqlSafe(format!(
        "UPDATE uploads SET upload_result = $3, upload_offset = upload_bytes, upload_metadata = NULL,
             upload_lease_token = NULL, upload_lease_until = NULL, upload_expires_at = now() + {}
         WHERE upload_owner = $1 AND upload_id = $2 AND upload_expires_at > now()",
        sql::interval(EXPIRY)
    ));
    sql::query(update).bind(&owner.0).bind(id).bind(result).execute(connection).await?;
    Ok(())
}

/// Lets an upload expire. Returns whether the owner has such an upload.
pub(crate) async fn expire(
    connection: &mut PgConnection,
    owner: &Owner,
    id: UploadId,
) -> Result<bool, StoreError> {
    let update =
        "UPDATE uploads SET upload_expires_at = now(), upload_lease_token = NULL, upload_lease_until = NULL
         WHERE upload_owner = $1 AND upload_id = $2 AND upload_expires_at > now()";
    let expired = sql::query(update).bind(&owner.0).bind(id).execute(connection).await?;
    Ok(expired.rows_affected() == 1)
}

/// Deletes the entries of stored parts whose objects are deleted.
pub(crate) async fn forget_parts(
    connection: &mut PgConnection,
    owner: &Owner,
    keys: &[String],
) -> Result<(), StoreError> {
    let delete = "DELETE FROM upload_parts
         WHERE part_owner = $1 AND part_key = ANY ($2) AND part_bytes IS NOT NULL";
    sql::query(delete).bind(&owner.0).bind(keys).execute(connection).await?;
    Ok(())
}

/// Returns the keys of up to `limit` parts that no upload needs, in order, starting after `after`: those of uploads that have
/// expired or are complete, and those whose writing was cut off. Leaves out parts whose objects may still be written.
pub(crate) async fn unneeded_parts(
    pool: &PgPool,
    after: &str,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    let query = AssertSqlSafe(format!(
        "SELECT part_key FROM upload_parts JOIN uploads ON upload_id = part_upload_id
         WHERE part_key > $1
           AND CASE WHEN part_bytes IS NULL THEN part_created_at < now() - {}
                    ELSE upload_expires_at < now() OR upload_result IS NOT NULL END
         ORDER BY part_key LIMIT $2",
        sql::interval(LATEST_WRITE)
    ));
    let rows = sql::fetch(pool, sql::query(query).bind(after).bind(limit)).await?;
    rows.iter().map(|row| Ok(row.try_get("part_key")?)).collect()
}

/// Deletes the entries of parts whose objects are deleted, whoever owns them.
pub(crate) async fn delete_parts(pool: &PgPool, keys: &[String]) -> Result<(), StoreError> {
    sql::execute(pool, sql::query("DELETE FROM upload_parts WHERE part_key = ANY ($1)").bind(keys)).await?;
    Ok(())
}

/// Deletes the uploads that have expired and have no parts left. Returns their number.
pub(crate) async fn delete_expired(pool: &PgPool) -> Result<u64, StoreError> {
    let delete = "DELETE FROM uploads WHERE upload_expires_at < now()
           AND NOT EXISTS (SELECT FROM upload_parts WHERE part_upload_id = upload_id)";
    sql::once_changed(pool, delete).await
}
