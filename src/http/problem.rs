//! Problem Details (RFC 9457): the format of every error response.
//!
//! Handlers return `Result<_, Problem>`. [A layer](super::layers) turns the error responses of axum and its layers
//! into problems, so that a client never receives an error in another format. No problem contains SQL, a path on
//! this machine or another cause that concerns the operator: those are logged.

mod errors;
mod kind;

use std::error::Error;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tower_http::timeout::TimeoutError;
use utoipa::ToSchema;

pub(crate) use kind::Kind;

use crate::actions::ActionError;
use crate::domain::ids::RowId;
use crate::domain::refusal;

/// The media type of a problem.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// Seconds after which an unavailable service may be back.
const BACK_AFTER: HeaderValue = HeaderValue::from_static("5");

/// A problem with its response headers.
#[derive(Debug, Clone)]
pub struct Problem(Box<ProblemBody>);

/// The body of a problem.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// The kind of problem.
    #[serde(rename = "type")]
    #[schema(format = "uri", examples("urn:problem-type:ingest:not-found"))]
    kind: &'static str,
    /// The same for every problem of the kind.
    title: &'static str,
    /// The status of the response.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What is wrong in this case.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    detail: Option<String>,
    /// The path of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = "uri-reference")]
    instance: Option<String>,
    /// The number of the row concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<i64>)]
    row: Option<RowId>,
    /// The invalid values.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldError>,
    #[serde(skip)]
    headers: HeaderMap,
    #[serde(skip)]
    action_error: Option<Arc<ActionError>>,
    #[serde(skip)]
    refusal: Option<refusal::Refusal>,
    /// Whether the detail is in the language of the viewer of a page.
    #[serde(skip)]
    is_for_page: bool,
}

/// An invalid value.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct FieldError {
    /// Its location in the body, as a JSON Pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("#/rows/3/email"))]
    pointer: Option<String>,
    /// The name of the path or query parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("limit"))]
    parameter: Option<String>,
    /// What is wrong with it.
    detail: String,
}

impl Problem {
    /// Creates the problem for a parameter that was refused, for pages in other languages too.
    pub(super) fn of_parameter(kind: Kind, parameter: &'static str, reason: refusal::Refusal) -> Problem {
        Problem::new(kind).parameter(parameter, reason.to_string()).refusing(reason)
    }

    /// Creates the problem for a request that was refused, for pages in other languages too.
    pub(crate) fn because(kind: Kind, reason: refusal::Refusal) -> Problem {
        Problem::new(kind).detail(reason.to_string()).refusing(reason)
    }

    /// Creates the problem for an invalid value of the body, for pages in other languages too.
    pub(crate) fn of_value(pointer: impl Into<String>, reason: refusal::Refusal) -> Problem {
        Problem::invalid(pointer, reason.to_string()).refusing(reason)
    }

    /// Creates the problem for a page, with words in the language of the viewer.
    pub(crate) fn on_page(kind: Kind, words: String) -> Problem {
        let mut problem = Problem::new(kind).detail(words);
        problem.0.is_for_page = true;
        problem
    }

    /// Adds why the request was refused, for pages. They do not show details in the words of libraries.
    pub(super) fn refusing(mut self, reason: refusal::Refusal) -> Problem {
        self.0.refusal = Some(reason);
        self
    }

    /// Adds the failed action, for pages in other languages.
    fn of_action(mut self, error: ActionError) -> Problem {
        self.0.action_error = Some(Arc::new(error));
        self
    }

    /// Creates a problem of a kind without details.
    pub(crate) fn new(kind: Kind) -> Problem {
        Problem(Box::new(ProblemBody {
            kind: kind.uri(),
            title: kind.title(),
            status: kind.status().as_u16(),
            detail: None,
            instance: None,
            row: None,
            errors: Vec::new(),
            headers: HeaderMap::new(),
            action_error: None,
            refusal: None,
            is_for_page: false,
        }))
    }

    /// Creates the problem for something that does not exist or belongs to somebody else: the response does not
    /// distinguish the two.
    pub(crate) fn not_found(detail: impl Into<String>) -> Problem {
        Problem::new(Kind::NotFound).detail(detail)
    }

    /// Creates the problem for an action that the current state does not allow.
    pub(crate) fn conflict(detail: impl Into<String>) -> Problem {
        Problem::new(Kind::Conflict).detail(detail)
    }

    /// Creates the problem for an invalid value of the body; `pointer` has the form `#/name`.
    pub(crate) fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Problem {
        Problem::new(Kind::Invalid).at(pointer, detail)
    }

