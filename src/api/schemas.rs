//! The schemas of the OpenAPI document for types that the API shares with the other modules.
//!
//! Words are strings with their values, identifiers are numbers. Structs are described field by field with [`schema!`],
//! which does not compile if a field is missing or has another type.

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::access::Role;
use crate::domain::bulk_decision::BulkDecision;
use crate::domain::decision::ActionKind;
use crate::domain::field::Field;
use crate::domain::ids::{ActionId, ContactId, IssueId, JobId, MappingId, RowId, TokenId};
use crate::domain::interpretation::{Certainty, ColumnsBy, ContainerFormat};
use crate::domain::job::{ImportPolicy, JobStatus, Quote};
use crate::domain::progress::Phase;
use crate::domain::row::{OnExisting, RowStatus};
use crate::domain::rules::IssueType;
use crate::domain::webhook::WebhookEvent;
use crate::exports::ExportFormat;

/// Describes a struct of another module under a name: `path as Name { field: Type, … }`. Comments and `#[schema(…)]`
/// attributes are those of utoipa's derive. Fields that are not serialized follow in `without { … }`, a field whose values
/// are members by the names of fields in `spread { … }` ([`spread`]).
macro_rules! schema {
    (
        $(#[$attribute:meta])*
        $real:path as $name:ident {
            $($(#[$of_field:meta])* $field:ident: $type:ty),+ $(,)?
        } $(without { $($hidden:ident),+ })? $(spread { $values:ident })?
    ) => {
        const _: () = {
            #[derive(utoipa::ToSchema)]
            #[allow(dead_code, reason = "only its schema is used")]
            $(#[$attribute])*
            struct $name { $($(#[$of_field])* $field: $type),+ }

            // Does not compile if the fields differ.
            const _: fn(&$real) = |real| {
                let $real { $($field,)+ $($($hidden: _,)+)? } = real;
                $(let _: &$type = $field;)+
            };

            described_by!($real, $name $(, $values)?);
        };
    };
}

/// Gives `$real` the schema of `$description`.
macro_rules! described_by {
    ($real:path, $description:ident $(, $values:ident)?) => {
        impl utoipa::PartialSchema for $real {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                let schema = <$description as utoipa::PartialSchema>::schema();
                $(let schema = $crate::api::schemas::spread(schema, stringify!($values));)?
                schema
            }
        }

        impl utoipa::ToSchema for $real {
            fn name() -> std::borrow::Cow<'static, str> {
                <$description as utoipa::ToSchema>::name()
            }

            fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
                <$description as utoipa::ToSchema>::schemas(schemas);
            }
        }
    };
}

/// Replaces a member of an object by one member for each field, where its description names the field instead of `{}`.
fn spread(schema: RefOr<Schema>, member: &str) -> RefOr<Schema> {
    let RefOr::T(Schema::Object(mut object)) = schema else { return schema };
    if let Some(value) = object.properties.remove(member) {
        let of_field = |field: &Field| (field.as_str().to_owned(), about(value.clone(), *field));
        object.properties.extend(Field::ALL.iter().map(of_field));
    }
    let names = |name: String| match name == member {
        true => Field::ALL.iter().map(|field| field.as_str().to_owned()).collect(),
        false => vec![name],
    };
    object.required = object.required.into_iter().flat_map(names).collect();
    RefOr::T(Schema::Object(object))
}

fn about(value: RefOr<Schema>, field: Field) -> RefOr<Schema> {
    let RefOr::T(Schema::Object(mut value)) = value else { return value };
    value.description = named(value.description, field);
    // The default of the member has a value for each field.
    value.default = value.default.and_then(|all| all.get(field as usize).cloned());
    RefOr::T(Schema::Object(value))
}

/// Names a field in a description, instead of `{}`.
pub(super) fn named(description: Option<String>, field: Field) -> Option<String> {
    description.map(|description| description.replace("{}", field.words()))
}

mod contacts;
mod decisions;
mod interpretation;
mod jobs;
mod mappings;
mod people;
mod rows;
mod uploads;

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

words!(
    ActionKind,
    BulkDecision,
    Certainty,
    ColumnsBy,
    ContainerFormat,
    ExportFormat,
    ImportPolicy,
    Phase,
    IssueType,
    JobStatus,
    OnExisting,
    Quote,
    Role,
    RowStatus,
    WebhookEvent
);

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

/// The content of a file: bytes, not JSON.
pub(super) struct FileContent;

impl PartialSchema for FileContent {
    fn schema() -> RefOr<Schema> {
        let binary = SchemaFormat::KnownFormat(KnownFormat::Binary);
        ObjectBuilder::new().schema_type(Type::String).format(Some(binary)).into()
    }
}

impl ToSchema for FileContent {}

impl PartialSchema for Field {
    fn schema() -> RefOr<Schema> {
        let names = Field::ALL.iter().map(|field| field.as_str());
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).into()
    }
}

impl ToSchema for Field {
    /// Some generators of clients have a type `Field` of their own.
    fn name() -> std::borrow::Cow<'static, str> {
        "ContactField".into()
    }
}

numbers!(JobId(i64), RowId(i64), IssueId(i64), ActionId(i64), ContactId(i64), TokenId(i64), MappingId(i32));

#[cfg(test)]
mod tests {
    use utoipa::PartialSchema as _;

    use super::*;
    use crate::domain::decision::Edits;
    use crate::store::staging::RowView;

    #[test]
    fn objects_have_a_member_for_each_field() {
        let row = serde_json::to_value(RowView::schema()).unwrap();
        let edits = serde_json::to_value(Edits::schema()).unwrap();
        for field in Field::ALL {
            let name = field.as_str();
            assert_eq!(row["properties"][name]["type"], "string");
            assert!(row["required"].as_array().unwrap().contains(&name.into()), "{row}");
            let description = edits["properties"][name]["description"].as_str().unwrap();
            assert!(description.contains(field.words()), "{description}");
            assert_eq!(edits["properties"][name]["default"], serde_json::Value::Null);
        }
        assert_eq!(row["properties"]["values"], serde_json::Value::Null);
    }
}
