//! Decisions of people: applied, previewed, undone, and never lost.

mod concurrent;
mod contacts;
mod jobs;
mod merged;
mod replaced;
mod validated;

use ingest::actions::{self, ActionError, Request};
use ingest::domain::decision::{Decision, Edits, Field, Filter};
use ingest::domain::ids::RowId;
use ingest::domain::job::{ImportPolicy, JobId, Owner};
use ingest::domain::merge::Merge;
use ingest::domain::rules::IssueType;
use ingest::objects::Objects;

use crate::support::World;

const HEADER: &str = "email,first_name,last_name,company\n";
const JOB: JobId = JobId(1);

fn request(owner: &str) -> Request {
    Request { owner: Owner(owner.to_owned()), actor: format!("{owner} at work"), idempotency: None }
}

fn tester() -> Request {
    request("tester")
}

/// Creates a world with one job of these rows under review.
async fn under_review(rows: &str) -> World {
    let world = World::database().await;
    let file = world.file("a.csv", &format!("{HEADER}{rows}"));
    world.ingest(&["import", &file]).await.expect_status(3);
    world
}

async fn decide(world: &World, which: &Filter, decision: Decision) -> actions::Effect {
    let effect = actions::decide(&world.owners, &tester(), JOB, which, &decision).await.unwrap();
    assert_counts_match(world).await;
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
    assert_counts_match(world).await;
}

/// Fails unless the counters of each job equal the numbers of its rows.
async fn assert_counts_match(world: &World) {
    let counters = "SELECT job_id, job_ready_rows, job_issue_rows, job_discarded_rows, job_success_rows
         FROM jobs ORDER BY 1";
    let actual = "SELECT job_id, count(*) FILTER (WHERE staging_status = 'READY')::int,
                        count(*) FILTER (WHERE staging_status = 'ISSUE')::int,
                        count(*) FILTER (WHERE staging_status = 'DISCARD')::int,
                        count(*) FILTER (WHERE staging_status = 'SUCCESS')::int
                 FROM jobs LEFT JOIN staging ON staging_job_id = job_id GROUP BY job_id ORDER BY 1";
    let counters: Vec<(i32, i32, i32, i32, i32)> =
        sqlx::query_as(counters).fetch_all(&world.pool).await.unwrap();
    let actual: Vec<(i32, i32, i32, i32, i32)> = sqlx::query_as(actual).fetch_all(&world.pool).await.unwrap();
    assert_eq!(counters, actual, "job, ready, with issues, discarded, consolidated");
}

#[tokio::test]
async fn an_edit_is_recorded_undone_and_redone() {
    let world = under_review("bad,Bo,Ray,Acme\nok@example.com,O,K,Co\n").await;
    let edits = Edits::of(Field::Email, " Bo@example.com ");
    let edit = actions::edit_row(&world.owners, &tester(), JOB, RowId(1), &edits, None).await.unwrap();
    assert_eq!((edit.changed.rows, edit.changed.edited, edit.issues.settled, edit.open_issues), (1, 1, 1, 0));
    assert_eq!(emails(&world).await, ["Bo@example.com", "ok@example.com"]);
    let audit = world.ingest(&["audit", "--row", "1", "--output", "json"]).await;
    assert!(audit.stdout.contains("tester at work") && audit.stdout.contains("EDIT"), "{}", audit.stdout);
    assert!(!audit.stdout.contains("Bo@example.com"), "the audit trail does not contain values of rows");

    let undo = actions::undo(&world.owners, &tester(), edit.action.unwrap()).await.unwrap();
    assert_counts_match(&world).await;
    assert_eq!((undo.changed.rows, undo.issues.reopened, undo.open_issues), (1, 1, 1));
    assert_eq!(emails(&world).await[0], "bad");
    let again = actions::undo(&world.owners, &tester(), edit.action.unwrap()).await;
    assert!(matches!(again, Err(ActionError::NotUndoable(_))), "{again:?}");
    let redo = actions::undo(&world.owners, &tester(), undo.action.unwrap()).await.unwrap();
    assert_counts_match(&world).await;
    assert_eq!((redo.changed.rows, redo.open_issues), (1, 0));
    assert_eq!(emails(&world).await[0], "Bo@example.com");
    reprocess(&world, 0).await;
    assert_eq!(world.contacts("tester").await, ["Bo@example.com|Bo|Ray|Acme", "ok@example.com|O|K|Co"]);
}

#[tokio::test]
async fn an_undo_skips_rows_changed_since() {
    let world = under_review("bad,Bo,Ray,Acme\nworse,Jo,Ray,Acme\n").await;
    let done = decide(&world, &of_type(IssueType::InvalidEmail), Decision::Discard).await;
    assert_eq!((done.changed.discarded, done.issues.settled), (2, 2));
    // Another program changes a row by SQL.
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
async fn duplicates_are_resolved_by_keeping_a_row_or_merging() {
    let rows = "a@example.com,Ann,Lee,Acme\na@example.com,Anne,,Acme\nb@example.com,B,One,\nB@example.com,,Two,Co\nb@example.com,B,Three,Co\n";
    let world = under_review(rows).await;
    let (owner, which) = (tester().owner, of_type(IssueType::DuplicateEmail));
    let merge = Decision::Merge(Merge::default());
    let preview = actions::preview(&world.owners, &owner, JOB, &which, &merge).await.unwrap();
    assert_eq!((preview.changed.discarded, preview.changed.edited, preview.issues.settled), (3, 1, 5));
    assert_eq!(
        world.statuses(1).await,
        "1 ISSUE, 2 ISSUE, 3 ISSUE, 4 ISSUE, 5 ISSUE",
        "a preview changes nothing"
    );

    let kept = decide(&world, &Filter::rows([RowId(2)]), Decision::KeepRow { row: RowId(1) }).await;
    assert_eq!((kept.changed.discarded, kept.issues.settled), (1, 2));
    let surname = Edits::of(Field::LastName, "Four");
    let merged = decide(
        &world,
        &Filter::rows([RowId(4)]),
        Decision::Merge(Merge { edits: surname, ..Merge::default() }),
    )
    .await;
    assert_eq!((merged.changed.discarded, merged.changed.edited, merged.open_issues), (2, 1, 0));
    reprocess(&world, 0).await;
    assert_eq!(world.contacts("tester").await, ["a@example.com|Ann|Lee|Acme", "b@example.com|B|Four|Co"]);
}

#[tokio::test]
async fn duplicates_are_found_independently_of_the_database_locale() {
    // In this locale, lower() turns I into ı, which no address contains.
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
    let named = Edits::of(Field::Company, "Acme");
    let edited = actions::edit_row(&world.owners, &tester(), JOB, RowId(3), &named, None).await.unwrap();
    assert_eq!((edited.issues.settled, edited.open_issues), (0, 1), "the address is still invalid");
}

#[tokio::test]
async fn suggestions_are_applied_only_by_a_decision() {
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
async fn nobody_decides_about_data_of_another_owner() {
    let world = under_review("bad,Bo,Ray,Acme\n").await;
    let (owners, other, filter) = (&world.owners, request("other"), Filter::default());
    let objects = Objects::local(world.path("data/objects")).unwrap();
    let done = decide(&world, &Filter::rows([RowId(1)]), Decision::Discard).await;
    let edits = Edits::of(Field::Email, "x@example.com");
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
