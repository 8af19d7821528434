//! Whether the process lives, and whether it can serve.

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::{App, Problem};
use crate::store::schema;

/// Both paths. Nobody has to be known for them.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(healthz)).routes(routes!(readyz))
}

/// The process answers.
#[utoipa::path(get, path = "/healthz", tag = "health", security(()),
    responses((status = 200, description = "It lives", body = String, content_type = "text/plain")))]
async fn healthz() -> &'static str {
    "ok\n"
}

/// The database can be reached.
#[utoipa::path(get, path = "/readyz", tag = "health", security(()),
    responses((status = 200, description = "It can serve", body = String, content_type = "text/plain")))]
async fn readyz(State(app): State<App>) -> Result<&'static str, Problem> {
    match schema::answers(&app.pool).await {
        Ok(()) => Ok("ok\n"),
        Err(error) => Err(Problem::unavailable(&error)),
    }
}