    /// Logs an error that only the operator may see, and returns a problem without its cause.
    pub(crate) fn internal(error: &(dyn Error + 'static)) -> Problem {
        tracing::error!(error, "request failed");
        Problem::new(Kind::Internal)
    }

    /// Logs that a service is unavailable, and returns a problem without its cause.
    pub(crate) fn unavailable(error: &(dyn Error + 'static)) -> Problem {
        tracing::warn!(error, "request failed; the cause is temporary");
        Problem::new(Kind::Unavailable).header(header::RETRY_AFTER, BACK_AFTER)
    }

    /// Adds what is wrong in this case.
    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Problem {
        self.0.detail = Some(detail.into());
        self
    }

    /// Adds the row concerned.
    pub(crate) fn row(mut self, row: RowId) -> Problem {
        self.0.row = Some(row);
        self
    }

    /// Adds an invalid value of the body.
    pub(crate) fn at(mut self, pointer: impl Into<String>, detail: impl Into<String>) -> Problem {
        let (pointer, detail) = (Some(pointer.into()), detail.into());
        self.0.errors.push(FieldError { pointer, parameter: None, detail });
        self
    }

    /// Adds an invalid parameter.
    pub(crate) fn parameter(mut self, parameter: impl Into<String>, detail: impl Into<String>) -> Problem {
        let (parameter, detail) = (Some(parameter.into()), detail.into());
        self.0.errors.push(FieldError { pointer: None, parameter, detail });
        self
    }

    /// Returns the problem for a body that cannot be read to its end.
    pub(crate) fn of_body(error: &(dyn Error + 'static)) -> Problem {
        match is_body_timeout(error) {
            true => Problem::new(Kind::BodyTimeout),
            false => Problem::because(Kind::Malformed, refusal::Refusal::BodyCut),
        }
    }

    /// Adds the path of the request.
    pub(super) fn instance(mut self, path: String) -> Problem {
        self.0.instance = Some(path);
        self
    }

    /// Adds a header to the response.
    pub(crate) fn header(mut self, name: header::HeaderName, value: HeaderValue) -> Problem {
        self.0.headers.insert(name, value);
        self
    }

    /// Returns the status of the response.
    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Returns the title, the same for every problem of the kind.
    pub(crate) fn title(&self) -> &'static str {
        self.0.title
    }

    /// Returns what is wrong in this case.
    pub(crate) fn words(&self) -> Option<&str> {
        self.0.detail.as_deref().or_else(|| self.0.errors.first().map(|error| error.detail.as_str()))
    }

    /// Returns what is wrong in this case, if that is in the language of the viewer of a page.
    pub(crate) fn words_for_page(&self) -> Option<&str> {
        self.words().filter(|_| self.0.is_for_page)
    }

    /// Returns why an action was refused, for pages in other languages.
    pub fn action_error(&self) -> Option<&ActionError> {
        self.0.action_error.as_deref()
    }

    /// Returns why a request was refused, for pages in other languages.
    pub(crate) fn refusal(&self) -> Option<&refusal::Refusal> {
        self.0.refusal.as_ref()
    }

    /// Returns the problem for a response when only its status is known.
    pub(super) fn of_status(status: StatusCode) -> Problem {
        let kind = Kind::ALL.iter().copied().find(|kind| kind.status() == status);
        kind.map(Problem::new).unwrap_or_else(|| {
            let mut problem = Problem::new(Kind::Internal);
            problem.0.kind = "about:blank";
            problem.0.title = status.canonical_reason().unwrap_or("Something went wrong");
            problem.0.status = status.as_u16();
            problem
        })
    }

    /// Returns the problem as JSON.
    pub(crate) fn body(&self) -> String {
        // Strings and numbers always serialise; without its details a problem is still valid.
        serde_json::to_string(&self.0).unwrap_or_else(|_| format!("{{\"status\":{}}}", self.0.status))
    }
}

/// Returns whether reading a body failed because no more of it arrived.
pub(super) fn is_body_timeout(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<TimeoutError>() {
            return true;
        }
        cause = error.source();
    }
    false
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let kind = (header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        let mut response = (self.status(), [kind], self.body()).into_response();
        response.headers_mut().extend(self.0.headers.clone());
        // A layer adds the path, which is not known here.
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreError;

    #[test]
    fn a_problem_has_the_members_of_rfc_9457_and_no_empty_ones() {
        let problem = Problem::invalid("#/name", "is empty").row(RowId(7)).detail("no");
        let told: serde_json::Value = serde_json::from_str(&problem.body()).unwrap();
        let expected = serde_json::json!({
            "type": "urn:problem-type:ingest:invalid", "title": "Invalid value", "status": 422,
            "detail": "no", "row": 7, "errors": [{ "pointer": "#/name", "detail": "is empty" }],
        });
        assert_eq!(told, expected);
        let bare: serde_json::Value =
            serde_json::from_str(&Problem::of_status(StatusCode::IM_A_TEAPOT).body()).unwrap();
        assert_eq!(
            bare,
            serde_json::json!({ "type": "about:blank", "title": "I'm a teapot", "status": 418 })
        );
    }

    #[test]
    fn causes_for_the_operator_are_not_in_the_response() {
        let error = StoreError::from(sqlx::Error::ColumnNotFound("secret_column".to_owned()));
        assert!(!Problem::from(error).body().contains("secret_column"));
        let error = StoreError::from(sqlx::Error::PoolTimedOut);
        assert_eq!(Problem::from(error).status(), StatusCode::SERVICE_UNAVAILABLE);
    }
}
