//! The work of one person in a round, which is undone at its end.

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use crate::auth::sign_in;
use crate::dataset::{Dataset, Kind};
use crate::support::{Browser, Server, client_with_bearer, status_and_json};

/// The sizes of the files.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    /// Rows of each small file.
    pub small: u64,
    /// Rows of a large file.
    pub large: u64,
    /// A large file is uploaded once in this many rounds.
    pub every: usize,
}

/// Decisions that resolve all issues of any file.
const DECISIONS: [(&str, &str); 5] = [
    ("EXISTING_EMAIL", "overwrite"),
    ("DUPLICATE_EMAIL", "keep_first"),
    ("MALFORMED_ROW", "accept"),
    ("INVALID_EMAIL", "discard"),
    ("MISSING_REQUIRED_FIELD", "discard"),
];

/// A person with a browser and an API token.
pub(super) struct Person<'s> {
    server: &'s Server,
    name: &'static str,
    token: String,
    client: reqwest::Client,
}

impl<'s> Person<'s> {
    /// Creates a token for the person.
    pub(super) async fn arrive(server: &'s Server, name: &'static str) -> Person<'s> {
        let mut browser = Browser::default();
        sign_in(server, &mut browser, name, "/jobs").await;
        let arguments = ["token", "create", "soak", "--roles", "uploader,editor", "--owner", name];
        let made = server.world.ingest(&arguments).await;
        made.expect_status(0);
        let token = made.stdout.split_whitespace().find(|word| word.starts_with("ing_")).unwrap().to_owned();
        let client = client_with_bearer(&token);
        let person = Person { server, name, token, client };
        person.sign_out(&mut browser).await;
        person
    }

    /// Imports, reviews, searches and exports files; then undoes the imports and deletes the jobs.
    pub(super) async fn round(&self, round: usize, sizes: Sizes) {
        let mut jobs = Vec::new();
        jobs.push(self.import(round, sizes.small / 10, Kind::Clean).await);
        jobs.push(self.import(round, sizes.small, Kind::Dirty).await);
        jobs.push(self.import(round, sizes.small, Kind::OneAddress).await);
        if round.is_multiple_of(sizes.every) {
            let kind = if round.is_multiple_of(2) { Kind::Dirty } else { Kind::Clean };
            jobs.push(self.import(round, sizes.large, kind).await);
        }
        self.browse(jobs[1]).await;
        self.search_and_export(&jobs).await;
        self.disconnect(jobs[1]).await;
        for job in jobs.into_iter().rev() {
            self.expect(Method::POST, &format!("/jobs/{job}/undo-import"), None, &[200]).await;
            self.expect(Method::DELETE, &format!("/jobs/{job}"), None, &[200]).await;
        }
    }

    /// Uploads a file and decides about it until its contacts exist.
    async fn import(&self, round: usize, rows: u64, kind: Kind) -> i64 {
        let mut file = Vec::new();
        Dataset { rows, seed: round as u64, kind }.write(&mut file, None).unwrap();
        let url = format!("{}/api/v1/uploads?filename=soak.csv&force=true", self.server.url);
        let sent = self.client.post(url).header("content-type", "text/csv").body(file).send().await.unwrap();
        let (status, made) = status_and_json(sent).await;
        assert_eq!(status, 202, "{made}");
        let job = made["job"].as_i64().unwrap();
        if self.until_end(job).await["status"] == "COMPLETED" {
            return job;
        }
        self.review(job).await;
        self.expect(Method::POST, &format!("/jobs/{job}/reprocess"), Some(json!({})), &[202]).await;
        let end = self.until_end(job).await;
        assert_eq!(end["status"], "COMPLETED", "{end}");
        job
    }

    /// Edits one row, undoes one action, then decides the rest in bulk.
    async fn review(&self, job: i64) {
        let issues = self.get(&format!("/jobs/{job}/issues?limit=50")).await;
        let issue = issues["items"][0]["id"].as_i64().unwrap();
        let detail = self.get(&format!("/jobs/{job}/issues/{issue}")).await;
        let row = detail["rows"][0]["row"].as_i64().unwrap();
        let url = format!("{}/api/v1/jobs/{job}/rows/{row}", self.server.url);
        let edited = self.client.patch(url).header("if-match", "*").json(&json!({ "company": "By hand" }));
        let (status, edited) = status_and_json(edited.send().await.unwrap()).await;
        assert_eq!(status, 200, "{edited}");
        // A decision about one rule may raise another.
        for pass in 0.. {
            if self.decide_in_bulk(job, pass == 0).await == 0 {
                return;
            }
            assert!(pass < 5, "job {job} still has issues");
        }
    }

    /// Decides about every type of issue, each after a preview; returns the number of issues that remain open.
    async fn decide_in_bulk(&self, job: i64, with_undo: bool) -> i64 {
        let bulk = format!("/jobs/{job}/bulk");
        let mut open = 0;
        for (kind, decision) in DECISIONS {
            let body = json!({ "filter": { "issue_type": kind }, "decision": { "decision": decision } });
            self.expect(Method::POST, &format!("{bulk}/preview"), Some(body.clone()), &[200]).await;
            let mut effect = self.expect(Method::POST, &bulk, Some(body.clone()), &[200]).await;
            if let Some(action) = effect["action"].as_i64().filter(|_| with_undo) {
                self.expect(Method::POST, &format!("/actions/{action}/undo"), None, &[200]).await;
                effect = self.expect(Method::POST, &bulk, Some(body), &[200]).await;
            }
            open = effect["open_issues"].as_i64().unwrap();
        }
        open
    }

    /// Signs in, loads pages, signs out.
    async fn browse(&self, job: i64) {
        let mut browser = Browser::default();
        sign_in(self.server, &mut browser, self.name, "/jobs").await;
        let issues = format!("/jobs/{job}/review/invalid?state=all");
        for path in ["/jobs", &format!("/jobs/{job}"), &issues, "/contacts", "/audit", "/upload"] {
            let url = format!("{}{path}", self.server.url);
            let answer = browser.request_with(Method::GET, &url, &[], &[("accept", "text/html")]).await;
            assert_eq!(answer.status(), 200, "{path}");
            answer.bytes().await.unwrap();
        }
        self.sign_out(&mut browser).await;
    }

    async fn sign_out(&self, browser: &mut Browser) {
        let url = format!("{}/sign-out", self.server.url);
        let own_page = [("sec-fetch-site", "same-origin")];
        assert_eq!(browser.request_with(Method::POST, &url, &[], &own_page).await.status(), 303);
    }

    async fn search_and_export(&self, jobs: &[i64]) {
        self.get("/contacts?text=example&limit=100").await;
        self.get("/actions?limit=100").await;
        for job in jobs {
            self.get(&format!("/jobs/{job}/rows?text=acme&limit=100")).await;
            self.get(&format!("/jobs/{job}/issues?text=zzz")).await;
            for file in ["file", "corrections"] {
                self.download(&format!("/jobs/{job}/{file}")).await;
            }
        }
        self.download("/contacts.csv").await;
    }

    /// Starts an upload, an export and an event stream, and disconnects half-way.
    async fn disconnect(&self, job: i64) {
        for request in [
            "GET /api/v1/contacts.csv HTTP/1.1\r\n".to_owned(),
            format!("GET /api/v1/jobs/{job}/events HTTP/1.1\r\n"),
            "POST /api/v1/uploads HTTP/1.1\r\ncontent-type: text/csv\r\ncontent-length: 1000000\r\n"
                .to_owned(),
        ] {
            let address = self.server.url.trim_start_matches("http://");
            let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
            let head = format!("{request}host: {address}\r\nauthorization: Bearer {}\r\n\r\n", self.token);
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(b"email,first_name,last_name,company\na@example.com,A,B,C\n").await.unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }

    /// Reads a job's event stream to its end.
    async fn until_end(&self, job: i64) -> Value {
        let url = format!("{}/api/v1/jobs/{job}/events", self.server.url);
        let text = self.client.get(url).send().await.unwrap().text().await.unwrap();
        let end = text.rsplit_once("event: end\ndata: ").unwrap_or_else(|| panic!("no end: {text}")).1;
        serde_json::from_str(end.trim()).unwrap()
    }

    async fn get(&self, path: &str) -> Value {
        self.expect(Method::GET, path, None, &[200]).await
    }

    async fn download(&self, path: &str) {
        let answer = self.client.get(format!("{}/api/v1{path}", self.server.url)).send().await.unwrap();
        assert!(answer.status().is_success() || answer.status() == 409, "{path} {}", answer.status());
        answer.bytes().await.unwrap();
    }

    async fn expect(&self, method: Method, path: &str, body: Option<Value>, statuses: &[u16]) -> Value {
        let mut request = self.client.request(method.clone(), format!("{}/api/v1{path}", self.server.url));
        if let Some(body) = &body {
            request = request.json(body);
        }
        let (status, answer) = status_and_json(request.send().await.unwrap()).await;
        assert!(statuses.contains(&status), "{method} {path} {body:?}: {status} {answer}");
        answer
    }
}
