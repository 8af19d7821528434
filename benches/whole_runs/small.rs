//! Small jobs: how long a person waits, and how many jobs a worker processes per second.

use std::fmt::Write;
use std::time::Duration;

use super::Bench;
use super::dataset::Kind;
use super::report::median;
use super::server::Server;

/// 10-row files per round, one after the other.
const FILES: u32 = 100;
/// Jobs per round that are available to a worker at once.
const JOBS: usize = 1_000;

impl Bench {
    /// Imports 10-row files, and jobs of 100 rows that are requested together, alternating between the servers.
    pub(crate) async fn small(&self, rounds: u64) -> anyhow::Result<String> {
        let mut figures = vec![(Vec::new(), Vec::new()); self.servers.len()];
        for _ in 0..rounds {
            for (server, (milliseconds, rates)) in self.servers.iter().zip(&mut figures) {
                milliseconds.extend(self.latencies(server).await?);
                rates.push(self.rate(server).await?);
            }
        }
        let mut table = "| database | a 10-row file, message → COMPLETED, ms: median | 95 % within | 1,000 jobs of 100 rows, \
                         one worker, jobs/s: median | min–max |\n| --- | --- | --- | --- | --- |\n"
            .to_owned();
        for (server, (mut milliseconds, mut rates)) in self.servers.iter().zip(figures) {
            milliseconds.sort_by(f64::total_cmp);
            rates.sort_by(f64::total_cmp);
            // Writing to a String cannot fail.
            let _ = writeln!(
                table,
                "| {} | {:.1} | {:.1} | {:.0} | {:.0}–{:.0} |",
                server.setting.name(),
                median(milliseconds.iter().copied()),
                milliseconds[milliseconds.len() * 95 / 100],
                median(rates.iter().copied()),
                rates[0],
                rates[rates.len() - 1],
            );
        }
        Ok(table)
    }

    /// Returns the milliseconds from the message to COMPLETED of 10-row files, one after the other.
    async fn latencies(&self, server: &Server) -> anyhow::Result<Vec<f64>> {
        let file = self.file("ten.csv", 10, Kind::Clean)?;
        server.empty().await?;
        let mut worker = server.idle_worker().await?;
        let mut milliseconds = Vec::new();
        for run in 0..FILES {
            let job = server.upload(&file, &format!("ten-{run}")).await?;
            server.want(&[job]).await?;
            milliseconds.push(server.ended(&[job], &mut worker).await? * 1000.0);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        worker.kill()?;
        worker.wait()?;
        Ok(milliseconds)
    }

    /// Returns the jobs per second of one worker.
    async fn rate(&self, server: &Server) -> anyhow::Result<f64> {
        let file = self.file("hundred.csv", 100, Kind::Clean)?;
        server.empty().await?;
        let mut ids = Vec::new();
        for number in 0..JOBS {
            ids.push(server.upload(&file, &format!("hundred-{number}")).await?);
        }
        server.checkpoint().await?;
        let mut worker = server.idle_worker().await?;
        server.want(&ids).await?;
        let seconds = server.ended(&ids, &mut worker).await?;
        worker.kill()?;
        worker.wait()?;
        Ok(JOBS as f64 / seconds)
    }
}
