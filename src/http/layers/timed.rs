//! Gives each request an id and a span, measures it, and logs it at DEBUG, so that
//! `LOG_FILTER=ingest::http::layers::timed=debug` is an access log.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use opentelemetry_http::HeaderExtractor;
use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::metrics::{METRICS, Requested};
use crate::propagation::continue_trace;

/// The header with the id of a request. A proxy may have chosen it.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Counts the request and how long the head of its response took. Log lines and the response have the request's id.
pub(crate) async fn timed(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let http_request_method = name(request.method());
    // The route rather than the path: clients can put anything into a path.
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let id = given_id(&request).unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
    let span = span(&id, http_request_method, route.as_deref());
    continue_trace(&span, &HeaderExtractor(request.headers()));
    async move {
        let mut response = next.run(request).await;
        let (status, seconds) = (response.status().as_u16(), started.elapsed().as_secs_f64());
        tracing::debug!(method = http_request_method, route, status, seconds, "request");
        record(status);
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        let requested = Requested {
            http_request_method,
            http_route: route.unwrap_or_default(),
            http_response_status_code: status,
        };
        METRICS.requests.get_or_create(&requested).observe(seconds);
        response
    }
    .instrument(span)
    .await
}

fn span(id: &str, method: &'static str, route: Option<&str>) -> Span {
    let name = route.map(|route| format!("{method} {route}"));
    tracing::info_span!(
        "request",
        request_id = id,
        otel.name = name.as_deref().unwrap_or(method),
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = method,
        http.route = route,
        http.response.status_code = Empty,
        error.type = Empty,
    )
}

/// Adds the status of the response to the span. The client's errors are none of the server's.
fn record(status: u16) {
    let span = Span::current();
    span.record("http.response.status_code", status);
    if status >= 500 {
        span.record("error.type", status.to_string());
        span.record("otel.status_code", "ERROR");
    }
}

/// Returns the id that the request already has, unless it is no word of at most 64 letters.
fn given_id(request: &Request) -> Option<String> {
    let id = request.headers().get(&REQUEST_ID)?.to_str().ok()?;
    let is_word = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    ((1..=64).contains(&id.len()) && is_word).then(|| id.to_owned())
}

/// Returns the name of a standard method, and `_OTHER` for others, as OpenTelemetry has it.
fn name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::CONNECT => "CONNECT",
        Method::TRACE => "TRACE",
        _ => "_OTHER",
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn a_request_keeps_an_id_that_is_a_short_word() {
        let long = "a".repeat(65);
        for (id, is_kept) in
            [("Root-1.2_3", true), ("", false), ("a b", false), ("a\"b", false), (long.as_str(), false)]
        {
            let request = Request::builder().header("X-Request-Id", id).body(Body::empty()).unwrap();
            assert_eq!(given_id(&request).is_some(), is_kept, "{id}");
        }
    }
}
