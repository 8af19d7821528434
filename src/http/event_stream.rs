//! Event streams: as many as their users may have, each ended when its sender is no longer let in.

use std::convert::Infallible;
use std::time::Duration;

use axum::response::IntoResponse;
use axum::response::Response;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::{Stream, StreamExt};

use super::principal::Standing;
use super::problem::Problem;
use super::state::App;

/// How often a stream asks whether its sender is still let in.
const RECHECK: Duration = Duration::from_secs(5);

/// Sends `events` until their end, or until whoever asked for them is no longer let in: a revoked token, a session
/// that has ended. A problem if they have too many streams already.
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
