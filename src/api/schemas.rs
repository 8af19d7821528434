//! OpenAPI schemas of small domain types: enums of words as strings, identifiers as numbers.

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::access::Role;
use crate::domain::decision::{ActionKind, BulkDecision};
use crate::domain::field::Field;
use crate::domain::ids::{ActionId, ContactId, IssueId, JobId, RowId, TokenId};
use crate::domain::issue::IssueType;
use crate::domain::job::{ImportPolicy, JobStatus};
use crate::domain::row::{OnExisting, RowStatus};

/// Implements schemas for enums of words, with their words as values.
macro_rules! words {
    ($($name:ty),+ $(,)?) => {$(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let words = <$name>::ALL.iter().map(|word| word.as_str());
                ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into()
            }
        }

        impl ToSchema for $name {}
    )+};
}

words!(ActionKind, BulkDecision, Field, ImportPolicy, IssueType, JobStatus, OnExisting, Role, RowStatus);

/// Implements schemas for identifiers as numbers. The derive would make each a named schema; therefore fields also name
/// the number as their `value_type`.
macro_rules! numbers {
    ($($name:ident($number:ty)),+ $(,)?) => {$(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                // Fails to compile if the type has another number.
                const _: fn($number) -> $name = $name;
                <$number as PartialSchema>::schema()
            }
        }

        impl ToSchema for $name {}
    )+};
}

numbers!(JobId(i32), RowId(i64), IssueId(i32), ActionId(i64), ContactId(i64), TokenId(i64));
