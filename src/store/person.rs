//! Everything that is stored of one person of an owner, in all tables: found, and erased.
//!
//! The server searches for candidates, without regard to case, and Rust decides: only there are addresses compared as
//! everywhere else, whatever the database's locale. Texts with letters beyond ASCII are always candidates.

mod contacts;
mod deleted_contacts;
mod records;
mod rows;

pub(crate) use contacts::*;
pub(crate) use deleted_contacts::*;
pub(crate) use records::*;
pub(crate) use rows::*;
use serde_json::Value;
use sqlx::Row;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Postgres};

use super::{StoreError, filter, sql};
use crate::domain::field::{Field, PerField};
use crate::domain::person::{PersonAddress, Texts};

/// Returns a query whose parameters `$1` and `$2` are the patterns of [`candidates`].
fn search<'q>(statement: String, address: &PersonAddress) -> Query<'q, Postgres, PgArguments> {
    let key = address.key();
    let quoted = Value::from(key).to_string();
    let in_json = quoted.trim_start_matches('"').strip_suffix('"').unwrap_or(key);
    let query = sql::query(AssertSqlSafe(statement));
    query.bind(filter::anywhere(key)).bind(filter::anywhere(in_json))
}

/// Returns a condition: one of these columns of text or JSON may contain the address.
fn candidates(texts: &[&str], json: &[&str]) -> String {
    let one = |column: &str, pattern: &str| {
        format!("({column}) COLLATE \"C\" ILIKE {pattern} OR octet_length({column}) <> char_length({column})")
    };
    let texts = texts.iter().map(|column| one(column, "$1"));
    let json = json.iter().map(|column| one(&format!("({column})::text"), "$2"));
    format!("({})", texts.chain(json).collect::<Vec<_>>().join(" OR "))
}

/// Returns the names of the columns of all fields, such as `before_email`.
fn field_columns(prefix: &str) -> Vec<String> {
    Field::ALL.iter().map(|field| format!("{prefix}_{field}")).collect()
}

/// Reads the columns with such a prefix; `residue` is the name of that column, if there is one.
fn texts(row: &PgRow, prefix: &str, residue: Option<&str>) -> Result<Texts, StoreError> {
    let values: PerField<Option<String>> = sql::values(row, prefix)?;
    let residue = residue.map(|column| row.try_get::<Option<String>, _>(column)).transpose()?.flatten();
    Ok(Texts {
        values: values.map(Option::unwrap_or_default),
        residue: residue.unwrap_or_default(),
        extra: row.try_get(format!("{prefix}_extra").as_str())?,
    })
}
