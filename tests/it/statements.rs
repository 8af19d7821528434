//! Every statement that the program composes and sends, whole: for jobs in shared tables and for a job with tables of
//! its own. `INSTA_UPDATE=always` accepts new ones.

use std::collections::BTreeSet;

use crate::dataset::{Dataset, Kind};
use crate::support::{Relay, World};

const SMALL: &str = "email,first_name,last_name,company
ann@example.com,Ann,Lee,Acme
ann@example.com,Anna,Lee,Acme
bo@exmaple.com,Bo,Ray,Acme
carl@,Carl,Ray,Acme
dora@example.com,Dora,Ray,Acme,surplus
,Eve,Ray,Acme
old@example.com,New,Name,Acme
";
const EXISTING: &str = "email,first_name,last_name,company\nold@example.com,Old,Name,Acme\n";

/// Returns the first statement of each round trip of the commands.
async fn statements(world: &World, relay: &Relay, commands: &[&[&str]]) -> BTreeSet<String> {
    relay.take();
    for command in commands {
        let ended = world.ingest(command).await;
        assert!(matches!(ended.status, Some(0 | 3)), "{command:?}: {}", ended.stderr);
    }
    relay.take().round_trips.iter().filter_map(|sent| steady(sent)).collect()
}

/// Replaces what differs between runs; returns `None` for statements that depend on the clock.
fn steady(sent: &str) -> Option<String> {
    let beside = ["message ", "bind of ", "end of COPY", "SELECT '", "LISTEN", "SELECT pg_backend_pid()"];
    // Renewals of the lease, and progress.
    let timed = [
        "FOR NO KEY UPDATE SKIP LOCKED",
        "; SELECT FROM jobs WHERE",
        "; SELECT undo_done",
        "; INSERT INTO undo_progress",
        "; DELETE FROM undo_progress",
        "INSERT INTO run_progress",
        "; DELETE FROM run_progress",
    ];
    if beside.iter().any(|start| sent.starts_with(start)) || timed.iter().any(|part| sent.contains(part)) {
        return None;
    }
    // Ids of leases and snapshots.
    let is_id = |word: &str| {
        word.len() > 10 && word.chars().all(|letter| letter.is_ascii_hexdigit() || letter == '-')
    };
    let words = sent.split('\'').map(|word| if is_id(word) { "…" } else { word });
    let text = words.collect::<Vec<_>>().join("'");
    // The number of the database, in the name of its role.
    let mut parts = text.split("ingest_requests_");
    let first = parts.next().unwrap_or_default().to_owned();
    Some(parts.fold(first, |text, part| {
        text + "ingest_requests_OID" + part.trim_start_matches(|letter: char| letter.is_ascii_digit())
    }))
}

fn shown(statements: &BTreeSet<String>) -> String {
    statements.iter().map(|statement| format!("{statement}\n;\n")).collect()
}

#[tokio::test]
async fn composed_statements_match_the_snapshots() {
    let world = World::database().await;
    world.ingest(&["migrate"]).await.expect_status(0);
    let relay = Relay::start(world.database_port()).await;
    let world = world.through_port(relay.port).await;
    let (existing, small) = (world.file("existing.csv", EXISTING), world.file("small.csv", SMALL));
    let mut large = Vec::new();
    Dataset { rows: 100_000, seed: 1, kind: Kind::Broken(1) }.write(&mut large, None).unwrap();
    let large = world.file("large.csv", std::str::from_utf8(&large).unwrap());
    let shared = statements(
        &world,
        &relay,
        &[
            &["import", &existing],
            &["import", &small],
            &["issues", "2"],
            &["bulk", "2", "correct", "--type", "INVALID_EMAIL", "--preview"],
            &["bulk", "2", "merge", "--type", "DUPLICATE_EMAIL"],
            &["undo", "3", "--dry-run"],
            &["undo", "3"],
            &["bulk", "2", "merge", "--type", "DUPLICATE_EMAIL", "--from", "last_name=3", "--preview"],
            &["assign", "2", "--to", "me", "--type", "DUPLICATE_EMAIL"],
            &["issues", "2", "--assigned", "me"],
            &["note", "2", "1", "asked"],
            &["issues", "2", "--text", "ray"],
            &[
                "bulk",
                "2",
                "replace",
                "--all",
                "--field",
                "email",
                "--find",
                "carl@",
                "--with",
                "karl@",
                "--preview",
            ],
            &["bulk", "2", "keep-first", "--type", "DUPLICATE_EMAIL", "--assigned", "me", "--note", "first"],
            &["bulk", "2", "overwrite", "--type", "EXISTING_EMAIL"],
            &["bulk", "2", "accept", "--type", "MALFORMED_ROW"],
            &["bulk", "2", "discard", "--text", "Ray", "--column", "company=Acme"],
            &["bulk", "2", "replace", "--open", "--field", "company", "--find", "acme", "--preview"],
            &[
                "bulk",
                "2",
                "replace",
                "--all",
                "--field",
                "email",
                "--find",
                "@exmaple",
                "--match-case",
                "--preview",
            ],
            &["reprocess", "2"],
            &["contacts"],
            &["contacts", "--text", "Acme", "--job", "2"],
            &["jobs"],
            &["audit", "--job", "2"],
            &["undo", "--import", "2", "--dry-run"],
            &["undo", "--yes", "--import", "2"],
            &["delete", "2", "--yes"],
            &["delete-contacts", "--text", "Old Name", "--job", "1", "--yes"],
            &["undo", "14", "--dry-run"],
            &["undo", "14"],
        ],
    )
    .await;
    insta::assert_snapshot!("shared_tables", shown(&shared));
    let own = statements(
        &world,
        &relay,
        &[
            &["import", &large],
            &["bulk", "3", "discard", "--type", "INVALID_EMAIL"],
            &["reprocess", "3"],
            &["undo", "--import", "3", "--dry-run"],
            &["undo", "--yes", "--import", "3"],
            &["delete", "3", "--yes"],
        ],
    )
    .await;
    let own: BTreeSet<String> = own.difference(&shared).cloned().collect();
    insta::assert_snapshot!("own_tables", shown(&own));
}
