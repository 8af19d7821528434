//! The number of round trips that a job needs to a database over TCP, counted by a relay rather than timed.

use crate::support::{Relay, Seen, World, eventually};

/// Starts a relay in front of a world's database, and a worker that has connected through it and is idle.
async fn worker_behind_relay(world: World) -> (World, Relay, crate::support::Child) {
    world.ingest(&["migrate"]).await.expect_status(0);
    let relay = Relay::start(world.database_port()).await;
    let world = world.through_port(relay.port).await;
    let worker = world.spawn(&["worker"]);
    let warm_up = world.enqueue("warm-up.csv", &small("warm", 10), "warm-up").await;
    assert_eq!(world.status_after_run(warm_up).await, "COMPLETED");
    acknowledged(&world, warm_up).await;
    (world, relay, worker)
}

async fn acknowledged(world: &World, job: i32) {
    let query = "SELECT job_available_at IS NULL FROM jobs WHERE job_id = $1";
    eventually("the message is acknowledged", async || {
        sqlx::query_scalar(query).bind(job).fetch_one(&world.pool).await.unwrap()
    })
    .await;
}

fn small(name: &str, rows: usize) -> String {
    let rows = (0..rows).map(|row| format!("{name}{row}@example.com,Ann,Lee{row},Acme\n"));
    "email,first_name,last_name,company\n".to_owned() + &rows.collect::<String>()
}

/// Returns the round trips of one job, without the queue's polls.
async fn of_one_job(world: &World, relay: &Relay, content: &str, status: &str) -> Seen {
    let job = world.enqueue("job.csv", content, "tester").await;
    assert_eq!(world.status_after_run(job).await, status);
    acknowledged(world, job).await;
    let mut seen = relay.take();
    // Not counted: checks of idle connections, new connections, and renewals on a busy machine. A job that follows
    // another does not wait for them.
    let beside = ["WITH due AS", "FOR NO KEY UPDATE SKIP LOCKED", "pg_backend_pid", "LISTEN"];
    seen.round_trips.retain(|sent| {
        !sent.starts_with("message ")
            && !is_check_of_an_idle_connection(sent)
            && !beside.iter().any(|statement| sent.contains(statement))
    });
    seen
}

/// Whether it is a statement such as `SELECT '7'`, which checks a connection that was idle for two seconds.
fn is_check_of_an_idle_connection(sent: &str) -> bool {
    let digits =
        sent.strip_prefix("SELECT '").and_then(|rest| rest.split_once('\'')).map(|(digits, _)| digits);
    digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
}

#[tokio::test]
async fn a_small_clean_job_takes_few_round_trips_and_no_copy() {
    let (world, relay, mut worker) = worker_behind_relay(World::database().await).await;
    relay.take();
    let seen = of_one_job(&world, &relay, &small("ann", 10), "COMPLETED").await;
    assert!(seen.round_trips.len() <= 15, "{}:\n{}", seen.round_trips.len(), seen.round_trips.join("\n"));
    assert_eq!(seen.copies, 0, "TCP delays the end of each COPY");
    worker.term_and_wait().await;
}

#[tokio::test]
async fn a_small_job_with_issues_takes_few_round_trips_and_no_copy() {
    let (world, relay, mut worker) = worker_behind_relay(World::database().await).await;
    relay.take();
    let content = small("ann", 10) + "bad,Bo,Ray,Acme\nann1@example.com,Other,Name,Acme\n,No,Mail,Acme\n";
    let seen = of_one_job(&world, &relay, &content, "NEEDS_REVIEW").await;
    assert!(seen.round_trips.len() <= 22, "{}:\n{}", seen.round_trips.len(), seen.round_trips.join("\n"));
    assert_eq!(seen.copies, 0, "TCP delays the end of each COPY");
    worker.term_and_wait().await;
}
