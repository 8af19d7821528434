//! Every text of the pages, so that a reviewer sees what changes. `INSTA_UPDATE=always` accepts new texts.

use reqwest::Method;

use super::{HEADER, MESSY};
use crate::support::{Server, World, free_port};

/// Attributes that people read or hear.
const SPOKEN: [&str; 4] = ["aria-label", "placeholder", "title", "data-label"];
/// Elements that start and end lines.
const BLOCKS: [&str; 19] = [
    "p", "h1", "h2", "h3", "li", "tr", "td", "th", "div", "section", "form", "label", "button", "option",
    "legend", "summary", "dd", "article", "nav",
];

/// Returns the text of a page, one line per block, with attributes in brackets and without times.
pub(super) fn words(html: &str) -> String {
    let title = html.split("<title>").nth(1).map(|rest| rest.split("</title>").next().unwrap());
    let main = html.split("<main").nth(1).map_or(html, |rest| rest.split("</main>").next().unwrap());
    let mut lines = vec![title.map(|title| format!("title: {title}")).unwrap_or_default(), String::new()];
    let mut rest = if main.len() < html.len() { main.split_once('>').unwrap().1 } else { main };
    while let Some((text, tail)) = rest.split_once('<') {
        lines.last_mut().unwrap().push_str(text);
        let (tag, tail) = tail.split_once('>').unwrap();
        rest = tail;
        let name = tag.trim_start_matches('/').split([' ', '\n']).next().unwrap();
        match name {
            "time" if !tag.starts_with('/') => {
                assert!(is_valid_time(tag), "{tag}");
                lines.last_mut().unwrap().push_str("TIME");
                rest = rest.split_once('<').map(|(_, tail)| tail.split_once('>').unwrap().1).unwrap();
            }
            name if BLOCKS.contains(&name) => lines.push(String::new()),
            _ => {}
        }
        for attribute in SPOKEN.iter().filter(|_| name != "time") {
            if let Some(value) = tag.split(&format!(" {attribute}=\"")).nth(1) {
                lines.last_mut().unwrap().push_str(&format!("[{}] ", value.split('"').next().unwrap()));
            }
        }
    }
    let trimmed = lines.iter().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    let text = trimmed.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
    ["&#60;<", "&#62;>", "&#34;\"", "&#39;'", "&#38;&"].iter().fold(text, |text, entity| {
        let (entity, letter) = entity.split_at(5);
        text.replace(entity, letter)
    })
}

/// Whether the tag has a machine-readable time: RFC 3339 in UTC, as HTML requires.
fn is_valid_time(tag: &str) -> bool {
    let time = tag.split("datetime=\"").nth(1).unwrap().split('"').next().unwrap();
    time.ends_with('Z') && chrono::DateTime::parse_from_rfc3339(time).is_ok()
}

/// A person who reads pages in one language, with their server.
struct Reader {
    server: Server,
    language: &'static str,
    all: String,
}

impl Reader {
    async fn new(language: &'static str) -> Reader {
        let world = World::database().await.with(&[("RATE_LIMIT_PER_SECOND", "1000")]);
        let server = Server::start_at(world, free_port(), &["serve"]).await;
        Reader { server, language, all: String::new() }
    }

    fn add(&mut self, name: &str, html: &str) {
        self.all.push_str(&format!("======== {name}\n\n{}\n\n", words(html)));
    }

    async fn reads(&mut self, path: &str) {
        let headers = [("accept", "text/html"), ("accept-language", self.language)];
        let page = self.server.send(Method::GET, path, None, &headers).await.text().await.unwrap();
        self.add(path, &page);
    }

    /// Sends a form and reads the resulting page.
    async fn sends(&mut self, path: &str, form: &[(&str, &str)]) {
        let client = self.server.client();
        let request = client.post(format!("{}{path}", self.server.url)).form(form);
        let request = request.header("accept", "text/html").header("accept-language", self.language);
        let answer = request.header("sec-fetch-site", "same-origin").send().await.unwrap();
        self.all.push_str(&format!("======== POST {path}\n"));
        self.follows(answer).await;
    }

