//! Metrics by OTLP: the collector gets what `/metrics` shows, and jobs do not depend on it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Point;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, HistogramDataPoint, Metric, NumberDataPoint,
};

use crate::support::{Collector, SentMetrics, Server, World, attribute, client, eventually, free_port};

const CLEAN: &str = "email,first_name,last_name,company\nann@example.com,Ann,Lee,Acme\n";

/// A world whose programs send their metrics to a collector every 200 milliseconds.
fn sending(world: World, endpoint: &str) -> World {
    world.with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint), ("OTEL_METRIC_EXPORT_INTERVAL", "200")])
}

/// Lets a worker with a new database run a job, and stops the worker.
async fn run_a_job(world: World) -> World {
    world.ingest(&["migrate"]).await.expect_status(0);
    let mut worker = world.spawn(&["worker"]);
    let job = world.enqueue("clean.csv", CLEAN, "one").await;
    assert_eq!(world.status_after_run(job).await, "COMPLETED");
    assert_eq!(worker.term_and_wait().await, Some(0));
    world
}

/// Values by the name and the labels of the samples of OpenMetrics.
type Values = BTreeMap<String, f64>;

fn key(name: &str, mut labels: Vec<String>) -> String {
    labels.sort();
    format!("{name}{{{}}}", labels.join(","))
}

/// Returns the values of a text whose labels contain neither commas nor braces.
fn served_values(text: &str) -> Values {
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    let value = |line: &str| {
        let (metric, value) = line.rsplit_once(' ').unwrap();
        let (name, labels) = metric.split_once('{').unwrap_or((metric, "}"));
        let labels = labels.trim_end_matches('}').split(',').filter(|label| !label.is_empty());
        (key(name, labels.map(str::to_owned).collect()), value.parse().unwrap())
    };
    samples.map(value).collect()
}

/// Returns the values of metrics under the names that OpenMetrics' text has.
fn sent_values(sent: &SentMetrics) -> Values {
    let mut values = Values::new();
    for metric in &sent.metrics {
        match metric.data.as_ref().unwrap() {
            Data::Gauge(gauge) => add_numbers(&mut values, &metric.name, &gauge.data_points),
            Data::Sum(sum) => add_numbers(&mut values, &metric.name, &sum.data_points),
            Data::Histogram(histogram) => {
                histogram
                    .data_points
                    .iter()
                    .for_each(|point| add_histogram(&mut values, &metric.name, point));
            }
            other => panic!("{other:?}"),
        }
    }
    values
}

fn labels(attributes: &[KeyValue]) -> Vec<String> {
    let label = |one: &KeyValue| format!("{}=\"{}\"", one.key, attribute(attributes, &one.key).unwrap());
    attributes.iter().map(label).collect()
}

fn add_numbers(values: &mut Values, name: &str, points: &[NumberDataPoint]) {
    for point in points {
        let value = match point.value.unwrap() {
            Point::AsInt(number) => number as f64,
            Point::AsDouble(number) => number,
        };
        values.insert(key(name, labels(&point.attributes)), value);
    }
}

fn add_histogram(values: &mut Values, name: &str, point: &HistogramDataPoint) {
    let labels = labels(&point.attributes);
    values.insert(key(&format!("{name}_sum"), labels.clone()), point.sum.unwrap());
    values.insert(key(&format!("{name}_count"), labels.clone()), point.count as f64);
    assert_eq!(point.bucket_counts.len(), point.explicit_bounds.len() + 1);
    let bounds = point.explicit_bounds.iter().map(|bound| format!("{bound:?}"));
    let mut so_far = 0;
    for (bound, count) in bounds.chain(["+Inf".to_owned()]).zip(&point.bucket_counts) {
        so_far += count;
        let of_bucket = [labels.clone(), vec![format!("le=\"{bound}\"")]].concat();
        values.insert(key(&format!("{name}_bucket"), of_bucket), so_far as f64);
    }
}

/// Returns the values that do not change while nothing happens.
fn lasting(mut values: Values) -> Values {
    values.retain(|name, _| name.starts_with("ingest_") || name.starts_with("messaging_"));
    values
}

fn find<'a>(sent: &'a SentMetrics, name: &str) -> &'a Metric {
    sent.metrics.iter().find(|metric| metric.name == name).unwrap_or_else(|| panic!("no {name}: {sent:?}"))
}

