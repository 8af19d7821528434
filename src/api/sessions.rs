//! The sessions of the caller's browsers.

use axum::extract::State;
use axum::http::StatusCode;

use crate::http::{App, Client, Person, Problem};
use crate::store::sign_ins;

/// Ends all sessions of the caller's browsers, including the current one.
#[utoipa::path(delete, path = "/sessions", tag = "access",
    responses((status = 204, description = "All sessions have ended")))]
pub(super) async fn end_sessions(
    Person(principal): Person,
    State(app): State<App>,
    axum::Extension(client): axum::Extension<Client>,
) -> Result<StatusCode, Problem> {
    let ended = sign_ins::close_all(&app.pool, Some(&principal.owner)).await?;
    tracing::info!(owner = %principal.owner, address = %client.address(), sessions = ended, "ended all sessions");
    Ok(StatusCode::NO_CONTENT)
}
