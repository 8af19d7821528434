//! Bodies that are too large, endless, or never sent.

use reqwest::StatusCode;
use tokio::io::AsyncWriteExt;

use super::*;
use crate::support::World;

/// Returns the head of a request with a body.
fn head(server: &Server, path: &str, kind: &str, length: usize) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: {}\r\n{}content-type: {kind}\r\ncontent-length: {length}\r\n\r\n",
        server.address(),
        server.authorization()
    )
}

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

#[tokio::test]
async fn no_body_is_read_before_authentication() {
    let world = World::database().await;
    let world = world.with(&[("OIDC_ISSUER", "https://127.0.0.1:1"), ("OIDC_AUDIENCE", "nobody")]);
    let server = Server::start(world).await;
    for (path, kind) in [
        ("/jobs/1/policy", FORM),
        ("/jobs/1/undo-import", FORM),
        ("/jobs/1/review/invalid-addresses/bulk", FORM),
        ("/upload", "multipart/form-data; boundary=b"),
        ("/jobs/1/corrections", "multipart/form-data; boundary=b"),
        ("/api/v1/uploads", "text/csv"),
        ("/api/v1/jobs/1/corrections", "text/csv"),
        ("/api/v1/jobs/1/bulk", JSON),
        ("/api/v1/jobs/1/bulk/preview", JSON),
    ] {
        // The response does not wait for the body, which is never sent.
        let mut stranger = send(&server, "127.0.0.1", &head(&server, path, kind, 2 << 20)).await;
        let answer = until_closed(&mut stranger).await;
        assert!(answer.starts_with("HTTP/1.1 401"), "{path}: {answer}");
    }
}

#[tokio::test]
async fn form_fields_and_json_bodies_are_limited() {
    let server = Server::start(World::database().await).await;
    let post = async |path: &str, kind: &str, body: String| {
        let request = server.client().post(format!("{}{path}", server.url)).header("content-type", kind);
        request.body(body).send().await.unwrap().status()
    };
    let form = |bytes: usize| format!("policy=HOLD&x={}", "y".repeat(bytes - 14));
    assert_eq!(post("/jobs/1/policy", FORM, form(64 << 10)).await, StatusCode::NOT_FOUND);
    assert_eq!(post("/jobs/1/policy", FORM, form((64 << 10) + 1)).await, StatusCode::PAYLOAD_TOO_LARGE);
    for path in ["/api/v1/jobs/1/bulk", "/api/v1/jobs/1/bulk/preview"] {
        let json = |bytes: usize| {
            let decision = r#"{"decision": {"decision": "discard"}}"#;
            format!("{decision}{}", " ".repeat(bytes - decision.len()))
        };
        assert_eq!(post(path, JSON, json(2 << 20)).await, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(post(path, JSON, json((2 << 20) + 1)).await, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
    }
}

#[tokio::test]
async fn endless_part_headers_are_refused() {
    let server = Server::start(World::database().await).await;
    for path in ["/api/v1/uploads", "/upload"] {
        let kind = "multipart/form-data; boundary=b";
        let mut stream = send(&server, "127.0.0.1", &head(&server, path, kind, 1 << 30)).await;
        stream.write_all(b"--b\r\nX-Long: ").await.unwrap();
        let (mut reading, mut writing) = stream.into_split();
        let writer = tokio::spawn(async move {
            let piece = vec![b'y'; 16 << 10];
            let mut sent = 0;
            while sent < 64 << 20 && writing.write_all(&piece).await.is_ok() {
                sent += piece.len();
            }
            sent
        });
        let mut start = [0; 12];
        let read =
            tokio::time::timeout(PATIENCE, tokio::io::AsyncReadExt::read_exact(&mut reading, &mut start));
        read.await.expect("the server answers").unwrap();
        assert_eq!(&start, b"HTTP/1.1 413", "{path}");
        drop(reading);
        assert!(writer.await.unwrap() < 64 << 20, "the server closes the connection");
    }
}

#[tokio::test]
async fn a_stalled_body_is_cut_off() {
    let world = World::database().await.with(&[("HTTP_IDLE_SECONDS", "1")]);
    let server = Server::start(world).await;
    server.world.enqueue_silently("a.csv", "email,first_name,last_name,company\n", "tester").await;
    for (path, kind, start) in [
        ("/api/v1/uploads", "text/csv", "email,first_name"),
        (
            "/upload",
            "multipart/form-data; boundary=b",
            "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nema",
        ),
        ("/upload", "multipart/form-data; boundary=b", "--b\r\nContent-Dis"),
        ("/api/v1/uploads/preview", "text/csv", "email,first_name"),
        ("/api/v1/jobs/1/corrections", "text/csv", "row_key,email"),
        ("/api/v1/jobs/1/bulk", JSON, "{"),
        ("/api/v1/tokens", JSON, "{"),
        ("/jobs/1/policy", FORM, "policy="),
    ] {
        let start = format!("{}{start}", head(&server, path, kind, 1_000));
        let mut slow = send(&server, "127.0.0.1", &start).await;
        let answer = until_closed(&mut slow).await;
        assert!(answer.starts_with("HTTP/1.1 408"), "{path}: {answer}");
    }
}
