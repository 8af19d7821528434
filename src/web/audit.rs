//! The page of the audit trail.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chrono::{Datelike, NaiveDate, NaiveTime};
use serde::Deserialize;

use super::form::search_text;
use super::language::Viewer;
use super::shell::{Section, Shell, show};
use super::times::Time;
use super::words;
use crate::domain::access::Role;
use crate::domain::decision::ActionKind;
use crate::domain::ids::{ActionId, JobId, RowId};
use crate::http::{App, Problem, Query, Reader};
use crate::store::action_subjects::{self, Subject};
use crate::store::actions::{self as trail, Action, ActionFilter};
use crate::store::staging::{self, Origin};
use crate::store::{deleted_contacts, jobs};
use crate::texts::Text;

/// Actions of a page.
const PAGE: i64 = 50;

/// Describes an action and the number of rows and issues that it changed, as a sentence without its subject.
pub(crate) fn what(text: &Text, action: &Action) -> String {
    let number = |part: &str, name: &str| action.result[part][name].as_i64().unwrap_or(0);
    let deleted = action.result["deleted"].as_i64().filter(|_| action.kind == ActionKind::DeleteContacts);
    let mut parts = vec![match (deleted, number("changed", "rows")) {
        (Some(deleted), _) => text.action_deleted_contacts(deleted),
        (None, 0) => words::action(text, action.kind),
        (None, rows) => words::action_on(text, action.kind, rows),
    }];
    let restored = number("contacts", "restored");
    if restored > 0 {
        parts.push(text.action_restored_contacts(restored));
    }
    let (resolved, reopened) = (number("issues", "settled"), number("issues", "reopened"));
    let raised = number("issues", "raised");
    if resolved > 0 {
        parts.push(text.action_resolved(resolved));
    }
    if reopened > 0 {
        parts.push(text.action_reopened(reopened));
    }
    if raised > 0 {
        parts.push(text.action_raised(raised));
    }
    if let Some(removed) = action.result["removed"].as_i64() {
        parts.push(text.action_removed(removed));
    }
    parts.join(", ")
}

/// Returns the note that an action has left on issues.
pub(super) fn note(action: &Action) -> Option<String> {
    /// The part of a request that is a note.
    #[derive(Deserialize)]
    struct Noted {
        note: Option<String>,
    }
    let request = serde_json::from_str::<Option<Noted>>(action.request.get()).ok().flatten();
    request?.note.filter(|note| !note.is_empty())
}

/// The query of the page: the actions to show.
#[derive(Debug, Default, Deserialize)]
pub(super) struct AuditQuery {
    actor: Option<String>,
    job: Option<String>,
    row: Option<RowId>,
    /// The first and the last day, in UTC, as date fields send them.
    from: Option<String>,
    until: Option<String>,
    after: Option<ActionId>,
}

impl AuditQuery {
    /// Returns the filter. A job that is not a number matches no action; a day that is not a date does not count.
    pub(super) fn filter(&self) -> ActionFilter {
        let job = search_text(&self.job);
        let midnight = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
        ActionFilter {
            job: job.map(|job| JobId(job.trim_start_matches('#').parse().unwrap_or(0))),
            row: self.row,
            actor: search_text(&self.actor),
            since: day(&self.from).map(midnight),
            until: day(&self.until).and_then(|day| day.succ_opt()).map(midnight),
        }
    }

    /// Returns the address of `path` with this query, after the given action.
    fn address(&self, path: &str, after: Option<ActionId>) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let of_day = |text| day(text).map(|day| day.to_string());
        for (name, value) in [
            ("actor", search_text(&self.actor)),
            ("job", search_text(&self.job)),
            ("row", self.row.map(|row| row.to_string())),
            ("from", of_day(&self.from)),
            ("until", of_day(&self.until)),
            ("after", after.map(|after| after.to_string())),
        ] {
            if let Some(value) = value {
                query.append_pair(name, &value);
            }
        }
        format!("{path}?{}", query.finish())
    }
}

fn day(text: &Option<String>) -> Option<NaiveDate> {
    // The years of databases and of programs differ; these are in both.
    text.as_deref()?.trim().parse().ok().filter(|day: &NaiveDate| (1..10_000).contains(&day.year()))
}

/// The first row or contact that an action changed.
struct SubjectView {
    /// Its e-mail, or its number if it has none.
    name: String,
    /// Where to see it.
    link: Option<String>,
    /// Its line in the file.
    line: Option<String>,
    /// The note on further rows.
    more: Option<String>,
}

