//! The pages of contacts: search, origin, history and edits.

use std::collections::HashMap;
use std::time::Instant;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::deletion_notice::Notice;
use super::export::Formats;
use super::extra::{self, ExtraInputs};
use super::form::{Done, DoneQuery, Form, SEARCH_TIME, SearchQuery, request, search_address};
use super::language::Viewer;
use super::refusals::action_error;
use super::shell::{Section, Shell, show};
use super::times::Time;
use super::words;
use crate::actions::{self, ActionError};
use crate::auth::Principal;
use crate::domain::access::Role;
use crate::domain::decision::Field;
use crate::domain::extra::Extra;
use crate::domain::ids::{ActionId, ContactId, JobId, RowId};
use crate::domain::refusal::Refusal;
use crate::domain::search::SearchText;
use crate::http::{App, Editor, Path, Problem, Query, Reader};
use crate::store::OwnerTransaction;
use crate::store::contact_changes::{self, Change};
use crate::store::contacts::{self, Contact};
use crate::store::staging::{self, Origin};
use crate::texts::{Text, email_error};

/// Contacts of a page.
const PAGE: i64 = 50;

/// The query of the list: the contacts to show.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ContactsQuery {
    #[serde(flatten)]
    search: SearchQuery,
    after: Option<ContactId>,
    /// The order of all contacts; those that a search finds are always newest first.
    #[serde(default)]
    order: Order,
    /// The deletion, or the undo of one, that the viewer has just requested.
    done: Option<ActionId>,
}

/// The order of contacts, by their creation: only that has an index.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Order {
    #[default]
    Newest,
    Oldest,
}

impl Order {
    /// Returns the word for ARIA.
    fn aria(self) -> &'static str {
        match self {
            Order::Newest => "descending",
            Order::Oldest => "ascending",
        }
    }

    /// Returns the address of the list in the opposite order.
    fn other_address(self) -> &'static str {
        match self {
            Order::Newest => "/contacts?order=oldest",
            Order::Oldest => "/contacts",
        }
    }
}

/// A contact as a line.
struct Line {
    contact: Contact,
    origin: Option<Source>,
    created: Time,
}

/// The origin of a contact.
struct Source {
    job: JobId,
    filename: String,
    line: Option<String>,
}

fn source(text: &Text, origin: Origin) -> Source {
    let line = origin.line.map(|line| text.contacts_line(text.number(line)));
    Source { job: origin.job, filename: origin.filename, line }
}

#[derive(Template)]
#[template(path = "contacts.html")]
struct Page {
    shell: Shell,
    /// The names of the fields.
    fields: Vec<String>,
    lines: Vec<Line>,
    /// The number of contacts; during a search, how many of them match, if that is known.
    count: String,
    text: String,
    /// Whether the list, and so a download, has only contacts that match.
    filtered: bool,
    /// Whether the search ignores accents.
    fold_accents: bool,
    formats: Formats,
    /// The note that no contacts match.
    none_found: String,
    next: Option<String>,
    /// Whether the page loads the next part without a click, since the search stopped before the page was full.
    continues: bool,
    /// When the oldest contact that the search has read was created, and the sentence around it.
    searched: Option<(String, Time, String)>,
    order: Order,
    first: bool,
    notice: Option<Notice>,
}

impl Page {
    /// Returns the number of columns of the table.
    fn width(&self) -> usize {
        self.fields.len() + 2 + usize::from(self.shell.edits)
    }
}

/// Lists the contacts, newest first.
pub(super) async fn list(
    Reader(principal): Reader,
    viewer: Viewer,
    State(app): State<App>,
    Query(query): Query<ContactsQuery>,
) -> Result<Response, Problem> {
    let mut db = app.owners.read(&principal.owner).await?;
    let notice = match query.done {
        Some(action) => Notice::of(&mut db, &viewer.text, &principal, action).await?,
        None => None,
    };
    listed(db, viewer, &principal, query, notice).await
}

