//! The HTTP API: a whole review in few calls, concurrent edits, uploads and downloads.

pub(crate) mod document;
mod events;
mod isolation;

use std::time::{Duration, Instant};

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::dataset::{Dataset, Kind};
use crate::support::{Server, World, free_port, status_and_json};

const DIRTY: &str = "email,first_name,last_name,company\n\
    ann@example.com,Ann,Lee,Acme\nbad,Bob,Ray,Acme\nd@example.com,D,One,Co\nd@example.com,D,Two,Co\n\
    w@example.com,W,Ide,Acme, Inc\nn@example.com,N,,Co\n";

/// Starts a server with a worker and default settings.
async fn serving() -> Server {
    let world = World::database().await.with(&[("RATE_LIMIT_PER_SECOND", "100000")]);
    Server::start_at(world, free_port(), &["serve"]).await
}

async fn upload(
    server: &Server,
    query: &str,
    headers: &[(&str, &str)],
    body: impl Into<reqwest::Body>,
) -> Response {
    let mut request = server.client().post(format!("{}/api/v1/uploads{query}", server.url));
    request = request.header("content-type", "text/csv");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body).send().await.unwrap()
}

async fn post(server: &Server, path: &str, body: Value) -> (u16, Value) {
    status_and_json(server.send(Method::POST, path, Some(body), &[]).await).await
}

/// Reads a job's event stream to its end and returns the job from the last event.
async fn until_end(server: &Server, job: i64) -> Value {
    let answer =
        server.client().get(format!("{}/api/v1/jobs/{job}/events", server.url)).send().await.unwrap();
    let text = tokio::time::timeout(Duration::from_secs(120), answer.text()).await.unwrap().unwrap();
    let end = text.rsplit_once("event: end\ndata: ").unwrap_or_else(|| panic!("no end: {text}")).1;
    serde_json::from_str(end.trim()).unwrap()
}

async fn uploaded(server: &Server, content: &str) -> i64 {
    let (status, made) =
        status_and_json(upload(server, "?filename=a.csv", &[], content.to_owned()).await).await;
    assert_eq!(status, 202, "{made}");
    let job = made["job"].as_i64().unwrap();
    until_end(server, job).await;
    job
}

#[tokio::test]
async fn a_hundred_thousand_dirty_rows_are_reviewed_in_fewer_than_ten_calls() {
    let server = serving().await;
    let dataset = Dataset { rows: 100_000, seed: 7, kind: Kind::Dirty };
    let mut existing = "email,first_name,last_name,company\n".to_owned();
    dataset.existing().for_each(|values| existing.push_str(&(values.join(",") + "\n")));
    uploaded(&server, &existing).await;
    let mut file = Vec::new();
    dataset.write(&mut file, None).unwrap();

    let mut times = Vec::new();
    let mut timed = |what: &'static str, since: Instant| times.push((what, since.elapsed().as_millis()));
    let start = Instant::now();
    let (status, made) = status_and_json(upload(&server, "?filename=dirty.csv", &[], file).await).await;
    timed("upload", start);
    assert_eq!(status, 202, "{made}");
    let job = made["job"].as_i64().unwrap();
    let start = Instant::now();
    let found = until_end(&server, job).await;
    timed("progress until the first run's end", start);
    assert_eq!(found["status"], "NEEDS_REVIEW");
    let bulk = format!("/api/v1/jobs/{job}/bulk");
    let decisions = [
        (
            "overwrite existing",
            json!({ "filter": { "issue_type": "EXISTING_EMAIL" }, "decision": { "decision": "overwrite" } }),
        ),
        (
            "keep the first of duplicates",
            json!({ "filter": { "issue_type": "DUPLICATE_EMAIL" }, "decision": { "decision": "keep_first" } }),
        ),
        (
            "accept malformed",
            json!({ "filter": { "issue_type": "MALFORMED_ROW" }, "decision": { "decision": "accept" } }),
        ),
        (
            "discard invalid",
            json!({ "filter": { "issue_type": "INVALID_EMAIL" }, "decision": { "decision": "discard" } }),
        ),
        (
            "discard incomplete",
            json!({ "filter": { "issue_type": "MISSING_REQUIRED_FIELD" }, "decision": { "decision": "discard" } }),
        ),
    ];
    let mut open = 0;
    for (what, body) in decisions {
        let start = Instant::now();
        let (status, effect) = post(&server, &bulk, body).await;
        timed(what, start);
        assert_eq!(status, 200, "{effect}");
        open = effect["open_issues"].as_i64().unwrap();
    }
    assert_eq!(open, 0);
    let start = Instant::now();
    assert_eq!(post(&server, &format!("/api/v1/jobs/{job}/reprocess"), json!({})).await.0, 202);
    timed("reprocess", start);
    let start = Instant::now();
    let done = until_end(&server, job).await;
    timed("progress until COMPLETED", start);
    assert_eq!((&done["status"], &done["open_issues"]), (&json!("COMPLETED"), &json!(0)), "{done}");
    assert!(times.len() < 10);
    println!("{times:?}");
}

