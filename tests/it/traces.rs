//! Traces: what a collector gets, and that jobs do not depend on it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Child, Collector, Sent, Server, World, free_port, status_and_json};
use crate::webhooks::{LOOPBACK, Receiver};

const CLEAN: &str = "email,first_name,last_name,company,Note\n\
    ann.lee@example.com,Annabel,Leeman,Acmeworks,confidential\nbob.ray@example.com,Bobby,Rayman,Acmeworks,\n";
/// What no collector may get: the values of [`CLEAN`], and the name of its file.
const CONTACTS: [&str; 7] =
    ["ann.lee@", "bob.ray@", "Annabel", "Rayman", "Acmeworks", "confidential", "annabels-list"];

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";

/// A world whose programs send their traces to a collector without delay.
fn tracing(world: World, endpoint: &str) -> World {
    world.with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint), ("OTEL_BSP_SCHEDULE_DELAY", "100")])
}

fn spawn(world: &World, service: &str, arguments: &[&str]) -> Child {
    let named = [("OTEL_SERVICE_NAME", service), ("LOG_FORMAT", "json")];
    world.spawn_with(arguments, &named.map(|(name, value)| (name.to_owned(), value.to_owned())))
}

/// Uploads [`CLEAN`] within the trace of a caller. Returns the job.
async fn upload(server: &Server) -> i64 {
    let url = format!("{}/api/v1/uploads?filename=annabels-list.csv", server.url);
    let request = server.client().post(url).header("content-type", "text/csv").body(CLEAN);
    let request = request.header("traceparent", format!("00-{TRACE}-{CALLER}-01"));
    let (status, made) = status_and_json(request.send().await.unwrap()).await;
    assert_eq!(status, 202, "{made}");
    made["job"].as_i64().unwrap()
}

/// Uploads to one process, lets another run the job, and follows the trace from the caller to the webhook.
async fn one_trace_shows_all(world: World, system: &str) {
    let collector = Collector::start().await;
    let world = tracing(world, &collector.url)
        .with(&LOOPBACK)
        .with(&[("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20sesame")])
        .with(&[("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")]);
    let server = Server::start(world).await;
    let receiver = Receiver::accepting().await;
    let new = json!({ "url": receiver.url, "events": ["job.completed"] });
    let made = server.send(reqwest::Method::POST, "/api/v1/webhooks", Some(new), &[]).await;
    assert_eq!(made.status(), 201);
    let job = upload(&server).await;
    let mut worker = spawn(&server.world, "imports", &["worker"]);
    assert_eq!(server.world.status_after_run(job).await, "COMPLETED");
    let hook = receiver.eventually_received(1).await.remove(0);
    let of_trace = |sent: &Sent| sent.ids().0 == TRACE;
    let posted = collector.eventually("POST", of_trace).await;
    assert_eq!(worker.term_and_wait().await, Some(0));

    let request = collector.eventually("POST /api/v1/uploads", of_trace).await;
    let spans: Vec<Sent> = collector.spans().into_iter().filter(of_trace).collect();
    let only = |prefix: &str| {
        let mut found = spans.iter().filter(|sent| sent.span.name.starts_with(prefix));
        let sent = found.next().unwrap_or_else(|| panic!("no span {prefix}: {spans:?}"));
        assert!(found.next().is_none(), "{prefix}");
        sent
    };
    let (send, process, run) = (only("send "), only("process "), only("run"));
    let path = [&request, send, process, run, only("survey")];
    let mut parent = CALLER.to_owned();
    for sent in path {
        assert_eq!(sent.ids().2, parent, "{}: {spans:?}", sent.span.name);
        parent = sent.ids().1;
    }
    assert_eq!(only("existing").ids().2, run.ids().1);
    assert_eq!(posted.ids().2, process.ids().1, "the webhook follows the run");
    let (_, span, _) = posted.ids();
    assert_eq!(hook.header("traceparent"), format!("00-{TRACE}-{span}-01"));

    // Kinds of OTLP: 1 internal, 2 server, 3 client, 4 producer, 5 consumer.
    let kinds = [&request, send, process, run, &posted].map(|sent| sent.span.kind);
    assert_eq!(kinds, [2, 4, 5, 1, 3]);
    assert_eq!((request.service.as_str(), run.service.as_str()), ("ingest", "imports"));
    for (sent, name, value) in [
        (&request, "http.request.method", "POST"),
        (&request, "http.route", "/api/v1/uploads"),
        (&request, "http.response.status_code", "202"),
        (send, "messaging.system", system),
        (send, "ingest.job.id", &job.to_string()),
        (process, "messaging.operation.type", "process"),
        (process, "ingest.answer", "ack"),
        (run, "ingest.job.id", &job.to_string()),
        (run, "ingest.status", "COMPLETED"),
        (run, "ingest.rows", "2"),
        (run, "ingest.contacts", "2"),
        (&posted, "server.address", "127.0.0.1"),
        (&posted, "http.response.status_code", "204"),
    ] {
        assert_eq!(sent.attribute(name).as_deref(), Some(value), "{}: {name}", sent.span.name);
    }

    for export in collector.exports() {
        assert_eq!(export.headers["authorization"], "Bearer sesame");
        assert_eq!(export.headers["content-type"], "application/x-protobuf");
        assert_eq!(export.headers["content-encoding"], "gzip");
        let text = String::from_utf8_lossy(&export.body).into_owned();
        for value in CONTACTS {
            assert!(!text.contains(value), "{value} is in a span");
        }
    }
    log_lines_name_the_trace(&server.world.log(), run);
}

