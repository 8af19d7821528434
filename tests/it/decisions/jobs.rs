//! Actions on whole jobs: upload again, cancel, reprocess, delete.

use ingest::actions;
use ingest::domain::decision::{Decision, Filter};
use ingest::domain::job::ImportPolicy;
use ingest::domain::required::RequiredFields;
use ingest::domain::rules::IssueType;
use ingest::objects::Objects;
use ingest::store::jobs;

use super::{HEADER, JOB, assert_counts_match, decide, of_type, reprocess, tester, under_review};
use crate::support::World;

#[tokio::test]
async fn the_same_file_again_resolves_to_the_same_job() {
    let world = World::database().await;
    let file = world.file("a.csv", &format!("{HEADER}a@example.com,Ann,Lee,Acme\n"));
    world.ingest(&["import", &file]).await.expect_status(0);
    let again = world.ingest(&["import", &file]).await;
    again.expect_status(0);
    assert!(again.stderr.contains("already imported as job 1"), "{}", again.stderr);
    world.ingest(&["import", "--force", &file]).await.expect_status(3);
    world.ingest(&["import", &file, "--owner", "other"]).await.expect_status(0);
    let files: usize = count_files(&world.path("data/objects"));
    assert_eq!(files, 3, "the second copy is not stored");
}

#[tokio::test]
async fn jobs_are_cancelled_reprocessed_and_deleted() {
    let world = under_review("bad,Bo,Ray,Acme\na@example.com,A,B,C\n").await;
    world.ingest(&["cancel", "1"]).await.expect_status(0);
    assert_eq!(world.job(1).await, "FAILED total 2 processed 2 issues 1 repeated 0");
    let claim =
        jobs::claim(&world.pool, JOB, std::time::Duration::from_secs(30), RequiredFields::default(), None)
            .await
            .unwrap();
    assert!(matches!(claim, jobs::Claimed::Cancelled), "{claim:?}");
    reprocess(&world, 3).await;
    actions::set_policy(&world.owners, &tester(), JOB, ImportPolicy::AtOnce).await.unwrap();
    reprocess(&world, 3).await;
    assert_eq!(world.contacts("tester").await.len(), 1);
    world.ingest(&["delete", "1", "--yes"]).await.expect_status(0);
    let remaining =
        "SELECT (SELECT count(*) FROM jobs) + (SELECT count(*) FROM staging) + (SELECT count(*) FROM issues)
                + (SELECT count(*) FROM issue_items) + (SELECT count(*) FROM action_rows)";
    assert_eq!(sqlx::query_scalar::<_, i64>(remaining).fetch_one(&world.pool).await.unwrap(), 0);
    assert_eq!(world.contacts("tester").await.len(), 1, "contacts are not deleted");
    assert_eq!(count_files(&world.path("data/objects")), 0);
    let trail = world.ingest(&["audit", "--job", "1", "--output", "csv"]).await;
    assert!(trail.stdout.contains("DELETE") && trail.stdout.contains("CANCEL"), "{}", trail.stdout);
}

#[tokio::test]
async fn a_large_job_is_decided_undone_and_deleted_like_any_other() {
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
    assert_counts_match(&world).await;
    assert_eq!((undone.changed.restored, undone.open_issues), (12_000, 12_000));
    let filter = Filter { text: Some(" BAD".to_owned()), ..Filter::default() };
    assert_eq!(decide(&world, &filter, Decision::Discard).await.changed.discarded, 12_000);
    reprocess(&world, 0).await;
    assert_eq!(world.contacts("tester").await.len(), 108_000);
    let undone = actions::undo_import(&world.owners, &tester(), JOB).await.unwrap();
    assert_counts_match(&world).await;
    assert_eq!((undone.removed, world.contacts("tester").await.len()), (108_000, 0));
    let objects = Objects::local(world.path("data/objects")).unwrap();
    actions::delete(&world.owners, &objects, &tester(), JOB).await.unwrap();
    let tables = "SELECT count(*) FROM pg_class WHERE relname LIKE '%_job_1'";
    assert_eq!(sqlx::query_scalar::<_, i64>(tables).fetch_one(&world.pool).await.unwrap(), 0);
}

fn count_files(folder: &std::path::Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    entries.map(|path| if path.is_dir() { count_files(&path) } else { 1 }).sum()
}
