//! Large jobs' own tables move into the shared ones: no record is lost or doubled for anybody, at any time.

use std::time::Duration;

use sqlx::AssertSqlSafe;
use tokio_util::sync::CancellationToken;

use crate::support::{Child, World, eventually};

const ROWS: usize = 100_000;

/// A file of a large job: conflicts, invalid addresses, empty fields, other columns, and valid rows.
fn file() -> String {
    let mut text = String::from("email,first_name,last_name,company,city\n");
    for n in 0..ROWS {
        match n % 100 {
            0 => text.push_str(&format!("broken-{n},Ann,Lee,Acme,Ulm\n")),
            1 => text.push_str(&format!("p{}@example.com,Other,Name,Acme,\n", n + 1)),
            3 => text.push_str(&format!("p{n}@example.com,,Lee,Acme,Ulm\n")),
            _ => text.push_str(&format!("p{n}@example.com,Ann,Lee,Acme {n},Ulm\n")),
        }
    }
    text
}

/// Imports the file as job 1, which has issues.
async fn imported() -> World {
    let world = World::database().await;
    let file = world.file("large.csv", &file());
    world.ingest(&["import", &file]).await.expect_status(3);
    assert_eq!(own_tables(&world).await, 3);
    // What people add to issues moves too.
    world.ingest(&["assign", "1", "--to", "me", "--type", "INVALID_EMAIL"]).await.expect_status(0);
    world
}

/// Counts the own tables of jobs.
async fn own_tables(world: &World) -> i64 {
    count(world, "SELECT count(*) FROM pg_class WHERE relname ~ '_job_[0-9]+$' AND relkind = 'r'").await
}

async fn count(world: &World, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(&world.pool).await.unwrap()
}

/// Returns a hash and a count of each table, as other programs see it.
async fn contents(world: &World) -> Vec<(i64, String)> {
    let mut contents = Vec::new();
    for (table, key) in [("staging", "staging_id"), ("issues", "issue_id"), ("issue_items", "issue_item_id")]
    {
        let query = format!(
            "SELECT count(*), coalesce(md5(string_agg(t::text, '|' ORDER BY {key})), '') FROM (SELECT * FROM {table}) t"
        );
        contents.push(sqlx::query_as(AssertSqlSafe(query)).fetch_one(&world.pool).await.unwrap());
    }
    contents
}

/// Makes all jobs and merges two days older.
async fn two_days_pass(world: &World) {
    let age = "UPDATE jobs SET job_process_end = job_process_end - interval '2 days',
         job_merge_at = job_merge_at - interval '2 days'";
    sqlx::query(age).execute(&world.pool).await.unwrap();
}

/// Runs workers until `is_so`, with two days between the end of one and the start of the next.
async fn merge_until(world: &World, is_so: &'static str) {
    for _ in 0..10 {
        two_days_pass(world).await;
        let mut worker = world.spawn(&["worker"]);
        let before = state(world).await;
        eventually("the merge goes on", async || state(world).await != before || holds(world, is_so).await)
            .await;
        worker.term_and_wait().await;
        if holds(world, is_so).await {
            return;
        }
    }
    panic!("never: {is_so}");
}

async fn holds(world: &World, condition: &'static str) -> bool {
    sqlx::query_scalar(condition).fetch_one(&world.pool).await.unwrap()
}

async fn state(world: &World) -> Option<String> {
    let query =
        "SELECT CASE WHEN job_partitioned THEN coalesce(job_merge, 'none') END FROM jobs WHERE job_id = 1";
    sqlx::query_scalar(query).fetch_one(&world.pool).await.unwrap()
}

async fn discard_all(world: &World, issue_type: &str) {
    world.ingest(&["bulk", "1", "discard", "--type", issue_type]).await.expect_status(0);
}

const MERGED: &str = "SELECT NOT job_partitioned FROM jobs WHERE job_id = 1";
const MOVING: &str = "SELECT EXISTS (SELECT FROM jobs WHERE job_merge = 'moving')";

