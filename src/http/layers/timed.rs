//! Measures requests for the metrics.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;

use crate::metrics::{METRICS, Requested};

/// Counts the request and how long the head of its response took.
pub(crate) async fn timed(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let http_request_method = name(request.method());
    // The route rather than the path: clients can put anything into a path.
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let response = next.run(request).await;
    let requested = Requested {
        http_request_method,
        http_route: route.unwrap_or_default(),
        http_response_status_code: response.status().as_u16(),
    };
    METRICS.requests.get_or_create(&requested).observe(started.elapsed().as_secs_f64());
    response
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
