//! Workers killed at random instants: the end state must be that of an uninterrupted run.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use super::Bench;
use super::dataset::Kind;
use super::server::Server;

/// Jobs of each file, each killed once.
const KILLS: usize = 10;

impl Bench {
    /// Kills a worker ten times in a clean file and ten times in a dirty one.
    pub(crate) async fn kills(&self) -> anyhow::Result<String> {
        let mut report =
            "| file | killed after, seconds | how often not in the middle of the run | end states equal |\n\
                        | --- | --- | --- | --- |\n"
                .to_owned();
        let existing = self.existing(self.rows)?;
        for (name, kind) in [("clean", Kind::Clean), ("dirty", Kind::Dirty)] {
            let file = self.file("killed.csv", self.rows, kind)?;
            let before = (name == "dirty").then_some(existing.as_path());
            self.server().empty().await?;
            let (expected, whole) = self.server().undisturbed(&file, before).await?;
            let (mut instants, mut late) = (Vec::new(), 0);
            for _ in 0..KILLS {
                let after = whole.mul_f64(uuid::Uuid::new_v4().as_u128() as f64 / u128::MAX as f64);
                self.server().empty().await?;
                let (found, in_time) = self.server().disturbed(&file, before, after).await?;
                anyhow::ensure!(
                    found == expected,
                    "{name}, killed after {after:?}: {found:?}, not {expected:?}"
                );
                late += usize::from(!in_time);
                instants.push(after.as_secs_f64());
            }
            instants.sort_by(f64::total_cmp);
            let instants: Vec<String> = instants.iter().map(|seconds| format!("{seconds:.2}")).collect();
            // Writing to a String cannot fail.
            let _ = writeln!(report, "| {name} | {} | {late} | {KILLS} of {KILLS} |", instants.join(", "));
        }
        Ok(report)
    }
}

/// What a job leaves: a count and a checksum for each kind of data.
type EndState = Vec<(String, i64, String)>;

impl Server {
    async fn prepared_job(&self, file: &Path, before: Option<&Path>) -> anyhow::Result<i32> {
        if let Some(existing) = before {
            self.import(existing, "killed").await?;
        }
        self.upload(file, "killed").await
    }

    async fn undisturbed(&self, file: &Path, before: Option<&Path>) -> anyhow::Result<(EndState, Duration)> {
        let job = self.prepared_job(file, before).await?;
        let cost = self.work(job).await?;
        Ok((self.end_state(job).await?, Duration::from_secs_f64(cost.seconds)))
    }

    /// Returns the end state, and whether the worker was killed before the end.
    async fn disturbed(
        &self,
        file: &Path,
        before: Option<&Path>,
        after: Duration,
    ) -> anyhow::Result<(EndState, bool)> {
        let job = self.prepared_job(file, before).await?;
        let mut worker = self.idle_worker_to_kill().await?;
        self.want(&[job]).await?;
        tokio::time::sleep(after).await;
        worker.kill()?;
        worker.wait()?;
        let ended = "SELECT job_process_end IS NOT NULL FROM jobs WHERE job_id = $1";
        let ended: bool = sqlx::query_scalar(ended).bind(job).fetch_one(&self.pool).await?;
        if !ended {
            // The job is free when the lease of the killed worker has expired, seconds later.
            let mut next = self.idle_worker_to_kill().await?;
            self.ended(&[job], &mut next).await?;
            next.kill()?;
            next.wait()?;
        }
        Ok((self.end_state(job).await?, !ended))
    }

    async fn end_state(&self, job: i32) -> anyhow::Result<EndState> {
        let query = "SELECT kind, count(*), sum(hashtextextended(words, 0)::numeric)::text FROM (
                 SELECT 'row' AS kind, concat_ws('|', staging_line, staging_status, staging_row_hash, staging_email,
                        staging_first_name, staging_last_name, staging_company) AS words FROM staging WHERE staging_job_id = $1
                 UNION ALL
                 SELECT 'issue', concat_ws('|', issue_type, issue_key, issue_resolved, issue_description)
                 FROM issues WHERE issues_job_id = $1
                 UNION ALL
                 SELECT 'item', concat_ws('|', issue_type, issue_key, staging_line)
                 FROM issues JOIN issue_items ON item_issue_id = issue_id JOIN staging ON staging_id = item_staging_id
                 WHERE issues_job_id = $1
                 UNION ALL
                 SELECT 'contact', concat_ws('|', staging_line, contact_email, contact_first_name,
                     contact_last_name, contact_company)
                 FROM contacts JOIN staging USING (staging_id) WHERE staging_job_id = $1
                 UNION ALL
                 SELECT 'job', concat_ws('|', job_status, job_total_rows, job_processed_rows, job_issue_count,
                     job_repeated_rows)
                 FROM jobs WHERE job_id = $1) AS found
             GROUP BY kind ORDER BY kind";
        Ok(sqlx::query_as(query).bind(job).fetch_all(&self.pool).await?)
    }
}
