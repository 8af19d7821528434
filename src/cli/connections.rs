//! How the connections to the database that one process may make are shared out.

use anyhow::bail;

/// What one running job holds at once: its owner's turn, a transaction, and two beside it that read and mark rows.
const PER_JOB: u32 = 4;
/// What the worker needs beside its jobs: renewals, its queue, its search for stranded jobs. Jobs never hold these, so a
/// renewal never waits for a job that waits for a connection.
const WORKER: u32 = 2;
/// What listens for hints of the queue.
const LISTENER: u32 = 1;
/// For the transactions of requests: the least, and what is good.
const REQUESTS: (u32, u32) = (2, 10);
/// For sign-in, tokens, health and the cancelling of statements: the least, and what is good.
const CONTROL: (u32, u32) = (1, 3);
/// With fewer not even one job could run to its end.
const LEAST: u32 = PER_JOB + WORKER + LISTENER + REQUESTS.0 + CONTROL.0;

/// The shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Connections {
    /// Jobs that run at once.
    pub jobs: usize,
    /// For the worker and its jobs.
    pub worker: u32,
    /// For the transactions of requests.
    pub requests: u32,
    /// For short statements that must not wait for either.
    pub control: u32,
}

impl Connections {
    /// Shares out `most` for up to `jobs` jobs at once, or as many connections as those need. Fails where `most` is too
    /// few for one job.
    pub(crate) fn share(most: Option<u32>, jobs: usize) -> anyhow::Result<Connections> {
        let Some(most) = most else {
            return Ok(Connections::of(jobs, REQUESTS.1, CONTROL.1));
        };
        if most < LEAST {
            bail!("MAX_CONNECTIONS is {most}; a worker with one job needs at least {LEAST}");
        }
        // A quarter of what is over goes to requests, until they have what is good, and jobs take the rest.
        let over = most - LEAST;
        let requests = REQUESTS.1.min(REQUESTS.0 + over / 4);
        let control = CONTROL.1.min(CONTROL.0 + over / 8);
        let over = over - (requests - REQUESTS.0) - (control - CONTROL.0);
        Ok(Connections::of(jobs.min(1 + (over / PER_JOB) as usize), requests, control))
    }

    fn of(jobs: usize, requests: u32, control: u32) -> Connections {
        Connections { jobs, worker: PER_JOB * jobs as u32 + WORKER, requests, control }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_stay_within_the_bound_and_hold_one_job_at_least() {
        for jobs in [1, 2, 8, 64] {
            for most in LEAST..400 {
                let shares = Connections::share(Some(most), jobs).unwrap();
                assert!(
                    shares.worker + shares.requests + shares.control + LISTENER <= most,
                    "{most}: {shares:?}"
                );
                assert!((1..=jobs).contains(&shares.jobs), "{most}: {shares:?}");
                assert!(shares.requests >= REQUESTS.0 && shares.control >= CONTROL.0, "{most}: {shares:?}");
            }
            let enough = Connections::share(Some(400), jobs).unwrap();
            assert_eq!(enough, Connections::share(None, jobs).unwrap());
        }
        let refused = Connections::share(Some(LEAST - 1), 1).unwrap_err().to_string();
        assert!(refused.contains(&LEAST.to_string()), "{refused}");
    }
}
