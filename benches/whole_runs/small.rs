//! Small jobs: what a person waits for, and how many of them a worker gets through.

use std::time::Duration;

use super::Bench;
use super::dataset::Kind;
use super::report::median;

impl Bench {
    /// A 10-row file from its message to COMPLETED, one after the other: median, and the worst but five
    /// in a hundred, in milliseconds.
    pub async fn latency(&self, runs: u32) -> anyhow::Result<(f64, f64)> {
        let file = self.file("ten.csv", 10, Kind::Clean)?;
        self.server.empty().await?;
        let mut worker = self.server.idle_worker().await?;
        let mut milliseconds = Vec::new();
        for run in 0..runs {
            let job = self.server.upload(&file, &format!("ten-{run}")).await?;
            self.server.want(&[job]).await?;
            milliseconds.push(self.server.ended(&[job], &mut worker).await? * 1000.0);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        worker.kill()?;
        worker.wait()?;
        milliseconds.sort_by(f64::total_cmp);
        let worst = milliseconds[milliseconds.len() * 95 / 100];
        Ok((median(milliseconds.into_iter()), worst))
    }

    /// Jobs of 100 rows, all wanted at once, through one worker: jobs a second.
    pub async fn many(&self, jobs: usize) -> anyhow::Result<f64> {
        let file = self.file("hundred.csv", 100, Kind::Clean)?;
        self.server.empty().await?;
        let mut ids = Vec::new();
        for number in 0..jobs {
            ids.push(self.server.upload(&file, &format!("hundred-{number}")).await?);
        }
        self.server.settle().await?;
        let mut worker = self.server.idle_worker().await?;
        self.server.want(&ids).await?;
        let seconds = self.server.ended(&ids, &mut worker).await?;
        worker.kill()?;
        worker.wait()?;
        Ok(jobs as f64 / seconds)
    }
}
