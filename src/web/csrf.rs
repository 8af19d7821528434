//! The session's token in forms, for browsers that do not say themselves where a request comes from.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::api::{Kind, Problem};

/// The most bytes of a form that is looked into.
const MOST: usize = 2 << 20;

/// Shows the field `csrf` of a form as the header that the extractors look for, where the browser names neither
/// site nor origin. A form with a file is not looked into.
pub async fn from_form(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let tells = ["sec-fetch-site", "origin", "x-csrf-token"].iter().any(|name| headers.contains_key(*name));
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if tells || request.method() != Method::POST || !kind.starts_with("application/x-www-form-urlencoded") {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MOST).await else {
        return Problem::new(Kind::TooLarge).into_response();
    };
    let token = url::form_urlencoded::parse(&body).find(|(name, _)| name == "csrf").map(|(_, value)| value);
    if let Some(Ok(token)) = token.map(|token| HeaderValue::from_str(&token)) {
        parts.headers.insert("x-csrf-token", token);
    }
    next.run(Request::from_parts(parts, Body::from(body))).await
}
