//! Shares the database connections of one process among its tasks.

use anyhow::bail;

/// Connections of one running job: its owner's turn, a transaction, and two more that read and mark rows.
const PER_JOB: u32 = 4;
/// Connections of the worker itself: renewals, its queue, its search for stranded jobs. Jobs never use these, so a
/// renewal never waits for a job that waits for a connection.
const WORKER: u32 = 2;
/// The connection that listens for hints of the queue.
const LISTENER: u32 = 1;
/// Connections for the transactions of requests: minimum and recommended.
const REQUESTS: (u32, u32) = (2, 10);
/// Connections for sign-in, tokens, health and the cancelling of statements: minimum and recommended.
const CONTROL: (u32, u32) = (1, 3);
/// The minimum: with fewer, not even one job could run to its end.
const LEAST: u32 = PER_JOB + WORKER + LISTENER + REQUESTS.0 + CONTROL.0;

/// The shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Connections {
    /// Maximum number of concurrent jobs.
    pub jobs: usize,
    /// Whether one more job may run if it is small.
    pub small_job: bool,
    /// For the worker and its jobs.
    pub worker: u32,
    /// For the transactions of requests.
    pub requests: u32,
    /// For short statements that must not wait for either.
    pub control: u32,
}

impl Connections {
    /// Shares out `most` connections for up to `jobs` concurrent jobs, or as many connections as those need. Fails
    /// if `most` is too few for one job.
    pub(crate) fn share(most: Option<u32>, jobs: usize) -> anyhow::Result<Connections> {
        let Some(most) = most else {
            return Ok(Connections::of(jobs, true, REQUESTS.1, CONTROL.1));
        };
        if most < LEAST {
            bail!("MAX_CONNECTIONS is {most}; a worker with one job needs at least {LEAST}");
        }
        // Requests get a quarter of the rest, up to their recommended number, and jobs get what remains.
        let over = most - LEAST;
        let requests = REQUESTS.1.min(REQUESTS.0 + over / 4);
        let control = CONTROL.1.min(CONTROL.0 + over / 8);
        let over = over - (requests - REQUESTS.0) - (control - CONTROL.0);
        // The first job needs none of the rest. A small job gets its share only if every other job has one.
        let others = (over / PER_JOB) as usize;
        Ok(Connections::of(jobs.min(1 + others), others >= jobs, requests, control))
    }

    fn of(jobs: usize, small_job: bool, requests: u32, control: u32) -> Connections {
        let running = jobs as u32 + u32::from(small_job);
        Connections { jobs, small_job, worker: PER_JOB * running + WORKER, requests, control }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_stay_within_the_limit_and_fit_at_least_one_job() {
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