#[tokio::test]
async fn an_issue_includes_the_existing_contact_and_a_suggestion() {
    let server = serving().await;
    uploaded(&server, "email,first_name,last_name,company\nk@example.com,Kay,Nown,Acme\n").await;
    let job = uploaded(
        &server,
        "email,first_name,last_name,company\nK@example.com,Kay,Other,Acme\n\"bob@gmail,com\",B,O,B\n",
    )
    .await;
    let (_, page) = server.get(&format!("/api/v1/jobs/{job}/issues?issue_type=EXISTING_EMAIL")).await;
    let issue = page["items"][0]["id"].as_i64().unwrap();
    let (_, detail) = server.get(&format!("/api/v1/jobs/{job}/issues/{issue}")).await;
    let row = &detail["rows"][0];
    assert_eq!(
        (&row["last_name"], &row["contact"]["contact"]["last_name"]),
        (&json!("Other"), &json!("Nown"))
    );
    assert_eq!(row["contact"]["differs"], json!(["email", "last_name"]));
    let (_, page) = server.get(&format!("/api/v1/jobs/{job}/issues?text=gmail")).await;
    let issue = page["items"][0]["id"].as_i64().unwrap();
    let (_, detail) = server.get(&format!("/api/v1/jobs/{job}/issues/{issue}")).await;
    assert_eq!(detail["rows"][0]["suggestion"], "bob@gmail.com");
    let path = format!("/api/v1/jobs/{job}/issues/{issue}/resolution");
    let (status, effect) = post(&server, &path, json!({ "decision": "correct" })).await;
    assert_eq!((status, &effect["changed"]["edited"], &effect["open_issues"]), (200, &json!(1), &json!(1)));
    let (_, trail) = server.get(&format!("/api/v1/actions?job={job}")).await;
    assert_eq!(
        (&trail["items"][0]["kind"], &trail["items"][0]["actor"]),
        (&json!("CORRECT"), &json!("tester"))
    );
}

#[tokio::test]
async fn a_merge_takes_the_values_of_the_rows_that_it_names() {
    let server = serving().await;
    let rows = "dup@example.com,Ann,Lee,Acme\ndup@example.com,Anna,Leigh,Acme\n";
    let job = uploaded(&server, &format!("email,first_name,last_name,company\n{rows}")).await;
    let (_, page) = server.get(&format!("/api/v1/jobs/{job}/rows")).await;
    let second = page["items"][1]["row"].as_i64().unwrap();
    let merge = json!({ "decision": "merge", "company": "Co", "from": { "last_name": second } });
    let bulk = json!({ "filter": { "issue_type": "DUPLICATE_EMAIL" }, "decision": merge });
    let (_, preview) = post(&server, &format!("/api/v1/jobs/{job}/bulk/preview"), bulk).await;
    assert_eq!(
        preview["examples"][0]["after"],
        json!(["dup@example.com", "Ann", "Leigh", "Co"]),
        "{preview}"
    );
    let path = format!("/api/v1/jobs/{job}/issues/1/resolution");
    let (status, problem) =
        post(&server, &path, json!({ "decision": "merge", "from": { "colour": second } })).await;
    assert!(status == 422 && problem.to_string().contains("unknown field `colour`"), "{status} {problem}");
    let (status, effect) = post(&server, &path, merge).await;
    assert_eq!((status, &effect["changed"]["edited"], &effect["open_issues"]), (200, &json!(1), &json!(0)));
}

