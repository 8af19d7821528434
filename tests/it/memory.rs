//! Memory is limited in bytes: a worker's peak does not depend on the width of rows.

use crate::support::World;

/// The peak memory that a worker may reach, in KiB, with the default number of concurrent jobs: two. It varies from 120
/// to 160 MiB with what they do at the same instant.
const CEILING_KIB: u64 = 180 << 10;
/// The size of each file. A worker that kept the rows of two would need more than the ceiling.
const FILE_BYTES: usize = 96 << 20;
/// The size of a file of corrections: close to the maximum that is accepted, 64 MiB.
const CORRECTIONS_BYTES: usize = 60 << 20;
/// The size of a cell: close to the maximum that the reader accepts.
const CELL_BYTES: usize = 60 << 10;

const HEADER: &str = "email,first_name,last_name,company\n";

/// Returns a file of rows that `row` makes from their numbers.
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

/// Returns a row with more cells than the header, as unquoted delimiters cause.
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
    // A worker runs two jobs concurrently by default.
    let mut worker = world.spawn(&["worker"]);
    assert_eq!(world.status_after_run(clean).await, "COMPLETED");
    assert_eq!(world.status_after_run(malformed).await, "NEEDS_REVIEW");
    let accept = "UPDATE issues SET issue_resolved = true;
         UPDATE jobs SET job_available_at = now() WHERE job_status = 'NEEDS_REVIEW'";
    sqlx::raw_sql(accept).execute(&world.pool).await.unwrap();
    world.eventually_completed(malformed).await;
    let peak = worker.peak_kib();
    assert_eq!(worker.term_and_wait().await, Some(0));
    assert!(peak < CEILING_KIB, "the worker's peak was {} MiB", peak >> 10);
}

/// The peak memory in KiB that a command without a job may reach, whatever it reads or prints.
const COMMAND_KIB: u64 = 64 << 10;

#[tokio::test(flavor = "multi_thread")]
async fn commands_keep_neither_files_nor_lists_in_memory() {
    let world = World::database().await;
    world.ingest(&["migrate"]).await.expect_status(0);
    let dirty = world.file("dirty.csv", &format!("{HEADER}bad,Ann,Lee,Acme\n"));
    world.ingest(&["import", &dirty]).await.expect_status(3);
    let wide = world.file("wide.csv", &file(wide_row));
    let unknown: String = (0..CORRECTIONS_BYTES / CELL_BYTES)
        .map(|number| format!("r-{number:032},{}\n", "x".repeat(CELL_BYTES)))
        .collect();
    let back = world.file("back.csv", &format!("row_key,company\n{unknown}"));
    let commands: [(&[&str], u64); 5] = [
        (&["import", &wide], CEILING_KIB),
        (&["preview", &wide], COMMAND_KIB),
        (&["contacts", "--limit", "1000000", "--output", "json"], COMMAND_KIB),
        (&["contacts", "--limit", "1000000"], COMMAND_KIB),
        (&["correct", "1", &back], COMMAND_KIB),
    ];
    for (command, ceiling) in commands {
        let (peak, status) = world.spawn(command).peak_kib_until_end().await;
        assert_eq!(status, Some(0), "{command:?}:\n{:.2000}", world.log());
        assert!(peak < ceiling, "{command:?} held {} MiB", peak >> 10);
    }
}
