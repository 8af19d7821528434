//! Event streams: limited per user, and ended when their client loses access.

use std::convert::Infallible;
use std::time::Duration;

use axum::response::IntoResponse;
use axum::response::Response;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::{Stream, StreamExt};

use super::principal::Standing;
use super::problem::Problem;
use super::state::App;

/// How often a stream checks whether its client still has access.
const RECHECK: Duration = Duration::from_secs(5);

/// Sends `events` until they end, or until the client loses access: its token is revoked, or its session ends.
/// Returns a problem if the client has too many streams already.
pub(crate) fn event_stream(
    app: &App,
    standing: Standing,
    events: impl Stream<Item = Result<Event, Infallible>> + Send + 'static,
) -> Result<Response, Problem> {
    let permit = app.ceilings.event_streams.enter(standing.owner())?;
    let app = app.clone();
    let refused = async move {
        loop {
            tokio::time::sleep(RECHECK).await;
            if !standing.holds(&app).await {
                return;
            }
        }
    };
    let events = events.take_until(Box::pin(refused));
    let response = Sse::new(events).keep_alive(KeepAlive::default()).into_response();
    Ok(response.map(|body| permit.until_sent(body)))
}
