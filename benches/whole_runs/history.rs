//! Statements of other programs (CONTRACT 3) after a number of large jobs: as long as these have their own tables, and after
//! the program has merged them into the shared ones.

use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use ingest::domain::ids::RowId;
use ingest::domain::job::JobId;
use ingest::store::own_tables;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::Bench;
use super::dataset::Kind;
use super::idle;
use super::report::median;

/// Numbers of large jobs.
const JOBS: [i64; 4] = [0, 300, 3_000, 10_000];
/// How many are created before the program merges them; it announces fewer at once.
const GROUP: i64 = 60;
/// Up to so many are measured unmerged too: more run out of locks.
const UNMERGED: i64 = 300;
/// Rows of each. Real ones have 100,000 and more, but what the statements cost depends on the number of tables.
const ROWS: i64 = 100;
/// Rows of the job that is asked about.
const ASKED_ROWS: u64 = 20_000;
/// How many of a thousand have an issue.
const BROKEN: u64 = 250;
const REPETITIONS: usize = 15;

impl Bench {
    /// Times the statements for each number of jobs.
    pub(crate) async fn history(&self) -> anyhow::Result<String> {
        let server = self.server();
        server.empty().await?;
        let broken = Kind::Broken(BROKEN);
        let asked = server.import(&self.file("asked.csv", ASKED_ROWS, broken)?, "asked").await?.0;
        let tiny = self.file("tiny.csv", 1, Kind::Clean)?;
        let (mut connection, mut columns) =
            (PgConnection::connect_with(&server.pool.connect_options()).await?, Vec::new());
        let mut present = 0;
        for jobs in JOBS {
            let started = Instant::now();
            eprintln!("adding {} large jobs", jobs - present);
            while present < jobs {
                let group = GROUP.min(jobs - present);
                add(&mut connection, group).await?;
                present += group;
                if present < UNMERGED {
                    continue;
                }
                if present == UNMERGED {
                    columns.push((format!("{present}, not merged"), measure(&mut connection, asked).await?));
                }
                self.merge(&tiny).await?;
            }
            let own = own(&mut connection).await?;
            eprintln!(
                "{present} large jobs, {own} with own tables, after {:.0} s",
                started.elapsed().as_secs_f64()
            );
            sqlx::raw_sql("VACUUM (ANALYZE) staging, issues, issue_items, jobs")
                .execute(&mut connection)
                .await?;
            columns.push((format!("{jobs}, {own} with own tables"), measure(&mut connection, asked).await?));
        }
        let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        let mut table = format!(
            "| statement of another program, median ms; large jobs: | {} |\n| --- |{}\n",
            names.join(" | "),
            " --- |".repeat(names.len())
        );
        for (line, (name, _)) in columns[0].1.iter().enumerate() {
            let times: Vec<String> =
                columns.iter().map(|(_, times)| format!("{:.1}", times[line].1 * 1e3)).collect();
            // Writing to a String cannot fail.
            let _ = writeln!(table, "| {name} | {} |", times.join(" | "));
        }
        Ok(table)
    }

    /// Runs one-shot imports until no more jobs have own tables than the program leaves. Each continues the merges of the
    /// ones before, after a minute of grace, which is made to pass at once.
    async fn merge(&self, tiny: &Path) -> anyhow::Result<()> {
        let server = self.server();
        let mut before = i64::MAX;
        loop {
            sqlx::query(
                "UPDATE jobs SET job_merge_at = job_merge_at - interval '1 hour' WHERE job_merge IS NOT NULL",
            )
            .execute(&server.pool)
            .await?;
            let mut import = Command::new(env!("CARGO_BIN_EXE_ingest"));
            import.args(["import", "--force", "--owner", "tiny"]).arg(tiny).env_clear();
            import
                .env("PATH", std::env::var_os("PATH").unwrap_or_default())
                .env("INGEST_DATA_DIR", &server.data);
            import.stdout(Stdio::null()).stderr(Stdio::null()).current_dir(&server.data);
            if let Some(url) = server.database_url() {
                import.env("DATABASE_URL", url);
            }
            // 3: the contact exists, as it does from the second import on.
            anyhow::ensure!(matches!(import.status()?.code(), Some(0 | 3)), "an import failed");
            let under_way = "SELECT count(*) FROM jobs WHERE job_merge IS NOT NULL";
            let under_way: i64 = sqlx::query_scalar(under_way).fetch_one(&server.pool).await?;
            if under_way == 0 && before == 0 {
                return Ok(());
            }
            before = under_way;
        }
    }
}

async fn own(connection: &mut PgConnection) -> anyhow::Result<i64> {
    Ok(sqlx::query_scalar("SELECT count(*) FROM jobs WHERE job_partitioned").fetch_one(connection).await?)
}

