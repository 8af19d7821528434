//! A worker that is killed, stopped or doubled: the end state is that of a run never interrupted.

use std::time::Duration;

use crate::support::{Child, World};

/// Rows enough that there are several chunks to be killed between.
const ROWS: usize = 200_000;

fn rows(count: usize) -> String {
    let mut text = String::from("email,first_name,last_name,company\n");
    for n in 0..count {
        // A few of everything, so that issues are interrupted as well.
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

/// Everything that a run leaves, without ids and times.
async fn end_state(world: &World, job: i32) -> Vec<String> {
    let query = "
        SELECT 'row ' || staging_line || ' ' || staging_status || ' ' || staging_row_hash FROM staging WHERE staging_job_id = $1
        UNION ALL
        SELECT 'item ' || issue_type || ' ' || issue_key || ' ' || issue_resolved || ' ' || staging_line
        FROM issues JOIN issue_items ON item_issue_id = issue_id JOIN staging ON staging_id = item_staging_id WHERE issues_job_id = $1
        UNION ALL
        SELECT 'contact ' || contact_email || ' ' || staging_line FROM contacts JOIN staging USING (staging_id) WHERE staging_job_id = $1
        UNION ALL
        SELECT 'job ' || job_status || ' ' || job_total_rows || ' ' || job_processed_rows || ' ' || job_issue_count || ' ' || job_repeated_rows
        FROM jobs WHERE job_id = $1
        ORDER BY 1";
    sqlx::query_scalar(query).bind(job).fetch_all(&world.pool).await.unwrap()
}

async fn checkpoint(world: &World, job: i32) -> i32 {
    sqlx::query_scalar("SELECT job_checkpoint FROM jobs WHERE job_id = $1")
        .bind(job)
        .fetch_one(&world.pool)
        .await
        .unwrap()
}

/// Waits until the job has a checkpoint beyond `beyond` and is not at its end.
async fn in_the_middle(world: &World, job: i32, beyond: i32) {
    for _ in 0..3000 {
        if checkpoint(world, job).await > beyond {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("job {job} did not come to its middle");
}

async fn killed_and_restarted(content: &str, status: &str) {
    let small_chunks = [
        ("PROGRESS_UPDATE_INTERVAL", "10000"),
        ("SQS_VISIBILITY_TIMEOUT", "2"),
        ("SQS_WAIT_TIME_SECONDS", "1"),
    ];
    let world = World::cloud().await.with(&small_chunks);
    let undisturbed = world.enqueue("undisturbed.csv", content, "one").await;
    let mut worker = world.spawn(&["worker"]);
    world.settled(undisturbed).await;
    worker.term_and_wait().await;

    let disturbed = world.enqueue("disturbed.csv", content, "two").await;
    let mut reached = 0;
    for _ in 0..2 {
        let mut worker = world.spawn(&["worker"]);
        in_the_middle(&world, disturbed, reached).await;
        worker.kill();
        reached = checkpoint(&world, disturbed).await;
        assert!(reached < ROWS as i32, "the job was over before it was killed");
        let contacts: i64 =
            sqlx::query_scalar("SELECT count(*) FROM contacts WHERE contacts_user_id = 'two'")
                .fetch_one(&world.pool)
                .await
                .unwrap();
        assert_eq!(contacts, 0, "half an import is seen");
    }
    let mut worker = world.spawn(&["worker"]);
    world.settled(disturbed).await;
    worker.term_and_wait().await;
    let (expected, found) = (end_state(&world, undisturbed).await, end_state(&world, disturbed).await);
    assert!(expected.len() >= ROWS);
    assert!(
        expected.iter().any(|line| line.starts_with(&format!("job {status} "))),
        "{:?}",
        expected.iter().find(|line| line.starts_with("job"))
    );
    assert!(expected == found, "the end states differ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_run_of_a_dirty_file_is_continued() {
    killed_and_restarted(&rows(ROWS), "NEEDS_REVIEW").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_run_of_a_clean_file_is_continued() {
    killed_and_restarted(&clean_rows(ROWS), "COMPLETED").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_gives_the_message_back() {
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
    world.settled(job).await;
    worker.term_and_wait().await;
    assert_eq!(world.messages().await, (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_message_to_two_workers_makes_nothing_twice() {
    let settings = [
        ("SQS_VISIBILITY_TIMEOUT", "3"),
        ("SQS_WAIT_TIME_SECONDS", "1"),
        ("PROGRESS_UPDATE_INTERVAL", "5000"),
    ];
    let world = World::cloud().await.with(&settings);
    let job = world.enqueue("a.csv", &clean_rows(50_000), "one").await;
    world.send_again(job).await;
    world.send_again(job).await;
    let mut workers: Vec<Child> = (0..2).map(|_| world.spawn(&["worker"])).collect();
    world.settled(job).await;
    world.queue_empty().await;
    for worker in &mut workers {
        worker.term_and_wait().await;
    }
    assert_eq!(world.contacts("one").await.len(), 50_000);
    assert_eq!(world.job(job).await, "COMPLETED total 50000 processed 50000 issues 0 repeated 0");
    let twice: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM (SELECT FROM staging GROUP BY staging_row_hash HAVING count(*) > 1) t",
    )
    .fetch_one(&world.pool)
    .await
    .unwrap();
    assert_eq!(twice, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_decide_between_a_cut_run_and_the_next_holds() {
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
    assert_eq!(world.settled(job).await, "COMPLETED");
    assert_eq!(worker.term_and_wait().await, Some(0));
    let contacts = world.contacts("one").await;
    assert_eq!(contacts.len(), 59_999);
    assert!(!contacts.iter().any(|contact| contact.starts_with("p0@")), "a discarded row became a contact");
    assert!(contacts.contains(&"p1@example.com|Anne|Lee|Acme 1".to_owned()), "an edit was lost");
}
