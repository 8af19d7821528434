//! The resources of a server at rest, measured from outside.

use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::PgPool;

use crate::support::Server;

/// A quantity that must not grow: its name, the growth allowed beyond a fifth, and its value in a sample.
type Quantity = (&'static str, f64, fn(&Sample) -> f64);

const QUANTITIES: [Quantity; 9] = [
    ("memory MiB", 24.0, |sample| sample.memory_mib),
    ("threads", 4.0, |sample| sample.threads),
    ("open files", 8.0, |sample| sample.open_files),
    ("connections", 4.0, |sample| sample.connections),
    ("locks", 0.0, |sample| sample.locks),
    ("temporary files", 0.0, |sample| sample.temporary_files),
    ("stored files", 0.0, |sample| sample.stored_files),
    ("tables", 0.0, |sample| sample.tables),
    ("tables MiB", 8.0, |sample| sample.tables_mib),
];

/// The resources of a server.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    at: Duration,
    memory_mib: f64,
    /// Its peak memory.
    peak_mib: f64,
    threads: f64,
    open_files: f64,
    connections: f64,
    locks: f64,
    temporary_files: f64,
    stored_files: f64,
    tables: f64,
    /// The size of all tables but the audit trail, with their indexes and dead rows.
    tables_mib: f64,
    /// The size of the audit trail, which grows with what people do.
    trail_mib: f64,
    /// Rows that should have been deleted with the jobs.
    rows_left: i64,
}

/// Measures one server.
pub(super) struct Gauge<'s> {
    server: &'s Server,
    process: u32,
}

impl<'s> Gauge<'s> {
    /// Returns a gauge for this server.
    pub(super) fn new(server: &'s Server) -> Gauge<'s> {
        Gauge { server, process: server.process_id() }
    }

    fn pool(&self) -> &PgPool {
        &self.server.world.pool
    }

    /// Whether the server runs no statement and has no open transaction.
    pub(super) async fn is_at_rest(&self) -> bool {
        let query = "SELECT count(*) FROM pg_stat_activity
                     WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
                       AND state <> 'idle'";
        self.number(query).await == 0
    }

    /// Takes a sample. Vacuums first: dead rows that remain are still visible to a transaction.
    pub(super) async fn sample(&self, started: Instant) -> Sample {
        sqlx::query("VACUUM").execute(self.pool()).await.unwrap();
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process)).unwrap();
        let figure = |name: &str| -> f64 {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.split_whitespace().next().unwrap().parse().unwrap()
        };
        let ours = "n.nspname = 'public' AND c.relkind IN ('r', 'p')";
        let of_trail = "c.relname LIKE 'action%'";
        let size = |which: &str| {
            format!(
                "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c
                 JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {ours} AND {which}"
            )
        };
        let mib = |bytes: i64| bytes as f64 / f64::from(1 << 20);
        Sample {
            at: started.elapsed(),
            memory_mib: figure("VmRSS:") / 1024.0,
            peak_mib: figure("VmHWM:") / 1024.0,
            threads: figure("Threads:"),
            open_files: files(Path::new(&format!("/proc/{}/fd", self.process))) as f64,
            connections: self
                .number("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
                .await as f64,
            locks: self
                .number(
                    "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database
                     WHERE datname = current_database() AND locktype = 'advisory'",
                )
                .await as f64,
            temporary_files: files(&self.server.world.path("tmp")) as f64,
            stored_files: files(&self.server.world.path("data/objects")) as f64,
            tables: self
                .number(&format!(
                    "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {ours}"
                ))
                .await as f64,
            tables_mib: mib(self.number(&size(&format!("NOT {of_trail}"))).await),
            trail_mib: mib(self.number(&size(of_trail)).await),
            rows_left: self
                .number(
                    "SELECT (SELECT count(*) FROM jobs) + (SELECT count(*) FROM staging) + (SELECT count(*) FROM issues)
                          + (SELECT count(*) FROM contacts) + (SELECT count(*) FROM browser_sessions)
                          + (SELECT count(*) FROM pending_sign_ins)",
                )
                .await,
        }
    }

    async fn number(&self, query: &str) -> i64 {
        sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_one(self.pool()).await.unwrap()
    }
}

/// Counts the files in a folder and its subfolders.
fn files(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(
            |entry| {
                if entry.path().is_dir() && !entry.path().is_symlink() { files(&entry.path()) } else { 1 }
            },
        )
        .sum()
}

impl Sample {
    /// Describes the sample in one line, for whoever watches.
    pub(super) fn line(&self, round: usize) -> String {
        let figures = QUANTITIES.map(|(name, _, of)| format!("{name} {:.0}", of(self)));
        format!(
            "round {round}, {:.1} min: {}, peak MiB {:.0}, trail MiB {:.1}, rows left {}",
            self.at.as_secs_f64() / 60.0,
            figures.join(", "),
            self.peak_mib,
            self.trail_mib,
            self.rows_left
        )
    }
}

/// Returns the maximum of each third of the samples, as a table in Markdown.
pub(super) fn table(samples: &[Sample]) -> String {
    let mut lines = vec![
        format!("{} rounds in {:.1} minutes, at rest after each", samples.len(), minutes(samples)),
        String::new(),
        "| | first third | second | last |".to_owned(),
        "| --- | ---: | ---: | ---: |".to_owned(),
    ];
    for (name, _, of) in QUANTITIES {
        let [first, second, last] = thirds(samples, of);
        lines.push(format!("| {name} | {first:.1} | {second:.1} | {last:.1} |"));
    }
    let last = samples.last().unwrap();
    lines.push(format!(
        "\npeak memory {:.0} MiB; the audit trail has {:.1} MiB",
        last.peak_mib, last.trail_mib
    ));
    lines.join("\n")
}

fn minutes(samples: &[Sample]) -> f64 {
    samples.last().map_or(0.0, |sample| sample.at.as_secs_f64() / 60.0)
}

fn thirds(samples: &[Sample], of: fn(&Sample) -> f64) -> [f64; 3] {
    let third = samples.len() / 3;
    let (first, rest) = samples.split_at(third);
    let (second, last) = rest.split_at(third);
    [first, second, last].map(|part| part.iter().map(of).fold(0.0, f64::max))
}

/// Fails if a quantity is higher in the last third than in the second, or if something remains that should not.
pub(super) fn assert_flat(samples: &[Sample]) {
    let mut wrong = Vec::new();
    for (name, slack, of) in QUANTITIES {
        let [_, second, last] = thirds(samples, of);
        if last > second * 1.2 + slack {
            wrong.push(format!("{name} grew from {second:.1} to {last:.1}"));
        }
    }
    for (round, sample) in samples.iter().enumerate() {
        if sample.rows_left + sample.temporary_files as i64 > 0 {
            wrong.push(format!("remains after a round: {}", sample.line(round)));
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), table(samples));
}
