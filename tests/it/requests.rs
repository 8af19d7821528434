//! A statement for a request ends with the request, and requests do not delay others.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::json;
use sqlx::{Connection, PgConnection};

use crate::support::{Server, World, eventually, free_port};

const CLEAN: &str = "email,first_name,last_name,company\nann@example.com,Ann,Lee,Acme\n";

/// Locks a table so that every statement that reads it waits.
async fn hold(world: &World, table: &str) -> PgConnection {
    let mut holder = PgConnection::connect_with(&world.pool.connect_options()).await.unwrap();
    let lock = sqlx::AssertSqlSafe(format!("BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"));
    sqlx::raw_sql(lock).execute(&mut holder).await.unwrap();
    holder
}

/// Returns the number of the program's statements that wait for a lock.
async fn waiting(world: &World) -> i64 {
    let query = "SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'ingest' AND wait_event_type = 'Lock'";
    sqlx::query_scalar(query).fetch_one(&world.pool).await.unwrap()
}

#[tokio::test]
async fn a_statement_ends_when_its_client_disconnects() {
    let server = Server::start(World::database().await).await;
    let holder = hold(&server.world, "actions").await;
    let request = tokio::spawn(server.client().get(format!("{}/api/v1/actions", server.url)).send());
    eventually("the statement waits", async || waiting(&server.world).await == 1).await;
    request.abort();
    eventually("the statement is cancelled", async || waiting(&server.world).await == 0).await;
    holder.close().await.unwrap();
    assert_eq!(server.get("/api/v1/actions").await.0, 200);
}

#[tokio::test]
async fn a_statement_ends_at_the_time_limit_of_its_request() {
    let world = World::database().await.with(&[("REQUEST_TIMEOUT_SECONDS", "1")]);
    let server = Server::start(world).await;
    let holder = hold(&server.world, "actions").await;
    let (status, problem) = server.get("/api/v1/actions").await;
    assert_eq!((status, &problem["type"]), (504, &json!("urn:problem-type:ingest:timeout")));
    eventually("the statement is cancelled", async || waiting(&server.world).await == 0).await;
    holder.close().await.unwrap();
}

#[tokio::test]
async fn waiting_requests_delay_neither_worker_nor_health() {
    let mut server = Server::start_at(World::database().await, free_port(), &["serve"]).await;
    let holder = hold(&server.world, "actions").await;
    let url = format!("{}/api/v1/actions", server.url);
    let requests: Vec<_> = (0..24).map(|_| tokio::spawn(server.client().get(&url).send())).collect();
    eventually("requests wait", async || waiting(&server.world).await > 0).await;
    let job = server.world.enqueue("a.csv", CLEAN, "tester").await;
    assert_eq!(server.world.status_after_run(job).await, "COMPLETED");
    let health =
        server.client().get(format!("{}/readyz", server.url)).timeout(Duration::from_secs(10)).send();
    assert_eq!(health.await.unwrap().status(), StatusCode::OK);
    holder.close().await.unwrap();
    for request in requests {
        request.abort();
    }
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test]
async fn search_texts_are_limited_to_200_characters() {
    let server = Server::start(World::database().await).await;
    let job = server.world.enqueue("a.csv", CLEAN, "tester").await;
    let (longest, longer) = ("ä".repeat(200), "ä".repeat(201));
    let paths = [
        ("/api/v1/contacts?text=", 200),
        ("/api/v1/jobs?text=", 200),
        ("/api/v1/actions?actor=", 200),
        (&format!("/api/v1/jobs/{job}/rows?text="), 200),
        (&format!("/api/v1/jobs/{job}/issues?text="), 200),
    ];
    for (path, expected) in paths {
        assert_eq!(server.get(&format!("{path}{longest}")).await.0, expected, "{path}");
        let (status, problem) = server.get(&format!("{path}{longer}")).await;
        assert_eq!(status, 400, "{path}");
        assert_eq!(problem["errors"][0]["detail"], json!("has more than 200 characters"));
    }
    for filter in [json!({ "text": longer }), json!({ "column": { "name": "company", "contains": longer } })]
    {
        let path = format!("/api/v1/jobs/{job}/bulk/preview");
        let body = json!({ "filter": filter, "decision": { "decision": "discard" } });
        let answer = server.send(Method::POST, &path, Some(body), &[]).await;
        assert_eq!(answer.status(), 422);
    }
}
