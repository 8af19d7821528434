//! Axum's extractors with problems for rejections: `Json`, `Path` and `Query`, named so that the OpenAPI document
//! finds parameters and bodies by them.

use std::error::Error;

use axum::body::Body;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::Uri;
use axum::http::header::CONTENT_LENGTH;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;

use super::bodies::read_whole;
use super::limits::{Permits, SMALL_BODY_BYTES};
use super::problem::{Kind, Problem};
use crate::domain::refusal::Refusal;

/// Maximum bytes of a JSON body; large enough for many decisions in one request.
pub(crate) const BODY_LIMIT_BYTES: usize = 2 << 20;

/// Limits the large bodies that are parsed at a time: during parsing they take up to thirty times their size.
static PARSING: Semaphore = Semaphore::const_new(2);

/// A JSON body.
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let is_large = may_be_large(&parts);
        if is_large && let Some(permits) = parts.extensions.get::<Permits>() {
            permits.enter_large_body()?;
        }
        let body = read_whole(body, BODY_LIMIT_BYTES).await?;
        // Acquired once the body is received, and released when it is parsed.
        let _turn = match is_large {
            true => PARSING.acquire().await.ok(),
            false => None,
        };
        let again = Request::from_parts(parts, Body::from(body.clone()));
        match axum::Json::from_request(again, state).await {
            // A struct also accepts the array of its values, but no path takes an array.
            Ok(_) if is_array(&body) => {
                Err(Problem::invalid("#", "invalid type: sequence, expected an object"))
            }
            Ok(axum::Json(value)) => Ok(Json(value)),
            Err(rejection @ JsonRejection::JsonDataError(_)) => {
                with_whole_numbers(&body).map(Json).ok_or_else(|| json_problem(&rejection))
            }
            Err(rejection) => Err(json_problem(&rejection)),
        }
    }
}

/// Returns whether a body in JSON is an array.
fn is_array(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"[")
}

/// Returns whether a body is large, or may turn out to be.
fn may_be_large(parts: &Parts) -> bool {
    let length =
        parts.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    length.is_none_or(|length| length > SMALL_BODY_BYTES)
}

/// Parses the body again with `2.0` read as `2`: to JSON Schema, and so to the OpenAPI document, the two are the
/// same integer, but not to serde. Returns `None` if it still does not parse. Works on the text, since a parsed
/// value takes many times its size.
fn with_whole_numbers<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    let mut text = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some((&first, behind)) = rest.split_first() {
        let length = match first {
            b'"' => 1 + string_length(behind),
            b'-' | b'0'..=b'9' => rest.iter().take_while(|byte| b"+-.eE0123456789".contains(byte)).count(),
            _ => 1,
        };
        let (token, behind) = rest.split_at(length);
        match whole_number(token) {
            Some(number) => text.extend_from_slice(number.to_string().as_bytes()),
            None => text.extend_from_slice(token),
        }
        rest = behind;
    }
    serde_json::from_slice(&text).ok()
}

/// Returns the length of a string, up to and including its closing quote.
fn string_length(text: &[u8]) -> usize {
    let mut escaped = false;
    let end = text.iter().position(|byte| {
        let ends = !escaped && *byte == b'"';
        escaped = !escaped && *byte == b'\\';
        ends
    });
    end.map_or(text.len(), |end| end + 1)
}

/// Returns the integer that a token stands for, if it is a whole number written with a fraction or an exponent.
fn whole_number(token: &[u8]) -> Option<i64> {
    let is_float = token.first()? != &b'"' && token.iter().any(|byte| b".eE".contains(byte));
    let float: f64 = std::str::from_utf8(token).ok().filter(|_| is_float)?.parse().ok()?;
    let is_exact = float.fract() == 0.0 && float.abs() < (1_u64 << f64::MANTISSA_DIGITS) as f64;
    is_exact.then_some(float as i64)
}

/// Path parameters.
#[derive(Debug, Clone)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Path(value)),
            Err(PathRejection::FailedToDeserializePathParams(error)) => {
                Err(Problem::new(Kind::Malformed).detail(error.body_text()).refusing(Refusal::BadAddress))
            }
            Err(error) => Err(Problem::internal(&error)),
        }
    }
}

/// Query parameters.
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

impl<T: DeserializeOwned> Query<T> {
    /// Parses an encoded query that is no part of an address.
    pub(crate) fn parse(query: &str) -> Result<Query<T>, Problem> {
        let address = format!("/?{query}").parse::<Uri>();
        let address = address.map_err(|_| Problem::because(Kind::Malformed, Refusal::BadAddress))?;
        match axum::extract::Query::try_from_uri(&address) {
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
        Some(name) => problem.parameter(name.clone(), words).refusing(Refusal::BadParameter { name }),
        None => problem.detail(words).refusing(Refusal::BadAddress),
    }
}

/// Returns the innermost cause: the path to the value, if known, and what is wrong with it.
fn path_and_words(error: &dyn Error) -> (Option<String>, String) {
    let mut inner = error;
    // The cause of the innermost error says the same without the path.
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

/// Converts `rows[3].email` to a JSON Pointer, `#/rows/3/email`.
fn pointer(path: &str) -> String {
    let steps = path.split(['.', '[', ']']).filter(|step| !step.is_empty());
    let escaped = steps.map(|step| step.replace('~', "~0").replace('/', "~1"));
    std::iter::once("#".to_owned()).chain(escaped).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use axum::http::header::CONTENT_TYPE;
    use serde::Deserialize;
    use serde_json::{Value, json};

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
    async fn an_invalid_value_is_located_by_a_pointer() {
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
        for bad in ["[2.5]", "[-1.0]", "[1e300]", "[\"2\"]", "[2.0", "\"2.0", "[true.0]"] {
            assert_eq!(with_whole_numbers::<Vec<u32>>(bad.as_bytes()), None, "{bad}");
        }
        let mixed: (String, i64) = with_whole_numbers(br#"["2.0 \" 3.0\\", -4.0e1]"#).unwrap();
        assert_eq!(mixed, ("2.0 \" 3.0\\".to_owned(), -40), "strings are unchanged");
    }

    #[tokio::test]
    async fn an_invalid_parameter_is_named() {
        let request = Request::builder().uri("/x?limit=many").body(()).unwrap();
        let (mut parts, ()) = request.into_parts();
        let problem = told(&Query::<Page>::from_request_parts(&mut parts, &()).await.unwrap_err());
        assert_eq!((&problem["status"], &problem["errors"][0]["parameter"]), (&json!(400), &json!("limit")));
    }
}
