//! `workers`, `pause` and `resume`: which workers run, and whether they take new jobs.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::Status;
use super::output::{Format, counted, print, printable, time};
use super::session::Session;
use crate::domain::pause::PauseReason;
use crate::store::pauses::{self, Extent, Pause};
use crate::store::workers::{self, WorkerEntry};

/// Arguments of `ingest pause`.
#[derive(Debug, clap::Args)]
pub(crate) struct PauseArgs {
    /// Why, for whoever wonders that nothing happens.
    reason: PauseReason,
    /// Pause only the workers of the configured queue: of SQS_QUEUE_URL, or of the database if that is not set.
    #[arg(long)]
    this_queue: bool,
}

/// Lists the workers that run.
pub(crate) async fn list(session: &Session, format: Format) -> anyhow::Result<Status> {
    let workers = workers::list(&session.control).await?;
    let header = ["worker", "state", "running", "places", "queue", "version", "started", "seen"];
    print(format, &workers, &header, |worker| {
        let WorkerEntry { name, version, queue, places, running, state, started_at, seen_at, .. } = worker;
        let at = |at: DateTime<Utc>| time(Some(at));
        vec![
            name.clone(),
            state.to_string(),
            running.to_string(),
            places.to_string(),
            queue.clone(),
            version.clone(),
            at(*started_at),
            at(*seen_at),
        ]
    })?;
    say_if_paused(session).await?;
    Ok(Status::Done)
}

/// Pauses workers.
pub(crate) async fn pause(session: &Session, args: PauseArgs) -> anyhow::Result<Status> {
    let PauseArgs { reason, this_queue } = args;
    let (extent, which) = match this_queue {
        true => (Extent::Queue(session.queue_name()), format!("of {}", session.queue_name())),
        false => (Extent::AllQueues, "of all queues".to_owned()),
    };
    pauses::begin(&session.control, extent, &reason, &session.request().actor).await?;
    eprintln!(
        "paused the workers {which}: they take no new jobs after two seconds, and complete those in progress; \
         `ingest workers` lists them, `ingest resume` ends the pause"
    );
    session.result(&json!({ "paused": pauses::of(&session.control, session.queue_name()).await? }))?;
    Ok(Status::Done)
}

/// Ends the pauses that apply to the configured queue.
pub(crate) async fn resume(session: &Session) -> anyhow::Result<Status> {
    let ended = pauses::end(&session.control, session.queue_name()).await?;
    match ended.is_empty() {
        true => eprintln!("the workers are not paused"),
        false => eprintln!("ended {}: workers take new jobs", counted(ended.len() as u64, "pause")),
    }
    session.result(&json!({ "ended": ended }))?;
    Ok(Status::Done)
}

/// Says on stderr why workers take no new jobs, if they are paused.
pub(super) async fn say_if_paused(session: &Session) -> anyhow::Result<()> {
    if let Some(pause) = pauses::of(&session.control, session.queue_name()).await? {
        eprintln!("{}", printable(&in_words(&pause)));
    }
    Ok(())
}

/// Returns a pause as a sentence, with the command that ends it.
pub(super) fn in_words(pause: &Pause) -> String {
    format!("workers take no new jobs, {pause}; `ingest resume` ends the pause")
}
