//! What people decide: carried out, previewed, taken back, and never lost.

use ingest::actions::{self, ActionError, Idempotency, Request, Seen};
use ingest::domain::decision::{Decision, Edits, Filter};
use ingest::domain::ids::{ContactId, RowId};
use ingest::domain::issue::IssueType;
use ingest::domain::job::{ImportPolicy, JobId, Owner};
use ingest::domain::required::RequiredFields;
use ingest::objects::Objects;
use ingest::store::{contact_changes, contacts, jobs, staging};

use crate::support::World;

const HEADER: &str = "email,first_name,last_name,company\n";
const JOB: JobId = JobId(1);

fn request(owner: &str) -> Request {
    Request { owner: Owner(owner.to_owned()), actor: format!("{owner} at work"), idempotency: None }
}

fn tester() -> Request {
    request("tester")
}

/// A world with one job of these rows under review.
async fn under_review(rows: &str) -> World {
    let world = World::database().await;
    let file = world.file("a.csv", &format!("{HEADER}{rows}"));
    world.ingest(&["import", &file]).await.expect_status(3);
    world
}

async fn decide(world: &World, which: &Filter, decision: Decision) -> actions::Effect {
    let effect = actions::decide(&world.owners, &tester(), JOB, which, &decision).await.unwrap();
    counts_hold(world).await;
    effect
}

fn of_type(kind: IssueType) -> Filter {
    Filter { issue_type: Some(kind), ..Filter::default() }
}

async fn emails(world: &World) -> Vec<String> {
    let query = "SELECT coalesce(staging_email, '') FROM staging ORDER BY staging_id";
    sqlx::query_scalar(query).fetch_all(&world.pool).await.unwrap()
}

async fn reprocess(world: &World, status: i32) {
    world.ingest(&["reprocess", "1"]).await.expect_status(status);
    counts_hold(world).await;
}

/// Fails unless what jobs say of their rows is what there is.
async fn counts_hold(world: &World) {
    let counters = "SELECT job_id, job_ready_rows, job_issue_rows, job_discarded_rows, job_success_rows FROM jobs ORDER BY 1";
    let actual = "SELECT job_id, count(*) FILTER (WHERE staging_status = 'READY')::int, count(*) FILTER (WHERE staging_status = 'ISSUE')::int,
                        count(*) FILTER (WHERE staging_status = 'DISCARD')::int, count(*) FILTER (WHERE staging_status = 'SUCCESS')::int
                 FROM jobs LEFT JOIN staging ON staging_job_id = job_id GROUP BY job_id ORDER BY 1";
    let counters: Vec<(i32, i32, i32, i32, i32)> =
        sqlx::query_as(counters).fetch_all(&world.pool).await.unwrap();
    let actual: Vec<(i32, i32, i32, i32, i32)> = sqlx::query_as(actual).fetch_all(&world.pool).await.unwrap();
    assert_eq!(counters, actual, "job, ready, with issues, discarded, consolidated");
}

#[tokio::test]
async fn an_edit_is_on_record_and_can_be_taken_back_and_done_again() {
    let world = under_review("bad,Bo,Ray,Acme\nok@example.com,O,K,Co\n").await;
    let edits = Edits { email: Some(" Bo@example.com ".to_owned()), ..Edits::default() };
    let edit = actions::edit_row(&world.owners, &tester(), JOB, RowId(1), &edits, None).await.unwrap();
    assert_eq!((edit.changed.rows, edit.changed.edited, edit.issues.settled, edit.open_issues), (1, 1, 1, 0));
    assert_eq!(emails(&world).await, ["Bo@example.com", "ok@example.com"]);
    let audit = world.ingest(&["audit", "--row", "1", "--output", "json"]).await;
    assert!(audit.stdout.contains("tester at work") && audit.stdout.contains("EDIT"), "{}", audit.stdout);
    assert!(!audit.stdout.contains("Bo@example.com"), "values stand with the rows, not in the trail");

    let undo = actions::undo(&world.owners, &tester(), edit.action.unwrap()).await.unwrap();
    counts_hold(&world).await;
    assert_eq!((undo.changed.rows, undo.issues.reopened, undo.open_issues), (1, 1, 1));
    assert_eq!(emails(&world).await[0], "bad");
    let again = actions::undo(&world.owners, &tester(), edit.action.unwrap()).await;
    assert!(matches!(again, Err(ActionError::NotUndoable(_))), "{again:?}");
    let redo = actions::undo(&world.owners, &tester(), undo.action.unwrap()).await.unwrap();
    counts_hold(&world).await;
    assert_eq!((redo.changed.rows, redo.open_issues), (1, 0));
    assert_eq!(emails(&world).await[0], "Bo@example.com");
    reprocess(&world, 0).await;
    assert_eq!(world.contacts("tester").await, ["Bo@example.com|Bo|Ray|Acme", "ok@example.com|O|K|Co"]);
}

