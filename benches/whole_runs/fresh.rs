//! Decisions about jobs that have just been imported, beside many contacts and without fresh statistics, and undos of
//! imports.

use std::fmt::Write;
use std::time::Instant;

use ingest::actions::{self, Request};
use ingest::domain::decision::{Decision, Filter};
use ingest::domain::job::{JobId, Owner};
use ingest::domain::merge::Merge;
use ingest::domain::rules::IssueType;
use ingest::store::OwnerPool;
use sqlx::AssertSqlSafe;

use super::Bench;
use super::dataset::Kind;

/// Rows of jobs in the shared tables.
const SIZES: [u64; 3] = [5_000, 20_000, 80_000];
/// Tables that autovacuum would process within a minute or two.
const TABLES: [&str; 4] = ["staging", "issues", "issue_items", "contacts"];

impl Bench {
    /// Times decisions and undos, with autovacuum off.
    pub(crate) async fn fresh(&self) -> anyhow::Result<String> {
        let (server, rows) = (self.server(), self.rows);
        server.empty().await?;
        self.autovacuum("SET (autovacuum_enabled = false)").await?;
        let owners = OwnerPool::new(server.pool.clone(), server.pool.clone());
        let (many, import) = server.import(&self.file("many.csv", rows, Kind::Clean)?, "the-owner").await?;
        let mut answers: Vec<(&'static str, Vec<f64>)> = Vec::new();
        for size in SIZES {
            for (work, seconds) in self.of_size(&owners, size).await? {
                match answers.iter_mut().find(|(known, _)| *known == work) {
                    Some((_, times)) => times.push(seconds),
                    None => answers.push((work, vec![seconds])),
                }
            }
        }
        let started = Instant::now();
        actions::undo_import(&owners, &request("the-owner"), JobId(many.into())).await?;
        let undo = started.elapsed().as_secs_f64();
        self.autovacuum("RESET (autovacuum_enabled)").await?;

        let mut table = format!(
            "| a job just imported beside {rows} contacts, ms | 5,000 rows | 20,000 | 80,000 |\n| --- | --- | --- | --- |\n"
        );
        for (work, times) in &answers {
            let times: Vec<String> = times.iter().map(|seconds| format!("{:.0}", seconds * 1e3)).collect();
            // Writing to a String cannot fail.
            let _ = writeln!(table, "| {work} | {} |", times.join(" | "));
        }
        let _ = writeln!(
            table,
            "\nimport of {rows} rows {:.2} s, its undo {undo:.2} s: {:.2} times as long",
            import.seconds,
            undo / import.seconds
        );
        Ok(table)
    }

    async fn autovacuum(&self, change: &str) -> anyhow::Result<()> {
        for table in TABLES {
            let statement = AssertSqlSafe(format!("ALTER TABLE {table} {change}"));
            sqlx::raw_sql(statement).execute(&self.server().pool).await?;
        }
        Ok(())
    }

    async fn of_size(&self, owners: &OwnerPool, size: u64) -> anyhow::Result<Vec<(&'static str, f64)>> {
        let server = self.server();
        let (owner, mut times) = (request("the-owner"), Vec::new());
        macro_rules! time {
            ($work:literal, $doing:expr) => {{
                let started = Instant::now();
                let done = $doing.await?;
                times.push(($work, started.elapsed().as_secs_f64()));
                done
            }};
        }
        let file = self.file(&format!("broken-{size}.csv"), size, Kind::Broken(1000))?;
        let job = JobId(server.import(&file, "the-owner").await?.0.into());
        let all = Filter { issue_type: Some(IssueType::InvalidEmail), ..Filter::default() };
        let discard = Decision::Discard;
        time!(
            "preview: discard rows with an issue each",
            actions::preview(owners, &owner.owner, job, &all, &discard)
        );
        let done = time!("discard them", actions::decide(owners, &owner, job, &all, &discard));
        let action = done.action.ok_or_else(|| anyhow::anyhow!("nothing was discarded"))?;
        time!("undo that", actions::undo(owners, &owner, action));

        let file = self.file(&format!("same-{size}.csv"), size, Kind::OneAddress)?;
        let job = JobId(server.import(&file, "the-owner").await?.0.into());
        let all = Filter { issue_type: Some(IssueType::DuplicateEmail), ..Filter::default() };
        let merge = Decision::Merge(Merge::default());
        time!(
            "preview: merge rows with one address",
            actions::preview(owners, &owner.owner, job, &all, &merge)
        );
        let done = time!("merge them", actions::decide(owners, &owner, job, &all, &merge));
        let action = done.action.ok_or_else(|| anyhow::anyhow!("nothing was merged"))?;
        time!("undo the merge", actions::undo(owners, &owner, action));

        let file = self.file(&format!("clean-{size}.csv"), size, Kind::Clean)?;
        let job = JobId(server.import(&file, "another").await?.0.into());
        time!("undo an import", actions::undo_import(owners, &request("another"), job));
        Ok(times)
    }
}

fn request(owner: &str) -> Request {
    Request { owner: Owner(owner.to_owned()), actor: owner.to_owned(), idempotency: None }
}