#[tokio::test]
async fn a_collector_gets_the_values_that_are_served() {
    let collector = Collector::start().await;
    let port = free_port();
    let world = sending(World::database().await, &collector.url)
        .with(&[("METRICS_ADDRESS", &format!("127.0.0.1:{port}")), ("OTEL_SERVICE_NAME", "imports")])
        .with(&[("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20sesame")]);
    world.ingest(&["migrate"]).await.expect_status(0);
    let mut worker = world.spawn(&["worker"]);
    let job = world.enqueue("clean.csv", CLEAN, "one").await;
    assert_eq!(world.status_after_run(job).await, "COMPLETED");
    let served = async || {
        let response = client().get(format!("http://127.0.0.1:{port}/metrics")).send().await.unwrap();
        response.text().await.unwrap()
    };
    let is_same = async || {
        let text = served().await;
        let sent = collector.metrics().pop();
        sent.is_some_and(|sent| lasting(sent_values(&sent)) == lasting(served_values(&text)))
    };
    eventually("the collector has the values that are served", is_same).await;

    let (text, sent) = (served().await, collector.metrics().pop().unwrap());
    let values = sent_values(&sent);
    for (sample, value) in [
        ("ingest_runs_total{outcome=\"completed\"}", 1.0),
        ("ingest_run_duration_seconds_count{flow=\"INITIAL_PROCESSING\",status=\"COMPLETED\"}", 1.0),
        ("ingest_contacts_total{change=\"created\"}", 1.0),
        ("ingest_source_up{source=\"database\"}", 1.0),
        ("ingest_running_jobs{}", 0.0),
    ] {
        assert_eq!(values.get(sample), Some(&value), "{sample}: {values:#?}");
    }
    // All names are those of the text, with its help.
    assert_eq!(names(&values), names(&served_values(&text)));
    for metric in &sent.metrics {
        let family = metric.name.trim_end_matches("_total");
        let help = format!("# HELP {family} {}\n", metric.description);
        assert!(text.contains(&help), "{help}");
    }
    kinds_are_those_of_the_specification(&sent);
    assert_eq!(attribute(&sent.resource, "service.name").as_deref(), Some("imports"));
    for export in collector.metric_exports() {
        assert_eq!(export.headers["authorization"], "Bearer sesame");
        assert_eq!(export.headers["content-type"], "application/x-protobuf");
    }
    assert_eq!(worker.term_and_wait().await, Some(0));
}

fn names(values: &Values) -> Vec<&str> {
    let mut names: Vec<&str> = values.keys().map(|key| key.split('{').next().unwrap()).collect();
    names.dedup();
    names
}

fn kinds_are_those_of_the_specification(sent: &SentMetrics) {
    let runs = find(sent, "ingest_runs_total");
    let Some(Data::Sum(sum)) = &runs.data else { panic!("{runs:?}") };
    assert!(sum.is_monotonic && sum.aggregation_temporality() == AggregationTemporality::Cumulative);
    let point = &sum.data_points[0];
    assert!(0 < point.start_time_unix_nano && point.start_time_unix_nano < point.time_unix_nano, "{point:?}");
    let durations = find(sent, "ingest_run_duration_seconds");
    assert_eq!(durations.unit, "s");
    let Some(Data::Histogram(histogram)) = &durations.data else { panic!("{durations:?}") };
    assert_eq!(histogram.data_points[0].bucket_counts.iter().sum::<u64>(), 1);
    assert!(matches!(find(sent, "ingest_running_jobs").data, Some(Data::Gauge(_))));
    assert_eq!(find(sent, "process_memory_usage_bytes").unit, "By");
}

#[tokio::test]
async fn a_stop_sends_the_last_values_compressed_and_with_headers_of_their_own() {
    let collector = Collector::start().await;
    let world = World::database().await.with(&[
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", &format!("{}/v1/metrics", collector.url)),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=general"),
        ("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "x-metrics=own"),
    ]);
    let _world = run_a_job(world).await;
    let [export] =
        collector.metric_exports().try_into().unwrap_or_else(|all: Vec<_>| panic!("{}", all.len()));
    assert_eq!(export.headers["content-encoding"], "gzip");
    assert_eq!(export.headers["x-metrics"], "own");
    assert!(!export.headers.contains_key("authorization"));
    let values = sent_values(&collector.metrics()[0]);
    assert_eq!(values["ingest_runs_total{outcome=\"completed\"}"], 1.0);
    assert!(collector.exports().is_empty(), "traces have no endpoint");
}

#[tokio::test]
async fn a_server_sends_its_requests_and_its_traces_are_of_the_same_instance() {
    let collector = Collector::start().await;
    let world = sending(World::database().await, &collector.url).with(&[("OTEL_BSP_SCHEDULE_DELAY", "100")]);
    let server = Server::start(world).await;
    server.get("/api/v1/jobs").await;
    let request = "http_server_request_duration_seconds_count{http_request_method=\"GET\",\
        http_response_status_code=\"200\",http_route=\"/api/v1/jobs\"}";
    let find = || {
        let mut sent = collector.metrics().into_iter();
        sent.find(|sent| sent_values(sent).get(request) == Some(&1.0))
    };
    eventually("the collector has the request", async || find().is_some()).await;
    let instance = attribute(&find().unwrap().resource, "service.instance.id").unwrap();
    let span = collector.eventually("GET /api/v1/jobs", |_| true).await;
    assert_eq!(span.instance, instance);
}

