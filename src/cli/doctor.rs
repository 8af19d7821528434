//! `doctor`: checks the database, the store and the queue, and says what to do.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::io::Write;

use nix::sys::statvfs::statvfs;
use serde::Serialize;

use super::Status;
use super::connections::Connections;
use super::output::{counted, counted_up, print_json, stdout, with_causes};
use super::{fleet, serve, session};
use crate::config::Settings;
use crate::domain::permission::{Need, Permission};
use crate::domain::worker_state::WorkerState;
use crate::queue::{self, DeadLetters};
use crate::store::contacts::SearchIndex;
use crate::store::counters::{self, Counter};
use crate::store::rights::Login;
use crate::store::{StoreError, Wall, own_tables, pauses, schema, topic_events, unreadable, workers};

/// Checks everything that is configured. Fails if there is a problem to fix.
pub(crate) async fn run(settings: &Settings, json: bool) -> anyhow::Result<Status> {
    let mut report = Report { worst: Status::Done, lines: json.then(Vec::new) };
    check(settings, &mut report).await?;
    if let Some(lines) = &report.lines {
        print_json(lines)?;
    }
    Ok(report.worst)
}

async fn check(settings: &Settings, report: &mut Report) -> anyhow::Result<()> {
    let shares = match Connections::share(settings.max_connections(), settings.worker_concurrency) {
        Ok(shares) => shares,
        Err(error) => {
            report.bad("connections", error);
            return Ok(());
        }
    };
    if !shares.small_job {
        report.warn(
            "connections",
            "MAX_CONNECTIONS leaves no place for small jobs; they wait while large jobs run",
        );
    }
    let (pool, cluster) = match session::database(settings, shares.worker).await {
        Ok(opened) => opened,
        Err(error) => {
            report.bad("database", with_causes(&error));
            return Ok(());
        }
    };
    database(report, &pool).await;
    database_tls(report, settings);
    match session::objects(settings).await {
        Ok(objects) => {
            match objects.check().await {
                Ok(()) => report.good("store", &objects),
                Err(error) => report.bad("store", error),
            }
            // If the bucket cannot be reached, the previous line says so.
            permissions(report, &objects.permissions().await.unwrap_or_default());
        }
        Err(error) => report.bad("store", with_causes(&error)),
    }
    temporary_files(report);
    queue(report, settings, &pool).await;
    topic(report, settings, &pool).await;
    workers(report, settings, &pool).await;
    sign_in(report, settings).await;
    pool.close().await;
    if let Some(cluster) = cluster {
        cluster.stop().await?;
    }
    Ok(())
}

async fn database(report: &mut Report, pool: &sqlx::PgPool) {
    match schema::server(pool).await.and_then(|server| server.check().map(|()| server)) {
        Ok(server) => {
            report.good("database", format!("PostgreSQL {}, database {}", server.version, server.database))
        }
        Err(error) => return report.bad("database", error),
    }
    match schema::is_pooled(pool).await {
        Ok(true) => report.good("connections", "through a pooler in transaction mode"),
        Ok(false) => report.good("connections", "direct"),
        Err(error) => report.bad("connections", error),
    }
    match schema::pending(pool).await {
        Ok(0) => report.good("schema", "up to date"),
        Ok(lacking) => {
            report.bad("schema", format!("{}; run `ingest migrate`", counted(lacking, "pending migration")))
        }
        Err(error) => report.bad("schema", error),
    }
    if let Err(error) = rights(report, pool).await {
        report.bad("rights", error);
    }
    wall(report, pool).await;
    search_index(report, pool).await;
    // There are no tables yet, as an earlier line says, if this fails.
    for counter in counters::running_out(pool).await.unwrap_or_default() {
        let Counter { relation, name, last, highest } = &counter;
        let percent = counter.used_percent();
        report.warn(
            "ids",
            format!(
                "{relation}.{name}: {percent} % used, the last is {last} of {highest}, after which no row can be added; run \
                 `ingest migrate --wide-ids` or, once the rows with the lowest ids are removed, start again by ALTER TABLE \
                 {relation} ALTER COLUMN {name} RESTART WITH 1"
            ),
        );
    }
    match unreadable::count(pool).await {
        Err(_) => {}
        Ok(count) if count.number() == 0 => {}
        Ok(count) => report.bad(
            "messages",
            format!(
                "{} could not be parsed; list them with `ingest dead-letters list`",
                counted_up(count, "message")
            ),
        ),
    }
}

/// Checks the rights of the login role, and names the statements that grant those that are missing.
async fn rights(report: &mut Report, pool: &sqlx::PgPool) -> Result<(), StoreError> {
    // There are no tables yet, as the previous line says, if there is nothing.
    let Some(login) = Login::of(pool).await? else { return Ok(()) };
    let lacked = login.lacks(pool).await?;
    for rights in &lacked {
        let advice = format!("run {}, as the owner of the tables or an administrator", rights.grant());
        report.bad("rights", format!("{}; {advice}", rights.finding()));
    }
    if !lacked.is_empty() {
        return Ok(());
    }
    match (own_tables::possible(pool).await?, login.owns_tables) {
        (true, _) => report.good("rights", "all that the program needs, as the owner of the tables"),
        (false, true) => report.warn(
            "rights",
            format!(
                "large jobs cannot have tables of their own, and take longer; run {}, as an administrator",
                login.grant_of_create()
            ),
        ),
        (false, false) => report.good(
            "rights",
            "all that the program needs; the owner of the tables migrates them, and its large jobs take less time",
        ),
    }
    Ok(())
}

