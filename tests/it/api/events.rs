//! The stream of all jobs of an owner.

use std::time::Duration;

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::{DIRTY, post, serving, uploaded};
use crate::support::Server;

/// An event: its name, its id and its data.
#[derive(Debug, Clone)]
struct Received {
    name: String,
    id: Option<String>,
    data: Value,
}

/// An open stream.
struct Stream {
    answer: Response,
    text: String,
}

impl Stream {
    async fn open(server: &Server, last: Option<&str>) -> Stream {
        let headers: Vec<(&str, &str)> = last.map(|last| ("last-event-id", last)).into_iter().collect();
        let answer = server.send(Method::GET, "/api/v1/jobs/events", None, &headers).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Stream { answer, text: String::new() }
    }

    /// Returns the next event.
    async fn next(&mut self) -> Received {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    event
                        .lines()
                        .find_map(|line| line.strip_prefix(name))
                        .map(|value| value.trim().to_owned())
                };
                let name = field("event:");
                let data = field("data:").map(|data| serde_json::from_str(&data).unwrap());
                let id = field("id:");
                self.text = rest.to_owned();
                // Comments keep the connection alive.
                if let (Some(name), Some(data)) = (name, data) {
                    return Received { name, id, data };
                }
                continue;
            }
            let more = tokio::time::timeout(Duration::from_secs(60), self.answer.chunk()).await;
            let more = more.expect("an event comes").unwrap().expect("the stream goes on");
            self.text.push_str(std::str::from_utf8(&more).unwrap());
        }
    }

    /// Returns the next event about a job in a status, and the last id so far.
    async fn until(&mut self, job: i64, status: &str) -> (Value, String) {
        let mut id = String::new();
        loop {
            let event = self.next().await;
            id = event.id.unwrap_or(id);
            if event.name == "job"
                && event.data["id"] == job
                && event.data["status"] == status
                && !id.is_empty()
            {
                return (event.data, id);
            }
        }
    }
}

#[tokio::test]
async fn a_stream_tells_of_every_job_and_continues_where_it_was_cut_off() {
    let server = serving().await;
    let mut stream = Stream::open(&server, None).await;
    let first = stream.next().await;
    assert_eq!((first.name.as_str(), first.id.is_some()), ("reset", true));
    let job = uploaded(&server, DIRTY).await;
    let (found, id) = stream.until(job, "NEEDS_REVIEW").await;
    assert_eq!((found["total_rows"].as_i64(), found["open_issues"].as_i64()), (Some(6), Some(4)));
    drop(stream);

    // What happens while no stream is open.
    let other = uploaded(&server, "email,first_name,last_name,company\nx@example.com,X,Y,Z\n").await;
    let discard = json!({ "filter": { "text": "bad" }, "decision": { "decision": "discard" } });
    assert_eq!(post(&server, &format!("/api/v1/jobs/{job}/bulk"), discard).await.0, 200);
    let mut stream = Stream::open(&server, Some(&id)).await;
    let (one, two) = (stream.next().await, stream.next().await);
    assert!(one.name == "job" && two.name == "job" && two.id.is_some(), "{one:?} {two:?}");
    let jobs: Vec<_> =
        [&one, &two].map(|event| (event.data["id"].as_i64(), event.data["open_issues"].as_i64())).into();
    assert!(jobs.contains(&(Some(other), Some(0))) && jobs.contains(&(Some(job), Some(3))), "{jobs:?}");

    // A client that has received only the first of them gets both again.
    let mut again = Stream::open(&server, Some(one.id.as_deref().unwrap_or(&id))).await;
    assert_eq!(again.next().await.data["id"], one.data["id"]);

    post(&server, &format!("/api/v1/jobs/{job}/cancel"), json!({})).await;
    let cancelled = stream.next().await;
    assert_eq!((&cancelled.data["id"], &cancelled.data["cancelled"]), (&json!(job), &json!(true)));
}

#[tokio::test]
async fn a_stream_needs_access_and_has_a_ceiling_and_no_data_of_others() {
    let server = serving().await;
    let refused = server.send(Method::GET, "/api/v1/jobs/events", None, &[("last-event-id", "1:2")]).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    let refused =
        server.send(Method::GET, "/api/v1/jobs/events", None, &[("authorization", "Bearer x")]).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    let mut stream = Stream::open(&server, None).await;
    stream.next().await;
    server.world.enqueue("others.csv", DIRTY, "other").await;
    let job = uploaded(&server, DIRTY).await;
    loop {
        let event = stream.next().await;
        assert_eq!(event.data["owner"], "tester", "{event:?}");
        if event.data["id"] == job && event.data["status"] == "NEEDS_REVIEW" {
            break;
        }
    }
    // A snapshot that this database has not reached: the client lists its jobs again.
    let mut stray = Stream::open(&server, Some("1:90000000000:")).await;
    assert_eq!(stray.next().await.name, "reset");
    let mut open = vec![stream, stray];
    let last = loop {
        let answer = server.send(Method::GET, "/api/v1/jobs/events", None, &[]).await;
        match answer.status() {
            StatusCode::OK => open.push(Stream { answer, text: String::new() }),
            status => break status,
        }
        assert!(open.len() < 100);
    };
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
}