    /// Reads a response, or the page that it redirects to.
    async fn follows(&mut self, mut answer: reqwest::Response) {
        while let Some(to) = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned()) {
            self.all.push_str(&format!("leads to {to}\n"));
            let headers = [("accept", "text/html"), ("accept-language", self.language)];
            answer = self.server.send(Method::GET, &to, None, &headers).await;
        }
        let page = answer.text().await.unwrap();
        self.all.push_str(&format!("\n{}\n\n", words(&page)));
    }

    /// Reads the preview of a file on the upload page.
    async fn previews(&mut self, content: &str) {
        let request = self.server.client().post(format!("{}/upload/preview", self.server.url));
        let request = request.header("content-type", "text/csv").header("accept-language", self.language);
        let request = request.header("hx-request", "true").header("sec-fetch-site", "same-origin");
        let part = request.body(content.to_owned()).send().await.unwrap().text().await.unwrap();
        self.add("POST /upload/preview", &part);
    }

    /// Reads the check of a file on the upload page.
    async fn checks(&mut self, content: &str) {
        let request = self.server.client().post(format!("{}/upload/check", self.server.url));
        let request = request.header("content-type", "text/csv").header("accept-language", self.language);
        let request = request.header("hx-request", "true").header("sec-fetch-site", "same-origin");
        let part = request.body(content.to_owned()).send().await.unwrap().text().await.unwrap();
        self.add("POST /upload/check", &part);
    }

    async fn uploads(&mut self, name: &str, content: &str) -> i32 {
        let url = format!("{}/api/v1/uploads?filename={name}", self.server.url);
        let answer = self.server.client().post(url).body(content.to_owned()).send().await.unwrap();
        let made: serde_json::Value = answer.json().await.unwrap();
        let job = made["job"].as_i64().unwrap() as i32;
        self.server.world.status_after_run(job).await;
        job
    }

    /// Creates one job of each kind: completed, under review, failed.
    async fn has_jobs(&mut self) {
        let old = "old@example.com,Old,Name,Old Co\nolder@example.com,Older,Name,\"Old, Co\"\n";
        self.uploads("old.csv", &format!("{HEADER}{old}")).await;
        self.uploads("messy.csv", &format!("{HEADER}{MESSY}")).await;
        self.uploads("none.csv", "a;b\n1;2\n").await;
    }
}

#[tokio::test]
async fn english_texts_of_every_page_match_the_snapshot() {
    let mut ann = Reader::new("en").await;
    for path in ["/jobs", "/contacts", "/audit", "/upload", "/keys", "/signed-out", "/nowhere"] {
        ann.reads(path).await;
    }
    ann.has_jobs().await;
    for path in [
        "/jobs",
        "/jobs?text=nobody",
        "/jobs/1",
        "/jobs/2",
        "/jobs/2?show=repeated",
        "/jobs/2?show=duplicate",
        "/jobs/2?text=nobody",
        "/jobs/3",
        "/jobs/99",
        "/jobs/2/review/duplicate",
        "/jobs/2/review/invalid",
        "/jobs/2/review/existing",
        "/jobs/2/review/missing",
        "/jobs/2/review/malformed",
        "/jobs/2/review/malformed?text=nobody",
        "/jobs/2/review/malformed?state=settled",
        "/jobs/2/review/nonsense",
        "/jobs/2/grid",
        "/jobs/2/grid?kind=invalid&text=nobody",
        "/jobs/2/issues/1?edit=1",
        "/jobs/2/corrections",
        "/contacts",
        "/contacts?text=nobody",
        "/contacts/1",
        "/audit?actor=nobody",
    ] {
        ann.reads(path).await;
    }
    decides(&mut ann).await;
    insta::assert_snapshot!("pages_en", ann.all);
}

