//! The queries of people during a review, on jobs of many rows and issues and an owner of many jobs and contacts: how
//! long server and driver take for each, by turns with row-level security (the wall) and without it.

use std::fmt::Write;
use std::time::Instant;

use ingest::actions;
use ingest::domain::decision::Filter;
use ingest::domain::ids::{ContactId, IssueId, RowId};
use ingest::domain::job::{JobId, Owner};
use ingest::domain::row::RowStatus;
use ingest::domain::rules::IssueType;
use ingest::domain::search::SearchText;
use ingest::store::issues::IssueFilter;
use ingest::store::{OwnerPool, OwnerTransaction, contacts, issue_items, issues, jobs, staging};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use super::Bench;
use super::dataset::Kind;
use super::report::median;

/// Entries per page.
const PAGE: i64 = 100;
/// How often each query runs, with and without the wall.
const TIMES: usize = 25;
/// Rows of a job in the shared tables.
const SHARED_ROWS: u64 = 90_000;
/// Small jobs of the owner, and as many of others.
const SMALL_JOBS: &str = "INSERT INTO jobs (job_user_id, job_original_filename, job_s3_object_key, job_available_at)
     SELECT CASE number % 2 WHEN 0 THEN 'the-owner' ELSE 'owner ' || number % 50 END, 'small.csv', 'small/' || number, NULL
     FROM generate_series(1, 20000) AS number";

impl Bench {
    /// Runs all queries on jobs in which every tenth row has an issue, on an issue with very many rows, and for an
    /// owner with ten times the contacts.
    pub(crate) async fn questions(&self) -> anyhow::Result<String> {
        let (server, rows) = (self.server(), self.rows);
        server.empty().await?;
        sqlx::raw_sql(SMALL_JOBS).execute(&server.pool).await?;
        let owner = Owner("the-owner".to_owned());
        server.import(&self.file("many.csv", rows * 10, Kind::Clean)?, &owner.0).await?;
        let (large, _) = server.import(&self.file("tenth.csv", rows, Kind::Broken(100))?, &owner.0).await?;
        let shared = self.file("shared.csv", SHARED_ROWS, Kind::Broken(100))?;
        let (shared, _) = server.import(&shared, &owner.0).await?;
        let (same, _) = server.import(&self.file("same.csv", rows, Kind::OneAddress)?, &owner.0).await?;
        let same_shared = self.file("same-shared.csv", SHARED_ROWS, Kind::OneAddress)?;
        let (same_shared, _) = server.import(&same_shared, &owner.0).await?;
        let mut questions = Questions::new(self, owner).await?;
        for _ in 0..2 {
            questions.run_for_owner().await?;
            questions.run_for_job("large job", JobId(large.into()), JobId(same.into())).await?;
            questions.run_for_job("90,000 rows", JobId(shared.into()), JobId(same_shared.into())).await?;
            // What autovacuum does within a minute or two of the load.
            sqlx::query("VACUUM (ANALYZE)").execute(&server.pool).await?;
        }
        questions.owners.close().await;
        Ok(questions.table())
    }
}

struct Questions<'a> {
    login: &'a PgPool,
    owners: OwnerPool,
    owner: Owner,
    /// Each query with its times, one entry per round.
    answers: Vec<(String, Vec<String>)>,
}

/// Runs a query by turns with and without the wall, in a transaction that has looked up its job.
macro_rules! measure {
    ($queries:expr, $job:expr, $name:expr, |$db:ident| $query:expr) => {
        let (mut walled, mut plain) = (Vec::new(), Vec::new());
        for _ in 0..TIMES {
            for (is_walled, times) in [(true, &mut walled), (false, &mut plain)] {
                let mut transaction = $queries.transaction($job, is_walled).await?;
                let $db = &mut *transaction;
                let started = Instant::now();
                $query.await?;
                times.push(started.elapsed().as_secs_f64() * 1e3);
                transaction.rollback().await?;
            }
        }
        $queries.record($name, &plain, &walled);
    };
}

impl<'a> Questions<'a> {
    async fn new(bench: &'a Bench, owner: Owner) -> anyhow::Result<Self> {
        let login = &bench.server().pool;
        let options = login.connect_options().as_ref().clone();
        let pool = PgPoolOptions::new().max_connections(1).connect_with(options).await?;
        // A pool of its own, since it is closed with the other.
        let control = PgPoolOptions::new()
            .max_connections(1)
            .connect_lazy_with(login.connect_options().as_ref().clone());
        Ok(Questions { login, owners: OwnerPool::new(pool, control), owner, answers: Vec::new() })
    }

    async fn transaction(&self, job: Option<JobId>, is_walled: bool) -> anyhow::Result<OwnerTransaction> {
        let mut transaction = self.owners.read(&self.owner).await?;
        let role: String =
            sqlx::query_scalar("SELECT current_user::text").fetch_one(&mut *transaction).await?;
        anyhow::ensure!(role.starts_with("ingest_requests_"), "there is no wall");
        if !is_walled {
            sqlx::raw_sql("SET LOCAL ROLE NONE").execute(&mut *transaction).await?;
        }
        if let Some(job) = job {
            jobs::get(&mut transaction, &self.owner, job).await?;
        }
        Ok(transaction)
    }

