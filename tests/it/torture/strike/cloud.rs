//! Faults of the object store and the queue.

use std::time::Duration;

use super::super::injector::Injection;
use super::super::rig::{OWNER, VISIBILITY, in_time, stop};
use super::{AWAY, Outcome, Struck, Target, struck_if};

impl Target<'_> {
    /// Lets renewals or receipts fail for longer than the visibility timeout.
    pub(crate) async fn renewals(&self, injection: Injection) -> Outcome {
        // The work must last long enough to need a renewal.
        self.rig.database.delay(Duration::from_millis(60));
        self.rig.cloud.inject(injection);
        let mut workers = [self.rig.worker(), self.rig.worker()];
        self.unless_done(tokio::time::sleep(VISIBILITY * 3 / 2)).await;
        self.rig.cloud.inject(Injection::Nothing);
        self.rig.database.delay(Duration::ZERO);
        self.until_done(&mut workers).await?;
        Ok(struck_if(self.rig.cloud.strikes() > 0))
    }

    /// Leaves the queue's clients without a response for a while.
    pub(crate) async fn queue_away(&self, rng: &mut fastrand::Rng) -> Outcome {
        let mut worker = [self.rig.started_worker().await?];
        self.unless_done(self.wait_randomly(rng)).await;
        self.rig.cloud.inject(Injection::QueueAway);
        tokio::time::sleep(AWAY).await;
        self.rig.cloud.inject(Injection::Nothing);
        self.until_done(&mut worker).await?;
        Ok(struck_if(self.rig.cloud.strikes() > 0))
    }

    /// Makes the file unreadable: the job fails, and nothing is imported.
    pub(crate) async fn refused(&self, injection: Injection) -> Outcome {
        self.rig.cloud.inject(injection);
        let worker = self.rig.worker();
        in_time("the job is FAILED", self.failed()).await?;
        self.rig.cloud.inject(Injection::Nothing);
        self.nothing_imported().await?;
        stop(&mut [worker]).await?;
        Ok(Struck::Yes)
    }

    /// Replaces the file while it is read, and restores it when the job has failed.
    pub(crate) async fn replaced(&self) -> Outcome {
        let other = b"email,first_name,last_name,company\nother@example.com,Ot,Her,Acme\n".to_vec();
        let struck = self.refused(Injection::ObjectReplaced(other)).await?;
        self.rig.world.put_object(&format!("uploads/{OWNER}/file.csv"), &self.work.content()).await;
        Ok(struck)
    }

    /// Lets the object store report an overload for a while.
    pub(crate) async fn store_busy(&self) -> Outcome {
        self.rig.cloud.inject(Injection::ObjectStatus(503, "SlowDown"));
        let mut worker = [self.rig.worker()];
        let struck = async {
            while self.rig.cloud.strikes() < 4 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        in_time("the object store receives a request", struck).await?;
        self.nothing_imported().await?;
        self.rig.cloud.inject(Injection::Nothing);
        self.until_done(&mut worker).await
    }

    /// Disturbs reads of the file: the work succeeds nevertheless.
    pub(crate) async fn read_badly(&self, injection: Injection) -> Outcome {
        self.rig.cloud.inject(injection);
        self.until_done(&mut [self.rig.worker()]).await?;
        self.rig.cloud.inject(Injection::Nothing);
        Ok(struck_if(self.rig.cloud.strikes() > 0))
    }
}
