//! `column_mappings`: the columns that an owner has assigned by hand, for later files with the same header.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{PgConnection, Row};

use super::{StoreError, sql};
use crate::domain::ids::MappingId;
use crate::domain::job::{Columns, FixedValues, Owner};

/// Maximum number of mappings in a list.
const LISTED: i64 = 1000;

/// A remembered mapping.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ColumnMapping {
    /// `mapping_id`.
    pub id: MappingId,
    /// The names in the header; `None` if it was remembered by an earlier version.
    pub names: Option<Vec<String>>,
    /// The columns.
    pub columns: Columns,
    /// The fields that have the same value in every row.
    pub values: FixedValues,
    /// When it was last set.
    pub used_at: DateTime<Utc>,
}

impl ColumnMapping {
    /// Returns the fixed values of a file, completed by the remembered ones.
    pub(crate) fn completed(&self, given: &FixedValues) -> FixedValues {
        let mut values = given.clone();
        for (field, value) in self.values.iter().filter(|(field, _)| given.get(*field).is_none()) {
            values.set(field, Some(value.to_owned()));
        }
        values
    }
}

const MAPPING: &str = "mapping_id, mapping_names, mapping_columns, mapping_values, mapping_used_at";

fn mapping(row: &PgRow) -> Result<ColumnMapping, StoreError> {
    let Json(columns) = row.try_get::<Json<Columns>, _>("mapping_columns")?;
    let values = row.try_get::<Option<Json<FixedValues>>, _>("mapping_values")?;
    Ok(ColumnMapping {
        id: row.try_get("mapping_id")?,
        names: row.try_get("mapping_names")?,
        columns: Columns { remembered: true, ..columns },
        values: values.map(|Json(values)| values).unwrap_or_default(),
        used_at: row.try_get("mapping_used_at")?,
    })
}

/// Returns the owner's mapping for files of this shape.
pub(crate) async fn find(
    connection: &mut PgConnection,
    owner: &Owner,
    shape: &str,
) -> Result<Option<ColumnMapping>, StoreError> {
    let query =
        format!("SELECT {MAPPING} FROM column_mappings WHERE mapping_owner = $1 AND mapping_shape = $2");
    let query = sql::query(sqlx::AssertSqlSafe(query)).bind(&owner.0).bind(shape);
    query.fetch_optional(connection).await?.as_ref().map(mapping).transpose()
}

/// Returns a mapping of the owner.
pub(crate) async fn get(
    connection: &mut PgConnection,
    owner: &Owner,
    id: MappingId,
) -> Result<Option<ColumnMapping>, StoreError> {
    let query = format!("SELECT {MAPPING} FROM column_mappings WHERE mapping_owner = $1 AND mapping_id = $2");
    let query = sql::query(sqlx::AssertSqlSafe(query)).bind(&owner.0).bind(id);
    query.fetch_optional(connection).await?.as_ref().map(mapping).transpose()
}

/// Returns the owner's mappings, the latest first.
pub(crate) async fn list(
    connection: &mut PgConnection,
    owner: &Owner,
) -> Result<Vec<ColumnMapping>, StoreError> {
    let query = format!(
        "SELECT {MAPPING} FROM column_mappings WHERE mapping_owner = $1
         ORDER BY mapping_used_at DESC, mapping_id DESC LIMIT {LISTED}"
    );
    let query = sql::query(sqlx::AssertSqlSafe(query)).bind(&owner.0);
    query.fetch_all(connection).await?.iter().map(mapping).collect()
}

/// A mapping to remember.
#[derive(Debug)]
pub(crate) struct New<'a> {
    /// The normalised header: see [`header_shape`](crate::domain::job::header_shape).
    pub shape: &'a str,
    /// The names in the header.
    pub names: &'a [String],
    /// The columns.
    pub columns: &'a Columns,
    /// The fields that have the same value in every row.
    pub values: &'a FixedValues,
}

/// Saves the owner's mapping for files of this shape, instead of an earlier one.
pub(crate) async fn remember(
    connection: &mut PgConnection,
    owner: &Owner,
    new: &New<'_>,
) -> Result<(), StoreError> {
    let insert = "INSERT INTO column_mappings
             (mapping_owner, mapping_shape, mapping_names, mapping_columns, mapping_values)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (mapping_owner, mapping_shape)
         DO UPDATE SET mapping_names = excluded.mapping_names, mapping_columns = excluded.mapping_columns,
                       mapping_values = excluded.mapping_values, mapping_used_at = now()";
    let columns = Columns { remembered: false, ..new.columns.clone() };
    let values = Some(new.values).filter(|values| !values.is_empty());
    let query = sql::query(insert).bind(&owner.0).bind(new.shape).bind(new.names);
    query.bind(Json(columns)).bind(values.map(Json)).execute(connection).await?;
    Ok(())
}

/// Changes a mapping of the owner. Returns whether there is such a mapping.
pub(crate) async fn change(
    connection: &mut PgConnection,
    owner: &Owner,
    id: MappingId,
    columns: &Columns,
    values: &FixedValues,
) -> Result<bool, StoreError> {
    let update =
        "UPDATE column_mappings SET mapping_columns = $3, mapping_values = $4, mapping_used_at = now()
         WHERE mapping_owner = $1 AND mapping_id = $2";
    let columns = Columns { remembered: false, ..columns.clone() };
    let values = Some(values).filter(|values| !values.is_empty());
    let query = sql::query(update).bind(&owner.0).bind(id).bind(Json(columns)).bind(values.map(Json));
    Ok(query.execute(connection).await?.rows_affected() > 0)
}

/// Deletes a mapping of the owner. Returns whether there was such a mapping.
pub(crate) async fn forget(
    connection: &mut PgConnection,
    owner: &Owner,
    id: MappingId,
) -> Result<bool, StoreError> {
    let delete = "DELETE FROM column_mappings WHERE mapping_owner = $1 AND mapping_id = $2";
    Ok(sql::query(delete).bind(&owner.0).bind(id).execute(connection).await?.rows_affected() > 0)
}
