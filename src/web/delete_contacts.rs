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
use crate::http::{App, Editor, Path, Problem};
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

/// The contacts to delete, in the query of the preview and in its form: those that are selected, else those that a search
/// finds.
#[derive(Debug, Deserialize)]
pub(super) struct Deletion {
    #[serde(default)]
    contact: Vec<ContactId>,
    text: Option<String>,
    fold_accents: Option<String>,
    /// How many contacts the preview has found.
    expected: Option<i64>,
}

/// The contacts that a person has chosen to delete.
enum Chosen {
    Selected(Vec<ContactId>),
    Found(SearchText),
}

impl Deletion {
    /// Returns the contacts; `None` if none are chosen.
    fn chosen(self) -> Option<Chosen> {
        let Deletion { contact, text, fold_accents, .. } = self;
        match contact.is_empty() {
            true => SearchQuery { text, fold_accents }.search().map(Chosen::Found),
            false => Some(Chosen::Selected(contact)),
        }
    }
}

impl Chosen {
    fn filter(&self) -> ContactFilter {
        match self {
            Chosen::Selected(contacts) => ContactFilter::contacts(contacts.as_slice()),
            Chosen::Found(search) => ContactFilter::search_of(search),
        }
    }

    /// Returns the fields of a form that chooses the same contacts.
    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Chosen::Selected(contacts) => {
                contacts.iter().map(|contact| ("contact", contact.to_string())).collect()
            }
            Chosen::Found(search) => {
                let fold = search.fold_accents.then(|| ("fold_accents", "on".to_owned()));
                [("text", search.text.clone())].into_iter().chain(fold).collect()
            }
        }
    }

    /// Returns the address of the list of contacts from which they are chosen.
    fn list(&self) -> String {
        match self {
            Chosen::Selected(_) => "/contacts".to_owned(),
            Chosen::Found(search) => format!("/contacts?{}", search_address(Some(search)).finish()),
        }
    }
}

#[derive(Template)]
#[template(path = "delete_contacts.html")]
struct PreviewPage {
    shell: Shell,
    question: String,
    /// The address of the list.
    back: String,
    /// The fields that choose the contacts.
    chosen: Vec<(&'static str, String)>,
    count: i64,
    /// The number of contacts in words.
    contacts: String,
    /// The note that the search finds none.
    none_found: String,
    /// The names of the fields.
    fields: Vec<String>,
    examples: Vec<Contact>,
    notice: Option<String>,
}

/// Shows the contacts that are chosen, before they are deleted.
pub(super) async fn preview(
    Editor(principal): Editor,
    viewer: Viewer,
    State(app): State<App>,
    Form(deletion): Form<Deletion>,
) -> Result<Response, Problem> {
    match deletion.chosen() {
        Some(chosen) => previewed(&app, viewer, &principal, &chosen, None).await,
        None => Ok(list_after(None)),
    }
}

async fn previewed(
    app: &App,
    viewer: Viewer,
    principal: &Principal,
    chosen: &Chosen,
    notice: Option<String>,
) -> Result<Response, Problem> {
    let preview = actions::preview_deletion(&app.owners, &principal.owner, &chosen.filter()).await?;
    let DeletionPreview { count, examples } = preview;
    let text = &viewer.text;
    let (question, none_found) = match chosen {
        // Without one of them, there is no preview.
        Chosen::Selected(_) => (text.contacts_delete_selected_question(), String::new()),
        Chosen::Found(search) => {
            (text.contacts_delete_question(&search.text), text.contacts_none_found(&search.text))
        }
    };
    show(&PreviewPage {
        back: chosen.list(),
        chosen: chosen.fields(),
        contacts: text.contacts(count),
        none_found,
        fields: words::fields(text),
        shell: Shell::new(viewer, principal, Section::Contacts, question.clone()),
        question,
        count,
        examples,
        notice,
    })
}

/// Deletes the contacts of the preview.
pub(super) async fn delete_chosen(
    Editor(principal): Editor,
    viewer: Viewer,
    State(app): State<App>,
    Form(deletion): Form<Deletion>,
) -> Result<Response, Problem> {
    let Some((expected, chosen)) = deletion.expected.zip(deletion.chosen()) else {
        return Ok(list_after(None));
    };
    let by = request(principal.clone());
    match actions::delete_contacts(&app.owners, &by, &chosen.filter(), Some(expected)).await {
        Ok(done) => Ok(list_after(done.action)),
        Err(error @ ActionError::OtherCount { .. }) => {
            let notice = action_error(&viewer.text, &error);
            previewed(&app, viewer, &principal, &chosen, notice).await
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
