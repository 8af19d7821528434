//! Counts concurrent requests.

use std::sync::Arc;

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

use crate::http::held::Held;
use crate::http::limits::Permits;
use crate::http::state::App;

/// Gives each request its [`Permits`], and keeps them until the response is sent. A streamed response does not
/// keep them: it has a ceiling of its own.
pub(crate) async fn counted(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let permits = Permits::new(Arc::clone(&app.ceilings));
    request.extensions_mut().insert(permits.clone());
    let response = next.run(request).await;
    match response.body().size_hint().exact() {
        Some(_) => response.map(|body| Body::new(Held::new(body, permits))),
        None => response,
    }
}
