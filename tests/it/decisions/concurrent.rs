//! Concurrent edits, runs and repeated requests: no change is lost or applied twice.

use ingest::actions::{self, ActionError, Idempotency, Request, Seen};
use ingest::domain::decision::{Decision, Edits, Field, Filter};
use ingest::domain::ids::RowId;
use ingest::domain::job::Owner;
use ingest::domain::required::RequiredFields;
use ingest::store::{jobs, staging};

use super::{JOB, decide, emails, tester, under_review};

#[tokio::test]
async fn the_second_of_two_concurrent_edits_is_refused() {
    let world = under_review("bad,Bo,Ray,Acme\n").await;
    let mut connection = world.pool.acquire().await.unwrap();
    let job_tables =
        jobs::get(&mut *world.read().await, &tester().owner, JOB).await.unwrap().unwrap().tables();
    let row = staging::get(&mut connection, &tester().owner, job_tables, RowId(1)).await.unwrap().unwrap();
    drop(connection);
    let seen = row.tag();
    let edits = |email: &str| Edits::of(Field::Email, email);
    let (one, two) = (edits("one@example.com"), edits("two@example.com"));
    let request = tester();
    let (first, second) = tokio::join!(
        actions::edit_row(&world.owners, &request, JOB, RowId(1), &one, Some(&seen)),
        actions::edit_row(&world.owners, &request, JOB, RowId(1), &two, Some(&seen)),
    );
    let outcomes = [first.is_ok(), second.is_ok()];
    assert_ne!(outcomes[0], outcomes[1], "{first:?} {second:?}");
    let kept = if outcomes[0] { "one@example.com" } else { "two@example.com" };
    assert_eq!(emails(&world).await, [kept]);
    let refused = if outcomes[0] { second } else { first };
    assert!(matches!(refused, Err(ActionError::Stale(Seen::Row(RowId(1))))), "{refused:?}");
}

#[tokio::test]
async fn a_concurrent_run_and_edit_lose_no_change() {
    let rows: String = (0..30_000).map(|n| format!("p{n}@example.com,Ann,Lee,Acme\n")).collect();
    let world = under_review(&format!("bad,Bo,Ray,Acme\n{rows}")).await;
    world.ingest(&["discard", "1"]).await.expect_status(0);
    // A run waits for an edit in progress.
    let mut transaction = world.pool.begin().await.unwrap();
    jobs::lock(&mut transaction, &tester().owner, JOB).await.unwrap().unwrap();
    let claim =
        jobs::claim(&world.pool, JOB, std::time::Duration::from_secs(30), RequiredFields::default(), None)
            .await
            .unwrap();
    assert!(matches!(claim, jobs::Claimed::Busy(_)), "{claim:?}");
    transaction.rollback().await.unwrap();
    // An edit during a run is refused and changes nothing.
    let edits = Edits::of(Field::Email, "late@example.com");
    let run = world.ingest(&["reprocess", "1"]);
    let edit = async {
        loop {
            let row = actions::edit_row(&world.owners, &tester(), JOB, RowId(2), &edits, None).await;
            match row {
                Ok(_) => return true,
                Err(ActionError::NotInReview { .. } | ActionError::Busy)
                    if world.job(1).await.starts_with("COMPLETED") =>
                {
                    return false;
                }
                Err(ActionError::NotInReview { .. } | ActionError::Busy) => {}
                Err(other) => panic!("{other}"),
            }
        }
    };
    let (run, edited) = tokio::join!(run, edit);
    run.expect_status(0);
    let contacts = world.contacts("tester").await;
    assert_eq!(contacts.len(), 30_000);
    let late = contacts.iter().any(|contact| contact.starts_with("late@example.com"));
    assert_eq!(late, edited, "an accepted edit is in the contacts");
}

#[tokio::test]
async fn a_repeated_request_with_the_same_key_is_applied_once() {
    let world = under_review("bad,Bo,Ray,Acme\nworse,Jo,Ray,Acme\n").await;
    let keyed = |fingerprint: &str| Request {
        idempotency: Some(Idempotency { key: "k1".to_owned(), fingerprint: fingerprint.to_owned() }),
        ..tester()
    };
    let discard = |request: Request| {
        let world = &world;
        async move {
            actions::decide(&world.owners, &request, JOB, &Filter::rows([RowId(1)]), &Decision::Discard).await
        }
    };
    let first = discard(keyed("a")).await.unwrap();
    decide(&world, &Filter::rows([RowId(1)]), Decision::Restore).await;
    assert_eq!(discard(keyed("a")).await.unwrap(), first);
    assert!(world.statuses(1).await.starts_with("1 ISSUE"), "the decision was not applied again");
    assert!(matches!(discard(keyed("b")).await, Err(ActionError::KeyReused)));
    let elsewhere = Request { owner: Owner("other".to_owned()), ..keyed("a") };
    assert!(
        matches!(discard(elsewhere).await, Err(ActionError::NoJob(_))),
        "each owner has keys of their own"
    );
}
