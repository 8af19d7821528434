//! The container image, run by a container engine as servers run it: any user, a read-only root and no capabilities. `make
//! image-check` runs these tests; ENGINE is the engine (podman or docker), IMAGE the image.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::Value;

use crate::support::{World, client, client_with_bearer, eventually, free_port};

const CLEAN: &str = "email,first_name,last_name,company\nann@example.com,Ann,Lee,Acme\n";

/// What Kubernetes and OpenShift do to containers: a user that the image does not know, in group 0.
const WITHOUT_RIGHTS: &[&str] =
    &["--user", "54321:0", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"];

/// `docker stop` kills a container after ten seconds.
const GRACE: Duration = Duration::from_secs(10);

fn run(arguments: &[&str]) -> Output {
    let engine = std::env::var("ENGINE").unwrap_or_else(|_| "docker".to_owned());
    Command::new(&engine).args(arguments).output().unwrap_or_else(|error| panic!("{engine}: {error}"))
}

/// Runs the engine and returns its exit status and its output: if it fails, with its errors.
fn engine(arguments: &[&str]) -> (Option<i32>, String) {
    let engine = std::env::var("ENGINE").unwrap_or_else(|_| "docker".to_owned());
    let output =
        Command::new(&engine).args(arguments).output().unwrap_or_else(|error| panic!("{engine}: {error}"));
    let text = if output.status.success() { output.stdout } else { [output.stdout, output.stderr].concat() };
    (output.status.code(), String::from_utf8(text).unwrap().trim().to_owned())
}

#[track_caller]
fn engine_prints(arguments: &[&str]) -> String {
    let (status, text) = engine(arguments);
    assert_eq!(status, Some(0), "{arguments:?}: {text}");
    text
}

fn image() -> String {
    std::env::var("IMAGE").unwrap_or_else(|_| "data-ingestion-worker".to_owned())
}

/// A running container, which shares the network of this machine.
struct Container {
    id: String,
    started: Instant,
}

impl Container {
    /// Starts a container with the world's variables, except the folder, which is the image's, and with `variables`.
    fn start(world: &World, variables: &[(&str, &str)], options: &[&str], arguments: &[&str]) -> Container {
        let mut lines = String::new();
        let own = world.variables().iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in
            own.filter(|(name, _)| *name != "INGEST_DATA_DIR").chain(variables.iter().copied())
        {
            writeln!(lines, "{name}={value}").unwrap();
        }
        let file = world.file("container.env", &lines);
        let image = image();
        let line = ["run", "--detach", "--network", "host", "--env-file", &file];
        let started = Instant::now();
        let id = engine_prints(&[&line, WITHOUT_RIGHTS, options, &[&image], arguments].concat());
        Container { id, started }
    }

    /// Waits until `url` answers 200 and returns the seconds since the start.
    async fn seconds_until_ready(&self, url: &str) -> f64 {
        let ready =
            async || client().get(url).send().await.is_ok_and(|answer| answer.status() == StatusCode::OK);
        let in_time =
            tokio::time::timeout(Duration::from_secs(60), eventually("the container is ready", ready));
        assert!(in_time.await.is_ok(), "{}", self.log());
        self.started.elapsed().as_secs_f64()
    }

    /// Runs a program in the container.
    fn exec(&self, arguments: &[&str]) -> (Option<i32>, String) {
        engine(&[&["exec", &self.id], arguments].concat())
    }

    fn log(&self) -> String {
        let output = run(&["logs", &self.id]);
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    }

    /// Sends SIGTERM, and returns the exit status and the time that it took.
    fn stop(&self) -> (String, Duration) {
        let started = Instant::now();
        engine_prints(&["stop", "--time", "40", &self.id]);
        let took = started.elapsed();
        (engine_prints(&["inspect", "--format", "{{.State.ExitCode}}", &self.id]), took)
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        engine(&["rm", "--force", "--volumes", &self.id]);
    }
}

#[tokio::test]
#[ignore = "needs a container engine and the image: make image-check"]
async fn a_worker_runs_jobs_without_rights_and_stops_within_its_grace() {
    let port = free_port().to_string();
    let world = World::cloud().await;
    let address = format!("127.0.0.1:{port}");
    let worker =
        Container::start(&world, &[("METRICS_ADDRESS", &address)], &["--memory", "512m"], &["worker"]);
    let seconds = worker.seconds_until_ready(&format!("http://{address}/readyz")).await;
    let job = world.enqueue("a.csv", CLEAN, "one").await;
    assert_eq!(world.status_after_run(job).await, "COMPLETED", "{}", worker.log());
    assert_eq!(world.contacts("one").await.len(), 1);

    assert_eq!(worker.exec(&["ingest", "health"]), (Some(0), String::new()));
    assert_eq!(worker.exec(&["ingest", "health", "--ready"]), (Some(0), String::new()));
    let (status, text) = worker.exec(&["sh", "-c", "echo > /usr/local/bin/new"]);
    assert!(status != Some(0) && text.contains("Read-only file system"), "{text}");

    let (status, took) = worker.stop();
    assert!(status == "0" && took < GRACE, "{status} {took:?}\n{}", worker.log());
    let megabytes =
        engine_prints(&["image", "inspect", "--format", "{{.Size}}", &image()]).parse::<u64>().unwrap()
            / 1_000_000;
    println!(
        "worker: ready after {seconds:.2} s, stopped after {:.2} s, image {megabytes} MB",
        took.as_secs_f64()
    );
}

#[tokio::test]
#[ignore = "needs a container engine and the image: make image-check"]
async fn the_image_says_how_to_check_its_health() {
    let described: Value = serde_json::from_str(&engine_prints(&["image", "inspect", &image()])).unwrap();
    let config = &described[0]["Config"];
    assert_eq!(config["User"], "10001:10001");
    // podman has it beside the rest.
    let check = [config, &described[0]].into_iter().find_map(|part| part.get("Healthcheck"));
    assert_eq!(check.expect("a health check")["Test"], serde_json::json!(["CMD", "ingest", "health"]));
    // Nothing runs in this container, so its own check fails, with a reason.
    let (status, text) = engine(&["run", "--rm", &image(), "health"]);
    assert!(status == Some(1) && text.contains("METRICS_ADDRESS"), "{status:?} {text}");
}

#[tokio::test]
#[ignore = "needs a container engine and the image: make image-check"]
async fn serve_shows_the_pages_to_the_local_user() {
    let world = World::database().await;
    let (port, metrics) = (free_port(), free_port());
    let variables = [
        ("LISTEN_ADDRESS", format!("0.0.0.0:{port}")),
        ("METRICS_ADDRESS", format!("127.0.0.1:{metrics}")),
        ("LOCAL_USER", "true".to_owned()),
    ];
    let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
    let server = Container::start(&world, &variables, &["--tty"], &["serve"]);
    let url = format!("http://127.0.0.1:{port}");
    let seconds = server.seconds_until_ready(&format!("{url}/readyz")).await;

    // The address is in the log, since the container has a terminal.
    let log = server.log();
    let entry =
        log.split_whitespace().find(|word| word.contains("/?token=")).unwrap_or_else(|| panic!("{log}"));
    let token = entry.strip_prefix(&format!("{url}/?token=")).unwrap_or_else(|| panic!("{entry}"));
    assert_eq!(
        client().get(format!("{url}/api/v1/me")).send().await.unwrap().status(),
        StatusCode::UNAUTHORIZED
    );

    // A compressed file is unpacked to /tmp, and stored in the data folder.
    let mut compressed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    compressed.write_all(CLEAN.as_bytes()).unwrap();
    let upload = client_with_bearer(token).post(format!("{url}/api/v1/uploads?filename=a.csv.gz"));
    let answer = upload
        .header("content-type", "application/gzip")
        .body(compressed.finish().unwrap())
        .send()
        .await
        .unwrap();
    let (status, made) = (answer.status(), answer.json::<Value>().await.unwrap());
    assert_eq!(status, StatusCode::ACCEPTED, "{made}");
    assert_eq!(world.status_after_run(made["job"].as_i64().unwrap()).await, "COMPLETED", "{}", server.log());

    let (status, took) = server.stop();
    assert!(status == "0" && took < GRACE, "{status} {took:?}\n{}", server.log());
    println!("serve: ready after {seconds:.2} s, stopped after {:.2} s", took.as_secs_f64());
}
