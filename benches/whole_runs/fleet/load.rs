//! The jobs of a fleet: mostly small ones, some of 10,000 rows and more, and a few of 100,000 and more.

use std::fs::{self, File};
use std::io::{BufWriter, Write};

use super::super::server::Server;

/// Number of owners.
pub(super) const OWNERS: u64 = 50;
/// The condition for jobs of the owner who has half of them.
pub(super) const MANY: &str = "job_user_id = 'owner-00'";
/// The condition for jobs of all other owners, without single ones.
pub(super) const OTHERS: &str = "job_user_id LIKE 'owner-%' AND job_user_id <> 'owner-00'";
/// Rows of a single job.
const SINGLE_ROWS: u64 = 100;
/// In every tenth job, one row of so many has an invalid address.
const ROWS_PER_ISSUE: u64 = 50;
const SEED: u64 = 42;

/// A job and its expected result.
pub(super) struct Job {
    /// Its owner.
    pub owner: String,
    /// The key of its file.
    pub key: String,
    /// Rows of its file.
    pub rows: u64,
    /// Rows with an issue; without any, all rows become contacts.
    pub issues: u64,
}

/// All jobs.
pub(super) struct Load {
    /// The jobs, in the order of their requests.
    pub jobs: Vec<Job>,
    /// The key of the file of single jobs.
    pub single: String,
}

impl Load {
    /// Writes the files. The same number of jobs gives the same files.
    pub(super) fn create(server: &Server, jobs: u64) -> anyhow::Result<Load> {
        let folder = server.data.join("objects/fleet");
        fs::create_dir_all(&folder)?;
        let mut random = fastrand::Rng::with_seed(SEED);
        let mut load = Load { jobs: Vec::new(), single: "fleet/single.csv".to_owned() };
        for number in 0..jobs {
            let rows = match number {
                number if number % 500 == 17 => random.u64(100_000..150_000),
                number if number % 50 == 7 => random.u64(10_000..20_000),
                // Between 10 and 1,000, as many below 100 as above.
                _ => 10_f64.powf(1.0 + 2.0 * random.f64()) as u64,
            };
            let owner = match number % 2 {
                0 => 0,
                _ => 1 + number / 2 % (OWNERS - 1),
            };
            let has_issues = random.u8(0..10) == 0;
            let key = format!("fleet/{number}.csv");
            let issues = write(&server.data.join("objects").join(&key), number, rows, has_issues)?;
            load.jobs.push(Job { owner: format!("owner-{owner:02}"), key, rows, issues });
        }
        write(&server.data.join("objects").join(&load.single), jobs, SINGLE_ROWS, false)?;
        Ok(load)
    }

    /// Returns the number of rows of all jobs.
    pub(super) fn rows(&self) -> u64 {
        self.jobs.iter().map(|job| job.rows).sum()
    }

    /// Inserts the jobs without requesting runs; returns their ids, in the order of the jobs.
    pub(super) async fn insert(&self, server: &Server) -> anyhow::Result<Vec<i32>> {
        let (owners, keys): (Vec<&str>, Vec<&str>) =
            self.jobs.iter().map(|job| (job.owner.as_str(), job.key.as_str())).unzip();
        let insert = "INSERT INTO jobs (job_user_id, job_original_filename, job_s3_object_key, job_available_at)
             SELECT owner, key, key, NULL FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS job (owner, key, number)
             ORDER BY number RETURNING job_id";
        let mut ids: Vec<i32> =
            sqlx::query_scalar(insert).bind(owners).bind(keys).fetch_all(&server.pool).await?;
        ids.sort_unstable();
        Ok(ids)
    }
}

/// Writes a file; returns the number of its rows with an issue.
fn write(path: &std::path::Path, job: u64, rows: u64, has_issues: bool) -> anyhow::Result<u64> {
    let mut out = BufWriter::new(File::create(path)?);
    writeln!(out, "email,first_name,last_name,company")?;
    let mut issues = 0;
    for row in 0..rows {
        let is_invalid = has_issues && row % ROWS_PER_ISSUE == 0;
        issues += u64::from(is_invalid);
        // A domain of one label is none that mail is delivered to.
        let domain = if is_invalid { "nowhere" } else { "example.com" };
        writeln!(out, "j{job}r{row}@{domain},Ann,Lee{row},Acme")?;
    }
    out.flush()?;
    Ok(issues)
}
