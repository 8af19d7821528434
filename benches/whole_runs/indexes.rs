//! The cost of each index: contacts loaded with all indexes and without one, and a large job's indexes built one by
//! one.

use std::fmt::Write;
use std::time::Instant;

use super::Bench;
use super::dataset::Kind;
use super::report::median;

/// The number of loads with each set of indexes.
const ROUNDS: usize = 3;

impl Bench {
    /// Returns the table of costs.
    pub(crate) async fn indexes(&self) -> anyhow::Result<String> {
        let mut report = String::from("| index | measured | seconds | share |\n| --- | --- | --- | --- |\n");
        self.contacts(&mut report).await?;
        self.large_job(&mut report).await?;
        Ok(report)
    }

    async fn contacts(&self, report: &mut String) -> anyhow::Result<()> {
        let (server, pool) = (self.server(), &self.server().pool);
        server.empty().await?;
        server.import(&self.file("clean.csv", self.rows, Kind::Clean)?, "indexes").await?;
        sqlx::raw_sql("CREATE TABLE prepared AS SELECT * FROM contacts ORDER BY contact_key")
            .execute(pool)
            .await?;
        let query = "SELECT indexname::text, indexdef FROM pg_indexes
             WHERE tablename = 'contacts' AND indexname <> 'contacts_pkey'";
        let indexes: Vec<(String, String)> = sqlx::query_as(query).fetch_all(pool).await?;
        let mut with_all = Vec::new();
        let mut without: Vec<Vec<f64>> = vec![Vec::new(); indexes.len()];
        for _ in 0..ROUNDS {
            with_all.push(self.load().await?);
            for ((name, definition), times) in indexes.iter().zip(&mut without) {
                run(pool, &format!("TRUNCATE contacts; DROP INDEX {name}")).await?;
                times.push(self.load().await?);
                run(pool, &format!("TRUNCATE contacts; {definition}")).await?;
            }
        }
        run(pool, "DROP TABLE prepared").await?;
        let all = median(with_all.into_iter());
        let _ =
            writeln!(report, "| all of contacts | {} contacts, by INSERT … SELECT | {all:.2} | |", self.rows);
        for ((name, _), times) in indexes.iter().zip(without) {
            let saved = all - median(times.into_iter());
            let _ = writeln!(report, "| {name} | of that | {saved:.2} | {:.0} % |", 100.0 * saved / all);
        }
        Ok(())
    }

    /// Returns the processor seconds that the server needs to load all prepared contacts.
    async fn load(&self) -> anyhow::Result<f64> {
        run(&self.server().pool, "TRUNCATE contacts; CHECKPOINT").await?;
        let before = self.server().cpu()?;
        run(&self.server().pool, "INSERT INTO contacts OVERRIDING SYSTEM VALUE SELECT * FROM prepared")
            .await?;
        Ok(self.server().cpu()? - before)
    }

    async fn large_job(&self, report: &mut String) -> anyhow::Result<()> {
        let pool = &self.server().pool;
        self.server().empty().await?;
        let (job, _) =
            self.server().import(&self.file("broken.csv", self.rows, Kind::Broken(1000))?, "indexes").await?;
        let query = "SELECT indexname::text FROM pg_indexes WHERE tablename LIKE '%\\_job\\_' || $1
             ORDER BY tablename, indexname";
        let indexes: Vec<String> = sqlx::query_scalar(query).bind(job.to_string()).fetch_all(pool).await?;
        for name in indexes {
            let started = Instant::now();
            run(pool, &format!("REINDEX INDEX {name}")).await?;
            let seconds = started.elapsed().as_secs_f64();
            let _ = writeln!(report, "| {name} | {} entries, built in bulk | {seconds:.2} | |", self.rows);
        }
        Ok(())
    }
}

async fn run(pool: &sqlx::PgPool, statements: &str) -> anyhow::Result<()> {
    // CHECKPOINT cannot run in a transaction.
    for statement in statements.split("; ") {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement.to_owned())).execute(pool).await?;
    }
    Ok(())
}
