//! Webhooks: what receivers get, and what happens if they are slow, away or refuse.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use reqwest::Method;
use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::support::{Server, World, eventually, status_and_json};

const CLEAN: &str = "email,first_name,last_name,company\nann@example.com,Ann,Lee,Acme\n";
const DIRTY: &str =
    "email,first_name,last_name,company\nbob@example.com,Bob,Ray,Acme\nno-address,Cid,Day,Acme\n";
/// Lets webhooks reach receivers on this machine.
pub(crate) const LOOPBACK: [(&str, &str); 1] = [("WEBHOOK_ALLOWED_NETWORKS", "127.0.0.0/8")];

/// A request that a receiver got.
#[derive(Clone)]
pub(crate) struct Received {
    headers: HeaderMap,
    body: Bytes,
    at: Instant,
}

impl Received {
    fn id(&self) -> String {
        self.headers["webhook-id"].to_str().unwrap().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn kind(&self) -> String {
        self.json()["type"].as_str().unwrap().to_owned()
    }
}

type Answer = dyn Fn(usize) -> (StatusCode, Duration) + Send + Sync;

/// A server that records requests and answers the one with this number, from 0 on, after a while.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) url: String,
    received: Arc<Mutex<Vec<Received>>>,
    answer: Arc<Answer>,
}

impl Receiver {
    async fn start(answer: impl Fn(usize) -> (StatusCode, Duration) + Send + Sync + 'static) -> Receiver {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let receiver = Receiver { url, received: Arc::default(), answer: Arc::new(answer) };
        let routes = axum::Router::new().fallback(take).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        receiver
    }

    pub(crate) async fn accepting() -> Receiver {
        Receiver::start(|_| (StatusCode::NO_CONTENT, Duration::ZERO)).await
    }

    fn all(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    pub(crate) async fn eventually_received(&self, requests: usize) -> Vec<Received> {
        eventually("the receiver has the events", async || self.all().len() >= requests).await;
        self.all()
    }
}

async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let number = {
        let mut received = receiver.received.lock().unwrap();
        received.push(Received { headers, body, at: Instant::now() });
        received.len() - 1
    };
    let (status, wait) = (receiver.answer)(number);
    tokio::time::sleep(wait).await;
    status
}

/// Creates a webhook of the owner, and returns its secret.
async fn create(world: &World, owner: &str, url: &str, events: &[&str]) -> String {
    let mut arguments = vec!["webhook", "create", url, "--owner", owner];
    arguments.extend_from_slice(events);
    let ended = world.ingest(&arguments).await;
    ended.expect_status(0);
    ended.stdout.trim().to_owned()
}

async fn deliveries(world: &World, owner: &str, webhook: &str) -> Vec<Value> {
    let arguments = ["webhook", "deliveries", webhook, "--owner", owner, "--output", "json"];
    let ended = world.ingest(&arguments).await;
    ended.expect_status(0);
    serde_json::from_str(&ended.stdout).unwrap()
}

