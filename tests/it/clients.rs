//! Clients that well-known generators make of the OpenAPI document. Each is made of the document that the server sends,
//! compiles, and makes every call of the API to the server.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::api::document::operations;
use crate::support::{Server, World, client, free_port};

/// A server, and a folder for a client.
struct Scene {
    server: Server,
    metrics_url: String,
    folder: PathBuf,
}

impl Scene {
    async fn start() -> Scene {
        let port = free_port();
        let metrics = format!("127.0.0.1:{port}");
        let world = World::database()
            .await
            .with(&[("METRICS_ADDRESS", metrics.as_str()), ("RATE_LIMIT_PER_SECOND", "100000")]);
        let server = Server::start_at(world, free_port(), &["serve"]).await;
        let folder = server.world.path("client");
        std::fs::create_dir(&folder).unwrap();
        let scene = Scene { server, metrics_url: format!("http://{metrics}/metrics"), folder };
        let (_, document) = scene.server.get("/api/openapi.json").await;
        std::fs::write(scene.folder.join("openapi.json"), document.to_string()).unwrap();
        scene
    }

    /// Runs a program in the folder and returns what it prints, also to standard error.
    async fn run(&self, program: impl AsRef<Path>, arguments: &[&str]) -> String {
        let mut command = tokio::process::Command::new(program.as_ref());
        let path = format!("{}:{}", python("").display(), std::env::var("PATH").unwrap_or_default());
        command.args(arguments).current_dir(&self.folder).kill_on_drop(true);
        command.env("PATH", path).env("NO_COLOR", "1").env("PYTHONPATH", &self.folder);
        let output = command.output().await.unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success(), "{} {arguments:?}:\n{said}", program.as_ref().display());
        said
    }

    /// Copies a file of `tests/clients` into the folder.
    fn copy(&self, name: &str) {
        std::fs::copy(root().join("tests/clients").join(name), self.folder.join(name)).unwrap();
    }

    /// Returns how many requests the server has answered with success, by method and route.
    async fn answered(&self) -> BTreeMap<(String, String), u64> {
        let text = client().get(&self.metrics_url).send().await.unwrap().text().await.unwrap();
        let mut answered = BTreeMap::new();
        for line in text.lines() {
            let Some(rest) = line.strip_prefix("http_server_request_duration_seconds_count{") else {
                continue;
            };
            let (labels, count) = rest.split_once("} ").unwrap();
            let label = |name: &str| {
                let value = labels.split(',').find_map(|label| label.strip_prefix(&format!("{name}=\"")));
                value.unwrap().trim_end_matches('"').to_owned()
            };
            if label("http_response_status_code").starts_with('2') {
                let key = (label("http_request_method"), label("http_route"));
                *answered.entry(key).or_default() += count.parse::<u64>().unwrap();
            }
        }
        answered
    }

    /// Runs the calls of the client, with the server's URL and a token as the last arguments. Fails unless each operation
    /// of the document but the `impossible` ones has been called with success.
    async fn makes_every_call(&self, program: impl AsRef<Path>, arguments: &[&str], impossible: &[&str]) {
        let before = self.answered().await;
        let token = self.server.token().unwrap();
        self.run(program, &[arguments, &[&self.server.url, &token]].concat()).await;
        let after = self.answered().await;
        let called: BTreeSet<(String, String)> = after
            .into_iter()
            .filter(|(key, count)| before.get(key).is_none_or(|old| old < count))
            .map(|(key, _)| key)
            .collect();
        let document = std::fs::read_to_string(self.folder.join("openapi.json")).unwrap();
        let document: Value = serde_json::from_str(&document).unwrap();
        let known = operations(&document)
            .into_iter()
            .map(|(method, path, _)| (method.to_uppercase(), path.to_owned()));
        let missing: Vec<String> = known
            .filter(|operation| !called.contains(operation))
            .map(|(method, path)| format!("{method} {path}"))
            .collect();
        assert_eq!(missing, impossible, "operations that were not called");
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the path of a program in the environment of Python.
fn python(program: &str) -> PathBuf {
    root().join(".venv/bin").join(program)
}

/// Fails if a generator has warned of anything but `known`, such as of something that it has left out.
fn without_warnings(said: &str, known: &[&str]) {
    let is_warning = |line: &&str| {
        let line = line.to_lowercase();
        ["warn", "skip", "omit", "unsupported", "error", "missing"].iter().any(|word| line.contains(word))
    };
    let warnings: Vec<&str> = said
        .lines()
        .filter(is_warning)
        .filter(|line| !known.iter().any(|known| line.contains(known)))
        .collect();
    assert!(warnings.is_empty(), "{warnings:#?}");
}

#[tokio::test]
async fn openapi_typescript_and_openapi_fetch() {
    let scene = Scene::start().await;
    let modules = root().join("tests/peers/node_modules");
    std::os::unix::fs::symlink(&modules, scene.folder.join("node_modules")).unwrap();
    let said =
        scene.run(modules.join(".bin/openapi-typescript"), &["openapi.json", "-o", "schema.d.ts"]).await;
    without_warnings(&said, &[]);
    scene.copy("calls.ts");
    std::fs::write(scene.folder.join("package.json"), r#"{ "type": "module" }"#).unwrap();
    let strict =
        ["--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--noEmitOnError"];
    let target = ["--target", "es2022", "--module", "nodenext", "--skipLibCheck", "calls.ts"];
    scene.run(modules.join(".bin/tsc"), &[strict.as_slice(), &target].concat()).await;
    scene.makes_every_call("node", &["calls.js"], &[]).await;
}

#[tokio::test]
async fn openapi_python_client() {
    let scene = Scene::start().await;
    scene.copy("openapi-python-client.yaml");
    let generate =
        ["generate", "--path", "openapi.json", "--config", "openapi-python-client.yaml", "--meta", "none"];
    let said = scene.run(python("openapi-python-client"), &generate).await;
    without_warnings(&said, &[]);
    scene.copy("openapi_python_client.py");
    let check = ["--strict", "--no-incremental", "--follow-imports", "silent", "openapi_python_client.py"];
    scene.run(python("mypy"), &check).await;
    // The generated function encodes its path by a function `quote`, which the parameter of this name hides.
    let impossible = ["GET /api/v1/jobs/{job}/preview"];
    scene.makes_every_call(python("python"), &["openapi_python_client.py"], &impossible).await;
}

#[tokio::test]
async fn openapi_generator() {
    let scene = Scene::start().await;
    let package = ["--package-name", "ingest_client"];
    let generate =
        [["generate", "-i", "openapi.json", "-g", "python", "-o", "generated"].as_slice(), &package].concat();
    let said = scene.run(python("openapi-generator-cli"), &generate).await;
    // The warnings leave nothing out, and the client sends a file as it is, not as the form.
    let known = [
        "OpenAPI 3.1 support is still in beta",
        "Failed to get the schema name: null",
        "Model Form not generated",
        "writing file",
    ];
    without_warnings(&said, &known);
    std::fs::rename(scene.folder.join("generated/ingest_client"), scene.folder.join("ingest_client"))
        .unwrap();
    scene.copy("openapi_generator.py");
    scene.makes_every_call(python("python"), &["openapi_generator.py"], &[]).await;
}