#[tokio::test]
async fn an_undo_leaves_alone_what_somebody_has_changed_since() {
    let world = under_review("bad,Bo,Ray,Acme\nworse,Jo,Ray,Acme\n").await;
    let done = decide(&world, &of_type(IssueType::InvalidEmail), Decision::Discard).await;
    assert_eq!((done.changed.discarded, done.issues.settled), (2, 2));
    // Another program, by SQL.
    sqlx::raw_sql(
        "UPDATE staging SET staging_status = 'READY', staging_email = 'jo@example.com' WHERE staging_id = 2",
    )
    .execute(&world.pool)
    .await
    .unwrap();
    let undo = actions::undo(&world.owners, &tester(), done.action.unwrap()).await.unwrap();
    assert_eq!((undo.changed.restored, undo.left), (1, vec![RowId(2)]));
    assert_eq!(emails(&world).await, ["bad", "jo@example.com"]);
}

#[tokio::test]
async fn of_rows_that_share_an_address_one_is_kept_or_all_become_one() {
    let rows = "a@example.com,Ann,Lee,Acme\na@example.com,Anne,,Acme\nb@example.com,B,One,\nB@example.com,,Two,Co\nb@example.com,B,Three,Co\n";
    let world = under_review(rows).await;
    let (owner, which) = (tester().owner, of_type(IssueType::DuplicateEmail));
    let merge = Decision::Merge(Edits::default());
    let preview = actions::preview(&world.owners, &owner, JOB, &which, &merge).await.unwrap();
    assert_eq!((preview.changed.discarded, preview.changed.edited, preview.issues.settled), (3, 1, 5));
    assert_eq!(
        world.statuses(1).await,
        "1 ISSUE, 2 ISSUE, 3 ISSUE, 4 ISSUE, 5 ISSUE",
        "a preview does nothing"
    );

    let kept = decide(&world, &Filter::rows([RowId(2)]), Decision::KeepRow { row: RowId(1) }).await;
    assert_eq!((kept.changed.discarded, kept.issues.settled), (1, 2));
    let surname = Edits { last_name: Some("Four".to_owned()), ..Edits::default() };
    let merged = decide(&world, &Filter::rows([RowId(4)]), Decision::Merge(surname)).await;
    assert_eq!((merged.changed.discarded, merged.changed.edited, merged.open_issues), (2, 1, 0));
    reprocess(&world, 0).await;
    assert_eq!(world.contacts("tester").await, ["a@example.com|Ann|Lee|Acme", "b@example.com|B|Four|Co"]);
}

#[tokio::test]
async fn rows_share_an_address_whatever_the_databases_locale_makes_of_its_letters() {
    // Where lower() makes an ı of an I, which no address has.
    let turkish = "TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'tr'";
    let world = World::empty_database_with(turkish).await;
    let file = world.file(
        "a.csv",
        &format!("{HEADER}info@example.com,A,One,Co\nINFO@EXAMPLE.COM,B,Two,Co\nBAD IN IT,C,Three,Co\n"),
    );
    world.ingest(&["import", &file]).await.expect_status(3);
    let kept = decide(&world, &of_type(IssueType::DuplicateEmail), Decision::KeepFirst).await;
    assert_eq!((kept.changed.discarded, kept.issues.settled), (1, 1));
    assert_eq!(world.statuses(1).await, "1 ISSUE, 2 DISCARD, 3 ISSUE");
    let named = Edits { company: Some("Acme".to_owned()), ..Edits::default() };
    let edited = actions::edit_row(&world.owners, &tester(), JOB, RowId(3), &named, None).await.unwrap();
    assert_eq!((edited.issues.settled, edited.open_issues), (0, 1), "the address is as bad as it was");
}

