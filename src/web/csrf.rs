//! CSRF tokens in forms, for browsers that do not report the origin of a request.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::form::FORM_BYTES;
use crate::http::{App, has_session, read_whole};

/// Copies the field `csrf` of a form to the header that the extractors check, if the browser reports neither site nor
/// origin. Reads only forms of browsers with a session and without a file, so that no body is read before authentication.
pub(crate) async fn from_form(State(app): State<App>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let has_proof =
        ["sec-fetch-site", "origin", "x-csrf-token"].iter().any(|name| headers.contains_key(*name));
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if has_proof || request.method() != Method::POST || !kind.starts_with("application/x-www-form-urlencoded")
    {
        return next.run(request).await;
    }
    match has_session(&app, headers).await {
        Ok(true) => {}
        Ok(false) => return next.run(request).await,
        Err(problem) => return problem.into_response(),
    }
    let (mut parts, body) = request.into_parts();
    let body = match read_whole(body, FORM_BYTES).await {
        Ok(body) => body,
        Err(problem) => return problem.into_response(),
    };
    let token = url::form_urlencoded::parse(&body).find(|(name, _)| name == "csrf").map(|(_, value)| value);
    if let Some(Ok(token)) = token.map(|token| HeaderValue::from_str(&token)) {
        parts.headers.insert("x-csrf-token", token);
    }
    next.run(Request::from_parts(parts, Body::from(body))).await
}
