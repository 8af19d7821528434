//! The head of a review: its progress by kind, and the last action.

use askama::Template;
use sqlx::PgConnection;

use super::ReviewQuery;
use super::job::{ReviewJob, effect};
use crate::actions::Effect;
use crate::domain::decision::ActionKind;
use crate::domain::ids::{ActionId, JobId};
use crate::domain::rules::IssueType;
use crate::http::Problem;
use crate::store::issues::{self, Progress};
use crate::store::{Count, actions as trail};
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
    kind: String,
    pub(super) slug: &'static str,
    /// The kinds with open issues, of those that are shown.
    pub(super) open_kinds: Vec<IssueType>,
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

/// Where the tabs of a review lead.
pub(super) struct Tabs<'a> {
    /// The address of all kinds; `None` if the view shows one kind at a time.
    pub(super) all: Option<String>,
    /// Returns the address of a kind.
    pub(super) of_kind: &'a (dyn Fn(IssueType) -> String + Sync),
}

impl Head {
    /// Returns the head of the cases of a kind. The tabs keep the filters of the query.
    pub(super) async fn of(
        db: &mut PgConnection,
        review: &ReviewJob,
        kind: IssueType,
        query: &ReviewQuery,
    ) -> Result<Head, Problem> {
        let job = review.job.id;
        let tabs = Tabs { all: None, of_kind: &|kind| query.of_kind(job, kind) };
        Head::with_tabs(db, review, Some(kind), &tabs).await
    }

    /// Returns the head of a view that shows one kind, or all of them.
    pub(super) async fn with_tabs(
        db: &mut PgConnection,
        review: &ReviewJob,
        kind: Option<IssueType>,
        tabs: &Tabs<'_>,
    ) -> Result<Head, Problem> {
        let text = review.text();
        let progress = issues::progress(db, review.owner(), review.job.tables()).await?;
        let total = Total::of(progress.iter().filter(|of| kind.is_none_or(|kind| of.kind == kind)));
        // The kinds after this one, then those before it.
        let position = progress.iter().position(|of| Some(of.kind) == kind).unwrap_or(0);
        let mut others = progress.iter().cycle().skip(position).take(progress.len());
        let next = others.find(|of| kind.is_some_and(|kind| of.kind != kind) && of.open.number() > 0);
        let next = next.map(|of| (words::rule(text, of.kind), (tabs.of_kind)(of.kind)));
        let shell = review.shell("");
        Ok(Head {
            job: review.job.id,
            kind: kind.map_or_else(|| text.grid_all_kinds(), |kind| words::rule(text, kind)),
            slug: kind.map_or("", |kind| kind.rule().slug),
            open_kinds: progress
                .iter()
                .filter(|of| of.open.number() > 0 && kind.is_none_or(|kind| of.kind == kind))
                .map(|of| of.kind)
                .collect(),
            tabs: tabs_of(text, kind, &progress, tabs),
            progress: text.review_progress(total.resolved_shown(text), total.shown(text)),
            resolved_number: total.resolved,
            total_number: (total.open + total.resolved).max(1),
            open: total.open_shown(text),
            open_number: total.open,
            next,
            finished: progress.iter().all(|of| of.open.number() == 0),
            may_finish: shell.uploads && review.job.status != crate::domain::job::JobStatus::Completed,
            csrf: shell.csrf,
            edits: review.edits,
            text: text.clone(),
        })
    }
}

fn tabs_of(text: &Text, kind: Option<IssueType>, progress: &[Progress], tabs: &Tabs<'_>) -> Vec<Tab> {
    let all = tabs.all.as_ref().map(|address| {
        let total = Total::of(progress);
        Tab {
            name: text.grid_all_kinds(),
            address: address.clone(),
            open: total.open_shown(text),
            done: total.open == 0,
            is_current: kind.is_none(),
        }
    });
    let of_kind = progress.iter().map(|of| Tab {
        name: words::rule(text, of.kind),
        address: (tabs.of_kind)(of.kind),
        open: text.count(of.open),
        done: of.open.number() == 0,
        is_current: kind == Some(of.kind),
    });
    all.into_iter().chain(of_kind).collect()
}

/// The progress of several kinds together.
#[derive(Default)]
struct Total {
    open: i64,
    resolved: i64,
    /// Whether there are more open or resolved issues of a kind than were counted.
    open_is_more: bool,
    resolved_is_more: bool,
}

impl Total {
    fn of<'p>(progress: impl IntoIterator<Item = &'p Progress>) -> Total {
        progress.into_iter().fold(Total::default(), |total, of| Total {
            open: total.open + of.open.number(),
            resolved: total.resolved + of.resolved.number(),
            open_is_more: total.open_is_more || of.open.number() > Count::MOST,
            resolved_is_more: total.resolved_is_more || of.resolved.number() > Count::MOST,
        })
    }

    fn open_shown(&self, text: &Text) -> String {
        shown(text, self.open, self.open_is_more)
    }

    fn resolved_shown(&self, text: &Text) -> String {
        shown(text, self.resolved, self.resolved_is_more)
    }

    fn shown(&self, text: &Text) -> String {
        shown(text, self.open + self.resolved, self.open_is_more || self.resolved_is_more)
    }
}

fn shown(text: &Text, number: i64, is_more: bool) -> String {
    if is_more { format!("{}+", text.number(Count::MOST)) } else { text.number(number) }
}

/// The notice about the last action, with a button that undoes it.
pub(crate) struct Flash {
    pub(super) words: String,
    pub(super) action: Option<ActionId>,
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
            | ActionKind::Note
            | ActionKind::Assign
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
        Ok(Some(Flash { words, action: can_undo.then_some(action) }))
    }
}
