//! Pages for browsers: for now the way in and out.

mod sign_in;

use axum::Router;
use axum::routing::{get, post};

use crate::api::App;

/// The pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/sign-in", get(sign_in::sign_in))
        .route(sign_in::CALLBACK, get(sign_in::callback))
        .route("/sign-out", post(sign_in::sign_out))
}
