//! The session's token in forms, for browsers that do not say themselves where a request comes from.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::form::FORM_BYTES;
use crate::http::{App, has_session, read_whole};

/// Shows the field `csrf` of a form as the header that the extractors look for, where the browser names neither
/// site nor origin. Looks into the forms of browsers with a session only, and into none with a file: nothing is read
/// for somebody who is not known.
pub(crate) async fn from_form(State(app): State<App>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let tells = ["sec-fetch-site", "origin", "x-csrf-token"].iter().any(|name| headers.contains_key(*name));
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if tells || request.method() != Method::POST || !kind.starts_with("application/x-www-form-urlencoded") {
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
