//! `ingest migrate`: what is left to do once the schema is up to date.

use std::time::{Duration, Instant};

use sqlx::PgPool;

use super::Status;
use super::output::counted_in_groups;
use super::session::Session;
use super::wide_ids;
use crate::pipeline::{Pace, contact_keys};
use crate::shutdown::Shutdown;
use crate::store::contacts::SearchIndex;

/// How often a line with the progress is printed.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

/// What to do besides the migration.
#[derive(Debug, clap::Args)]
pub(crate) struct MigrateArgs {
    /// Build or drop the index for searches among millions of contacts.
    ///
    /// With the index, a search finds a word among millions of contacts at once; without it, it reads 5,000 contacts at a
    /// time. Imports take several times as long with it. Others can read and write during a build. A build that was
    /// interrupted is started again by the same command.
    #[arg(long, value_name = "ACTION", ignore_case = true, conflicts_with = "wide_ids")]
    search_index: Option<IndexAction>,
    #[command(flatten)]
    wide_ids: wide_ids::WideIdsArgs,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum IndexAction {
    /// Build the index, unless it is complete.
    Build,
    /// Drop the index.
    Drop,
}

/// Calculates the keys of contacts that other programs have inserted, and changes the index for searches as requested; or
/// widens the ids.
pub(super) async fn run(session: &Session, args: &MigrateArgs) -> anyhow::Result<Status> {
    eprintln!("the database schema is up to date");
    if let Some(ids) = args.wide_ids.ids() {
        return wide_ids::run(session, ids, &args.wide_ids).await;
    }
    if let Some(action) = args.search_index {
        change_index(&session.context.pool, action).await?;
    }
    let stop = Shutdown::on_signals()?.stop_working;
    let mut printed = Instant::now();
    let progress = |filled| {
        if printed.elapsed() >= LINE_INTERVAL {
            printed = Instant::now();
            eprintln!("calculated the keys of {}", counted_in_groups(filled, "contact"));
        }
    };
    let filled = contact_keys::fill(&session.context.pool, Pace::Full, &stop, progress).await?;
    match (filled, stop.is_cancelled()) {
        (_, true) => eprintln!("stopped; workers calculate the keys of the other contacts"),
        (0, false) => {}
        (filled, false) => {
            let contacts = counted_in_groups(filled, "contact");
            eprintln!("calculated the keys of {contacts} that other programs inserted");
        }
    }
    Ok(Status::Done)
}

async fn change_index(pool: &PgPool, action: IndexAction) -> anyhow::Result<()> {
    let (is_done, done) = match action {
        IndexAction::Build => {
            eprintln!("building the search index; this takes minutes if there are millions of contacts");
            (SearchIndex::build(pool).await?, "the search index is complete")
        }
        IndexAction::Drop => (SearchIndex::drop(pool).await?, "there is no search index"),
    };
    anyhow::ensure!(
        is_done,
        "another process is changing the schema; run the command again once it has ended"
    );
    eprintln!("{done}");
    Ok(())
}
