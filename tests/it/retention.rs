//! Old rows, records and files are removed; contacts and counts stay.

use reqwest::Method;
use sqlx::AssertSqlSafe;

use crate::support::{Server, World, eventually};

const HEADER: &str = "email,first_name,last_name,company\n";

async fn number(world: &World, query: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(query.to_owned())).fetch_one(&world.pool).await.unwrap()
}

async fn execute(world: &World, statement: &str) {
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&world.pool).await.unwrap();
}

/// Makes jobs, and all that people did with them, as old as that.
async fn age(world: &World, jobs: &str, days: u32) {
    let old = format!(
        "UPDATE jobs SET job_process_end = now() - interval '{days} days' WHERE job_id IN ({jobs});
         UPDATE actions SET action_at = now() - interval '{days} days' WHERE action_job_id IN ({jobs});
         UPDATE contact_changes SET change_at = now() - interval '{days} days'
         WHERE change_job_id IN ({jobs})
            OR change_action_id IN (SELECT action_id FROM actions WHERE action_job_id IN ({jobs}))"
    );
    execute(world, &old).await;
}

async fn imports(world: &World, name: &str, rows: &str, status: i32) -> String {
    let file = world.file(name, &format!("{HEADER}{rows}"));
    world.ingest(&["import", &file]).await.expect_status(status);
    file
}

fn many(count: usize) -> String {
    (0..count).map(|row| format!("p{row}@example.com,Ann,Lee,Acme\n")).collect()
}

/// Returns the stored files.
fn files(world: &World) -> usize {
    let mut folders = vec![world.path("data/objects")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => files += 1,
            }
        }
    }
    files
}

#[tokio::test]
async fn old_rows_go_and_contacts_and_counts_stay() {
    let world = World::database().await;
    let first = imports(&world, "completed.csv", "a@example.com,Ann,Lee,Acme\n", 0).await;
    imports(&world, "review.csv", "bad,Bo,Ray,Acme\nb@example.com,Bo,Ray,Acme\n", 3).await;
    imports(&world, "large.csv", &format!("{}bad,Bo,Ray,Acme\n", many(100_000)), 3).await;
    imports(&world, "young.csv", "bad,Yo,Ung,Acme\n", 3).await;
    imports(&world, "used.csv", "bad,Us,Ed,Acme\n", 3).await;
    age(&world, "1, 2, 3, 5", 40).await;
    // Somebody has decided about an old job since.
    let used = number(&world, "SELECT staging_id FROM staging WHERE staging_job_id = 5").await;
    world.ingest(&["discard", &used.to_string()]).await.expect_status(0);
    let kept = world.ingest(&["retention"]).await;
    assert!(kept.stderr.contains("everything is kept"), "{}", kept.stderr);
    let counts =
        "SELECT sum(job_total_rows * 3 + job_issue_count * 5 + job_success_rows * 7)::bigint FROM jobs";
    let before = number(&world, counts).await;

    let world = world.with(&[("STAGING_RETENTION_DAYS", "30")]);
    let dry = world.ingest(&["retention", "--dry-run"]).await;
    let planned = "100004 rows of 3 jobs, 0 actions, 0 changes of contacts, 0 files";
    assert!(dry.stderr.starts_with(&format!("would remove {planned};")), "{}", dry.stderr);
    assert_eq!(number(&world, "SELECT count(*) FROM staging").await, 100_006);
    let done = world.ingest(&["retention"]).await;
    done.expect_status(0);
    assert_eq!(done.stderr.trim(), format!("removed {planned}"));

    assert_eq!(number(&world, "SELECT count(*) FROM staging").await, 2);
    assert_eq!(number(&world, "SELECT count(*) FROM issues").await, 2);
    assert_eq!(number(&world, "SELECT count(*) FROM issue_items").await, 2);
    assert_eq!(number(&world, "SELECT count(*) FROM contacts").await, 1);
    assert_eq!(number(&world, "SELECT count(*) FROM pg_class WHERE relname LIKE '%\\_job\\_3%'").await, 0);
    assert_eq!(number(&world, counts).await, before, "the counts stay");
    assert_eq!(number(&world, "SELECT count(*) FROM jobs WHERE job_rows_left").await, 0);
    let words = "failed: its rows were removed after their time of retention";
    assert!(
        world.job(1).await.starts_with("COMPLETED") && world.job(2).await.starts_with("FAILED"),
        "{words}"
    );
    let again = world.ingest(&["retention"]).await;
    assert!(again.stderr.starts_with("removed 0 rows of 0 jobs"), "{}", again.stderr);

    // What needs the rows is refused, with the reason.
    for command in [
        vec!["reprocess", "2"],
        vec!["reprocess", "1"],
        vec!["bulk", "2", "discard", "--all"],
        vec!["undo", "--yes", "--import", "1"],
        vec!["reread", "2"],
        vec!["export", "2"],
        vec!["save", "--job", "3", "rows.csv"],
    ] {
        let refused = world.ingest(&command).await;
        refused.expect_status(1);
        assert!(
            refused.stderr.contains("removed after their time of retention"),
            "{command:?}: {}",
            refused.stderr
        );
    }
    let listed = world.ingest(&["issues", "2"]).await;
    assert!(listed.stderr.contains("issues of job 2 were removed after their time"), "{}", listed.stderr);
    // Only the stored file has the rows.
    let searched = world.ingest(&["forget", "p7@example.com", "--dry-run"]).await;
    searched.expect_status(3);
    assert!(
        searched.stderr.contains("only the stored file has the rows: job 1, job 2, job 3;"),
        "{}",
        searched.stderr
    );
    // The same file is another job, and an old one can be deleted.
    let import = world.ingest(&["import", &first]).await;
    assert_eq!(number(&world, "SELECT max(job_id)::bigint FROM jobs").await, 6, "{}", import.stderr);
    world.ingest(&["delete", "3", "--yes"]).await.expect_status(0);

    let server = Server::start(world).await;
    for job in [1, 2] {
        let page = server.send(Method::GET, &format!("/jobs/{job}"), None, &[]).await.text().await.unwrap();
        assert!(page.contains("Rows removed") && !page.contains("id=\"rows\""), "{page}");
    }
    let page = server.send(Method::GET, "/jobs/2/review/invalid", None, &[("accept", "text/html")]).await;
    assert_eq!(page.status(), 409);
    assert!(page.text().await.unwrap().contains("removed after their time of retention"));
    let (_, job) = server.get("/api/v1/jobs/2").await;
    assert!(job["rows_removed_at"].is_string() && job["file_removed_at"].is_null(), "{job:#}");
}