#[tokio::test]
async fn a_receiver_gets_what_it_wants_signed_and_nothing_of_other_owners() {
    let world =
        World::database().await.with(&LOOPBACK).with(&[("PUBLIC_URL", "https://contacts.example.com")]);
    let (ones, twos) = (Receiver::accepting().await, Receiver::accepting().await);
    let secret = create(&world, "one", &ones.url, &[]).await;
    create(&world, "two", &twos.url, &["--events", "JOB.PENDING,job.processing"]).await;
    let mut worker = world.spawn(&["worker"]);
    let dirty = world.enqueue("dirty.csv", DIRTY, "one").await;
    assert_eq!(world.status_after_run(dirty).await, "NEEDS_REVIEW");
    let clean = world.enqueue("clean.csv", CLEAN, "one").await;
    let other = world.enqueue("other.csv", CLEAN, "two").await;

    let received = ones.eventually_received(2).await;
    for request in &received {
        Webhook::new(&secret).unwrap().verify(&request.body, &request.headers).unwrap();
        assert_eq!(request.headers["content-type"], "application/json");
    }
    let data = |job: i32, name: &str, status: &str, total: i32, open: i32| {
        json!({ "job_id": job, "filename": name, "status": status, "total_rows": total, "open_issues": open,
            "url": format!("https://contacts.example.com/jobs/{job}") })
    };
    let bodies: Vec<Value> = received.iter().map(Received::json).collect();
    assert_eq!(bodies[0]["type"], "job.needs_review");
    assert_eq!(bodies[0]["data"], data(dirty, "dirty.csv", "NEEDS_REVIEW", 2, 1));
    assert_eq!(bodies[1]["type"], "job.completed");
    assert_eq!(bodies[1]["data"], data(clean, "clean.csv", "COMPLETED", 1, 0));
    assert!(chrono::DateTime::parse_from_rfc3339(bodies[1]["timestamp"].as_str().unwrap()).is_ok());

    let received = twos.eventually_received(2).await;
    let kinds: BTreeSet<String> = received.iter().map(Received::kind).collect();
    assert_eq!(kinds, BTreeSet::from(["job.pending".to_owned(), "job.processing".to_owned()]));
    assert!(received.iter().all(|request| request.json()["data"]["job_id"] == other));
    assert_eq!(worker.term_and_wait().await, Some(0));
    assert_eq!(ones.all().len(), 2);

    // A signature of another secret does not fit.
    let forged = Webhook::new(&create(&world, "one", &ones.url, &[]).await).unwrap();
    assert!(forged.verify(&ones.all()[0].body, &ones.all()[0].headers).is_err());
}

