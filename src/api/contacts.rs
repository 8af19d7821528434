//! Contacts.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::request::{IdempotencyKey, Keyed, Page, etag, if_match, limit, object, text};
use crate::actions::{self, DeletedContacts, DeletionPreview, EditedContact};
use crate::domain::contact_filter::ContactFilter;
use crate::domain::decision::Edits;
use crate::domain::ids::{ActionId, ContactId};
use crate::domain::search::SearchText;
use crate::http::{App, Editor, Json, Path, Problem, ProblemBody, Query, Reader};
use crate::store::contact_changes::{self, Change};
use crate::store::contacts::{self, Contact};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListContactsQuery {
    /// Only contacts whose values contain each word of this text, ignoring case.
    #[param(max_length = 200, pattern = "^[^\\x00]*$")]
    text: Option<String>,
    /// Whether letters of the text with and without accents match each other: `muller` finds Müller, and `strasse` Straße.
    #[serde(default)]
    fold_accents: bool,
    /// The `next` of the previous page.
    #[param(value_type = Option<i64>)]
    after: Option<ContactId>,
    /// Maximum number of contacts in the page, 100 by default.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<i64>,
}

/// Lists the caller's contacts, newest first.
///
/// A search reads a limited number of contacts: a page may have fewer than `limit`, or none, and still have a `next`.
#[utoipa::path(get, path = "/contacts", tag = "contacts", params(ListContactsQuery),
    responses((status = 200, description = "A page of contacts", body = Page<Contact>)))]
pub(super) async fn list_contacts(
    Reader(principal): Reader,
    State(app): State<App>,
    Query(query): Query<ListContactsQuery>,
) -> Result<axum::Json<Page<Contact>>, Problem> {
    let limit = limit(query.limit)?;
    let text = text("text", &query.text)?;
    let search = text.map(|text| SearchText { text: text.to_owned(), fold_accents: query.fold_accents });
    let mut db = app.owners.read(&principal.owner).await?;
    let page = contacts::search(&mut db, &principal.owner, search.as_ref(), query.after, limit).await?;
    Ok(axum::Json(Page::with_next(page.contacts, page.next)))
}

/// A contact and its changes.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ContactDetail {
    #[serde(flatten)]
    contact: Contact,
    /// The changes since it was created, oldest first: at most a thousand, fewer if they are large.
    changes: Vec<Change>,
    /// Whether there are more changes.
    more_changes: bool,
}

