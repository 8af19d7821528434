//! `ingest delete` says beforehand what it will delete.

use super::{HEADER, on_terminal};
use crate::support::World;

const WHAT: &str = "job 1 (a.csv) with 2 rows, 1 issue and its stored file";

#[tokio::test]
async fn a_job_is_deleted_after_a_confirmation() {
    let world = World::database().await;
    let rows = "ann@example.com,Ann,Lee,Acme\nbad,Bo,Ray,Acme\n";
    let file = world.file("a.csv", &format!("{HEADER}{rows}"));
    world.ingest(&["import", &file]).await.expect_status(3);
    let unattended = world.ingest(&["delete", "1"]).await;
    unattended.expect_status(1);
    assert_eq!(
        unattended.stderr,
        format!(
            "ingest: deleting {WHAT} cannot be undone, and nobody is there to confirm it; add --yes, or --dry-run to change nothing\n"
        )
    );
    let dry = world.ingest(&["delete", "1", "--dry-run"]).await;
    dry.expect_status(0);
    assert_eq!(dry.stderr, format!("would delete {WHAT}; run without --dry-run to delete\n"));
    for no in ["n", "y", ""] {
        let asked = on_terminal(&world, 200, no, &["delete", "1"]).await;
        asked.expect_status(1);
        let question = format!("delete {WHAT}? Its contacts stay. This cannot be undone. Type yes:");
        assert!(asked.stdout.contains(&question), "{}", asked.stdout);
        assert!(asked.stdout.contains("deleted nothing"), "{}", asked.stdout);
    }
    assert!(world.job(1).await.starts_with("NEEDS_REVIEW"));
    let deleted = on_terminal(&world, 200, "yes", &["delete", "1"]).await;
    deleted.expect_status(0);
    assert!(deleted.stdout.contains("deleted job 1 with its rows and issues"), "{}", deleted.stdout);

    let missing = world.ingest(&["delete", "1"]).await;
    missing.expect_status(1);
    assert!(missing.stderr.contains("there is no job 1"), "{}", missing.stderr);
}

#[tokio::test]
async fn a_file_that_stays_is_not_named() {
    let world = World::database().await;
    let job = world.enqueue_silently("a.csv", &format!("{HEADER}bad,Bo,Ray,Acme\n"), "tester").await;
    // Another program has stored the file, and keeps it.
    let unattended = world.ingest(&["delete", &job.to_string()]).await;
    unattended.expect_status(1);
    let what = format!("deleting job {job} (a.csv) with 0 rows and 0 issues cannot be undone");
    assert!(unattended.stderr.contains(&what), "{}", unattended.stderr);
    world.ingest(&["delete", &job.to_string(), "--yes"]).await.expect_status(0);
}
