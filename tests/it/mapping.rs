//! Files with unknown column names: columns matched by a person and remembered for similar files.

use ingest::domain::job::{JobId, Owner};
use ingest::store::jobs;
use serde_json::{Value, json};

use crate::support::{Server, World, eventually, free_port, status_and_json};

const ODD: &str = "Haus;Anschrift;Zweitanschrift;Vor;Nach\nAcme;a@example.com;b@example.com;Ann;Lee\n";
const OTHER: &str = "Haus;Anschrift;Zweitanschrift;Vor;Nach\nBeta;c@example.com;d@example.com;Bob;Ray\n";
const BY_HAND: [&str; 8] = [
    "--column",
    "email=2",
    "--column",
    "first_name=Vor",
    "--column",
    "last_name=nach",
    "--column",
    "company=1",
];

#[tokio::test]
async fn matched_columns_are_remembered_for_their_owner() {
    let world = World::database().await;
    let (odd, other) = (world.file("odd.csv", ODD), world.file("other.csv", OTHER));
    world.ingest(&["import", &odd]).await.expect_status(1);
    let shown = world.ingest(&["preview", &odd]).await;
    shown.expect_status(1);
    assert!(
        shown.stderr.contains("delimiter ;") && shown.stderr.contains("--column first_name=…"),
        "{}",
        shown.stderr
    );
    assert!(
        shown.stdout.contains("Zweitanschrift") && shown.stdout.contains("b@example.com"),
        "{}",
        shown.stdout
    );

    let arguments = [&["import", odd.as_str()][..], &BY_HAND].concat();
    world.ingest(&arguments).await.expect_status(0);
    assert_eq!(world.contacts("tester").await, ["a@example.com|Ann|Lee|Acme"]);
    world.ingest(&["preview", &other]).await.expect_status(0);
    world.ingest(&["import", &other]).await.expect_status(0);
    assert_eq!(world.contacts("tester").await.len(), 2);
    // The mapping does not apply to other owners.
    world.ingest(&["import", &other, "--owner", "somebody"]).await.expect_status(1);

    let narrow = world.file("narrow.csv", "Haus;Anschrift\nAcme;a@example.com\n");
    let refused = world.ingest(&["import", &narrow, "--column", "email=Post"]).await;
    refused.expect_status(1);
    assert!(
        refused.stderr.contains("no column Post") && refused.stderr.contains("2 Anschrift"),
        "{}",
        refused.stderr
    );
    world.ingest(&["import", &narrow, "--column", "colour=1"]).await.expect_status(2);
}

#[tokio::test]
async fn the_same_file_with_another_mapping_is_another_job() {
    let world = World::database().await;
    let odd = world.file("odd.csv", ODD);
    let first = [&["import", odd.as_str()][..], &BY_HAND].concat();
    world.ingest(&first).await.expect_status(0);
    let second =
        first.iter().map(|word| if *word == "email=2" { "email=3" } else { word }).collect::<Vec<_>>();
    world.ingest(&second).await.expect_status(0);
    assert_eq!(world.contacts("tester").await, ["a@example.com|Ann|Lee|Acme", "b@example.com|Ann|Lee|Acme"]);
    assert!(world.ingest(&second).await.stderr.contains("already imported as job 2"));
}

#[tokio::test]
async fn a_resumed_run_uses_the_mapping_of_the_first() {
    let world = World::database().await;
    let rows: String =
        (0..3_000).map(|n| format!("Acme;p{n}@example.com;q{n}@example.com;Ann;Lee\n")).collect();
    let odd = world.file("odd.csv", &format!("Haus;Anschrift;Zweitanschrift;Vor;Nach\n{rows}"));
    world.ingest(&[&["import", odd.as_str()][..], &BY_HAND].concat()).await.expect_status(0);
    // The state that a run leaves if it is interrupted after a checkpoint.
    let cut = "DELETE FROM contacts; DELETE FROM staging WHERE staging_id > 1000;
               UPDATE jobs SET job_status = 'PROCESSING', job_checkpoint = 1000, job_staged_at = NULL";
    sqlx::raw_sql(cut).execute(&world.pool).await.unwrap();
    world.ingest(&["reprocess", "1"]).await.expect_status(0);
    let contacts = world.contacts("tester").await;
    assert_eq!((contacts.len(), contacts[0].as_str()), (3_000, "p0@example.com|Ann|Lee|Acme"));
    let job =
        jobs::get(&mut *world.read().await, &Owner("tester".to_owned()), JobId(1)).await.unwrap().unwrap();
    assert_eq!(job.counts.consolidated, 3_000);
}

