//! The undo of a large import, and the progress that people see.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Server, World, eventually};

/// More contacts than two parts of an undo.
const ROWS: usize = 45_000;

/// Starts a server with a job of that many contacts.
async fn imported() -> Server {
    let world = World::database().await;
    let rows: String = (0..ROWS).map(|row| format!("person{row}@example.com,Ann,Lee,Acme\n")).collect();
    let file = world.file("large.csv", &format!("email,first_name,last_name,company\n{rows}"));
    world.ingest(&["import", &file]).await.expect_status(0);
    Server::start(world).await
}

async fn undoing(server: &Server) -> Value {
    let (status, job) = server.get("/api/v1/jobs/1").await;
    assert_eq!(status, 200);
    job["undoing"].clone()
}

#[tokio::test]
async fn a_long_undo_shows_its_progress_until_its_end() {
    let server = imported().await;
    // Another transaction locks a contact of the last part, so that the undo waits there.
    let mut holder = server.world.pool.begin().await.unwrap();
    let hold = "SELECT FROM contacts WHERE staging_id = (SELECT max(staging_id) FROM contacts) FOR UPDATE";
    sqlx::query(hold).execute(&mut *holder).await.unwrap();

    let own_page = [("sec-fetch-site", "same-origin")];
    let answer = server.send(Method::POST, "/jobs/1/undo-import", None, &own_page).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{}", answer.text().await.unwrap());
    let arrived = json!({ "done": 40_000, "total": ROWS });
    eventually("two parts are done", async || undoing(&server).await == arrived).await;
    let page = server.send(Method::GET, "/jobs/1", None, &[]).await.text().await.unwrap();
    assert!(page.contains("Undoing the import") && page.contains("40,000 of 45,000 contacts"), "{page}");
    assert!(page.contains("data-live=\"/jobs/1/live\""), "the page follows it: {page}");
    let mut events = server.send(Method::GET, "/api/v1/jobs/1/events", None, &[]).await;
    let first =
        tokio::time::timeout(Duration::from_secs(20), events.chunk()).await.unwrap().unwrap().unwrap();
    let first = String::from_utf8_lossy(&first).into_owned();
    assert!(first.contains("event: job") && first.contains("\"undoing\":{\"done\":40000"), "{first}");

    holder.rollback().await.unwrap();
    let rest = tokio::time::timeout(Duration::from_secs(60), events.text()).await.unwrap().unwrap();
    assert!(rest.contains("event: end") && rest.contains("\"undoing\":null"), "{rest}");
    let remaining: i64 =
        sqlx::query_scalar("SELECT (SELECT count(*) FROM contacts) + (SELECT count(*) FROM undo_progress)")
            .fetch_one(&server.world.pool)
            .await
            .unwrap();
    assert_eq!(remaining, 0, "contacts, and entries of progress");
    assert!(server.world.job(1).await.starts_with("NEEDS_REVIEW"));
}

#[tokio::test]
async fn progress_of_a_killed_program_is_not_shown() {
    let world = World::database().await;
    let file = world.file("a.csv", "email,first_name,last_name,company\na@example.com,Ann,Lee,Acme\n");
    world.ingest(&["import", &file]).await.expect_status(0);
    let server = Server::start(world).await;
    let write =
        |until: &str| format!("INSERT INTO undo_progress VALUES (1, 5, 10, now() + interval '{until}')");
    sqlx::raw_sql(sqlx::AssertSqlSafe(write("1 minute"))).execute(&server.world.pool).await.unwrap();
    assert_eq!(undoing(&server).await, json!({ "done": 5, "total": 10 }));
    sqlx::raw_sql("TRUNCATE undo_progress").execute(&server.world.pool).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(write("-1 second"))).execute(&server.world.pool).await.unwrap();
    assert_eq!(undoing(&server).await, Value::Null);
    let page = server.send(Method::GET, "/jobs/1", None, &[]).await.text().await.unwrap();
    assert!(!page.contains("Undoing"), "{page}");
}

#[tokio::test]
async fn the_command_line_shows_the_progress_of_a_long_undo() {
    let server = imported().await;
    let world = &server.world;
    let mut holder = world.pool.begin().await.unwrap();
    let hold = "SELECT FROM contacts WHERE staging_id = (SELECT max(staging_id) FROM contacts) FOR UPDATE";
    sqlx::query(hold).execute(&mut *holder).await.unwrap();
    let undo = world.ingest(&["undo", "--yes", "--import", "1"]);
    let release = async {
        eventually("two parts are done", async || undoing(&server).await["done"] == json!(40_000)).await;
        // A line is printed every two seconds.
        tokio::time::sleep(Duration::from_secs(3)).await;
        holder.rollback().await.unwrap();
    };
    let (undone, ()) = tokio::join!(undo, release);
    undone.expect_status(0);
    assert!(undone.stderr.contains("job 1: undoing, 40,000 of 45,000 contacts"), "{}", undone.stderr);
    assert!(undone.stderr.contains("removed 45000 contacts"), "{}", undone.stderr);
}
