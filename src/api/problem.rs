//! Problem Details (RFC 9457): the one form in which anything that goes wrong is told.
//!
//! Handlers return `Result<_, Problem>`. What axum and its layers answer by themselves is turned into
//! problems by [`as_problems`], so that a client never meets an error of another form. No problem tells
//! SQL, a path of this machine or another cause that is the operator's: those are logged.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header, request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::bodies::broken;
use super::state::App;
use crate::actions::ActionError;
use crate::auth::oidc::{ProviderError, Refusal};
use crate::objects::ObjectError;
use crate::queue::QueueError;
use crate::store::StoreError;

/// The media type of a problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Seconds after which something that is away may be back.
const BACK_AFTER: HeaderValue = HeaderValue::from_static("5");

/// Declares the kinds of problem: a word, a status, a title.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $slug:literal, $status:ident, $title:literal;)+) => {
        /// What kind of problem it is. The word stands in its `type`, `urn:problem-type:ingest:<word>`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Kind { $($(#[$doc])* $kind),+ }

        impl Kind {
            const ALL: &'static [Kind] = &[$(Kind::$kind),+];

            fn uri(self) -> &'static str {
                match self { $(Kind::$kind => concat!("urn:problem-type:ingest:", $slug)),+ }
            }

            /// The status of the answer.
            pub fn status(self) -> StatusCode {
                match self { $(Kind::$kind => StatusCode::$status),+ }
            }

            /// The same for every problem of the kind.
            pub fn title(self) -> &'static str {
                match self { $(Kind::$kind => $title),+ }
            }
        }
    };
}

kinds! {
    /// The request cannot be read.
    Malformed = "malformed", BAD_REQUEST, "The request cannot be read";
    /// Nobody is known by what the request carries.
    Unauthenticated = "unauthenticated", UNAUTHORIZED, "Sign in, or send a valid token";
    /// Whoever it is may not do this.
    Forbidden = "forbidden", FORBIDDEN, "This is not allowed";
    /// There is no such thing, or it is somebody else's.
    NotFound = "not-found", NOT_FOUND, "There is no such thing";
    /// The path has no such method.
    Method = "method-not-allowed", METHOD_NOT_ALLOWED, "The path has no such method";
    /// Its state does not allow that.
    Conflict = "conflict", CONFLICT, "The state does not allow that";
    /// What a condition of the request names is no longer so.
    Precondition = "precondition-failed", PRECONDITION_FAILED, "It was changed meanwhile";
    /// The request must say what it has seen.
    PreconditionRequired = "precondition-required", PRECONDITION_REQUIRED, "Say what you have seen";
    /// The body did not come in time.
    BodyTimeout = "body-timeout", REQUEST_TIMEOUT, "The body did not come in time";
    /// The body is too large.
    TooLarge = "too-large", PAYLOAD_TOO_LARGE, "The body is too large";
    /// The body is of a kind that is not taken here.
    MediaType = "unsupported-media-type", UNSUPPORTED_MEDIA_TYPE, "The body is of a kind that is not taken here";
    /// A value is not acceptable: `errors` tells which.
    Invalid = "invalid", UNPROCESSABLE_ENTITY, "A value is not acceptable";
    /// Too many requests.
    TooMany = "too-many-requests", TOO_MANY_REQUESTS, "Too many requests";
    /// We are at fault.
    Internal = "internal", INTERNAL_SERVER_ERROR, "Something went wrong here";
    /// The database, the store or the provider is away.
    Unavailable = "unavailable", SERVICE_UNAVAILABLE, "Not available at the moment";
    /// It took too long.
    Timeout = "timeout", GATEWAY_TIMEOUT, "It took too long and was given up";
}

/// A problem.
#[derive(Debug, Clone)]
pub struct Problem(Box<Told>);

/// What is told of a problem.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Told {
    /// What kind of problem it is.
    #[serde(rename = "type")]
    #[schema(format = "uri", examples("urn:problem-type:ingest:not-found"))]
    kind: &'static str,
    /// The same for every problem of the kind.
    title: &'static str,
    /// The status of the answer.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What is wrong in this case, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    detail: Option<String>,
    /// The path that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = "uri-reference")]
    instance: Option<String>,
    /// The row that it is about, by its number.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    row: Option<i64>,
    /// The values that it is about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldError>,
    #[serde(skip)]
    headers: HeaderMap,
}

