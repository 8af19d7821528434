//! The HTTP API: a thin face over actions and store reads, and the OpenAPI document made of it.
//!
//! A handler's first argument says who may call it (`principal.rs`), its error is a `Problem`
//! (`problem.rs`), and it is added to one of the two lists below. Its name is the operation's id, so no two
//! handlers share one. Every query is bound to the owner whom the extractor gives.

mod access_log;
mod audit;
mod bad_tokens;
mod bodies;
mod ceilings;
mod client;
mod contacts;
mod downloads;
mod events;
mod extract;
mod form_data;
mod guard;
mod health;
mod issues;
mod jobs;
mod limits;
mod me;
mod openapi;
mod principal;
mod problem;
mod request;
mod rows;
mod senders;
mod server;
mod sessions;
mod state;
mod throttle;
mod tokens;
mod uploads;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::{Router, middleware};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::SwaggerUi;

pub use access_log::RefusalLog;
pub use bad_tokens::BadTokens;
pub use bodies::read_whole;
pub use ceilings::{AtOnce, CeilingSettings, Ceilings};
pub use client::{Client, TrustedProxies};
pub use downloads::{download_contacts, download_corrections, job_file, take_corrections};
pub use events::event_stream;
pub use extract::{Json, Path, Query};
pub use form_data::FormFile;
pub use guard::is_same_origin;
pub use limits::RateLimit;
pub use principal::{Editor, Person, Reader, Standing, Uploader, has_session, session_cookie};
pub use problem::{Kind, Problem, ProblemPage};
pub use senders::Senders;
pub use server::{ConnectionLimits, open_files, serve};
pub use state::{Access, App, Parts};
pub use uploads::{UploadAsked, preview_of, take_upload};

/// Handlers that answer at once: small bodies, and a time within which they answer.
fn quick() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(me::get_me))
        .routes(routes!(tokens::list_tokens, tokens::create_token))
        .routes(routes!(tokens::revoke_token))
        .routes(routes!(sessions::end_sessions))
        .routes(routes!(uploads::preview_upload))
        .routes(routes!(jobs::list_jobs))
        .routes(routes!(jobs::get_job))
        .routes(routes!(jobs::reprocess_job))
        .routes(routes!(jobs::cancel_job))
        .routes(routes!(jobs::set_policy))
        .routes(routes!(issues::list_issues))
        .routes(routes!(issues::get_issue))
        .routes(routes!(issues::resolve_issue))
        .routes(routes!(rows::list_rows))
        .routes(routes!(rows::get_row, rows::edit_row))
        .routes(routes!(contacts::list_contacts))
        .routes(routes!(contacts::get_contact, contacts::edit_contact))
        .routes(routes!(audit::list_actions))
}

/// Handlers that take as long as they take: uploads, downloads, event streams.
fn lasting() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(uploads::upload_file))
        .routes(routes!(jobs::job_events))
        .routes(routes!(jobs::delete_job))
        .routes(routes!(jobs::undo_import))
        .routes(routes!(rows::bulk_decide))
        .routes(routes!(rows::preview_bulk))
        .routes(routes!(audit::undo_action))
        .routes(routes!(downloads::job_file))
        .routes(routes!(downloads::download_corrections, downloads::upload_corrections))
        .routes(routes!(downloads::download_contacts))
}

/// Pages for browsers, which another module brings.
pub struct Pages {
    /// Handlers that answer at once.
    pub quick: Router<App>,
    /// Handlers that take as long as they take; what counts for the API's counts for them.
    pub lasting: Router<App>,
    /// Shows a problem.
    pub problem: ProblemPage,
}

/// The whole server: the API under `/api/v1`, its document and the page that shows it, and `pages`.
pub fn router(app: App, pages: Pages) -> Router {
    let timeout = || middleware::from_fn_with_state(app.clone(), limits::timeout);
    let (api, document) = OpenApiRouter::with_openapi(openapi::head())
        .merge(health::routes().layer(timeout()))
        .nest("/api/v1", quick().layer(timeout()).merge(lasting()))
        .split_for_parts();
    let document = openapi::completed(document);
    api.merge(docs(document))
        .merge(pages.quick.layer(timeout()))
        .merge(pages.lasting)
        .layer(middleware::from_fn_with_state(app.clone(), guard::local_only))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(app.clone(), access_log::observe))
        .layer(middleware::from_fn_with_state((app.clone(), pages.problem), problem::as_problems))
        .layer(middleware::from_fn_with_state(app.clone(), safe_headers))
        .layer(middleware::from_fn_with_state(app.clone(), ceilings::counted))
        .layer(RequestBodyTimeoutLayer::new(app.body_idle_timeout))
        .with_state(app)
}

/// The document, and a page that shows it with nothing from another host.
fn docs(document: utoipa::openapi::OpenApi) -> Router<App> {
    // Its scripts are files of its own; its styles are partly written into its elements.
    const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
         img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; \
         form-action 'none'";
    // Without a word on it the page asks a validator on another host about the document.
    let config = utoipa_swagger_ui::Config::default().validator_url("none");
    let page = SwaggerUi::new("/api/docs").config(config).url("/api/openapi.json", document);
    let policy =
        SetResponseHeaderLayer::overriding(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    Router::from(page).layer(policy)
}

/// The device access and tracking interfaces that no page of ours uses, so that an injected one cannot either.
const PERMISSIONS: &str = "accelerometer=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), \
     gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()";

/// Headers that keep browsers from guessing, framing, and keeping what is private. What a handler says for
/// itself stays.
async fn safe_headers(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let mut all = vec![
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), PERMISSIONS),
    ];
    if app.is_https() {
        all.push((header::STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains"));
    }
    for (name, value) in all {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// The panic itself has been written to standard error by then.
fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    Problem::new(Kind::Internal).into_response()
}