#[tokio::test]
async fn an_event_is_sent_again_under_the_same_id_until_it_is_accepted() {
    let world = World::database().await.with(&LOOPBACK);
    let receiver = Receiver::start(|number| match number {
        0 => (StatusCode::INTERNAL_SERVER_ERROR, Duration::ZERO),
        _ => (StatusCode::OK, Duration::ZERO),
    })
    .await;
    create(&world, "one", &receiver.url, &[]).await;
    let job = world.enqueue("a.csv", CLEAN, "one").await;
    let _worker = world.spawn(&["worker"]);
    world.eventually_completed(job).await;
    receiver.eventually_received(1).await;
    let is_due = async || deliveries(&world, "one", "1").await[0]["error"].is_string();
    eventually("the failure is recorded", is_due).await;
    let failed = &deliveries(&world, "one", "1").await[0];
    assert_eq!(failed["status"], 500);
    assert_eq!(failed["error"], "the receiver answered 500 Internal Server Error");

    let received = receiver.eventually_received(2).await;
    assert_eq!(received[0].id(), received[1].id());
    assert!(received[1].at - received[0].at >= Duration::from_secs(4));
    let is_delivered = async || deliveries(&world, "one", "1").await[0]["delivered_at"].is_string();
    eventually("the delivery is recorded", is_delivered).await;
    let delivered = &deliveries(&world, "one", "1").await[0];
    assert_eq!((&delivered["attempts"], &delivered["error"]), (&json!(2), &Value::Null));

    world.ingest(&["webhook", "resend", "1", "1", "--owner", "one"]).await.expect_status(0);
    let received = receiver.eventually_received(3).await;
    assert_eq!(received[2].id(), received[0].id());
    let ended = world.ingest(&["webhook", "resend", "1", "1", "--owner", "two"]).await;
    ended.expect_status(1);
    assert!(ended.stderr.contains("webhook 1 of two has no delivery 1"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_slow_receiver_delays_no_other() {
    let world = World::database().await.with(&LOOPBACK);
    let slow = Receiver::start(|_| (StatusCode::OK, Duration::from_secs(3600))).await;
    let fast = Receiver::accepting().await;
    create(&world, "one", &slow.url, &[]).await;
    create(&world, "two", &fast.url, &[]).await;
    let mut worker = world.spawn(&["worker"]);
    for number in 0..20 {
        world.enqueue(&format!("{number}.csv"), CLEAN, "one").await;
    }
    slow.eventually_received(1).await;
    let job = world.enqueue("a.csv", CLEAN, "two").await;
    world.eventually_completed(job).await;
    let in_time = tokio::time::timeout(Duration::from_secs(15), fast.eventually_received(1)).await;
    assert!(in_time.is_ok());
    // One attempt at a time.
    assert_eq!(slow.all().len(), 1);
    // Nor does it delay a stop.
    let stopping = Instant::now();
    assert_eq!(worker.term_and_wait().await, Some(0));
    assert!(stopping.elapsed() < Duration::from_secs(10), "{:?}", stopping.elapsed());
}

#[tokio::test]
async fn events_have_their_names_in_every_locale() {
    // In this locale, lower() turns I into ı.
    let turkish = "TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'tr'";
    let world = World::empty_database_with(turkish).await.with(&LOOPBACK);
    let receiver = Receiver::accepting().await;
    create(&world, "one", &receiver.url, &["--events", "job.processing,job.needs_review"]).await;
    let _worker = world.spawn(&["worker"]);
    world.enqueue("dirty.csv", DIRTY, "one").await;
    let received = receiver.eventually_received(2).await;
    let kinds: BTreeSet<String> = received.iter().map(Received::kind).collect();
    assert_eq!(kinds, BTreeSet::from(["job.processing".to_owned(), "job.needs_review".to_owned()]));
}

#[tokio::test]
async fn an_event_that_is_sent_again_during_an_attempt_keeps_what_becomes_of_the_new_one() {
    let world = World::database().await.with(&LOOPBACK);
    let receiver = Receiver::start(|number| match number {
        0 => (StatusCode::INTERNAL_SERVER_ERROR, Duration::from_secs(6)),
        _ => (StatusCode::OK, Duration::ZERO),
    })
    .await;
    create(&world, "one", &receiver.url, &[]).await;
    let _workers = [world.spawn(&["worker"]), world.spawn(&["worker"])];
    world.ingest(&["webhook", "test", "1", "--owner", "one"]).await.expect_status(0);
    receiver.eventually_received(1).await;
    world.ingest(&["webhook", "resend", "1", "1", "--owner", "one"]).await.expect_status(0);
    receiver.eventually_received(2).await;
    // Until the first attempt has failed.
    tokio::time::sleep(Duration::from_secs(8)).await;
    let delivery = &deliveries(&world, "one", "1").await[0];
    assert!(delivery["delivered_at"].is_string() && delivery["error"].is_null(), "{delivery}");
    assert_eq!(receiver.all().len(), 2);
}

#[tokio::test]
async fn each_event_is_sent_once_though_there_are_several_workers() {
    const JOBS: usize = 30;
    let world = World::database().await.with(&LOOPBACK);
    let receiver = Receiver::accepting().await;
    create(&world, "one", &receiver.url, &["--events", "job.completed"]).await;
    let _workers = [world.spawn(&["worker"]), world.spawn(&["worker"]), world.spawn(&["worker"])];
    for number in 0..JOBS {
        let row = format!("email,first_name,last_name,company\np{number}@example.com,Ann,Lee,Acme\n");
        world.enqueue(&format!("{number}.csv"), &row, "one").await;
    }
    receiver.eventually_received(JOBS).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let ids: BTreeSet<String> = receiver.all().iter().map(Received::id).collect();
    assert_eq!((ids.len(), receiver.all().len()), (JOBS, JOBS));
}

#[tokio::test]
async fn only_public_and_allowed_addresses_are_reached() {
    let world = World::database().await;
    let receiver = Receiver::accepting().await;
    let by_name = receiver.url.replace("127.0.0.1", "localhost");
    create(&world, "one", &receiver.url, &[]).await;
    create(&world, "one", &by_name, &[]).await;
    let _worker = world.spawn(&["worker"]);
    for webhook in ["1", "2"] {
        world.ingest(&["webhook", "test", webhook, "--owner", "one"]).await.expect_status(0);
        let has_failed = async || deliveries(&world, "one", webhook).await[0]["error"].is_string();
        eventually("the attempt has failed", has_failed).await;
        let error = deliveries(&world, "one", webhook).await[0]["error"].as_str().unwrap().to_owned();
        assert!(
            error.contains("is not a public address") && error.contains("WEBHOOK_ALLOWED_NETWORKS"),
            "{error}"
        );
    }
    assert!(receiver.all().is_empty());
}

#[tokio::test]
async fn a_webhook_that_is_gone_is_disabled_until_it_is_tested() {
    let world = World::database().await.with(&LOOPBACK);
    let receiver = Receiver::start(|number| match number {
        0 => (StatusCode::GONE, Duration::ZERO),
        _ => (StatusCode::OK, Duration::ZERO),
    })
    .await;
    create(&world, "one", &receiver.url, &[]).await;
    let _worker = world.spawn(&["worker"]);
    let job = world.enqueue("a.csv", CLEAN, "one").await;
    world.eventually_completed(job).await;
    let list = async || {
        let ended = world.ingest(&["webhook", "list", "--owner", "one", "--output", "json"]).await;
        serde_json::from_str::<Value>(&ended.stdout).unwrap()
    };
    eventually("the webhook is disabled", async || list().await[0]["disabled_at"].is_string()).await;
    let job = world.enqueue("b.csv", CLEAN, "one").await;
    world.status_after_run(job).await;
    assert_eq!(deliveries(&world, "one", "1").await.len(), 1);
    world.ingest(&["webhook", "test", "1", "--owner", "one"]).await.expect_status(0);
    let received = receiver.eventually_received(2).await;
    assert_eq!(
        (received[1].kind(), received[1].json()["data"].clone()),
        ("webhook.test".to_owned(), json!({}))
    );
    assert_eq!(list().await[0]["disabled_at"], Value::Null);
}

async fn ask(server: &Server, method: Method, path: &str, body: &Value) -> (u16, Value) {
    status_and_json(server.send(method, path, Some(body.clone()), &[]).await).await
}

#[tokio::test]
async fn the_api_manages_webhooks_of_its_caller() {
    let world = World::database().await;
    let others = "INSERT INTO webhooks (webhook_owner, webhook_url, webhook_secret, webhook_events)
         VALUES ('somebody', 'https://example.com', 'whsec_AAAA', '{job.failed}')";
    let server = Server::start(world).await;
    sqlx::query(others).execute(&server.world.pool).await.unwrap();
    let bad = json!({ "url": "https://user:secret@example.com/" });
    let (status, problem) = ask(&server, Method::POST, "/api/v1/webhooks", &bad).await;
    assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("#/url")), "{problem}");
    let new = json!({ "url": "https://receiver.invalid/hook", "events": ["job.failed"] });
    let (status, made) = ask(&server, Method::POST, "/api/v1/webhooks", &new).await;
    assert_eq!(status, 201, "{made}");
    assert!(made["secret"].as_str().unwrap().starts_with("whsec_"));
    let path = format!("/api/v1/webhooks/{}", made["id"]);
    let (_, known) = server.get("/api/v1/webhooks").await;
    assert_eq!(known.as_array().unwrap().len(), 1);
    assert_eq!((&known[0]["id"], &known[0]["secret"]), (&made["id"], &Value::Null));

    let (status, delivery) = ask(&server, Method::POST, &format!("{path}/test"), &json!({})).await;
    assert_eq!((status, &delivery["event"]), (202, &json!("webhook.test")), "{delivery}");
    let (_, page) = server.get(&format!("{path}/deliveries")).await;
    assert_eq!(page["items"][0]["id"], delivery["id"]);
    let resend = format!("{path}/deliveries/{}/resend", delivery["id"]);
    assert_eq!(ask(&server, Method::POST, &resend, &json!({})).await.0, 202);

    for (method, path) in [
        (Method::DELETE, "/api/v1/webhooks/1".to_owned()),
        (Method::POST, "/api/v1/webhooks/1/test".to_owned()),
        (Method::POST, format!("/api/v1/webhooks/1/deliveries/{}/resend", delivery["id"])),
    ] {
        assert_eq!(ask(&server, method, &path, &json!({})).await.0, 404, "{path}");
    }
    assert_eq!(server.get("/api/v1/webhooks/1/deliveries").await.0, 404);
    assert_eq!(ask(&server, Method::DELETE, &path, &json!({})).await.0, 204);
    assert_eq!(server.get("/api/v1/webhooks").await.1, json!([]));
}