/// A value that is not acceptable.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FieldError {
    /// Where it stands in the body: a JSON Pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("#/rows/3/email"))]
    pointer: Option<String>,
    /// The parameter of the path or query that it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("limit"))]
    parameter: Option<String>,
    /// What is wrong with it, in words.
    detail: String,
}

impl Problem {
    /// A problem of a kind, with nothing more to say.
    pub fn new(kind: Kind) -> Problem {
        Problem(Box::new(Told {
            kind: kind.uri(),
            title: kind.title(),
            status: kind.status().as_u16(),
            detail: None,
            instance: None,
            row: None,
            errors: Vec::new(),
            headers: HeaderMap::new(),
        }))
    }

    /// There is no such thing, or it is somebody else's: the two are not told apart.
    pub fn not_found(detail: impl Into<String>) -> Problem {
        Problem::new(Kind::NotFound).detail(detail)
    }

    /// Its state does not allow that.
    pub fn conflict(detail: impl Into<String>) -> Problem {
        Problem::new(Kind::Conflict).detail(detail)
    }

    /// A value of the body is not acceptable; `pointer` as `#/name`.
    pub fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Problem {
        Problem::new(Kind::Invalid).at(pointer, detail)
    }

    /// Something that is the operator's to see: logged, and not told.
    pub fn internal(error: &(dyn std::error::Error + 'static)) -> Problem {
        tracing::error!(error, "a request failed");
        Problem::new(Kind::Internal)
    }

    /// Something is away and may be back soon: logged, and told without its cause.
    pub fn unavailable(error: &(dyn std::error::Error + 'static)) -> Problem {
        tracing::warn!(error, "a request could not be served at the moment");
        Problem::new(Kind::Unavailable).header(header::RETRY_AFTER, BACK_AFTER)
    }

    /// With what is wrong in this case.
    pub fn detail(mut self, detail: impl Into<String>) -> Problem {
        self.0.detail = Some(detail.into());
        self
    }

    /// With the row that it is about.
    pub fn row(mut self, row: i64) -> Problem {
        self.0.row = Some(row);
        self
    }

    /// With a value of the body that it is about.
    pub fn at(mut self, pointer: impl Into<String>, detail: impl Into<String>) -> Problem {
        let (pointer, detail) = (Some(pointer.into()), detail.into());
        self.0.errors.push(FieldError { pointer, parameter: None, detail });
        self
    }

    /// With a parameter that it is about.
    pub fn parameter(mut self, parameter: impl Into<String>, detail: impl Into<String>) -> Problem {
        let (parameter, detail) = (Some(parameter.into()), detail.into());
        self.0.errors.push(FieldError { pointer: None, parameter, detail });
        self
    }

    /// With a header of the answer.
    pub fn header(mut self, name: header::HeaderName, value: HeaderValue) -> Problem {
        self.0.headers.insert(name, value);
        self
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The same for every problem of the kind.
    pub fn title(&self) -> &'static str {
        self.0.title
    }

    /// What is wrong in this case, in words.
    pub fn words(&self) -> Option<&str> {
        self.0.detail.as_deref().or_else(|| self.0.errors.first().map(|error| error.detail.as_str()))
    }

    /// What is known of an answer of which nothing but the status is.
    fn of_status(status: StatusCode) -> Problem {
        let kind = Kind::ALL.iter().copied().find(|kind| kind.status() == status);
        kind.map(Problem::new).unwrap_or_else(|| {
            let mut problem = Problem::new(Kind::Internal);
            problem.0.kind = "about:blank";
            problem.0.title = status.canonical_reason().unwrap_or("Something went wrong");
            problem.0.status = status.as_u16();
            problem
        })
    }

    /// The problem in JSON.
    pub(super) fn body(&self) -> String {
        // Strings and numbers serialise; a problem without its words is still one.
        serde_json::to_string(&self.0).unwrap_or_else(|_| format!("{{\"status\":{}}}", self.0.status))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let kind = (header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        let mut response = (self.status(), [kind], self.body()).into_response();
        response.headers_mut().extend(self.0.headers.clone());
        // `as_problems` adds the path, which is not known here.
        response.extensions_mut().insert(self);
        response
    }
}

/// Shows a problem to somebody with a browser, who has sent this request.
pub type ProblemPage = fn(&App, &request::Parts, &Problem) -> Response;

/// Turns every answer that tells of an error into a problem, and adds the path to it; for a browser that looks at
/// pages, into one of those.
pub async fn as_problems(
    State((app, page)): State<(App, ProblemPage)>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path().to_owned();
    let (asked, body) = request.into_parts();
    let looking = wants_page(&asked).then(|| asked.clone());
    let response = next.run(Request::from_parts(asked, body)).await;
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    let told = parts.extensions.remove::<Problem>();
    let mut problem = told.unwrap_or_else(|| Problem::of_status(status));
    problem.0.instance = Some(path);
    // Headers that were there say more: Allow, Retry-After, WWW-Authenticate.
    parts.headers.remove(header::CONTENT_LENGTH);
    if let Some(asked) = looking {
        let (page, body) = page(&app, &asked, &problem).into_parts();
        parts.status = page.status;
        parts.headers.extend(page.headers);
        return Response::from_parts(parts, body);
    }
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    Response::from_parts(parts, problem.body().into())
}

/// Whether somebody looks at pages: the API answers a browser as it does anybody.
fn wants_page(asked: &request::Parts) -> bool {
    let accepts = asked.headers.get(header::ACCEPT).and_then(|accepts| accepts.to_str().ok());
    let is_page = accepts.is_some_and(|kinds| kinds.contains("text/html"));
    (is_page || asked.headers.contains_key("hx-request")) && !asked.uri.path().starts_with("/api/")
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if error.is_cancelled() {
            return Problem::new(Kind::Timeout)
                .detail("the database took longer than a request may take; narrow the search, or ask for less at a time");
        }
        match error.is_transient() {
            true => Problem::unavailable(&error),
            false => Problem::internal(&error),
        }
    }
}

impl From<ObjectError> for Problem {
    fn from(error: ObjectError) -> Self {
        match error {
            error @ ObjectError::Content { .. } => broken(&error),
            ObjectError::NotFound { .. } => Problem::not_found("the file is no longer in the store"),
            error if error.is_transient() => Problem::unavailable(&error),
            error => Problem::internal(&error),
        }
    }
}

impl From<QueueError> for Problem {
    fn from(error: QueueError) -> Self {
        match error.is_transient() {
            true => Problem::unavailable(&error),
            false => Problem::internal(&error),
        }
    }
}

impl From<ActionError> for Problem {
    fn from(error: ActionError) -> Self {
        match error {
            ActionError::Store(error) => error.into(),
            ActionError::Object(error) => error.into(),
            ActionError::Queue(error) => error.into(),
            ActionError::Record(error) => Problem::internal(&error),
            error @ ActionError::Read { .. } => broken(&error),
            ActionError::NoRow(row) => Problem::not_found(error.to_string()).row(row),
            ActionError::NoJob(_)
            | ActionError::NoIssue(_)
            | ActionError::NoAction(_)
            | ActionError::NoContact(_) => Problem::not_found(error.to_string()),
            ActionError::Consolidated(row) => Problem::conflict(error.to_string()).row(row),
            ActionError::Stale { .. } => Problem::new(Kind::Precondition).detail(error.to_string()),
            ActionError::Invalid { field, reason } => Problem::invalid(format!("#/{field}"), reason),
            ActionError::KeyReused => Problem::new(Kind::Invalid).detail(error.to_string()),
            ActionError::TooLarge(_) => Problem::new(Kind::TooLarge).detail(error.to_string()),
            // What else an action refuses is for the state it found.
            error => Problem::conflict(error.to_string()),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Token(words) => Problem::new(Kind::Unauthenticated).detail(words),
            Refusal::Provider(error @ ProviderError::Refused(_)) => {
                tracing::warn!(%error, "a sign-in failed");
                Problem::new(Kind::Unauthenticated).detail("the provider did not accept the sign-in")
            }
            Refusal::Provider(error) => Problem::unavailable(&error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_what_rfc_9457_wants_and_no_empty_words() {
        let problem = Problem::invalid("#/name", "is empty").row(7).detail("no");
        let told: serde_json::Value = serde_json::from_str(&problem.body()).unwrap();
        let expected = serde_json::json!({
            "type": "urn:problem-type:ingest:invalid", "title": "A value is not acceptable", "status": 422,
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
    fn no_cause_of_the_operators_is_told() {
        let error = StoreError::from(sqlx::Error::ColumnNotFound("secret_column".to_owned()));
        assert!(!Problem::from(error).body().contains("secret_column"));
        let error = StoreError::from(sqlx::Error::PoolTimedOut);
        assert_eq!(Problem::from(error).status(), StatusCode::SERVICE_UNAVAILABLE);
    }
}
