//! `ingest migrate`: what is left to do once the schema is up to date.

use std::time::{Duration, Instant};

use indicatif::HumanCount;

use super::Status;
use super::session::Session;
use super::wide_ids::{self, MigrateArgs};
use crate::pipeline::{Pace, contact_keys};
use crate::shutdown::Shutdown;

/// How often a line with the progress is printed.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

/// Calculates the keys of contacts that other programs have inserted, or widens the ids.
pub(super) async fn run(session: &Session, args: &MigrateArgs) -> anyhow::Result<Status> {
    eprintln!("the database schema is up to date");
    match args.wide_ids {
        Some(ids) => wide_ids::run(session, ids.into(), args).await,
        None => fill_keys(session).await,
    }
}

async fn fill_keys(session: &Session) -> anyhow::Result<Status> {
    let stop = Shutdown::on_signals()?.stop_working;
    let mut printed = Instant::now();
    let progress = |filled| {
        if printed.elapsed() >= LINE_INTERVAL {
            printed = Instant::now();
            eprintln!("calculated the keys of {} contacts", HumanCount(filled));
        }
    };
    let filled = contact_keys::fill(&session.context.pool, Pace::Full, &stop, progress).await?;
    match (filled, stop.is_cancelled()) {
        (_, true) => eprintln!("stopped; workers calculate the keys of the other contacts"),
        (0, false) => {}
        (filled, false) => {
            eprintln!("calculated the keys of {} contacts that other programs inserted", HumanCount(filled));
        }
    }
    Ok(Status::Done)
}
