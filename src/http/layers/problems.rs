//! Turns the error responses of axum and its layers into problems, so that a client never receives an error in
//! another format, and shows problems to browsers as pages.

use axum::extract::{Request, State};
use axum::http::{HeaderValue, header, request};
use axum::middleware::Next;
use axum::response::Response;

use crate::http::problem::{MEDIA_TYPE, Problem};
use crate::http::state::App;

/// Renders a problem as a page for the browser that sent this request.
pub(crate) type ProblemPage = fn(&App, &request::Parts, &Problem) -> Response;

/// Turns every error response into a problem and adds the path; for a browser that requests a page, into a page.
pub(crate) async fn as_problems(
    State((app, page)): State<(App, ProblemPage)>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path().to_owned();
    let (head, body) = request.into_parts();
    let looking = wants_page(&head).then(|| head.clone());
    let response = next.run(Request::from_parts(head, body)).await;
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let (mut parts, _) = response.into_parts();
    let problem = parts.extensions.remove::<Problem>().unwrap_or_else(|| Problem::of_status(status));
    let problem = problem.instance(path);
    // Existing headers say more: Allow, Retry-After, WWW-Authenticate.
    parts.headers.remove(header::CONTENT_LENGTH);
    if let Some(head) = looking {
        let (page, body) = page(&app, &head, &problem).into_parts();
        parts.status = page.status;
        parts.headers.extend(page.headers);
        return Response::from_parts(parts, body);
    }
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    Response::from_parts(parts, problem.body().into())
}

/// Returns whether the client requests a page. The API answers a browser like any other client.
fn wants_page(head: &request::Parts) -> bool {
    let accepts = head.headers.get(header::ACCEPT).and_then(|accepts| accepts.to_str().ok());
    let is_page = accepts.is_some_and(|kinds| kinds.contains("text/html"));
    (is_page || head.headers.contains_key("hx-request")) && !head.uri.path().starts_with("/api/")
}
