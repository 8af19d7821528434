//! Metrics and health: what a service answers at METRICS_ADDRESS, read by the real Prometheus.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;

use crate::support::{Child, World, client, eventually, free_port};

const CLEAN: &str = "email,first_name,last_name,company\nann@example.com,Ann,Lee,Acme\n";
const DIRTY: &str =
    "email,first_name,last_name,company\nbob@example.com,Bob,Ray,Acme\nno-address,Cid,Day,Acme\n";

/// A world with an address for metrics.
struct Monitored {
    world: World,
    url: String,
}

impl Monitored {
    fn new(world: World) -> Monitored {
        let port = free_port();
        let world = world.with(&[("METRICS_ADDRESS", &format!("127.0.0.1:{port}"))]);
        Monitored { world, url: format!("http://127.0.0.1:{port}") }
    }

    async fn start(&self, arguments: &[&str]) -> Child {
        let child = self.world.spawn(arguments);
        eventually("the metrics are served", async || self.get("/livez").await.is_some()).await;
        child
    }

    /// Runs `ingest health` and returns its status and what it prints.
    async fn health(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let ended = self.world.ingest(&[&["health"], arguments].concat()).await;
        (ended.status, ended.stdout + &ended.stderr)
    }

    /// Returns the status and the body of a response; `None` if nobody answers.
    async fn get(&self, path: &str) -> Option<(StatusCode, String)> {
        let response = client().get(format!("{}{path}", self.url)).send().await.ok()?;
        Some((response.status(), response.text().await.unwrap()))
    }

    async fn metrics(&self) -> String {
        let (status, text) = self.get("/metrics").await.unwrap();
        assert_eq!(status, StatusCode::OK, "{text}");
        text
    }

    /// Waits until the metrics have these lines.
    async fn has(&self, lines: &[&str]) {
        for line in lines {
            let has = async || self.metrics().await.lines().any(|known| known == *line);
            let has = eventually(line, has);
            let in_time = tokio::time::timeout(Duration::from_secs(30), has).await.is_ok();
            assert!(in_time, "{line} is missing:\n{}", self.metrics().await);
        }
    }
}

#[tokio::test]
async fn health_asks_the_service_at_the_address_of_its_metrics() {
    let monitored = Monitored::new(World::database().await);
    let health = async |arguments: &[&str]| monitored.health(arguments).await;
    let (status, text) = health(&[]).await;
    assert!(
        status == Some(1) && text.contains("no `worker` or `serve` answers") && text.contains("/livez"),
        "{text}"
    );

    let _worker = monitored.start(&["worker"]).await;
    assert_eq!(health(&[]).await, (Some(0), String::new()));
    assert_eq!(health(&["--ready"]).await, (Some(0), String::new()));

    let unset = World::without_database().await.ingest(&["health"]).await;
    unset.expect_status(2);
    assert!(unset.stderr.contains("set METRICS_ADDRESS"), "{}", unset.stderr);
}

async fn a_worker_counts_what_it_does(world: World, system: &str) -> Monitored {
    let monitored = Monitored::new(world);
    let world = &monitored.world;
    world.ingest(&["migrate"]).await.expect_status(0);
    let mut worker = monitored.start(&["worker"]).await;
    let clean = world.enqueue("clean.csv", CLEAN, "one").await;
    assert_eq!(world.status_after_run(clean).await, "COMPLETED");
    let dirty = world.enqueue("dirty.csv", DIRTY, "two").await;
    assert_eq!(world.status_after_run(dirty).await, "NEEDS_REVIEW");
    monitored
        .has(&[
            &format!("messaging_client_consumed_messages_total{{messaging_system=\"{system}\"}} 2"),
            &format!(
                "messaging_process_duration_seconds_count{{messaging_system=\"{system}\",answer=\"ack\"}} 2"
            ),
            &format!("ingest_message_wait_seconds_count{{messaging_system=\"{system}\"}} 2"),
            "ingest_runs_total{outcome=\"completed\"} 1",
            "ingest_runs_total{outcome=\"needs_review\"} 1",
            "ingest_run_duration_seconds_count{flow=\"INITIAL_PROCESSING\",status=\"COMPLETED\"} 1",
            "ingest_rows_total{flow=\"INITIAL_PROCESSING\",outcome=\"valid\"} 2",
            "ingest_rows_total{flow=\"INITIAL_PROCESSING\",outcome=\"issue\"} 1",
            "ingest_contacts_total{change=\"created\"} 1",
            "ingest_issues_total{issue_type=\"INVALID_EMAIL\"} 1",
            "ingest_running_jobs 0",
            "ingest_worker_places 3",
            "ingest_source_up{source=\"database\"} 1",
            "ingest_source_up{source=\"queue\"} 1",
            // Read at most ten seconds ago.
            "ingest_unfinished_jobs{status=\"NEEDS_REVIEW\"} 1",
            "ingest_open_issues{status=\"NEEDS_REVIEW\"} 1",
            &format!("ingest_queue_messages{{messaging_system=\"{system}\",state=\"waiting\"}} 0"),
        ])
        .await;
    assert_eq!(monitored.get("/readyz").await, Some((StatusCode::OK, "ok\n".to_owned())));
    assert_eq!(worker.term_and_wait().await, Some(0));
    assert!(monitored.get("/livez").await.is_none(), "the metrics outlive the worker");
    monitored
}

