//! `column_mappings`: the columns that an owner matched by hand, for the next file of the same shape.

use sqlx::PgConnection;
use sqlx::types::Json;

use super::{StoreError, sql};
use crate::domain::job::{Columns, Owner};

/// Returns the owner's latest mapping for files of this shape.
pub(crate) async fn find(
    connection: &mut PgConnection,
    owner: &Owner,
    shape: &str,
) -> Result<Option<Columns>, StoreError> {
    let query = "SELECT mapping_columns FROM column_mappings WHERE mapping_owner = $1 AND mapping_shape = $2";
    let columns: Option<Json<Columns>> =
        sql::query_scalar(query).bind(&owner.0).bind(shape).fetch_optional(connection).await?;
    Ok(columns.map(|Json(columns)| columns))
}

/// Saves the owner's mapping for files of this shape.
pub(crate) async fn remember(
    connection: &mut PgConnection,
    owner: &Owner,
    shape: &str,
    columns: Columns,
) -> Result<(), StoreError> {
    let insert =
        "INSERT INTO column_mappings (mapping_owner, mapping_shape, mapping_columns) VALUES ($1, $2, $3)
         ON CONFLICT (mapping_owner, mapping_shape)
         DO UPDATE SET mapping_columns = excluded.mapping_columns, mapping_used_at = now()";
    sql::query(insert).bind(&owner.0).bind(shape).bind(Json(columns)).execute(connection).await?;
    Ok(())
}
