//! The command line among other programs: pipes, signals, shells, terminals, and lists of any length.

mod deleting;
mod filters;
mod opening;
mod results;
mod terminal;
mod undo;
mod watching;

use std::collections::BTreeSet;

use nix::sys::signal::Signal;

use crate::support::{Ended, World, eventually};

const HEADER: &str = "email,first_name,last_name,company\n";

fn rows(count: usize) -> String {
    let row = |n| format!("person{n}@example.com,Ann,Lee,Acme {n}\n");
    format!("{HEADER}{}", (0..count).map(row).collect::<String>())
}

/// Runs the program on a terminal of so many columns, on which a person types `input`. Standard output has all that the
/// terminal shows.
async fn on_terminal(world: &World, columns: u16, input: &str, arguments: &[&str]) -> Ended {
    let typed = format!("{}\n", input.replace('\'', ""));
    let line = format!(
        "line=$(printf '%q ' \"$0\" \"$@\"); printf '%s' '{typed}' | \
         script -qec \"stty cols {columns} rows 24 -echo; $line\" /dev/null"
    );
    let mut ended = world.ingest_by(&["bash", "-c", &line], arguments).await;
    ended.stdout = ended.stdout.replace('\r', "");
    ended
}

#[tokio::test]
async fn help_shows_the_options_of_a_command_and_where_the_settings_are() {
    let world = World::without_database().await;
    for command in [vec!["-h"], vec!["issues", "-h"], vec!["token", "create", "--help"]] {
        let help = world.ingest(&command).await.stdout;
        assert!(help.contains("--owner") && help.contains("`ingest help config`"), "{help}");
        assert!(!help.contains("SQS_QUEUE_URL"), "{command:?}: {help}");
    }
}

#[tokio::test]
async fn migrate_does_one_of_two_things_and_says_so() {
    let world = World::without_database().await;
    let both = world.ingest(&["migrate", "--search-index", "build", "--wide-ids"]).await;
    both.expect_status(2);
    assert!(both.stderr.contains("cannot be used with"), "{}", both.stderr);
}

#[tokio::test]
async fn config_prints_values_and_origins_but_no_secret() {
    let world = World::without_database().await;
    world.file(".env", "MAX_RETRIES=7\n");
    let world = world.with(&[
        ("DATABASE_URL", "postgresql://ann:hunter2@localhost/db"),
        ("OIDC_CLIENT_SECRET", "hunter3"),
        ("LOG_LEVEL", "debug"),
        ("SQS_QUEUE_URL", ""),
    ]);
    let printed = world.ingest(&["config", "--output", "JSON", "--owner", "ann"]).await;
    printed.expect_status(0);
    assert!(!printed.stdout.contains("hunter"), "{}", printed.stdout);
    let settings: Vec<serde_json::Value> = serde_json::from_str(&printed.stdout).unwrap();
    let setting = |name: &str| {
        let found =
            settings.iter().find(|setting| setting["name"] == name).unwrap_or_else(|| panic!("{name}"));
        (found["value"].as_str(), found["origin"].as_str().unwrap())
    };
    assert_eq!(setting("DATABASE_URL"), (Some("***"), "environment"));
    assert_eq!(setting("OIDC_CLIENT_SECRET"), (Some("***"), "environment"));
    assert_eq!(setting("LOG_LEVEL"), (Some("debug"), "environment"));
    assert_eq!(setting("MAX_RETRIES"), (Some("7"), "dotenv"));
    assert_eq!(setting("INGEST_OWNER"), (Some("ann"), "flag"));
    assert_eq!(setting("WORKER_CONCURRENCY"), (Some("2"), "default"));
    assert_eq!(setting("SQS_QUEUE_URL"), (None, "default"));
}

#[tokio::test]
async fn completions_and_manual_pages_know_every_command() {
    let world = World::without_database().await;
    for shell in ["bash", "ZSH", "fish"] {
        let completions = world.ingest(&["completions", shell]).await;
        completions.expect_status(0);
        assert!(completions.stdout.contains("reprocess") && completions.stdout.contains("ingest"), "{shell}");
    }
    world.ingest(&["manual", "man"]).await.expect_status(0);
    let page = std::fs::read_to_string(world.path("man/ingest-reprocess.1")).unwrap();
    assert!(page.contains("Check a job") && !page.contains(r"sqs\-queue\-url"), "{page}");
    let page = std::fs::read_to_string(world.path("man/ingest-config.1")).unwrap();
    assert!(page.contains(r"sqs\-queue\-url"), "{page}");
}

