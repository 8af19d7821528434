//! `ingest doctor` names the actions of IAM that are missing, and changes nothing.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::support::{World, client, eventually};

/// A service that denies some actions, and lets the peer answer all other requests.
struct Denying {
    peer: String,
    actions: &'static [&'static str],
}

/// Returns the action of IAM that a request needs, as AWS documents it.
fn action_of(request: &Request) -> String {
    if let Some(target) = request.headers().get("x-amz-target") {
        let call = target.to_str().unwrap().rsplit('.').next().unwrap();
        return format!("sqs:{}", call.trim_end_matches("Batch"));
    }
    let query = request.uri().query().unwrap_or_default();
    let has_key = request.uri().path().trim_matches('/').contains('/');
    let action = match (request.method(), has_key) {
        (&Method::GET, false) => "ListBucket",
        (&Method::POST, false) if query.starts_with("delete") => "DeleteObject",
        (&Method::GET | &Method::HEAD, true) => "GetObject",
        (&Method::PUT | &Method::POST, true) => "PutObject",
        (&Method::DELETE, true) if query.contains("uploadId") => "AbortMultipartUpload",
        (&Method::DELETE, true) => "DeleteObject",
        other => panic!("an unexpected request: {other:?} {}", request.uri()),
    };
    format!("s3:{action}")
}

async fn answer(State(denying): State<Arc<Denying>>, request: Request) -> Response {
    let action = action_of(&request);
    if denying.actions.contains(&action.as_str()) {
        let words =
            format!("User: arn:aws:iam::123456789012:user/ann is not authorized to perform: {action}");
        return match action.starts_with("sqs:") {
            true => {
                let body = format!(r#"{{"__type": "com.amazonaws.sqs#AccessDenied", "message": "{words}"}}"#);
                (StatusCode::BAD_REQUEST, [("content-type", "application/x-amz-json-1.0")], body)
                    .into_response()
            }
            false => {
                let body = format!("<Error><Code>AccessDenied</Code><Message>{words}</Message></Error>");
                (StatusCode::FORBIDDEN, [("content-type", "application/xml")], body).into_response()
            }
        };
    }
    let (head, body) = request.into_parts();
    let body: Bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let url = format!("{}{}", denying.peer, head.uri);
    let sent = client().request(head.method, url).headers(head.headers).body(body).send().await.unwrap();
    let mut response = Response::builder().status(sent.status());
    for (name, value) in sent.headers() {
        if name != "transfer-encoding" {
            response = response.header(name, value);
        }
    }
    response.body(Body::from(sent.bytes().await.unwrap())).unwrap()
}

/// Returns the world behind a service that denies the actions.
async fn denying(world: World, actions: &'static [&'static str]) -> World {
    let peer = world.variable("AWS_ENDPOINT_URL");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let routes = Router::new().fallback(answer).with_state(Arc::new(Denying { peer, actions }));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    world.with(&[("AWS_ENDPOINT_URL", &url)])
}

/// Returns the lines of `ingest doctor` about permissions, and its exit status.
async fn findings(world: &World) -> (Vec<String>, Option<i32>) {
    let doctor = world.ingest(&["doctor"]).await;
    let lines = doctor.stdout.lines().filter(|line| line.contains(" permissions "));
    (lines.map(str::to_owned).collect(), doctor.status)
}

#[tokio::test]
async fn everything_is_allowed_and_nothing_is_changed() {
    let world = denying(World::cloud().await, &[]).await;
    world.send("{}").await;
    let (lines, status) = findings(&world).await;
    assert_eq!(status, Some(0), "{lines:#?}");
    let expected = [
        "ok    permissions   allowed: s3:AbortMultipartUpload, s3:DeleteObject, s3:GetObject, s3:ListBucket, s3:PutObject",
        "ok    permissions   allowed: sqs:ChangeMessageVisibility, sqs:DeleteMessage, sqs:GetQueueAttributes, \
         sqs:GetQueueUrl, sqs:ReceiveMessage, sqs:SendMessage",
        "ok    permissions   allowed: sqs:ChangeMessageVisibility, sqs:DeleteMessage, sqs:ReceiveMessage, for \
         `ingest dead-letters`",
    ];
    assert_eq!(lines, expected);
    assert_eq!((world.messages().await, world.dead_letters().await), ((1, 0), 0));
    assert_eq!(world.cloud.as_ref().unwrap().multipart_uploads().await, 0);
}

