//! Pages over HTTP, from the request to the last byte, by turns with row-level security (the wall) and without it.

use std::fmt::Write;
use std::fs::File;
use std::net::TcpListener;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use sqlx::AssertSqlSafe;

use super::Bench;
use super::dataset::Kind;
use super::report::median;
use super::server::Server;

/// The owner of all data, and the local user of the server.
const OWNER: &str = "the-owner";
/// Turns of each page.
const TURNS: usize = 12;
/// Measured requests of a turn. One more, before them, lets the connections plan their statements again.
const REQUESTS: usize = 5;
/// Rows of a job in the shared tables.
const SHARED_ROWS: u64 = 90_000;

impl Bench {
    /// Measures the pages of a large job, of a job in the shared tables, and of the owner.
    pub(crate) async fn pages(&self) -> anyhow::Result<String> {
        let (server, rows) = (self.server(), self.rows);
        server.empty().await?;
        server.import(&self.file("clean.csv", rows, Kind::Clean)?, OWNER).await?;
        let (large, _) = server.import(&self.file("tenth.csv", rows, Kind::Broken(100))?, OWNER).await?;
        let (shared, _) =
            server.import(&self.file("shared.csv", SHARED_ROWS, Kind::Broken(100))?, OWNER).await?;
        sqlx::query("VACUUM (ANALYZE)").execute(&server.pool).await?;
        let contact: i64 = sqlx::query_scalar("SELECT max(contact_id)::bigint FROM contacts")
            .fetch_one(&server.pool)
            .await?;
        let mut pages = vec![
            ("jobs".to_owned(), "/jobs".to_owned()),
            ("contacts".to_owned(), "/contacts".to_owned()),
            ("search for contacts".to_owned(), "/contacts?text=zebra".to_owned()),
            ("contact".to_owned(), format!("/contacts/{contact}")),
            ("audit log".to_owned(), "/audit".to_owned()),
        ];
        for (label, job) in [("large job", large), ("90,000 rows", shared)] {
            let first = "SELECT min(issue_id)::bigint FROM issues WHERE issues_job_id = $1";
            let issue: i64 = sqlx::query_scalar(first).bind(job).fetch_one(&server.pool).await?;
            pages.extend([
                (format!("{label}: job"), format!("/jobs/{job}")),
                (format!("{label}: review"), format!("/jobs/{job}/review/invalid")),
                (format!("{label}: search in the review"), format!("/jobs/{job}/review/invalid?text=zebra")),
                (format!("{label}: case"), format!("/jobs/{job}/issues/{issue}")),
                (format!("{label}: discarded rows"), format!("/jobs/{job}?show=discarded")),
                (format!("{label}: issues by API"), format!("/api/v1/jobs/{job}/issues")),
                (format!("{label}: rows by API"), format!("/api/v1/jobs/{job}/rows")),
            ]);
        }
        let site = Site::start(server).await?;
        let mut table = "| page, median ms | no wall | wall |\n| --- | --- | --- |\n".to_owned();
        for (name, path) in &pages {
            let (plain, walled) = site.by_turns(server, path).await?;
            // Writing to a String cannot fail.
            let _ = writeln!(
                table,
                "| {name} | {plain:.2} | {walled:.2} ({:+.0} %) |",
                (walled / plain - 1.0) * 100.0
            );
        }
        site.stop()?;
        Ok(table)
    }
}

/// A running `ingest serve` and a client of its local user.
struct Site {
    process: Child,
    url: String,
    client: reqwest::Client,
    token: String,
}

impl Site {
    async fn start(server: &Server) -> anyhow::Result<Site> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut process = Command::new(env!("CARGO_BIN_EXE_ingest"));
        process.args(["serve", "--no-worker"]).env_clear();
        process.env("PATH", std::env::var_os("PATH").unwrap_or_default()).current_dir(&server.data);
        process.env("INGEST_DATA_DIR", &server.data).env("INGEST_OWNER", OWNER);
        process.env("LISTEN_ADDRESS", address.to_string()).env("RATE_LIMIT_PER_SECOND", "100000");
        if let Some(url) = server.database_url() {
            process.env("DATABASE_URL", url);
        }
        let log = File::create(server.data.with_file_name("serve.log"))?;
        let mut process = process.stdout(log.try_clone()?).stderr(log).spawn()?;
        let (url, client) = (format!("http://{address}"), reqwest::Client::new());
        while client.get(format!("{url}/readyz")).send().await.is_err() {
            anyhow::ensure!(process.try_wait()?.is_none(), "the server has ended");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let token = std::fs::read_to_string(server.data.join("serve.token"))?.trim().to_owned();
        Ok(Site { process, url, client, token })
    }

    /// Returns the medians of a page without the wall and with it.
    async fn by_turns(&self, server: &Server, path: &str) -> anyhow::Result<(f64, f64)> {
        let (mut plain, mut walled) = (Vec::new(), Vec::new());
        for _ in 0..TURNS {
            for (change, times) in [("DISABLE", &mut plain), ("ENABLE", &mut walled)] {
                server.row_level_security(change).await?;
                self.get(path).await?;
                for _ in 0..REQUESTS {
                    times.push(self.get(path).await?);
                }
            }
        }
        Ok((median(plain.into_iter()), median(walled.into_iter())))
    }

    /// Requests a page and returns the milliseconds that it takes.
    async fn get(&self, path: &str) -> anyhow::Result<f64> {
        let started = Instant::now();
        let answer = self.client.get(format!("{}{path}", self.url)).bearer_auth(&self.token).send().await?;
        let answer = answer.error_for_status()?;
        answer.bytes().await?;
        Ok(started.elapsed().as_secs_f64() * 1e3)
    }

    fn stop(mut self) -> anyhow::Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }
}

impl Server {
    /// Enables or disables the policies of all tables that have any.
    async fn row_level_security(&self, change: &str) -> anyhow::Result<()> {
        let tables = "SELECT DISTINCT polrelid::regclass::text FROM pg_policy";
        let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&self.pool).await?;
        anyhow::ensure!(!tables.is_empty(), "there is no wall");
        let statements =
            tables.iter().map(|table| format!("ALTER TABLE {table} {change} ROW LEVEL SECURITY;"));
        sqlx::raw_sql(AssertSqlSafe(statements.collect::<String>())).execute(&self.pool).await?;
        Ok(())
    }
}