/// Waits until some of the rows have moved, but not all.
async fn half_moved(world: &World) {
    eventually("rows have moved", async || count(world, "SELECT count(*) FROM ONLY staging").await > 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merged_job_is_the_same_for_everybody() {
    let world = imported().await;
    let before = contents(&world).await;
    let listed = world.ingest(&["issues", "1"]).await.stdout;
    merge_until(&world, MERGED).await;
    assert_eq!(own_tables(&world).await, 0);
    assert_eq!(contents(&world).await, before);
    assert_eq!(count(&world, "SELECT count(*) FROM ONLY staging").await, ROWS as i64);
    assert_eq!(world.ingest(&["issues", "1"]).await.stdout, listed);
    let orphans = "SELECT count(*) FROM ONLY issue_items
         LEFT JOIN ONLY issues ON issue_id = item_issue_id LEFT JOIN ONLY staging ON staging_id = item_staging_id
         WHERE issue_id IS NULL OR staging_id IS NULL";
    assert_eq!(count(&world, orphans).await, 0);

    // It is reviewed, imported, undone and deleted as before.
    for issue_type in ["INVALID_EMAIL", "DUPLICATE_EMAIL", "MISSING_REQUIRED_FIELD"] {
        discard_all(&world, issue_type).await;
    }
    world.ingest(&["reprocess", "1"]).await.expect_status(0);
    let contacts = count(&world, "SELECT count(*) FROM contacts").await;
    assert_eq!(
        contacts,
        count(&world, "SELECT count(*) FROM staging WHERE staging_status = 'SUCCESS'").await
    );
    assert_eq!(contacts, 96 * ROWS as i64 / 100);
    world.ingest(&["undo", "--yes", "--import", "1"]).await.expect_status(0);
    assert_eq!(count(&world, "SELECT count(*) FROM contacts").await, 0);
    sqlx::query("DELETE FROM jobs").execute(&world.pool).await.unwrap();
    assert_eq!(contents(&world).await.iter().map(|(rows, _)| rows).sum::<i64>(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_survives_kills_while_others_read_and_write() {
    let world = imported().await;
    let before = contents(&world).await;
    let stop = CancellationToken::new();
    let others = tokio::spawn(edit_by_sql(world.pool.clone(), stop.clone()));
    merge_until(&world, MOVING).await;
    let mut kills = 0;
    while !holds(&world, MERGED).await {
        two_days_pass(&world).await;
        let mut worker: Child = world.spawn(&["worker"]);
        tokio::time::sleep(Duration::from_millis(700 + 131 * (kills % 10) + 25 * kills)).await;
        worker.kill();
        worker.wait().await;
        kills += 1;
        assert!(kills < 200, "the merge does not end");
    }
    assert!(kills > 1, "the test kills no merge");
    stop.cancel();
    others.await.expect("an edit was lost");
    assert_eq!(own_tables(&world).await, 0);
    assert_eq!(contents(&world).await, before);
}

/// Edits rows and issues as another program does, and reads what belongs together, until `stop`. Each statement must find its
/// record. Puts each value back.
async fn edit_by_sql(pool: sqlx::PgPool, stop: CancellationToken) {
    let broken: Vec<i64> =
        sqlx::query_scalar("SELECT staging_id FROM staging WHERE staging_email LIKE 'broken-%'")
            .fetch_all(&pool)
            .await
            .unwrap();
    let issues: Vec<i32> = sqlx::query_scalar("SELECT issue_id FROM issues").fetch_all(&pool).await.unwrap();
    let totals = "SELECT (SELECT count(*) FROM staging), (SELECT count(*) FROM issues), (SELECT count(*) FROM issue_items)";
    let total: (i64, i64, i64) = sqlx::query_as(totals).fetch_one(&pool).await.unwrap();
    for n in (0..).take_while(|_| !stop.is_cancelled()) {
        let row = broken[n * 7 % broken.len()];
        for company in ["edited", "Acme"] {
            let edit = "UPDATE staging SET staging_company = $2 WHERE staging_id = $1 AND staging_job_id = 1";
            let edited = sqlx::query(edit).bind(row).bind(company).execute(&pool).await.unwrap();
            assert_eq!(edited.rows_affected(), 1, "row {row}");
        }
        let locked = "SELECT staging_email FROM staging WHERE staging_id = $1 FOR UPDATE";
        let locked: Vec<String> = sqlx::query_scalar(locked).bind(row).fetch_all(&pool).await.unwrap();
        assert_eq!(locked.len(), 1, "row {row}");
        let issue = issues[n * 13 % issues.len()];
        for resolved in [true, false] {
            let resolve = "UPDATE issues SET issue_resolved = $2 WHERE issue_id = $1";
            let done = sqlx::query(resolve).bind(issue).bind(resolved).execute(&pool).await.unwrap();
            assert_eq!(done.rows_affected(), 1, "issue {issue}");
        }
        if n % 10 == 0 {
            let now: (i64, i64, i64) = sqlx::query_as(totals).fetch_one(&pool).await.unwrap();
            assert_eq!(now, total);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_half_merged_job_is_reviewed_and_run() {
    let world = imported().await;
    merge_until(&world, MOVING).await;
    let mut worker = world.spawn(&["worker"]);
    half_moved(&world).await;
    worker.term_and_wait().await;
    let moved = count(&world, "SELECT count(*) FROM ONLY staging").await;
    assert!(moved > 0 && moved < ROWS as i64, "{moved} rows have moved");
    assert_eq!(state(&world).await.as_deref(), Some("moving"));

    let before = contents(&world).await;
    let listed = world.ingest(&["issues", "1", "--limit", "5"]).await;
    listed.expect_status(0);
    assert!(listed.stdout.contains("broken-0"), "{}", listed.stdout);
    assert_eq!(contents(&world).await, before);
    world.ingest(&["edit", "1000000000000", "--email", "mended@example.com"]).await.expect_status(0);
    discard_all(&world, "MISSING_REQUIRED_FIELD").await;
    let open =
        "SELECT count(*) FROM issues WHERE NOT issue_resolved AND issue_type = 'MISSING_REQUIRED_FIELD'";
    assert_eq!(count(&world, open).await, 0);
    world.ingest(&["reprocess", "1"]).await.expect_status(3);
    assert_eq!(state(&world).await.as_deref(), Some("emptied"));
    assert_eq!(count(&world, "SELECT count(*) FROM ONLY staging").await, ROWS as i64);
    for issue_type in ["INVALID_EMAIL", "DUPLICATE_EMAIL", "MISSING_REQUIRED_FIELD"] {
        discard_all(&world, issue_type).await;
    }
    world.ingest(&["reprocess", "1"]).await.expect_status(0);
    let contacts = world.contacts("tester").await;
    assert!(contacts.contains(&"mended@example.com|Ann|Lee|Acme".to_owned()));
    assert_eq!(contacts.len(), 96 * ROWS / 100 + 1);
}

/// Edits a row to an address that is not valid and returns the state of the merge.
async fn edit_to_wrong_value(world: &World, row: &str, email: &str) -> Option<String> {
    world.ingest(&["edit", row, "--email", email]).await.expect_status(0);
    state(world).await
}

/// Returns for each new issue of an edit how many records and links it has.
async fn wrong_values(world: &World) -> Vec<(String, bool, i64)> {
    let query =
        "SELECT issue_key, issue_resolved, (SELECT count(*) FROM issue_items WHERE item_issue_id = issue_id)
         FROM issues WHERE issue_key LIKE 'wrong%' ORDER BY issue_key";
    sqlx::query_as(query).fetch_all(&world.pool).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_during_a_merge_raise_issues() {
    let world = imported().await;
    assert_eq!(edit_to_wrong_value(&world, "1000000000000", "wrong-0").await.as_deref(), Some("none"));
    merge_until(&world, "SELECT EXISTS (SELECT FROM jobs WHERE job_merge = 'announced')").await;
    let announced = edit_to_wrong_value(&world, "1000000000001", "wrong-1").await;
    assert_eq!(announced.as_deref(), Some("announced"));
    merge_until(&world, MOVING).await;
    let mut worker = world.spawn(&["worker"]);
    half_moved(&world).await;
    worker.term_and_wait().await;
    // The first row has moved, the last one has not.
    for (row, email) in
        [("1000000000002", "wrong-2"), ("1000000099999", "wrong-3"), ("1000000000000", "wrong-4")]
    {
        assert_eq!(edit_to_wrong_value(&world, row, email).await.as_deref(), Some("moving"));
    }
    // The issue about "wrong-0" is now about "wrong-4": its row was edited again.
    let expected: Vec<_> = (1..5).map(|n| (format!("wrong-{n}"), false, 1)).collect();
    assert_eq!(wrong_values(&world).await, expected);
    merge_until(&world, MERGED).await;
    assert_eq!(wrong_values(&world).await, expected);
    let unlinked = "SELECT count(*) FROM issues WHERE NOT EXISTS (SELECT FROM issue_items WHERE item_issue_id = issue_id)";
    assert_eq!(count(&world, unlinked).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_of_a_half_merged_job_that_is_deleted_by_sql() {
    let world = imported().await;
    merge_until(&world, MOVING).await;
    let mut worker = world.spawn(&["worker"]);
    half_moved(&world).await;
    worker.term_and_wait().await;
    sqlx::query("DELETE FROM jobs").execute(&world.pool).await.unwrap();
    let mut worker = world.spawn(&["worker"]);
    eventually("the tables are dropped", async || own_tables(&world).await == 0).await;
    worker.term_and_wait().await;
    assert_eq!(contents(&world).await.iter().map(|(rows, _)| rows).sum::<i64>(), 0);
}

#[tokio::test]
async fn a_run_cancels_a_merge_that_has_only_been_announced() {
    let world = imported().await;
    merge_until(&world, "SELECT EXISTS (SELECT FROM jobs WHERE job_merge = 'announced')").await;
    world.ingest(&["reprocess", "1"]).await.expect_status(3);
    assert_eq!((state(&world).await.as_deref(), own_tables(&world).await), (Some("none"), 3));
}

#[tokio::test]
async fn partitions_of_earlier_versions_become_tables_that_inherit() {
    let world = World::empty_database().await;
    crate::schema::migrate_before(&world.pool, "0023").await;
    let old = "INSERT INTO jobs (job_user_id, job_original_filename, job_s3_object_key, job_status, job_available_at,
                     job_partitioned, job_staged_at, job_staging_base, job_total_rows, job_process_end)
             SELECT 'tester', 'f', 'f' || n, 'NEEDS_REVIEW', NULL, n = 1, now(), 999999999999, 3, now()
             FROM generate_series(1, 2) AS n;
         CREATE TABLE staging_job_1 (LIKE staging INCLUDING DEFAULTS, PRIMARY KEY (staging_id),
             FOREIGN KEY (staging_job_id) REFERENCES jobs ON DELETE CASCADE);
         CREATE TABLE issues_job_1 (LIKE issues INCLUDING DEFAULTS INCLUDING GENERATED, PRIMARY KEY (issue_id),
             FOREIGN KEY (issues_job_id) REFERENCES jobs ON DELETE CASCADE);
         CREATE TABLE issue_items_job_1 (LIKE issue_items INCLUDING DEFAULTS, PRIMARY KEY (issue_item_id));
         INSERT INTO staging_job_1 (staging_id, staging_job_id, staging_email, staging_row_hash, staging_status)
             SELECT 1000000000000 + n, 1, 'bad', n, 'ISSUE' FROM generate_series(0, 2) AS n;
         INSERT INTO issues_job_1 (issue_id, issues_job_id, issue_type, issue_key) VALUES (7, 1, 'INVALID_EMAIL', 'bad');
         INSERT INTO issue_items_job_1 (issue_item_id, item_issue_id, item_staging_id)
             SELECT n + 10, 7, 1000000000000 + n FROM generate_series(0, 2) AS n;
         ALTER TABLE staging ATTACH PARTITION staging_job_1 FOR VALUES FROM (1000000000000) TO (1000000000003);
         ALTER TABLE issues_job_1 INHERIT issues;
         ALTER TABLE issue_items_job_1 INHERIT issue_items;
         INSERT INTO staging (staging_job_id, staging_row_hash) VALUES (2, 'a');
         INSERT INTO issues (issues_job_id, issue_type, issue_key) VALUES (2, 'INVALID_EMAIL', 'a');
         INSERT INTO issue_items (item_issue_id, item_staging_id) SELECT issue_id, staging_id FROM issues, staging
             WHERE issues_job_id = 2 AND staging_job_id = 2;
         CREATE ROLE reader_of_staging;
         GRANT SELECT ON staging TO reader_of_staging;
         CREATE VIEW readable AS SELECT staging_id, staging_email FROM staging;
         CREATE TABLE noticed (row_id bigint);
         CREATE FUNCTION notice() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             INSERT INTO noticed VALUES (NEW.staging_id); RETURN NEW; END $$;
         CREATE TRIGGER notice AFTER UPDATE ON staging FOR EACH ROW EXECUTE FUNCTION notice();
         CREATE PUBLICATION published FOR TABLE staging";
    let theirs = sqlx::raw_sql(old).execute(&world.pool).await;
    theirs.unwrap();
    world.ingest(&["migrate"]).await.expect_status(0);
    assert_eq!(contents(&world).await.iter().map(|(rows, _)| *rows).collect::<Vec<_>>(), [4, 2, 4]);
    assert_eq!(count(&world, "SELECT count(*) FROM readable").await, 4);
    let granted = "SELECT has_table_privilege('reader_of_staging', 'staging', 'SELECT')";
    assert!(holds(&world, granted).await);
    sqlx::query("UPDATE staging SET staging_company = 'Acme' WHERE staging_job_id = 2")
        .execute(&world.pool)
        .await
        .unwrap();
    assert_eq!(count(&world, "SELECT count(*) FROM noticed").await, 1, "the trigger is there");
    let published =
        "SELECT count(*) FROM pg_publication_tables WHERE pubname = 'published' AND tablename = 'staging'";
    assert_eq!(count(&world, published).await, 1);
    // The next row of another program has the next id.
    let next = "INSERT INTO staging (staging_job_id, staging_row_hash) VALUES (2, 'b') RETURNING staging_id";
    let next: i64 = sqlx::query_scalar(next).fetch_one(&world.pool).await.unwrap();
    assert_eq!(next, 900_000_000_001);
    merge_until(&world, MERGED).await;
    assert_eq!(own_tables(&world).await, 0);
    assert_eq!(count(&world, "SELECT count(*) FROM ONLY staging WHERE staging_job_id = 1").await, 3);
    sqlx::query("DELETE FROM jobs").execute(&world.pool).await.unwrap();
    assert_eq!(contents(&world).await.iter().map(|(rows, _)| rows).sum::<i64>(), 0);
    sqlx::raw_sql("REVOKE ALL ON staging FROM reader_of_staging; DROP ROLE reader_of_staging")
        .execute(&world.pool)
        .await
        .unwrap();
}
