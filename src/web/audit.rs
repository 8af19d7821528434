//! The audit trail: who decided what.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::form::sought;
use super::language::Viewer;
use super::shell::{Section, Shell, show};
use super::text::Text;
use super::times::Time;
use super::words;
use crate::domain::ids::{ActionId, JobId, RowId};
use crate::http::{App, Problem, Query, Reader};
use crate::store::actions::{self as trail, Action, ActionFilter};

/// Actions of a page.
const PAGE: i64 = 50;

/// What was done, and how much of it, as a sentence without its subject.
pub(crate) fn what(text: &Text, action: &Action) -> String {
    let number = |part: &str, name: &str| action.result[part][name].as_i64().unwrap_or(0);
    let mut parts = vec![match number("changed", "rows") {
        0 => words::action(text, action.kind),
        rows => words::action_on(text, action.kind, rows),
    }];
    let (resolved, reopened) = (number("issues", "settled"), number("issues", "reopened"));
    if resolved > 0 {
        parts.push(text.action_resolved(resolved));
    }
    if reopened > 0 {
        parts.push(text.action_reopened(reopened));
    }
    if let Some(removed) = action.result["removed"].as_i64() {
        parts.push(text.action_removed(removed));
    }
    parts.join(", ")
}

/// ActionFilter actions somebody looks for.
#[derive(Debug, Deserialize)]
pub(super) struct AuditQuery {
    actor: Option<String>,
    job: Option<String>,
    row: Option<RowId>,
    after: Option<ActionId>,
}

impl AuditQuery {
    fn further(&self, after: ActionId) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in [("actor", sought(&self.actor)), ("job", sought(&self.job))] {
            if let Some(value) = value {
                query.append_pair(name, &value);
            }
        }
        if let Some(row) = self.row {
            query.append_pair("row", &row.to_string());
        }
        format!("/audit?{}", query.append_pair("after", &after.to_string()).finish())
    }
}

/// An action as a line.
struct Line {
    id: ActionId,
    who: String,
    what: String,
    job: Option<JobId>,
    time: Time,
    undone_by: Option<String>,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct Page {
    shell: Shell,
    lines: Vec<Line>,
    actor: String,
    job: String,
    /// That only one row's actions are shown, in words.
    only_row: Option<String>,
    filtered: bool,
    next: Option<String>,
}

/// What was done, newest first.
pub(super) async fn page(
    Reader(principal): Reader,
    viewer: Viewer,
    State(app): State<App>,
    Query(asked): Query<AuditQuery>,
) -> Result<Response, Problem> {
    let (actor, job) = (sought(&asked.actor), sought(&asked.job));
    // What is no number is no job's.
    let number = job.as_deref().map(|job| job.trim_start_matches('#').parse().unwrap_or(0));
    let which = ActionFilter { job: number.map(JobId), row: asked.row, actor: actor.clone() };
    let mut db = app.owners.read(&principal.owner).await?;
    let found = trail::page(&mut db, &principal.owner, &which, asked.after, PAGE).await?;
    let next = found.next(|last| asked.further(last.id));
    let text = &viewer.text;
    let line = |action: Action| Line {
        what: what(text, &action),
        id: action.id,
        job: action.job,
        time: Time::ago(text, action.at),
        undone_by: action.undone_by.map(|by| text.audit_undone_by(by.to_string())),
        who: action.actor,
    };
    let lines = found.items.into_iter().map(line).collect();
    let (title, only_row) = (text.audit_title(), asked.row.map(|row| text.audit_row(row.to_string())));
    show(&Page {
        shell: Shell::new(viewer, &principal, Section::Audit, title),
        lines,
        filtered: actor.is_some() || job.is_some() || asked.row.is_some(),
        actor: actor.unwrap_or_default(),
        job: job.unwrap_or_default(),
        only_row,
        next,
    })
}
