//! What people ask while they review, on a job of many rows and issues and an owner of many contacts: the
//! server's time for each, as `auto_explain` measures the program's own queries (EXPLAIN ANALYZE).

use std::fmt::Write;
use std::fs;

use ingest::actions;
use ingest::domain::decision::Filter;
use ingest::domain::issue::IssueType;
use ingest::domain::job::{JobId, Owner};
use ingest::domain::row::RowStatus;
use ingest::store::issues::Which;
use ingest::store::{contacts, issue_items, issues, jobs, staging};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use super::Bench;
use super::dataset::Kind;
use super::report::median;

/// Entries of a page.
const PAGE: i64 = 100;
/// How often each question is asked.
const TIMES: usize = 7;

impl Bench {
    /// Asks everything of a job whose every tenth row has an issue, of an issue with very many rows, and of
    /// an owner with ten times the contacts.
    pub async fn questions(&self) -> anyhow::Result<String> {
        let (server, rows) = (self.server(), self.rows);
        server.empty().await?;
        let owner = Owner("the-owner".to_owned());
        let (many, _) = server.import(&self.file("many.csv", rows * 10, Kind::Clean)?, &owner.0).await?;
        let (broken, _) = server.import(&self.file("tenth.csv", rows, Kind::Broken(100))?, &owner.0).await?;
        let (same, _) = server.import(&self.file("same.csv", rows, Kind::OneAddress)?, &owner.0).await?;
        let mut questions = Questions::new(self, owner, broken).await?;
        questions.ask_all(many, same).await?;
        // What autovacuum does within a minute or two of the load.
        sqlx::query("VACUUM (ANALYZE)").execute(&server.pool).await?;
        questions.ask_all(many, same).await?;
        questions.pool.close().await;
        Ok(questions.table())
    }
}

struct Questions<'a> {
    bench: &'a Bench,
    pool: PgPool,
    owner: Owner,
    job: JobId,
    /// Each question with the times of one round after the other.
    answers: Vec<(&'static str, Vec<String>)>,
}

impl<'a> Questions<'a> {
    async fn new(bench: &'a Bench, owner: Owner, job: i32) -> anyhow::Result<Self> {
        let options = bench.server().pool.connect_options().as_ref().clone().options([
            ("session_preload_libraries", "auto_explain"),
            ("auto_explain.log_min_duration", "0"),
            ("auto_explain.log_analyze", "on"),
            // The whole of a statement is timed; a look at the clock at each row costs more than the row.
            ("auto_explain.log_timing", "off"),
            ("auto_explain.log_nested_statements", "on"),
        ]);
        let pool = PgPoolOptions::new().max_connections(1).connect_with(options).await?;
        Ok(Questions { bench, pool, owner, job: JobId(job), answers: Vec::new() })
    }

