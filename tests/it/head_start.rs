//! The first contacts of a large file are written while the rest is read, and stay only if the whole file is clean.

use crate::support::World;

/// A file of this many rows is large enough, and more rows follow those that are written early.
const ROWS: usize = 130_000;

/// Returns the rows of a clean file, with a column that belongs to no field.
fn rows(range: std::ops::Range<usize>) -> String {
    range
        .map(|n| {
            format!("person{n}@some-long-domain.example.com,Annabelle,Leeson,Acme and Sons Ltd,note {n}\n")
        })
        .collect()
}

async fn import(world: &World, rows: &str, status: i32) {
    let file = world.file("large.csv", &format!("email,first_name,last_name,company,note\n{rows}"));
    world.ingest(&["import", "--force", &file]).await.expect_status(status);
}

async fn contacts(world: &World) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM contacts").fetch_one(&world.pool).await.unwrap()
}

/// Returns how many contacts have the values of the row that they name.
async fn contacts_of_their_rows(world: &World) -> i64 {
    let query = "SELECT count(*) FROM contacts JOIN staging USING (staging_id)
         WHERE contact_email = staging_email AND contact_extra IS NOT DISTINCT FROM staging_extra AND staging_status = 'SUCCESS'";
    sqlx::query_scalar(query).fetch_one(&world.pool).await.unwrap()
}

/// Returns how many versions of contacts were ever inserted, also by transactions that were rolled back.
async fn inserted(world: &World) -> i64 {
    let query = "SELECT nextval(pg_get_serial_sequence('contacts', 'contact_id')) - 1";
    sqlx::query_scalar(query).fetch_one(&world.pool).await.unwrap()
}

#[tokio::test]
async fn contacts_of_a_clean_file_name_their_rows() {
    let world = World::database().await;
    // The last row repeats the first, which is written early.
    import(&world, &(rows(0..ROWS) + &rows(0..1)), 0).await;
    assert_eq!(contacts(&world).await, ROWS as i64);
    assert_eq!(contacts_of_their_rows(&world).await, ROWS as i64);
    let job = "SELECT job_total_rows, job_repeated_rows, job_success_rows FROM jobs";
    let job: (i32, i32, i32) = sqlx::query_as(job).fetch_one(&world.pool).await.unwrap();
    assert_eq!(job, (ROWS as i32 + 1, 1, ROWS as i32));
    assert_eq!(inserted(&world).await, ROWS as i64, "contacts were written twice");
}

#[tokio::test]
async fn contacts_written_early_go_if_a_later_row_raises_an_issue() {
    let world = World::database().await;
    let conflict = "person7@some-long-domain.example.com,Somebody,Else,Acme,\n";
    import(&world, &(rows(0..ROWS) + conflict), 3).await;
    assert_eq!(contacts(&world).await, 0);
    assert!(inserted(&world).await > 0, "no contact was written early");
    // The row is discarded, and the job imported.
    let keep = ["bulk", "1", "keep-first", "--type", "DUPLICATE_EMAIL"];
    world.ingest(&keep).await.expect_status(0);
    world.ingest(&["reprocess", "1"]).await.expect_status(0);
    assert_eq!(contacts_of_their_rows(&world).await, ROWS as i64);
}

#[tokio::test]
async fn contacts_written_early_conflict_with_existing_ones() {
    let world = World::database().await;
    import(&world, &rows(5_000..5_001), 0).await;
    import(&world, &rows(0..ROWS).replace("Leeson", "Leesen"), 3).await;
    assert_eq!(contacts(&world).await, 1);
    let issues = "SELECT issue_type::text, count(*) FROM issues GROUP BY 1";
    let issues: Vec<(String, i64)> = sqlx::query_as(issues).fetch_all(&world.pool).await.unwrap();
    assert_eq!(issues, [("EXISTING_EMAIL".to_owned(), 1)]);
}

#[tokio::test]
async fn contacts_written_early_go_if_a_later_row_breaks_a_rule() {
    let world = World::database().await;
    import(&world, &(rows(0..ROWS) + "no address,Ann,Lee,Acme,\n"), 3).await;
    assert_eq!(contacts(&world).await, 0);
    // The owner's turn is free.
    import(&world, &rows(0..1), 0).await;
    assert_eq!(contacts(&world).await, 1);
}

#[tokio::test]
async fn contacts_written_early_go_if_the_rows_are_too_few_for_own_tables() {
    let world = World::database().await;
    let wide = "x".repeat(10_000);
    let rows: String = (0..2_000).map(|n| format!("p{n}@example.com,Ann,Lee,{wide},\n")).collect();
    import(&world, &rows, 0).await;
    assert_eq!(contacts_of_their_rows(&world).await, 2_000);
    assert!(inserted(&world).await > 2_001, "no contact was written early");
}
