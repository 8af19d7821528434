//! What the API and the pages share: the server, its state, authentication and roles, limits, problems, uploads
//! and downloads.
//!
//! A handler's first argument says who may call it (`principal.rs`), and its error is a `Problem` (`problem.rs`).
//! Every query is limited to the owner whom the extractor returns.

mod bodies;
mod client;
mod downloads;
mod event_stream;
mod extract;
mod find;
mod form_data;
mod guard;
mod held;
mod layers;
mod limits;
mod monitoring;
mod principal;
mod problem;
mod resumable;
mod server;
mod state;
mod uploads;

use axum::response::{IntoResponse, Response};
use axum::{Router, middleware};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;

pub(crate) use bodies::read_whole;
pub(crate) use client::{Client, TrustedProxies};
pub(crate) use downloads::{corrections_file, csv_file, exported_file, job_file};
pub(crate) use event_stream::event_stream;
pub use extract::{Json, Path, Query};
pub(crate) use find::find_job;
pub use form_data::FormFile;
pub(crate) use guard::is_same_origin;
pub(crate) use layers::{ProblemPage, timeout};
pub(crate) use limits::{AtOnce, BadTokens, CeilingSettings, Ceilings, RateLimit, RefusalLog, Senders};
pub(crate) use monitoring::Monitored;
pub(crate) use principal::{
    Editor, Operator, Person, Reader, Standing, Uploader, has_session, presumed, session_cookie,
};
pub(crate) use problem::{FieldError, Kind, MEDIA_TYPE, Problem, ProblemBody};
pub(crate) use resumable::{
    TUS_RESUMABLE, VERSION as TUS_VERSION, create_upload, delete_upload, find_upload, receive_part, supported,
};
pub(crate) use server::{ConnectionLimits, open_files, serve};
pub(crate) use state::{Access, App, Parts};
pub use uploads::{PreviewQuery, UploadQuery, check_of, preview_of, take_corrections, take_upload};
pub(crate) use uploads::{preview_corrections, preview_of_job};

/// Builds the whole server from `routes` and the layers that each request passes through. `problem_page` shows
/// problems to browsers.
pub(crate) fn router(app: App, routes: Router<App>, problem_page: ProblemPage) -> Router {
    routes
        .layer(middleware::from_fn_with_state(app.clone(), guard::local_only))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(app.clone(), layers::observe))
        .layer(middleware::from_fn_with_state((app.clone(), problem_page), layers::as_problems))
        .layer(middleware::from_fn_with_state(app.clone(), layers::safe_headers))
        .layer(middleware::from_fn_with_state(app.clone(), layers::counted))
        .layer(middleware::from_fn(layers::timed))
        .layer(RequestBodyTimeoutLayer::new(app.body_idle_timeout))
        .with_state(app)
}

/// The panic itself is already on standard error.
fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    Problem::new(Kind::Internal).into_response()
}
