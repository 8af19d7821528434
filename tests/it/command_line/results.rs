//! `--json`: each command prints its result for programs.

use serde_json::{Value, json};

use super::HEADER;
use crate::support::{Ended, World};

fn parsed(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {}", ended.stdout))
}

#[tokio::test]
async fn every_command_prints_its_result_as_json() {
    let world = World::database().await;
    let rows = "bad,Ann,Lee,Acme\nbo@example.com,Bo,Ray,Acme\ncid@example.com,Cid,Ray,Acme\n";
    let file = world.file("a.csv", &format!("{HEADER}{rows}"));
    let saved = world.path("contacts.csv").display().to_string();
    // The pointer to a value of the result, and the value.
    let runs: [(&[&str], i32, &str, Value); 31] = [
        (&["preview", &file], 0, "/header_line", json!(1)),
        (&["import", &file], 3, "/0/status", json!("NEEDS_REVIEW")),
        (&["jobs"], 0, "/0/open_issues", json!(1)),
        (&["issues", "1"], 0, "/0/rows/0/line", json!(2)),
        (&["rows", "1", "1"], 0, "/0/row", json!(1)),
        (&["resolve", "1", "1", "discard", "--preview"], 0, "/changed/discarded", json!(1)),
        (&["discard", "1"], 0, "/0/changed/discarded", json!(1)),
        (&["undo", "2", "--dry-run"], 0, "/issues/reopened", json!(1)),
        (&["undo", "2"], 0, "/changed/restored", json!(1)),
        (&["discard", "1"], 0, "/0/job", json!(1)),
        (&["restore", "1"], 0, "/0/changed/restored", json!(1)),
        (&["bulk", "1", "discard", "--type", "INVALID_EMAIL"], 0, "/issues/settled", json!(1)),
        (&["reprocess", "1"], 0, "/status", json!("COMPLETED")),
        (&["contacts"], 0, "/1/email", json!("bo@example.com")),
        (&["save", &saved], 0, "/file", json!(saved)),
        (&["undo", "--import", "1", "--dry-run"], 0, "", json!({ "removed": 2, "restored": 0, "kept": 0 })),
        (&["undo", "--import", "1", "--yes"], 0, "/removed", json!(2)),
        (&["edit", "1", "--email", "ann@example.com"], 0, "/changed/edited", json!(1)),
        (&["reread", "1", "--quote", "none"], 3, "/status", json!("NEEDS_REVIEW")),
        (&["map", "1"], 0, "/header_line", json!(1)),
        (&["audit"], 0, "/0/kind", json!("REREAD")),
        (&["mappings", "list"], 0, "", json!([])),
        (&["delete-contacts", "--all", "--dry-run"], 0, "/count", json!(0)),
        (&["about", "ann@example.com"], 0, "/complete", json!(true)),
        (&["forget", "bo@example.com", "--dry-run"], 0, "/counts/rows", json!(1)),
        (&["retention"], 0, "/rows", json!(0)),
        (&["token", "create", "nightly"], 0, "/id", json!(1)),
        (&["token", "revoke", "1"], 0, "/revoked", json!(1)),
        (&["session", "end"], 0, "/ended", json!(0)),
        (&["delete", "1", "--dry-run"], 0, "/rows", json!(3)),
        (&["delete", "1", "--yes"], 0, "/deleted", json!(1)),
    ];
    for (command, status, pointer, value) in runs {
        let ended = world.ingest(&[command, &["--json"]].concat()).await;
        ended.expect_status(status);
        assert_eq!(parsed(&ended).pointer(pointer), Some(&value), "{command:?}: {}", ended.stdout);
    }
    // In front of the command, too.
    let findings = world.ingest(&["--json", "doctor"]).await;
    assert_eq!(parsed(&findings)[0]["check"], "database");
    let settings = parsed(&world.ingest(&["config", "--json"]).await);
    assert!(settings.as_array().unwrap().iter().any(|setting| setting["name"] == "DATABASE_URL"));
}

#[tokio::test]
async fn json_is_refused_where_nothing_would_be_json() {
    let world = World::without_database().await;
    for command in ["serve", "export", "manual"] {
        assert!(!world.ingest(&[command, "--help"]).await.stdout.contains("--json"), "{command}");
    }
    let refused: [&[&str]; 6] = [
        &["serve", "--json"],
        &["worker", "--json"],
        &["export", "1", "--json"],
        &["completions", "bash", "--json"],
        &["jobs", "--json", "--output", "csv"],
        &["migrate", "--json"],
    ];
    for command in refused {
        let ended = world.ingest(command).await;
        ended.expect_status(2);
        assert!(ended.stderr.contains("--json") && ended.stdout.is_empty(), "{command:?}: {}", ended.stderr);
    }
}

/// The rows that a run checks are not all rows of a job: those discarded, repeated or imported before are not among them.
#[tokio::test]
async fn the_summary_of_a_run_counts_like_the_list_of_jobs() {
    let world = World::database().await;
    let rows =
        "ann@example.com,Ann,Lee,Acme\nann@example.com,Ann,Lee,Acme\nbad,Bo,Ray,Acme\nworse,Cid,Ray,Acme\n";
    let file = world.file("a.csv", &format!("{HEADER}{rows}"));
    world.ingest(&["import", &file, "--policy", "AT_ONCE"]).await.expect_status(3);
    world.ingest(&["discard", "3"]).await.expect_status(0);
    let run = world.ingest(&["reprocess", "1"]).await;
    run.expect_status(3);
    let counted = |fact: &str| -> i64 {
        let line = run.stdout.lines().find_map(|line| line.trim().strip_prefix(fact));
        line.unwrap_or_else(|| panic!("{fact}: {}", run.stdout)).trim().parse().unwrap()
    };
    let job = &parsed(&world.ingest(&["jobs", "--json"]).await)[0];
    let facts = [
        ("rows", "/total_rows", 4),
        ("valid", "/counts/consolidated", 1),
        ("with issues", "/counts/with_issues", 1),
        ("discarded", "/counts/discarded", 1),
        ("repeated, skipped", "/repeated_rows", 1),
        ("open issues", "/open_issues", 1),
    ];
    for (fact, pointer, count) in facts {
        assert_eq!((counted(fact), job.pointer(pointer)), (count, Some(&json!(count))), "{}", run.stdout);
    }
}
