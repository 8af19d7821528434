//! The log of refusals: bad credentials, 403 and 429, with who sent the request, how, and from where. Never a token,
//! a query or a body.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::client::{Client, Sender};
use super::problem::Problem;
use super::state::App;

/// Lines a second of one address; a flood of refused requests must not become a flood of lines.
const LINES_PER_SECOND: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// How many addresses are remembered before those are forgotten that have not been seen for long.
const REMEMBERED: usize = 10_000;

/// How much is logged of each address.
pub struct RefusalLog {
    lines: DefaultKeyedRateLimiter<IpAddr>,
    skipped: AtomicU64,
}

impl Default for RefusalLog {
    fn default() -> Self {
        let lines = RateLimiter::keyed(Quota::per_second(LINES_PER_SECOND));
        RefusalLog { lines, skipped: AtomicU64::new(0) }
    }
}

impl RefusalLog {
    /// Whether a line may be written; if so, how many were not before it.
    fn admit(&self, client: &Client) -> Option<u64> {
        if self.lines.len() > REMEMBERED {
            self.lines.retain_recent();
        }
        match self.lines.check_key(&client.network()) {
            Ok(()) => Some(self.skipped.swap(0, Ordering::Relaxed)),
            Err(_) => {
                self.skipped.fetch_add(1, Ordering::Relaxed);
                None
            }
        }
    }
}

/// Finds out from where a request comes, and logs it if it is refused. The handlers find the [`Client`] among the
/// request's extensions.
pub async fn observe(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let client = Client::new(&app.proxies, request.extensions(), request.headers());
    let method = request.method().clone();
    // The route, not the path: what somebody makes up stays out of the log.
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
                (owner, means, token_id) = (Some(known.as_str()), Some(*by), *id);
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