#[tokio::test]
async fn existing_contacts_are_kept_overwritten_or_filled_and_given_back() {
    let world = World::database().await;
    let first = world.file(
        "first.csv",
        &format!(
            "{HEADER}k@example.com,Kay,Nown,Old\no@example.com,Otto,Nown,Old\nf@example.com,Fay,Nown,Old\n"
        ),
    );
    world.ingest(&["import", &first]).await.expect_status(0);
    // Contacts with blanks come from other programs.
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
    counts_hold(&world).await;
    assert_eq!((undone.removed, undone.restored, undone.kept), (1, 2, vec![]));
    assert_eq!(
        world.contacts("tester").await,
        ["f@example.com|Fay|Nown|", "k@example.com|Kay|Nown|Old", "o@example.com|Otto|Nown|Old"]
    );
    // Nothing is lost: another run brings it in again.
    world.ingest(&["reprocess", "2"]).await.expect_status(0);
    assert_eq!(world.contacts("tester").await, after);
}

#[tokio::test]
async fn an_import_taken_back_leaves_what_a_person_has_changed_since() {
    let world = World::database().await;
    let file =
        world.file("a.csv", &format!("{HEADER}a@example.com,Ann,Lee,Acme\nb@example.com,Bob,Ray,Acme\n"));
    world.ingest(&["import", &file]).await.expect_status(0);
    let contact =
        contacts::get(&mut *world.read().await, &tester().owner, ContactId(1)).await.unwrap().unwrap();
    let edits = Edits { company: Some("Beta".to_owned()), ..Edits::default() };
    let seen = actions::contact_tag(&contact);
    actions::edit_contact(&world.owners, &tester(), ContactId(1), &edits, Some(&seen)).await.unwrap();
    let stale = actions::edit_contact(&world.owners, &tester(), ContactId(1), &edits, Some(&seen)).await;
    assert!(matches!(stale, Err(ActionError::Stale(_))), "{stale:?}");
    let undone = actions::undo_import(&world.owners, &tester(), JOB).await.unwrap();
    counts_hold(&world).await;
    assert_eq!((undone.removed, undone.restored, undone.kept), (1, 0, vec![ContactId(1)]));
    assert_eq!(world.contacts("tester").await, ["a@example.com|Ann|Lee|Beta"]);
    assert_eq!(world.job(1).await, "NEEDS_REVIEW total 2 processed 2 issues 0 repeated 0");
    reprocess(&world, 0).await;
    assert_eq!(world.contacts("tester").await, ["a@example.com|Ann|Lee|Beta", "b@example.com|Bob|Ray|Acme"]);
}

#[tokio::test]
async fn suggestions_are_taken_in_bulk_and_only_when_a_person_says_so() {
    let rows = "ann@gmail,com,Ann,Lee\nbob@@gmail.com,Bob,Ray,Acme\ncarl@hotmail.com.,C,K,Acme\nnothing at all,D,L,Acme\n";
    let world = under_review(
        &rows.replace("ann@gmail,com", "\"ann@gmail,com\"").replace("Ann,Lee\n", "Ann,Lee,Acme\n"),
    )
    .await;
    assert_eq!(emails(&world).await[0], "ann@gmail,com");
    let preview = world.ingest(&["bulk", "1", "correct", "--type", "INVALID_EMAIL", "--preview"]).await;
    preview.expect_status(0);
    assert!(preview.stderr.contains("would change 3 rows"), "{}", preview.stderr);
    world.ingest(&["bulk", "1", "correct", "--type", "INVALID_EMAIL"]).await.expect_status(0);
    assert_eq!(
        emails(&world).await,
        ["ann@gmail.com", "bob@gmail.com", "carl@hotmail.com", "nothing at all"]
    );
    world.ingest(&["undo", "2"]).await.expect_status(0);
    assert_eq!(
        emails(&world).await,
        ["ann@gmail,com", "bob@@gmail.com", "carl@hotmail.com.", "nothing at all"]
    );
}