    async fn ask_all(&mut self, many: i32, same: i32) -> anyhow::Result<()> {
        let (owner, job) = (self.owner.clone(), self.job);
        let mut connection = self.pool.acquire().await?;
        let db = &mut *connection;
        let (all, kind) =
            (Which::default(), Which { kind: Some(IssueType::InvalidEmail), ..Which::default() });
        let middle: i32 = sqlx::query_scalar(
            "SELECT (min(issue_id) + max(issue_id)) / 2 FROM issues WHERE issues_job_id = $1",
        )
        .bind(job.0)
        .fetch_one(&self.bench.server().pool)
        .await?;
        let one: i32 = sqlx::query_scalar("SELECT min(issue_id) FROM issues WHERE issues_job_id = $1")
            .bind(same)
            .fetch_one(&self.bench.server().pool)
            .await?;
        let middle_of_same = of_middle(&self.bench.server().pool, one).await?;
        let home =
            |id: Option<jobs::Job>| id.map(|job| job.home()).ok_or_else(|| anyhow::anyhow!("no such job"));
        let found = jobs::get(&mut *db, &owner, job).await?;
        let under_review = found.clone().ok_or_else(|| anyhow::anyhow!("no such job"))?;
        let of_job = home(found)?;
        let of_same = home(jobs::get(&mut *db, &owner, JobId(same)).await?)?;
        let page = issues::page(&mut *db, &owner, of_job, &all, Some(middle), PAGE).await?.items;
        anyhow::ensure!(page.len() as i64 == PAGE, "a page is full");
        let ids: Vec<i32> = page.iter().map(|issue| issue.id).collect();
        let contact: i64 = sqlx::query_scalar("SELECT (min(contact_id) + max(contact_id)) / 2 FROM contacts")
            .fetch_one(&self.bench.server().pool)
            .await?;
        macro_rules! ask {
            ($name:literal, $question:expr) => {
                let mut times = Vec::new();
                for _ in 0..TIMES {
                    let before = self.log()?.len();
                    $question.await?;
                    times.push(self.spent_since(before).await?);
                }
                self.tell($name, &times);
            };
        }
        ask!("page of jobs", jobs::list(&mut *db, &owner, &jobs::Which::default(), None, PAGE));
        ask!("count of jobs", jobs::count(&mut *db, &owner));
        ask!(
            "page of a job's issues, from the middle",
            issues::page(&mut *db, &owner, of_job, &all, Some(middle), PAGE)
        );
        ask!("the same, of one kind", issues::page(&mut *db, &owner, of_job, &kind, Some(middle), PAGE));
        ask!("counts of a job's open issues, each kind", issues::counts(&mut *db, &owner, of_job));
        ask!("rows of a page of issues", issue_items::page(&mut *db, &owner, of_job, &ids, None, 20));
        ask!(
            "page of the rows of one issue with all rows",
            issue_items::page(&mut *db, &owner, of_same, &[one], Some(middle_of_same), PAGE)
        );
        ask!(
            "count of the rows of that issue, as far as 10,000",
            issue_items::count(&mut *db, &owner, of_same, one)
        );
        ask!("page of contacts, from the middle", contacts::piece(&mut *db, &owner, contact, PAGE, 1 << 20));
        ask!("count of contacts, as far as 10,000", contacts::count(&mut *db, &owner));
        ask!("progress of a job's review, each kind", issues::progress(&mut *db, &owner, of_job));
        ask!(
            "rows of a page of cases, with their contacts",
            actions::cases_of(&mut *db, &owner, of_job, &ids[..25], 20)
        );
        let left_out = Filter { status: Some(RowStatus::Discard), ..Filter::default() };
        ask!(
            "a look for rows that were left out, of which there are none",
            staging::look(&mut *db, &owner, &under_review, &left_out, None, 50)
        );
        let rare = Filter { text: Some("zebra".to_owned()), ..Filter::default() };
        ask!(
            "a look for rows that hold a text",
            staging::look(&mut *db, &owner, &under_review, &rare, None, 50)
        );
        ask!(
            "a look for contacts that hold a text",
            contacts::look(&mut *db, &owner, Some("zebra"), None, 50)
        );
        let page = contacts::look(&mut *db, &owner, None, Some(contact), 50).await?;
        let rows: Vec<i64> = page.contacts.iter().map(|contact| contact.row).collect();
        ask!("where a page of contacts comes from", staging::origins(&mut *db, &owner, &rows));
        ask!("one job", jobs::get(&mut *db, &owner, JobId(many)));
        Ok(())
    }

    fn log(&self) -> anyhow::Result<String> {
        Ok(String::from_utf8_lossy(&fs::read(self.bench.server().data.join("postgres.log"))?).into_owned())
    }

    /// Milliseconds of the statements that were logged behind `before`.
    async fn spent_since(&self, before: usize) -> anyhow::Result<f64> {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        let log = self.log()?;
        let new = log.get(before..).unwrap_or_default();
        let times =
            new.split("duration: ").skip(1).filter_map(|rest| rest.split(" ms").next()?.parse::<f64>().ok());
        let times: Vec<f64> = times.collect();
        anyhow::ensure!(!times.is_empty(), "the server logged no time");
        Ok(times.iter().sum())
    }

    fn tell(&mut self, name: &'static str, times: &[f64]) {
        let most = times.iter().copied().fold(0.0, f64::max);
        let told = format!("{:.2} | {most:.2}", median(times.iter().copied()));
        match self.answers.iter_mut().find(|(asked, _)| *asked == name) {
            Some((_, rounds)) => rounds.push(told),
            None => self.answers.push((name, vec![told])),
        }
    }

    fn table(&self) -> String {
        let mut table = "| question, server ms | just loaded, median | most | vacuumed, median | most |\n\
                         | --- | --- | --- | --- | --- |\n"
            .to_owned();
        for (question, rounds) in &self.answers {
            // Writing to a String cannot fail.
            let _ = writeln!(table, "| {question} | {} |", rounds.join(" | "));
        }
        table
    }
}

/// A row in the middle of an issue's rows.
async fn of_middle(pool: &PgPool, issue: i32) -> anyhow::Result<i64> {
    let query =
        "SELECT (min(item_staging_id) + max(item_staging_id)) / 2 FROM issue_items WHERE item_issue_id = $1";
    Ok(sqlx::query_scalar(query).bind(issue).fetch_one(pool).await?)
}