#[tokio::test]
async fn each_missing_action_is_named_with_its_resource() {
    for actions in [
        &["s3:PutObject"][..],
        &["s3:GetObject", "s3:DeleteObject"],
        &["s3:ListBucket"],
        &["s3:AbortMultipartUpload"],
        &["sqs:ReceiveMessage"],
        &["sqs:DeleteMessage", "sqs:ChangeMessageVisibility"],
        &["sqs:SendMessage"],
        &["sqs:GetQueueAttributes"],
        &["sqs:GetQueueUrl"],
    ] {
        let world = denying(World::cloud().await, actions).await;
        let (lines, status) = findings(&world).await;
        assert_eq!(status, Some(1), "{actions:?}: {lines:#?}");
        let bucket = world.variable("CSV_BUCKET_NAME");
        let queue = world.variable("SQS_QUEUE_URL");
        for action in actions {
            let resource = match *action {
                "s3:ListBucket" => format!("arn:aws:s3:::{bucket}; "),
                "sqs:GetQueueUrl" => format!("{bucket}-dead; "),
                action if action.starts_with("s3:") => format!("arn:aws:s3:::{bucket}/*; "),
                _ => format!("{queue}; "),
            };
            let finding = format!("FAIL  permissions   {action} is denied on {resource}");
            assert!(lines.iter().any(|line| line.starts_with(&finding)), "{finding}: {lines:#?}");
        }
        for line in lines.iter().filter(|line| !line.starts_with("ok")) {
            assert!(actions.iter().any(|action| line.contains(&format!("{action} is denied"))), "{line}");
            // The answer to HEAD has no text.
            let answer =
                if line.contains("s3:GetObject") { "403 Forbidden" } else { "not authorized to perform" };
            assert!(line.contains(answer), "{line}");
        }
    }
}

/// Returns the lines of the log that contain some text.
fn logged(world: &World, text: &str) -> Vec<String> {
    world.log().lines().filter(|line| line.contains(text)).map(str::to_owned).collect()
}

/// Lets a worker fail to receive for a few seconds, and returns the only line about that.
async fn line_of_failing_receives(world: &World) -> String {
    eventually("a receive fails", async || !logged(world, "receive failed; retrying").is_empty()).await;
    tokio::time::sleep(std::time::Duration::from_millis(3_500)).await;
    let lines = logged(world, "ingest.worker.outage");
    assert_eq!(lines.len(), 1, "{lines:#?}");
    lines.into_iter().next().unwrap()
}

#[tokio::test]
async fn a_worker_says_once_that_its_queue_is_missing_and_once_that_it_works_again() {
    let world = World::cloud().await.with(&[("SQS_WAIT_TIME_SECONDS", "1")]);
    let later = format!("{}-later", world.variable("SQS_QUEUE_URL"));
    let world = world.with(&[("SQS_QUEUE_URL", &later)]);
    let mut worker = world.spawn(&["worker"]);
    let line = line_of_failing_receives(&world).await;
    assert!(
        line.contains("NonExistentQueue") && line.contains("create the queue, or correct SQS_QUEUE_URL"),
        "{line}"
    );
    world.cloud.as_ref().unwrap().make_queue(later.rsplit('/').next().unwrap()).await;
    eventually("the queue works", async || !logged(&world, "receive works again").is_empty()).await;
    assert_eq!(worker.term_and_wait().await, Some(0));
    let lines = logged(&world, "receive works again");
    assert!(lines.len() == 1 && !lines[0].contains("\"failures\":1,"), "{lines:#?}");
}

#[tokio::test]
async fn a_worker_says_once_that_its_queue_denies_receives() {
    let world = denying(World::cloud().await, &["sqs:ReceiveMessage"]).await;
    let mut worker = world.spawn(&["worker"]);
    let line = line_of_failing_receives(&world).await;
    assert!(line.contains("AccessDenied") && line.contains("allow the call in the policy"), "{line}");
    assert_eq!(worker.term_and_wait().await, Some(0));
}