/// Checks the row-level security of requests. Everything works without it as well, since each statement names its
/// owner.
async fn wall(report: &mut Report, pool: &sqlx::PgPool) {
    match Wall::of(pool).await {
        // There are no tables yet, as the previous line says.
        Err(_) => {}
        Ok(wall) => match (wall.check(), wall.role(), wall.advice()) {
            (Err(error), ..) => report.bad("row security", error),
            (Ok(()), Some(role), _) => report.good("row security", format!("requests use the role {role}")),
            (Ok(()), None, advice) => report.warn(
                "row security",
                format!(
                    "requests use the login role; to enforce the owner in the database too, run {}",
                    advice.unwrap_or_default()
                ),
            ),
        },
    }
}

/// Checks the optional index for searches.
async fn search_index(report: &mut Report, pool: &sqlx::PgPool) {
    match SearchIndex::of(pool).await {
        Err(error) => report.bad("search index", error),
        Ok(SearchIndex::Built) => {
            report.good("search index", "complete; drop it with `ingest migrate --search-index drop`");
        }
        Ok(SearchIndex::Unfinished) => report.warn(
            "search index",
            "a build is in progress or was interrupted; if it was, run `ingest migrate --search-index build`, or drop it",
        ),
        Ok(SearchIndex::Missing) => report.good(
            "search index",
            "none; `ingest migrate --search-index build` makes searches among millions faster, and imports slower",
        ),
    }
}

/// Warns if others could read the traffic to the database, or answer in its name.
fn database_tls(report: &mut Report, settings: &Settings) {
    let Ok(Some(url)) = settings.database_url() else { return };
    match url.unverified_tls() {
        None => {}
        Some(mode) => report.warn(
            "database TLS",
            format!(
                "sslmode={mode} does not verify the server: whoever controls the network can pose as it and read the \
                 password; add sslmode=verify-full to DATABASE_URL, and sslrootcert=<file> unless a public authority \
                 signed the server's certificate"
            ),
        ),
    }
}

async fn queue(report: &mut Report, settings: &Settings, pool: &sqlx::PgPool) {
    let queue = match session::queue(settings, pool).await {
        Ok(queue) => queue,
        Err(error) => return report.bad("queue", with_causes(&error)),
    };
    let health = match queue.check().await {
        Ok(health) => health,
        Err(error) => {
            report.bad("queue", &error);
            if error.is_denied() {
                permissions(report, &queue.permissions().await.unwrap_or_default());
            }
            return;
        }
    };
    match queue.permissions().await {
        Ok(tried) => permissions(report, &tried),
        Err(error) => report.bad("permissions", error),
    }
    report.good("queue", format!("{queue}: {} waiting, {} in flight", health.waiting, health.hidden));
    match health.dead_letters {
        DeadLetters::Jobs => {}
        DeadLetters::Queue { name, waiting: Some(0), .. } => {
            report.good("dead letters", format!("queue {name} is empty"))
        }
        DeadLetters::Queue { name, waiting: Some(count), .. } => {
            report.bad(
                "dead letters",
                format!(
                    "{} in queue {name}; list them with `ingest dead-letters list`",
                    counted(count, "message")
                ),
            );
        }
        DeadLetters::Queue { name, waiting: None, .. } => {
            report.bad(
                "dead letters",
                format!("cannot read queue {name}: create it, or allow sqs:GetQueueAttributes on it"),
            );
        }
        DeadLetters::None => {
            report.bad("dead letters", "the queue has no redrive policy; configure a dead-letter queue");
        }
    }
}

/// Checks the topic that receives the changes of jobs, if one is configured.
async fn topic(report: &mut Report, settings: &Settings, pool: &sqlx::PgPool) {
    let Some(publisher) = session::publisher(settings).await else { return };
    match publisher.permission().await {
        Ok(permission) if permission.denied.is_some() => return permissions(report, &[permission]),
        Ok(_) => {}
        Err(error) => return report.bad("topic", error),
    }
    // Not every service says of a call with a wrong parameter that there is no such topic.
    match topic_events::last_error(pool, publisher.topic()).await.ok().flatten() {
        Some(error) => report.bad("topic", format!("events were not published: {error}")),
        None => report.good("topic", format!("{} accepts events", publisher.topic())),
    }
}

