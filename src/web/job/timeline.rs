//! What has happened to a job, newest first.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::domain::decision::ActionKind;
use crate::domain::job::{JobStatus, Owner};
use crate::http::Problem;
use crate::store::actions::{self as trail, Which};
use crate::store::jobs::Job;
use crate::web::audit;
use crate::web::words;

/// The most actions that are told of.
const MOST: i64 = 20;

/// One thing that happened.
pub(crate) struct Entry {
    pub(super) words: String,
    pub(super) who: Option<String>,
    pub(super) ago: String,
    pub(super) exactly: String,
    /// Whether it was taken back.
    pub(super) undone: bool,
    at: DateTime<Utc>,
}

fn entry(at: DateTime<Utc>, who: Option<String>, words: impl Into<String>) -> Entry {
    Entry { words: words.into(), who, ago: words::ago(at), exactly: words::exact(at), undone: false, at }
}

/// The latest of what has happened to a job.
pub(super) async fn of(db: &mut PgConnection, owner: &Owner, job: &Job) -> Result<Vec<Entry>, Problem> {
    let which = Which { job: Some(job.id), ..Which::default() };
    let actions = trail::page(db, owner, &which, None, MOST).await?.items;
    let uploaded = actions.iter().any(|action| action.kind == ActionKind::Upload);
    let mut entries: Vec<Entry> = Vec::new();
    for action in actions {
        let words = audit::what(&action);
        let undone = action.undone_by.is_some();
        entries.push(Entry { undone, ..entry(action.at, Some(action.actor), words) });
    }
    if !uploaded && (entries.len() as i64) < MOST {
        entries.push(entry(job.created_at, None, "The job was made"));
    }
    if let Some(start) = job.started_at {
        entries.push(entry(start, None, "A run began"));
    }
    if let Some(end) = job.ended_at.filter(|_| !job.running) {
        let words = match job.status {
            JobStatus::Completed => "The run ended: contacts were made",
            JobStatus::NeedsReview => "The run ended: a person has to decide",
            JobStatus::Failed => "The run ended: it failed",
            JobStatus::Pending | JobStatus::Processing => "The run ended",
        };
        entries.push(entry(end, None, words));
    }
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.at));
    Ok(entries)
}