fn log_lines_name_the_trace(log: &str, run: &Sent) {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let ended: Vec<Value> = lines.filter(|line| line["message"] == "run ended").collect();
    assert_eq!(ended.len(), 1, "{log}");
    assert_eq!(ended[0]["trace_id"], TRACE);
    // Logged by what made the span of the run.
    assert_eq!(ended[0]["span_id"], run.ids().2);
    assert!(ended[0].get("messaging.system").is_none(), "{}", ended[0]);
}

#[tokio::test]
async fn one_trace_shows_upload_message_run_and_webhook_with_sqs() {
    one_trace_shows_all(World::cloud().await, "aws_sqs").await;
}

#[tokio::test]
async fn one_trace_shows_upload_message_run_and_webhook_with_the_database_queue() {
    one_trace_shows_all(World::database().await, "postgresql").await;
}

/// Uploads and runs a job with `env`. Returns the server, and the trace that the job continues.
async fn run_with(collector: &Collector, env: &[(&str, &str)]) -> (Server, Option<String>) {
    let world = tracing(World::database().await, &collector.url).with(env);
    let server = Server::start(world).await;
    let job = upload(&server).await;
    let mut worker = spawn(&server.world, "imports", &["worker"]);
    assert_eq!(server.world.status_after_run(job).await, "COMPLETED");
    assert_eq!(worker.term_and_wait().await, Some(0));
    let parent = sqlx::query_scalar("SELECT job_trace_parent FROM jobs WHERE job_id = $1").bind(job);
    let parent = parent.fetch_one(&server.world.pool).await.unwrap();
    (server, parent)
}

#[tokio::test]
async fn a_sampler_that_is_off_sends_nothing_and_says_so_to_others() {
    let collector = Collector::start().await;
    let (_server, parent) = run_with(&collector, &[("OTEL_TRACES_SAMPLER", "always_off")]).await;
    let parent = parent.unwrap();
    assert!(parent.starts_with(&format!("00-{TRACE}-")) && parent.ends_with("-00"), "{parent}");
    assert!(collector.exports().is_empty());
}

