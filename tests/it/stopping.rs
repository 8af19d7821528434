//! An idle worker stops at once, and no message is lost to the interrupted poll.

use std::time::{Duration, Instant};

use crate::support::{Child, Server, World, eventually, free_port};

const CLEAN: &str = "email,first_name,last_name,company\nann@example.com,Ann,Lee,Acme\n";

/// `docker stop` kills a process that takes longer. An idle worker takes one second; a poll takes 20.
const PATIENCE: Duration = Duration::from_secs(10);

async fn idle(world: &World) -> Child {
    let worker = world.spawn(&["worker"]);
    eventually("the worker has started", async || world.log().contains("worker started")).await;
    // Long enough for the worker to start a poll.
    tokio::time::sleep(Duration::from_secs(2)).await;
    worker
}

#[tokio::test]
async fn an_idle_worker_on_sqs_stops_within_its_poll() {
    let world = World::cloud().await;
    let mut worker = idle(&world).await;
    let started = Instant::now();
    assert_eq!(worker.term_and_wait().await, Some(0));
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_message_received_during_the_stop_is_released() {
    let world = World::cloud().await;
    let mut worker = idle(&world).await;
    let (status, job) = tokio::join!(worker.term_and_wait(), world.enqueue("a.csv", CLEAN, "one"));
    assert_eq!(status, Some(0));
    // SQS_VISIBILITY_TIMEOUT is the default of 300 s, longer than this waits.
    eventually("the message is visible", async || world.messages().await == (1, 0)).await;
    let mut worker = world.spawn(&["worker"]);
    assert_eq!(world.status_after_run(job).await, "COMPLETED");
    assert_eq!(worker.term_and_wait().await, Some(0));
}

#[tokio::test]
async fn a_message_received_by_an_abandoned_poll_is_hidden_only_for_seconds() {
    let world = World::cloud().await;
    let mut worker = idle(&world).await;
    // The peer answers the poll of the killed worker, as SQS may.
    worker.kill();
    world.enqueue("a.csv", CLEAN, "one").await;
    eventually("the poll has received the message", async || world.messages().await == (0, 1)).await;
    eventually("the message is visible again", async || world.messages().await == (1, 0)).await;
}

#[tokio::test]
async fn an_idle_worker_on_the_database_queue_stops_within_its_poll() {
    let world = World::database().await;
    let mut worker = idle(&world).await;
    let started = Instant::now();
    let (status, job) = tokio::join!(worker.term_and_wait(), world.enqueue("a.csv", CLEAN, "one"));
    assert_eq!(status, Some(0));
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
    let waits = "SELECT job_status = 'COMPLETED' OR job_available_at <= now() FROM jobs WHERE job_id = $1";
    let waits: bool = sqlx::query_scalar(waits).bind(job).fetch_one(&world.pool).await.unwrap();
    assert!(waits, "the job is hidden: {}", world.log());
}

#[tokio::test]
async fn an_idle_server_with_its_worker_stops_within_a_poll() {
    for world in [World::cloud().await, World::database().await] {
        let mut server = Server::start_at(world, free_port(), &["serve"]).await;
        // A connection that stays open, as a browser's does.
        assert_eq!(server.get("/api/v1/me").await.0, 200);
        tokio::time::sleep(Duration::from_secs(2)).await;
        let started = Instant::now();
        assert_eq!(server.stop().await, Some(0));
        assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
    }
}