#[tokio::test]
async fn a_killed_run_is_continued_with_the_columns_of_its_job() {
    const ROWS: usize = 60_000;
    let world = World::database()
        .await
        .with(&[("PROGRESS_UPDATE_INTERVAL", "2000"), ("SQS_VISIBILITY_TIMEOUT", "2")]);
    world.ingest(&["migrate"]).await.expect_status(0);
    // A row with an issue prevents the import of the contacts before the review.
    let rows: String =
        (0..ROWS).map(|n| format!("Acme;p{n}@example.com;q{n}@example.com;Ann;Lee\n")).collect();
    let odd = world
        .file("odd.csv", &format!("Haus;Anschrift;Zweitanschrift;Vor;Nach\nAcme;bad;x@y.org;Bo;Ray\n{rows}"));
    let mut run = world.spawn(&[&["import", odd.as_str()][..], &BY_HAND].concat());
    let reached = async || {
        let query = "SELECT max(job_checkpoint) FROM jobs";
        sqlx::query_scalar::<_, Option<i32>>(query).fetch_one(&world.pool).await.unwrap().unwrap_or(0)
    };
    while reached().await == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    run.kill();
    let cut = reached().await;
    assert!(cut > 0 && (cut as usize) < ROWS, "the run was not interrupted between two chunks: {cut}");
    // The job's own mapping must suffice.
    sqlx::raw_sql("DELETE FROM column_mappings").execute(&world.pool).await.unwrap();
    // The lease of the killed run must expire first.
    eventually("the job continues", async || world.ingest(&["reprocess", "1"]).await.status == Some(3)).await;
    let wrong = "SELECT count(*) FILTER (WHERE staging_email NOT LIKE 'p%'), count(*) FROM staging
         WHERE staging_company = 'Acme'
                 AND staging_first_name = 'Ann' AND staging_last_name = 'Lee'";
    let (wrong, all): (i64, i64) = sqlx::query_as(wrong).fetch_one(&world.pool).await.unwrap();
    assert_eq!((wrong, all), (0, ROWS as i64));
}

#[tokio::test]
async fn the_api_previews_a_file_and_accepts_its_mapping() {
    let world = World::database().await;
    let server = Server::start_at(world, free_port(), &["serve"]).await;
    let post = |path: &str, body: &'static str| {
        let request = server.client().post(format!("{}/api/v1/uploads{path}", server.url));
        request.header("content-type", "text/csv").body(body).send()
    };
    let (status, shown) = status_and_json(post("/preview", ODD).await.unwrap()).await;
    assert_eq!(
        (status, &shown["delimiter"], &shown["remembered"]),
        (200, &json!(";"), &json!(false)),
        "{shown}"
    );
    assert_eq!((&shown["columns"][0]["place"], &shown["columns"][1]["place"]), (&json!(1), &Value::Null));
    let (status, refused) = status_and_json(post("/preview", "%PDF-1.7\n").await.unwrap()).await;
    assert!(
        status == 422 && refused["errors"][0]["detail"].as_str().unwrap().contains("not CSV"),
        "{refused}"
    );
    let (status, shown) = status_and_json(post("/preview", "a@example.com,A,B,C\n").await.unwrap()).await;
    assert_eq!(
        (status, &shown["has_header"], &shown["names"][1]),
        (200, &json!(false), &json!("column 2")),
        "{shown}"
    );
    assert_eq!(status_and_json(post("?email=1", ODD).await.unwrap()).await.0, 422);
    assert_eq!(
        status_and_json(post("?email=1&first_name=1&last_name=4&company=0&columns=5", ODD).await.unwrap())
            .await
            .0,
        422
    );

    let by_hand = "?email=1&first_name=3&last_name=4&company=0&columns=5&remember=true";
    let (status, made) = status_and_json(post(by_hand, ODD).await.unwrap()).await;
    assert_eq!(status, 202, "{made}");
    assert_eq!(server.world.status_after_run(made["job"].as_i64().unwrap() as i32).await, "COMPLETED");
    let (_, shown) = status_and_json(post("/preview", OTHER).await.unwrap()).await;
    assert_eq!((&shown["remembered"], &shown["columns"][3]["place"]), (&json!(true), &json!(0)), "{shown}");
}

#[tokio::test]
async fn the_upload_page_works_without_scripts() {
    let server = Server::start_at(World::database().await, free_port(), &["serve"]).await;
    let page =
        server.client().get(format!("{}/upload", server.url)).send().await.unwrap().text().await.unwrap();
    assert!(
        page.contains("enctype=\"multipart/form-data\"") && page.contains("/upload/sample.csv"),
        "{page}"
    );
    let sample = server
        .client()
        .get(format!("{}/upload/sample.csv", server.url))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let form = format!(
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"s.csv\"\r\n\r\n{sample}\r\n--b--\r\n"
    );
    let post = server
        .client()
        .post(format!("{}/upload", server.url))
        .header("content-type", "multipart/form-data; boundary=b");
    let answer = post.body(form).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["location"].to_str().unwrap()), (303, "/jobs/1"));
    assert_eq!(server.world.status_after_run(1).await, "NEEDS_REVIEW");
}
