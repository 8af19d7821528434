//! Faults of the program's own processes: killed, asked to stop, suspended, duplicated, with wrong clocks, without room
//! for temporary files.

use nix::sys::signal::Signal;

use super::super::rig::{VISIBILITY, fake_clock, in_time, ready, stop};
use super::{Outcome, Struck, Target};

impl Target<'_> {
    /// Starts a process for each tested moment of the work, and sends it the signal at that moment.
    pub(crate) async fn signalled(&self, signal: Signal, rng: &mut fastrand::Rng) -> Outcome {
        let mut struck = Struck::Missed;
        let mut moments = self.work.moments().to_vec();
        while moments.len() > self.moments {
            moments.remove(rng.usize(..moments.len()));
        }
        for moment in moments {
            let log = self.rig.log();
            let mut process = self.start();
            let come = moment.wait_for(self, &log, rng);
            let come = in_time(&format!("{moment:?}"), self.unless_done(come)).await?;
            let has_come = come.is_some();
            if signal == Signal::SIGTERM && self.work.is_of_worker() {
                in_time("a worker is ready for signals", ready(&mut process)).await?;
            }
            if !process.has_ended() {
                process.signal(signal);
            }
            drop(come);
            let status = process.wait().await;
            if signal == Signal::SIGTERM && self.work.is_of_worker() && status != Some(0) {
                return Err(format!("the worker ended with {status:?} at {moment:?}"));
            }
            if !has_come {
                break;
            }
            struck = Struck::Yes;
        }
        Ok(struck)
    }

    /// Suspends a worker past its lease while another takes over, then resumes it.
    pub(crate) async fn stopped(&self, rng: &mut fastrand::Rng) -> Outcome {
        let first = self.rig.worker();
        let Some(()) = self.unless_done(self.wait_randomly(rng)).await else {
            stop(&mut [first]).await?;
            return Ok(Struck::Missed);
        };
        first.signal(Signal::SIGSTOP);
        let second = self.rig.worker();
        // While the first has locks in the database, the second can only wait for it.
        let lapsed = tokio::time::sleep(VISIBILITY * 3 / 2);
        self.unless_done(lapsed).await;
        first.signal(Signal::SIGCONT);
        self.until_done(&mut [first, second]).await
    }

    /// Sends the message twice more, to two workers.
    pub(crate) async fn message_twice(&self) -> Outcome {
        self.rig.world.send_again(self.job).await;
        self.rig.world.send_again(self.job).await;
        self.until_done(&mut [self.rig.worker(), self.rig.worker()]).await
    }

    /// Runs both jobs on two workers concurrently.
    pub(crate) async fn same_emails(&self) -> Outcome {
        self.until_done(&mut [self.rig.worker(), self.rig.worker()]).await
    }

    /// Kills a worker whose clock is ahead; one whose clock is behind and one whose clock is right continue.
    pub(crate) async fn clocks_apart(&self, rng: &mut fastrand::Rng) -> Outcome {
        let log = self.rig.log();
        let mut ahead = self.rig.worker_with(&fake_clock("+600"));
        let come = self.unless_done(self.wait_randomly(rng)).await;
        ahead.kill();
        ahead.wait().await;
        if come.is_none() {
            return Ok(Struck::Missed);
        }
        let skew = log.skew();
        self.rig.world.send_again(self.job).await;
        let behind = self.rig.worker_with(&fake_clock("-600"));
        self.until_done(&mut [behind, self.rig.worker()]).await?;
        match skew {
            Some(550..=650) => Ok(Struck::Yes),
            None => Ok(Struck::Missed),
            Some(skew) => Err(format!("the clock was {skew} s ahead, not ten minutes")),
        }
    }

    /// Runs a worker without room for temporary files; another one does the work.
    pub(crate) async fn temporary_full(&self) -> Outcome {
        let log = self.rig.log();
        let worker = self.rig.worker_with_little_room();
        in_time("the folder is full", log.wait_for_line(&["temporary file"])).await?;
        self.nothing_imported().await?;
        stop(&mut [worker]).await?;
        Ok(Struck::Yes)
    }
}