#[tokio::test]
async fn a_disabled_sdk_sends_and_records_nothing() {
    let collector = Collector::start().await;
    let (server, parent) = run_with(&collector, &[("OTEL_SDK_DISABLED", "true")]).await;
    assert_eq!(parent, None);
    assert!(collector.exports().is_empty());
    assert!(!server.world.log().contains("trace_id"), "{}", server.world.log());
}

#[tokio::test]
async fn a_protocol_that_is_not_supported_is_named_and_stops_nothing() {
    let collector = Collector::start().await;
    let (server, parent) = run_with(&collector, &[("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]).await;
    assert_eq!(parent, None);
    assert!(collector.exports().is_empty());
    let log = server.world.log();
    assert!(log.contains("OTEL_EXPORTER_OTLP_PROTOCOL takes http/protobuf"), "{log}");
}

#[tokio::test]
async fn traces_of_others_are_not_continued_without_a_propagator() {
    let collector = Collector::start().await;
    let (_server, parent) = run_with(&collector, &[("OTEL_PROPAGATORS", "none")]).await;
    assert_eq!(parent, None);
    let run = collector.eventually("run", |_| true).await;
    assert_ne!(run.ids().0, TRACE);
}

/// Runs a job whose traces nobody accepts, and stops the worker.
async fn a_collector_that_is_away_delays_nothing(endpoint: &str) {
    let world = tracing(World::database().await, endpoint).with(&[("OTEL_BSP_EXPORT_TIMEOUT", "1000")]);
    world.ingest(&["migrate"]).await.expect_status(0);
    let mut worker = spawn(&world, "imports", &["worker"]);
    let job = world.enqueue("clean.csv", CLEAN, "one").await;
    assert_eq!(world.status_after_run(job).await, "COMPLETED");
    let second = world.enqueue("more.csv", &CLEAN.replace("example.com", "example.net"), "one").await;
    assert_eq!(world.status_after_run(second).await, "COMPLETED");
    let stopped = Instant::now();
    assert_eq!(worker.term_and_wait().await, Some(0));
    // A worker itself stops within a second; the rest is what traces may add, on a busy machine.
    assert!(stopped.elapsed() < Duration::from_secs(8), "{:?}", stopped.elapsed());
    let lines = world.log().matches("cannot send traces").count();
    assert!(lines <= 1, "{}", world.log());
}

#[tokio::test]
async fn an_unreachable_collector_costs_one_line_of_the_log() {
    let endpoint = format!("http://127.0.0.1:{}", free_port());
    let world = tracing(World::database().await, &endpoint);
    let server = Server::start(world).await;
    crate::support::eventually("the log says it", async || server.world.log().contains("cannot send traces"))
        .await;
    for _ in 0..20 {
        server.get("/api/v1/jobs").await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let log = server.world.log();
    assert_eq!(log.matches("cannot send traces").count(), 1, "{log}");
    a_collector_that_is_away_delays_nothing(&endpoint).await;
}

#[tokio::test]
async fn a_collector_that_never_answers_delays_no_stop() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    a_collector_that_is_away_delays_nothing(&endpoint).await;
}

#[tokio::test]
async fn messages_of_other_programs_name_their_trace() {
    let collector = Collector::start().await;
    let world = tracing(World::cloud().await, &collector.url);
    world.ingest(&["migrate"]).await.expect_status(0);
    let job = world.enqueue_silently("clean.csv", CLEAN, "one").await;
    let parent = format!("00-{TRACE}-{CALLER}-01");
    let attributes = [("traceparent", parent.as_str()), ("tracestate", "vendor=1")];
    world.send_again_with(job, &attributes).await;
    let mut worker = spawn(&world, "imports", &["worker"]);
    assert_eq!(world.status_after_run(job).await, "COMPLETED");
    assert_eq!(worker.term_and_wait().await, Some(0));
    let run = collector.eventually("run", |_| true).await;
    assert_eq!(run.ids().0, TRACE);
    assert_eq!(run.span.trace_state, "vendor=1");
}
