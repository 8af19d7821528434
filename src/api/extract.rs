//! Axum's extractors with problems for refusals: `Json`, `Path` and `Query`, named so that the OpenAPI
//! document finds parameters and bodies by them.

use std::error::Error;

use axum::body::{Body, Bytes};
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::problem::{Kind, Problem};

/// A body of JSON.
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let body = Bytes::from_request(Request::from_parts(parts.clone(), body), state).await;
        let body = body.map_err(|rejection| json_problem(&rejection.into()))?;
        let again = Request::from_parts(parts, Body::from(body.clone()));
        match axum::Json::from_request(again, state).await {
            Ok(axum::Json(value)) => Ok(Json(value)),
            Err(rejection @ JsonRejection::JsonDataError(_)) => {
                with_whole_numbers(&body).map(Json).ok_or_else(|| json_problem(&rejection))
            }
            Err(rejection) => Err(json_problem(&rejection)),
        }
    }
}

/// The value, if the body is one once `2.0` counts as `2`: the two are the same integer to JSON Schema, and
/// so to the document, but not to serde.
fn with_whole_numbers<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    fn whole(value: &mut Value) {
        match value {
            Value::Number(number) => {
                let exact = |float: &f64| {
                    float.fract() == 0.0 && float.abs() < (1_u64 << f64::MANTISSA_DIGITS) as f64
                };
                if let Some(float) = number.as_f64().filter(exact).filter(|_| number.is_f64()) {
                    *value = Value::from(float as i64);
                }
            }
            Value::Array(values) => values.iter_mut().for_each(whole),
            Value::Object(values) => values.values_mut().for_each(whole),
            _ => {}
        }
    }
    let mut value = serde_json::from_slice(body).ok()?;
    whole(&mut value);
    serde_json::from_value(value).ok()
}

/// Parameters of the path.
#[derive(Debug, Clone)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Path(value)),
            Err(PathRejection::FailedToDeserializePathParams(error)) => {
                Err(Problem::new(Kind::Malformed).detail(error.body_text()))
            }
            Err(error) => Err(Problem::internal(&error)),
        }
    }
}

/// Parameters of the query.
#[derive(Debug, Clone)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Query::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(value)) => Ok(Query(value)),
            Err(rejection) => Err(query_problem(&rejection)),
        }
    }
}

fn json_problem(rejection: &JsonRejection) -> Problem {
    match rejection {
        JsonRejection::JsonDataError(error) => {
            let (path, words) = path_and_words(error);
            let pointer = path.as_deref().map_or_else(|| "#".to_owned(), pointer);
            Problem::invalid(pointer, words)
        }
        JsonRejection::JsonSyntaxError(error) => {
            let (_, words) = path_and_words(error);
            Problem::new(Kind::Malformed).detail(format!("the body is no JSON: {words}"))
        }
        JsonRejection::MissingJsonContentType(_) => {
            Problem::new(Kind::MediaType).detail("this path takes application/json")
        }
        other => match Kind::TooLarge.status() == other.status() {
            true => Problem::new(Kind::TooLarge),
            false => Problem::new(Kind::Malformed).detail("the body could not be read"),
        },
    }
}

fn query_problem(rejection: &QueryRejection) -> Problem {
    let (path, words) = path_and_words(rejection);
    let problem = Problem::new(Kind::Malformed);
    match path {
        Some(parameter) => problem.parameter(parameter, words),
        None => problem.detail(words),
    }
}

/// The innermost cause: the path to the value, where one is known, and what is wrong with it.
fn path_and_words(error: &dyn Error) -> (Option<String>, String) {
    let mut inner = error;
    // The cause of the innermost one says the same without the path.
    while let Some(cause) = inner.source()
        && cause.source().is_some()
    {
        inner = cause;
    }
    let text = inner.to_string();
    let is_path = |text: &str| !text.is_empty() && !text.contains(' ');
    match text.split_once(": ").filter(|(path, _)| is_path(path)) {
        Some((path, words)) => (Some(path.to_owned()), words.to_owned()),
        None => (None, text),
    }
}

/// `rows[3].email` as a JSON Pointer, `#/rows/3/email`.
fn pointer(path: &str) -> String {
    let steps = path.split(['.', '[', ']']).filter(|step| !step.is_empty());
    let escaped = steps.map(|step| step.replace('~', "~0").replace('/', "~1"));
    std::iter::once("#".to_owned()).chain(escaped).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use axum::http::header::CONTENT_TYPE;
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "only read into")]
    struct Outer {
        rows: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only read into")]
    struct Inner {
        email: String,
    }

    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "only read into")]
    struct Page {
        limit: u32,
    }

    fn told(problem: &Problem) -> Value {
        serde_json::from_str(&problem.body()).unwrap()
    }

    async fn json_of(body: &str, kind: &str) -> Value {
        let request =
            Request::builder().header(CONTENT_TYPE, kind).body(Body::from(body.to_owned())).unwrap();
        told(&Json::<Outer>::from_request(request, &()).await.unwrap_err())
    }

    #[tokio::test]
    async fn a_bad_value_is_pointed_at() {
        let problem = json_of(r#"{"rows": [{"email": "a"}, {"email": 1}]}"#, "application/json").await;
        assert_eq!(
            (&problem["status"], &problem["errors"][0]["pointer"]),
            (&json!(422), &json!("#/rows/1/email"))
        );
        let missing = json_of("{}", "application/json").await;
        assert_eq!(missing["status"], json!(422));
        assert!(missing["errors"][0]["detail"].as_str().unwrap().contains("rows"), "{missing}");
        assert_eq!(json_of("{", "application/json").await["status"], json!(400));
        assert_eq!(json_of("{}", "text/plain").await["status"], json!(415));
    }

    #[test]
    fn a_whole_number_may_be_written_with_a_fraction() {
        assert_eq!(with_whole_numbers::<Vec<u32>>(b"[2.0, 3, 1e3]"), Some(vec![2, 3, 1000]));
        for bad in ["[2.5]", "[-1.0]", "[1e300]", "[\"2\"]"] {
            assert_eq!(with_whole_numbers::<Vec<u32>>(bad.as_bytes()), None, "{bad}");
        }
    }

    #[tokio::test]
    async fn a_bad_parameter_is_named() {
        let request = Request::builder().uri("/x?limit=many").body(()).unwrap();
        let (mut parts, ()) = request.into_parts();
        let problem = told(&Query::<Page>::from_request_parts(&mut parts, &()).await.unwrap_err());
        assert_eq!((&problem["status"], &problem["errors"][0]["parameter"]), (&json!(400), &json!("limit")));
    }
}
