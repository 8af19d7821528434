//! Another program that changes rows while they are judged again.

use std::time::{Duration, Instant};

use super::super::oracle;
use super::super::rig::Rig;
use super::{Outcome, Struck, Target};

/// How long the other program edits.
const EDITING: Duration = Duration::from_secs(4);

impl Target<'_> {
    /// Edits and deletes rows until the run is done; expects what a run does that finds them so.
    pub(crate) async fn edits_meanwhile(&self, rng: &mut fastrand::Rng) -> Outcome {
        // Slowly, so that there is time to edit in.
        self.rig.database.delay(Duration::from_millis(5));
        // An edit is no failure of the run: with one try, each that counted would end the job.
        let mut worker = [self.rig.worker_with(&[("MAX_RETRIES".to_owned(), "1".to_owned())])];
        let query = "SELECT staging_line FROM staging WHERE staging_job_id = $1 AND staging_status = 'READY' AND staging_line IS NOT NULL";
        let lines: Vec<i64> =
            sqlx::query_scalar(query).bind(self.job).fetch_all(&self.rig.world.pool).await.unwrap();
        let mut made = Vec::new();
        // A run that finds its rows changed starts again, so it ends only after the edits have.
        let edited = Instant::now();
        while edited.elapsed() < EDITING && !self.work.is_done(self.rig, self.job).await {
            let line = lines[rng.usize(..lines.len())];
            let edit = match rng.bool() {
                true => format!("UPDATE staging SET staging_company = 'Edited {}'", made.len()),
                false => "DELETE FROM staging".to_owned(),
            };
            // Careful, as a program must be that others share the table with.
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

    /// What the work comes to when the edits are made before it begins.
    async fn undisturbed_after(&self, edits: &[String]) -> Result<Vec<String>, String> {
        let rig = Rig::new().await;
        let job = self.work.prepare(&rig).await;
        for edit in edits {
            sqlx::query(sqlx::AssertSqlSafe(edit.clone())).execute(&rig.world.pool).await.unwrap();
        }
        self.work.ask(&rig, job).await;
        self.work.finish(&rig, job).await?;
        Ok(oracle::end_state(&rig.world.pool).await)
    }
}
