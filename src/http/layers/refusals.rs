//! Logs refusals: invalid credentials, 403 and 429, with who sent the request, how they authenticated, and from
//! where. Never a token, a query or a body.

use axum::extract::{MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;

use crate::http::client::{Client, Sender};
use crate::http::problem::Problem;
use crate::http::state::App;

/// Determines where a request comes from, and logs it if it is refused. Handlers find the [`Client`] among the
/// request's extensions.
pub(crate) async fn observe(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let client = Client::new(&app.proxies, request.extensions(), request.headers());
    let method = request.method().clone();
    // Logs the route rather than the path: clients can put anything into a path.
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    request.extensions_mut().insert(client.clone());
    let response = next.run(request).await;
    let status = response.status();
    let refused =
        matches!(client.sender(), Some(Sender::Refused { .. })) && status == StatusCode::UNAUTHORIZED;
    if !refused && status != StatusCode::FORBIDDEN && status != StatusCode::TOO_MANY_REQUESTS {
        return response;
    }
    if let Some(skipped) = app.refusal_log.admit(&client) {
        let (mut owner, mut means, mut token_id, mut reason) = (None, None, None, None);
        match client.sender() {
            Some(Sender::Known { owner: known, means: by, token_id: id }) => {
                (owner, means, token_id) = (Some(known.as_str()), Some(*by), id.map(i64::from));
            }
            Some(Sender::Refused { means: by, reason: words }) => (means, reason) = (Some(*by), Some(*words)),
            None => {}
        }
        let problem = response.extensions().get::<Problem>().and_then(Problem::words);
        tracing::warn!(
            status = status.as_u16(),
            address = %client.address(),
            owner,
            means,
            token_id,
            reason = reason.or(problem),
            %method,
            route,
            skipped_lines = (skipped > 0).then_some(skipped),
            "{}",
            if refused { "bad credentials" } else { "request refused" }
        );
    }
    response
}
