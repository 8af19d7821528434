//! Whole runs beside the least that PostgreSQL can do: `psql \copy` of the prepared rows into a table of
//! the contract's shape (BASE). Everything alternates, on a private server with fsync on, and is told in
//! medians: `make bench`, or `make bench ROWS=100000` for a quick look.

#[path = "../dataset.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod dataset;
mod extremes;
mod fresh;
mod indexes;
mod kills;
mod questions;
mod report;
mod server;
mod small;
mod worker;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use dataset::{Dataset, Kind};
use report::Line;
use server::Server;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let setting = |name: &str, default: u64| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let (rows, rounds) = (setting("ROWS", 1_000_000), setting("ROUNDS", 3));
    // In the build's folder, which is on a disk; the folder for temporary files may be in memory.
    let folder = tempfile::Builder::new().prefix("bench-").tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    let server = Server::start(folder.path()).await?;
    let bench = Bench { folder: folder.path().to_owned(), server, rows };
    // All of it takes half an hour; PARTS names some of it.
    let parts =
        std::env::var("PARTS").unwrap_or_else(|_| "small,whole,extremes,questions,indexes,kills".to_owned());
    let wanted = |part: &str| parts.split(',').any(|wanted| wanted == part);
    let mut report = Report::default();
    report.add(&format!("{rows} rows, {rounds} rounds; {}", bench.server.settings().await?))?;
    if wanted("small") {
        let (middle, worst) = bench.latency(100).await?;
        let jobs = bench.many(1000).await?;
        report.add(&format!(
            "a 10-row file, message → COMPLETED: median {middle:.1} ms, 95 % within {worst:.1} ms\n\
             1,000 jobs of 100 rows, one worker: {jobs:.0} jobs/s"
        ))?;
    }
    if wanted("whole") {
        report.add(&report::table(&bench.whole_runs(rounds).await?))?;
    }
    if wanted("extremes") {
        report.add(&report::table(&bench.extremes(rounds).await?))?;
    }
    if wanted("questions") {
        report.add(&bench.questions().await?)?;
        report.add(&bench.fresh().await?)?;
    }
    if wanted("indexes") {
        report.add(&bench.indexes().await?)?;
    }
    if wanted("kills") {
        report.add(&bench.kills().await?)?;
    }
    bench.server.stop().await
}

/// What is printed stands in `target/bench.md` as well, as far as the benchmark came.
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
    server: Server,
    rows: u64,
}

impl Bench {
    /// Writes a file; the same seed for all.
    fn file(&self, name: &str, rows: u64, kind: Kind) -> anyhow::Result<PathBuf> {
        let path = self.folder.join(name);
        let mut out = BufWriter::new(File::create(&path)?);
        Dataset { rows, seed: 42, kind }.write(&mut out, None)?;
        out.flush()?;
        Ok(path)
    }

    /// The contacts that the owner of the dirty file has before.
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
        let (server, rows) = (&self.server, self.rows);
        let (clean, dirty) =
            (self.file("clean.csv", rows, Kind::Clean)?, self.file("dirty.csv", rows, Kind::Dirty)?);
        let existing = self.existing(rows)?;
        // The first run warms up, and prepares the rows of BASE.
        let (job, _) = server.import(&clean, "warm-up").await?;
        server.prepare_base(job).await?;
        let mut base = Line::new("BASE: psql \\copy into staging", rows);
        let mut imported = Line::new("clean file → COMPLETED with its contacts", rows);
        let mut reviewed = Line::new("dirty file → NEEDS_REVIEW", rows);
        let mut reprocessed = Line::new("reprocess after review → COMPLETED", rows);
        for _ in 0..rounds {
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
        }
        Ok(vec![base, imported, reviewed, reprocessed])
    }
}
