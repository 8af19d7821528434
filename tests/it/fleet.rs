//! The operator's view of workers: which run, and how to keep them from taking new jobs without stopping a job.

use nix::sys::signal::Signal;
use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::{PgConnection, Postgres, Transaction};

use crate::support::{Child, World, client, eventually, free_port};

const CLEAN: &str = "email,first_name,last_name,company\nann@example.com,Ann,Lee,Acme\n";

/// Starts a worker and waits until it takes jobs.
async fn worker(world: &World) -> Child {
    let others = workers(world).await.len();
    let worker = world.spawn(&["worker"]);
    eventually("the worker is listed", async || {
        let workers = workers(world).await;
        workers.len() > others && workers.iter().all(|worker| worker["state"] != "STOPPING")
    })
    .await;
    worker
}

async fn workers(world: &World) -> Vec<Value> {
    let listed = world.ingest(&["workers", "--json"]).await;
    listed.expect_status(0);
    serde_json::from_str(&listed.stdout).unwrap()
}

/// Waits until the only worker has this state and so many jobs in progress.
async fn is_listed(world: &World, state: &str, running: u64) {
    eventually(&format!("the worker is {state} with {running} jobs"), async || {
        let workers = workers(world).await;
        workers.len() == 1 && workers[0]["state"] == state && workers[0]["running"] == running
    })
    .await;
}

/// Keeps runs from ending until the transaction ends.
async fn hold_runs(world: &World) -> Transaction<'static, Postgres> {
    let mut transaction = world.pool.begin().await.unwrap();
    let connection: &mut PgConnection = &mut transaction;
    sqlx::raw_sql("LOCK TABLE contacts IN ACCESS EXCLUSIVE MODE").execute(connection).await.unwrap();
    transaction
}

async fn is_processing(world: &World, job: i32) {
    eventually("the job is running", async || world.job(job).await.starts_with("PROCESSING")).await;
}

async fn the_fleet_pauses(world: World, queue: &str) {
    let port = free_port();
    let world = world.with(&[("METRICS_ADDRESS", &format!("127.0.0.1:{port}")), ("INGEST_OWNER", "ann")]);
    let ready = async || {
        let response = client().get(format!("http://127.0.0.1:{port}/readyz")).send().await.unwrap();
        (response.status(), response.text().await.unwrap())
    };
    world.ingest(&["migrate"]).await.expect_status(0);
    let mut first = worker(&world).await;
    let listed = &workers(&world).await[0];
    assert_eq!((&listed["queue"], &listed["places"]), (&json!(queue), &json!(3)));
    let held = hold_runs(&world).await;
    let running = world.enqueue("a.csv", CLEAN, "ann").await;
    is_processing(&world, running).await;

    let paused = world.ingest(&["pause", "database upgrade"]).await;
    paused.expect_status(0);
    assert!(paused.stderr.contains("paused the workers of all queues"), "{}", paused.stderr);
    is_listed(&world, "PAUSED", 1).await;
    let waiting = world.enqueue("b.csv", CLEAN, "ann").await;
    held.rollback().await.unwrap();
    assert_eq!(world.status_after_run(running).await, "COMPLETED", "a job in progress is completed");
    is_listed(&world, "PAUSED", 0).await;
    let (status, words) = ready().await;
    assert_eq!(status, StatusCode::OK);
    let reason = "by ann (command line): database upgrade";
    assert!(words.starts_with("ok\npaused since ") && words.ends_with(&format!("{reason}\n")), "{words}");
    for command in [&["jobs"][..], &["workers"]] {
        let said = world.ingest(command).await.stderr;
        assert!(said.contains("workers take no new jobs") && said.contains(reason), "{command:?}: {said}");
    }
    let doctor = world.ingest(&["doctor"]).await.stdout;
    assert!(doctor.contains("workers       1 worker of this queue, 0 taking new jobs"), "{doctor}");
    assert!(doctor.lines().any(|line| line.starts_with("WARN") && line.contains(reason)), "{doctor}");

    // A worker that starts meanwhile, as after a crash, is paused too.
    assert_eq!(first.term_and_wait().await, Some(0));
    assert_eq!(workers(&world).await, Vec::<Value>::new());
    let mut second = worker(&world).await;
    is_listed(&world, "PAUSED", 0).await;
    assert!(world.job(waiting).await.starts_with("PENDING"), "{}", world.job(waiting).await);

    let resumed = world.ingest(&["resume"]).await;
    assert!(resumed.stderr.contains("ended 1 pause"), "{}", resumed.stderr);
    assert_eq!(world.status_after_run(waiting).await, "NEEDS_REVIEW");
    is_listed(&world, "WORKING", 0).await;
    assert_eq!(ready().await, (StatusCode::OK, "ok\n".to_owned()));
    let again = world.ingest(&["resume"]).await;
    assert!(again.stderr.contains("the workers are not paused"), "{}", again.stderr);
    assert_eq!(second.term_and_wait().await, Some(0));
}

