//! Pages for browsers, a thin layer over `actions` and reads of `store`, like the API.
//!
//! The first argument of a handler determines who may call it. It renders a template in `templates/`, which escapes every
//! value, in the viewer's language (`locales/`). Everything works with plain forms and links; htmx and the small scripts
//! in `static/` add speed and keyboard shortcuts. Pages load nothing from other hosts and have no inline scripts or styles.

mod asset;
mod audit;
mod audit_export;
mod bar;
mod changes;
mod check;
mod contacts;
mod csrf;
mod delete_contacts;
mod deletion_notice;
mod export;
mod extra;
mod form;
mod job;
mod jobs;
mod language;
mod mapping;
mod matching;
mod operation;
mod people;
mod problem;
mod reading;
mod refusals;
mod remedies;
mod review;
mod settings;
mod shell;
mod sign_in;
mod times;
mod upload;
mod webhooks;
mod words;

use axum::http::{HeaderValue, header};
use axum::routing::{get, head, post};
use axum::{Router, middleware};
use tower_http::set_header::SetResponseHeaderLayer;

use crate::http::{self, App};
pub(crate) use problem::page as problem_page;

/// The Content-Security-Policy of pages: they load files of this server only.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
);

/// Returns the routes of the pages.
pub(crate) fn routes(app: &App) -> Router<App> {
    let timeout = middleware::from_fn_with_state(app.clone(), http::timeout);
    on_every_page(quick(), app).layer(timeout).merge(on_every_page(long_running(), app))
}

/// Returns pages with a time limit.
fn quick() -> Router<App> {
    Router::new()
        .route("/", get(jobs::first))
        .route("/jobs", get(jobs::list))
        .route("/jobs/{job}", get(job::page))
        .route("/jobs/{job}/reprocess", post(job::reprocess))
        .route("/jobs/{job}/cancel", post(job::cancel))
        .route("/jobs/{job}/policy", post(job::set_policy))
        .route("/mappings", get(mapping::list))
        .route("/mappings/{mapping}", get(mapping::one).post(mapping::change))
        .route("/mappings/{mapping}/forget", post(mapping::forget))
        .route("/contacts", get(contacts::list))
        .route("/contacts/{contact}", get(contacts::one).post(contacts::edit))
        .route("/audit", get(audit::page))
        .route("/people", get(people::page))
        .route("/operation", get(operation::page))
        .route("/operation/pause", post(operation::pause))
        .route("/operation/resume", post(operation::resume))
        .route("/webhooks", get(webhooks::list).post(webhooks::create))
        .route("/webhooks/{webhook}", get(webhooks::one))
        .route("/webhooks/{webhook}/test", post(webhooks::test))
        .route("/webhooks/{webhook}/delete", post(webhooks::delete))
        .route("/webhooks/{webhook}/deliveries/{delivery}/resend", post(webhooks::resend))
        .route("/jobs/{job}/grid", get(review::grid::page))
        .route("/jobs/{job}/review", get(review::first))
        .route("/jobs/{job}/review/{kind}", get(review::cases))
        .route("/jobs/{job}/issues/{issue}", get(review::one).post(review::decide))
        .route("/jobs/{job}/issues/{issue}/rows/{row}", post(review::edit))
        .route(remedies::PREVIEW, post(upload::preview))
        .route("/upload/check", post(check::check))
        .route("/upload/sample.csv", get(upload::sample))
        .route("/keys", get(shell::keys))
        .route("/language", post(language::choose_language))
        .route("/static/{name}", get(asset::serve))
        .route("/sign-in", get(sign_in::sign_in))
        .route(sign_in::CALLBACK, get(sign_in::callback))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/signed-out", get(shell::signed_out))
}

/// Returns pages without a time limit: uploads, downloads, event streams, actions on many rows.
fn long_running() -> Router<App> {
    Router::new()
        .route("/upload", get(upload::page).post(upload::take))
        .route("/upload/resumable", post(upload::create))
        .route(
            "/upload/resumable/{upload}",
            head(upload::look_up).patch(upload::receive).delete(upload::cancel),
        )
        .route("/audit.csv", get(audit_export::download))
        .route("/jobs/live", get(jobs::live))
        .route("/jobs/{job}/live", get(job::live))
        .route("/jobs/{job}/file", get(job::file))
        .route("/jobs/{job}/corrections.csv", get(job::corrections_file))
        .route("/jobs/{job}/corrections", get(job::corrections).post(job::correct))
        .route("/jobs/{job}/corrections/preview", post(job::preview_corrections))
        .route("/contacts.csv", get(export::all_contacts))
        .route("/contacts/export", get(export::contacts))
        .route("/jobs/{job}/export", get(job::export))
        .route("/contacts/delete", get(delete_contacts::preview).post(delete_contacts::delete_chosen))
        .route("/contacts/undo", post(delete_contacts::undo))
        .route("/contacts/{contact}/delete", post(delete_contacts::delete_one))
        .route("/operation/dead-letters", post(operation::dead_letters))
        .route("/operation/dead-letters/redrive", post(operation::redrive))
        .route("/operation/dead-letters/drop", post(operation::drop_letters))
        .route("/people/find", post(people::find))
        .route("/people/about", post(people::about))
        .route("/people/forget", post(people::forget))
        .route("/jobs/retry", post(jobs::retry))
        .route("/jobs/{job}/delete", post(job::delete))
        .route("/jobs/{job}/reread", post(job::reread))
        .route("/jobs/{job}/columns", get(job::columns).post(job::map))
        .route("/jobs/{job}/undo-import", post(job::undo_import))
        .route("/jobs/{job}/review/{kind}/preview", post(review::preview))
        .route("/jobs/{job}/review/{kind}/bulk", post(review::carry_out))
        .route("/jobs/{job}/grid/edit", post(review::grid::edit))
        .route("/jobs/{job}/grid/preview", post(review::grid::preview_edit))
        .route("/jobs/{job}/grid/undo", post(review::grid::undo))
        .route("/jobs/{job}/grid/many", post(review::carry_out_rows))
        .route("/jobs/{job}/grid/many/preview", post(review::preview_rows))
        .route("/jobs/{job}/issues/{issue}/undo", post(review::undo))
        .route("/jobs/{job}/issues/{issue}/assign", post(review::assign))
        .route("/jobs/{job}/undo", post(review::undo_last))
        .route("/jobs/{job}/undo/{action}", post(review::undo_one))
}

fn on_every_page(routes: Router<App>, app: &App) -> Router<App> {
    // A form sends its CSRF token in the body, but the extractors read it from a header.
    let routes = routes.layer(middleware::from_fn_with_state(app.clone(), csrf::from_form));
    routes.layer(SetResponseHeaderLayer::if_not_present(header::CONTENT_SECURITY_POLICY, POLICY))
}
