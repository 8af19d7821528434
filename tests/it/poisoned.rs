//! A job that kills its worker every time ends FAILED, and the jobs after it are run.

use std::time::Duration;

use crate::support::{World, eventually};

const CLEAN: &str = "email,first_name,last_name,company\nann@example.com,Ann,Lee,Acme\n";

/// Messages and leases expire soon; one job at a time, so that the other one waits.
const SETTINGS: [(&str, &str); 4] = [
    ("SQS_VISIBILITY_TIMEOUT", "3"),
    ("SQS_WAIT_TIME_SECONDS", "1"),
    ("WORKER_CONCURRENCY", "1"),
    ("MAX_DELIVERIES", "3"),
];

async fn number(world: &World, query: &'static str, job: i32) -> i32 {
    sqlx::query_scalar(query).bind(job).fetch_one(&world.pool).await.unwrap()
}

async fn unfinished(world: &World, job: i32) -> i32 {
    number(world, "SELECT job_unfinished_runs FROM jobs WHERE job_id = $1", job).await
}

/// Blocks every run of the job when it stages its first rows; the lock ends with the connection.
async fn stall(world: &World) -> sqlx::pool::PoolConnection<sqlx::Postgres> {
    let mut lock = world.pool.acquire().await.unwrap();
    sqlx::raw_sql("BEGIN; LOCK TABLE staging_id_blocks").execute(&mut *lock).await.unwrap();
    lock
}

/// Kills `times` workers in the middle of the job, each as soon as its run has started.
async fn kill_workers(world: &World, job: i32, times: i32) {
    let mut lock = stall(world).await;
    for time in 1..=times {
        let mut worker = world.spawn(&["worker"]);
        eventually("a run begins", async || unfinished(world, job).await == time).await;
        worker.kill();
    }
    sqlx::raw_sql("ROLLBACK").execute(&mut *lock).await.unwrap();
}

async fn failure(world: &World, job: i32) -> String {
    let query = "SELECT coalesce(job_failure, '') FROM jobs WHERE job_id = $1";
    sqlx::query_scalar(query).bind(job).fetch_one(&world.pool).await.unwrap()
}

async fn ends_failed_and_can_be_requested_again(world: World) {
    let world = world.with(&SETTINGS);
    world.ingest(&["migrate"]).await.expect_status(0);
    let poisoned = world.enqueue("a.csv", CLEAN, "one").await;
    kill_workers(&world, poisoned, 3).await;
    let behind = world.enqueue("b.csv", CLEAN, "two").await;
    let mut worker = world.spawn(&["worker"]);
    assert_eq!(world.status_after_run(poisoned).await, "FAILED", "{}", world.log());
    let reason = failure(&world, poisoned).await;
    assert!(reason.contains("3 runs of this job ended at the same point"), "{reason}");
    assert_eq!(world.status_after_run(behind).await, "COMPLETED");
    assert_eq!(unfinished(&world, poisoned).await, 0);

    // A new request resets the count.
    world.ingest(&["reprocess", &poisoned.to_string(), "--owner", "one"]).await.expect_status(0);
    assert_eq!(world.job(poisoned).await, "COMPLETED total 1 processed 1 issues 0 repeated 0");
    assert_eq!(worker.term_and_wait().await, Some(0));
}

#[tokio::test]
async fn a_poisoned_job_on_the_database_queue_ends_failed() {
    ends_failed_and_can_be_requested_again(World::database().await).await;
}

#[tokio::test]
async fn a_poisoned_job_on_a_queue_without_redrive_policy_ends_failed() {
    ends_failed_and_can_be_requested_again(World::on_cloud(false).await).await;
}

