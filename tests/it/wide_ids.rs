//! Ids beyond 32 bits: what happens at their end, how they are widened, and that everything works with larger ones.

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::Method;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::support::{Server, World, eventually, free_port};

const HEADER: &str = "email,first_name,last_name,company\n";
const LAST: i64 = 2_147_483_647;

async fn execute(world: &World, statements: impl Into<String>) {
    sqlx::raw_sql(AssertSqlSafe(statements.into())).execute(&world.pool).await.unwrap();
}

async fn number(world: &World, query: impl Into<String>) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(query.into())).fetch_one(&world.pool).await.unwrap()
}

/// Makes `last` the last id that was given out, of jobs, issues and links.
async fn continue_after(world: &World, last: i64) {
    for (table, column) in [("jobs", "job_id"), ("issues", "issue_id"), ("issue_items", "issue_item_id")] {
        execute(world, format!("SELECT setval(pg_get_serial_sequence('{table}', '{column}'), {last})")).await;
    }
}

async fn widen(world: &World) {
    world.ingest(&["migrate", "--wide-ids", "--yes"]).await.expect_status(0);
}

/// A world whose next ids are larger than 32 bits, and that has older jobs with small ones.
async fn widened() -> World {
    let world = World::database().await;
    imports(&world, "old.csv", "old@example.com,Old,Name,Acme\n", 0).await;
    imports(&world, "review.csv", "bad,Bo,Ray,Acme\n", 3).await;
    widen(&world).await;
    continue_after(&world, LAST).await;
    world
}

async fn imports(world: &World, name: &str, rows: &str, status: i32) {
    let file = world.file(name, &format!("{HEADER}{rows}"));
    world.ingest(&["import", &file]).await.expect_status(status);
}

/// Returns the types of all columns that contain the ids, without the tables of jobs.
async fn types(world: &World) -> BTreeSet<String> {
    let query = "SELECT format('%s.%s %s', attrelid::regclass, attname, format_type(atttypid, NULL)) FROM pg_attribute
         JOIN pg_class ON pg_class.oid = attrelid AND relkind = 'r' AND relname !~ '_job_[0-9]+$'
         WHERE attname IN ('job_id', 'staging_job_id', 'issues_job_id', 'action_job_id', 'change_job_id', 'undo_job_id',
                           'issue_id', 'item_issue_id', 'issue_item_id') AND attnum > 0 AND NOT attisdropped";
    let types: Vec<String> = sqlx::query_scalar(query).fetch_all(&world.pool).await.unwrap();
    types.into_iter().collect()
}

fn of_type<'a>(types: &'a BTreeSet<String>, name: &str) -> Vec<&'a str> {
    types.iter().filter_map(|column| column.strip_suffix(name)).map(str::trim_end).collect()
}

#[tokio::test]
async fn a_job_at_the_end_of_the_ids_fails_with_the_command_and_continues_after_it() {
    let world = World::database().await;
    world.ingest(&["migrate"]).await.expect_status(0);
    continue_after(&world, LAST - 1).await;
    let file = world
        .file("a.csv", &format!("{HEADER}ok@example.com,Ann,Lee,Acme\nbad,Bo,Ray,Acme\nworse,Bo,Ray,Acme\n"));
    let ended = world.ingest(&["import", &file]).await;
    ended.expect_status(1);
    assert!(ended.stderr.contains("`ingest migrate --wide-ids`"), "{}", ended.stderr);
    let query =
        "SELECT job_status || ' ' || job_attempts || ' ' || (job_failure_reason ->> 'fault') FROM jobs";
    let job: String = sqlx::query_scalar(query).fetch_one(&world.pool).await.unwrap();
    assert_eq!(job, "FAILED 0 ids-used-up");
    // No job can be added either.
    let ended =
        world.ingest(&["import", &world.file("b.csv", &format!("{HEADER}b@example.com,B,Lee,Acme\n"))]).await;
    ended.expect_status(1);
    assert!(ended.stderr.contains("`ingest migrate --wide-ids`"), "{}", ended.stderr);
    let doctor = world.ingest(&["doctor"]).await.stdout;
    assert!(doctor.contains("run `ingest migrate --wide-ids`"), "{doctor}");

    widen(&world).await;
    let doctor = world.ingest(&["doctor"]).await;
    doctor.expect_status(0);
    assert!(!doctor.stdout.contains("WARN  ids"), "{}", doctor.stdout);
    let job = LAST.to_string();
    world.ingest(&["reprocess", &job]).await.expect_status(3);
    assert_eq!(world.job(LAST).await, "NEEDS_REVIEW total 3 processed 3 issues 2 repeated 0");
    let issue = number(&world, "SELECT max(issue_id) FROM issues").await;
    assert!(issue > LAST);
    world.ingest(&["resolve", &job, &issue.to_string(), "discard"]).await.expect_status(0);
    imports(&world, "b.csv", "b@example.com,B,Lee,Acme\n", 0).await;
    world.eventually_completed(LAST + 1).await;
}