/// Shows the contacts below a notice.
pub(super) async fn listed(
    mut db: OwnerTransaction,
    viewer: Viewer,
    principal: &Principal,
    query: ContactsQuery,
    notice: Option<Notice>,
) -> Result<Response, Problem> {
    let search = query.search.search();
    let owner = &principal.owner;
    let began = Instant::now();
    let order = if search.is_some() { Order::Newest } else { query.order };
    let mut page = match order {
        Order::Newest => contacts::search(&mut db, owner, search.as_ref(), query.after, PAGE).await?,
        Order::Oldest => contacts::oldest(&mut db, owner, query.after, PAGE).await?,
    };
    while page.contacts.is_empty() && page.next.is_some() && began.elapsed() < SEARCH_TIME {
        page = contacts::search(&mut db, owner, search.as_ref(), page.next, PAGE).await?;
    }
    let rows: Vec<RowId> = page.contacts.iter().map(|contact| contact.row).collect();
    let origins = staging::origins(&mut db, owner, &rows).await?;
    let mut origins: HashMap<RowId, Origin> =
        origins.into_iter().map(|origin| (origin.row, origin)).collect();
    let next = page.next.map(|next| {
        let mut query = search_address(search.as_ref());
        if order == Order::Oldest {
            query.append_pair("order", "oldest");
        }
        format!("/contacts?{}", query.append_pair("after", &next.to_string()).finish())
    });
    let continues = (page.contacts.len() as i64) < PAGE && next.is_some() && !page.is_cut;
    let oldest = match page.next.filter(|_| continues) {
        Some(oldest) => contacts::get(&mut db, owner, oldest).await?,
        None => None,
    };
    let searched = oldest.map(|oldest| {
        let sentence = viewer.text.contacts_searched_to();
        (sentence.s0, Time::ago(&viewer.text, oldest.created_at), sentence.s1)
    });
    let line = |contact: Contact| Line {
        origin: origins.remove(&contact.row).map(|origin| source(&viewer.text, origin)),
        created: Time::ago(&viewer.text, contact.created_at),
        contact,
    };
    let lines: Vec<Line> = page.contacts.into_iter().map(line).collect();
    let all = viewer.text.count(contacts::count(&mut db, owner).await?);
    let count = match (&search, &next, query.after) {
        (None, _, _) => all,
        (Some(_), None, None) => viewer.text.contacts_found(viewer.text.number(lines.len() as i64), all),
        (Some(_), _, _) => viewer.text.contacts_searched(all),
    };
    let filtered = search.is_some();
    let SearchText { text, fold_accents } = search.unwrap_or_default();
    let title = viewer.text.contacts_title();
    show(&Page {
        fields: words::fields(&viewer.text),
        lines,
        count,
        filtered,
        formats: Formats::of(&viewer.text),
        none_found: viewer.text.contacts_none_found(&text),
        text,
        fold_accents,
        next,
        continues,
        searched,
        order,
        first: query.after.is_none(),
        notice,
        shell: Shell::new(viewer, principal, Section::Contacts, title),
    })
}

/// A change of a contact.
struct Changed {
    time: Time,
    /// Its cause.
    by: String,
    link: Option<String>,
    undone: bool,
    /// The changed values: name, before, after.
    values: Vec<(String, String, String)>,
}

#[derive(Template)]
#[template(path = "contact.html")]
struct Single {
    shell: Shell,
    id: ContactId,
    name: String,
    email: String,
    values: Vec<Value>,
    /// Its values in columns that belong to no field, unless all of them have inputs.
    extra: Extra,
    /// The inputs for these values.
    others: ExtraInputs,
    tag: String,
    origin: Option<OriginSentence>,
    created: Time,
    /// Whether there are later changes that are not shown.
    more_changes: bool,
    changes: Vec<Changed>,
    notice: Option<String>,
    /// Whether the notice reports a success.
    is_saved: bool,
}

/// A value of a contact.
struct Value {
    field: Field,
    label: String,
    value: String,
}

impl Value {
    /// Returns whether a new value must not be empty. A field that is empty may stay empty.
    fn is_needed(&self) -> bool {
        self.field.is_required() && !self.value.is_empty()
    }
}

/// The job that created a contact, and the sentence around its link.
struct OriginSentence {
    job: JobId,
    filename: String,
    before: String,
    after: String,
}

fn origin_sentence(text: &Text, origin: Origin) -> OriginSentence {
    let (before, after) = match origin.line {
        Some(line) => {
            let sentence = text.contact_imported_line(text.number(line));
            (sentence.s0, sentence.s1)
        }
        None => {
            let sentence = text.contact_imported();
            (sentence.s0, sentence.s1)
        }
    };
    OriginSentence { job: origin.job, filename: origin.filename, before, after }
}

/// What a form of the page of a contact did.
pub(super) enum Outcome {
    /// It saved the values.
    Done(Done),
    /// It was refused, for this reason.
    Refused(String),
}

