//! Contacts: found, where each came from, what changed it, and edited.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::form::{Form, request, sought};
use super::shell::{Section, Shell, show};
use super::words;
use crate::actions::{self, ActionError};
use crate::auth::Principal;
use crate::domain::decision::{Edits, Field};
use crate::domain::ids::{ContactId, RowId};
use crate::http::{self, App, Editor, Path, Problem, Query, Reader};
use crate::store::contact_changes::{self, Change};
use crate::store::contacts::{self, Contact};
use crate::store::staging::{self, Origin};

/// Contacts of a page.
const PAGE: i64 = 50;

/// Which contacts somebody looks for.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    text: Option<String>,
    after: Option<ContactId>,
}

/// A contact as a line.
struct Line {
    contact: Contact,
    origin: Option<Origin>,
    made: String,
    made_exactly: String,
}

#[derive(Template)]
#[template(path = "contacts.html")]
struct Page {
    shell: Shell,
    lines: Vec<Line>,
    count: String,
    text: String,
    next: Option<String>,
    /// Whether the search goes on by itself.
    goes_on: bool,
    first: bool,
}

/// Contacts, in the order in which they were made.
pub(super) async fn list(
    Reader(principal): Reader,
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let text = sought(&asked.text);
    let owner = &principal.owner;
    let mut db = app.owners.read(owner).await?;
    let found = contacts::look(&mut db, owner, text.as_deref(), asked.after, PAGE).await?;
    let rows: Vec<RowId> = found.contacts.iter().map(|contact| contact.row).collect();
    let origins = staging::origins(&mut db, owner, &rows).await?;
    let mut origins: HashMap<RowId, Origin> =
        origins.into_iter().map(|origin| (origin.row, origin)).collect();
    let next = found.next.map(|next| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        if let Some(text) = &text {
            query.append_pair("text", text);
        }
        format!("/contacts?{}", query.append_pair("after", &next.to_string()).finish())
    });
    let goes_on = (found.contacts.len() as i64) < PAGE && next.is_some() && !found.is_cut;
    let line = |contact: Contact| Line {
        origin: origins.remove(&contact.row),
        made: words::ago(contact.created_at),
        made_exactly: words::exact(contact.created_at),
        contact,
    };
    show(&Page {
        lines: found.contacts.into_iter().map(line).collect(),
        count: words::count(contacts::count(&mut db, owner).await?),
        text: text.unwrap_or_default(),
        next,
        goes_on,
        first: asked.after.is_none(),
        shell: Shell::new(&principal, Section::Contacts, "Contacts"),
    })
}

/// A change of a contact.
struct Told {
    ago: String,
    exactly: String,
    /// What did it.
    by: String,
    link: Option<String>,
    undone: bool,
    /// The values that it changed: name, before, after.
    values: Vec<(&'static str, String, String)>,
}

#[derive(Template)]
#[template(path = "contact.html")]
struct Single {
    shell: Shell,
    contact: Contact,
    /// The values with what forms call them, and their names.
    values: Vec<(&'static str, &'static str, String)>,
    tag: String,
    origin: Option<Origin>,
    made: String,
    /// Whether there are later changes than those that are shown.
    more_changes: bool,
    changes: Vec<Told>,
    notice: Option<String>,
}

async fn single(
    app: &App,
    principal: &Principal,
    id: ContactId,
    notice: Option<String>,
) -> Result<Response, Problem> {
    let owner = &principal.owner;
    let mut db = app.owners.read(owner).await?;
    let contact = contacts::get(&mut db, owner, id).await?.ok_or(ActionError::NoContact(id))?;
    let origin = staging::origins(&mut db, owner, &[contact.row]).await?.into_iter().next();
    let changes = contact_changes::of_contact(&mut db, owner, id).await?;
    let texts = [&contact.email, &contact.first_name, &contact.last_name, &contact.company];
    let values = Field::ALL.iter().zip(texts);
    let values = values.map(|(field, text)| (field.as_str(), words::field(*field), text.clone())).collect();
    let name = format!("{} {}", contact.first_name, contact.last_name);
    show(&Single {
        shell: Shell::new(principal, Section::Contacts, name.trim().to_owned()),
        values,
        tag: actions::contact_tag(&contact),
        origin,
        made: words::exact(contact.created_at),
        more_changes: changes.more,
        changes: changes.items.iter().rev().map(change).collect(),
        notice,
        contact,
    })
}

fn change(change: &Change) -> Told {
    let values = Field::ALL.iter().zip(change.before.iter().zip(&change.after));
    let changed = values.filter(|(_, (before, after))| before != after);
    let (by, link) = match (change.job, change.action) {
        (Some(job), _) => (format!("Row of job {job}"), Some(format!("/jobs/{job}"))),
        (None, Some(_)) => ("Edited by hand".to_owned(), None),
        (None, None) => ("Changed".to_owned(), None),
    };
    Told {
        ago: words::ago(change.at),
        exactly: words::exact(change.at),
        by,
        link,
        undone: change.undone_by.is_some(),
        values: changed.map(|(field, (old, new))| (words::field(*field), old.clone(), new.clone())).collect(),
    }
}

/// A contact with its history.
pub(super) async fn one(
    Reader(principal): Reader,
    State(app): State<App>,
    Path(id): Path<ContactId>,
) -> Result<Response, Problem> {
    single(&app, &principal, id, None).await
}

/// New values, and the contact as it was seen.
#[derive(Debug, Deserialize)]
pub(super) struct Typed {
    tag: String,
    #[serde(flatten)]
    edits: Edits,
}

/// Changes a contact.
pub(super) async fn edit(
    Editor(principal): Editor,
    State(app): State<App>,
    Path(id): Path<ContactId>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let by = request(principal.clone());
    match actions::edit_contact(&app.owners, &by, id, &typed.edits, Some(&typed.tag)).await {
        Ok(_) => Ok(Redirect::to(&format!("/contacts/{id}")).into_response()),
        Err(ActionError::Stale(_)) => {
            let words = "Somebody changed this contact meanwhile. It is shown as it is now; nothing of yours was saved.";
            single(&app, &principal, id, Some(words.to_owned())).await
        }
        Err(error @ (ActionError::EmailTaken | ActionError::Invalid { .. })) => {
            single(&app, &principal, id, Some(format!("Not saved: {error}."))).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Sends all contacts as CSV.
pub(super) async fn file(Reader(principal): Reader, State(app): State<App>) -> Result<Response, Problem> {
    http::contacts_file(&app, principal.owner)
}
