//! Small jobs overtake large ones: a worker has one place more than `WORKER_CONCURRENCY`, for small jobs only.

use std::time::Duration;

use crate::support::{Child, World, eventually};

const CLEAN: &str = "email,first_name,last_name,company\nann@example.com,Ann,Lee,Acme\n";
/// Two large jobs can run.
const SETTINGS: [(&str, &str); 2] = [("WORKER_CONCURRENCY", "2"), ("SQS_WAIT_TIME_SECONDS", "1")];
/// Far longer than a small job takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Returns a file that is larger than that of a small job.
fn large(name: &str) -> String {
    let row = |number| format!("{name}{number}@example.com,{},Lee,Acme\n", "A".repeat(1000));
    "email,first_name,last_name,company\n".to_owned() + &(0..4500).map(row).collect::<String>()
}

/// Locks the contacts of an owner like a run of another job, so that no run of the owner's jobs ends.
async fn lock_contacts(world: &World, owner: &str) -> sqlx::Transaction<'static, sqlx::Postgres> {
    let mut lock = world.pool.begin().await.unwrap();
    let query = "SELECT pg_advisory_xact_lock(x'1A9E57'::integer, hashtext($1))";
    sqlx::query(query).bind(owner).execute(&mut *lock).await.unwrap();
    lock
}

/// Starts a worker, and waits until it has started the jobs.
async fn busy_worker(world: &World, jobs: i64) -> Child {
    let worker = world.spawn(&["worker"]);
    eventually("the large jobs are in progress", async || {
        let running = "SELECT count(*) FROM jobs WHERE job_status = 'PROCESSING'";
        sqlx::query_scalar::<_, i64>(running).fetch_one(&world.pool).await.unwrap() == jobs
    })
    .await;
    worker
}

async fn assert_completes(world: &World, job: i32) {
    let status = tokio::time::timeout(PATIENCE, world.status_after_run(job)).await;
    assert_eq!(status.expect("the small job overtakes the large ones"), "COMPLETED");
}

async fn small_jobs_overtake_large_ones(world: World, while_busy: Duration) {
    let world = world.with(&SETTINGS);
    world.ingest(&["migrate"]).await.expect_status(0);
    let lock = lock_contacts(&world, "one").await;
    let mut jobs = Vec::new();
    for name in ["a", "b"] {
        jobs.push(world.enqueue(&format!("{name}.csv"), &large(name), "one").await);
    }
    let mut worker = busy_worker(&world, 2).await;
    // A third large job, which cannot start, waits in front of the small one.
    let third = world.enqueue("c.csv", &large("c"), "one").await;
    jobs.push(third);
    let small = world.enqueue("small.csv", CLEAN, "two").await;
    assert_completes(&world, small).await;

    tokio::time::sleep(while_busy).await;
    assert!(world.job(third).await.starts_with("PENDING"), "{}", world.job(third).await);
    if world.cloud.is_none() {
        let deliveries = "SELECT job_delivery_count FROM jobs WHERE job_id = $1";
        let deliveries: i32 =
            sqlx::query_scalar(deliveries).bind(third).fetch_one(&world.pool).await.unwrap();
        assert_eq!(deliveries, 0, "a job that was declined does not count as delivered");
    }
    let other = world.enqueue("other.csv", CLEAN, "three").await;
    assert_completes(&world, other).await;

    lock.commit().await.unwrap();
    for job in jobs {
        assert_eq!(world.status_after_run(job).await, "COMPLETED", "{}", world.log());
    }
    if world.cloud.is_some() {
        world.queue_empty().await;
        assert_eq!(world.dead_letters().await, 0);
    }
    assert_eq!(worker.term_and_wait().await, Some(0));
}

#[tokio::test]
async fn small_jobs_overtake_large_ones_in_the_database_queue() {
    small_jobs_overtake_large_ones(World::database().await, Duration::from_secs(3)).await;
}

#[tokio::test]
async fn small_jobs_overtake_large_ones_in_sqs() {
    // Longer than the worker keeps the message of a large job.
    small_jobs_overtake_large_ones(World::cloud().await, Duration::from_secs(25)).await;
}

#[tokio::test]
async fn a_large_job_starts_as_soon_as_another_one_ends() {
    for world in [World::database().await, World::cloud().await] {
        // A poll takes 20 seconds, and a message is hidden for 30.
        let world = world.with(&[("WORKER_CONCURRENCY", "1")]);
        world.ingest(&["migrate"]).await.expect_status(0);
        let lock = lock_contacts(&world, "one").await;
        let first = world.enqueue("a.csv", &large("a"), "one").await;
        let mut worker = busy_worker(&world, 1).await;
        let second = world.enqueue("b.csv", &large("b"), "two").await;
        // Long enough for the job to be received and found large.
        tokio::time::sleep(Duration::from_secs(3)).await;
        lock.commit().await.unwrap();
        for job in [first, second] {
            assert_eq!(world.status_after_run(job).await, "COMPLETED", "{}", world.log());
        }
        let pause = "SELECT extract(epoch FROM second.job_process_start - first.job_process_end)::float8
             FROM jobs AS first, jobs AS second WHERE first.job_id = $1 AND second.job_id = $2";
        let pause = sqlx::query_scalar(pause).bind(first).bind(second);
        let pause: f64 = pause.fetch_one(&world.pool).await.unwrap();
        assert!((0.0..5.0).contains(&pause), "the place was empty for {pause} s");
        assert_eq!(worker.term_and_wait().await, Some(0));
    }
}
