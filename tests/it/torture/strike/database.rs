//! Faults of the database and of connections to it.

use std::time::Duration;

use sqlx::{Connection, PgConnection};

use super::super::proxy::{StopEffect, StopPoint};
use super::super::rig::in_time;
use super::{AWAY, Outcome, Struck, Target, struck_if};

/// The number of connections cut in one round.
const CUTS: usize = 3;

impl Target<'_> {
    /// Crashes the server when a connection reaches the point, twice.
    pub(crate) async fn server_killed(&self, point: StopPoint, rng: &mut fastrand::Rng) -> Outcome {
        let server = self.rig.server.as_ref().expect("a server of its own");
        let mut worker = [self.rig.started_worker().await?];
        let (passes, effects): (u32, &[StopEffect]) = match point {
            StopPoint::Rows => (3, &[StopEffect::Halve, StopEffect::CutBefore]),
            StopPoint::Commit => (
                self.work.reference().await.commits,
                &[StopEffect::CutBefore, StopEffect::CutAmid, StopEffect::CutAfter],
            ),
        };
        let mut struck = Struck::Missed;
        for _ in 0..2 {
            let mut trap =
                self.rig.database.trap(point, rng.u32(..passes), effects[rng.usize(..effects.len())]);
            if self.unless_done(trap.sprung()).await.is_none() {
                break;
            }
            tokio::task::block_in_place(|| server.crash());
            drop(trap);
            tokio::time::sleep(Duration::from_millis(rng.u64(..1000))).await;
            tokio::task::block_in_place(|| server.start());
            struck = Struck::Yes;
        }
        self.until_done(&mut worker).await?;
        Ok(struck)
    }

    /// Cuts connections at COMMITs.
    pub(crate) async fn commit_unanswered(&self, rng: &mut fastrand::Rng) -> Outcome {
        let mut process = match self.work.is_of_worker() {
            true => self.rig.started_worker().await?,
            false => self.start(),
        };
        let mut struck = Struck::Missed;
        for _ in 0..CUTS {
            let mut trap = self.cut_at_commit(rng).await;
            let ended = async {
                tokio::select! {
                    () = trap.sprung() => true,
                    _ = process.wait() => false,
                }
            };
            match self.unless_done(ended).await {
                Some(true) => struck = Struck::Yes,
                // A command fails when its connection is cut; `finish` runs it again.
                Some(false) | None => break,
            }
        }
        match self.work.is_of_worker() {
            true => self.until_done(&mut [process]).await?,
            false => {
                process.wait().await;
                Struck::Yes
            }
        };
        Ok(struck)
    }

    /// Changes a setting of the database for a while and closes all connections.
    pub(crate) async fn database_altered(&self, to: &str, back: &str, rng: &mut fastrand::Rng) -> Outcome {
        let mut worker = [self.rig.started_worker().await?];
        let Some(()) = self.unless_done(self.wait_randomly(rng)).await else {
            self.until_done(&mut worker).await?;
            return Ok(Struck::Missed);
        };
        self.rig.alter_database(to).await;
        self.rig.database.cut();
        tokio::time::sleep(AWAY).await;
        self.rig.alter_database(back).await;
        self.rig.database.cut();
        self.until_done(&mut worker).await
    }

    /// Fills the database's disk until the program has noticed.
    pub(crate) async fn disk_full(&self, rng: &mut fastrand::Rng) -> Outcome {
        let disk = self.rig.disk.as_ref().expect("a small disk");
        let mut worker = [self.rig.started_worker().await?];
        self.unless_done(self.wait_randomly(rng)).await;
        let log = self.rig.log();
        disk.fill();
        let noticed = tokio::time::timeout(2 * AWAY, log.wait_for_line(&["53100"])).await.is_ok();
        disk.make_room();
        self.until_done(&mut worker).await?;
        Ok(struck_if(noticed))
    }

    /// Locks the rows and then the job, while a run locks the job and then the rows.
    pub(crate) async fn deadlock(&self) -> Outcome {
        let options = self.rig.admin_options();
        let mut other = PgConnection::connect_with(&options).await.unwrap();
        // The server may not detect the deadlock: the run waits for the rows on one connection and locks the job on
        // another. If the server does, it aborts the transaction that detects it, which is not this one.
        let lock = "SET deadlock_timeout = '1h'; BEGIN;
            UPDATE staging SET staging_company = staging_company WHERE staging_status = 'READY'";
        sqlx::raw_sql(lock).execute(&mut other).await.unwrap();
        let mut worker = [self.rig.worker()];
        let waits = async {
            let query = "SELECT EXISTS (SELECT FROM pg_stat_activity \
                WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0)";
            while !sqlx::query_scalar(query).fetch_one(&self.rig.world.pool).await.unwrap_or(false) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        in_time("the run waits for the other program", waits).await?;
        let update =
            sqlx::query("UPDATE jobs SET job_original_filename = job_original_filename WHERE job_id = $1");
        let update = update.bind(self.job).execute(&mut other);
        in_time("the deadlock is broken", update)
            .await?
            .map_err(|error| format!("the other program: {error}"))?;
        other.close().await.unwrap();
        self.until_done(&mut worker).await
    }

    /// Delays all traffic to and from the database.
    pub(crate) async fn database_slow(&self) -> Outcome {
        self.rig.database.delay(Duration::from_millis(25));
        self.until_done(&mut [self.rig.worker()]).await?;
        self.rig.database.delay(Duration::ZERO);
        Ok(Struck::Yes)
    }
}
