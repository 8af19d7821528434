//! The head of a review: its progress by kind, and the last action.

use askama::Template;
use sqlx::PgConnection;

use super::job::{ReviewJob, address, effect};
use crate::actions::Effect;
use crate::domain::decision::ActionKind;
use crate::domain::ids::{ActionId, JobId};
use crate::domain::rules::IssueType;
use crate::http::Problem;
use crate::store::{Count, actions as trail, issues};
use crate::texts::Text;
use crate::web::words;

/// A link to a kind of issues.
pub(crate) struct Tab {
    name: String,
    address: String,
    open: String,
    /// Whether all of its issues are decided.
    done: bool,
    is_current: bool,
}

/// The progress of a review. After each decision, htmx replaces it by its id.
#[derive(Template)]
#[template(path = "review_head.html")]
pub(crate) struct Head {
    text: Text,
    pub(super) job: JobId,
    pub(super) filename: String,
    pub(super) kind: String,
    pub(super) slug: &'static str,
    tabs: Vec<Tab>,
    /// The progress of this kind.
    progress: String,
    resolved_number: i64,
    total_number: i64,
    pub(super) open: String,
    pub(super) open_number: i64,
    /// The name and address of the next kind with open issues.
    next: Option<(String, String)>,
    /// Whether no issue of any kind is open.
    finished: bool,
    pub(super) csrf: Option<String>,
    may_finish: bool,
    pub(super) edits: bool,
}

impl Head {
    pub(super) async fn of(
        db: &mut PgConnection,
        review: &ReviewJob,
        kind: IssueType,
    ) -> Result<Head, Problem> {
        let (job, text) = (review.job.id, review.text());
        let progress = issues::progress(db, review.owner(), review.job.tables()).await?;
        let tabs = progress.iter().map(|of| Tab {
            name: words::rule(text, of.kind),
            address: address(job, of.kind),
            open: text.count(of.open),
            done: of.open.number() == 0,
            is_current: of.kind == kind,
        });
        let tabs: Vec<Tab> = tabs.collect();
        let current = progress.iter().find(|of| of.kind == kind);
        let (open, resolved) = current.map_or((0, 0), |of| (of.open.number(), of.resolved.number()));
        let bounded =
            current.is_some_and(|of| of.open.number() > Count::MOST || of.resolved.number() > Count::MOST);
        // The kinds after this one, then those before it.
        let position = progress.iter().position(|of| of.kind == kind).unwrap_or(0);
        let others = progress.iter().cycle().skip(position).take(progress.len());
        let next = others.clone().find(|of| of.kind != kind && of.open.number() > 0);
        let shell = review.shell("");
        Ok(Head {
            job,
            filename: review.job.filename.clone(),
            kind: words::rule(text, kind),
            slug: kind.rule().slug,
            tabs,
            progress: text.review_progress(
                current.map_or_else(|| text.number(0), |of| text.count(of.resolved)),
                match bounded {
                    true => format!("{}+", text.number(Count::MOST)),
                    false => text.number(open + resolved),
                },
            ),
            resolved_number: resolved,
            total_number: (open + resolved).max(1),
            open: current.map_or_else(|| text.number(0), |of| text.count(of.open)),
            open_number: open,
            next: next.map(|of| (words::rule(text, of.kind), address(job, of.kind))),
            finished: progress.iter().all(|of| of.open.number() == 0),
            may_finish: shell.uploads && review.job.status != crate::domain::job::JobStatus::Completed,
            csrf: shell.csrf,
            edits: review.edits,
            text: text.clone(),
        })
    }
}

/// The notice about the last action, with a button that undoes it.
pub(crate) struct Flash {
    pub(super) words: String,
    pub(super) action: Option<ActionId>,
    pub(super) job: JobId,
    pub(super) csrf: Option<String>,
}

impl Flash {
    /// Returns the notice about an action, or `None` if the job has no such action.
    pub(super) async fn of(
        db: &mut PgConnection,
        review: &ReviewJob,
        action: Option<ActionId>,
    ) -> Result<Option<Flash>, Problem> {
        let Some(action) = action else { return Ok(None) };
        let taken = trail::get(db, review.owner(), action).await?;
        let Some(taken) = taken.filter(|taken| taken.job == Some(review.job.id)) else { return Ok(None) };
        let Ok(done) = serde_json::from_value::<Effect>(taken.result) else { return Ok(None) };
        let effect = effect(review.text(), &done);
        let words = match taken.kind {
            ActionKind::Undo => review.text().review_undone(effect),
            ActionKind::Upload
            | ActionKind::Edit
            | ActionKind::Discard
            | ActionKind::Restore
            | ActionKind::Accept
            | ActionKind::KeepContact
            | ActionKind::Overwrite
            | ActionKind::Fill
            | ActionKind::Correct
            | ActionKind::Replace
            | ActionKind::KeepRow
            | ActionKind::Merge
            | ActionKind::Corrections
            | ActionKind::UndoImport
            | ActionKind::Reprocess
            | ActionKind::Reread
            | ActionKind::Mapping
            | ActionKind::Cancel
            | ActionKind::Delete
            | ActionKind::Policy
            | ActionKind::EditContact
            | ActionKind::DeleteContacts => review.text().review_done(effect),
        };
        let can_undo = taken.undone_by.is_none() && review.edits;
        let csrf = review.shell("").csrf;
        Ok(Some(Flash { words, action: can_undo.then_some(action), job: review.job.id, csrf }))
    }
}
