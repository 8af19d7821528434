//! The program as a server, and requests to it.

use reqwest::{Method, Response, StatusCode};
use serde_json::Value;

use super::browser::{Browser, client, client_with_bearer};
use super::process::Child;
use super::servers::free_port;
use super::world::{World, eventually};

/// A running `ingest serve`.
pub(crate) struct Server {
    /// The world in which it runs.
    pub world: World,
    /// Its URL, without a trailing slash.
    pub url: String,
    /// Sends the local user's token, if the server has one.
    client: reqwest::Client,
    process: Child,
}

impl Server {
    /// Starts a server without a worker.
    pub(crate) async fn start(world: World) -> Server {
        let port = free_port();
        Server::start_at(world, port, &["serve", "--no-worker"]).await
    }

    /// Starts a server on a port.
    pub(crate) async fn start_at(world: World, port: u16, arguments: &[&str]) -> Server {
        Server::spawned(world, port, |world| world.spawn(arguments)).await
    }

    /// Starts a server with a soft limit of open files.
    pub(crate) async fn start_with_open_files(world: World, soft: u32, arguments: &[&str]) -> Server {
        Server::spawned(world, free_port(), |world| world.spawn_with_open_files(soft, arguments)).await
    }

    async fn spawned(world: World, port: u16, spawn: impl FnOnce(&World) -> Child) -> Server {
        let world = world.with(&[("LISTEN_ADDRESS", &format!("127.0.0.1:{port}"))]);
        let url = format!("http://127.0.0.1:{port}");
        let process = spawn(&world);
        let mut server = Server { world, url, client: client(), process };
        let ready = async || {
            let answer = client().get(format!("{}/readyz", server.url)).send().await;
            answer.is_ok_and(|answer| answer.status() == StatusCode::OK)
        };
        let started = async { eventually("the server is ready", ready).await };
        let patience = std::time::Duration::from_secs(60);
        let log = || server.world.log();
        tokio::time::timeout(patience, started).await.unwrap_or_else(|_| panic!("{}", log()));
        if let Some(token) = server.token() {
            server.client = client_with_bearer(&token);
        }
        server
    }

    /// Returns the local user's token; `None` with a provider.
    pub(crate) fn token(&self) -> Option<String> {
        let text = std::fs::read_to_string(self.world.path("data/serve.token")).ok();
        text.map(|text| text.trim().to_owned())
    }

    /// Returns the authorization header of the local user for a raw request; empty with a provider.
    pub(crate) fn authorization(&self) -> String {
        self.token().map_or_else(String::new, |token| format!("authorization: Bearer {token}\r\n"))
    }

    /// Returns a client of the local user, or an anonymous one with a provider.
    pub(crate) fn client(&self) -> reqwest::Client {
        self.client.clone()
    }

    /// Returns the URL that a person opens, with the local user's token if there is one.
    pub(crate) fn entry_url(&self) -> String {
        self.token().map_or_else(|| self.url.clone(), |token| format!("{}/?token={token}", self.url))
    }

    /// Returns a browser that has opened that URL.
    pub(crate) async fn browser(&self) -> Browser {
        let mut browser = Browser::default();
        browser.request(Method::GET, &self.entry_url(), &[]).await;
        browser
    }

    /// Sends a request with a JSON body and headers.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Response {
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.unwrap()
    }

    /// Returns status and JSON of a GET with a bearer token.
    pub(crate) async fn get_as(&self, path: &str, token: &str) -> (u16, Value) {
        let bearer = format!("Bearer {token}");
        status_and_json(self.send(Method::GET, path, None, &[("authorization", &bearer)]).await).await
    }

    /// Returns status and JSON of a GET.
    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        status_and_json(self.send(Method::GET, path, None, &[]).await).await
    }

    /// Returns its host and port.
    pub(crate) fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// Returns its process id.
    pub(crate) fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// Returns a value of `/proc/PID/status` in bytes: `VmHWM`, the peak memory; `VmRSS`, the current memory.
    pub(crate) fn memory_bytes(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim_matches([':', ' ', '\t']).trim_end_matches(" kB").trim().parse::<u64>().unwrap() << 10
    }

    /// Kills the process.
    pub(crate) async fn kill(&mut self) {
        self.process.kill();
        self.process.wait().await;
    }

    /// Starts another server without a worker in the same world, instead of a killed one.
    pub(crate) async fn restart(self) -> Server {
        Server::start(self.world).await
    }

    /// Sends SIGTERM, waits, and returns the exit status.
    pub(crate) async fn stop(&mut self) -> Option<i32> {
        self.process.term_and_wait().await
    }
}

/// Returns a response's status and JSON. Fails if an error response is not a problem.
#[track_caller]
pub(crate) fn status_and_json(answer: Response) -> impl Future<Output = (u16, Value)> {
    let caller = std::panic::Location::caller();
    async move {
        let status = answer.status();
        let kind = answer.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
        let body = answer.text().await.unwrap();
        let value: Value = serde_json::from_str(&body).unwrap_or(Value::Null);
        if status.is_client_error() || status.is_server_error() {
            assert_eq!(kind.as_deref(), Some("application/problem+json"), "{caller}: {status} {body}");
            assert_eq!(value["status"].as_u64(), Some(status.as_u16().into()), "{caller}: {body}");
            assert!(value["instance"].as_str().is_some_and(|path| path.starts_with('/')), "{caller}: {body}");
        }
        (status.as_u16(), value)
    }
}