#[tokio::test]
async fn metrics_can_be_turned_off_alone() {
    let collector = Collector::start().await;
    let off = [("OTEL_METRICS_EXPORTER", "none"), ("OTEL_BSP_SCHEDULE_DELAY", "100")];
    let world = run_a_job(sending(World::database().await, &collector.url).with(&off)).await;
    assert!(collector.metric_exports().is_empty());
    assert!(!collector.exports().is_empty(), "traces are off too");
    assert!(!world.log().contains("metrics are sent"), "{}", world.log());
}

#[tokio::test]
async fn a_disabled_sdk_sends_no_metrics() {
    let collector = Collector::start().await;
    let world = sending(World::database().await, &collector.url).with(&[("OTEL_SDK_DISABLED", "true")]);
    let _world = run_a_job(world).await;
    assert!(collector.metric_exports().is_empty());
}

#[tokio::test]
async fn a_value_that_is_not_supported_is_named_and_stops_nothing() {
    let collector = Collector::start().await;
    let world = sending(World::database().await, &collector.url);
    let world = run_a_job(world.with(&[("OTEL_METRIC_EXPORT_INTERVAL", "soon")])).await;
    assert!(collector.metric_exports().is_empty());
    let log = world.log();
    assert!(
        log.contains("no metrics are sent") && log.contains("OTEL_METRIC_EXPORT_INTERVAL takes"),
        "{log}"
    );
    for endpoint in ["collector", "http://in valid"] {
        let world = World::database().await.with(&[("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", endpoint)]);
        let log = run_a_job(world).await.log();
        assert!(log.contains("no metrics are sent") && log.contains("URL or a header is invalid"), "{log}");
    }
}

#[tokio::test]
async fn a_collector_that_refuses_costs_one_line_of_the_log_until_it_accepts() {
    let collector = Collector::start().await;
    collector.answer_with(StatusCode::SERVICE_UNAVAILABLE);
    let world = sending(World::database().await, &collector.url).with(&[("OTEL_TRACES_EXPORTER", "none")]);
    world.ingest(&["migrate"]).await.expect_status(0);
    let mut worker = world.spawn(&["worker"]);
    let job = world.enqueue("clean.csv", CLEAN, "one").await;
    assert_eq!(world.status_after_run(job).await, "COMPLETED");
    eventually("five requests are refused", async || collector.metric_exports().len() >= 5).await;
    let count = |line| world.log().matches(line).count();
    assert_eq!(count("cannot send metrics"), 1, "{}", world.log());
    assert_eq!(count("the collector answered 503"), 1, "{}", world.log());
    collector.answer_with(StatusCode::OK);
    eventually("the log says it", async || count("the collector accepts metrics again") == 1).await;
    let completed =
        || sent_values(&collector.metrics().pop().unwrap())["ingest_runs_total{outcome=\"completed\"}"];
    assert_eq!(completed(), 1.0);
    assert_eq!(worker.term_and_wait().await, Some(0));
    assert_eq!(count("cannot send metrics"), 1, "{}", world.log());
}

/// Runs a job whose metrics nobody accepts, and stops the worker. Returns the log.
async fn a_collector_that_is_away_delays_nothing(endpoint: &str) -> String {
    let world = sending(World::database().await, endpoint)
        .with(&[("OTEL_TRACES_EXPORTER", "none"), ("OTEL_METRIC_EXPORT_TIMEOUT", "100")]);
    world.ingest(&["migrate"]).await.expect_status(0);
    let mut worker = world.spawn(&["worker"]);
    for (name, owner) in [("clean.csv", "one"), ("more.csv", "two")] {
        let job = world.enqueue(name, CLEAN, owner).await;
        assert_eq!(world.status_after_run(job).await, "COMPLETED");
    }
    eventually("the log says it", async || world.log().contains("cannot send metrics")).await;
    // Time for more requests.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let stopped = Instant::now();
    assert_eq!(worker.term_and_wait().await, Some(0));
    // A worker itself stops within a second; the rest is what metrics may add, on a busy machine.
    assert!(stopped.elapsed() < Duration::from_secs(8), "{:?}", stopped.elapsed());
    world.log()
}

#[tokio::test]
async fn an_unreachable_collector_costs_one_line_of_the_log() {
    let log = a_collector_that_is_away_delays_nothing(&format!("http://127.0.0.1:{}", free_port())).await;
    assert_eq!(log.matches("cannot send metrics").count(), 1, "{log}");
}

#[tokio::test]
async fn a_collector_that_never_answers_costs_one_line_of_the_log() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let log = a_collector_that_is_away_delays_nothing(&endpoint).await;
    assert_eq!(log.matches("cannot send metrics").count(), 1, "{log}");
}
