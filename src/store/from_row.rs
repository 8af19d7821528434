//! `from_row!`: how a struct is read from a row.
//!
//! `sqlx` derives the same, but its macros need a second build of `sqlx` and its driver, for the compiler.

/// Implements `FromRow` for a struct, from columns with the names of its fields, or with the given names.
///
/// ```ignore
/// from_row!(Pause { queue = "pause_queue", at });
/// ```
macro_rules! from_row {
    ($name:ident { $($field:ident $(= $column:literal)?),+ $(,)? }) => {
        impl ::sqlx::FromRow<'_, ::sqlx::postgres::PgRow> for $name {
            fn from_row(row: &::sqlx::postgres::PgRow) -> Result<Self, ::sqlx::Error> {
                Ok($name { $($field: ::sqlx::Row::try_get(row, from_row!(@column $field $($column)?))?),+ })
            }
        }
    };
    (@column $field:ident $column:literal) => { $column };
    (@column $field:ident) => { stringify!($field) };
}