#[tokio::test]
async fn a_worker_on_the_database_queue_counts_what_it_does() {
    a_worker_counts_what_it_does(World::database().await, "postgresql").await;
}

#[tokio::test]
async fn a_worker_on_sqs_counts_what_it_does() {
    let monitored = a_worker_counts_what_it_does(World::cloud().await, "aws_sqs").await;
    monitored.world.send("not a job").await;
    let _worker = monitored.start(&["worker"]).await;
    // The queue delivers it again until its redrive policy moves it.
    let counted = async || {
        let metrics = monitored.metrics().await;
        let count = metrics.lines().find_map(|line| line.strip_prefix("ingest_unreadable_messages_total "));
        count.is_some_and(|count| count != "0")
    };
    eventually("the unreadable message is counted", counted).await;
}

#[tokio::test]
async fn a_service_without_its_database_is_alive_and_not_ready() {
    let server = crate::support::Postgres::make();
    let monitored = Monitored::new(World::empty_database_on(&server, "").await);
    let _worker = monitored.start(&["worker"]).await;
    assert_eq!(monitored.get("/readyz").await.unwrap().0, StatusCode::OK);
    monitored.has(&["ingest_source_up{source=\"database\"} 1"]).await;
    server.crash();
    assert_eq!(monitored.get("/livez").await.unwrap().0, StatusCode::OK);
    let expected = (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n".to_owned());
    eventually("the worker is not ready", async || monitored.get("/readyz").await == Some(expected.clone()))
        .await;
    monitored.has(&["ingest_source_up{source=\"database\"} 0"]).await;
    assert_eq!(monitored.health(&[]).await, (Some(0), String::new()));
    let (status, text) = monitored.health(&["--ready"]).await;
    assert!(
        status == Some(1) && text.contains("503") && text.contains("the database does not answer"),
        "{text}"
    );
    server.start();
    eventually("the worker is ready", async || monitored.get("/readyz").await.unwrap().0 == StatusCode::OK)
        .await;
}

#[tokio::test]
async fn a_metrics_address_in_use_is_an_error_that_names_the_setting() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let world = World::database().await.with(&[("METRICS_ADDRESS", &address)]);
    let ended = world.ingest(&["worker"]).await;
    ended.expect_status(1);
    assert!(
        ended.stderr.contains(&format!("cannot listen on {address} (METRICS_ADDRESS)")),
        "{}",
        ended.stderr
    );
}

/// Runs the real Prometheus on a server with a worker, and asks it for everything that the dashboard shows.
#[tokio::test]
async fn prometheus_answers_each_query_of_the_dashboard_and_loads_the_alerts() {
    let monitored = Monitored::new(World::database().await.with(&[("WORKER_CONCURRENCY", "1")]));
    let port = free_port();
    let listens = [("LISTEN_ADDRESS".to_owned(), format!("127.0.0.1:{port}"))];
    monitored.world.ingest(&["migrate"]).await.expect_status(0);
    let _server = monitored.world.spawn_with(&["serve"], &listens);
    eventually("the metrics are served", async || monitored.get("/livez").await.is_some()).await;
    let prometheus = Prometheus::start(&monitored);
    prometheus.eventually_scraped().await;
    let dirty = monitored.world.enqueue("dirty.csv", DIRTY, "one").await;
    assert_eq!(monitored.world.status_after_run(dirty).await, "NEEDS_REVIEW");
    let clean = monitored.world.enqueue("clean.csv", CLEAN, "one").await;
    assert_eq!(monitored.world.status_after_run(clean).await, "COMPLETED");
    let url = format!("http://127.0.0.1:{port}/healthz");
    let answer = client().get(&url).header("x-request-id", "proxy-7").send().await.unwrap();
    assert_eq!(answer.headers()["x-request-id"], "proxy-7");
    let answer = client().get(&url).header("x-request-id", "not a word").send().await.unwrap();
    assert_eq!(answer.headers()["x-request-id"].len(), 36);
    let (_, version) = monitored.get("/version").await.unwrap();
    assert!(version.contains(concat!("\"version\":\"", env!("CARGO_PKG_VERSION"), "\"")), "{version}");

    for (title, expression) in dashboard() {
        let answered = async || !prometheus.query(&expression).await.is_empty();
        // Nothing of the kind happens here.
        let may_be_empty = ["Retries by cause", "Leases and messages lost"].contains(&title.as_str());
        if may_be_empty {
            prometheus.query(&expression).await;
            continue;
        }
        let answered = eventually(&title, answered);
        let in_time = tokio::time::timeout(Duration::from_secs(60), answered).await.is_ok();
        assert!(in_time, "{title} shows nothing: {expression}\n{}", monitored.metrics().await);
    }
    // A unit test has these two, which count what does not happen here.
    let text = monitored.metrics().await;
    let unknown: Vec<String> = alerted().into_iter().filter(|name| !text.contains(name)).collect();
    assert_eq!(unknown, ["ingest_renewals_total", "ingest_run_retries_total"]);
    let rules = prometheus.get("/api/v1/rules").await;
    assert_eq!(rules["data"]["groups"][0]["rules"].as_array().map(Vec::len), Some(12), "{rules}");
}