/// Returns a contact with its changes.
#[utoipa::path(get, path = "/contacts/{contact}", tag = "contacts",
    params(("contact" = i64, Path, description = "The contact")),
    responses((status = 200, description = "The contact", body = ContactDetail, headers(("ETag" = String, description = "Its tag"))),
        (status = 404, description = "No such contact", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn get_contact(
    Reader(principal): Reader,
    State(app): State<App>,
    Path(id): Path<ContactId>,
) -> Result<impl IntoResponse, Problem> {
    let mut db = app.owners.read(&principal.owner).await?;
    let Some(contact) = contacts::get(&mut db, &principal.owner, id).await? else {
        return Err(actions::missing_contact(&mut db, &principal.owner, id).await?.into());
    };
    let changes = contact_changes::of_contact(&mut db, &principal.owner, id).await?;
    let (changes, more_changes) = (changes.items, changes.more);
    Ok((etag(&actions::contact_tag(&contact)), axum::Json(ContactDetail { contact, changes, more_changes })))
}

/// Edits a contact unless it has changed since the caller read it. The previous values are kept as a change.
#[utoipa::path(patch, path = "/contacts/{contact}", tag = "contacts", request_body = Edits,
    params(("contact" = i64, Path, description = "The contact"),
        ("If-Match" = Option<String>, Header, description = "The contact's ETag, or `*`"), IdempotencyKey),
    responses((status = 200, description = "What was done", body = EditedContact),
        (status = 404, description = "No such contact", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "Another contact has this e-mail", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "The contact has changed since it was read", body = ProblemBody, content_type = "application/problem+json"),
        (status = 428, description = "If-Match is missing", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn edit_contact(
    Editor(principal): Editor,
    State(app): State<App>,
    Path(id): Path<ContactId>,
    keyed: Keyed,
    headers: HeaderMap,
    Json(edits): Json<Edits>,
) -> Result<axum::Json<EditedContact>, Problem> {
    let seen = if_match(&headers)?;
    let request = keyed.request(principal, &edits)?;
    Ok(axum::Json(actions::edit_contact(&app.owners, &request, id, &edits, seen.as_deref()).await?))
}

/// Deletes a contact unless it has changed since the caller read it, as an action that can be undone.
#[utoipa::path(delete, path = "/contacts/{contact}", tag = "contacts",
    params(("contact" = i64, Path, description = "The contact"),
        ("If-Match" = Option<String>, Header, description = "The contact's ETag, or `*`"), IdempotencyKey),
    responses((status = 200, description = "What was done", body = DeletedContacts),
        (status = 404, description = "No such contact", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "An import is in progress", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "The contact has changed since it was read", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The key was used for another request", body = ProblemBody, content_type = "application/problem+json"),
        (status = 428, description = "If-Match is missing", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn delete_contact(
    Editor(principal): Editor,
    State(app): State<App>,
    Path(id): Path<ContactId>,
    keyed: Keyed,
    headers: HeaderMap,
) -> Result<axum::Json<DeletedContacts>, Problem> {
    let seen = if_match(&headers)?;
    let request = keyed.request(principal, &())?;
    Ok(axum::Json(actions::delete_contact(&app.owners, &request, id, seen.as_deref()).await?))
}

/// Contacts to delete.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DeleteContactsBody {
    /// The contacts.
    #[serde(deserialize_with = "object")]
    filter: ContactFilter,
    /// The `count` of the preview, unless this is one: if the filter selects another number of contacts now, nothing is
    /// deleted.
    #[serde(default)]
    #[schema(minimum = 0)]
    expected: Option<i64>,
    /// Whether to only count what would be deleted.
    #[serde(default)]
    #[schema(required = false)]
    dry_run: bool,
}

/// What was deleted, or would be.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ContactDeletion {
    /// The recorded action, with which the deletion can be undone; `null` for a preview, or if no contact matched.
    #[schema(value_type = Option<i64>)]
    action: Option<ActionId>,
    /// The number of contacts.
    count: i64,
    /// The newest of the contacts in a preview, at most ten; empty for a deletion.
    examples: Vec<Contact>,
}

/// Deletes all contacts that a filter selects, as one action that can be undone. Preview it first with `dry_run`, and send
/// the number that it has counted as `expected`.
#[utoipa::path(post, path = "/contacts/delete", tag = "contacts", request_body = DeleteContactsBody,
    params(IdempotencyKey),
    responses((status = 200, description = "What was deleted, or would be", body = ContactDeletion),
        (status = 404, description = "No such job or contact", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "An import is in progress, or the rows of the job were removed", body = ProblemBody, content_type = "application/problem+json"),
        (status = 412, description = "The filter selects another number of contacts than expected", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn delete_contacts(
    Editor(principal): Editor,
    State(app): State<App>,
    keyed: Keyed,
    Json(body): Json<DeleteContactsBody>,
) -> Result<axum::Json<ContactDeletion>, Problem> {
    if body.expected.is_some_and(|count| count < 0) {
        return Err(Problem::invalid("#/expected", "takes a number from 0"));
    }
    let request = keyed.request(principal, &body)?;
    if body.dry_run {
        let preview = actions::preview_deletion(&app.owners, &request.owner, &body.filter).await?;
        let DeletionPreview { count, examples } = preview;
        return Ok(axum::Json(ContactDeletion { action: None, count, examples }));
    }
    let done = actions::delete_contacts(&app.owners, &request, &body.filter, body.expected).await?;
    let DeletedContacts { action, deleted } = done;
    Ok(axum::Json(ContactDeletion { action, count: deleted, examples: Vec::new() }))
}
