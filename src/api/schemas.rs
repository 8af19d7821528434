//! How the small types of the domain look in the OpenAPI document: words as strings with their values, identifiers as
//! the numbers that they are.

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

/// Describes enums of words by the words that they know.
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

/// Describes identifiers by their numbers. The derive would give them names in the document, so a field says by
/// `value_type` what number it is.
macro_rules! numbers {
    ($($name:ident($number:ty)),+ $(,)?) => {$(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                // Does not compile for another number.
                const _: fn($number) -> $name = $name;
                <$number as PartialSchema>::schema()
            }
        }

        impl ToSchema for $name {}
    )+};
}

numbers!(JobId(i32), RowId(i64), IssueId(i32), ActionId(i64), ContactId(i64), TokenId(i64));
