//! The pages that delete contacts, and undo that.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::contacts::{ContactsQuery, Outcome, listed, single};
use super::deletion_notice::Notice;
use super::form::{Form, SearchQuery, request, search_address};
use super::language::Viewer;
use super::refusals::action_error;
use super::shell::{Section, Shell, show};
use super::words;
use crate::actions::{self, ActionError, DeletionPreview};
use crate::auth::Principal;
use crate::domain::contact_filter::ContactFilter;
use crate::domain::ids::{ActionId, ContactId};
use crate::domain::search::SearchText;
use crate::http::{App, Editor, Path, Problem, Query};
use crate::store::contacts::Contact;

/// The form on the page of a contact: the tag of the contact as shown.
#[derive(Debug, Deserialize)]
pub(super) struct DeleteForm {
    tag: String,
}

/// Deletes a contact.
pub(super) async fn delete_one(
    Editor(principal): Editor,
    viewer: Viewer,
    State(app): State<App>,
    Path(id): Path<ContactId>,
    Form(form): Form<DeleteForm>,
) -> Result<Response, Problem> {
    let by = request(principal.clone());
    match actions::delete_contact(&app.owners, &by, id, Some(&form.tag)).await {
        Ok(done) => Ok(list_after(done.action)),
        Err(ActionError::Stale(_)) => {
            let notice = viewer.text.contact_stale();
            single(&app, viewer, &principal, id, Some(Outcome::Refused(notice))).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Redirects to the list, with a notice about the action.
fn list_after(action: Option<ActionId>) -> Response {
    let query = action.map(|action| format!("?done={action}")).unwrap_or_default();
    Redirect::to(&format!("/contacts{query}")).into_response()
}

#[derive(Template)]
#[template(path = "delete_contacts.html")]
struct PreviewPage {
    shell: Shell,
    question: String,
    /// The address of the search.
    back: String,
    text: String,
    fold_accents: bool,
    count: i64,
    /// The number of contacts in words.
    contacts: String,
    none_found: String,
    /// The names of the fields.
    fields: Vec<String>,
    examples: Vec<Contact>,
    notice: Option<String>,
}

/// Shows which contacts match, before they are deleted.
pub(super) async fn preview(
    Editor(principal): Editor,
    viewer: Viewer,
    State(app): State<App>,
    Query(query): Query<SearchQuery>,
) -> Result<Response, Problem> {
    match query.search() {
        Some(search) => previewed(&app, viewer, &principal, search, None).await,
        None => Ok(list_after(None)),
    }
}

async fn previewed(
    app: &App,
    viewer: Viewer,
    principal: &Principal,
    search: SearchText,
    notice: Option<String>,
) -> Result<Response, Problem> {
    let filter = ContactFilter::search_of(&search);
    let preview = actions::preview_deletion(&app.owners, &principal.owner, &filter).await?;
    let DeletionPreview { count, examples } = preview;
    let address = search_address(Some(&search)).finish();
    let SearchText { text, fold_accents } = search;
    let question = viewer.text.contacts_delete_question(&text);
    show(&PreviewPage {
        back: format!("/contacts?{address}"),
        contacts: viewer.text.contacts(count),
        none_found: viewer.text.contacts_none_found(&text),
        fields: words::fields(&viewer.text),
        shell: Shell::new(viewer, principal, Section::Contacts, question.clone()),
        question,
        text,
        fold_accents,
        count,
        examples,
        notice,
    })
}

/// The form of the preview: the search, and how many contacts it has found.
#[derive(Debug, Deserialize)]
pub(super) struct DeleteFoundForm {
    #[serde(flatten)]
    search: SearchQuery,
    expected: i64,
}

/// Deletes the contacts of the preview.
pub(super) async fn delete_found(
    Editor(principal): Editor,
    viewer: Viewer,
    State(app): State<App>,
    Form(form): Form<DeleteFoundForm>,
) -> Result<Response, Problem> {
    let search = form.search.search().unwrap_or_default();
    let (by, filter) = (request(principal.clone()), ContactFilter::search_of(&search));
    match actions::delete_contacts(&app.owners, &by, &filter, Some(form.expected)).await {
        Ok(done) => Ok(list_after(done.action)),
        Err(error @ ActionError::OtherCount { .. }) => {
            let notice = action_error(&viewer.text, &error);
            previewed(&app, viewer, &principal, search, notice).await
        }
        Err(error) => Err(error.into()),
    }
}

/// The form of an undo: the deletion.
#[derive(Debug, Deserialize)]
pub(super) struct UndoDeletionForm {
    action: ActionId,
}

/// Restores the contacts of a deletion.
pub(super) async fn undo(
    Editor(principal): Editor,
    viewer: Viewer,
    State(app): State<App>,
    Form(form): Form<UndoDeletionForm>,
) -> Result<Response, Problem> {
    let effect = actions::undo(&app.owners, &request(principal.clone()), form.action).await?;
    match (effect.action, effect.contacts) {
        (None, Some(contacts)) => {
            let notice = Some(Notice::of_undo(&viewer.text, &contacts));
            let db = app.owners.read(&principal.owner).await?;
            listed(db, viewer, &principal, ContactsQuery::default(), notice).await
        }
        (action, _) => Ok(list_after(action)),
    }
}
