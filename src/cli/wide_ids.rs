//! `migrate --wide-ids`: widens the ids that the contract makes 32-bit numbers.

use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanDuration};

use super::Status;
use super::confirm;
use super::output::counted_in_groups;
use super::session::Session;
use crate::shutdown::Shutdown;
use crate::store::wide_ids::{self, Plan, Rewrite, WideIds};

/// Whether and how to widen ids.
#[derive(Debug, clap::Args)]
pub(crate) struct WideIdsArgs {
    /// Also widen the ids that are 32-bit numbers to `bigint`, so that they do not end at 2147483647.
    ///
    /// Everything that uses the database waits while a table is rewritten, and other programs must be able to read 64-bit
    /// numbers.
    #[arg(long, value_name = "IDS", num_args = 0..=1, require_equals = true, default_missing_value = "all", value_enum, ignore_case = true)]
    wide_ids: Option<Which>,
    /// Only say what would be widened.
    #[arg(long, requires = "wide_ids")]
    dry_run: bool,
    /// Do not ask.
    #[arg(long, requires = "wide_ids")]
    yes: bool,
}

impl WideIdsArgs {
    /// Returns the ids to widen, if any.
    pub(super) fn ids(&self) -> Option<WideIds> {
        self.wide_ids.map(WideIds::from)
    }
}

/// The ids to widen.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum Which {
    /// job_id, issue_id and issue_item_id.
    All,
    /// issue_id and issue_item_id.
    Issues,
}

impl From<Which> for WideIds {
    fn from(which: Which) -> WideIds {
        match which {
            Which::All => WideIds::All,
            Which::Issues => WideIds::Issues,
        }
    }
}

/// Widens `ids`, after a confirmation.
pub(crate) async fn run(session: &Session, ids: WideIds, args: &WideIdsArgs) -> anyhow::Result<Status> {
    let pool = &session.context.pool;
    let plan = wide_ids::plan(pool, ids).await?;
    if plan.rewrites.is_empty() {
        eprintln!("these ids are 64-bit numbers already");
        return Ok(Status::Done);
    }
    describe(&plan);
    if args.dry_run {
        eprintln!("changed nothing; run without --dry-run to widen the ids");
        return Ok(Status::Done);
    }
    anyhow::ensure!(plan.is_owner, "only the owner of the tables can widen the ids");
    anyhow::ensure!(
        plan.views.is_empty(),
        "views read these columns: {}; drop them, widen the ids, and create them again",
        plan.views.join(", ")
    );
    if !args.yes && !is_confirmed()? {
        eprintln!("changed nothing");
        return Ok(Status::Failed);
    }
    let stop = Shutdown::on_signals()?.stop_working;
    for rewrite in &plan.rewrites {
        let started = Instant::now();
        let on_busy = || eprintln!("waiting until no run and no request uses the tables");
        if !wide_ids::widen(pool, ids, rewrite, &stop, on_busy).await? {
            eprintln!("stopped before {}; run the command again to widen the rest", rewrite.table);
            return Ok(Status::Failed);
        }
        eprintln!("widened {} in {:.1} s", in_words(rewrite), started.elapsed().as_secs_f64());
    }
    Ok(Status::Done)
}

/// Prints what would change, for how long, and for whom.
fn describe(plan: &Plan) {
    eprintln!("columns that change from integer to bigint:");
    for rewrite in &plan.rewrites {
        eprintln!(
            "  {}: {}, {}, about {}",
            in_words(rewrite),
            counted_in_groups(rewrite.rows, "row"),
            HumanBytes(rewrite.bytes.unsigned_abs()),
            HumanDuration(estimated(rewrite))
        );
    }
    let largest = plan.rewrites.iter().map(|rewrite| rewrite.bytes.unsigned_abs()).max().unwrap_or_default();
    eprintln!(
        "Each table is rewritten while runs and requests wait: stop the workers and the server first if they must not. This \
         needs up to {} of free disk space.",
        HumanBytes(largest)
    );
    eprintln!(
        "Other programs read another type at once: drivers that decode int4 fail, node-postgres returns a string, and \
         subscribers of a publication need bigint columns first. Change these programs before you continue. A backup must not \
         run at the same time. The columns cannot become integer again once an id exceeds 2147483647."
    );
    if !plan.references.is_empty() {
        eprintln!(
            "These columns of other programs refer to the ids and stay integer: {}.",
            plan.references.join(", ")
        );
    }
}

fn in_words(rewrite: &Rewrite) -> String {
    format!("{} ({})", rewrite.table, rewrite.columns.join(", "))
}

/// Returns about how long a rewrite takes: what it took on a slow machine with two cores.
fn estimated(rewrite: &Rewrite) -> Duration {
    /// Rows with their indexes that are written.
    const BYTES_PER_SECOND: u64 = 20 << 20;
    /// Foreign keys that are checked.
    const REFERRING_ROWS_PER_SECOND: u64 = 1_000_000;
    let seconds = rewrite.bytes.unsigned_abs() / BYTES_PER_SECOND
        + rewrite.referring_rows.unsigned_abs() / REFERRING_ROWS_PER_SECOND;
    Duration::from_secs(1 + seconds)
}

/// Asks on the terminal.
fn is_confirmed() -> anyhow::Result<bool> {
    anyhow::ensure!(
        confirm::is_attended(),
        "nobody is there to confirm the change; add --yes, or --dry-run to see it"
    );
    Ok(confirm::ask_for_yes("widen these ids?")?)
}
