//! A fleet: many workers on one database, which are killed at random and started again, with latency between them and the
//! database. 2,000 jobs of mixed sizes (`JOBS`) belong to 50 owners, and half of the jobs to one of them. Prints for each
//! number of workers (`WORKERS`) the throughput, how long a single job waits beside the owner of the many, lock waits and
//! connections, and fails unless every job has its expected end state.

mod checks;
mod latency;
mod load;
mod samples;
mod singles;
mod workers;

use std::fmt::Write;
use std::time::{Duration, Instant};

use self::latency::Latency;
use self::load::Load;
use self::samples::{Sampler, Samples};
use self::singles::Waits;
use self::workers::Fleet;
use super::Bench;
use super::server::{Server, Setting};

/// Numbers of workers, unless `WORKERS` is set.
const WORKERS: &str = "1,2,5,10,20";
/// Number of jobs, unless `JOBS` is set.
const JOBS: u64 = 2_000;
/// Longer than any run takes.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// What was measured with a number of workers.
struct Figures {
    workers: usize,
    seconds: f64,
    /// When the jobs of all owners but the one with many had ended.
    others_seconds: f64,
    kills: u32,
    idle: Waits,
    busy: Waits,
    samples: Samples,
}

impl Bench {
    /// Runs the load with each number of workers.
    pub(crate) async fn fleet(&self) -> anyhow::Result<String> {
        let workers = std::env::var("WORKERS").unwrap_or_else(|_| WORKERS.to_owned());
        let workers: Vec<usize> = workers.split(',').map(str::parse).collect::<Result<_, _>>()?;
        let jobs = std::env::var("JOBS").ok().map(|text| text.parse()).transpose()?.unwrap_or(JOBS);
        let bound = workers.iter().max().copied().unwrap_or_default() * workers::CONNECTIONS;
        let folder = self.folder.join("fleet");
        std::fs::create_dir_all(&folder)?;
        // Some more for this program.
        let more = format!("max_connections = {}\n", bound + 20);
        let server = Server::start_with(&folder, Setting::Tcp, &more).await?;
        let load = Load::create(&server, jobs)?;
        let latency = Latency::start(server.port()).await?;
        let mut report = format!(
            "{} jobs of {} owners, {} rows; a round trip takes {:.1} ms, of which {:.1} ms are added\n\n{HEADER}",
            load.jobs.len(),
            load::OWNERS,
            load.rows(),
            latency::measure(latency.port).await? * 1e3,
            latency::ROUND_TRIP.as_secs_f64() * 1e3,
        );
        for workers in workers {
            let figures = run(&server, &load, &latency, workers).await?;
            eprintln!("{workers} workers: {:.0} s, {} kills", figures.seconds, figures.kills);
            // Writing to a String cannot fail.
            let _ = writeln!(report, "{}", figures.line(&load));
        }
        server.stop().await?;
        Ok(report)
    }
}

async fn run(server: &Server, load: &Load, latency: &Latency, workers: usize) -> anyhow::Result<Figures> {
    server.empty().await?;
    let jobs = load.insert(server).await?;
    server.checkpoint().await?;
    let mut fleet = Fleet::start(server, latency.port, workers).await?;
    let idle = singles::on_idle_fleet(server, load).await?;
    let sampler = Sampler::start(server);
    let started = Instant::now();
    server.want(&jobs).await?;
    let mut killer = fleet.killer();
    let mut singles = None;
    let mut others_seconds = 0.0;
    // The owner with many jobs is the last one with any: then the others' single jobs are measured.
    while server.wanted(load::OTHERS).await? > 0 || server.wanted(load::MANY).await? > 0 {
        if singles.is_none() && server.wanted(load::OTHERS).await? == 0 {
            others_seconds = started.elapsed().as_secs_f64();
            singles = Some(singles::Requests::start(server, load));
        }
        killer.kill_if_due(&mut fleet)?;
        anyhow::ensure!(started.elapsed() < PATIENCE, "the jobs did not end");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let seconds = started.elapsed().as_secs_f64();
    let busy = match singles {
        Some(requests) => requests.stop().await?,
        None => Waits::default(),
    };
    let samples = sampler.stop().await?;
    fleet.stop()?;
    checks::end_states(server, load, &jobs).await?;
    Ok(Figures { workers, seconds, others_seconds, kills: killer.kills, idle, busy, samples })
}

const HEADER: &str = "| workers | jobs/s | rows/s | the owners with few jobs done after, share of the time | a single job on an idle \
    fleet, ms: started \\| ended | beside the owner with many jobs, ms: started \\| ended, median | 95 % within | ended: × idle | \
    waiting for a lock: mean \\| most | for which locks | connections: most \\| bound | kills |\n\
    | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";

impl Figures {
    fn line(&self, load: &Load) -> String {
        let Figures { idle, busy, samples, .. } = self;
        format!(
            "| {} | {:.0} | {:.0} | {:.0} % | {:.0} \\| {:.0} | {:.0} \\| {:.0} | {:.0} \\| {:.0} | {:.1} | {:.2} \\| {} | {} | {} \\| {} | {} |",
            self.workers,
            load.jobs.len() as f64 / self.seconds,
            load.rows() as f64 / self.seconds,
            self.others_seconds / self.seconds * 100.0,
            idle.started(0.5),
            idle.ended(0.5),
            busy.started(0.5),
            busy.ended(0.5),
            busy.started(0.95),
            busy.ended(0.95),
            busy.ended(0.5) / idle.ended(0.5),
            samples.mean_waiting(),
            samples.most_waiting,
            samples.locks(),
            samples.most_connections,
            self.workers * workers::CONNECTIONS,
            self.kills,
        )
    }
}
