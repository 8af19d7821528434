//! Ceilings of concurrent requests, per user and in total, and responses that the client does not read.

use std::sync::Mutex;

use reqwest::{Method, Response};

use super::*;
use crate::support::{World, client, eventually, status_and_json};

/// Creates a token for the owner.
pub(super) async fn token_of(server: &Server, owner: &str) -> String {
    let made =
        server.world.ingest(&["token", "create", "t", "--roles", "uploader,editor", "--owner", owner]).await;
    made.expect_status(0);
    format!("Bearer {}", made.stdout.split_whitespace().find(|word| word.starts_with("ing_")).unwrap())
}

async fn get(server: &Server, path: &str, token: &str) -> Response {
    server.send(Method::GET, path, None, &[("authorization", token)]).await
}

/// Inserts contacts of an owner with values of this many bytes.
pub(super) async fn wide_contacts(server: &Server, owner: &str, contacts: i64, value_bytes: i32) {
    let insert = "INSERT INTO contacts (staging_id, contacts_user_id, contact_email, contact_first_name,
         contact_last_name, contact_company)
         SELECT n, $1, n || '@example.com', repeat(md5(n::text), $3 / 32), repeat(md5('a' || n), $3 / 32),
             repeat(md5('b' || n), $3 / 32)
         FROM generate_series(1, $2) AS n";
    sqlx::query(insert)
        .bind(owner)
        .bind(contacts)
        .bind(value_bytes)
        .execute(&server.world.pool)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_user_at_a_ceiling_is_refused_and_others_are_served() {
    let world = World::database().await.with(&[("UPLOADS_AT_ONCE", "1,2")]);
    let server = Server::start(world).await;
    let (ann, bob, carl) =
        (token_of(&server, "ann").await, token_of(&server, "bob").await, token_of(&server, "carl").await);
    let slow = async |token: &str| {
        let head = format!(
            "POST /api/v1/uploads HTTP/1.1\r\nhost: {}\r\nauthorization: {token}\r\ncontent-type: text/csv\r\ncontent-length: 1000\r\n\r\nemail",
            server.address()
        );
        send(&server, "127.0.0.1", &head).await
    };
    let upload = async |token: &str| {
        let request = client().post(format!("{}/api/v1/uploads", server.url)).header("authorization", token);
        request.header("content-type", "text/csv").body("email\n").send().await.unwrap()
    };
    // Refused while another upload is still counted, so tried again.
    let anns = Mutex::new(Vec::new());
    eventually("the first upload is counted", async || {
        let connection = slow(&ann).await;
        anns.lock().unwrap().push(connection);
        upload(&ann).await.status() == 429
    })
    .await;
    let refused = upload(&ann).await;
    assert_eq!(refused.headers()["retry-after"], "2");
    let (_, problem) = status_and_json(refused).await;
    assert!(problem["detail"].as_str().unwrap().contains("1 uploads"), "{problem}");
    assert!(upload(&bob).await.status().is_success());
    let bobs = Mutex::new(Vec::new());
    eventually("all are counted", async || {
        let connection = slow(&bob).await;
        bobs.lock().unwrap().push(connection);
        upload(&carl).await.status() == 503
    })
    .await;
    drop(bobs);
    eventually("finished uploads are no longer counted", async || upload(&carl).await.status().is_success())
        .await;
}

#[tokio::test]
async fn concurrent_requests_per_user_are_limited() {
    let world = World::database().await.with(&[("REQUESTS_AT_ONCE", "3,100")]);
    let server = Server::start(world).await;
    let mut lock = server.world.pool.acquire().await.unwrap();
    sqlx::raw_sql("BEGIN; LOCK TABLE jobs").execute(&mut *lock).await.unwrap();
    // Repeated, since one is refused if it arrives beside the request that asks.
    let mut requests = Vec::new();
    eventually("three requests wait", async || {
        requests.push(tokio::spawn(server.client().get(format!("{}/api/v1/jobs", server.url)).send()));
        server.get("/api/v1/me").await.0 == 429
    })
    .await;
    let bob = token_of(&server, "bob").await;
    assert_eq!(get(&server, "/api/v1/me", &bob).await.status(), 200);
    sqlx::raw_sql("ROLLBACK").execute(&mut *lock).await.unwrap();
    let mut served = 0;
    for request in requests {
        served += usize::from(request.await.unwrap().unwrap().status() == 200);
    }
    assert_eq!(served, 3);
    assert_eq!(server.get("/api/v1/me").await.0, 200);
}

#[tokio::test]
async fn an_unread_download_is_cut_off() {
    let world = World::database().await.with(&[("HTTP_IDLE_SECONDS", "1"), ("DOWNLOADS_AT_ONCE", "1,1")]);
    let server = Server::start(world).await;
    wide_contacts(&server, "tester", 200, 40_000).await;
    let request = format!(
        "GET /api/v1/contacts.csv HTTP/1.1\r\nhost: {}\r\n{}\r\n",
        server.address(),
        server.authorization()
    );
    // Repeated, since on a slow machine the first one may be cut off before it is counted.
    let mut unread = Vec::new();
    eventually("the download is counted", async || {
        unread.push(send(&server, "127.0.0.1", &request).await);
        server.get("/api/v1/contacts.csv").await.0 == 429
    })
    .await;
    // Still connected, but not read.
    eventually("the download is cut off", async || server.get("/api/v1/contacts.csv").await.0 == 200).await;
    drop(unread);
}

#[tokio::test]
pub(super) async fn large_contacts_are_downloaded_completely_and_in_order() {
    let server = Server::start(World::database().await).await;
    wide_contacts(&server, "tester", 300, 20_000).await;
    let file = server.send(Method::GET, "/api/v1/contacts.csv", None, &[]).await.text().await.unwrap();
    let lines: Vec<&str> = file.lines().skip(1).collect();
    assert_eq!(lines.len(), 300);
    assert!(lines.iter().enumerate().all(|(at, line)| line.contains(&format!("{}@example.com", at + 1))));
}

#[tokio::test]
async fn an_event_stream_ends_with_the_token_that_opened_it() {
    let world = World::database().await.with(&[("EVENT_STREAMS_AT_ONCE", "1,2")]);
    let server = Server::start(world).await;
    let ann = token_of(&server, "ann").await;
    let job = client().post(format!("{}/api/v1/uploads", server.url)).header("authorization", &ann);
    let (_, job) =
        status_and_json(job.header("content-type", "text/csv").body("email\n").send().await.unwrap()).await;
    // Without a worker the job stays PENDING, and its stream open.
    let path = format!("/api/v1/jobs/{}/events", job["job"]);
    let mut stream = get(&server, &path, &ann).await;
    assert!(stream.chunk().await.unwrap().is_some());
    assert_eq!(get(&server, &path, &ann).await.status(), 429);
    server.world.ingest(&["token", "revoke", "1", "--owner", "ann"]).await.expect_status(0);
    let end = async { while stream.chunk().await.unwrap().is_some() {} };
    tokio::time::timeout(PATIENCE, end).await.expect("the stream ends");
}
