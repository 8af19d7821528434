//! The OpenAPI document, generated from the handlers and completed here.
//!
//! A handler documents its success and its own problems (404, 409, …). The other problems follow from its parameters and
//! body, so they are added here. `examples.rs` has examples of bodies, and `shapes.rs` gives schemas the shapes that
//! generators of clients can name.

mod examples;
mod shapes;

use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    ContentBuilder, Header, HeaderBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder,
    SecurityRequirement, ServerBuilder,
};

use crate::http::{FieldError, Kind, MEDIA_TYPE, ProblemBody};

/// The name of the security scheme for tokens of the provider and API tokens.
const BEARER: &str = "bearer";
/// The name of the security scheme for sessions of browsers.
const SESSION: &str = "session";
/// The header of every response, and its name among the components.
const REQUEST_ID: &str = "X-Request-Id";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "data-ingestion-worker",
        description = "Imports messy CSV files of contacts into PostgreSQL, with a person deciding what a machine \
            cannot. Callers see only their own data; the data of others is reported as not found.\n\n\
            Errors are reported as problems (RFC 9457); `errors` points at invalid values. A request that \
            changes something and carries a session's cookie must come from a page of this server, as shown by \
            `Sec-Fetch-Site` or `Origin`, or send the `csrf_token` of `GET /api/v1/me` as `X-CSRF-Token`."
    ),
    tags(
        (name = "uploads", description = "Files: upload, preview, and the columns that are remembered for the next file."),
        (name = "jobs", description = "A job imports one file. Runs, their progress, and actions on a whole job."),
        (name = "issues", description = "The questions of a job about its rows, and their answers."),
        (name = "rows", description = "The rows of a job: search, edit, decide about many at once, correct in a spreadsheet."),
        (name = "contacts", description = "The contacts that imports have created: search, edit, delete, export."),
        (name = "audit", description = "What people have done, and undoing it."),
        (name = "people", description = "What is known of a person, and its erasure."),
        (name = "webhooks", description = "URLs that receive the changes of jobs."),
        (name = "access", description = "The caller, API tokens and the sessions of browsers."),
        (name = "health", description = "Checks for load balancers, without authentication.")
    ),
    components(schemas(ProblemBody, FieldError))
)]
struct Head;

/// Returns the document without paths.
pub(crate) fn head() -> OpenApi {
    let mut document = <Head as utoipa::OpenApi>::openapi();
    let components = document.components.get_or_insert_default();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(
        "A JWT of the configured OpenID Connect provider, or the token of the local user if none is configured, or an API \
             token (`ing_…`).",
    ));
    components.add_security_scheme(BEARER, SecurityScheme::Http(bearer.build()));
    let cookie = "The session cookie of a browser: `__Host-ingest_session` over TLS, `ingest_local_<port>` without a \
                  provider.";
    let cookie = ApiKeyValue::with_description("ingest_session", cookie);
    components.add_security_scheme(SESSION, SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    let none: [&str; 0] = [];
    document.security =
        Some(vec![SecurityRequirement::new(BEARER, none), SecurityRequirement::new(SESSION, none)]);
    document
}

/// Adds what is common to many operations, for the server at `origin`.
pub(crate) fn completed(mut document: OpenApi, origin: &str) -> OpenApi {
    document.servers = Some(vec![ServerBuilder::new().url(origin).build()]);
    let components = document.components.get_or_insert_default();
    let id = header(
        "The id of the request, which log lines have too: that of the request's own header, if it has one",
    );
    components.headers.insert(REQUEST_ID.to_owned(), RefOr::T(id));
    shapes::complete(components);
    for (path, item) in &mut document.paths.paths {
        let open = !path.starts_with("/api/v1/");
        let operations = [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.delete,
            &mut item.options,
            &mut item.head,
            &mut item.patch,
        ];
        for operation in operations.into_iter().filter_map(Option::as_mut) {
            for kind in possible(operation, open) {
                let status = kind.status().as_str().to_owned();
                operation.responses.responses.entry(status).or_insert_with(|| RefOr::T(response(kind)));
            }
            add_request_id(operation);
            examples::add(operation);
            shapes::complete_parameters(operation);
        }
    }
    document
}

fn add_request_id(operation: &mut Operation) {
    for response in operation.responses.responses.values_mut() {
        if let RefOr::T(response) = response {
            let reference = Ref::new(format!("#/components/headers/{REQUEST_ID}"));
            response.headers.insert(REQUEST_ID.to_owned(), RefOr::Ref(reference));
        }
    }
}

/// Returns the problems that an operation may respond with besides its own.
fn possible(operation: &Operation, open: bool) -> Vec<Kind> {
    // Without a provider, every path checks Host and Origin.
    let mut kinds = vec![Kind::Forbidden, Kind::Internal, Kind::Unavailable, Kind::Timeout];
    if !open {
        kinds.extend([Kind::Unauthenticated, Kind::TooMany]);
    }
    if operation.parameters.as_ref().is_some_and(|parameters| !parameters.is_empty()) {
        kinds.push(Kind::Malformed);
    }
    if operation.request_body.is_some() {
        kinds.extend([Kind::Malformed, Kind::BodyTimeout, Kind::TooLarge, Kind::MediaType, Kind::Invalid]);
    }
    kinds
}

fn response(kind: Kind) -> Response {
    let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let response = ResponseBuilder::new().description(kind.title()).content(MEDIA_TYPE, problem);
    match kind {
        Kind::Unauthenticated => response.header("WWW-Authenticate", header("How to authenticate")),
        Kind::TooMany | Kind::Unavailable => response.header("Retry-After", header("Seconds to wait")),
        Kind::Malformed
        | Kind::Forbidden
        | Kind::NotFound
        | Kind::Method
        | Kind::Conflict
        | Kind::Precondition
        | Kind::PreconditionRequired
        | Kind::BodyTimeout
        | Kind::TooLarge
        | Kind::MediaType
        | Kind::Locked
        | Kind::Invalid
        | Kind::Internal
        | Kind::Timeout => response,
    }
    .build()
}

fn header(words: &str) -> Header {
    HeaderBuilder::new().description(Some(words)).build()
}
