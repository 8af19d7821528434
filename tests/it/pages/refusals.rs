//! Refused requests: their pages have the viewer's language, without English details for users of the API.

use reqwest::Method;

use super::texts::words;
use super::{HEADER, server, uploaded};
use crate::auth::{sign_in, with_provider};
use crate::support::{Browser, Look, Screen, Server};

/// Words that no sentence in German or Spanish contains.
const ENGLISH: &[&str] = &[
    "the",
    "is",
    "not",
    "of",
    "with",
    "and",
    "has",
    "have",
    "this",
    "that",
    "to",
    "expected",
    "invalid",
    "missing",
    "unknown",
    "request",
    "body",
    "cannot",
    "be",
    "must",
    "from",
    "for",
    "parse",
    "digit",
    "string",
    "field",
    "failed",
    "found",
    "too",
    "large",
    "row",
    "contact",
    "there",
    "no such",
    "are",
    "by",
    "on",
    "it",
    "its",
    "value",
    "columns",
    "characters",
    "more",
    "than",
    "which",
    "can",
    "deserialize",
];
const LANGUAGES: [(&str, &str); 2] = [("de", "lang=\"de\""), ("es", "lang=\"es\"")];

/// Checks that a page shows a refusal with its reason, and no English words.
fn is_in_language(what: &str, html: &str, lang: &str, reason: bool) {
    assert!(html.contains(lang), "{what}: {html}");
    let words = words(html);
    let letters = |letter: char| !letter.is_alphanumeric() && letter != '_' && letter != '.';
    let english: Vec<&str> =
        words.split(letters).filter(|word| ENGLISH.contains(&word.to_lowercase().as_str())).collect();
    assert!(english.is_empty(), "{what}: {english:?} in {words}");
    // The title and the heading, what to do next and a link to the jobs; the reason is one more line.
    assert!(!reason || words.lines().count() >= 5, "{what} has no reason: {words}");
}

/// A request that is refused.
struct Sent<'a> {
    method: Method,
    path: &'a str,
    body: String,
    headers: Vec<(&'a str, &'a str)>,
    status: u16,
    /// Whether the page gives a reason beside the title.
    reason: bool,
}

