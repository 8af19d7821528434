//! The OpenAPI document: what generators of clients need is in it, throughout.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value};

use super::serving;

const METHODS: [&str; 7] = ["get", "put", "post", "delete", "options", "head", "patch"];

/// Returns the operations of a document, each with its method and path.
pub(crate) fn operations<'d>(document: &'d Value) -> Vec<(&'static str, &'d str, &'d Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of_path = |(path, item): (&'d String, &'d Value)| {
        METHODS.into_iter().filter_map(move |method| Some((method, path.as_str(), item.get(method)?)))
    };
    paths.iter().flat_map(of_path).collect()
}

/// Calls `visit` with every object of the document and its location.
fn walk(value: &Value, at: &str, visit: &mut dyn FnMut(&str, &Map<String, Value>)) {
    match value {
        Value::Object(members) => {
            visit(at, members);
            members.iter().for_each(|(name, member)| walk(member, &format!("{at}/{name}"), visit));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(number, item)| walk(item, &format!("{at}/{number}"), visit));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn resolved<'d>(document: &'d Value, schema: &'d Value) -> &'d Value {
    match schema["$ref"].as_str() {
        Some(reference) => {
            document.pointer(reference.trim_start_matches('#')).unwrap_or_else(|| panic!("{reference}"))
        }
        None => schema,
    }
}

/// Checks a union: its variants are schemas with names, and a discriminator, or their JSON types, tell them apart. A union
/// of `null` and one other schema is that schema, or none.
fn check_union(document: &Value, at: &str, union: &Map<String, Value>) {
    let variants: Vec<&Value> =
        union["oneOf"].as_array().unwrap().iter().filter(|variant| variant["type"] != "null").collect();
    if variants.len() == 1 {
        return;
    }
    assert!(variants.iter().all(|variant| variant["$ref"].is_string()), "{at}: a variant has no name");
    let kinds: BTreeSet<String> =
        variants.iter().map(|variant| resolved(document, variant)["type"].to_string()).collect();
    let Some(discriminator) = union.get("discriminator") else {
        assert!(
            kinds.len() == variants.len() && !kinds.contains("null"),
            "{at}: {kinds:?} need a discriminator"
        );
        return;
    };
    let mapped: BTreeSet<&str> =
        discriminator["mapping"].as_object().unwrap().values().map(|to| to.as_str().unwrap()).collect();
    let named: BTreeSet<&str> = variants.iter().map(|variant| variant["$ref"].as_str().unwrap()).collect();
    assert_eq!(mapped, named, "{at}");
}

/// Checks that an object with members is a schema with a name, or a part of one.
fn check_named(at: &str, object: &Map<String, Value>) {
    let steps: Vec<&str> = at.trim_start_matches("#/components/schemas/").split('/').collect();
    let is_named = at.starts_with("#/components/schemas/") && matches!(steps[..], [_] | [_, "allOf", _]);
    assert!(
        is_named || !object.get("properties").is_some_and(Value::is_object),
        "{at}: an object has no name"
    );
}

#[tokio::test]
async fn schemas_have_names_and_no_null_defaults() {
    let server = serving().await;
    let (_, document) = server.get("/api/openapi.json").await;
    let mut unions = 0;
    walk(&document, "#", &mut |at, object| {
        // What an example contains is no schema.
        if at.contains("/example") {
            return;
        }
        assert_ne!(object.get("default"), Some(&Value::Null), "{at}");
        assert!(
            object.get("default") != Some(&Value::Bool(false)),
            "{at}: generators make the member required"
        );
        check_named(at, object);
        assert!(!object.contains_key("anyOf"), "{at}");
        if object.contains_key("oneOf") {
            check_union(&document, at, object);
            unions += usize::from(object.contains_key("discriminator"));
        }
        if let Some(reference) = object.get("$ref").and_then(Value::as_str) {
            assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{at}: {reference}");
        }
    });
    assert!(unions >= 1);
    let decision = &document["components"]["schemas"]["Decision"]["discriminator"];
    assert_eq!(decision["propertyName"], "decision");
    assert_eq!(decision["mapping"]["keep_row"], "#/components/schemas/KeepRowDecision");
    assert_eq!(document["servers"][0]["url"], server.url);
}

#[tokio::test]
async fn operations_are_described_throughout() {
    let server = serving().await;
    let (_, document) = server.get("/api/openapi.json").await;
    let tags: BTreeSet<&str> =
        document["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    assert!(document["tags"].as_array().unwrap().iter().all(|tag| tag["description"].is_string()));
    let (mut ids, mut used) = (BTreeSet::new(), BTreeSet::new());
    for (method, path, operation) in operations(&document) {
        let what = format!("{method} {path}");
        let id = operation["operationId"].as_str().unwrap_or_default();
        assert!(id.contains('_') && ids.insert(id), "{what}: {id}");
        let [tag] = operation["tags"].as_array().unwrap().as_slice() else { panic!("{what}: one tag") };
        assert!(tags.contains(tag.as_str().unwrap()), "{what}: {tag}");
        used.insert(tag.as_str().unwrap());
        assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{what}");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let schema = resolved(&document, &parameter["schema"]);
            assert!(!schema["type"].is_array() && schema.get("oneOf").is_none(), "{what}: {parameter}");
        }
        check_responses(&what, operation);
        if let Some(content) = operation["requestBody"]["content"]["application/json"].as_object() {
            assert!(content.contains_key("example"), "{what}: the request has no example");
        }
    }
    assert_eq!(used, tags);
}

fn check_responses(what: &str, operation: &Value) {
    let responses = operation["responses"].as_object().unwrap();
    let problem = "#/components/schemas/Problem";
    for (status, response) in responses {
        assert!(response["headers"]["X-Request-Id"].is_object(), "{what}: {status}");
        let content = response["content"].as_object();
        match status.as_bytes()[0] {
            b'2' => {
                let files = content.into_iter().flatten().filter(|(kind, _)| {
                    !["application/json", "text/plain", "text/event-stream"].contains(&kind.as_str())
                });
                files.for_each(|(kind, content)| {
                    assert_eq!(content["schema"]["format"], "binary", "{what}: {kind}");
                    assert!(response["headers"]["Content-Disposition"].is_object(), "{what}: {kind}");
                });
            }
            _ => assert_eq!(
                content.unwrap()["application/problem+json"]["schema"]["$ref"],
                problem,
                "{what}: {status}"
            ),
        }
    }
    assert!(responses.keys().any(|status| status.starts_with('2')), "{what}");
    assert!(responses.contains_key("500") && responses.contains_key("403"), "{what}");
}

#[tokio::test]
async fn examples_are_valid_by_their_schemas() {
    let server = serving().await;
    let (_, document) = server.get("/api/openapi.json").await;
    let file = server.world.file("openapi.json", &document.to_string());
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut check = std::process::Command::new(root.join(".venv/bin/python"));
    let output = check.arg(root.join("tests/clients/examples.py")).arg(file).output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{said}");
    let checked: usize = said.trim().parse().unwrap_or_else(|_| panic!("{said}"));
    assert!(checked >= 30, "{checked} examples");
}
