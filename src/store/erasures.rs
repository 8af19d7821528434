//! `erasures`: that the data of people was erased, without whose.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{PgConnection, Row};

use super::{StoreError, sql};
use crate::domain::ids::ErasureId;
use crate::domain::job::Owner;

/// How much of a person was found or erased, by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct PersonCounts {
    /// Contacts.
    pub contacts: i64,
    /// Changes of contacts, with their values before and after.
    pub changes: i64,
    /// Rows of jobs.
    pub rows: i64,
    /// Deleted contacts; their values go.
    pub deleted_contacts: i64,
    /// Issues.
    pub issues: i64,
    /// Rows as decisions have recorded them, before and after.
    pub decisions: i64,
    /// Rows and contacts of other people with a value that names the person; the value goes.
    pub mentions: i64,
    /// Actions, remembered columns and names of columns with a text that names the person; the text goes.
    pub records: i64,
    /// Jobs whose files contain the person; the stored files go.
    pub files: i64,
}

impl PersonCounts {
    /// Returns whether nothing was found.
    pub fn is_empty(&self) -> bool {
        *self == PersonCounts::default()
    }
}

/// An erasure as people see it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Erasure {
    /// The number.
    pub id: ErasureId,
    /// The person who erased.
    pub actor: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended; `None` if it is in progress, or was cut off.
    pub ended_at: Option<DateTime<Utc>>,
    /// How much was erased.
    pub counts: PersonCounts,
}

/// Records the beginning of an erasure.
pub(crate) async fn begin(
    connection: &mut PgConnection,
    owner: &Owner,
    actor: &str,
) -> Result<ErasureId, StoreError> {
    let insert = "INSERT INTO erasures (erasure_owner, erasure_actor) VALUES ($1, $2) RETURNING erasure_id";
    Ok(sql::query_scalar(insert).bind(&owner.0).bind(actor).fetch_one(connection).await?)
}

/// Records how much is erased so far, in the transaction that erases it, and whether that is all.
pub(crate) async fn report(
    connection: &mut PgConnection,
    id: ErasureId,
    counts: &PersonCounts,
    is_all: bool,
) -> Result<(), StoreError> {
    let update = "UPDATE erasures SET erasure_counts = $2,
                erasure_ended_at = CASE WHEN $3 THEN clock_timestamp() END
         WHERE erasure_id = $1";
    sql::query(update).bind(id).bind(Json(counts)).bind(is_all).execute(connection).await?;
    Ok(())
}

/// Returns the latest erasures of an owner, newest first.
pub async fn latest(
    connection: &mut PgConnection,
    owner: &Owner,
    limit: i64,
) -> Result<Vec<Erasure>, StoreError> {
    let query = "SELECT * FROM erasures WHERE erasure_owner = $1 ORDER BY erasure_id DESC LIMIT $2";
    let erasure = |row: &PgRow| {
        Ok(Erasure {
            id: row.try_get("erasure_id")?,
            actor: row.try_get("erasure_actor")?,
            started_at: row.try_get("erasure_started_at")?,
            ended_at: row.try_get("erasure_ended_at")?,
            counts: row.try_get::<Json<PersonCounts>, _>("erasure_counts")?.0,
        })
    };
    let rows = sql::query(query).bind(&owner.0).bind(limit).fetch_all(connection).await?;
    rows.iter().map(erasure).collect()
}