#[tokio::test]
async fn pages_continue_where_the_previous_one_ended() {
    let server = serving().await;
    let rows: String = (0..25).map(|n| format!("{n} bad,A,B,C\n")).collect();
    let job = uploaded(&server, &format!("email,first_name,last_name,company\n{rows}")).await;
    for list in ["issues", "rows"] {
        let (mut seen, mut after) = (0, String::new());
        loop {
            let (status, page) = server.get(&format!("/api/v1/jobs/{job}/{list}?limit=10{after}")).await;
            assert_eq!(status, 200, "{page}");
            seen += page["items"].as_array().unwrap().len();
            match page["next"].as_i64() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        assert_eq!(seen, 25, "{list}");
    }
    assert_eq!(server.get(&format!("/api/v1/jobs/{job}/rows?limit=0")).await.0, 400);
    assert_eq!(server.get(&format!("/api/v1/jobs/{job}/rows?colour=red")).await.0, 400);
}

#[tokio::test]
async fn the_second_edit_of_the_same_row_version_gets_412() {
    let server = serving().await;
    let job = uploaded(&server, DIRTY).await;
    let (_, page) = server.get(&format!("/api/v1/jobs/{job}/rows?text=bad")).await;
    let row = page["items"][0]["row"].as_i64().unwrap();
    let path = format!("/api/v1/jobs/{job}/rows/{row}");
    let seen =
        server.send(Method::GET, &path, None, &[]).await.headers()["etag"].to_str().unwrap().to_owned();
    let edit = |email: &str, tag: Option<String>| {
        let (server, path, body) = (&server, &path, json!({ "email": email }));
        async move {
            let headers: Vec<(&str, &str)> =
                tag.as_deref().map(|tag| ("if-match", tag)).into_iter().collect();
            status_and_json(server.send(Method::PATCH, path, Some(body), &headers).await).await
        }
    };
    assert_eq!(edit("x@example.com", None).await.0, 428);
    assert_eq!(edit("one@example.com", Some(seen.clone())).await.0, 200);
    let (status, problem) = edit("two@example.com", Some(seen)).await;
    assert_eq!((status, &problem["row"]), (412, &json!(row)), "{problem}");
    assert_eq!(server.get(&path).await.1["email"], "one@example.com", "the first edit is not overwritten");
    let (status, problem) = status_and_json(
        server.send(Method::PATCH, &path, Some(json!({ "email": 7 })), &[("if-match", "*")]).await,
    )
    .await;
    assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("#/email")), "{problem}");
}

#[tokio::test]
async fn a_repeated_idempotent_request_gets_the_first_response() {
    let server = serving().await;
    let key = [("idempotency-key", "k-1")];
    let (status, made) = status_and_json(upload(&server, "?filename=a.csv", &key, DIRTY).await).await;
    assert_eq!(status, 202);
    let job = made["job"].as_i64().unwrap();
    until_end(&server, job).await;
    let (status, again) = status_and_json(upload(&server, "?filename=a.csv", &key, DIRTY).await).await;
    assert_eq!((status, &again), (202, &made));
    let (status, _) = status_and_json(upload(&server, "?filename=b.csv", &key, DIRTY).await).await;
    assert_eq!(status, 422);
    // Without a key, the same file resolves to the same job, unless `force` is set.
    let same = upload(&server, "?filename=a.csv", &[], DIRTY).await;
    assert_eq!(same.headers()["location"], format!("/api/v1/jobs/{job}").as_str());
    let (status, same) = status_and_json(same).await;
    assert_eq!((status, &same["earlier"], &same["job"]), (200, &json!(true), &json!(job)));
    let (status, forced) =
        status_and_json(upload(&server, "?filename=a.csv&force=true", &[], DIRTY).await).await;
    assert_eq!((status, &forced["earlier"]), (202, &json!(false)));

    let bulk = json!({ "filter": { "text": "bad" }, "decision": { "decision": "discard" } });
    let path = format!("/api/v1/jobs/{job}/bulk");
    let send = || async {
        status_and_json(
            server.send(Method::POST, &path, Some(bulk.clone()), &[("idempotency-key", "k-2")]).await,
        )
        .await
    };
    let first = send().await;
    assert_eq!((first.0, &first.1["changed"]["discarded"]), (200, &json!(1)));
    assert_eq!(send().await, first);
}

#[tokio::test]
async fn form_uploads_are_accepted_and_large_uploads_refused() {
    let world = World::database().await.with(&[("UPLOAD_LIMIT_MB", "1")]);
    let server = Server::start_at(world, free_port(), &["serve"]).await;
    let form = |name: &str, content: Vec<u8>| {
        let mut body =
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"my.csv\"\r\n\r\n")
                .into_bytes();
        body.extend(content);
        body.extend(b"\r\n--b--\r\n");
        let request = server.client().post(format!("{}/api/v1/uploads", server.url));
        request.header("content-type", "multipart/form-data; boundary=b").body(body).send()
    };
    let (status, made) = status_and_json(form("file", DIRTY.as_bytes().to_vec()).await.unwrap()).await;
    assert_eq!(status, 202, "{made}");
    let job = made["job"].as_i64().unwrap();
    assert_eq!(until_end(&server, job).await["filename"], "my.csv");
    let (status, problem) = status_and_json(form("other", b"x".to_vec()).await.unwrap()).await;
    assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("#/file")));
    let large = "x".repeat(1_100_000);
    assert_eq!(status_and_json(upload(&server, "", &[], large.clone()).await).await.0, 413);
    assert_eq!(status_and_json(form("file", large.into_bytes()).await.unwrap()).await.0, 413);
    let (_, jobs) = server.get("/api/v1/jobs").await;
    assert_eq!(jobs["items"].as_array().unwrap().len(), 1, "a refused upload creates no job");
}

