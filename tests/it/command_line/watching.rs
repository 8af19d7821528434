//! `ingest watch` imports each file of a folder once, when it is complete.

use std::path::PathBuf;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::support::{World, eventually};

const HEADER: &str = "email,first_name,last_name,company\n";

/// Returns a file with one contact.
fn contact(name: &str) -> String {
    format!("{HEADER}{name}@example.com,Ann,Lee,Acme\n")
}

/// A world with a folder `inbox`.
async fn world() -> (World, PathBuf) {
    let world = World::database().await;
    world.ingest(&["migrate"]).await.expect_status(0);
    let inbox = world.path("inbox");
    std::fs::create_dir(&inbox).unwrap();
    (world, inbox)
}

/// Returns the jobs as `file status`, in the order in which they were made.
async fn jobs(world: &World) -> Vec<String> {
    let query = "SELECT job_original_filename || ' ' || job_status FROM jobs ORDER BY job_id";
    sqlx::query_scalar(query).fetch_all(&world.pool).await.unwrap()
}

/// Waits until the last job is `file status`.
async fn last_job(world: &World, expected: &str) {
    eventually(expected, async || jobs(world).await.last().is_some_and(|job| job == expected)).await;
}

#[tokio::test]
async fn files_are_imported_as_they_arrive_and_once() {
    let (world, inbox) = world().await;
    std::fs::write(inbox.join("first.csv"), contact("first")).unwrap();
    for unfinished in ["a.csv.part", "b.csv.crdownload", ".hidden.csv", "c.csv~"] {
        std::fs::write(inbox.join(unfinished), contact("unfinished")).unwrap();
    }
    std::fs::create_dir(inbox.join("folder.csv")).unwrap();
    let arguments = ["watch", inbox.to_str().unwrap(), "--settle", "1", "--interval", "1"];
    let mut watch = world.spawn(&arguments);
    last_job(&world, "first.csv COMPLETED").await;
    // A file that fails does not end it.
    std::fs::write(inbox.join("broken.csv"), "name,mail\nx,y\n").unwrap();
    last_job(&world, "broken.csv FAILED").await;
    std::fs::write(inbox.join("dirty.csv"), format!("{HEADER}bad,Ann,Lee,Acme\n")).unwrap();
    last_job(&world, "dirty.csv NEEDS_REVIEW").await;
    // A download that is complete gets its name.
    std::fs::rename(inbox.join("a.csv.part"), inbox.join("a.csv")).unwrap();
    last_job(&world, "a.csv COMPLETED").await;
    // Another content under the same name is another file.
    std::fs::write(inbox.join("first.csv"), contact("second")).unwrap();
    last_job(&world, "first.csv COMPLETED").await;
    watch.signal(Signal::SIGINT);
    assert_eq!(watch.wait().await, Some(0), "{}", world.log());
    let log = world.log();
    for line in
        ["watching ", "first.csv: job 1 COMPLETED", "broken.csv: job 2 FAILED", "next: list the issues"]
    {
        assert!(log.contains(line), "{line} is missing:\n{log}");
    }

    // After a restart, only what failed is tried again.
    let again = world.ingest(&[&arguments[..], &["--once"]].concat()).await;
    again.expect_status(1);
    assert!(again.stderr.contains("a.csv: this file was already imported as job 4"), "{}", again.stderr);
    let expected = [
        "first.csv COMPLETED",
        "broken.csv FAILED",
        "dirty.csv NEEDS_REVIEW",
        "a.csv COMPLETED",
        "first.csv COMPLETED",
    ];
    assert_eq!(jobs(&world).await, expected);
}

#[tokio::test]
async fn a_file_that_grows_is_imported_when_it_is_complete() {
    let (world, inbox) = world().await;
    let file = inbox.join("a.csv");
    std::fs::write(&file, HEADER).unwrap();
    let arguments = ["watch", inbox.to_str().unwrap(), "--settle", "3", "--interval", "1"];
    let mut watch = world.spawn(&arguments);
    eventually("the folder is watched", async || world.log().contains("watching ")).await;
    let mut content = HEADER.to_owned();
    for number in 0..5 {
        content.push_str(&format!("p{number}@example.com,Ann,Lee,Acme\n"));
        std::fs::write(&file, &content).unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    last_job(&world, "a.csv COMPLETED").await;
    watch.signal(Signal::SIGTERM);
    assert_eq!(watch.wait().await, Some(0));
    assert_eq!((jobs(&world).await.len(), world.contacts("tester").await.len()), (1, 5));
}

#[tokio::test]
async fn a_killed_import_is_continued_after_a_restart_and_imported_files_are_moved() {
    let (world, inbox) = world().await;
    let world = world.with(&[("PROGRESS_UPDATE_INTERVAL", "2000"), ("SQS_VISIBILITY_TIMEOUT", "2")]);
    let done = world.path("done");
    std::fs::create_dir(&done).unwrap();
    let rows: String = (0..60_000).map(|row| format!("p{row}@example.com,Ann,Lee,Acme\n")).collect();
    std::fs::write(inbox.join("large.csv"), format!("{HEADER}{rows}")).unwrap();
    std::fs::write(inbox.join("broken.csv"), "name,mail\nx,y\n").unwrap();
    let folders = [inbox.to_str().unwrap(), "--move-to", done.to_str().unwrap()];
    let arguments = [&["watch"], &folders[..], &["--settle", "0", "--once"]].concat();
    let mut killed = world.spawn(&arguments);
    eventually("rows are staged", async || {
        let query = "SELECT EXISTS (SELECT FROM jobs WHERE job_checkpoint > 0)";
        sqlx::query_scalar::<_, bool>(query).fetch_one(&world.pool).await.unwrap()
    })
    .await;
    killed.kill();
    killed.wait().await;
    assert!(inbox.join("large.csv").exists());
    let ended = world.ingest(&arguments).await;
    ended.expect_status(1);
    let mut ended = jobs(&world).await;
    ended.sort();
    assert_eq!(ended, ["broken.csv FAILED", "large.csv COMPLETED"]);
    assert_eq!(world.contacts("tester").await.len(), 60_000);
    assert!(done.join("large.csv").exists() && inbox.join("broken.csv").exists());
    assert!(!inbox.join("large.csv").exists());

    let missing = world.ingest(&["watch", "no-such-folder"]).await;
    missing.expect_status(1);
    assert!(missing.stderr.contains("cannot read the folder no-such-folder"), "{}", missing.stderr);
    let same = world.ingest(&["watch", folders[0], "--move-to", folders[0]]).await;
    same.expect_status(1);
    assert!(same.stderr.contains("--move-to must name another folder"), "{}", same.stderr);
}