impl<'a> Sent<'a> {
    fn get(path: &'a str, status: u16) -> Sent<'a> {
        Sent { method: Method::GET, path, body: String::new(), headers: vec![], status, reason: true }
    }

    fn form(path: &'a str, body: impl Into<String>, status: u16) -> Sent<'a> {
        let headers =
            vec![("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
        Sent { method: Method::POST, body: body.into(), headers, ..Sent::get(path, status) }
    }

    fn with(mut self, name: &'a str, value: &'a str) -> Sent<'a> {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value));
        self
    }

    fn without_reason(self) -> Sent<'a> {
        Sent { reason: false, ..self }
    }

    async fn is_refused_in_each_language(&self, server: &Server) {
        for (language, lang) in LANGUAGES {
            let mut request =
                server.client().request(self.method.clone(), format!("{}{}", server.url, self.path));
            request = request.header("accept", "text/html").header("accept-language", language);
            for (name, value) in &self.headers {
                request = request.header(*name, *value);
            }
            let answer = request.body(self.body.clone()).send().await.unwrap();
            let what = format!("{} {} ({language})", self.method, self.path);
            assert_eq!(answer.status().as_u16(), self.status, "{what}: {}", answer.text().await.unwrap());
            is_in_language(&what, &answer.text().await.unwrap(), lang, self.reason);
        }
    }
}

#[tokio::test]
async fn refused_requests_have_no_english_words_on_pages_in_other_languages() {
    let server = server().await;
    uploaded(&server, "bad.csv", "bob@@example.com,Bob,Ray,Acme\n").await;
    let long = format!("{},Note\nlong@example.com,Lo,Ng,Acme,{}\n", HEADER.trim(), "x".repeat(40_000));
    let upload = server.client().post(format!("{}/api/v1/uploads", server.url)).body(long);
    assert_eq!(upload.send().await.unwrap().status().as_u16(), 202);
    server.world.status_after_run(3).await;
    let part = "--x\r\ncontent-disposition: form-data; name=\"other\"\r\n\r\n1\r\n--x--\r\n";
    let multipart =
        |body: &str| Sent::form("/upload", body, 422).with("content-type", "multipart/form-data; boundary=x");
    for sent in [
        // Addresses and their parameters.
        Sent::get("/jobs/abc", 400),
        Sent::get("/jobs?after=last", 400),
        Sent::get("/contacts?after=-", 400),
        Sent::get("/contacts/export?format=docx", 400),
        Sent::get("/contacts/export", 400),
        Sent::get("/jobs/2/export?format=x", 400),
        // Things that do not exist.
        Sent::get("/jobs/99", 404),
        Sent::get("/contacts/99", 404),
        Sent::get("/jobs/2/issues/99", 404),
        Sent::get("/jobs/2/review/nonsense", 404),
        Sent::get("/nowhere", 404).without_reason(),
        Sent::get("/static/nowhere.js", 404).without_reason(),
        Sent::get("/jobs/2/cancel", 405).without_reason(),
        // Forms.
        Sent::form("/jobs/2/review/invalid/bulk", "decision=nonsense", 400),
        Sent::form("/jobs/2/review/invalid/bulk", "decision=discard", 409),
        Sent::form("/jobs/2/review/invalid/bulk", format!("value={}", "x".repeat(70_000)), 413),
        Sent::form("/jobs/2/issues/1", "decision=nonsense", 422),
        Sent::form("/jobs/2/columns", "email=first", 422),
        Sent::form("/language", "language=xx", 422),
        multipart(part),
        Sent { status: 400, ..multipart("nothing") },
        Sent { status: 400, ..multipart("").with("content-type", "multipart/form-data") },
        // Exports beyond the limits of their format.
        Sent::get("/contacts/export?format=xlsx", 422),
        // Senders.
        Sent::form("/jobs/2/cancel", "", 403).with("sec-fetch-site", "cross-site"),
        Sent::get("/jobs", 403).with("via", "1.1 proxy"),
        Sent::get("/jobs", 403).with("host", "example.com"),
        Sent::get("/?token=guess", 401),
        Sent::get("/jobs", 401).with("authorization", "Bearer guess"),
    ] {
        sent.is_refused_in_each_language(&server).await;
    }
    // A column of another program is in none of the owner's files.
    let column = "UPDATE contacts SET contact_extra = '{\"Score\": \"7\"}' WHERE contact_id = 1";
    sqlx::query(column).execute(&server.world.pool).await.unwrap();
    Sent::get("/contacts/export?format=csv", 422).is_refused_in_each_language(&server).await;
    // A workbook that no library can read.
    let preview =
        Sent::form("/upload/preview", "PK\u{3}\u{4}xl/workbook.xml", 422).with("hx-request", "true");
    for (language, _) in LANGUAGES {
        let request =
            server.client().post(format!("{}{}", server.url, preview.path)).body(preview.body.clone());
        let request = request.header("accept-language", language).header("hx-request", "true");
        let shown =
            request.header("sec-fetch-site", "same-origin").send().await.unwrap().text().await.unwrap();
        is_in_language("a broken workbook", &format!("{shown}{language}"), language, false);
    }
}

#[tokio::test]
async fn refused_people_read_why_in_their_language() {
    let (server, _provider) = with_provider().await;
    let mut rob = Browser::default();
    sign_in(&server, &mut rob, "rob", "/jobs").await;
    for (language, lang) in LANGUAGES {
        let headers = [("accept", "text/html"), ("accept-language", language)];
        for (path, status) in [("/upload", 403), ("/sign-in/callback?state=x&code=y", 401)] {
            let url = format!("{}{path}", server.url);
            let answer = rob.request_with(Method::GET, &url, &[], &headers).await;
            assert_eq!(answer.status().as_u16(), status, "{path}");
            is_in_language(path, &answer.text().await.unwrap(), lang, true);
        }
    }
}

#[tokio::test]
async fn a_refused_upload_is_explained_in_the_language_of_the_page() {
    let server = server().await;
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/upload").await;
    screen.click("footer button[value=de]").await;
    screen.sees("h1", "Datei hochladen").await;
    let file = server.world.file("letter.csv", "%PDF-1.7\n");
    screen.find("#file").await.send_keys(&file).await.unwrap();
    screen.sees("#answer", "Statt CSV-Text ist die Datei ein PDF-Dokument").await;
    // The upload is refused as well: the header cannot be on line 0.
    let file = server.world.file("good.csv", &format!("{HEADER}a@example.com,Ann,Lee,Acme\n"));
    // A person's next choice replaces the file; the driver adds to it.
    screen.run("document.getElementById('file').value = ''", vec![]).await;
    screen.find("#file").await.send_keys(&file).await.unwrap();
    screen.step("import").await;
    let line = "const line = document.getElementById('header-line'); line.min = line.value = 0; line.form.noValidate = true;";
    screen.run(line, vec![]).await;
    screen.click("#send").await;
    screen.sees("#answer", "Die Zeilen einer Datei werden ab 1 gezählt").await;
    screen.run("document.getElementById('header-line').value = ''", vec![]).await;
    screen.click("#send").await;
    screen.sees("h1", "good.csv").await;
    screen.close().await;
}