#[tokio::test]
async fn a_pause_lets_jobs_end_and_outlives_workers_of_the_database_queue() {
    the_fleet_pauses(World::database().await, "database").await;
}

#[tokio::test]
async fn a_pause_lets_jobs_end_and_outlives_workers_of_sqs() {
    let world = World::cloud().await;
    let queue = world.variable("SQS_QUEUE_URL");
    the_fleet_pauses(world, &queue).await;
}

#[tokio::test]
async fn a_pause_ends_a_poll_and_hides_no_message() {
    let world = World::cloud().await;
    let mut worker = worker(&world).await;
    world.ingest(&["pause", "a test"]).await.expect_status(0);
    is_listed(&world, "PAUSED", 0).await;
    world.enqueue("a.csv", CLEAN, "one").await;
    // The poll that was in progress has one more second; SQS_VISIBILITY_TIMEOUT is longer than this waits.
    eventually("the message is visible", async || world.messages().await == (1, 0)).await;
    assert_eq!(worker.term_and_wait().await, Some(0));
}

#[tokio::test]
async fn a_pause_of_one_queue_leaves_the_others_alone() {
    let world = World::database().await;
    let sqs = [("SQS_QUEUE_URL", "http://127.0.0.1:9/queue/other")];
    let other = World::without_database().await.with(&sqs);
    let url = world.variable("DATABASE_URL");
    let other = other.with(&[("DATABASE_URL", &url)]);
    let paused = other.ingest(&["pause", "--this-queue", "a test"]).await;
    assert!(
        paused.stderr.contains("paused the workers of http://127.0.0.1:9/queue/other"),
        "{}",
        paused.stderr
    );
    let mut worker = worker(&world).await;
    let job = world.enqueue("a.csv", CLEAN, "one").await;
    assert_eq!(world.status_after_run(job).await, "COMPLETED");
    assert!(other.ingest(&["jobs"]).await.stderr.contains("a test"));
    assert_eq!(world.ingest(&["jobs"]).await.stderr, "");
    let resumed = world.ingest(&["resume"]).await;
    assert!(resumed.stderr.contains("the workers are not paused"), "{}", resumed.stderr);
    assert_eq!(worker.term_and_wait().await, Some(0));
}

#[tokio::test]
async fn a_quiet_worker_completes_its_job_and_leaves_new_ones_to_others() {
    let world = World::database().await;
    let mut quiet = worker(&world).await;
    let held = hold_runs(&world).await;
    let running = world.enqueue("a.csv", CLEAN, "one").await;
    is_processing(&world, running).await;
    quiet.signal(Signal::SIGUSR1);
    quiet.signal(Signal::SIGUSR1);
    is_listed(&world, "QUIET", 1).await;
    let waiting = world.enqueue("b.csv", CLEAN, "two").await;
    held.rollback().await.unwrap();
    assert_eq!(world.status_after_run(running).await, "COMPLETED");
    is_listed(&world, "QUIET", 0).await;
    assert!(world.job(waiting).await.starts_with("PENDING"), "{}", world.job(waiting).await);
    assert!(!quiet.has_ended(), "it waits for the stop");
    let mut other = worker(&world).await;
    assert_eq!(world.status_after_run(waiting).await, "COMPLETED");
    assert_eq!(quiet.term_and_wait().await, Some(0));
    is_listed(&world, "WORKING", 0).await;
    assert_eq!(other.term_and_wait().await, Some(0));
}

#[tokio::test]
async fn a_killed_worker_disappears_from_the_list() {
    let world = World::database().await;
    let mut killed = worker(&world).await;
    killed.kill();
    killed.wait().await;
    assert_eq!(workers(&world).await.len(), 1, "nobody knows yet");
    let age = "UPDATE workers SET worker_seen_at = now() - interval '61 seconds'";
    sqlx::query(age).execute(&world.pool).await.unwrap();
    assert_eq!(workers(&world).await, Vec::<Value>::new());
    let mut next = worker(&world).await;
    let entries: i64 =
        sqlx::query_scalar("SELECT count(*) FROM workers").fetch_one(&world.pool).await.unwrap();
    assert_eq!(entries, 1, "the next worker removes what has expired");
    assert_eq!(next.term_and_wait().await, Some(0));
}

#[tokio::test]
async fn a_pause_needs_a_reason_that_can_be_shown() {
    let world = World::without_database().await;
    for reason in ["", " ", "two\nlines"] {
        let refused = world.ingest(&["pause", reason]).await;
        refused.expect_status(2);
        assert!(refused.stderr.contains("a reason has 1 to 200 characters"), "{}", refused.stderr);
    }
}
