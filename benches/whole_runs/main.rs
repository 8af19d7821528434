//! Whole runs compared with the minimum that PostgreSQL needs: `psql \copy` of the prepared rows into a table of the
//! contract's shape (BASE). Runs alternate, also between a private server and one as database hosts run it, both with
//! fsync on, and are reported as medians: `make bench`, or `make bench ROWS=100000` for a quick run.

mod columns;
mod cost;
#[path = "../dataset.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod dataset;
mod extremes;
mod fleet;
mod fresh;
mod growth;
mod history;
mod hosted;
mod idle;
mod indexes;
mod kills;
mod pages;
mod questions;
mod report;
mod search;
mod server;
mod small;
mod worker;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use dataset::{Dataset, Kind};
use report::Line;
use server::{Server, Setting};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let setting = |name: &str, default: u64| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let (rows, rounds) = (setting("ROWS", 1_000_000), setting("ROUNDS", 3));
    // In the build folder, which is on a disk; the folder for temporary files may be in memory.
    let folder = tempfile::Builder::new().prefix("bench-").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    let settings = Setting::list(&std::env::var("SETTINGS").unwrap_or_else(|_| "socket,tcp".to_owned()))?;
    let mut servers = Vec::new();
    for setting in settings {
        servers.push(Server::start(folder.path(), setting).await?);
    }
    let bench = Bench { folder: folder.path().to_owned(), servers, rows };
    // All parts take an hour; PARTS selects some.
    let parts = std::env::var("PARTS").unwrap_or_else(|_| {
        "small,whole,columns,extremes,questions,search,pages,fresh,growth,history,indexes,kills".to_owned()
    });
    let wanted = |part: &str| parts.split(',').any(|wanted| wanted == part);
    let mut report = Report::default();
    report.add(&format!("{rows} rows, {rounds} rounds; {}", bench.server().settings().await?))?;
    if wanted("small") {
        report.add(&bench.small(rounds).await?)?;
    }
    if wanted("whole") {
        report.add(&report::table(&bench.whole_runs(rounds).await?))?;
    }
    if wanted("columns") {
        report.add(&bench.columns(rounds).await?)?;
    }
    if wanted("extremes") {
        report.add(&report::table(&bench.extremes(rounds).await?))?;
    }
    if wanted("questions") {
        report.add(&bench.questions().await?)?;
    }
    if wanted("search") {
        report.add(&bench.search(rounds).await?)?;
    }
    if wanted("pages") {
        report.add(&bench.pages().await?)?;
    }
    if wanted("fresh") {
        report.add(&bench.fresh().await?)?;
    }
    if wanted("growth") {
        report.add(&bench.growth(rounds).await?)?;
    }
    if wanted("history") {
        report.add(&bench.history().await?)?;
    }
    if wanted("indexes") {
        report.add(&bench.indexes().await?)?;
    }
    if wanted("fleet") {
        report.add(&bench.fleet().await?)?;
    }
    if wanted("kills") {
        report.add(&bench.kills().await?)?;
    }
    for server in bench.servers {
        server.stop().await?;
    }
    Ok(())
}

/// Prints text, and writes all of it so far to `target/bench.md`.
#[derive(Default)]
struct Report(String);

impl Report {
    fn add(&mut self, text: &str) -> anyhow::Result<()> {
        println!("{text}\n");
        self.0.push_str(text);
        self.0.push_str("\n\n");
        Ok(std::fs::write(concat!(env!("CARGO_TARGET_TMPDIR"), "/../bench.md"), &self.0)?)
    }
}

struct Bench {
    folder: PathBuf,
    /// At least one.
    servers: Vec<Server>,
    rows: u64,
}

impl Bench {
    /// Returns the server of parts that run in one setting only.
    fn server(&self) -> &Server {
        &self.servers[0]
    }

    /// Writes a file; all files have the same seed.
    fn file(&self, name: &str, rows: u64, kind: Kind) -> anyhow::Result<PathBuf> {
        let path = self.folder.join(name);
        let mut out = BufWriter::new(File::create(&path)?);
        Dataset { rows, seed: 42, kind }.write(&mut out, None)?;
        out.flush()?;
        Ok(path)
    }

    /// Writes the contacts that the owner of the dirty file already has.
    fn existing(&self, rows: u64) -> anyhow::Result<PathBuf> {
        let path = self.folder.join(format!("existing-{rows}.csv"));
        let mut out = BufWriter::new(File::create(&path)?);
        writeln!(out, "email,first_name,last_name,company")?;
        for values in (Dataset { rows, seed: 42, kind: Kind::Dirty }).existing() {
            writeln!(out, "{}", values.join(","))?;
        }
        out.flush()?;
        Ok(path)
    }

    async fn whole_runs(&self, rounds: u64) -> anyhow::Result<Vec<Line>> {
        let rows = self.rows;
        let (clean, dirty) =
            (self.file("clean.csv", rows, Kind::Clean)?, self.file("dirty.csv", rows, Kind::Dirty)?);
        let existing = self.existing(rows)?;
        let mut lines = Vec::new();
        for server in &self.servers {
            // The first run warms up and prepares the rows of BASE.
            let (job, _) = server.import(&clean, "warm-up").await?;
            server.prepare_base(job).await?;
            lines.push([
                Line::new("BASE: psql \\copy into staging", server.setting, rows),
                Line::new("clean file → COMPLETED with its contacts", server.setting, rows),
                Line::new("dirty file → NEEDS_REVIEW", server.setting, rows),
                Line::new("reprocess after review → COMPLETED", server.setting, rows),
            ]);
        }
        for _ in 0..rounds {
            for (server, [base, imported, reviewed, reprocessed]) in self.servers.iter().zip(&mut lines) {
                server.empty().await?;
                base.push(server.base().await?);
                imported.push(server.import(&clean, "clean").await?.1);
                base.push(server.base().await?);
                server.import(&existing, "dirty").await?;
                let (job, cost) = server.import(&dirty, "dirty").await?;
                reviewed.push(cost);
                server.discard_issues(job).await?;
                base.push(server.base().await?);
                reprocessed.push(server.work(job).await?);
                // Leaves nothing for autovacuum to do while the other server is measured.
                server.empty().await?;
            }
        }
        Ok(lines.into_iter().flatten().collect())
    }
}