#[tokio::test]
async fn with_the_policy_at_once_valid_rows_do_not_wait_for_the_others() {
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
        &Edits { email: Some("x@example.com".to_owned()), ..Edits::default() },
        None,
    )
    .await;
    assert!(matches!(touched, Err(ActionError::Consolidated(RowId(1)))), "{touched:?}");
    let edits = Edits { email: Some("bob@example.com".to_owned()), ..Edits::default() };
    actions::edit_row(&world.owners, &tester(), JOB, RowId(2), &edits, None).await.unwrap();
    reprocess(&world, 0).await;
    assert_eq!(world.contacts("tester").await.len(), 3);
    let undone = actions::undo_import(&world.owners, &tester(), JOB).await.unwrap();
    counts_hold(&world).await;
    assert_eq!((undone.removed, world.contacts("tester").await.len()), (3, 0));
}

#[tokio::test]
async fn of_two_people_on_one_row_the_second_is_told() {
    let world = under_review("bad,Bo,Ray,Acme\n").await;
    let mut connection = world.pool.acquire().await.unwrap();
    let job_tables =
        jobs::get(&mut *world.read().await, &tester().owner, JOB).await.unwrap().unwrap().tables();
    let row = staging::get(&mut connection, &tester().owner, job_tables, RowId(1)).await.unwrap().unwrap();
    drop(connection);
    let seen = row.tag();
    let edits = |email: &str| Edits { email: Some(email.to_owned()), ..Edits::default() };
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
async fn a_run_and_an_edit_at_once_lose_nothing() {
    let rows: String = (0..30_000).map(|n| format!("p{n}@example.com,Ann,Lee,Acme\n")).collect();
    let world = under_review(&format!("bad,Bo,Ray,Acme\n{rows}")).await;
    world.ingest(&["discard", "1"]).await.expect_status(0);
    // An edit that has begun keeps the run waiting.
    let mut transaction = world.pool.begin().await.unwrap();
    jobs::lock(&mut transaction, &tester().owner, JOB).await.unwrap().unwrap();
    let claim = jobs::claim(&world.pool, JOB, std::time::Duration::from_secs(30), RequiredFields::default())
        .await
        .unwrap();
    assert!(matches!(claim, jobs::Claimed::Busy(_)), "{claim:?}");
    transaction.rollback().await.unwrap();
    // One that begins while a run works is refused, and changes nothing.
    let edits = Edits { email: Some("late@example.com".to_owned()), ..Edits::default() };
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
async fn the_same_request_twice_is_carried_out_once() {
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
    assert!(world.statuses(1).await.starts_with("1 ISSUE"), "it was not carried out again");
    assert!(matches!(discard(keyed("b")).await, Err(ActionError::KeyReused)));
    let elsewhere = Request { owner: Owner("other".to_owned()), ..keyed("a") };
    assert!(matches!(discard(elsewhere).await, Err(ActionError::NoJob(_))), "keys are an owner's own");
}

#[tokio::test]
async fn the_same_file_again_is_the_same_job() {
    let world = World::database().await;
    let file = world.file("a.csv", &format!("{HEADER}a@example.com,Ann,Lee,Acme\n"));
    world.ingest(&["import", &file]).await.expect_status(0);
    let again = world.ingest(&["import", &file]).await;
    again.expect_status(0);
    assert!(again.stderr.contains("already imported as job 1"), "{}", again.stderr);
    world.ingest(&["import", "--force", &file]).await.expect_status(3);
    world.ingest(&["import", &file, "--owner", "other"]).await.expect_status(0);
    let files: usize = walk(&world.path("data/objects"));
    assert_eq!(files, 3, "the second copy is not stored");
}

fn walk(folder: &std::path::Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    entries.map(|path| if path.is_dir() { walk(&path) } else { 1 }).sum()
}

#[tokio::test]
async fn jobs_are_cancelled_wanted_again_and_deleted() {
    let world = under_review("bad,Bo,Ray,Acme\na@example.com,A,B,C\n").await;
    world.ingest(&["cancel", "1"]).await.expect_status(0);
    assert_eq!(world.job(1).await, "FAILED total 2 processed 2 issues 1 repeated 0");
    let claim = jobs::claim(&world.pool, JOB, std::time::Duration::from_secs(30), RequiredFields::default())
        .await
        .unwrap();
    assert!(matches!(claim, jobs::Claimed::Cancelled), "{claim:?}");
    reprocess(&world, 3).await;
    actions::set_policy(&world.owners, &tester(), JOB, ImportPolicy::AtOnce).await.unwrap();
    reprocess(&world, 3).await;
    assert_eq!(world.contacts("tester").await.len(), 1);
    world.ingest(&["delete", "1"]).await.expect_status(0);
    let left =
        "SELECT (SELECT count(*) FROM jobs) + (SELECT count(*) FROM staging) + (SELECT count(*) FROM issues)
                + (SELECT count(*) FROM issue_items) + (SELECT count(*) FROM action_rows)";
    assert_eq!(sqlx::query_scalar::<_, i64>(left).fetch_one(&world.pool).await.unwrap(), 0);
    assert_eq!(world.contacts("tester").await.len(), 1, "contacts stay");
    assert_eq!(walk(&world.path("data/objects")), 0);
    let trail = world.ingest(&["audit", "--job", "1", "--output", "csv"]).await;
    assert!(trail.stdout.contains("DELETE") && trail.stdout.contains("CANCEL"), "{}", trail.stdout);
}

#[tokio::test]
async fn a_large_job_is_decided_about_and_deleted_as_any_other() {
    let rows: String = (0..120_000)
        .map(|n| match n % 10 {
            0 => format!("{n} bad,Ann,Lee,Acme\n"),
            _ => format!("p{n}@example.com,Ann,Lee,Acme\n"),
        })
        .collect();
    let world = under_review(&rows).await;
    let done = decide(&world, &of_type(IssueType::InvalidEmail), Decision::Discard).await;
    assert_eq!((done.changed.discarded, done.issues.settled, done.open_issues), (12_000, 12_000, 0));
    let undone = actions::undo(&world.owners, &tester(), done.action.unwrap()).await.unwrap();
    counts_hold(&world).await;
    assert_eq!((undone.changed.restored, undone.open_issues), (12_000, 12_000));
    let filter = Filter { text: Some(" BAD".to_owned()), ..Filter::default() };
    assert_eq!(decide(&world, &filter, Decision::Discard).await.changed.discarded, 12_000);
    reprocess(&world, 0).await;
    assert_eq!(world.contacts("tester").await.len(), 108_000);
    let undone = actions::undo_import(&world.owners, &tester(), JOB).await.unwrap();
    counts_hold(&world).await;
    assert_eq!((undone.removed, world.contacts("tester").await.len()), (108_000, 0));
    let objects = Objects::local(world.path("data/objects")).unwrap();
    actions::delete(&world.owners, &objects, &tester(), JOB).await.unwrap();
    let tables = "SELECT count(*) FROM pg_class WHERE relname LIKE '%_job_1'";
    assert_eq!(sqlx::query_scalar::<_, i64>(tables).fetch_one(&world.pool).await.unwrap(), 0);
}

#[tokio::test]
async fn nobody_decides_about_anothers_data() {
    let world = under_review("bad,Bo,Ray,Acme\n").await;
    let (owners, other, filter) = (&world.owners, request("other"), Filter::default());
    let objects = Objects::local(world.path("data/objects")).unwrap();
    let done = decide(&world, &Filter::rows([RowId(1)]), Decision::Discard).await;
    let edits = Edits { email: Some("x@example.com".to_owned()), ..Edits::default() };
    let refused = [
        actions::decide(owners, &other, JOB, &filter, &Decision::Restore).await.err(),
        actions::preview(owners, &other.owner, JOB, &filter, &Decision::Restore).await.err(),
        actions::edit_row(owners, &other, JOB, RowId(1), &edits, None).await.err(),
        actions::undo(owners, &other, done.action.unwrap()).await.err(),
        actions::undo_import(owners, &other, JOB).await.err(),
        actions::cancel(owners, &other, JOB).await.err(),
        actions::delete(owners, &objects, &other, JOB).await.err(),
        actions::reprocess(owners, None, &other, JOB).await.err(),
        actions::set_policy(owners, &other, JOB, ImportPolicy::AtOnce).await.err(),
    ];
    for error in refused {
        assert!(matches!(error, Some(ActionError::NoJob(_) | ActionError::NoAction(_))), "{error:?}");
    }
    assert_eq!(world.statuses(1).await, "1 DISCARD");
}