#[tokio::test]
async fn lists_for_programs_are_complete() {
    let world = World::database().await;
    let file = world.file("clean.csv", &rows(2_500));
    world.ingest(&["import", &file]).await.expect_status(0);
    let bad: String = (0..2_500).map(|n| format!("bad-{n},Ann,Lee,Acme\n")).collect();
    let file = world.file("bad.csv", &format!("{HEADER}{bad}"));
    world.ingest(&["import", &file]).await.expect_status(3);

    let lines = async |arguments: &[&str]| {
        let listed = world.ingest(arguments).await;
        listed.expect_status(0);
        listed.stdout.lines().count()
    };
    assert_eq!(lines(&["contacts", "--output", "csv"]).await, 2_501);
    assert_eq!(lines(&["contacts", "--output", "csv", "--limit", "7"]).await, 8);
    assert_eq!(lines(&["issues", "2", "--output", "csv"]).await, 2_501);
    let issues = world.ingest(&["issues", "2", "--output", "json"]).await.stdout;
    let issues: Vec<serde_json::Value> = serde_json::from_str(&issues).unwrap();
    let ids: BTreeSet<i64> = issues.iter().map(|issue| issue["id"].as_i64().unwrap()).collect();
    assert_eq!((issues.len(), ids.len()), (2_500, 2_500));
    let table = world.ingest(&["contacts"]).await;
    assert!(
        table.stderr.contains("showed 100 of 2500 contacts; continue with `--after "),
        "{}",
        table.stderr
    );

    // A reader who has seen enough.
    let head = "set -o pipefail; \"$0\" contacts --output csv | head -n 1";
    let piped = world.ingest_by(&["bash", "-c", head], &[]).await;
    assert_eq!((piped.status, piped.stderr.as_str(), piped.stdout.lines().count()), (Some(141), "", 1));
}

#[tokio::test]
async fn a_bulk_decision_about_every_row_is_said_to_be_one() {
    let world = World::database().await;
    let file = world.file("bad.csv", &format!("{HEADER}bad,Ann,Lee,Acme\nok@example.com,Bo,Ray,Co\n"));
    world.ingest(&["import", &file, "--policy", "hold"]).await.expect_status(3);
    let refused = world.ingest(&["bulk", "1", "discard"]).await;
    refused.expect_status(1);
    assert!(
        refused.stderr.contains("every row of job 1") && refused.stderr.contains("--all"),
        "{}",
        refused.stderr
    );
    let both = world.ingest(&["bulk", "1", "discard", "--all", "--status", "issue"]).await;
    both.expect_status(1);
    let some = world.ingest(&["bulk", "1", "Discard", "--type", "invalid_email", "--preview"]).await;
    some.expect_status(0);
    assert!(some.stderr.contains("would change 1 row "), "{}", some.stderr);
    let unknown = world.ingest(&["bulk", "1", "discard", "--status", "gone"]).await;
    unknown.expect_status(2);
    assert!(
        unknown.stderr.contains("possible values: ") && unknown.stderr.contains("DISCARD"),
        "{}",
        unknown.stderr
    );
    world.ingest(&["bulk", "1", "discard", "--all"]).await.expect_status(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_an_import_with_its_status() {
    let world = World::database().await;
    let file = world.file("large.csv", &rows(150_000));
    let mut import = world.spawn(&["import", &file]);
    eventually("rows are staged", async || {
        let query = "SELECT EXISTS (SELECT FROM jobs WHERE job_processed_rows > 0)";
        sqlx::query_scalar::<_, bool>(query).fetch_one(&world.pool).await.unwrap_or(false)
    })
    .await;
    import.signal(Signal::SIGINT);
    assert_eq!(import.wait().await, Some(130));
    assert!(world.log().contains("resume with `ingest reprocess 1`"), "{}", world.log());
}