#[tokio::test]
async fn widening_needs_a_confirmation_and_says_what_changes() {
    let world = World::database().await;
    world.ingest(&["migrate"]).await.expect_status(0);
    execute(
        &world,
        "CREATE TABLE notes (note_job integer REFERENCES jobs); CREATE VIEW open AS SELECT job_id FROM jobs",
    )
    .await;
    // The ids of an older upstream database come from a plain sequence.
    let serial = "ALTER TABLE issues ALTER issue_id DROP IDENTITY; CREATE SEQUENCE serial AS integer OWNED BY issues.issue_id;
         ALTER TABLE issues ALTER issue_id SET DEFAULT nextval('serial')";
    execute(&world, serial).await;
    let narrow = types(&world).await;
    assert_eq!(of_type(&narrow, "bigint"), Vec::<&str>::new());
    for arguments in [&["migrate", "--wide-ids", "--dry-run"][..], &["migrate", "--wide-ids"]] {
        let asked = world.ingest(arguments).await;
        asked.expect_status(i32::from(arguments.len() == 2));
        for told in
            ["issues (issue_id, issues_job_id): ", "node-postgres", "notes.note_job", "about 1 second"]
        {
            assert!(asked.stderr.contains(told), "{}", asked.stderr);
        }
    }
    let refused = world.ingest(&["migrate", "--wide-ids", "--yes"]).await;
    refused.expect_status(1);
    assert!(refused.stderr.contains("views read these columns: open;"), "{}", refused.stderr);
    assert_eq!(types(&world).await, narrow);

    execute(&world, "DROP VIEW open").await;
    world.ingest(&["migrate", "--wide-ids=issues", "--yes"]).await.expect_status(0);
    let issues = types(&world).await;
    let expected = ["issue_id", "item_issue_id", "issue_item_id"];
    assert!(
        of_type(&issues, "bigint").iter().all(|column| expected.iter().any(|name| column.ends_with(name)))
    );
    assert_eq!(of_type(&issues, "bigint").len(), 6, "{issues:?}");
    let last = "SELECT max_value FROM pg_sequences WHERE sequencename = 'serial'";
    assert_eq!(number(&world, last).await, i64::MAX);
    imports(&world, "a.csv", "ok@example.com,Ann,Lee,Acme\nbad,Bo,Ray,Acme\n", 3).await;
    widen(&world).await;
    assert_eq!(of_type(&types(&world).await, "integer"), Vec::<&str>::new());
    let done = world.ingest(&["migrate", "--wide-ids", "--yes"]).await;
    assert!(done.stderr.contains("64-bit numbers already"), "{}", done.stderr);
    world.ingest(&["reprocess", "1"]).await.expect_status(3);
}

