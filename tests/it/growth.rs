//! Queries and decisions about a job that has just been imported, while the server's statistics of the shared tables
//! are missing or older than the job. The server's processor time for them may grow with the job's size, but not with its
//! square. Processor time, unlike elapsed time, does not depend on what else the machine does.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::time::Duration;

use ingest::actions::{self, Preview, Request};
use ingest::domain::assigned::AssignedTo;
use ingest::domain::decision::{ColumnFilter, Decision, Edits, Field, Filter};
use ingest::domain::ids::{IssueId, RowId};
use ingest::domain::job::{JobId, Owner};
use ingest::domain::merge::Merge;
use ingest::domain::note::Note;
use ingest::domain::replacement::Replacement;
use ingest::domain::rules::IssueType;
use ingest::objects::Objects;
use ingest::store::OwnerPool;
use reqwest::Method;
use sqlx::PgPool;
use tokio::io::AsyncReadExt;

use crate::support::{Postgres, Server, World};

const HEADER: &str = "email,first_name,last_name,company\n";
/// Rows of the compared jobs, each twice as many as before.
const SIZES: [usize; 3] = [5_000, 10_000, 20_000];
/// Sizes for statements that the planner expects to find one row, whatever the size.
const SMALL_SIZES: [usize; 2] = [2_500, 5_000];
/// Times below this are not compared: a plan that changes with the size is a step of some hundred milliseconds. What grew
/// with the square of the rows took many seconds.
const FLOOR: Duration = Duration::from_millis(400);
/// How much longer twice as many rows may take.
const GROWTH: f64 = 3.0;
/// How often a scenario is measured, on new jobs each time, until no work in it grows too fast. The times of one round are
/// compared, and the shortest of all rounds: programs that share a processor's caches make work slower, never faster.
const ROUNDS: usize = 4;

/// The time limit of a piece of work: quadratic work would take hours.
const PATIENCE: Duration = Duration::from_secs(120);

/// Tables that autovacuum would process.
const TABLES: [&str; 8] =
    ["staging", "issues", "issue_items", "contacts", "jobs", "actions", "action_rows", "contact_changes"];

/// 20 jobs of 2,000 rows, and 100,000 contacts of one owner. Three of the jobs have one issue each, with all their rows:
/// according to the statistics, an average issue then has a third of all links.
const NEIGHBOURS: &str = "
    INSERT INTO jobs (job_user_id, job_original_filename, job_s3_object_key, job_status, job_available_at, job_total_rows)
    SELECT CASE WHEN n % 2 = 0 THEN 'tester' ELSE 'other' END, 'old.csv', 'old/' || n, 'NEEDS_REVIEW', NULL, 2000
    FROM generate_series(1, 20) AS n;
    INSERT INTO staging (staging_id, staging_job_id, staging_email, staging_first_name,
        staging_last_name, staging_company,
                                staging_status, staging_row_hash, staging_line)
    SELECT n, (n - 1) / 2000 + 1, 'old' || n || '@example.com', 'Ann', 'Lee', 'Acme',
           (CASE WHEN n <= 6000 THEN 'ISSUE' ELSE 'SUCCESS' END)::staging_status_enum, md5(n::text), n
    FROM generate_series(1, 40000) AS n;
    INSERT INTO issues (issues_job_id, issue_type, issue_key)
    SELECT n, 'DUPLICATE_EMAIL', 'old@example.com' FROM generate_series(1, 3) AS n;
    INSERT INTO issue_items (item_issue_id, item_staging_id)
    SELECT issue_id, staging_id FROM issues JOIN ONLY staging ON staging_job_id = issues_job_id;
    INSERT INTO contacts (staging_id, contacts_user_id, contact_email, contact_first_name, contact_last_name,
        contact_company, contact_key)
    SELECT n, 'tester', 'old' || n || '@example.com', 'Ann', 'Lee', 'Acme', md5(n::text)::uuid
        FROM generate_series(1, 100000) AS n;
    UPDATE staging_id_blocks SET block_next_id = 200001 WHERE block_kind = 'shared';";

