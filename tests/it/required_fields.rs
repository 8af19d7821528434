//! `REQUIRED_FIELDS`: fields that may be empty, from the import to its undo.

use crate::support::World;

const GAPS: &str = "email,first_name,last_name,company\n\
    ann@example.com,Ann,,\nbo@,Bo,,\n,Eve,Ray,Acme\n";

async fn required(world: &World, job: i32) -> Vec<String> {
    let query = "SELECT job_required_fields FROM jobs WHERE job_id = $1";
    sqlx::query_scalar(query).bind(job).fetch_one(&world.pool).await.unwrap()
}

#[tokio::test]
async fn empty_optional_fields_are_imported_reviewed_and_undone() {
    let world = World::database().await.with(&[("REQUIRED_FIELDS", "email,first_name")]);
    let file = world.file("gaps.csv", GAPS);
    world.ingest(&["import", &file]).await.expect_status(3);
    let raised: Vec<(String, String)> = sqlx::query_as(
        "SELECT issue_type::text, issue_description FROM issues WHERE NOT issue_resolved ORDER BY issue_type::text",
    )
    .fetch_all(&world.pool)
    .await
    .unwrap();
    let types: Vec<&str> = raised.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(types, ["INVALID_EMAIL", "MISSING_REQUIRED_FIELD"]);
    assert_eq!(raised[1].1, "missing: email");

    // Decisions require the fields that the run required, whatever the setting is now.
    assert_eq!(required(&world, 1).await, ["email", "first_name"]);
    let world = world.with(&[("REQUIRED_FIELDS", "")]);
    let row: i64 = sqlx::query_scalar("SELECT staging_id FROM staging WHERE staging_email = 'bo@'")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    world.ingest(&["edit", &row.to_string(), "--email", "bo@example.com"]).await.expect_status(0);
    let open = "SELECT count(*) FROM issues WHERE NOT issue_resolved";
    assert_eq!(sqlx::query_scalar::<_, i64>(open).fetch_one(&world.pool).await.unwrap(), 1);
    world.ingest(&["bulk", "1", "discard", "--type", "MISSING_REQUIRED_FIELD"]).await.expect_status(0);
    world.ingest(&["reprocess", "1"]).await.expect_status(0);

    let contacts =
        "SELECT concat_ws('|', contact_email, contact_first_name, contact_last_name, contact_company)
         FROM contacts ORDER BY 1";
    let made: Vec<String> = sqlx::query_scalar(contacts).fetch_all(&world.pool).await.unwrap();
    assert_eq!(made, ["ann@example.com|Ann||", "bo@example.com|Bo||"]);
    world.ingest(&["undo", "--yes", "--import", "1"]).await.expect_status(0);
    assert!(sqlx::query_scalar::<_, String>(contacts).fetch_all(&world.pool).await.unwrap().is_empty());
}

#[tokio::test]
async fn every_field_is_required_by_default() {
    let world = World::database().await;
    let file = world.file("gaps.csv", GAPS);
    world.ingest(&["import", &file]).await.expect_status(3);
    assert_eq!(required(&world, 1).await, ["email", "first_name", "last_name", "company"]);
    let missing = "SELECT count(*) FROM issues WHERE issue_type = 'MISSING_REQUIRED_FIELD'";
    assert_eq!(sqlx::query_scalar::<_, i64>(missing).fetch_one(&world.pool).await.unwrap(), 3);
}

#[tokio::test]
async fn a_file_without_the_column_of_an_optional_field_is_imported() {
    let world = World::database().await;
    let file = world.file("short.csv", "email,first_name,last_name\nann@example.com,Ann,Lee\n");
    let refused = world.ingest(&["import", &file]).await;
    refused.expect_status(1);
    assert!(refused.stderr.contains("has no column for company"), "{}", refused.stderr);
    let world = world.with(&[("REQUIRED_FIELDS", "email,first_name,last_name")]);
    let done = world.ingest(&["import", &file, "--force"]).await;
    done.expect_status(0);
    let columns =
        "columns                   email from email, first_name from first_name, last_name from last_name\n";
    assert!(done.stdout.contains(columns), "{}", done.stdout);
    assert_eq!(world.contacts("tester").await, ["ann@example.com|Ann|Lee|"]);
}