#[tokio::test]
async fn commands_work_with_large_ids() {
    let world = widened().await;
    let rows = "ok@example.com,Ann,Lee,Acme\nbad,Bo,Ray,Acme\ndup@example.com,Ann,Lee,Acme\ndup@example.com,Anna,Lee,Acme\n\
                old@example.com,New,Name,Acme\nnil@example.com,,Lee,Acme\n";
    imports(&world, "new.csv", rows, 3).await;
    let job = &(LAST + 1).to_string();
    let row = number(
        &world,
        format!("SELECT min(staging_id) FROM staging WHERE staging_job_id = {job} AND staging_email = 'bad'"),
    )
    .await;
    let of_type = async |kind: &str| {
        let issue = number(
            &world,
            format!("SELECT issue_id FROM issues WHERE issues_job_id = {job} AND issue_type = '{kind}'"),
        )
        .await;
        assert!(issue > LAST);
        issue.to_string()
    };
    let listed = world.ingest(&["jobs", "--after", &(LAST + 2).to_string()]).await.stdout;
    assert!(listed.contains(job), "{listed}");
    let listed = world.ingest(&["issues", job, "--limit", "2"]).await;
    assert!(listed.stdout.contains(&(LAST + 1).to_string()), "{}", listed.stdout);
    world.ingest(&["issues", job, "--after", &(LAST + 2).to_string()]).await.expect_status(0);
    let listed = world.ingest(&["rows", job, &of_type("DUPLICATE_EMAIL").await]).await;
    assert!(listed.stdout.contains("Anna"), "{}", listed.stdout);
    world.ingest(&["edit", &row.to_string(), "--email", "good@example.com"]).await.expect_status(0);
    world
        .ingest(&["resolve", job, &of_type("MISSING_REQUIRED_FIELD").await, "discard"])
        .await
        .expect_status(0);
    let last = number(&world, "SELECT max(action_id) FROM actions").await;
    world.ingest(&["undo", &last.to_string()]).await.expect_status(0);
    world.ingest(&["bulk", job, "discard", "--type", "MISSING_REQUIRED_FIELD"]).await.expect_status(0);
    world.ingest(&["bulk", job, "keep-first", "--type", "DUPLICATE_EMAIL"]).await.expect_status(0);
    world.ingest(&["bulk", job, "discard", "--type", "EXISTING_EMAIL"]).await.expect_status(0);
    world.ingest(&["reprocess", job]).await.expect_status(0);
    assert_eq!(world.contacts("tester").await.len(), 4);
    let about = world.ingest(&["about", "good@example.com"]).await.stdout;
    assert!(about.contains(job), "{about}");
    let audit = world.ingest(&["audit", "--job", job]).await.stdout;
    assert!(audit.contains("KEEP_ROW"), "{audit}");
    world.ingest(&["save", "rows", "--job", job]).await;
    world.ingest(&["undo", "--yes", "--import", job]).await.expect_status(0);
    world.ingest(&["reread", job, "--header-line", "1"]).await.expect_status(3);
    world.ingest(&["forget", "dup@example.com", "--yes"]).await;
    world.ingest(&["delete", job, "--yes"]).await.expect_status(0);
    assert_eq!(number(&world, format!("SELECT count(*) FROM staging WHERE staging_job_id = {job}")).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_job_works_with_large_ids_in_own_and_in_shared_tables() {
    let world = widened().await;
    let rows: String = (0..100_000)
        .map(|n| match n % 100 {
            0 => format!("broken-{n},Ann,Lee,Acme\n"),
            _ => format!("p{n}@example.com,Ann,Lee,Acme\n"),
        })
        .collect();
    imports(&world, "large.csv", &rows, 3).await;
    let job = &(LAST + 1).to_string();
    let own = "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname ~ '_job_[0-9]+$'";
    assert_eq!(number(&world, own).await, 3);
    world.ingest(&["bulk", job, "discard", "--text", "broken-100"]).await.expect_status(0);
    world.ingest(&["reprocess", job]).await.expect_status(3);
    // Another program deletes a large job: its tables are removed.
    imports(&world, "large-too.csv", &rows.replace("@example.com", "@example.org"), 3).await;
    assert_eq!(number(&world, own).await, 6);
    execute(&world, format!("DELETE FROM jobs WHERE job_id = {}", LAST + 2)).await;
    let age = "UPDATE jobs SET job_process_end = job_process_end - interval '2 days',
         job_merge_at = job_merge_at - interval '2 days'";
    for _ in 0..60 {
        execute(&world, age).await;
        let mut worker = world.spawn(&["worker"]);
        tokio::time::sleep(Duration::from_secs(2)).await;
        worker.term_and_wait().await;
        if number(&world, own).await == 0 {
            break;
        }
    }
    assert_eq!(number(&world, own).await, 0);
    assert_eq!(
        number(&world, format!("SELECT count(*) FROM ONLY staging WHERE staging_job_id = {job}")).await,
        100_000
    );
    world.ingest(&["bulk", job, "discard", "--type", "INVALID_EMAIL"]).await.expect_status(0);
    world.ingest(&["reprocess", job]).await.expect_status(0);
    assert_eq!(number(&world, "SELECT count(*) FROM contacts").await, 99_001);
    execute(
        &world,
        "UPDATE jobs SET job_process_end = now() - interval '40 days';
         UPDATE actions SET action_at = now() - interval '40 days'",
    )
    .await;
    let world = world.with(&[("STAGING_RETENTION_DAYS", "30")]);
    world.ingest(&["retention"]).await.expect_status(0);
    assert_eq!(number(&world, "SELECT count(*) FROM staging").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_and_the_pages_work_with_large_ids() {
    let server = Server::start_at(widened().await, free_port(), &["serve"]).await;
    let url = format!("{}/api/v1/uploads?filename=a.csv", server.url);
    let rows = format!("{HEADER}ok@example.com,Ann,Lee,Acme\nbad,Bo,Ray,Acme\nbad2,Bo,Ray,Acme\n");
    let upload: serde_json::Value =
        server.client().post(url).body(rows).send().await.unwrap().json().await.unwrap();
    let job = upload["job"].as_i64().unwrap();
    assert_eq!(job, LAST + 1);
    assert_eq!(server.world.status_after_run(job).await, "NEEDS_REVIEW");
    let (status, issues) = server.get(&format!("/api/v1/jobs/{job}/issues?limit=1")).await;
    assert_eq!((status, issues["items"][0]["id"].as_i64()), (200, Some(LAST + 1)), "{issues}");
    let (status, rest) = server.get(&format!("/api/v1/jobs/{job}/issues?after={}", LAST + 1)).await;
    assert_eq!((status, rest["items"].as_array().map(Vec::len)), (200, Some(1)), "{rest}");
    let mut browser = server.browser().await;
    for path in [format!("/jobs/{job}"), format!("/jobs/{job}/issues/{}", LAST + 1), "/jobs".to_owned()] {
        let url = format!("{}{path}", server.url);
        let page = browser.request_with(Method::GET, &url, &[], &[("accept", "text/html")]).await;
        assert_eq!(page.status(), 200, "{path}");
        assert!(page.text().await.unwrap().contains(&job.to_string()), "{path}");
    }
    let (status, _) = server.get("/api/v1/jobs/9223372036854775807").await;
    assert_eq!(status, 404);
    let path = format!("/api/v1/jobs/{job}/issues/{}/resolution", LAST + 1);
    let decision = serde_json::json!({ "decision": "discard" });
    let done = server.send(Method::POST, &path, Some(decision), &[]).await;
    assert_eq!(done.status(), 200, "{}", done.text().await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_widening_is_continued() {
    let world = World::database().await;
    imports(&world, "a.csv", "ok@example.com,Ann,Lee,Acme\nbad,Bo,Ray,Acme\n", 3).await;
    execute(&world, "CREATE TABLE notes (note_job integer REFERENCES jobs)").await;
    // The last table waits for a transaction of another program.
    let mut other = PgConnection::connect(&world.variable("DATABASE_URL")).await.unwrap();
    sqlx::raw_sql("BEGIN; SELECT FROM notes").execute(&mut other).await.unwrap();
    let mut widening = world.spawn(&["migrate", "--wide-ids", "--yes"]);
    eventually("the other tables are widened", async || world.log().contains("waiting until no run")).await;
    widening.kill();
    widening.wait().await;
    let mixed = types(&world).await;
    assert_eq!(of_type(&mixed, "integer"), ["jobs.job_id"]);
    // Everything works in between.
    let row = number(&world, "SELECT staging_id FROM staging WHERE staging_email = 'bad'").await;
    world.ingest(&["edit", &row.to_string(), "--email", "good@example.com"]).await.expect_status(0);
    world.ingest(&["reprocess", "1"]).await.expect_status(0);
    imports(&world, "b.csv", "worse,Bo,Ray,Acme\n", 3).await;
    world.ingest(&["issues", "2"]).await.expect_status(0);
    sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
    widen(&world).await;
    assert_eq!(of_type(&types(&world).await, "integer"), Vec::<&str>::new());
    world.ingest(&["bulk", "2", "discard", "--type", "INVALID_EMAIL"]).await.expect_status(0);
    assert_eq!(world.contacts("tester").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_run_while_the_ids_are_widened_do_not_fail() {
    let world = World::database().await;
    let rows: String = (0..100_000)
        .map(|n| match n % 50 {
            0 => format!("broken-{n},Ann,Lee,Acme\n"),
            _ => format!("p{n}@example.com,Ann,Lee,Acme\n"),
        })
        .collect();
    imports(&world, "large.csv", &rows, 3).await;
    let mut worker = world.spawn(&["worker"]);
    // Rechecks read one snapshot; first runs fill own tables that do not inherit yet.
    let first =
        world.enqueue("too.csv", &format!("{HEADER}{}", rows.replace(".com", ".org")), "another").await;
    execute(&world, "UPDATE jobs SET job_available_at = now(), job_status = 'PROCESSING' WHERE job_id = 1")
        .await;
    eventually("both run", async || {
        number(&world, "SELECT count(*) FROM jobs WHERE job_lease_token IS NOT NULL").await == 2
    })
    .await;
    widen(&world).await;
    for job in [1, first] {
        assert_eq!(world.status_after_run(job).await, "NEEDS_REVIEW");
        let counted = "SELECT job_issue_count || ' ' || job_attempts || ' ' || (SELECT count(*) FROM issues WHERE issues_job_id = job_id
                           AND NOT issue_resolved) || ' ' || (SELECT count(*) FROM staging WHERE staging_job_id = job_id)
                       FROM jobs WHERE job_id = $1";
        let counted: String = sqlx::query_scalar(counted).bind(job).fetch_one(&world.pool).await.unwrap();
        assert_eq!(counted, "2000 0 2000 100000", "job {job}: {}", world.log());
    }
    worker.term_and_wait().await;
    assert_eq!(of_type(&types(&world).await, "integer"), Vec::<&str>::new());
}