/// Adds large jobs with their own tables, as a run leaves them.
async fn add(connection: &mut PgConnection, jobs: i64) -> anyhow::Result<()> {
    for _ in 0..jobs {
        let mut transaction = connection.begin().await?;
        let insert = "WITH reserved AS (
                 UPDATE staging_id_blocks SET block_next_id = block_next_id + $1 WHERE block_kind = 'partition'
                 RETURNING block_next_id - $1 AS first)
             INSERT INTO jobs (job_user_id, job_original_filename, job_s3_object_key, job_status, job_available_at, job_total_rows,
                 job_processed_rows, job_partitioned, job_staged_at, job_process_end, job_staging_base)
             SELECT 'history', 'f', 'f', 'NEEDS_REVIEW', NULL, $1, $1, true, now(), now(), first - 1 FROM reserved
             RETURNING job_id, job_staging_base + 1";
        let (job, first): (i32, i64) = sqlx::query_as(insert).bind(ROWS).fetch_one(&mut *transaction).await?;
        let id = JobId(job.into());
        own_tables::create(&mut transaction, id, RowId(first)..=RowId(first + ROWS - 1), 100).await?;
        let fill = format!(
            "INSERT INTO staging_job_{job} (staging_id, staging_job_id, staging_email, staging_first_name, staging_last_name,
                 staging_company, staging_status, staging_row_hash)
             SELECT {first} + n, {job}, 'p' || n || '@example.com', 'Ann', 'Lee', 'Acme', 'READY', md5({job} || ' ' || n)
             FROM generate_series(0, {ROWS} - 1) AS n;
             WITH made AS (
                 INSERT INTO issues_job_{job} (issues_job_id, issue_type, issue_key)
                 SELECT {job}, 'INVALID_EMAIL', n FROM generate_series(0, {ROWS} / 10 - 1) AS n RETURNING issue_id, issue_key)
             INSERT INTO issue_items_job_{job} (item_issue_id, item_staging_id)
             SELECT issue_id, {first} + issue_key::bigint FROM made"
        );
        sqlx::raw_sql(AssertSqlSafe(fill)).execute(&mut *transaction).await?;
        own_tables::index_hashes(&mut transaction, id).await?;
        own_tables::index_ids(&mut transaction, id).await?;
        own_tables::index_issues(&mut transaction, id).await?;
        own_tables::index_items(&mut transaction, id).await?;
        own_tables::declare_keys(&mut transaction, id).await?;
        own_tables::attach(&mut transaction, id).await?;
        transaction.commit().await?;
    }
    Ok(())
}

/// Times statements about a small job, planning included.
async fn measure(connection: &mut PgConnection, job: i32) -> anyhow::Result<Vec<(&'static str, f64)>> {
    idle::wait().await;
    let issue: i32 = sqlx::query_scalar("SELECT min(issue_id) FROM issues WHERE issues_job_id = $1")
        .bind(job)
        .fetch_one(&mut *connection)
        .await?;
    let row: i64 = sqlx::query_scalar("SELECT min(staging_id) FROM staging WHERE staging_job_id = $1")
        .bind(job)
        .fetch_one(&mut *connection)
        .await?;
    let statements = [
        (
            "open issues of a job, 50 of them",
            format!(
                "SELECT * FROM issues WHERE issues_job_id = {job} AND NOT issue_resolved ORDER BY issue_id LIMIT 50"
            ),
        ),
        (
            "count of a job's items, joined with issues",
            format!(
                "SELECT count(*) FROM issue_items JOIN issues ON issue_id = item_issue_id WHERE issues_job_id = {job}"
            ),
        ),
        (
            "rows of an issue",
            format!(
                "SELECT staging.* FROM issue_items JOIN staging ON staging_id = item_staging_id WHERE item_issue_id = {issue}"
            ),
        ),
        (
            "resolve one issue by id",
            format!("UPDATE issues SET issue_resolved = NOT issue_resolved WHERE issue_id = {issue}"),
        ),
        ("rows of a job", format!("SELECT * FROM staging WHERE staging_job_id = {job}")),
        (
            "edit one row by id and job",
            format!(
                "UPDATE staging SET staging_company = 'Acme' WHERE staging_id = {row} AND staging_job_id = {job}"
            ),
        ),
    ];
    let mut times = Vec::new();
    for (name, statement) in statements {
        let mut seconds = Vec::new();
        for _ in 0..=REPETITIONS {
            let started = Instant::now();
            sqlx::raw_sql(AssertSqlSafe(statement.as_str())).fetch_all(&mut *connection).await?;
            seconds.push(started.elapsed().as_secs_f64());
        }
        times.push((name, median(seconds.into_iter().skip(1))));
    }
    let mut seconds = Vec::new();
    for _ in 0..=REPETITIONS {
        let small: i32 = sqlx::query_scalar(
            "WITH job AS (
                 INSERT INTO jobs (job_user_id, job_original_filename, job_s3_object_key, job_available_at)
                 VALUES ('small', 'f', 'f', NULL) RETURNING job_id)
             INSERT INTO staging (staging_job_id, staging_row_hash) SELECT job_id, n FROM job, generate_series(1, 100) AS n
             RETURNING staging_job_id",
        )
        .fetch_one(&mut *connection)
        .await?;
        let started = Instant::now();
        sqlx::query("DELETE FROM jobs WHERE job_id = $1")
            .persistent(false)
            .bind(small)
            .execute(&mut *connection)
            .await?;
        seconds.push(started.elapsed().as_secs_f64());
    }
    times.push(("delete a small job", median(seconds.into_iter().skip(1))));
    Ok(times)
}
