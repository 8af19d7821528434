//! What is known of one person, and its erasure.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::actions::{self, AboutPerson, ActionError, Forgotten, Request};
use crate::auth::Principal;
use crate::domain::person::PersonAddress;
use crate::http::{App, Editor, Json, Problem, ProblemBody};
use crate::store::erasures::{self, Erasure};

/// Maximum number of erasures in a list.
const LISTED: i64 = 1_000;

/// A person.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PersonBody {
    /// The person's e-mail address. In the body, since addresses of pages get into logs.
    #[schema(min_length = 1, max_length = 1000, pattern = "^[^\\x00]*$")]
    email: String,
}

/// A person to erase.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ForgetBody {
    /// The person's e-mail address.
    #[schema(min_length = 1, max_length = 1000, pattern = "^[^\\x00]*$")]
    email: String,
    /// Whether to only count what would be erased.
    #[serde(default)]
    dry_run: bool,
}

fn address(email: &str) -> Result<PersonAddress, ActionError> {
    PersonAddress::parse(email).map_err(|reason| ActionError::Invalid { field: "email", reason })
}

/// Returns everything that is known of a person: the contacts and rows that have the address, or had it, their history, and
/// what else contains the address.
#[utoipa::path(post, path = "/people/about", tag = "people", request_body = PersonBody,
    responses((status = 200, description = "What is known", body = AboutPerson)))]
pub(super) async fn describe_person(
    Editor(principal): Editor,
    State(app): State<App>,
    Json(person): Json<PersonBody>,
) -> Result<axum::Json<AboutPerson>, Problem> {
    let address = address(&person.email)?;
    Ok(axum::Json(actions::about(&app.owners, &principal.owner, &address).await?))
}

/// Erases a person: exactly what the API returns of the person, and the stored files. This cannot be undone. A request that
/// is sent twice finds nothing the second time.
#[utoipa::path(post, path = "/people/forget", tag = "people", request_body = ForgetBody,
    responses((status = 200, description = "What was erased, or would be", body = Forgotten),
        (status = 409, description = "A job of the person is running, or has not read its whole file", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn forget_person(
    Editor(principal): Editor,
    State(app): State<App>,
    Json(person): Json<ForgetBody>,
) -> Result<axum::Json<Forgotten>, Problem> {
    let address = address(&person.email)?;
    let request = unkeyed(principal);
    let done = actions::forget(&app.owners, &app.objects, &request, &address, person.dry_run).await?;
    Ok(axum::Json(done))
}

/// Returns a request without an idempotency key, whose fingerprint would be a hash of the address.
fn unkeyed(principal: Principal) -> Request {
    Request { owner: principal.owner, actor: principal.name, idempotency: None }
}

/// The erasures on the caller's data.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ErasureList {
    /// The latest thousand, newest first.
    items: Vec<Erasure>,
}

/// Lists erasures: who erased a person, when, and how much. Not whom.
#[utoipa::path(get, path = "/people/erasures", tag = "people",
    responses((status = 200, description = "The erasures", body = ErasureList)))]
pub(super) async fn list_erasures(
    Editor(principal): Editor,
    State(app): State<App>,
) -> Result<axum::Json<ErasureList>, Problem> {
    let mut db = app.owners.read(&principal.owner).await?;
    let items = erasures::latest(&mut db, &principal.owner, LISTED).await?;
    Ok(axum::Json(ErasureList { items }))
}
