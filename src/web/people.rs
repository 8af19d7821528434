//! The page on which editors export and erase what is known of a person. The address is sent in forms, never in the address
//! of a page, which gets into logs and histories.

use askama::Template;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::form::{Form, request};
use super::language::Viewer;
use super::refusals::action_error;
use super::shell::{Section, Shell, show};
use super::times::Time;
use crate::actions::{self, ActionError, Forgotten};
use crate::auth::Principal;
use crate::domain::job::JobId;
use crate::domain::person::PersonAddress;
use crate::http::{App, Editor, Problem};
use crate::store::erasures::{self, Erasure, PersonCounts};
use crate::texts::Text;

/// Erasures on the page.
const LISTED: i64 = 50;

/// An erasure as a line.
struct Line {
    when: Time,
    who: String,
    what: String,
    is_cut_off: bool,
}

/// What is known of a person.
struct Known {
    /// The kinds that occur, with their numbers.
    kinds: Vec<(String, String)>,
    /// A note about files that are not read yet.
    unread: Option<String>,
    /// A note about files that stay.
    shared: Option<String>,
}

#[derive(Template)]
#[template(path = "people.html")]
struct Page {
    shell: Shell,
    email: String,
    known: Option<Known>,
    /// A note that something was done, or why not.
    notice: Option<String>,
    is_refused: bool,
    erasures: Vec<Line>,
}

/// The form: the address of a person.
#[derive(Debug, Deserialize)]
pub(super) struct PersonForm {
    email: String,
}

impl PersonForm {
    fn address(&self) -> Result<PersonAddress, ActionError> {
        PersonAddress::parse(&self.email).map_err(|reason| ActionError::Invalid { field: "email", reason })
    }
}

/// Shows the page before a search.
pub(super) async fn page(
    Editor(principal): Editor,
    viewer: Viewer,
    State(app): State<App>,
) -> Result<Response, Problem> {
    shown(&app, viewer, &principal, String::new(), None, None).await
}

/// Shows how much is known of a person.
pub(super) async fn find(
    Editor(principal): Editor,
    viewer: Viewer,
    State(app): State<App>,
    Form(form): Form<PersonForm>,
) -> Result<Response, Problem> {
    match erase(&app, &principal, &form, true).await {
        Ok(found) => {
            let known = known(&viewer.text, &found);
            shown(&app, viewer, &principal, form.email, Some(known), None).await
        }
        Err(error) => refused(&app, viewer, &principal, form.email, error).await,
    }
}

/// Erases a person.
pub(super) async fn forget(
    Editor(principal): Editor,
    viewer: Viewer,
    State(app): State<App>,
    Form(form): Form<PersonForm>,
) -> Result<Response, Problem> {
    match erase(&app, &principal, &form, false).await {
        Ok(done) => {
            let text = &viewer.text;
            let Known { unread, shared, .. } = known(text, &done);
            let notes = [Some(text.people_erased(in_words(text, &done.counts))), shared, unread];
            let notice = notes.into_iter().flatten().collect::<Vec<_>>().join(" ");
            shown(&app, viewer, &principal, String::new(), None, Some((notice, false))).await
        }
        Err(error) => refused(&app, viewer, &principal, form.email, error).await,
    }
}

/// Downloads what is known of a person.
pub(super) async fn about(
    Editor(principal): Editor,
    State(app): State<App>,
    Form(form): Form<PersonForm>,
) -> Result<Response, Problem> {
    let known = actions::about(&app.owners, &principal.owner, &form.address()?).await?;
    let text = serde_json::to_string_pretty(&known).map_err(|error| Problem::internal(&error))?;
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"person.json\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, text).into_response())
}

async fn erase(
    app: &App,
    principal: &Principal,
    form: &PersonForm,
    dry_run: bool,
) -> Result<Forgotten, ActionError> {
    let (by, address) = (request(principal.clone()), form.address()?);
    actions::forget(&app.owners, &app.objects, &by, &address, dry_run).await
}

/// Shows why an erasure is refused, if a person can act on it.
async fn refused(
    app: &App,
    viewer: Viewer,
    principal: &Principal,
    email: String,
    error: ActionError,
) -> Result<Response, Problem> {
    match action_error(&viewer.text, &error) {
        Some(notice) => shown(app, viewer, principal, email, None, Some((notice, true))).await,
        None => Err(error.into()),
    }
}

async fn shown(
    app: &App,
    viewer: Viewer,
    principal: &Principal,
    email: String,
    known: Option<Known>,
    notice: Option<(String, bool)>,
) -> Result<Response, Problem> {
    let mut db = app.owners.read(&principal.owner).await?;
    let erasures = erasures::latest(&mut db, &principal.owner, LISTED).await?;
    let text = &viewer.text;
    let line = |erasure: Erasure| Line {
        when: Time::ago(text, erasure.started_at),
        what: in_words(text, &erasure.counts),
        is_cut_off: erasure.ended_at.is_none(),
        who: erasure.actor,
    };
    let erasures = erasures.into_iter().map(line).collect();
    let is_refused = notice.as_ref().is_some_and(|(_, is_refused)| *is_refused);
    let title = text.people_title();
    show(&Page {
        shell: Shell::new(viewer, principal, Section::Contacts, title),
        email,
        known,
        notice: notice.map(|(notice, _)| notice),
        is_refused,
        erasures,
    })
}

fn known(text: &Text, found: &Forgotten) -> Known {
    let named = |jobs: &[JobId]| {
        let names: Vec<String> = jobs.iter().map(ToString::to_string).collect();
        names.join(", ")
    };
    let note = |jobs: &[JobId], note: fn(&Text, String) -> String| {
        (!jobs.is_empty()).then(|| note(text, named(jobs)))
    };
    Known {
        kinds: kinds(text, &found.counts),
        unread: note(&found.unread_jobs, |text, jobs| text.people_unread(jobs)),
        shared: note(&found.shared_files, |text, jobs| text.people_shared(jobs)),
    }
}

fn kinds(text: &Text, counts: &PersonCounts) -> Vec<(String, String)> {
    let PersonCounts {
        contacts,
        changes,
        rows,
        deleted_contacts,
        issues,
        decisions,
        mentions,
        records,
        files,
    } = *counts;
    let kinds = [
        (text.people_contacts(), contacts),
        (text.people_changes(), changes),
        (text.people_rows(), rows),
        (text.people_deleted_contacts(), deleted_contacts),
        (text.people_issues(), issues),
        (text.people_decisions(), decisions),
        (text.people_mentions(), mentions),
        (text.people_records(), records),
        (text.people_files(), files),
    ];
    let kinds = kinds.into_iter().filter(|(_, count)| *count > 0);
    kinds.map(|(kind, count)| (kind, text.number(count))).collect()
}

fn in_words(text: &Text, counts: &PersonCounts) -> String {
    let kinds: Vec<String> =
        kinds(text, counts).into_iter().map(|(kind, count)| format!("{kind}: {count}")).collect();
    match kinds.is_empty() {
        true => text.people_none(),
        false => kinds.join(", "),
    }
}
