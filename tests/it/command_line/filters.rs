//! Lists of contacts, issues and jobs by conditions, like those of the API.

use serde_json::Value;

use super::HEADER;
use crate::support::World;

const PEOPLE: &str =
    "ann@example.com,Ann,MÜLLER,Acme\nbo@example.com,Bo,Muller,Acme\ncid@example.com,Cid,Ray,Other\n";

/// Returns a list as JSON.
async fn listed(world: &World, arguments: &[&str]) -> Vec<Value> {
    let listed = world.ingest(&[arguments, &["--json"]].concat()).await;
    listed.expect_status(0);
    serde_json::from_str(&listed.stdout).unwrap()
}

async fn ids(world: &World, arguments: &[&str]) -> Vec<i64> {
    listed(world, arguments).await.iter().map(|entry| entry["id"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn contacts_are_found_by_words_and_by_job() {
    let world = World::database().await;
    let file = world.file("a.csv", &format!("{HEADER}{PEOPLE}"));
    world.ingest(&["import", &file]).await.expect_status(0);
    let file = world.file("b.csv", &format!("{HEADER}dora@example.com,Dora,Muller,Acme\n"));
    world.ingest(&["import", &file]).await.expect_status(0);

    // Newest first, as on the page and in the API.
    assert_eq!(ids(&world, &["contacts"]).await, [4, 3, 2, 1]);
    assert_eq!(ids(&world, &["contacts", "--text", "muller acme"]).await, [4, 2]);
    assert_eq!(ids(&world, &["contacts", "--text", "MULLER", "--fold-accents"]).await, [4, 2, 1]);
    assert_eq!(ids(&world, &["contacts", "--text", "bo@example.com"]).await, [2]);
    assert_eq!(ids(&world, &["contacts", "--job", "1"]).await, [3, 2, 1]);
    assert_eq!(ids(&world, &["contacts", "--job", "1", "--text", "muller", "--fold-accents"]).await, [2, 1]);
    assert_eq!(ids(&world, &["contacts", "--job", "1", "--text", "bo@example.com"]).await, [2]);
    assert_eq!(ids(&world, &["contacts", "--text", "nobody"]).await, [0; 0]);

    for (which, count) in [(vec![], "1 of 4 contacts"), (vec!["--text", "acme"], "1 contact")] {
        let first = world.ingest(&[&["contacts", "--limit", "1"][..], &which].concat()).await;
        let more = format!("showed {count}; continue with `--after 4`");
        assert!(first.stderr.contains(&more), "{}", first.stderr);
    }
    assert_eq!(ids(&world, &["contacts", "--job", "1", "--after", "3"]).await, [2, 1]);

    let unknown = world.ingest(&["contacts", "--job", "9"]).await;
    unknown.expect_status(1);
    assert!(unknown.stderr.contains("`ingest jobs`"), "{}", unknown.stderr);
    world.ingest(&["contacts", "--fold-accents"]).await.expect_status(2);
    let long = world.ingest(&["contacts", "--text", &"x".repeat(201)]).await;
    long.expect_status(2);
    assert!(long.stderr.contains("200"), "{}", long.stderr);
}

#[tokio::test]
async fn issues_are_found_by_state_type_and_text() {
    let world = World::database().await;
    let rows = "bad-one,Ann,Lee,Acme\nbad-two,Bo,Ray,Acme\nno@example.com,Cid,,Acme\n";
    let file = world.file("a.csv", &format!("{HEADER}{rows}"));
    world.ingest(&["import", &file]).await.expect_status(3);
    world.ingest(&["discard", "1"]).await.expect_status(0);

    let count =
        async |arguments: &[&str]| listed(&world, &[&["issues", "1"], arguments].concat()).await.len();
    assert_eq!(count(&[]).await, 2);
    assert_eq!(count(&["--all"]).await, 3);
    assert_eq!(count(&["--state", "ALL"]).await, 3);
    assert_eq!(count(&["--state", "resolved"]).await, 1);
    assert_eq!(count(&["--type", "invalid_email"]).await, 1);
    assert_eq!(count(&["--text", "BAD-TWO"]).await, 1);
    assert_eq!(count(&["--text", "last_name"]).await, 1);
    assert_eq!(count(&["--state", "all", "--type", "INVALID_EMAIL", "--text", "bad"]).await, 2);
    world.ingest(&["issues", "1", "--all", "--state", "open"]).await.expect_status(2);

    // The number of open issues is that of the list of jobs.
    let jobs = listed(&world, &["jobs"]).await;
    assert_eq!(jobs[0]["open_issues"], 2);
    let table = world.ingest(&["issues", "1", "--limit", "1"]).await;
    assert!(
        table.stderr.contains("showed 1 issue (open: INVALID_EMAIL 1, MISSING_REQUIRED_FIELD 1)"),
        "{}",
        table.stderr
    );
}

#[tokio::test]
async fn jobs_are_found_by_status_and_file_name() {
    let world = World::database().await;
    for (name, rows, status) in [("clean.csv", PEOPLE, 0), ("dirty.csv", "bad,Ann,Lee,Acme\n", 3)] {
        let file = world.file(name, &format!("{HEADER}{rows}"));
        world.ingest(&["import", &file]).await.expect_status(status);
    }
    assert_eq!(ids(&world, &["jobs"]).await, [2, 1]);
    assert_eq!(ids(&world, &["jobs", "--status", "completed"]).await, [1]);
    assert_eq!(ids(&world, &["jobs", "--text", "DIRTY"]).await, [2]);
    assert_eq!(ids(&world, &["jobs", "--status", "FAILED", "--text", "dirty"]).await, [0; 0]);
    let first = world.ingest(&["jobs", "--text", "csv", "--limit", "1"]).await;
    assert!(first.stderr.contains("showed 1 job; continue with `--after 2`"), "{}", first.stderr);
}