impl SubjectView {
    fn of(text: &Text, action: &Action, subject: Subject, origin: Option<&Origin>) -> SubjectView {
        let number = subject.row.map(|row| text.audit_row_link(row.to_string()));
        let name = match subject.email.is_empty() {
            true => number.unwrap_or_default(),
            false => subject.email.clone(),
        };
        let of_contact = subject.contact.filter(|_| !subject.is_deleted);
        let of_row = origin.map(|origin| match search_text(&Some(subject.email.clone())) {
            Some(email) => {
                let email: String = url::form_urlencoded::byte_serialize(email.as_bytes()).collect();
                format!("/jobs/{}?text={email}#rows", origin.job)
            }
            None => format!("/jobs/{}#rows", origin.job),
        });
        let rows = action.result["changed"]["rows"].as_i64().unwrap_or(0);
        SubjectView {
            name,
            link: of_contact.map(|contact| format!("/contacts/{contact}")).or(of_row),
            line: origin.and_then(|origin| origin.line).map(|line| text.contacts_line(text.number(line))),
            more: (subject.row.is_some() && rows > 1).then(|| text.audit_and_more(rows - 1)),
        }
    }
}

/// An action as a line.
struct Line {
    id: ActionId,
    who: String,
    what: String,
    /// The first row or contact that it changed.
    subject: Option<SubjectView>,
    /// The note that was left.
    note: Option<String>,
    job: Option<JobId>,
    /// The name of the job's file; `None` if the job has been deleted.
    filename: Option<String>,
    time: Time,
    undone_by: Option<String>,
    /// Whether it has deleted contacts that the viewer can restore.
    can_undo: bool,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct Page {
    shell: Shell,
    lines: Vec<Line>,
    actor: String,
    job: String,
    from: String,
    until: String,
    /// The address of the list as CSV.
    export: String,
    /// The note that only the actions of one row are shown.
    only_row: Option<String>,
    filtered: bool,
    next: Option<String>,
}

/// Shows the actions, newest first.
pub(super) async fn page(
    Reader(principal): Reader,
    viewer: Viewer,
    State(app): State<App>,
    Query(query): Query<AuditQuery>,
) -> Result<Response, Problem> {
    let filter = query.filter();
    let mut db = app.owners.read(&principal.owner).await?;
    let actions = trail::page(&mut db, &principal.owner, &filter, query.after, PAGE).await?;
    let next = actions.next(|last| query.address("/audit", Some(last.id)));
    let deletions = actions.items.iter().filter(|action| action.kind == ActionKind::DeleteContacts);
    let deletions: Vec<ActionId> = deletions.map(|action| action.id).collect();
    let undoable = match principal.roles.has(Role::Editor) {
        true => deleted_contacts::undoable(&mut db, &principal.owner, &deletions).await?,
        false => Vec::new(),
    };
    let text = &viewer.text;
    let ids: Vec<ActionId> = actions.items.iter().map(|action| action.id).collect();
    let subjects = action_subjects::first(&mut db, &principal.owner, &ids).await?;
    let rows: Vec<RowId> = subjects.iter().filter_map(|subject| subject.row).collect();
    let origins = staging::origins(&mut db, &principal.owner, &rows).await?;
    let jobs: Vec<JobId> = actions.items.iter().filter_map(|action| action.job).collect();
    let filenames: HashMap<JobId, String> =
        jobs::filenames(&mut db, &principal.owner, &jobs).await?.into_iter().collect();
    let mut subjects: HashMap<ActionId, Subject> =
        subjects.into_iter().map(|subject| (subject.action, subject)).collect();
    let mut subject = |action: &Action| {
        let subject = subjects.remove(&action.id)?;
        let origin = origins.iter().find(|origin| Some(origin.row) == subject.row);
        Some(SubjectView::of(text, action, subject, origin))
    };
    let line = |action: Action| Line {
        what: what(text, &action),
        subject: subject(&action),
        note: note(&action),
        filename: action.job.and_then(|job| filenames.get(&job).cloned()),
        id: action.id,
        can_undo: undoable.contains(&action.id),
        job: action.job,
        time: Time::exact(text, action.at),
        undone_by: action.undone_by.map(|by| text.audit_undone_by(by.to_string())),
        who: action.actor,
    };
    let lines = actions.items.into_iter().map(line).collect();
    let (title, only_row) = (text.audit_title(), query.row.map(|row| text.audit_row(row.to_string())));
    show(&Page {
        shell: Shell::new(viewer, &principal, Section::Audit, title),
        lines,
        filtered: query.address("", None) != "?",
        export: query.address("/audit.csv", None),
        actor: filter.actor.unwrap_or_default(),
        job: search_text(&query.job).unwrap_or_default(),
        from: day(&query.from).map(|day| day.to_string()).unwrap_or_default(),
        until: day(&query.until).map(|day| day.to_string()).unwrap_or_default(),
        only_row,
        next,
    })
}
