//! Health checks.

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::{App, Problem};
use crate::store::schema;

/// Returns the routes, which require no authentication.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(check_health)).routes(routes!(check_readiness))
}

/// Checks that the process responds.
#[utoipa::path(get, path = "/healthz", tag = "health", security(()),
    responses((status = 200, description = "The process responds", body = String, content_type = "text/plain")))]
async fn check_health() -> &'static str {
    "ok\n"
}

/// Checks that the database is reachable.
#[utoipa::path(get, path = "/readyz", tag = "health", security(()),
    responses((status = 200, description = "The server is ready", body = String, content_type = "text/plain")))]
async fn check_readiness(State(app): State<App>) -> Result<&'static str, Problem> {
    match schema::answers(&app.pool).await {
        Ok(()) => Ok("ok\n"),
        Err(error) => Err(Problem::unavailable(&error)),
    }
}
