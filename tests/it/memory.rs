//! Memory is bounded by bytes: the peak of a worker does not follow the width of the rows.

use crate::support::World;

/// The most that a worker may ever hold, in KiB, with the default number of jobs at once.
const CEILING_KIB: u64 = 130 << 10;
/// The size of each file: several times what one job may hold of it.
const FILE_BYTES: usize = 64 << 20;
/// The size of a cell: close to the most that the reader accepts.
const CELL_BYTES: usize = 60 << 10;

const HEADER: &str = "email,first_name,last_name,company\n";

/// A file of rows that `row` makes of their numbers.
fn file(row: impl Fn(usize) -> String) -> String {
    let mut file = String::from(HEADER);
    let mut number = 0;
    while file.len() < FILE_BYTES {
        number += 1;
        file.push_str(&row(number));
    }
    file
}

fn wide_row(number: usize) -> String {
    let cell = "x".repeat(CELL_BYTES);
    format!("p{number}@example.com,A{cell},B{cell},C{cell}\n")
}

/// A row with more cells than the header has, as unquoted delimiters make it.
fn malformed_row(number: usize) -> String {
    let beyond = format!(",{}", "y".repeat(CELL_BYTES)).repeat(12);
    format!("{}{beyond}\n", wide_row(number).trim_end())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_imports_and_reprocesses_wide_rows_within_its_ceiling() {
    let world = World::database().await.with(&[("SQS_WAIT_TIME_SECONDS", "1")]);
    world.ingest(&["migrate"]).await.expect_status(0);
    let clean = world.enqueue("clean.csv", &file(wide_row), "one").await;
    let malformed = world.enqueue("malformed.csv", &file(malformed_row), "two").await;
    // Two jobs at once is what a worker does by default.
    let mut worker = world.spawn(&["worker"]);
    assert_eq!(world.settled(clean).await, "COMPLETED");
    assert_eq!(world.settled(malformed).await, "NEEDS_REVIEW");
    let accept = "UPDATE issues SET issue_resolved = true; UPDATE jobs SET job_available_at = now() WHERE job_status = 'NEEDS_REVIEW'";
    sqlx::raw_sql(accept).execute(&world.pool).await.unwrap();
    world.eventually_completed(malformed).await;
    let peak = worker.peak_kib();
    assert_eq!(worker.term_and_wait().await, Some(0));
    assert!(peak < CEILING_KIB, "the worker held {} MiB", peak >> 10);
}
