//! What the command line shows on a terminal, and only there.

use super::{HEADER, on_terminal};
use crate::support::World;

/// Longer than the widest column of a terminal of 80 columns.
const COMPANY: &str = "Gesellschaft für außerordentlich lange Namen von Unternehmen mbH & Co. KG";

#[tokio::test]
async fn tables_fit_the_terminal_and_pipes_get_all() {
    let world = World::database().await;
    let rows = format!(
        "ann.lee@example.com,Ann,Lee,{COMPANY}\nkurt weber@example.com,Kurt,Weber,{COMPANY}\nbo@example.com,Bo,,株式会社{COMPANY}\n"
    );
    let name = "contacts-of-the-trade-fair-in-november.csv";
    let file = world.file(name, &format!("{HEADER}{rows}"));
    world.ingest(&["import", &file, "--policy", "AT_ONCE"]).await.expect_status(3);

    let lists: [&[&str]; 6] =
        [&["jobs"], &["issues", "1"], &["rows", "1", "1"], &["contacts"], &["audit"], &["config"]];
    for list in lists {
        for columns in [80, 40] {
            let shown = on_terminal(&world, columns, "", list).await;
            shown.expect_status(0);
            let widest = shown.stdout.lines().map(|line| line.chars().count()).max();
            assert!(widest <= Some(usize::from(columns)), "{list:?}: {}", shown.stdout);
            assert!(shown.stdout.lines().count() > 1, "{list:?}: {}", shown.stdout);
        }
    }
    let jobs = on_terminal(&world, 80, "", &["jobs"]).await.stdout;
    assert!(
        jobs.contains("NEEDS_REVIEW") && jobs.contains("contacts-of-the") && jobs.contains('…'),
        "{jobs}"
    );
    // What is wrong is said in full, below the row.
    let issues = on_terminal(&world, 80, "", &["issues", "1"]).await.stdout;
    assert!(
        issues.contains("\n  not a deliverable address: the part before the @ contains a space\n"),
        "{issues}"
    );
    let wide = on_terminal(&world, 200, "", &["contacts"]).await.stdout;
    assert!(wide.contains(COMPANY), "{wide}");

    let piped = world.ingest(&["contacts"]).await.stdout;
    assert!(piped.contains(COMPANY) && !piped.contains('…'), "{piped}");
    for format in ["csv", "json"] {
        let shown = on_terminal(&world, 80, "", &["contacts", "--output", format]).await.stdout;
        assert!(shown.contains(COMPANY) && !shown.contains('…'), "{shown}");
    }
}

#[tokio::test]
async fn a_person_sees_why_the_first_command_takes_long() {
    let said = "creating the local database in ";
    let world = World::without_database().await;
    let piped = world.ingest(&["jobs"]).await;
    assert_eq!((piped.status, piped.stderr.as_str()), (Some(0), ""));

    let world = World::without_database().await;
    let first = on_terminal(&world, 200, "", &["jobs"]).await;
    first.expect_status(0);
    assert!(first.stdout.contains(&format!("{said}{} …", world.path("data").display())), "{}", first.stdout);
    let second = on_terminal(&world, 200, "", &["jobs"]).await;
    assert!(!second.stdout.contains(said), "{}", second.stdout);
}

#[tokio::test]
async fn one_of_a_kind_is_no_plural() {
    let world = World::database().await;
    let file = world.file("a.csv", &format!("{HEADER}bad,Ann,Lee,Acme\n"));
    let mut said = String::new();
    let edit = ["edit", "1", "--email", "ann@example.com"];
    let corrected = world.path("rows.csv").display().to_string();
    let commands: [&[&str]; 12] = [
        &["import", &file],
        &["bulk", "1", "discard", "--all", "--preview"],
        &["discard", "1"],
        &["undo", "2", "--dry-run"],
        &["undo", "2"],
        &["export", "1"],
        &edit,
        &["reprocess", "1"],
        &["save", &corrected],
        &["delete-contacts", "--all", "--dry-run"],
        &["undo", "--import", "1", "--dry-run"],
        &["session", "end"],
    ];
    for command in commands {
        let ended = world.ingest(command).await;
        assert!(matches!(ended.status, Some(0 | 3)), "{command:?}: {}", ended.stderr);
        said.push_str(&ended.stderr);
    }
    for plural in ["1 rows", "1 contacts", "1 issues", "(s)"] {
        let is_number = |at: usize| said[..at].ends_with(|letter: char| letter.is_ascii_digit());
        let found = said.match_indices(plural).find(|(at, _)| !is_number(*at));
        assert_eq!(found, None, "{said}");
    }
}