/// Shows a contact, with a notice about what its form did.
pub(super) async fn single(
    app: &App,
    viewer: Viewer,
    principal: &Principal,
    id: ContactId,
    outcome: Option<Outcome>,
) -> Result<Response, Problem> {
    let owner = &principal.owner;
    let mut db = app.owners.read(owner).await?;
    let Some(contact) = contacts::get(&mut db, owner, id).await? else {
        return Err(actions::missing_contact(&mut db, owner, id).await?.into());
    };
    let origin = staging::origins(&mut db, owner, &[contact.row]).await?.into_iter().next();
    let changes = contact_changes::of_contact(&mut db, owner, id).await?;
    let others = match principal.roles.has(Role::Editor) {
        true => {
            let columns = actions::contact_columns(&mut db, owner, &contact).await?;
            ExtraInputs::of(&columns, &contact.extra, None, |_| None)
        }
        false => ExtraInputs::default(),
    };
    let is_all = !others.inputs.is_empty() && !others.is_partial;
    let text = &viewer.text;
    let value = |(field, value): (Field, &String)| Value {
        field,
        label: words::field(text, field),
        value: value.clone(),
    };
    let values = contact.values.iter().map(value).collect();
    let name = format!("{} {}", contact.values.first_name, contact.values.last_name);
    let name = name.trim().to_owned();
    let origin = origin.map(|origin| origin_sentence(text, origin));
    let created = Time::ago(text, contact.created_at);
    let shown = changes.items.iter().rev().map(|item| change(text, item)).collect();
    show(&Single {
        name: name.clone(),
        id,
        email: contact.values.email.clone(),
        values,
        tag: actions::contact_tag(&contact),
        extra: if is_all { Extra::default() } else { contact.extra },
        others,
        origin,
        created,
        more_changes: changes.more,
        changes: shown,
        is_saved: matches!(outcome, Some(Outcome::Done(_))),
        notice: outcome.map(|outcome| match outcome {
            Outcome::Done(done) => done.words(text),
            Outcome::Refused(reason) => reason,
        }),
        shell: Shell::new(viewer, principal, Section::Contacts, name),
    })
}

fn change(text: &Text, change: &Change) -> Changed {
    let values = Field::ALL.iter().zip(change.before.iter().zip(&change.after));
    let changed = values.filter(|(_, (before, after))| before != after);
    let (by, link) = match (change.job, change.action) {
        (Some(job), _) => (text.contact_changed_by_job(job.to_string()), Some(format!("/jobs/{job}"))),
        (None, Some(_)) => (text.contact_edited(), None),
        (None, None) => (text.contact_changed(), None),
    };
    Changed {
        time: Time::ago(text, change.at),
        by,
        link,
        undone: change.undone_by.is_some(),
        values: changed
            .map(|(field, (old, new))| (words::field(text, *field), old.clone(), new.clone()))
            .chain(extra::changes(&change.extra_before, &change.extra_after))
            .collect(),
    }
}

/// Shows a contact with its history.
pub(super) async fn one(
    Reader(principal): Reader,
    viewer: Viewer,
    State(app): State<App>,
    Path(id): Path<ContactId>,
    Query(query): Query<DoneQuery>,
) -> Result<Response, Problem> {
    single(&app, viewer, &principal, id, query.done.map(Outcome::Done)).await
}

/// The form of a contact: new values, and the tag of the contact as shown.
#[derive(Debug, Deserialize)]
pub(super) struct ContactForm {
    tag: String,
    #[serde(flatten)]
    inputs: HashMap<String, String>,
}

/// Edits a contact.
pub(super) async fn edit(
    Editor(principal): Editor,
    viewer: Viewer,
    State(app): State<App>,
    Path(id): Path<ContactId>,
    Form(form): Form<ContactForm>,
) -> Result<Response, Problem> {
    let by = request(principal.clone());
    let edits = extra::edits(&form.inputs);
    match actions::edit_contact(&app.owners, &by, id, &edits, Some(&form.tag)).await {
        Ok(_) => Ok(Redirect::to(&format!("/contacts/{id}?done=saved")).into_response()),
        Err(ActionError::Stale(_)) => {
            let notice = viewer.text.contact_stale();
            single(&app, viewer, &principal, id, Some(Outcome::Refused(notice))).await
        }
        Err(error @ (ActionError::EmailTaken | ActionError::Invalid { .. })) => {
            let notice = not_saved(&viewer.text, &error);
            single(&app, viewer, &principal, id, Some(Outcome::Refused(notice))).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Explains why new values were rejected.
fn not_saved(text: &Text, error: &ActionError) -> String {
    let reason = match error {
        ActionError::Invalid { reason: Refusal::Email(refused), .. } => {
            text.contact_not_valid(email_error(text, *refused))
        }
        error => action_error(text, error).unwrap_or_default(),
    };
    text.contact_not_saved(reason)
}
