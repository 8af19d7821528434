//! Requests to a bucket whose requests are paid for by their sender, and that are to be encrypted with a key of AWS KMS.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, Response};
use tokio::net::TcpListener;

use crate::support::{World, moto};

const CLEAN: &str = "email,first_name,last_name,company\nann@example.com,Ann,Lee,Acme\n";

/// The heads of requests.
type Heads = Arc<Mutex<Vec<(Method, String, HeaderMap)>>>;

/// Records the head of a request, and sends it on to the S3 peer.
async fn pass_on(State(heads): State<Heads>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let path = head.uri.path_and_query().unwrap().to_string();
    heads.lock().unwrap().push((head.method.clone(), path.clone(), head.headers.clone()));
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let url = format!("{}{path}", moto().endpoint().trim_end_matches('/'));
    let request = reqwest::Client::new().request(head.method, url).headers(head.headers).body(body);
    let answer = request.send().await.unwrap();
    let mut response = Response::builder().status(answer.status());
    *response.headers_mut().unwrap() = answer.headers().clone();
    response.body(Body::from(answer.bytes().await.unwrap())).unwrap()
}

/// Starts what stands between the program and the peer. Returns its URL and what it has seen.
async fn recorder() -> (String, Heads) {
    let heads = Heads::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new().fallback(pass_on).with_state(Arc::clone(&heads));
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (url, heads)
}

#[tokio::test]
async fn the_sender_pays_for_each_request_and_new_objects_are_encrypted_with_the_key() {
    let (url, heads) = recorder().await;
    let key = "arn:aws:kms:us-east-1:123456789012:key/abc";
    let world = World::cloud().await.with(&[("AWS_ENDPOINT_URL_S3", &url), ("SQS_QUEUE_URL", "")]);
    let file = world.file("a.csv", CLEAN);
    world.ingest(&["import", &file]).await.expect_status(0);
    let seen = std::mem::take(&mut *heads.lock().unwrap());
    assert!(seen.len() > 1, "{seen:?}");
    for (method, path, headers) in &seen {
        assert!(!headers.contains_key("x-amz-request-payer"), "{method} {path}");
        assert!(!headers.contains_key("x-amz-server-side-encryption"), "{method} {path}");
    }

    let world = world.with(&[("S3_REQUESTER_PAYS", "true"), ("S3_KMS_KEY_ID", key)]);
    let file = world.file("b.csv", &CLEAN.replace("ann", "bob"));
    world.ingest(&["import", &file]).await.expect_status(0);
    let seen = std::mem::take(&mut *heads.lock().unwrap());
    let (mut writes, mut reads) = (0, 0);
    for (method, path, headers) in &seen {
        let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap());
        assert_eq!(header("x-amz-request-payer"), Some("requester"), "{method} {path}");
        let begins_object =
            method == Method::PUT && !path.contains("partNumber") || path.contains("?uploads");
        if begins_object {
            assert_eq!(header("x-amz-server-side-encryption"), Some("aws:kms"), "{method} {path}");
            assert_eq!(header("x-amz-server-side-encryption-aws-kms-key-id"), Some(key), "{method} {path}");
            writes += 1;
        }
        reads += u32::from(method == Method::GET);
    }
    assert!(writes > 0 && reads > 0, "{seen:?}");
}