#[tokio::test(flavor = "multi_thread")]
async fn work_on_a_new_job_grows_with_its_rows_while_statistics_are_outdated() {
    let jobs = Jobs::with_other_jobs().await;
    let analyze = format!("ANALYZE {}", TABLES.join(", "));
    sqlx::raw_sql(sqlx::AssertSqlSafe(analyze)).execute(&jobs.pool).await.unwrap();
    jobs.grow_evenly(&SIZES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn work_on_a_new_job_grows_with_its_rows_while_there_are_no_statistics() {
    Jobs::with_other_jobs().await.grow_evenly(&SMALL_SIZES).await;
}

/// The time of each piece of work by the number of rows.
type Times = BTreeMap<&'static str, BTreeMap<usize, Duration>>;

/// What a person does with one import.
#[derive(Debug, Clone, Copy)]
enum Scenario {
    /// Every row has an issue of its own.
    OwnIssues,
    /// All rows share one address.
    OneAddress,
    /// Two rows share an address each.
    Pairs,
    /// The rows overwrite the contacts of an earlier import.
    ExistingContacts,
}

impl Scenario {
    const ALL: [Scenario; 4] =
        [Scenario::OwnIssues, Scenario::OneAddress, Scenario::Pairs, Scenario::ExistingContacts];
}

/// A server and its jobs.
struct Jobs {
    server: Server,
    /// Runs nothing else, so that all of its processor time is for the measured work.
    database: Postgres,
    pool: PgPool,
    owners: OwnerPool,
    objects: Objects,
    /// The shortest times.
    times: Times,
    /// The times of the current round.
    round: Times,
    /// The work that did not grow too fast in one of the rounds.
    even: BTreeSet<&'static str>,
    /// The number of imports of contacts so far: each has addresses of its own.
    imports: usize,
}

impl Jobs {
    async fn with_other_jobs() -> Jobs {
        let database = Postgres::make();
        let world = World::empty_database_on(&database, "").await;
        ingest::store::schema::migrate(&world.pool).await.unwrap();
        for table in TABLES {
            let alter = format!("ALTER TABLE {table} SET (autovacuum_enabled = false)");
            sqlx::raw_sql(sqlx::AssertSqlSafe(alter)).execute(&world.pool).await.unwrap();
        }
        sqlx::raw_sql(NEIGHBOURS).execute(&world.pool).await.unwrap();
        let objects = Objects::local(world.path("data/objects")).unwrap();
        let server = Server::start(world).await;
        Jobs {
            pool: server.world.pool.clone(),
            owners: server.world.owners.clone(),
            server,
            database,
            objects,
            times: Times::new(),
            round: Times::new(),
            even: BTreeSet::new(),
            imports: 0,
        }
    }

    /// Measures each scenario until all of its times are even, and fails if they are not after some rounds.
    async fn grow_evenly(mut self, sizes: &[usize]) {
        let mut uneven = String::new();
        for scenario in Scenario::ALL {
            self.times.clear();
            self.even.clear();
            for _ in 0..ROUNDS {
                self.round.clear();
                for &rows in sizes {
                    self.run(scenario, rows).await;
                }
                let even = self.round.iter().filter(|(_, times)| !grows_too_fast(times));
                self.even.extend(even.map(|(work, _)| *work));
                if self.uneven().is_empty() {
                    break;
                }
            }
            uneven += &self.uneven();
        }
        assert!(uneven.is_empty(), "time grows faster than the rows:\n{uneven}");
    }

    async fn run(&mut self, scenario: Scenario, rows: usize) {
        match scenario {
            Scenario::OwnIssues => self.review_own_issues(rows).await,
            Scenario::OneAddress => self.review_one_address(rows).await,
            Scenario::Pairs => self.review_pairs(rows).await,
            Scenario::ExistingContacts => self.import_and_overwrite(rows).await,
        }
    }

    /// Lists the work that takes more than [`GROWTH`] times as long for twice as many rows, with its times.
    fn uneven(&self) -> String {
        let mut list = String::new();
        for (work, times) in self.times.iter().filter(|(work, _)| !self.even.contains(*work)) {
            if grows_too_fast(times) {
                writeln!(list, "{work}: {times:?}").unwrap();
            }
        }
        list
    }

    /// Does a piece of work and records the server's processor time for it.
    async fn timed<T>(&mut self, work: &'static str, rows: usize, doing: impl AsyncFnOnce(&Jobs) -> T) -> T {
        let before = self.database.processor_time();
        let done = tokio::time::timeout(PATIENCE, doing(self)).await;
        let done = done.unwrap_or_else(|_| panic!("{work}: {rows} rows took longer than {PATIENCE:?}"));
        let took = self.database.processor_time().saturating_sub(before);
        // Shown when the test fails, or with --nocapture.
        println!("{work:<40} {rows:>6} rows {took:>12.1?}");
        let shortest = self.times.entry(work).or_default().entry(rows).or_insert(took);
        *shortest = took.min(*shortest);
        self.round.entry(work).or_default().insert(rows, took);
        done
    }

    /// Imports a file and returns its job.
    async fn import(&self, content: &str, status: i32) -> JobId {
        let file = self.server.world.file("job.csv", &format!("{HEADER}{content}"));
        self.server.world.ingest(&["import", "--force", &file]).await.expect_status(status);
        sqlx::query_scalar("SELECT max(job_id) FROM jobs").fetch_one(&self.pool).await.unwrap()
    }

    /// Previews a decision.
    async fn preview(
        &mut self,
        work: &'static str,
        rows: usize,
        job: JobId,
        which: &Filter,
        decision: &Decision,
    ) -> Preview {
        let seen = self.timed(work, rows, async |jobs| {
            actions::preview(&jobs.owners, &tester().owner, job, which, decision).await.unwrap()
        });
        let seen = seen.await;
        assert!(seen.changed.rows > 0, "{work}");
        seen
    }

    /// Previews a decision, applies it, and undoes it.
    async fn decide_and_undo(
        &mut self,
        work: [&'static str; 3],
        rows: usize,
        job: JobId,
        which: &Filter,
        decision: Decision,
    ) {
        let seen = self.preview(work[0], rows, job, which, &decision).await;
        let done = self.timed(work[1], rows, async |jobs| {
            actions::decide(&jobs.owners, &tester(), job, which, &decision).await.unwrap()
        });
        let done = done.await;
        assert_eq!((seen.changed, seen.issues), (done.changed, done.issues), "{}", work[1]);
        let undone = self.timed(work[2], rows, async |jobs| {
            actions::undo(&jobs.owners, &tester(), done.action.unwrap()).await.unwrap()
        });
        assert_eq!(undone.await.changed.rows, done.changed.rows, "{}", work[2]);
    }

    /// Assigns all issues, and discards the rows of the assigned ones with a note.
    async fn assign_and_note(&mut self, rows: usize, job: JobId, all: &Filter) {
        let assigned = self.timed("assign", rows, async |jobs| {
            let (owners, by) = (&jobs.owners, tester());
            actions::assign_issues(owners, &by, job, all, &AssignedTo::Me, "Ann").await.unwrap()
        });
        assert_eq!(assigned.await.issues, rows as i64);
        let which = Filter { assigned: Some(AssignedTo::Person("Ann".to_owned())), ..Filter::default() };
        self.preview("preview: discard what is assigned", rows, job, &which, &Decision::Discard).await;
        let noted = self.timed("discard with a note", rows, async |jobs| {
            let (owners, by, note) = (&jobs.owners, tester(), Note::new("asked").unwrap());
            let discard = &Decision::Discard;
            actions::decide_with_note(owners, &by, job, &which, discard, Some(&note)).await.unwrap()
        });
        let noted = noted.await;
        assert_eq!(noted.changed.rows, rows as i64);
        actions::undo(&self.owners, &tester(), noted.action.unwrap()).await.unwrap();
    }

    /// Requests what people see, path by path.
    async fn visit(&mut self, work: &'static str, rows: usize, paths: &[String]) {
        self.timed(work, rows, async |jobs| {
            for path in paths {
                let answer = jobs.server.send(Method::GET, path, None, &[]).await;
                let (status, text) = (answer.status(), answer.text().await.unwrap());
                assert!(status.is_success() || status.is_redirection(), "{path}: {status} {text}");
            }
        })
        .await;
    }

    async fn review_own_issues(&mut self, rows: usize) {
        let content: String =
            (0..rows).map(|row| format!("\"person{row}@example,com\",Ann,Lee,Acme\n")).collect();
        let job = self.import(&content, 3).await;
        let all = Filter { issue_type: Some(IssueType::InvalidEmail), ..Filter::default() };
        let acme = Edits::of(Field::Company, "Acme Ltd");
        self.assign_and_note(rows, job, &all).await;
        let discard = ["preview: discard", "discard", "undo discard"];
        self.decide_and_undo(discard, rows, job, &all, Decision::Discard).await;
        let other = Decision::Replace(Replacement {
            field: Field::Email,
            find: "@example,com".to_owned(),
            with: "@other,com".to_owned(),
            match_case: false,
        });
        let still_wrong =
            ["preview: replace by wrong values", "replace by wrong values", "undo the replacement"];
        self.decide_and_undo(still_wrong, rows, job, &all, other).await;
        let found = Filter { issue_text: Some("Acme".to_owned()), ..all.clone() };
        self.preview("preview: discard what is found in issues", rows, job, &found, &Decision::Discard).await;
        self.preview("preview: correct", rows, job, &all, &Decision::Correct).await;
        self.preview("preview: edit", rows, job, &all, &Decision::Edit(acme.clone())).await;
        let column = ColumnFilter { name: Field::Company, equals: Some("Acme".to_owned()), contains: None };
        let by_value = Filter { text: Some("person".to_owned()), column: Some(column), ..Filter::default() };
        self.preview("preview: edit what holds a text", rows, job, &by_value, &Decision::Edit(acme)).await;
        let ids = "SELECT staging_id FROM ONLY staging WHERE staging_job_id = $1";
        let ids: Vec<RowId> = sqlx::query_scalar(ids).bind(job.0).fetch_all(&self.pool).await.unwrap();
        self.preview("preview: discard named rows", rows, job, &Filter::rows(ids), &Decision::Discard).await;
        let issues = "SELECT issue_id FROM issues WHERE issues_job_id = $1 ORDER BY issue_id";
        let issues: Vec<IssueId> =
            sqlx::query_scalar(issues).bind(job.0).fetch_all(&self.pool).await.unwrap();
        let middle = issues[rows / 2];
        let of_issues = Filter { issues: Some(issues), ..Filter::default() };
        self.preview("preview: discard rows of issues", rows, job, &of_issues, &Decision::Discard).await;

        let sheet = self.timed("download corrections", rows, async |jobs| {
            let file = actions::corrections_file(&jobs.owners, &tester().owner, job).await.unwrap();
            let (mut text, mut content) = (String::new(), file.into_reader());
            content.read_to_string(&mut text).await.unwrap();
            text
        });
        let sheet = sheet.await.replace("@example,com", "@example.com");
        let corrected = self.timed("upload corrections", rows, async |jobs| {
            actions::correct(&jobs.owners, &tester(), job, sheet.as_bytes()).await.unwrap()
        });
        let corrected = corrected.await;
        assert_eq!(corrected.effect.changed.edited, rows as i64);
        self.timed("undo corrections", rows, async |jobs| {
            actions::undo(&jobs.owners, &tester(), corrected.effect.action.unwrap()).await.unwrap()
        })
        .await;

        self.visit("pages of the job", rows, &pages(job, IssueType::InvalidEmail, "invalid", middle)).await;
        self.timed("reprocess under review", rows, async |jobs| jobs.reprocess(job, 3).await).await;
        self.delete("delete a job with issues", rows, job).await;
    }

    async fn review_one_address(&mut self, rows: usize) {
        let content: String = (0..rows).map(|row| format!("same@example.com,Ann{row},Lee,Acme\n")).collect();
        let job = self.import(&content, 3).await;
        let all = Filter { issue_type: Some(IssueType::DuplicateEmail), ..Filter::default() };
        let merge = ["preview: merge all", "merge all", "undo merge of all"];
        self.decide_and_undo(merge, rows, job, &all, Decision::Merge(Merge::default())).await;
        self.preview("preview: keep last of all", rows, job, &all, &Decision::KeepLast).await;
        let row = "SELECT max(staging_id) FROM ONLY staging WHERE staging_job_id = $1";
        let row: RowId = sqlx::query_scalar(row).bind(job.0).fetch_one(&self.pool).await.unwrap();
        self.preview("preview: keep one of all", rows, job, &Filter::rows([row]), &Decision::KeepRow { row })
            .await;
        let issue = "SELECT issue_id FROM issues WHERE issues_job_id = $1";
        let issue: IssueId = sqlx::query_scalar(issue).bind(job.0).fetch_one(&self.pool).await.unwrap();
        self.visit(
            "pages of one issue with all rows",
            rows,
            &pages(job, IssueType::DuplicateEmail, "duplicate", issue),
        )
        .await;
        self.delete("delete a job with one issue", rows, job).await;
    }

    async fn review_pairs(&mut self, rows: usize) {
        let content: String =
            (0..rows).map(|row| format!("pair{}@example.com,Ann{row},Lee,Acme\n", row / 2)).collect();
        let job = self.import(&content, 3).await;
        let all = Filter { issue_type: Some(IssueType::DuplicateEmail), ..Filter::default() };
        let merge = ["preview: merge pairs", "merge pairs", "undo merge of pairs"];
        self.decide_and_undo(merge, rows, job, &all, Decision::Merge(Merge::default())).await;
        self.preview("preview: keep first of pairs", rows, job, &all, &Decision::KeepFirst).await;
        self.delete("delete a job with pairs", rows, job).await;
    }

    async fn import_and_overwrite(&mut self, rows: usize) {
        self.imports += 1;
        let mark = self.imports;
        let content = |company: &str| -> String {
            (0..rows).map(|row| format!("known{mark}.{row}@example.com,Ann,Lee,{company}\n")).collect()
        };
        let first = self.import(&content("Acme"), 0).await;
        let preview = self.timed("preview the undo of an import", rows, async |jobs| {
            actions::preview_undo_import(&jobs.owners, &tester(), first).await.unwrap()
        });
        assert_eq!(preview.await.removed, rows as i64);
        let undone = self.timed("undo an import", rows, async |jobs| {
            actions::undo_import(&jobs.owners, &tester(), first).await.unwrap()
        });
        assert_eq!(undone.await.removed, rows as i64);
        self.timed("reprocess an import that was undone", rows, async |jobs| jobs.reprocess(first, 0).await)
            .await;

        let second = self.import(&content("Acme Ltd"), 3).await;
        let all = Filter { issue_type: Some(IssueType::ExistingEmail), ..Filter::default() };
        self.preview("preview: keep contacts", rows, second, &all, &Decision::KeepContact).await;
        let issue = "SELECT min(issue_id) FROM issues WHERE issues_job_id = $1";
        let issue: IssueId = sqlx::query_scalar(issue).bind(second.0).fetch_one(&self.pool).await.unwrap();
        let paths = pages(second, IssueType::ExistingEmail, "existing", issue);
        self.visit("pages of existing contacts", rows, &paths).await;
        let overwrite = async |jobs: &Jobs| {
            actions::decide(&jobs.owners, &tester(), second, &all, &Decision::Overwrite).await.unwrap()
        };
        assert_eq!(self.timed("overwrite contacts", rows, overwrite).await.open_issues, 0);
        self.timed("reprocess into existing contacts", rows, async |jobs| jobs.reprocess(second, 0).await)
            .await;
        let restored = self.timed("undo changes of contacts", rows, async |jobs| {
            actions::undo_import(&jobs.owners, &tester(), second).await.unwrap()
        });
        assert_eq!(restored.await.restored, rows as i64);
        self.delete("delete a job that changed contacts", rows, second).await;
        self.delete("delete an import", rows, first).await;
    }

    async fn reprocess(&self, job: JobId, status: i32) {
        self.server.world.ingest(&["reprocess", &job.to_string()]).await.expect_status(status);
    }

    async fn delete(&mut self, work: &'static str, rows: usize, job: JobId) {
        self.timed(work, rows, async |jobs| {
            actions::delete(&jobs.owners, &jobs.objects, &tester(), job).await.unwrap()
        })
        .await;
    }
}

/// Returns whether twice as many rows took more than [`GROWTH`] times as long.
fn grows_too_fast(times: &BTreeMap<usize, Duration>) -> bool {
    let times: Vec<Duration> = times.values().copied().collect();
    times.windows(2).any(|pair| pair[1].as_secs_f64() > GROWTH * pair[0].max(FLOOR).as_secs_f64())
}

fn tester() -> Request {
    Request { owner: Owner("tester".to_owned()), actor: "tester at work".to_owned(), idempotency: None }
}

/// Returns the paths that people and programs request for a job under review. `slug`: the name of the issue type in
/// URLs; `issue`: one of these issues.
fn pages(job: JobId, kind: IssueType, slug: &str, issue: IssueId) -> Vec<String> {
    vec![
        format!("/jobs/{job}"),
        format!("/jobs/{job}?show=issue"),
        format!("/jobs/{job}?show={slug}"),
        format!("/jobs/{job}/review"),
        format!("/jobs/{job}/review/{slug}"),
        format!("/jobs/{job}/review/{slug}?after={issue}"),
        format!("/jobs/{job}/review/{slug}?text=zebra"),
        format!("/jobs/{job}/grid?kind={slug}"),
        format!("/jobs/{job}/grid?kind={slug}&text=zebra"),
        format!("/jobs/{job}/issues/{issue}"),
        format!("/audit?job={job}"),
        "/jobs".to_owned(),
        "/contacts".to_owned(),
        format!("/api/v1/jobs/{job}"),
        format!("/api/v1/jobs/{job}/issues/{issue}"),
        format!("/api/v1/jobs/{job}/issues?limit=100&after={issue}"),
        format!("/api/v1/jobs/{job}/issues?limit=100&state=all"),
        format!("/api/v1/jobs/{job}/issues?limit=100&text=zebra"),
        format!("/api/v1/jobs/{job}/issues?limit=100&issue_type={kind}"),
        format!("/api/v1/jobs/{job}/rows?limit=100&issue_type={kind}"),
        format!("/api/v1/jobs/{job}/rows?limit=100&status=DISCARD"),
        format!("/api/v1/jobs/{job}/rows?limit=100&text=zebra"),
        "/api/v1/contacts?limit=100&text=zebra".to_owned(),
    ]
}
