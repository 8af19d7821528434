//! What is left to widen, how much it is, and what prevents it.

use sqlx::PgPool;

use super::super::{StoreError, own_tables, sql, wall};
use super::{COLUMNS, Column, WideIds};

/// A table to rewrite, together with the own tables of large jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rewrite {
    /// The table, such as `issues`.
    pub table: String,
    /// Its columns that are still `integer`.
    pub columns: Vec<String>,
    /// About how many rows it has.
    pub rows: i64,
    /// Its size with indexes, in bytes.
    pub bytes: i64,
    /// About how many rows of other tables have a foreign key to these columns, which is checked again.
    pub referring_rows: i64,
}

from_row!(Rewrite { table, columns, rows, bytes, referring_rows });

/// What is left to do.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The tables, in the order in which they must be rewritten.
    pub rewrites: Vec<Rewrite>,
    /// Whether this role may rewrite them.
    pub is_owner: bool,
    /// Views that read one of the columns, for which the server refuses to change it.
    pub views: Vec<String>,
    /// Columns of other programs that refer to the ids and are `integer`.
    pub references: Vec<String>,
}

impl Rewrite {
    pub(super) fn contains(&self, column: &Column) -> bool {
        column.table == self.table && self.columns.iter().any(|name| name == column.name)
    }
}

/// Selects the table `$1` with the tables that inherit from it or will: the own tables of large jobs.
pub(super) const FAMILY: &str = "SELECT oid::regclass::text FROM pg_class
     WHERE relkind = 'r' AND relname ~ ('^' || $1 || '(_own|_job_[0-9]+)?$')
       AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'jobs'::regclass)";

/// Selects the own tables that do not inherit from `$1` yet.
pub(super) const DETACHED: &str = "SELECT oid::regclass::text FROM pg_class
     WHERE relkind = 'r' AND relname ~ ('^' || $1 || '_job_[0-9]+$')
       AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'jobs'::regclass)
       AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = oid)";

/// Returns a query for the columns to widen, of the family of each table: the number and name of its table, and the number of
/// the table and the column.
fn columns(ids: WideIds) -> String {
    let wanted = COLUMNS.iter().enumerate().filter(|(_, column)| ids == WideIds::All || !column.is_of_job);
    let wanted = wanted.map(|(place, Column { table, name, .. })| format!("({place}, '{table}', '{name}')"));
    format!(
        "SELECT place, wanted.name, attrelid, attnum, attname
         FROM (VALUES {}) AS wanted (place, name, of_id)
         JOIN pg_class ON relkind = 'r' AND relname ~ ('^' || wanted.name || '(_own|_job_[0-9]+)?$')
              AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'jobs'::regclass)
         JOIN pg_attribute ON attrelid = pg_class.oid AND attname = of_id AND atttypid = 'integer'::regtype",
        wanted.collect::<Vec<_>>().join(", ")
    )
}

/// Returns a query for the statements that drop the policies of requests that use a column of the table `$1`.
pub(super) fn policies(ids: WideIds) -> String {
    format!(
        "SELECT DISTINCT format('DROP POLICY %I ON %s', polname, polrelid::regclass)
         FROM ({}) AS changed
         JOIN pg_depend ON refclassid = 'pg_class'::regclass AND refobjid = attrelid AND refobjsubid = attnum
         JOIN pg_policy ON classid = 'pg_policy'::regclass AND pg_policy.oid = objid
         WHERE name = $1 AND polname IN ({})",
        columns(ids),
        wall::POLICIES.map(|name| format!("'{name}'")).join(", ")
    )
}

/// Returns what is left to do to widen `ids`.
pub(crate) async fn plan(pool: &PgPool, ids: WideIds) -> Result<Plan, StoreError> {
    let columns = columns(ids);
    // A column that only own tables still have as `integer` cannot be: they change together.
    let rewrites = format!(
        "SELECT name AS table, array_agg(DISTINCT attname::text) AS columns,
                (SELECT sum(greatest(reltuples, 0))::bigint FROM pg_class WHERE oid = ANY (array_agg(attrelid))) AS rows,
                (SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class WHERE oid = ANY (array_agg(attrelid))) AS bytes,
                (SELECT coalesce(sum(greatest(reltuples, 0)), 0)::bigint FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
                 WHERE contype = 'f' AND confrelid = ANY (array_agg(attrelid)) AND confkey[1] = ANY (array_agg(attnum)))
                    AS referring_rows
         FROM ({columns}) AS changed GROUP BY name ORDER BY max(place)"
    );
    let views = format!(
        "SELECT DISTINCT ev_class::regclass::text AS name FROM ({columns}) AS changed
         JOIN pg_depend ON refclassid = 'pg_class'::regclass AND refobjid = attrelid AND refobjsubid = attnum
         JOIN pg_rewrite ON classid = 'pg_rewrite'::regclass AND pg_rewrite.oid = objid ORDER BY name"
    );
    let references = format!(
        "SELECT DISTINCT conrelid::regclass || '.' || referring.attname AS name FROM ({columns}) AS changed
         JOIN pg_constraint ON contype = 'f' AND confrelid = attrelid AND confkey[1] = attnum
         JOIN pg_attribute AS referring ON referring.attrelid = conrelid AND referring.attnum = conkey[1]
              AND referring.atttypid = 'integer'::regtype
         WHERE NOT EXISTS (SELECT FROM ({columns}) AS ours WHERE ours.attrelid = conrelid AND ours.attnum = conkey[1])
         ORDER BY name"
    );
    let rows = sql::once(pool, &rewrites).await?;
    let rewrites = rows.iter().map(sqlx::FromRow::from_row).collect::<Result<_, sqlx::Error>>()?;
    let (views, references) = (names(pool, &views).await?, names(pool, &references).await?);
    Ok(Plan { rewrites, is_owner: own_tables::possible(pool).await?, views, references })
}

async fn names(pool: &PgPool, query: &str) -> Result<Vec<String>, StoreError> {
    let rows = sql::once(pool, query).await?;
    rows.iter().map(|row| Ok(sqlx::Row::try_get(row, "name")?)).collect()
}
