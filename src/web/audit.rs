//! The audit trail: who decided what.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::form::sought;
use super::shell::{Section, Shell, show};
use super::words;
use crate::domain::ids::{ActionId, JobId, RowId};
use crate::http::{App, Problem, Query, Reader};
use crate::store::actions::{self as trail, Action, Which};

/// Actions of a page.
const PAGE: i64 = 50;

/// What was done, and how much of it, as a sentence without its subject.
pub(crate) fn what(action: &Action) -> String {
    let number = |part: &str, name: &str| action.result[part][name].as_i64().unwrap_or(0);
    let mut words = match number("changed", "rows") {
        0 => words::action(action.kind).to_owned(),
        rows => words::action_on(action.kind, &words::many(rows, "row", "rows")),
    };
    let issues = [
        (number("issues", "settled"), "issue settled", "issues settled"),
        (number("issues", "reopened"), "issue opened again", "issues opened again"),
    ];
    for (count, one, more) in issues {
        if count > 0 {
            words = format!("{words}, {}", words::many(count, one, more));
        }
    }
    match action.result["removed"].as_i64() {
        Some(removed) => format!("{words}: {} removed", words::many(removed, "contact", "contacts")),
        None => words,
    }
}

/// Which actions somebody looks for.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    actor: Option<String>,
    job: Option<String>,
    row: Option<RowId>,
    after: Option<ActionId>,
}

impl Asked {
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
    ago: String,
    exactly: String,
    undone_by: Option<ActionId>,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct Page {
    shell: Shell,
    lines: Vec<Line>,
    actor: String,
    job: String,
    row: Option<RowId>,
    filtered: bool,
    next: Option<String>,
}

/// What was done, newest first.
pub(super) async fn page(
    Reader(principal): Reader,
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let (actor, job) = (sought(&asked.actor), sought(&asked.job));
    // What is no number is no job's.
    let number = job.as_deref().map(|job| job.trim_start_matches('#').parse().unwrap_or(0));
    let which = Which { job: number.map(JobId), row: asked.row, actor: actor.clone() };
    let mut db = app.owners.read(&principal.owner).await?;
    let found = trail::page(&mut db, &principal.owner, &which, asked.after, PAGE).await?;
    let next = found.next(|last| asked.further(last.id));
    let line = |action: Action| Line {
        what: what(&action),
        id: action.id,
        job: action.job,
        ago: words::ago(action.at),
        exactly: words::exact(action.at),
        undone_by: action.undone_by,
        who: action.actor,
    };
    show(&Page {
        shell: Shell::new(&principal, Section::Audit, "Audit"),
        lines: found.items.into_iter().map(line).collect(),
        filtered: actor.is_some() || job.is_some() || asked.row.is_some(),
        actor: actor.unwrap_or_default(),
        job: job.unwrap_or_default(),
        row: asked.row,
        next,
    })
}
