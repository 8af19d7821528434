//! Decisions about existing contacts, and undos of imports.

use ingest::actions::{self, ActionError};
use ingest::domain::decision::{Decision, Edits, Field, Filter};
use ingest::domain::ids::{ContactId, RowId};
use ingest::domain::job::JobId;
use ingest::store::{contact_changes, contacts};

use super::{HEADER, JOB, assert_counts_match, decide, reprocess, tester};
use crate::support::World;

#[tokio::test]
async fn existing_contacts_are_kept_overwritten_filled_and_restored() {
    let world = World::database().await;
    let first = world.file(
        "first.csv",
        &format!(
            "{HEADER}k@example.com,Kay,Nown,Old\no@example.com,Otto,Nown,Old\nf@example.com,Fay,Nown,Old\n"
        ),
    );
    world.ingest(&["import", &first]).await.expect_status(0);
    // Contacts without a company come from other programs.
    sqlx::raw_sql("UPDATE contacts SET contact_company = '' WHERE contact_email = 'f@example.com'")
        .execute(&world.pool)
        .await
        .unwrap();
    let second = world.file("second.csv", &format!("{HEADER}k@example.com,K,New,New\nO@example.com,O,New,New\nf@example.com,F,New,New\nn@example.com,N,New,New\n"));
    world.ingest(&["import", &second]).await.expect_status(3);
    let job = JobId(2);
    let by = |row: RowId, decision: Decision| {
        let world = &world;
        async move {
            actions::decide(&world.owners, &tester(), job, &Filter::rows([row]), &decision).await.unwrap()
        }
    };
    let start: RowId = sqlx::query_scalar("SELECT min(staging_id) FROM staging WHERE staging_job_id = 2")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    by(start, Decision::KeepContact).await;
    by(RowId(start.0 + 1), Decision::Overwrite).await;
    let last = by(RowId(start.0 + 2), Decision::Fill).await;
    assert_eq!(last.open_issues, 0);
    world.ingest(&["reprocess", "2"]).await.expect_status(0);
    let after = [
        "O@example.com|O|New|New",
        "f@example.com|Fay|Nown|New",
        "k@example.com|Kay|Nown|Old",
        "n@example.com|N|New|New",
    ];
    assert_eq!(world.contacts("tester").await, after);
    let changes = contact_changes::of_contact(&mut *world.read().await, &tester().owner, ContactId(2))
        .await
        .unwrap()
        .items;
    assert_eq!(changes.len(), 1);
    assert_eq!(
        (changes[0].job, changes[0].before[1].as_str(), changes[0].after[1].as_str()),
        (Some(JobId(2)), "Otto", "O")
    );

    let undone = actions::undo_import(&world.owners, &tester(), job).await.unwrap();
    assert_counts_match(&world).await;
    assert_eq!((undone.removed, undone.restored, undone.kept), (1, 2, vec![]));
    assert_eq!(
        world.contacts("tester").await,
        ["f@example.com|Fay|Nown|", "k@example.com|Kay|Nown|Old", "o@example.com|Otto|Nown|Old"]
    );
    // Another run imports the job again.
    world.ingest(&["reprocess", "2"]).await.expect_status(0);
    assert_eq!(world.contacts("tester").await, after);
}

#[tokio::test]
async fn undoing_an_import_keeps_contacts_that_a_person_changed_since() {
    let world = World::database().await;
    let file =
        world.file("a.csv", &format!("{HEADER}a@example.com,Ann,Lee,Acme\nb@example.com,Bob,Ray,Acme\n"));
    world.ingest(&["import", &file]).await.expect_status(0);
    let contact =
        contacts::get(&mut *world.read().await, &tester().owner, ContactId(1)).await.unwrap().unwrap();
    let edits = Edits::of(Field::Company, "Beta");
    let seen = actions::contact_tag(&contact);
    actions::edit_contact(&world.owners, &tester(), ContactId(1), &edits, Some(&seen)).await.unwrap();
    let stale = actions::edit_contact(&world.owners, &tester(), ContactId(1), &edits, Some(&seen)).await;
    assert!(matches!(stale, Err(ActionError::Stale(_))), "{stale:?}");
    let undone = actions::undo_import(&world.owners, &tester(), JOB).await.unwrap();
    assert_counts_match(&world).await;
    assert_eq!((undone.removed, undone.restored, undone.kept), (1, 0, vec![ContactId(1)]));
    assert_eq!(world.contacts("tester").await, ["a@example.com|Ann|Lee|Beta"]);
    assert_eq!(world.job(1).await, "NEEDS_REVIEW total 2 processed 2 issues 0 repeated 0");
    reprocess(&world, 0).await;
    assert_eq!(world.contacts("tester").await, ["a@example.com|Ann|Lee|Beta", "b@example.com|Bob|Ray|Acme"]);
}

#[tokio::test]
async fn the_policy_at_once_imports_valid_rows_before_the_review_ends() {
    let world = World::database().await;
    let file = world.file("a.csv", &format!("{HEADER}a@example.com,Ann,Lee,Acme\nbad,Bob,Ray,Acme\nd@example.com,D,One,Co\nd@example.com,D,Two,Co\n"));
    world.ingest(&["import", "--policy", "AT_ONCE", &file]).await.expect_status(3);
    assert_eq!(world.contacts("tester").await, ["a@example.com|Ann|Lee|Acme"]);
    assert_eq!(world.statuses(1).await, "1 SUCCESS, 2 ISSUE, 3 ISSUE, 4 ISSUE");
    decide(&world, &Filter::rows([RowId(4)]), Decision::Discard).await;
    reprocess(&world, 3).await;
    assert_eq!(world.contacts("tester").await, ["a@example.com|Ann|Lee|Acme", "d@example.com|D|One|Co"]);
    let touched = actions::edit_row(
        &world.owners,
        &tester(),
        JOB,
        RowId(1),
        &Edits::of(Field::Email, "x@example.com"),
        None,
    )
    .await;
    assert!(matches!(touched, Err(ActionError::Consolidated(RowId(1)))), "{touched:?}");
    let edits = Edits::of(Field::Email, "bob@example.com");
    actions::edit_row(&world.owners, &tester(), JOB, RowId(2), &edits, None).await.unwrap();
    reprocess(&world, 0).await;
    assert_eq!(world.contacts("tester").await.len(), 3);
    let undone = actions::undo_import(&world.owners, &tester(), JOB).await.unwrap();
    assert_counts_match(&world).await;
    assert_eq!((undone.removed, world.contacts("tester").await.len()), (3, 0));
}
