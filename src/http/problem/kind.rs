//! The kinds of problem.

use axum::http::StatusCode;

/// Declares the kinds of problem: a word, a status and a title each.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $slug:literal, $status:ident, $title:literal;)+) => {
        /// The kind of a problem. Its word is part of the `type`, `urn:problem-type:ingest:<word>`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Kind { $($(#[$doc])* $kind),+ }

        impl Kind {
            pub(super) const ALL: &'static [Kind] = &[$(Kind::$kind),+];

            pub(super) fn uri(self) -> &'static str {
                match self { $(Kind::$kind => concat!("urn:problem-type:ingest:", $slug)),+ }
            }

            /// Returns the status of the response.
            pub(crate) fn status(self) -> StatusCode {
                match self { $(Kind::$kind => StatusCode::$status),+ }
            }

            /// Returns the title, the same for every problem of the kind.
            pub(crate) fn title(self) -> &'static str {
                match self { $(Kind::$kind => $title),+ }
            }
        }
    };
}

kinds! {
    /// The request cannot be parsed.
    Malformed = "malformed", BAD_REQUEST, "The request is malformed";
    /// The request has no valid credentials.
    Unauthenticated = "unauthenticated", UNAUTHORIZED, "Authentication is required";
    /// The user lacks the permission.
    Forbidden = "forbidden", FORBIDDEN, "Permission denied";
    /// It does not exist, or belongs to somebody else.
    NotFound = "not-found", NOT_FOUND, "Not found";
    /// The path does not support the method.
    Method = "method-not-allowed", METHOD_NOT_ALLOWED, "Method not allowed";
    /// The current state does not allow it.
    Conflict = "conflict", CONFLICT, "Conflict with the current state";
    /// A precondition of the request no longer holds.
    Precondition = "precondition-failed", PRECONDITION_FAILED, "The resource has changed";
    /// The request must state what it has seen.
    PreconditionRequired = "precondition-required", PRECONDITION_REQUIRED, "A precondition is required";
    /// The body did not arrive in time.
    BodyTimeout = "body-timeout", REQUEST_TIMEOUT, "The request body timed out";
    /// The request body is too large.
    TooLarge = "too-large", PAYLOAD_TOO_LARGE, "The request body is too large";
    /// The media type of the body is not supported.
    MediaType = "unsupported-media-type", UNSUPPORTED_MEDIA_TYPE, "Unsupported media type";
    /// Another request is changing it.
    Locked = "locked", LOCKED, "Another request is in progress";
    /// A value is invalid; `errors` lists which.
    Invalid = "invalid", UNPROCESSABLE_ENTITY, "Invalid value";
    /// Too many requests.
    TooMany = "too-many-requests", TOO_MANY_REQUESTS, "Too many requests";
    /// An error of the server.
    Internal = "internal", INTERNAL_SERVER_ERROR, "Internal server error";
    /// The database, the store or the provider is unavailable.
    Unavailable = "unavailable", SERVICE_UNAVAILABLE, "Temporarily unavailable";
    /// The request took too long.
    Timeout = "timeout", GATEWAY_TIMEOUT, "The request timed out";
}
