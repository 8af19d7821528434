//! The HTTP API, a thin layer over `actions` and reads of `store`, and its OpenAPI document.
//!
//! To add a handler, list it below. Its name is the operation's id, so it must be unique.

mod audit;
mod contact_changes;
mod contacts;
mod downloads;
mod events;
mod health;
mod issues;
mod jobs;
mod mappings;
mod me;
mod openapi;
mod people;
mod request;
mod resumable;
mod rows;
mod schemas;
mod sessions;
mod tokens;
mod uploads;
mod webhooks;

use axum::http::{HeaderValue, header};
use axum::{Router, middleware};
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::SwaggerUi;

use crate::http::{self, App};

/// Returns the routes of the API under `/api/v1`, of its document and documentation page, and of the health checks.
pub(crate) fn routes(app: &App) -> Router<App> {
    let timeout = || middleware::from_fn_with_state(app.clone(), http::timeout);
    let (api, document) = OpenApiRouter::with_openapi(openapi::head())
        .merge(health::routes().layer(timeout()))
        .nest("/api/v1", quick().layer(timeout()).merge(long_running()).merge(resumable()))
        .split_for_parts();
    api.merge(docs(openapi::completed(document, &app.public_origin)))
}

/// Returns handlers with small bodies and a time limit.
fn quick() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(me::get_me))
        .routes(routes!(tokens::list_tokens, tokens::create_token))
        .routes(routes!(tokens::revoke_token))
        .routes(routes!(sessions::end_sessions))
        .routes(routes!(uploads::preview_upload))
        .routes(routes!(uploads::check_upload))
        .routes(routes!(jobs::list_jobs))
        .routes(routes!(jobs::get_job))
        .routes(routes!(mappings::preview_job_file))
        .routes(routes!(mappings::list_mappings))
        .routes(routes!(mappings::change_mapping, mappings::forget_mapping))
        .routes(routes!(jobs::reprocess_job))
        .routes(routes!(jobs::cancel_job))
        .routes(routes!(jobs::set_policy))
        .routes(routes!(issues::list_issues))
        .routes(routes!(issues::get_issue))
        .routes(routes!(issues::resolve_issue))
        .routes(routes!(issues::note_issue))
        .routes(routes!(rows::list_rows, rows::edit_rows))
        .routes(routes!(rows::get_row, rows::edit_row))
        .routes(routes!(contacts::list_contacts))
        .routes(routes!(contact_changes::list_contact_changes))
        .routes(routes!(contacts::get_contact, contacts::edit_contact, contacts::delete_contact))
        .routes(routes!(audit::list_actions))
        .routes(routes!(people::list_erasures))
        .routes(routes!(webhooks::list_webhooks, webhooks::create_webhook))
        .routes(routes!(webhooks::delete_webhook))
        .routes(routes!(webhooks::test_webhook))
        .routes(routes!(webhooks::list_deliveries))
        .routes(routes!(webhooks::resend_event))
}

/// Returns handlers without a time limit: uploads, downloads, event streams, actions on a whole job.
fn long_running() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(uploads::upload_file))
        .routes(routes!(events::stream_job_events))
        .routes(routes!(events::stream_events))
        .routes(routes!(jobs::retry_jobs))
        .routes(routes!(jobs::delete_job))
        .routes(routes!(jobs::reread_job))
        .routes(routes!(mappings::map_job))
        .routes(routes!(jobs::undo_import))
        .routes(routes!(rows::decide_rows))
        .routes(routes!(issues::assign_issues))
        .routes(routes!(rows::preview_decision))
        .routes(routes!(contacts::delete_contacts))
        .routes(routes!(audit::undo_action))
        .routes(routes!(people::describe_person))
        .routes(routes!(people::forget_person))
        .routes(routes!(downloads::download_job_file))
        .routes(routes!(downloads::download_corrections, downloads::upload_corrections))
        .routes(routes!(downloads::download_contacts))
        .routes(routes!(downloads::export_contacts))
        .routes(routes!(downloads::export_rows))
}

/// Returns the handlers of the tus protocol, whose responses all name its version.
fn resumable() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(resumable::describe_resumable, resumable::create_resumable))
        .routes(routes!(resumable::get_resumable, resumable::send_part, resumable::delete_resumable))
        .layer(SetResponseHeaderLayer::overriding(http::TUS_RESUMABLE, http::TUS_VERSION))
}

/// Returns the routes of the document and of the documentation page, which loads nothing from other hosts.
fn docs(document: utoipa::openapi::OpenApi) -> Router<App> {
    // The page's scripts are files of this server; some of its styles are inline.
    const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
         img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; \
         form-action 'none'";
    // By default the page sends the document to a validator on another host.
    let config = utoipa_swagger_ui::Config::default().validator_url("none");
    let page = SwaggerUi::new("/api/docs").config(config).url("/api/openapi.json", document);
    let policy =
        SetResponseHeaderLayer::overriding(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    Router::from(page).layer(policy)
}