    async fn run_for_owner(&mut self) -> anyhow::Result<()> {
        let owner = self.owner.clone();
        let middle: ContactId =
            sqlx::query_scalar("SELECT (min(contact_id) + max(contact_id)) / 2 FROM contacts")
                .fetch_one(self.login)
                .await?;
        let page =
            contacts::search(&mut *self.owners.read(&owner).await?, &owner, None, Some(middle), 50).await?;
        let rows: Vec<RowId> = page.contacts.iter().map(|contact| contact.row).collect();
        let all = jobs::JobFilter::default();
        measure!(self, None, "page of jobs", |db| jobs::list(db, &owner, &all, None, PAGE));
        measure!(self, None, "count of jobs", |db| jobs::count(db, &owner));
        measure!(self, None, "page of contacts, from the middle", |db| contacts::piece(
            db,
            &owner,
            middle,
            PAGE,
            1 << 20
        ));
        measure!(self, None, "count of contacts, as far as 10,000", |db| contacts::count(db, &owner));
        measure!(self, None, "search for contacts with a text", |db| contacts::search(
            db,
            &owner,
            Some(&SearchText::exact("zebra")),
            None,
            50
        ));
        measure!(self, None, "sources of a page of contacts", |db| staging::origins(db, &owner, &rows));
        Ok(())
    }

    /// Runs queries on `job`, and on `same`, a job with one issue for all its rows.
    async fn run_for_job(&mut self, label: &str, job: JobId, same: JobId) -> anyhow::Result<()> {
        let owner = self.owner.clone();
        let (all, kind) = (
            IssueFilter::default(),
            IssueFilter { kind: Some(IssueType::InvalidEmail), ..IssueFilter::default() },
        );
        let middle = "SELECT (min(issue_id) + max(issue_id)) / 2 FROM issues WHERE issues_job_id = $1";
        let middle: IssueId = sqlx::query_scalar(middle).bind(job.0).fetch_one(self.login).await?;
        let one = "SELECT min(issue_id) FROM issues WHERE issues_job_id = $1";
        let one: IssueId = sqlx::query_scalar(one).bind(same.0).fetch_one(self.login).await?;
        let half = "SELECT (min(item_staging_id) + max(item_staging_id)) / 2 FROM issue_items WHERE item_issue_id = $1";
        let half: RowId = sqlx::query_scalar(half).bind(one).fetch_one(self.login).await?;
        let mut db = self.owners.read(&owner).await?;
        let found = |job: Option<jobs::Job>| job.ok_or_else(|| anyhow::anyhow!("no such job"));
        let under_review = found(jobs::get(&mut db, &owner, job).await?)?;
        let (job_tables, of_same) =
            (under_review.tables(), found(jobs::get(&mut db, &owner, same).await?)?.tables());
        let page = issues::page(&mut db, &owner, job_tables, &all, Some(middle), PAGE).await?.items;
        anyhow::ensure!(page.len() as i64 == PAGE, "a page is full");
        let ids: Vec<IssueId> = page.iter().map(|issue| issue.id).collect();
        db.rollback().await?;
        let name = |question: &str| format!("{label}: {question}");
        let (job, same) = (Some(job), Some(same));
        measure!(self, None, name("the job"), |db| jobs::get(db, &owner, job.unwrap_or(JobId(0))));
        measure!(self, job, name("page of issues, from the middle"), |db| issues::page(
            db,
            &owner,
            job_tables,
            &all,
            Some(middle),
            PAGE
        ));
        measure!(self, job, name("the same, of one kind"), |db| issues::page(
            db,
            &owner,
            job_tables,
            &kind,
            Some(middle),
            PAGE
        ));
        measure!(self, job, name("one issue"), |db| issues::get(db, &owner, job_tables, middle));
        measure!(self, job, name("counts of open issues, each kind"), |db| issues::counts(
            db, &owner, job_tables
        ));
        measure!(self, job, name("progress of the review, each kind"), |db| issues::progress(
            db, &owner, job_tables
        ));
        measure!(self, job, name("rows of a page of issues"), |db| issue_items::page(
            db, &owner, job_tables, &ids, None, 20
        ));
        measure!(self, same, name("page of the rows of one issue with all rows"), |db| issue_items::page(
            db,
            &owner,
            of_same,
            &[one],
            Some(half),
            PAGE
        ));
        measure!(self, same, name("count of the rows of that issue, as far as 10,000"), |db| {
            issue_items::count(db, &owner, of_same, one)
        });
        measure!(self, job, name("rows of a page of cases, with their contacts"), |db| actions::cases_of(
            db,
            &owner,
            job_tables,
            &ids[..25],
            20
        ));
        let discarded = Filter { status: Some(RowStatus::Discard), ..Filter::default() };
        let open = Filter { open: true, ..Filter::default() };
        let rare = Filter { text: Some("zebra".to_owned()), ..Filter::default() };
        for (question, which) in [
            ("first page of rows", &Filter::default()),
            ("search for discarded rows, none found", &discarded),
            ("first rows of the table of a review", &open),
            ("search for rows with a text", &rare),
        ] {
            measure!(self, job, name(question), |db| staging::scan(
                db,
                &owner,
                &under_review,
                which,
                None,
                50
            ));
        }
        Ok(())
    }

    fn record(&mut self, name: impl Into<String>, plain: &[f64], walled: &[f64]) {
        let name = name.into();
        let (plain, walled) = (median(plain.iter().copied()), median(walled.iter().copied()));
        let cell = format!("{plain:.2} | {walled:.2} ({:+.0} %)", (walled / plain - 1.0) * 100.0);
        match self.answers.iter_mut().find(|(known, _)| *known == name) {
            Some((_, rounds)) => rounds.push(cell),
            None => self.answers.push((name, vec![cell])),
        }
    }

    fn table(&self) -> String {
        let mut table = "| question, median ms | just loaded, no wall | wall | vacuumed, no wall | wall |\n\
                         | --- | --- | --- | --- | --- |\n"
            .to_owned();
        for (question, rounds) in &self.answers {
            // Writing to a String cannot fail.
            let _ = writeln!(table, "| {question} | {} |", rounds.join(" | "));
        }
        table
    }
}
