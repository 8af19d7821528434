//! The rows for which the program computes the new values of a decision.

use futures::TryStreamExt;
use sqlx::{PgConnection, Postgres, QueryBuilder};

use crate::domain::decision::Filter;
use crate::domain::ids::RowId;
use crate::domain::replacement::Replacement;
use crate::domain::rules::IssueType;
use crate::store::filter::{self, IN_QUESTION, IssuesOf};
use crate::store::{JobTables, StoreError};

/// Calls `on_row` for each row that matches the filter and has an open issue for an invalid e-mail, and locks these rows.
pub(crate) async fn each_invalid(
    connection: &mut PgConnection,
    tables: JobTables,
    which: &Filter,
    on_row: impl FnMut(RowId, &str) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let invalid = IssuesOf { open: true, ..IssuesOf::of_type(IssueType::InvalidEmail) };
    let condition = format!("{IN_QUESTION} AND s.staging_email IS NOT NULL");
    let mut query = QueryBuilder::new("SELECT s.staging_id, s.staging_email");
    filter::push_rows(&mut query, tables, which, &[invalid], &condition);
    each(connection, query, on_row).await
}

/// Calls `on_row` with the value of the field for each row that matches the filter and whose value contains the text to
/// replace, and locks these rows. Skips discarded rows.
///
/// The server compares case by its locale, so it may miss a text that [`Replacement::applied_to`] finds, and the reverse.
pub(crate) async fn each_containing(
    connection: &mut PgConnection,
    tables: JobTables,
    which: &Filter,
    replacement: &Replacement,
    on_row: impl FnMut(RowId, &str) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let column = format!("s.staging_{}", replacement.field);
    let (start, end) = match replacement.match_case {
        true => ("", " COLLATE \"C\""),
        false => ("lower(", " COLLATE ingest_search)"),
    };
    let mut query = QueryBuilder::new(format!("SELECT s.staging_id, {column}"));
    filter::push_rows_where(&mut query, tables, which, &[], |query| {
        query.push(format!("{IN_QUESTION} AND strpos({start}{column}{end}, {start}"));
        query.push_bind(replacement.find.clone()).push(format!("{end}) > 0"));
    });
    each(connection, query, on_row).await
}

async fn each(
    connection: &mut PgConnection,
    mut query: QueryBuilder<Postgres>,
    mut on_row: impl FnMut(RowId, &str) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut rows = query.build_query_as().persistent(false).fetch(connection);
    while let Some(row) = rows.try_next().await? {
        let (row, value): (RowId, String) = row;
        on_row(row, &value)?;
    }
    Ok(())
}
