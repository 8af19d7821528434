//! The head of a review: how far it has come, kind by kind, and what was done last.

use askama::Template;
use sqlx::PgConnection;

use super::job::{ReviewJob, address, effect};
use crate::actions::Effect;
use crate::domain::decision::ActionKind;
use crate::domain::ids::{ActionId, JobId};
use crate::domain::issue::IssueType;
use crate::http::Problem;
use crate::store::{Count, actions as trail, issues};
use crate::web::text::Text;
use crate::web::words;

/// A kind to go to.
pub(crate) struct Tab {
    name: String,
    address: String,
    open: String,
    /// Whether all of it is decided.
    done: bool,
    here: bool,
}

/// How far the review has come. Known to the page by its id, and put in place of the one that is there after each
/// decision.
#[derive(Template)]
#[template(path = "review_head.html")]
pub(crate) struct Head {
    text: Text,
    pub(super) job: JobId,
    pub(super) filename: String,
    pub(super) kind: String,
    pub(super) slug: &'static str,
    tabs: Vec<Tab>,
    /// Of this kind.
    progress: String,
    resolved_number: i64,
    total_number: i64,
    pub(super) open: String,
    pub(super) open_number: i64,
    /// Where to go on when this kind is decided.
    next: Option<(String, String)>,
    /// Whether nothing of any kind is open.
    finished: bool,
    pub(super) csrf: Option<String>,
    may_finish: bool,
    pub(super) edits: bool,
}

impl Head {
    pub(super) async fn of(
        db: &mut PgConnection,
        place: &ReviewJob,
        kind: IssueType,
    ) -> Result<Head, Problem> {
        let (job, text) = (place.job.id, place.text());
        let progress = issues::progress(db, place.owner(), place.job.tables()).await?;
        let tabs = progress.iter().map(|found| Tab {
            name: words::rule(text, found.kind),
            address: address(job, found.kind),
            open: text.count(found.open),
            done: found.open.number() == 0,
            here: found.kind == kind,
        });
        let tabs: Vec<Tab> = tabs.collect();
        let here = progress.iter().find(|found| found.kind == kind);
        let (open, settled) = here.map_or((0, 0), |found| (found.open.number(), found.settled.number()));
        let bounded = here
            .is_some_and(|found| found.open.number() > Count::MOST || found.settled.number() > Count::MOST);
        // From this kind on, then from the first.
        let place_of_kind = progress.iter().position(|found| found.kind == kind).unwrap_or(0);
        let others = progress.iter().cycle().skip(place_of_kind).take(progress.len());
        let next = others.clone().find(|found| found.kind != kind && found.open.number() > 0);
        let shell = place.shell("");
        Ok(Head {
            job,
            filename: place.job.filename.clone(),
            kind: words::rule(text, kind),
            slug: kind.rule().slug,
            tabs,
            progress: text.review_progress(
                here.map_or_else(|| text.number(0), |found| text.count(found.settled)),
                match bounded {
                    true => format!("{}+", text.number(Count::MOST)),
                    false => text.number(open + settled),
                },
            ),
            resolved_number: settled,
            total_number: (open + settled).max(1),
            open: here.map_or_else(|| text.number(0), |found| text.count(found.open)),
            open_number: open,
            next: next.map(|found| (words::rule(text, found.kind), address(job, found.kind))),
            finished: progress.iter().all(|found| found.open.number() == 0),
            may_finish: shell.uploads && place.job.status != crate::domain::job::JobStatus::Completed,
            csrf: shell.csrf,
            edits: place.edits,
            text: text.clone(),
        })
    }
}

/// What was just done, with a button that undoes it.
pub(crate) struct Flash {
    pub(super) words: String,
    pub(super) action: Option<ActionId>,
    pub(super) job: JobId,
    pub(super) csrf: Option<String>,
}

impl Flash {
    /// Of an action of the job's, if there is one.
    pub(super) async fn of(
        db: &mut PgConnection,
        place: &ReviewJob,
        action: Option<ActionId>,
    ) -> Result<Option<Flash>, Problem> {
        let Some(action) = action else { return Ok(None) };
        let found = trail::get(db, place.owner(), action).await?;
        let Some(found) = found.filter(|found| found.job == Some(place.job.id)) else { return Ok(None) };
        let Ok(done) = serde_json::from_value::<Effect>(found.result) else { return Ok(None) };
        let effect = effect(place.text(), &done);
        let words = match found.kind {
            ActionKind::Undo => place.text().review_undone(effect),
            _ => place.text().review_done(effect),
        };
        let can = found.undone_by.is_none() && place.edits;
        let csrf = place.shell("").csrf;
        Ok(Some(Flash { words, action: can.then_some(action), job: place.job.id, csrf }))
    }
}