#[tokio::test]
async fn a_message_for_a_job_without_its_rows_changes_nothing() {
    let world = World::database().await.with(&[("STAGING_RETENTION_DAYS", "30")]);
    imports(&world, "review.csv", "bad,Bo,Ray,Acme\n", 3).await;
    age(&world, "1", 40).await;
    let mut worker = world.spawn(&["worker"]);
    // The worker removes in the background.
    let removed = "SELECT count(*) FROM jobs WHERE job_rows_removed_at IS NOT NULL AND NOT job_rows_left";
    eventually("the rows are removed", async || number(&world, removed).await == 1).await;
    let before = world.job(1).await;
    execute(&world, "UPDATE jobs SET job_available_at = now(); NOTIFY ingest_jobs").await;
    let answered = "SELECT count(*) FROM jobs WHERE job_available_at IS NULL";
    eventually("the message is answered", async || number(&world, answered).await == 1).await;
    assert_eq!(world.job(1).await, before);
    assert_eq!(worker.term_and_wait().await, Some(0));
    assert!(world.log().contains("STAGING_RETENTION_DAYS"), "{}", world.log());
}

#[tokio::test]
async fn a_removal_that_is_cut_off_is_continued() {
    let world = World::database().await.with(&[("STAGING_RETENTION_DAYS", "30")]);
    imports(&world, "a.csv", &many(100), 0).await;
    age(&world, "1", 40).await;
    let refuse = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN RAISE EXCEPTION 'refused'; END $$;
         CREATE TRIGGER refuse BEFORE DELETE ON staging EXECUTE FUNCTION refuse()";
    execute(&world, refuse).await;
    world.ingest(&["retention"]).await.expect_status(1);
    assert_eq!(number(&world, "SELECT count(*) FROM jobs WHERE job_rows_left").await, 1);
    execute(&world, "DROP TRIGGER refuse ON staging").await;
    world.ingest(&["retention"]).await.expect_status(0);
    assert_eq!(number(&world, "SELECT count(*) FROM staging").await, 0);
    assert_eq!(number(&world, "SELECT count(*) FROM contacts").await, 100);
}

