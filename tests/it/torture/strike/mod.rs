//! How each fault strikes.

mod cloud;
mod database;
mod edits;
mod processes;

use std::time::Duration;

use nix::sys::signal::Signal;

use crate::support::Child;

use super::fault::Fault;
use super::injector::Injection;
use super::proxy::{StopEffect, StopPoint, Trap};
use super::rig::{Rig, in_time, stop};
use super::work::Work;

/// How long a server or service is unavailable.
const AWAY: Duration = Duration::from_secs(3);

/// The result of letting a fault strike.
pub(super) enum Struck {
    /// The fault struck and was repaired; the end state must be that of an undisturbed run.
    Yes,
    /// The same, but the fault changed the data, so that the end state must be this one.
    With(Vec<String>),
    /// The work was done before the fault could strike.
    Missed,
}

/// The work that a fault strikes.
pub(super) struct Target<'r> {
    /// Its environment.
    pub rig: &'r Rig,
    /// The kind of work.
    pub work: Work,
    /// Its job.
    pub job: i32,
    /// The number of moments for a fault that can strike at several.
    pub moments: usize,
    /// The time within which a fault strikes at a random instant.
    pub within: Duration,
}

type Outcome = Result<Struck, String>;

impl Fault {
    /// Lets the fault strike work that was requested, and repairs it. The work may not be done yet.
    pub(super) async fn strike(self, on: &Target<'_>, rng: &mut fastrand::Rng) -> Outcome {
        match self {
            Fault::Killed(_) => on.signalled(Signal::SIGKILL, rng).await,
            Fault::Terminated(_) => on.signalled(Signal::SIGTERM, rng).await,
            Fault::Stopped => on.stopped(rng).await,
            Fault::MessageTwice => on.message_twice().await,
            Fault::VisibilityLost => on.renewals(Injection::RenewalsForgotten).await,
            Fault::HeartbeatRefused => on.renewals(Injection::RenewalsRefused).await,
            Fault::ReceiptInvalid => on.renewals(Injection::ReceiptsInvalid).await,
            Fault::QueueAway => on.queue_away(rng).await,
            Fault::ObjectMissing => on.refused(Injection::ObjectStatus(404, "NoSuchKey")).await,
            Fault::ObjectForbidden => on.refused(Injection::ObjectStatus(403, "AccessDenied")).await,
            Fault::ObjectReplaced => on.replaced().await,
            Fault::StoreBusy => on.store_busy().await,
            Fault::ObjectSlow => on.read_badly(Injection::ObjectSlow(Duration::from_millis(150))).await,
            Fault::ObjectCut => on.read_badly(Injection::ObjectCut(rng.usize(20_000..500_000))).await,
            Fault::ServerKilledAmidRows => on.server_killed(StopPoint::Rows, rng).await,
            Fault::ServerKilledAtCommit => on.server_killed(StopPoint::Commit, rng).await,
            Fault::CommitUnanswered(_) => on.commit_unanswered(rng).await,
            Fault::DatabaseReadOnly => {
                let (set, reset) =
                    ("SET default_transaction_read_only = on", "RESET default_transaction_read_only");
                on.database_altered(set, reset, rng).await
            }
            Fault::ConnectionsExhausted => {
                on.database_altered("CONNECTION LIMIT 1", "CONNECTION LIMIT -1", rng).await
            }
            Fault::DiskFull => on.disk_full(rng).await,
            Fault::Deadlock => on.deadlock().await,
            Fault::DatabaseSlow => on.database_slow().await,
            Fault::TemporaryFull => on.temporary_full().await,
            Fault::SameEmails => on.same_emails().await,
            Fault::EditsMeanwhile => on.edits_meanwhile(rng).await,
            Fault::ClocksApart => on.clocks_apart(rng).await,
        }
    }
}

impl Target<'_> {
    fn start(&self) -> Child {
        self.work.start(self.rig, self.job)
    }

    /// Waits for a random part of the work's duration.
    pub(super) async fn wait_randomly(&self, rng: &mut fastrand::Rng) {
        tokio::time::sleep(self.within.mul_f64(rng.f64())).await;
    }

    /// Sets a trap that cuts a connection at one of the COMMITs of the work, before or after it takes effect.
    pub(super) async fn cut_at_commit(&self, rng: &mut fastrand::Rng) -> Trap {
        let effect = [StopEffect::CutBefore, StopEffect::CutAmid, StopEffect::CutAfter][rng.usize(..3)];
        let commits = self.work.reference().await.commits;
        self.rig.database.trap(StopPoint::Commit, rng.u32(..commits), effect)
    }

    /// Waits for `come`; returns `None` if the work is done first.
    async fn unless_done<T>(&self, come: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            come = come => Some(come),
            () = self.work.done(self.rig, self.job) => None,
        }
    }

    /// Lets workers run until the work is done, then stops them. Fails if they fail the job.
    async fn until_done(&self, workers: &mut [Child]) -> Outcome {
        let ended = async {
            tokio::select! {
                () = self.work.done(self.rig, self.job) => Ok(()),
                () = self.failed() => Err("the job is FAILED".to_owned()),
            }
        };
        let ended = in_time("the work is done", ended).await?;
        stop(workers).await.and(ended).map(|()| Struck::Yes)
    }

    async fn failed(&self) {
        while self.rig.status(self.job).await != "FAILED" {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn nothing_imported(&self) -> Result<(), String> {
        let query = "SELECT count(*) FROM contacts WHERE staging_id > 0";
        let made: i64 = sqlx::query_scalar(query).fetch_one(&self.rig.world.pool).await.unwrap();
        match made {
            0 => Ok(()),
            made => Err(format!("{made} contacts of a job that could not be done")),
        }
    }
}

fn struck_if(struck: bool) -> Struck {
    if struck { Struck::Yes } else { Struck::Missed }
}
