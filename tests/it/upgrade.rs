//! Another version of the program beside this one, on the schema of this one: `make upgrade-check FROM=<ref>`.
//!
//! A release adds to the schema what older workers do not use. What they use is removed only by a later release.

use std::path::PathBuf;

use crate::support::{Child, World, eventually};

const DIRTY: &str = "email,first_name,last_name,company\nbad,Bo,Ray,Acme\nann@example.com,Ann,Lee,Acme\n";
/// Large enough for tables of its own.
const ROWS: usize = 120_000;

/// Returns the other version of the program.
fn other() -> String {
    let path =
        std::env::var("OTHER_INGEST").expect("OTHER_INGEST names the other program; use make upgrade-check");
    let path = PathBuf::from(path);
    assert!(path.is_file(), "{} is not a file", path.display());
    path.to_str().unwrap().to_owned()
}

fn clean(first: usize, rows: usize) -> String {
    let row = |row: usize| format!("p{row}@example.com,Ann,Lee,Acme\n");
    let rows: String = (first..first + rows).map(row).collect();
    format!("email,first_name,last_name,company\n{rows}")
}

/// Adds ten small jobs of an owner, every other one with an issue, and waits until all have run.
async fn jobs_end(world: &World, owner: &str) {
    let mut jobs = Vec::new();
    for number in 0..10 {
        let content = if number % 2 == 0 { clean(number * 10, 10) } else { DIRTY.to_owned() };
        jobs.push((world.enqueue(&format!("{number}.csv"), &content, owner).await, number % 2 == 0));
    }
    for (job, is_clean) in jobs {
        let expected = if is_clean { "COMPLETED" } else { "NEEDS_REVIEW" };
        assert_eq!(world.status_after_run(job).await, expected, "{}", world.log());
    }
    assert_eq!(world.contacts(owner).await.len(), 50);
}

/// Starts a large job, kills its worker when rows are staged, and waits until another one has completed it.
async fn is_continued(world: &World, owner: &str, mut killed: Child, start: impl FnOnce() -> Child) -> Child {
    let job = world.enqueue("large.csv", &clean(0, ROWS), owner).await;
    let staged = "SELECT job_checkpoint > 0 OR job_status::text = 'COMPLETED' FROM jobs WHERE job_id = $1";
    eventually("rows are staged", async || {
        sqlx::query_scalar(staged).bind(job).fetch_one(&world.pool).await.unwrap()
    })
    .await;
    killed.kill();
    killed.wait().await;
    let next = start();
    assert_eq!(world.status_after_run(job).await, "COMPLETED", "{}", world.log());
    assert_eq!(world.contacts(owner).await.len(), ROWS);
    next
}

async fn versions_work_beside_each_other(world: World) {
    let other = other();
    let other_worker = || world.spawn_program(&other, &["worker", "--no-migrate"]);
    let new_worker = || world.spawn(&["worker", "--no-migrate"]);
    world.run_program(&other, &["migrate"]).await.expect_status(0);
    let mut old = other_worker();
    jobs_end(&world, "before").await;
    // The worker goes on while the schema is upgraded.
    world.ingest(&["migrate"]).await.expect_status(0);
    jobs_end(&world, "migrated").await;
    // So does one that starts afterwards.
    assert_eq!(old.term_and_wait().await, Some(0), "{}", world.log());
    let old = other_worker();
    jobs_end(&world, "restarted").await;
    // Each continues what the other has begun.
    let new = is_continued(&world, "continued", old, new_worker).await;
    let mut old = is_continued(&world, "rolled-back", new, other_worker).await;
    let mut new = new_worker();
    jobs_end(&world, "both").await;
    assert_eq!(old.term_and_wait().await, Some(0), "{}", world.log());
    assert_eq!(new.term_and_wait().await, Some(0), "{}", world.log());
    world.ingest(&["doctor"]).await.expect_status(0);
    let refused = world.run_program(&other, &["migrate"]).await;
    let is_newer = "SELECT max(version) FROM _sqlx_migrations";
    let newest: i64 = sqlx::query_scalar(is_newer).fetch_one(&world.pool).await.unwrap();
    assert!(refused.status == Some(0) || refused.stderr.contains(&newest.to_string()), "{}", refused.stderr);
}

#[tokio::test]
#[ignore = "needs another version of the program: make upgrade-check FROM=<ref>"]
async fn versions_share_the_database_queue() {
    versions_work_beside_each_other(World::empty_database().await).await;
}

#[tokio::test]
#[ignore = "needs another version of the program: make upgrade-check FROM=<ref>"]
async fn versions_share_sqs() {
    let world = World::empty_database().await;
    let world = world.with(&[("SQS_VISIBILITY_TIMEOUT", "30"), ("SQS_WAIT_TIME_SECONDS", "1")]);
    versions_work_beside_each_other(world.with_queues(true).await).await;
}