#[tokio::test]
async fn old_actions_and_changes_go() {
    let world = World::database().await;
    imports(&world, "a.csv", "a@example.com,Ann,Lee,Acme\n", 0).await;
    imports(&world, "b.csv", "a@example.com,Ann,Ray,Acme\nbad,Bo,Ray,Acme\n", 3).await;
    world.ingest(&["bulk", "2", "overwrite", "--type", "EXISTING_EMAIL"]).await.expect_status(0);
    world.ingest(&["bulk", "2", "discard", "--type", "INVALID_EMAIL"]).await.expect_status(0);
    let last = number(&world, "SELECT max(action_id) FROM actions").await;
    world.ingest(&["undo", &last.to_string()]).await.expect_status(0);
    world.ingest(&["bulk", "2", "discard", "--type", "INVALID_EMAIL"]).await.expect_status(0);
    world.ingest(&["reprocess", "2"]).await.expect_status(0);
    age(&world, "1, 2", 40).await;
    imports(&world, "young.csv", "bad,Yo,Ung,Acme\n", 3).await;
    let old = number(&world, "SELECT count(*) FROM actions WHERE action_job_id < 3").await;
    let world = world.with(&[("AUDIT_RETENTION_DAYS", "30")]);
    let dry = world.ingest(&["retention", "--dry-run"]).await;
    let planned = format!("0 rows of 0 jobs, {old} actions, 1 change of contacts, 0 files");
    assert!(dry.stderr.contains(&planned), "{}", dry.stderr);
    let done = world.ingest(&["retention"]).await;
    assert_eq!(done.stderr.trim(), format!("removed {planned}"));
    assert_eq!(number(&world, "SELECT count(*) FROM action_rows").await, 0);
    assert_eq!(number(&world, "SELECT count(*) FROM contact_changes").await, 0);
    assert_eq!(number(&world, "SELECT count(*) FROM actions WHERE action_job_id < 3").await, 0);
    assert_eq!(number(&world, "SELECT count(*) FROM actions").await, 1, "that of the young job");
    assert_eq!(number(&world, "SELECT count(*) FROM staging").await, 4, "rows stay");
    let row = number(&world, "SELECT max(staging_id) FROM staging").await.to_string();
    world.ingest(&["discard", &row]).await.expect_status(0);
}

#[tokio::test]
async fn old_files_go_unless_a_younger_job_reads_them() {
    let world = World::database().await;
    imports(&world, "a.csv", "a@example.com,Ann,Lee,Acme\n", 0).await;
    imports(&world, "b.csv", "b@example.com,Ann,Lee,Acme\n", 0).await;
    imports(&world, "young.csv", "bad,Yo,Ung,Acme\n", 3).await;
    age(&world, "1, 2", 40).await;
    execute(
        &world,
        "UPDATE jobs SET job_s3_object_key = (SELECT job_s3_object_key FROM jobs WHERE job_id = 2) WHERE job_id = 3",
    )
    .await;
    assert_eq!(files(&world), 3);
    let world = world.with(&[("FILE_RETENTION_DAYS", "30")]);
    let done = world.ingest(&["retention"]).await;
    assert!(done.stderr.contains("0 rows of 0 jobs") && done.stderr.contains(", 1 file"), "{}", done.stderr);
    assert_eq!(files(&world), 2);
    assert_eq!(
        number(&world, "SELECT max(job_id)::bigint FROM jobs WHERE job_file_removed_at IS NOT NULL").await,
        1
    );
    assert_eq!(number(&world, "SELECT count(*) FROM staging").await, 3);
    let server = Server::start(world).await;
    let page = server.send(Method::GET, "/jobs/1", None, &[]).await.text().await.unwrap();
    assert!(!page.contains("/jobs/1/file") && page.contains("id=\"rows\""), "{page}");
}
