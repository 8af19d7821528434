//! The changes of contacts, for programs that keep a copy of them.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::request::limit;
use crate::domain::contact_cursor::{ContactCursor, InvalidCursor};
use crate::domain::ids::ContactId;
use crate::http::{App, Kind, Problem, ProblemBody, Query, Reader};
use crate::store::contact_log::{self, FollowedContact};
use crate::store::contacts::Contact;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ContactChangesQuery {
    /// The `next` of the previous response. Without it, all contacts are returned first.
    #[param(max_length = 16_000, pattern = "^[A-Za-z0-9_-]*$")]
    since: Option<String>,
    /// Maximum number of contacts in the page, 100 by default.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<i64>,
}

/// What has become of a contact.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "change", rename_all = "lowercase")]
enum ContactChange {
    /// The contact was created or has changed.
    Saved {
        /// The contact as it is now.
        contact: Contact,
    },
    /// The contact was deleted.
    Deleted {
        /// Its id, which it has again if the deletion is undone.
        #[schema(value_type = i64)]
        id: ContactId,
    },
}

impl From<FollowedContact> for ContactChange {
    fn from(contact: FollowedContact) -> ContactChange {
        match contact {
            FollowedContact::Saved(contact) => ContactChange::Saved { contact },
            FollowedContact::Deleted(id) => ContactChange::Deleted { id },
        }
    }
}

/// A page of changes.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ContactChanges {
    /// The contacts, each as it is now, at most once in a page. A page may have few or none and not be the last.
    items: Vec<ContactChange>,
    /// The value of `since` for the next request, now or at any time.
    next: String,
    /// Whether the next request returns more at once.
    more: bool,
}

/// Lists the contacts that were created, changed or deleted since an earlier request, so that another program can keep a copy
/// of the caller's contacts.
///
/// The first request, without `since`, begins with all contacts. While `more` is true, send the next request at once; then
/// store `next`, and send it when you want to know what has changed. Save or delete each contact by its id. A contact may be
/// returned again without a change. Nothing is missed, also if an import that takes long is completed in the meantime, and an
/// undone import or deletion is a change too. `next` is valid for ever, but not in a database that was restored from a dump.
#[utoipa::path(get, path = "/contacts/changes", tag = "contacts", params(ContactChangesQuery),
    responses((status = 200, description = "A page of changes", body = ContactChanges),
        (status = 409, description = "`since` is of another database", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "`since` is no `next` of an earlier response", body = ProblemBody, content_type = "application/problem+json")))]
pub(super) async fn list_contact_changes(
    Reader(principal): Reader,
    State(app): State<App>,
    Query(query): Query<ContactChangesQuery>,
) -> Result<axum::Json<ContactChanges>, Problem> {
    let limit = limit(query.limit)?;
    let invalid = |error: InvalidCursor| Problem::new(Kind::Invalid).parameter("since", error.to_string());
    let cursor = query.since.map(|text| text.parse().map_err(invalid)).transpose()?;
    let mut db = app.owners.read(&principal.owner).await?;
    let page = contact_log::follow(&mut db, &principal.owner, cursor, limit).await?;
    let page = page.ok_or_else(|| {
        Problem::conflict("`since` is of another database; leave it out to begin with all contacts")
    })?;
    let more = match page.next {
        ContactCursor::Listing { .. } | ContactCursor::Changes { .. } => true,
        ContactCursor::Seen(_) => false,
    };
    let items = page.contacts.into_iter().map(ContactChange::from).collect();
    Ok(axum::Json(ContactChanges { items, next: page.next.to_string(), more }))
}