/// Makes decisions, and reads the responses and the pages that report them.
async fn decides(ann: &mut Reader) {
    let many = |decision: &'static str| [("decision", decision), ("scope", "all"), ("value", "")];
    ann.sends("/jobs/2/review/invalid/preview", &many("discard")).await;
    ann.sends("/jobs/2/review/invalid/preview", &[("decision", "discard")]).await;
    let replace = |find: &'static str| {
        [("decision", "replace"), ("scope", "all"), ("field", "company"), ("find", find)]
    };
    ann.sends("/jobs/2/grid/many/preview", &replace("Acme")).await;
    ann.sends("/jobs/2/grid/many/preview", &replace("")).await;
    ann.sends("/jobs/2/grid/many/preview", &[("decision", "accept")]).await;
    ann.sends("/jobs/2/review/invalid/bulk", &many("discard")).await;
    ann.sends("/jobs/2/undo", &[("x", "")]).await;
    ann.sends("/jobs/2/review/invalid/bulk", &many("correct")).await;
    ann.sends("/jobs/2/review/invalid/bulk", &many("discard")).await;
    ann.reads("/jobs/2/review/invalid?state=all").await;
    for (kind, decision) in
        [("duplicate", "merge"), ("existing", "fill"), ("malformed", "accept"), ("missing", "discard")]
    {
        ann.sends(&format!("/jobs/2/review/{kind}/bulk"), &many(decision)).await;
    }
    ann.reads("/jobs/2").await;
    ann.sends("/contacts/1", &[("tag", "old"), ("email", "new@example.com")]).await;
    ann.server.world.ingest(&["delete", "1", "--yes"]).await.expect_status(0);
    ann.reads("/contacts/1").await;
    ann.sends("/jobs/2/cancel", &[("x", "")]).await;
    ann.reads("/audit").await;
    ann.reads("/contacts/delete?text=older").await;
    ann.sends("/contacts/delete", &[("text", "older"), ("expected", "7")]).await;
    ann.sends("/contacts/delete", &[("text", "older"), ("expected", "1")]).await;
    ann.reads("/contacts/2").await;
    ann.reads("/audit").await;
    let person = [("email", "old@example.com")];
    ann.sends("/people/find", &[("email", "nobody@example.com")]).await;
    ann.sends("/people/find", &[("email", " ")]).await;
    ann.sends("/people/find", &person).await;
    ann.sends("/people/forget", &person).await;
    ann.reads("/people").await;
    ann.previews("Mail;Vor;Nach\nann@example.com;Ann;Lee\n").await;
    ann.previews("").await;
    ann.checks(&format!("{HEADER}{MESSY}")).await;
    ann.checks(&format!("{HEADER}fine@example.com,Ann,Lee,Acme\n")).await;
}

#[tokio::test]
async fn german_texts_of_a_review_match_the_snapshot() {
    let mut ann = Reader::new("de").await;
    ann.has_jobs().await;
    for path in [
        "/jobs",
        "/jobs/2",
        "/jobs/3",
        "/jobs/2/review/invalid",
        "/jobs/2/grid",
        "/contacts",
        "/contacts/1",
        "/nowhere",
    ] {
        ann.reads(path).await;
    }
    decides(&mut ann).await;
    insta::assert_snapshot!("pages_de", ann.all);
}

#[tokio::test]
async fn spanish_texts_of_a_review_match_the_snapshot() {
    let mut ann = Reader::new("es").await;
    ann.has_jobs().await;
    for path in [
        "/jobs",
        "/jobs/2",
        "/jobs/3",
        "/jobs/2/review/invalid",
        "/jobs/2/grid",
        "/contacts",
        "/contacts/1",
        "/nowhere",
    ] {
        ann.reads(path).await;
    }
    decides(&mut ann).await;
    insta::assert_snapshot!("pages_es", ann.all);
}
