//! The history of a job, newest first.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::domain::decision::ActionKind;
use crate::domain::job::{JobStatus, Owner};
use crate::http::Problem;
use crate::store::actions::{self as trail, ActionFilter};
use crate::store::jobs::Job;
use crate::texts::Text;
use crate::web::audit;
use crate::web::times::Time;

/// Maximum number of actions shown.
const MOST: i64 = 20;

/// An event in the history.
pub(crate) struct Entry {
    pub(super) words: String,
    pub(super) who: Option<String>,
    pub(super) time: Time,
    /// Whether it was undone.
    pub(super) undone: bool,
    at: DateTime<Utc>,
}

fn entry(text: &Text, at: DateTime<Utc>, who: Option<String>, words: String) -> Entry {
    Entry { words, who, time: Time::ago(text, at), undone: false, at }
}

/// Returns the latest events of a job.
pub(super) async fn of(
    db: &mut PgConnection,
    text: &Text,
    owner: &Owner,
    job: &Job,
) -> Result<Vec<Entry>, Problem> {
    let filter = ActionFilter { job: Some(job.id), ..ActionFilter::default() };
    let actions = trail::page(db, owner, &filter, None, MOST).await?.items;
    let uploaded = actions.iter().any(|action| action.kind == ActionKind::Upload);
    let mut entries: Vec<Entry> = Vec::new();
    for action in actions {
        let words = audit::what(text, &action);
        let undone = action.undone_by.is_some();
        entries.push(Entry { undone, ..entry(text, action.at, Some(action.actor), words) });
    }
    if !uploaded && (entries.len() as i64) < MOST {
        entries.push(entry(text, job.created_at, None, text.job_created()));
    }
    if let Some(start) = job.started_at {
        entries.push(entry(text, start, None, text.job_run_began()));
    }
    if let Some(end) = job.ended_at.filter(|_| !job.running) {
        let words = match job.status {
            JobStatus::Completed => text.job_run_completed(),
            JobStatus::NeedsReview => text.job_run_review(),
            JobStatus::Failed => text.job_run_failed(),
            JobStatus::Pending | JobStatus::Processing => text.job_run_ended(),
        };
        entries.push(entry(text, end, None, words));
    }
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.at));
    Ok(entries)
}