#[test]
fn each_alert_fires_when_it_should_and_has_its_place_in_the_runbook() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/monitoring");
    let test = ["test", "rules", &format!("{folder}/alerts_test.yaml")].map(str::to_owned);
    assert!(Command::new("promtool").args(test).status().unwrap().success());
    let runbook =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/OPERATIONS.md")).unwrap();
    let alerts = std::fs::read_to_string(format!("{folder}/alerts.yaml")).unwrap();
    let names: Vec<&str> = alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(names.len() > 5);
    for name in names {
        assert!(runbook.contains(&format!("### {name}\n")), "{name} is missing in docs/OPERATIONS.md");
    }
}

/// Returns the names of the metrics in the conditions of the alerts.
fn alerted() -> BTreeSet<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/monitoring/alerts.yaml");
    let alerts = std::fs::read_to_string(path).unwrap();
    let words = alerts.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let is_metric = |word: &&str| {
        let label =
            ["db_client_connection_pool_name", "db_client_connection_state", "http_response_status_code"];
        let begins = ["ingest_", "db_client_", "http_"].iter().any(|start| word.starts_with(start));
        begins && !label.contains(word)
    };
    words.filter(is_metric).map(str::to_owned).collect()
}

/// Returns the title and the query of each graph of the dashboard.
fn dashboard() -> Vec<(String, String)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/monitoring/dashboard.json");
    let dashboard: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut queries = Vec::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().unwrap() {
            let expression = target["expr"].as_str().unwrap().replace("$__rate_interval", "30s");
            queries.push((panel["title"].as_str().unwrap().to_owned(), expression));
        }
    }
    assert!(queries.len() > 20);
    queries
}

/// A running Prometheus.
struct Prometheus {
    url: String,
    _process: Child,
}

impl Prometheus {
    fn start(monitored: &Monitored) -> Prometheus {
        let target = monitored.url.trim_start_matches("http://");
        let alerts = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/monitoring/alerts.yaml");
        let settings = format!(
            "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [{alerts}]\n\
             scrape_configs: [{{job_name: ingest, static_configs: [{{targets: ['{target}']}}]}}]\n"
        );
        let file = monitored.world.file("prometheus.yaml", &settings);
        let listens = format!("127.0.0.1:{}", free_port());
        let mut command = Command::new("prometheus");
        command.arg(format!("--config.file={file}"));
        command.arg(format!("--storage.tsdb.path={}", monitored.world.path("prometheus").display()));
        command.arg(format!("--web.listen-address={listens}"));
        let process = Child::spawn(command.into(), &monitored.world.path("prometheus.log"));
        Prometheus { url: format!("http://{listens}"), _process: process }
    }

    async fn eventually_scraped(&self) {
        let is_up = async || {
            let answer = client().get(format!("{}/-/ready", self.url)).send().await;
            answer.is_ok_and(|answer| answer.status() == StatusCode::OK)
                && self.query("up{job=\"ingest\"} == 1").await.len() == 1
        };
        eventually("Prometheus has read the metrics", is_up).await;
    }

    async fn get(&self, path: &str) -> Value {
        client().get(format!("{}{path}", self.url)).send().await.unwrap().json().await.unwrap()
    }

    async fn query(&self, expression: &str) -> Vec<Value> {
        let url = format!("{}/api/v1/query", self.url);
        let url = url::Url::parse_with_params(&url, [("query", expression)]).unwrap();
        let answer: Value = client().get(url).send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["status"], "success", "{expression}: {answer}");
        answer["data"]["result"].as_array().unwrap().clone()
    }
}
