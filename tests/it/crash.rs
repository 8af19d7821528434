//! A worker that is asked to stop releases its message, and the next run continues with what people decided in between.
//! `torture` covers workers that are killed.

use std::time::Duration;

use crate::support::World;

/// Enough rows for several chunks.
const ROWS: usize = 200_000;

fn rows(count: usize) -> String {
    let mut text = String::from("email,first_name,last_name,company\n");
    for n in 0..count {
        // Some rows of each kind, so that issues are interrupted as well.
        match n % 1000 {
            0 => text.push_str(&format!("broken-{n},Ann,Lee,Acme\n")),
            1 => text.push_str(&format!("p{}@example.com,Other,Name,Acme\n", n + 1)),
            2 => text.push_str(&format!("p{n}@example.com,Ann,Lee,Acme\np{n}@example.com,Ann,Lee,Acme\n")),
            _ => text.push_str(&format!("p{n}@example.com,Ann,Lee,Acme {n}\n")),
        }
    }
    text
}

fn clean_rows(count: usize) -> String {
    let rows: String = (0..count).map(|n| format!("p{n}@example.com,Ann,Lee,Acme {n}\n")).collect();
    format!("email,first_name,last_name,company\n{rows}")
}

async fn checkpoint(world: &World, job: i32) -> i32 {
    sqlx::query_scalar("SELECT job_checkpoint FROM jobs WHERE job_id = $1")
        .bind(job)
        .fetch_optional(&world.pool)
        .await
        .unwrap()
        .unwrap_or_default()
}

/// Waits until the job has a checkpoint beyond `beyond` and is not finished.
async fn in_the_middle(world: &World, job: i32, beyond: i32) {
    for _ in 0..3000 {
        if checkpoint(world, job).await > beyond {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("job {job} did not get past its first checkpoint");
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_releases_the_message() {
    let small_chunks = [("PROGRESS_UPDATE_INTERVAL", "5000"), ("SQS_WAIT_TIME_SECONDS", "1")];
    let world = World::cloud().await.with(&small_chunks);
    let job = world.enqueue("a.csv", &rows(ROWS), "one").await;
    let mut worker = world.spawn(&["worker"]);
    in_the_middle(&world, job, 0).await;
    let ended = worker.term_and_wait().await;
    assert_eq!(ended, Some(0));
    // The visibility timeout is the default of 300 s: only a release makes the message visible now.
    assert_eq!(world.messages().await, (1, 0));
    assert!(checkpoint(&world, job).await < ROWS as i32);
    let mut worker = world.spawn(&["worker"]);
    world.status_after_run(job).await;
    worker.term_and_wait().await;
    assert_eq!(world.messages().await, (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn decisions_after_an_interrupted_run_survive_the_next() {
    let small_chunks = [("PROGRESS_UPDATE_INTERVAL", "2000"), ("SQS_VISIBILITY_TIMEOUT", "2")];
    let world = World::cloud().await.with(&small_chunks).with(&[("SQS_WAIT_TIME_SECONDS", "1")]);
    let job = world.enqueue("a.csv", &clean_rows(60_000), "one").await;
    let mut worker = world.spawn(&["worker"]);
    in_the_middle(&world, job, 0).await;
    assert_eq!(worker.term_and_wait().await, Some(0));
    assert!(checkpoint(&world, job).await < 60_000);
    let decide = "UPDATE staging SET staging_status = 'DISCARD' WHERE staging_line = 2;
                  UPDATE staging SET staging_first_name = 'Anne' WHERE staging_line = 3";
    sqlx::raw_sql(decide).execute(&world.pool).await.unwrap();
    let mut worker = world.spawn(&["worker"]);
    assert_eq!(world.status_after_run(job).await, "COMPLETED");
    assert_eq!(worker.term_and_wait().await, Some(0));
    let contacts = world.contacts("one").await;
    assert_eq!(contacts.len(), 59_999);
    assert!(!contacts.iter().any(|contact| contact.starts_with("p0@")), "a discarded row became a contact");
    assert!(contacts.contains(&"p1@example.com|Anne|Lee|Acme 1".to_owned()), "an edit was lost");
}

/// Marking the rows of a large job again would take longer than its import.
#[tokio::test(flavor = "multi_thread")]
async fn rows_without_contacts_are_resumed_without_being_written_again() {
    let world = World::database().await;
    let file = world.file("a.csv", &clean_rows(20));
    world.ingest(&["import", &file]).await.expect_status(0);
    let contacts = world.contacts("tester").await;
    // What a first run leaves that ends between its rows and its contacts.
    sqlx::raw_sql("DELETE FROM contacts; UPDATE jobs SET job_status = 'NEEDS_REVIEW'")
        .execute(&world.pool)
        .await
        .unwrap();
    let versions = "SELECT string_agg(staging_id || ' ' || ctid::text || staging_status, ', ' ORDER BY staging_id) FROM staging";
    let versions = async || -> String { sqlx::query_scalar(versions).fetch_one(&world.pool).await.unwrap() };
    let before = versions().await;
    world.ingest(&["reprocess", "1"]).await.expect_status(0);
    assert_eq!(world.contacts("tester").await, contacts);
    assert_eq!(versions().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_waits_for_the_lease_of_a_killed_one() {
    let world = World::database().await;
    let world = world.with(&[("PROGRESS_UPDATE_INTERVAL", "5000"), ("SQS_VISIBILITY_TIMEOUT", "4")]);
    let file = world.file("a.csv", &rows(ROWS));
    world.ingest(&["migrate"]).await.expect_status(0);
    let mut killed = world.spawn(&["import", &file]);
    in_the_middle(&world, 1, 0).await;
    killed.kill();
    killed.wait().await;
    let ended = world.ingest(&["import", &file]).await;
    ended.expect_status(3);
    assert!(ended.stderr.contains("waiting up to"), "{}", ended.stderr);
    assert_eq!(world.job(1).await.split_whitespace().next(), Some("NEEDS_REVIEW"));
}