#[tokio::test]
async fn an_array_is_no_filter_and_a_count_is_not_negative() {
    let server = serving().await;
    let job = uploaded(&server, DIRTY).await;
    let decision = json!({ "decision": "discard" });
    let bulk = json!({ "filter": [null, null], "decision": decision });
    let (status, problem) = post(&server, &format!("/api/v1/jobs/{job}/bulk/preview"), bulk).await;
    assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("#/filter")), "{problem}");
    let bulk = json!({ "filter": { "status": "NONE" }, "decision": decision });
    let (status, problem) = post(&server, &format!("/api/v1/jobs/{job}/bulk/preview"), bulk).await;
    assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("#/filter/status")), "{problem}");
    let (status, problem) = post(&server, "/api/v1/jobs/retry", json!([null, null])).await;
    assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("#")), "{problem}");
    for body in [
        json!({ "filter": [[1]], "dry_run": true }),
        json!({ "filter": { "all": true }, "expected": -1, "dry_run": true }),
    ] {
        assert_eq!(post(&server, "/api/v1/contacts/delete", body).await.0, 422);
    }
}

#[tokio::test]
async fn every_response_to_schemathesis_conforms_to_the_document() {
    let server = serving().await;
    uploaded(&server, DIRTY).await;
    uploaded(&server, "email,first_name,last_name,company\nann@example.com,Ann,Lee,Acme\n").await;
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut schemathesis = tokio::process::Command::new(root.join(".venv/bin/schemathesis"));
    schemathesis.arg("--config-file").arg(root.join("tests/peers/schemathesis.toml"));
    schemathesis.args(["run", &format!("{}/api/openapi.json", server.url), "--url", &server.url]);
    schemathesis.args(["--header", &format!("Authorization: Bearer {}", server.token().unwrap())]);
    // The stream of one job ends with its job, and these jobs never end. That of all jobs has no end.
    schemathesis.args([
        "--exclude-operation-id",
        "stream_job_events",
        "--exclude-operation-id",
        "stream_events",
        // Schemathesis cannot send a body of the media type of tus.
        "--exclude-operation-id",
        "send_part",
        "--max-examples",
        "40",
        "--seed",
        "1",
        "--no-color",
    ]);
    // Schemathesis writes its examples to the working directory.
    schemathesis
        .current_dir(server.world.path(""))
        .env("HYPOTHESIS_STORAGE_DIRECTORY", server.world.path("hypothesis"));
    let output = schemathesis.output().await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
}

#[tokio::test]
async fn corrections_and_contacts_are_exported_and_corrections_applied() {
    let server = serving().await;
    let job = uploaded(&server, DIRTY).await;
    let path = format!("/api/v1/jobs/{job}/corrections");
    let file = server.send(Method::GET, &path, None, &[]).await;
    assert!(file.headers()["content-type"].to_str().unwrap().starts_with("text/csv"));
    let text = file.text().await.unwrap();
    assert!(
        text.starts_with("\u{feff}\"email\",\"first_name\"") && text.contains("not a deliverable address"),
        "{text}"
    );
    let mended = text
        .replace(r#""bad","Bob""#, r#""bob@example.com","Bob""#)
        .replace(r#""d@example.com","D","Two""#, r#""d2@example.com","D","Two""#)
        .replace(r#""n@example.com","N","","#, r#""n@example.com","N","Ew","#)
        + "x@example.com,X,Y,Z,,,r-none,\r\n";
    let send = |kind: &'static str, body: String| {
        server.client().post(format!("{}{path}", server.url)).header("content-type", kind).body(body).send()
    };
    let (status, done) = status_and_json(send("text/csv", mended.clone()).await.unwrap()).await;
    assert_eq!(
        (status, &done["effect"]["changed"]["rows"], &done["unknown_count"]),
        (200, &json!(3), &json!(1)),
        "{done}"
    );
    let form = format!(
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"m.csv\"\r\n\r\n{mended}\r\n--b--\r\n"
    );
    let (status, again) = status_and_json(send("multipart/form-data; boundary=b", form).await.unwrap()).await;
    assert_eq!((status, &again["effect"]["changed"]["rows"]), (200, &json!(0)), "{again}");
    assert_eq!(status_and_json(send("text/csv", "a,b\n1,2\n".to_owned()).await.unwrap()).await.0, 422);

    post(&server, &format!("/api/v1/jobs/{job}/bulk"), json!({ "decision": { "decision": "accept" } })).await;
    post(&server, &format!("/api/v1/jobs/{job}/reprocess"), json!({})).await;
    assert_eq!(until_end(&server, job).await["status"], "COMPLETED");
    let contacts = server.send(Method::GET, "/api/v1/contacts.csv", None, &[]).await.text().await.unwrap();
    assert_eq!(contacts.lines().count(), 7, "{contacts}");
    let original = server.send(Method::GET, &format!("/api/v1/jobs/{job}/file"), None, &[]).await;
    assert_eq!(original.text().await.unwrap(), DIRTY);
}
