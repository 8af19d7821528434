//! Identifiers of database rows. Each is a type of its own, so that they cannot be confused.

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo, PgValueRef};
use sqlx::{Decode, Encode, Postgres, Type};

/// Declares identifiers, which are plain numbers in JSON, in the database and in the OpenAPI document.
macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident($number:ident);)+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[derive(serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $number);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.trim().parse().map($name)
            }
        }

        impl From<$name> for i64 {
            fn from(id: $name) -> i64 {
                id.0.into()
            }
        }
    )+};
}

/// Implements the database types of identifiers whose columns are `integer` by contract, and `bigint` where an operator has
/// widened them. They are sent as `bigint`, which the server compares with and assigns to both.
macro_rules! of_either_width {
    ($($name:ident),+) => {$(
        impl Type<Postgres> for $name {
            fn type_info() -> PgTypeInfo {
                <i64 as Type<Postgres>>::type_info()
            }

            fn compatible(column: &PgTypeInfo) -> bool {
                <i64 as Type<Postgres>>::compatible(column) || <i32 as Type<Postgres>>::compatible(column)
            }
        }

        impl PgHasArrayType for $name {
            fn array_type_info() -> PgTypeInfo {
                <i64 as PgHasArrayType>::array_type_info()
            }

            fn array_compatible(column: &PgTypeInfo) -> bool {
                <i64 as PgHasArrayType>::array_compatible(column)
                    || <i32 as PgHasArrayType>::array_compatible(column)
            }
        }

        impl Encode<'_, Postgres> for $name {
            fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
                self.0.encode_by_ref(buffer)
            }
        }

        impl Decode<'_, Postgres> for $name {
            fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
                // Reads as many bytes as the value has.
                i64::decode(value).map($name)
            }
        }
    )+};
}

of_either_width!(JobId, IssueId);

/// Implements the database types of other identifiers: those of what they contain.
macro_rules! of_one_type {
    ($($name:ident($inner:ty)),+ $(,)?) => {$(
        impl Type<Postgres> for $name {
            fn type_info() -> PgTypeInfo {
                <$inner as Type<Postgres>>::type_info()
            }

            fn compatible(column: &PgTypeInfo) -> bool {
                <$inner as Type<Postgres>>::compatible(column)
            }
        }

        impl PgHasArrayType for $name {
            fn array_type_info() -> PgTypeInfo {
                <$inner as PgHasArrayType>::array_type_info()
            }

            fn array_compatible(column: &PgTypeInfo) -> bool {
                <$inner as PgHasArrayType>::array_compatible(column)
            }
        }

        impl Encode<'_, Postgres> for $name {
            fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
                <$inner as Encode<'_, Postgres>>::encode_by_ref(&self.0, buffer)
            }
        }

        impl Decode<'_, Postgres> for $name {
            fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
                <$inner as Decode<'_, Postgres>>::decode(value).map($name)
            }
        }
    )+};
}

of_one_type!(
    RowId(i64),
    ActionId(i64),
    ContactId(i64),
    TokenId(i64),
    MappingId(i32),
    WebhookId(i64),
    DeliveryId(i64),
    TopicEventId(i64),
    ErasureId(i64),
    ChangeId(i64),
    UploadId(uuid::Uuid),
);

ids! {
    /// `jobs.job_id`.
    JobId(i64);
    /// `staging.staging_id`: a row of a job.
    RowId(i64);
    /// `issues.issue_id`.
    IssueId(i64);
    /// `actions.action_id`.
    ActionId(i64);
    /// `contacts.contact_id`.
    ContactId(i64);
    /// `api_tokens.token_id`.
    TokenId(i64);
    /// `column_mappings.mapping_id`.
    MappingId(i32);
    /// `webhooks.webhook_id`.
    WebhookId(i64);
    /// `webhook_deliveries.delivery_id`.
    DeliveryId(i64);
    /// `topic_events.event_id`.
    TopicEventId(i64);
    /// `erasures.erasure_id`.
    ErasureId(i64);
    /// `contact_changes.change_id`.
    ChangeId(i64);
}

/// `uploads.upload_id`: random, since it is a part of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UploadId(pub uuid::Uuid);

impl std::fmt::Display for UploadId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for UploadId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(UploadId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_numbers_in_json_and_text() {
        assert_eq!(serde_json::to_string(&RowId(7)).unwrap(), "7");
        assert_eq!(serde_json::from_str::<Vec<IssueId>>("[1, 2]").unwrap(), [IssueId(1), IssueId(2)]);
        assert_eq!((" 7\n".parse(), ContactId(7).to_string()), (Ok(ContactId(7)), "7".to_owned()));
        assert!("7a".parse::<ActionId>().is_err() && "9223372036854775808".parse::<JobId>().is_err());
    }
}
