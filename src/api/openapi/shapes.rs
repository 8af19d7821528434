//! Gives schemas the shapes that generators of clients can name: a variant of a union is a schema of its own, and so is an item
//! of a page; a parameter that may be absent is not `null`; members that may be absent have no empty default, with which
//! generators make them required.

use serde_json::Value;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{ArrayItems, Components, Discriminator, Object, Schema, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr};

/// Completes the schemas of the document.
pub(super) fn complete(components: &mut Components) {
    let names: Vec<String> = components.schemas.keys().cloned().collect();
    let mut variants = Vec::new();
    for (name, schema) in &mut components.schemas {
        variants.extend(named_variants(name, schema));
        drop_empty_defaults(schema);
        if let Some((_, item)) =
            name.split_once('_').filter(|(_, item)| names.iter().any(|name| name == item))
        {
            refer_to_items(item, schema);
        }
    }
    components.schemas.extend(variants);
}

/// Completes the schemas of parameters: utoipa allows `null` where a parameter may be absent.
pub(super) fn complete_parameters(operation: &mut Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(parameter) = parameter
            && let Some(schema) = &mut parameter.schema
        {
            forbid_null(schema);
        }
    }
}

/// Moves the variants of a tagged union out of its schema, which then refers to them and has a discriminator. The name of a
/// variant is its tag and that of the union: `KeepRowDecision`.
fn named_variants(union: &str, schema: &mut RefOr<Schema>) -> Vec<(String, RefOr<Schema>)> {
    let RefOr::T(Schema::OneOf(one_of)) = schema else { return Vec::new() };
    let tags: Option<Vec<(String, String)>> = one_of.items.iter().map(tag).collect();
    let Some(tags) = tags.filter(|tags| !tags.is_empty()) else { return Vec::new() };
    let named: Vec<String> =
        tags.iter().map(|(_, word)| format!("{}{union}", in_pascal_case(word))).collect();
    let references = named.iter().map(|name| RefOr::Ref(Ref::from_schema_name(name)));
    let variants = std::mem::replace(&mut one_of.items, references.collect());
    let mapping = tags
        .iter()
        .zip(&named)
        .map(|((_, word), name)| (word.clone(), Ref::from_schema_name(name).ref_location));
    one_of.discriminator = Some(Discriminator::with_mapping(tags[0].0.clone(), mapping));
    named.into_iter().zip(variants).collect()
}

/// Returns the member of a variant that has a single possible value, and that value.
fn tag(variant: &RefOr<Schema>) -> Option<(String, String)> {
    match variant {
        RefOr::T(Schema::Object(object)) => object.properties.iter().find_map(|(name, member)| {
            let RefOr::T(Schema::Object(Object { enum_values: Some(values), .. })) = member else {
                return None;
            };
            let [Value::String(word)] = values.as_slice() else { return None };
            Some((name.clone(), word.clone()))
        }),
        RefOr::T(Schema::AllOf(all_of)) => all_of.items.iter().find_map(tag),
        RefOr::T(_) | RefOr::Ref(_) => None,
    }
}

/// Returns a name in snake case as the name of a type.
fn in_pascal_case(name: &str) -> String {
    let capitalised = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_ascii_uppercase() + rest
    };
    name.split('_').map(capitalised).collect()
}

/// Refers to the schema of the items of a generic list, such as `Page_Job`, which utoipa repeats.
fn refer_to_items(item: &str, list: &mut RefOr<Schema>) {
    let RefOr::T(Schema::Object(object)) = list else { return };
    for member in object.properties.values_mut() {
        if let RefOr::T(Schema::Array(array)) = member {
            array.items = ArrayItems::RefOrSchema(Box::new(RefOr::Ref(Ref::from_schema_name(item))));
        }
    }
}

/// Removes the defaults of members that say no more than an absent member: `null`, `false` and `{}`.
fn drop_empty_defaults(schema: &mut RefOr<Schema>) {
    let RefOr::T(Schema::Object(object)) = schema else { return };
    for member in object.properties.values_mut() {
        let default = match member {
            RefOr::T(Schema::Object(object)) => &mut object.default,
            RefOr::T(Schema::Array(array)) => &mut array.default,
            RefOr::T(Schema::OneOf(one_of)) => &mut one_of.default,
            RefOr::T(_) | RefOr::Ref(_) => continue,
        };
        default.take_if(|default| is_empty(default));
    }
}

fn is_empty(default: &Value) -> bool {
    match default {
        Value::Null | Value::Bool(false) => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(true) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Removes `null` from the values that a schema allows.
fn forbid_null(schema: &mut RefOr<Schema>) {
    match schema {
        RefOr::T(Schema::Object(object)) => {
            if let SchemaType::Array(types) = &mut object.schema_type {
                types.retain(|kind| *kind != Type::Null);
                if let [kind] = types.as_slice() {
                    object.schema_type = SchemaType::Type(kind.clone());
                }
            }
        }
        RefOr::T(Schema::OneOf(one_of)) => {
            one_of.items.retain(|item| !is_null(item));
            if one_of.items.len() == 1 {
                *schema = one_of.items.remove(0);
            }
        }
        RefOr::T(_) | RefOr::Ref(_) => {}
    }
}

fn is_null(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::Type(Type::Null))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_types_are_in_pascal_case() {
        for (name, expected) in [("edit", "Edit"), ("keep_row", "KeepRow"), ("", "")] {
            assert_eq!(in_pascal_case(name), expected);
        }
    }
}