/// Reports which calls are allowed, and the action of each that is not.
fn permissions(report: &mut Report, tried: &[Permission]) {
    for Permission { action, resource, need, denied } in tried {
        let Some(reason) = denied else { continue };
        let advice = format!(
            "{action} is denied on {resource}; allow it in the policy of the identity that runs this"
        );
        match need {
            Need::Work => report.bad("permissions", format!("{advice} ({reason})")),
            Need::DeadLetters => {
                report.warn("permissions", format!("{advice}, for `ingest dead-letters` ({reason})"));
            }
        }
    }
    for need in [Need::Work, Need::DeadLetters] {
        let allowed = tried.iter().filter(|tried| tried.need == need && tried.denied.is_none());
        let actions: Vec<&str> =
            allowed.map(|tried| tried.action).collect::<BTreeSet<_>>().into_iter().collect();
        if actions.is_empty() {
            continue;
        }
        let purpose = match need {
            Need::Work => "",
            Need::DeadLetters => ", for `ingest dead-letters`",
        };
        report.good("permissions", format!("allowed: {}{purpose}", actions.join(", ")));
    }
}

/// The free space below which sorts and unpacked files may not fit.
const LITTLE_SPACE: u64 = 1 << 30;

/// Checks the folder of temporary files.
fn temporary_files(report: &mut Report) {
    let folder = std::env::temp_dir();
    let shown = folder.display();
    let written = tempfile::tempfile().and_then(|mut file| file.write_all(b"\n"));
    match (written, statvfs(&folder)) {
        (Err(error), _) => report.bad("temp files", format!("cannot write to {shown} (TMPDIR): {error}")),
        (Ok(()), Ok(space)) => {
            // The types of both differ between systems.
            #[allow(clippy::useless_conversion)]
            let free = u64::from(space.blocks_available()).saturating_mul(u64::from(space.fragment_size()));
            let words = format!("{shown} has {} MiB free", free >> 20);
            match free < LITTLE_SPACE {
                true => report.warn("temp files", format!("{words}; large files may need more (TMPDIR)")),
                false => report.good("temp files", words),
            }
        }
        (Ok(()), Err(error)) => {
            report.warn("temp files", format!("cannot see how much of {shown} is free: {error}"));
        }
    }
}

/// Reports the workers that run, and whether they are paused.
async fn workers(report: &mut Report, settings: &Settings, pool: &sqlx::PgPool) {
    // There are no tables yet, as an earlier line says, if this fails.
    let Ok(all) = workers::list(pool).await else { return };
    let queue = settings.queue_url().unwrap_or(queue::DATABASE);
    let of_queue: Vec<_> = all.iter().filter(|worker| worker.queue == queue).collect();
    let take_jobs = of_queue.iter().filter(|worker| worker.state == WorkerState::Working).count();
    let running: u64 = of_queue.iter().map(|worker| u64::from(worker.running)).sum();
    let of_queue = counted(of_queue.len() as u64, "worker");
    report.good(
        "workers",
        format!("{of_queue} of this queue, {take_jobs} taking new jobs, {running} jobs in progress"),
    );
    if let Ok(Some(pause)) = pauses::of(pool, queue).await {
        report.warn("workers", fleet::in_words(&pause));
    }
}

/// Checks the provider, if one is configured: its discovery document, and that its keys can be fetched.
async fn sign_in(report: &mut Report, settings: &Settings) {
    let oidc = match settings.serve.oidc() {
        Ok(None) => return,
        Ok(Some(oidc)) => oidc,
        Err(error) => return report.bad("sign-in", error),
    };
    let provider = match serve::provider(oidc) {
        Ok(provider) => provider,
        Err(error) => return report.bad("sign-in", with_causes(&error)),
    };
    match provider.discovered().await {
        Ok(known) => report.good("sign-in", &known.document.issuer),
        Err(error) => report.bad("sign-in", format!("OIDC_ISSUER cannot be used: {error}")),
    }
}

struct Report {
    worst: Status,
    /// The findings, if they are printed as JSON at the end.
    lines: Option<Vec<Finding>>,
}

/// A finding as JSON.
#[derive(Debug, Serialize)]
struct Finding {
    /// `ok`, `WARN` or `FAIL`.
    verdict: &'static str,
    /// What was checked.
    check: String,
    /// What was found, and what to do.
    finding: String,
}

impl Report {
    fn good(&mut self, what: &str, words: impl Display) {
        self.line("ok", what, words);
    }

    /// Reports something that works but is not as it should be. Does not make the command fail.
    fn warn(&mut self, what: &str, words: impl Display) {
        self.line("WARN", what, words);
    }

    fn bad(&mut self, what: &str, words: impl Display) {
        self.worst = Status::Failed;
        self.line("FAIL", what, words);
    }

    /// Prints a line of the report. The exit status says the same to somebody who does not read it.
    fn line(&mut self, verdict: &'static str, what: &str, words: impl Display) {
        match &mut self.lines {
            Some(lines) => {
                lines.push(Finding { verdict, check: what.to_owned(), finding: words.to_string() });
            }
            None => {
                writeln!(stdout(), "{verdict:<5} {what:<13} {words}").ok();
            }
        }
    }
}
