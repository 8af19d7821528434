//! Another program that changes rows during a recheck.

use std::time::{Duration, Instant};

use super::super::oracle;
use super::super::rig::Rig;
use super::{Outcome, Struck, Target};

/// How long the other program edits.
const EDITING: Duration = Duration::from_secs(4);

impl Target<'_> {
    /// Edits and deletes rows until the run is done; expects the result of a run that starts with these rows.
    pub(crate) async fn edits_meanwhile(&self, rng: &mut fastrand::Rng) -> Outcome {
        // Slowly, to leave time for edits.
        self.rig.database.delay(Duration::from_millis(5));
        // An edit is not a failure of the run: with a limit of one attempt, counting one would fail the job.
        let mut worker = [self.rig.worker_with(&[("MAX_RETRIES".to_owned(), "1".to_owned())])];
        let query = "SELECT staging_line FROM staging
             WHERE staging_job_id = $1 AND staging_status = 'READY' AND staging_line IS NOT NULL";
        let lines: Vec<i64> =
            sqlx::query_scalar(query).bind(self.job).fetch_all(&self.rig.world.pool).await.unwrap();
        let mut made = Vec::new();
        // A run that finds its rows changed starts again, so it ends only after the edits.
        let edited = Instant::now();
        while edited.elapsed() < EDITING && !self.work.is_done(self.rig, self.job).await {
            let line = lines[rng.usize(..lines.len())];
            let edit = match rng.bool() {
                true => format!("UPDATE staging SET staging_company = 'Edited {}'", made.len()),
                false => "DELETE FROM staging".to_owned(),
            };
            // Only rows whose status is unchanged, as a program must that shares the table with others.
            let edit = format!("{edit} WHERE staging_line = {line} AND staging_status = 'READY'");
            let done =
                sqlx::query(sqlx::AssertSqlSafe(edit.clone())).execute(&self.rig.world.pool).await.unwrap();
            if done.rows_affected() > 0 {
                made.push(edit);
            }
            tokio::time::sleep(Duration::from_millis(rng.u64(..200))).await;
        }
        self.rig.database.delay(Duration::ZERO);
        self.until_done(&mut worker).await?;
        match made.is_empty() {
            true => Ok(Struck::Missed),
            false => Ok(Struck::With(self.undisturbed_after(&made).await?)),
        }
    }

    /// Returns the end state of the work if the edits are made before it starts.
    async fn undisturbed_after(&self, edits: &[String]) -> Result<Vec<String>, String> {
        let rig = Rig::new().await;
        let job = self.work.prepare(&rig).await;
        for edit in edits {
            sqlx::query(sqlx::AssertSqlSafe(edit.clone())).execute(&rig.world.pool).await.unwrap();
        }
        self.work.request(&rig, job).await;
        self.work.finish(&rig, job).await?;
        Ok(oracle::end_state(&rig.world.pool).await)
    }
}