#[tokio::test]
async fn copies_of_a_message_do_not_run_a_failed_job_again() {
    let world = World::cloud().await.with(&SETTINGS);
    let job = world.enqueue("a.csv", "", "one").await;
    for _ in 0..3 {
        world.send_again(job).await;
    }
    let mut worker = world.spawn(&["worker"]);
    assert_eq!(world.status_after_run(job).await, "FAILED");
    world.put_object("uploads/one/a.csv", CLEAN).await;
    let cloud = world.cloud.as_ref().unwrap();
    eventually("all copies are answered", async || cloud.messages().await == (0, 0)).await;
    assert_eq!(world.status_after_run(job).await, "FAILED", "{}", world.log());
    assert!(world.log().contains("skipped: the job failed after this message was sent"), "{}", world.log());

    // Any program's new message is a new request.
    world.send_again(job).await;
    world.eventually_completed(job).await;
    assert_eq!(worker.term_and_wait().await, Some(0));
}

#[tokio::test]
async fn a_requested_stop_does_not_count_as_unfinished() {
    // Long enough for the lease to be renewed on a busy machine.
    let settings = [("SQS_VISIBILITY_TIMEOUT", "30"), ("PROGRESS_UPDATE_INTERVAL", "100")];
    let world = World::database().await.with(&SETTINGS).with(&settings);
    world.ingest(&["migrate"]).await.expect_status(0);
    let rows: String = (0..20_000).map(|n| format!("p{n}@example.com,Ann,Lee,Acme\n")).collect();
    let content = format!("email,first_name,last_name,company\n{rows}");
    let job = world.enqueue("a.csv", &content, "one").await;
    for _ in 0..4 {
        let mut worker = world.spawn(&["worker"]);
        eventually("a run begins", async || unfinished(&world, job).await == 1).await;
        assert_eq!(worker.term_and_wait().await, Some(0));
        assert_eq!(unfinished(&world, job).await, 0, "{}", world.log());
    }
    let mut worker = world.spawn(&["worker"]);
    assert_eq!(world.status_after_run(job).await, "COMPLETED");
    assert_eq!(worker.term_and_wait().await, Some(0));
}

#[tokio::test]
async fn a_run_that_makes_progress_resets_the_count() {
    let world = World::database().await.with(&SETTINGS).with(&[("PROGRESS_UPDATE_INTERVAL", "1000")]);
    world.ingest(&["migrate"]).await.expect_status(0);
    let rows: String = (0..60_000).map(|n| format!("p{n}@example.com,Ann,Lee,Acme\n")).collect();
    let job = world.enqueue("a.csv", &format!("email,first_name,last_name,company\n{rows}"), "one").await;
    kill_workers(&world, job, 2).await;
    let checkpoint = "SELECT job_checkpoint FROM jobs WHERE job_id = $1";
    for _ in 0..3 {
        let before = number(&world, checkpoint, job).await;
        let mut worker = world.spawn(&["worker"]);
        for _ in 0..6_000 {
            if number(&world, checkpoint, job).await > before {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        worker.kill();
    }
    let mut worker = world.spawn(&["worker"]);
    assert_eq!(world.status_after_run(job).await, "COMPLETED", "{}", failure(&world, job).await);
    assert_eq!(worker.term_and_wait().await, Some(0));
    assert_eq!(world.contacts("one").await.len(), 60_000);
}

#[tokio::test]
async fn a_run_that_loses_its_lease_does_not_count() {
    let world = World::database().await.with(&SETTINGS);
    world.ingest(&["migrate"]).await.expect_status(0);
    let job = world.enqueue("a.csv", CLEAN, "one").await;
    let mut lock = stall(&world).await;
    let mut worker = world.spawn(&["worker"]);
    eventually("a run begins", async || unfinished(&world, job).await == 1).await;
    // Another run that finds the lease expired acquires it.
    let take = "UPDATE jobs SET job_lease_token = gen_random_uuid(), job_available_at = NULL";
    sqlx::raw_sql(take).execute(&world.pool).await.unwrap();
    sqlx::raw_sql("ROLLBACK").execute(&mut *lock).await.unwrap();
    eventually("the run has ended", async || unfinished(&world, job).await == 0).await;
    assert_eq!(worker.term_and_wait().await, Some(0));
    assert!(world.log().contains("lost its lease or message"), "{}", world.log());
}
