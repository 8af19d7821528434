//! `ingest undo` says beforehand what it will remove and restore.

use super::{HEADER, on_terminal};
use crate::support::World;

/// Imports three contacts, then a file that changes one and adds two. Somebody edits one of the two afterwards.
async fn imported() -> World {
    let world = World::database().await;
    let first = "ann@example.com,Ann,Lee,Acme\nbo@example.com,Bo,Ray,Acme\n";
    let file = world.file("a.csv", &format!("{HEADER}{first}"));
    world.ingest(&["import", &file]).await.expect_status(0);
    let second =
        "ann@example.com,Ann,Lee,Other\ncid@example.com,Cid,Ray,Acme\ndora@example.com,Dora,Ray,Acme\n";
    let file = world.file("b.csv", &format!("{HEADER}{second}"));
    world.ingest(&["import", &file]).await.expect_status(3);
    world.ingest(&["bulk", "2", "overwrite", "--type", "EXISTING_EMAIL"]).await.expect_status(0);
    world.ingest(&["reprocess", "2"]).await.expect_status(0);
    let edit = "UPDATE contacts SET contact_company = 'Edited' WHERE contact_email = 'dora@example.com'";
    sqlx::query(edit).execute(&world.pool).await.unwrap();
    world
}

const WOULD: &str = "would remove 1 contact and restore the earlier values of 1 contact, and skip 1 contact changed since the import";

#[tokio::test]
async fn an_import_is_undone_after_a_confirmation() {
    let world = imported().await;
    let before = world.contacts("tester").await;
    let unattended = world.ingest(&["undo", "--import", "2"]).await;
    unattended.expect_status(1);
    assert!(
        unattended.stderr.contains(WOULD) && unattended.stderr.contains("--yes"),
        "{}",
        unattended.stderr
    );
    let dry = world.ingest(&["undo", "--import", "2", "--dry-run"]).await;
    dry.expect_status(0);
    assert!(dry.stderr.contains(WOULD), "{}", dry.stderr);
    for no in ["n", ""] {
        let asked = on_terminal(&world, 200, no, &["undo", "--import", "2"]).await;
        asked.expect_status(1);
        assert!(asked.stdout.contains(WOULD) && asked.stdout.contains("[y/N]"), "{}", asked.stdout);
        assert!(asked.stdout.contains("undid nothing"), "{}", asked.stdout);
    }
    assert_eq!(world.contacts("tester").await, before);

    let undone = on_terminal(&world, 200, "y", &["undo", "--import", "2"]).await;
    undone.expect_status(0);
    let did = "removed 1 contact and restored the earlier values of 1 contact; job 2 is under review again";
    assert!(undone.stdout.contains(did), "{}", undone.stdout);
    assert!(undone.stdout.contains("skipped 1 contact changed since the import: "), "{}", undone.stdout);
    assert_eq!(
        world.contacts("tester").await,
        ["ann@example.com|Ann|Lee|Acme", "bo@example.com|Bo|Ray|Acme", "dora@example.com|Dora|Ray|Edited"]
    );
    world.ingest(&["undo", "--import", "1", "--yes"]).await.expect_status(0);
    let nothing = world.ingest(&["undo", "--import", "1", "--dry-run"]).await;
    nothing.expect_status(1);
    assert!(nothing.stderr.contains("nothing to take back"), "{}", nothing.stderr);
}

#[tokio::test]
async fn an_action_is_undone_after_a_question_on_a_terminal() {
    let world = World::database().await;
    let file = world.file("a.csv", &format!("{HEADER}bad,Ann,Lee,Acme\nworse,Bo,Ray,Acme\n"));
    world.ingest(&["import", &file]).await.expect_status(3);
    world.ingest(&["bulk", "1", "discard", "--all"]).await.expect_status(0);
    let would = "would change back 2 rows (0 discarded, 2 restored, 0 edited), open 2 issues";
    let dry = world.ingest(&["undo", "2", "--dry-run"]).await;
    dry.expect_status(0);
    assert!(dry.stderr.contains(would), "{}", dry.stderr);
    let asked = on_terminal(&world, 200, "n", &["undo", "2"]).await;
    asked.expect_status(1);
    assert!(asked.stdout.contains(would), "{}", asked.stdout);
    assert_eq!(world.statuses(1).await, "1 DISCARD, 2 DISCARD");
    let undone = on_terminal(&world, 200, "y", &["undo", "2"]).await;
    undone.expect_status(0);
    let did =
        "changed back 2 rows (0 discarded, 2 restored, 0 edited) and opened 2 issues; 2 issues still open";
    assert!(undone.stdout.contains(did), "{}", undone.stdout);
    assert_eq!(world.statuses(1).await, "1 ISSUE, 2 ISSUE");
    // The undo can itself be undone, so a script need not confirm it.
    world.ingest(&["undo", "3"]).await.expect_status(0);
    assert_eq!(world.statuses(1).await, "1 DISCARD, 2 DISCARD");
}

#[tokio::test]
async fn the_undo_of_a_deletion_says_which_contacts_come_back() {
    let world = imported().await;
    world.ingest(&["delete-contacts", "--job", "1", "--yes"]).await.expect_status(0);
    let file = world.file("c.csv", &format!("{HEADER}bo@example.com,Bo,New,Acme\n"));
    world.ingest(&["import", &file]).await.expect_status(0);
    let query = "SELECT action_id FROM actions WHERE action_kind = 'DELETE_CONTACTS'";
    let action: i64 = sqlx::query_scalar(query).fetch_one(&world.pool).await.unwrap();
    let before = world.contacts("tester").await;
    let dry = world.ingest(&["undo", &action.to_string(), "--dry-run"]).await;
    dry.expect_status(0);
    let would = "would restore 1 contact, skip 1 contact whose e-mail another contact has now";
    assert!(dry.stderr.contains(would), "{}", dry.stderr);
    assert_eq!(world.contacts("tester").await, before);
    let undone = world.ingest(&["undo", &action.to_string()]).await;
    undone.expect_status(0);
    assert!(
        undone.stderr.contains("restored 1 contact\nskipped 1 contact whose e-mail"),
        "{}",
        undone.stderr
    );
}
