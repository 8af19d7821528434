//! Files whose encoding is in doubt: one issue for the file, the likely readings side by side, and the file read again as a
//! person chooses.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Look, Screen, Server, World, free_port, status_and_json};

const HEADER: &[u8] = b"email,first_name,last_name,company\n";
/// Brençac, Maès and Haîkon in the code page of MS-DOS, which are words in Mac Roman too: Brenáac, Maäs, Haåkon.
const DOUBTFUL: [&[u8]; 3] = [b"Bren\x87ac", b"Ma\x8As", b"Ha\x8Ckon"];

/// Returns a file with a plain row and `rows` rows in doubt.
fn doubtful(rows: usize) -> Vec<u8> {
    let mut file = [HEADER, b"plain@example.com,Ann,Lee,Acme\n"].concat();
    for n in 0..rows {
        file.extend(format!("p{n}@example.com,").into_bytes());
        file.extend(DOUBTFUL[n % DOUBTFUL.len()]);
        file.extend(b",Lee,Acme\n");
    }
    file
}

fn write(world: &World, name: &str, content: &[u8]) -> String {
    let path = world.path(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Returns the type, key, state and number of rows of each issue.
async fn issues(world: &World) -> Vec<(String, String, bool, i64)> {
    let query = "SELECT issue_type::text, issue_key, issue_resolved, count(item_staging_id) FROM issues
         LEFT JOIN issue_items ON item_issue_id = issue_id GROUP BY issue_id ORDER BY issue_id";
    sqlx::query_as(query).fetch_all(&world.pool).await.unwrap()
}

fn one_issue(resolved: bool, rows: i64) -> Vec<(String, String, bool, i64)> {
    vec![("MALFORMED_ROW".to_owned(), "encoding".to_owned(), resolved, rows)]
}

#[tokio::test]
async fn one_issue_asks_about_the_encoding_and_a_choice_reads_the_file_again() {
    let world = World::database().await;
    let file = write(&world, "dos.csv", &doubtful(3));
    let shown = world.ingest(&["preview", &file]).await;
    let asked = world.ingest(&["import", &file]).await;
    asked.expect_status(3);
    assert!(asked.stderr.contains("`ingest reread 1 --encoding NAME`"), "{}", asked.stderr);
    for said in [&shown, &asked] {
        let dos =
            said.stderr.lines().find(|line| line.trim_start().starts_with("IBM437")).unwrap_or_default();
        assert!(dos.contains("Brençac | Maès"), "{}", said.stderr);
        assert!(said.stderr.contains("macintosh") && said.stderr.contains("Brenáac"), "{}", said.stderr);
    }
    assert!(asked.stdout.contains("in doubt"), "{}", asked.stdout);
    assert_eq!(issues(&world).await, one_issue(false, 3));
    assert_eq!(world.contacts("tester").await, Vec::<String>::new());
    // Another run asks the same.
    world.ingest(&["reprocess", "1"]).await.expect_status(3);
    assert_eq!(issues(&world).await, one_issue(false, 3));

    let done = world.ingest(&["reread", "1", "--encoding", "cp437"]).await;
    done.expect_status(0);
    assert!(done.stdout.contains("IBM437, set by you"), "{}", done.stdout);
    let contacts = world.contacts("tester").await;
    assert_eq!(contacts[..2], ["p0@example.com|Brençac|Lee|Acme", "p1@example.com|Maès|Lee|Acme"]);
    assert_eq!(contacts.len(), 4);
    assert_eq!(issues(&world).await, []);
    let staged: i64 =
        sqlx::query_scalar("SELECT count(*) FROM staging").fetch_one(&world.pool).await.unwrap();
    assert_eq!(staged, 4);
}

#[tokio::test]
async fn a_persons_yes_accepts_the_letters_as_they_were_read() {
    let world = World::database().await;
    let file = write(&world, "dos.csv", &doubtful(3));
    world.ingest(&["import", &file]).await.expect_status(3);
    world.ingest(&["resolve", "1", "1", "accept"]).await.expect_status(0);
    assert_eq!(issues(&world).await, one_issue(true, 3));
    world.ingest(&["reprocess", "1"]).await.expect_status(0);
    assert_eq!(world.contacts("tester").await.len(), 4);
    // Another program resolves the issue.
    world.ingest(&["import", &file, "--owner", "other"]).await.expect_status(3);
    sqlx::raw_sql("UPDATE issues SET issue_resolved = true").execute(&world.pool).await.unwrap();
    world.ingest(&["reprocess", "2", "--owner", "other"]).await.expect_status(0);
    assert_eq!(world.contacts("other").await.len(), 4);
}

#[tokio::test]
async fn rows_of_all_chunks_share_the_issue_also_if_a_run_is_resumed() {
    let world = World::database().await.with(&[("PROGRESS_UPDATE_INTERVAL", "1000")]);
    let file = write(&world, "dos.csv", &doubtful(3_000));
    world.ingest(&["import", &file]).await.expect_status(3);
    assert_eq!(issues(&world).await, one_issue(false, 3_000));
    // The state that a run leaves if it is interrupted after a checkpoint.
    let cut = "DELETE FROM issues; DELETE FROM staging WHERE staging_id > 1000;
               UPDATE jobs SET job_status = 'PROCESSING', job_checkpoint = 1000, job_staged_at = NULL";
    sqlx::raw_sql(cut).execute(&world.pool).await.unwrap();
    world.ingest(&["reprocess", "1"]).await.expect_status(3);
    assert_eq!(issues(&world).await, one_issue(false, 3_000));
}

#[tokio::test]
async fn a_row_that_is_malformed_besides_has_an_issue_of_its_own() {
    let world = World::database().await;
    let file =
        write(&world, "dos.csv", &[&doubtful(2)[..], b"w@example.com,Bren\x87ac,Lee,Acme,extra\n"].concat());
    world.ingest(&["import", &file]).await.expect_status(3);
    let found = issues(&world).await;
    assert_eq!((found.len(), found[0].clone()), (2, one_issue(false, 2).remove(0)));
    assert_eq!((found[1].0.as_str(), found[1].3), ("MALFORMED_ROW", 1));
}

#[tokio::test]
async fn accepting_malformed_rows_in_bulk_does_not_answer_for_the_encoding() {
    let world = World::database().await;
    let file = write(&world, "dos.csv", &[&doubtful(2)[..], b"w@example.com,Will,Lee,Acme,extra\n"].concat());
    world.ingest(&["import", &file]).await.expect_status(3);
    let bulk = ["bulk", "1", "accept", "--type", "MALFORMED_ROW"];
    let preview = world.ingest(&[&bulk[..], &["--preview"]].concat()).await;
    assert!(preview.stderr.contains("would change 1 row"), "{}", preview.stderr);
    world.ingest(&bulk).await.expect_status(0);
    let found = issues(&world).await;
    assert_eq!((found[0].clone(), found[1].2), (one_issue(false, 2).remove(0), true), "{found:?}");
    // Named, it is accepted.
    world.ingest(&["resolve", "1", "1", "accept"]).await.expect_status(0);
    assert_eq!(issues(&world).await[0], one_issue(true, 2)[0]);
}

#[tokio::test]
async fn a_failed_job_is_read_again_with_another_header_line() {
    let world = World::database().await;
    let content = "email,first_name,last_name,company\nemail,last_name,first_name,company\na@example.com,Lee,Ann,Acme\n";
    let file =
        world.file("two.csv", &content.replace("email,first_name,last_name,company", "email,email,x,y"));
    let failed = world.ingest(&["import", &file, "--header-line", "1"]).await;
    failed.expect_status(1);
    assert!(failed.stderr.contains("`ingest reread 1 --encoding NAME --header-line N`"), "{}", failed.stderr);
    world.ingest(&["reread", "1", "--header-line", "2"]).await.expect_status(0);
    assert_eq!(world.contacts("tester").await, ["a@example.com|Ann|Lee|Acme"]);
    // Its contacts would lose their rows.
    let refused = world.ingest(&["reread", "1"]).await;
    refused.expect_status(1);
    assert!(refused.stderr.contains("undo the import"), "{}", refused.stderr);
    world.ingest(&["undo", "--yes", "--import", "1"]).await.expect_status(0);
    world.ingest(&["reread", "1", "--header-line", "9"]).await.expect_status(1);
    world.ingest(&["reread", "1", "--header-line", "2"]).await.expect_status(0);
    world.ingest(&["undo", "--yes", "--import", "1"]).await.expect_status(0);
    // Without its file, the job keeps its rows.
    std::fs::remove_dir_all(world.path("data/objects/uploads")).unwrap();
    world.ingest(&["reread", "1"]).await.expect_status(1);
    let staged: i64 =
        sqlx::query_scalar("SELECT count(*) FROM staging").fetch_one(&world.pool).await.unwrap();
    assert_eq!(staged, 1);
}

#[tokio::test]
async fn a_job_with_its_own_tables_is_read_again() {
    let world = World::database().await;
    let rows: String = (0..100_000).map(|n| format!("p{n}@example.com,A,B,C\n")).collect();
    let file = world.file("large.csv", &format!("email,first_name,last_name,company\nbad,A,B,C\n{rows}"));
    world.ingest(&["import", &file]).await.expect_status(3);
    world.ingest(&["discard", "1000001"]).await;
    world.ingest(&["reread", "1", "--encoding", "windows-1252"]).await.expect_status(3);
    let (rows, with_issues, partitioned): (i32, i32, bool) = sqlx::query_as(
        "SELECT job_ready_rows, job_issue_rows, job_partitioned FROM jobs WHERE job_staged_at IS NOT NULL",
    )
    .fetch_one(&world.pool)
    .await
    .unwrap();
    assert_eq!((rows, with_issues, partitioned), (100_000, 1, true));
    let staged: i64 =
        sqlx::query_scalar("SELECT count(*) FROM staging").fetch_one(&world.pool).await.unwrap();
    assert_eq!(staged, 100_001);
}

async fn serving() -> Server {
    Server::start_at(World::database().await, free_port(), &["serve"]).await
}

async fn upload(server: &Server, path: &str, content: Vec<u8>) -> Value {
    let request = server.client().post(format!("{}/api/v1/uploads{path}", server.url)).body(content);
    status_and_json(request.send().await.unwrap()).await.1
}

#[tokio::test]
async fn the_api_shows_the_likely_readings_and_reads_the_file_again() {
    let server = serving().await;
    let shown = upload(&server, "/preview", doubtful(3)).await;
    upload(&server, "", doubtful(3)).await;
    assert_eq!(server.world.status_after_run(1).await, "NEEDS_REVIEW");
    let (_, job) = server.get("/api/v1/jobs/1").await;
    assert_eq!(job["interpretation"]["certainty"], "DOUBTFUL", "{job}");
    let readings = job["interpretation"]["readings"].as_array().unwrap();
    assert_eq!(shown["readings"], job["interpretation"]["readings"]);
    assert_eq!(readings[0]["encoding"], job["interpretation"]["encoding"], "the reading in use is the first");
    let dos = readings.iter().find(|reading| reading["encoding"] == "IBM437");
    assert_eq!(dos.unwrap()["samples"], json!(["Brençac", "Maès", "Haîkon"]));
    assert!((2..=5).contains(&readings.len()), "{readings:?}");

    let post = async |path: &str, body: Value| {
        status_and_json(server.send(Method::POST, path, Some(body), &[("idempotency-key", path)]).await).await
    };
    let (_, effect) = post("/api/v1/jobs/1/issues/1/resolution", json!({ "decision": "discard" })).await;
    for (body, pointer) in
        [(json!({ "encoding": "klingon" }), "#/encoding"), (json!({ "header_line": 0 }), "#/header_line")]
    {
        let path = "/api/v1/jobs/1/reread";
        let (status, problem) = status_and_json(server.send(Method::POST, path, Some(body), &[]).await).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!(pointer)), "{problem}");
    }
    let (status, changed) = post("/api/v1/jobs/1/reread", json!({ "encoding": "IBM437" })).await;
    assert_eq!((status, &changed["after"]), (202, &json!("PENDING")), "{changed}");
    assert_eq!(server.world.status_after_run(1).await, "COMPLETED");
    assert_eq!(post("/api/v1/jobs/1/reread", json!({ "encoding": "IBM437" })).await, (202, changed));
    assert_eq!(server.world.contacts("tester").await.len(), 4, "the discarded rows are read again");
    let undo = format!("/api/v1/actions/{}/undo", effect["action"]);
    assert_eq!(post(&undo, json!({})).await.0, 409, "the rows of the decision are gone");
    let (status, _) =
        status_and_json(server.send(Method::POST, "/api/v1/jobs/1/reread", Some(json!({})), &[]).await).await;
    assert_eq!(status, 409);
    let (_, trail) = server.get("/api/v1/actions?job=1").await;
    assert_eq!(trail["items"][0]["request"], json!({ "before": {}, "after": { "encoding": "IBM437" } }));
}

#[tokio::test]
async fn the_pages_show_the_likely_readings_in_three_languages() {
    let server = serving().await;
    upload(&server, "", doubtful(3)).await;
    server.world.status_after_run(1).await;
    for (language, title, button, case) in [
        ("en", "The encoding of this file is in doubt", "Read as IBM437", "Compare the likely readings"),
        ("de", "Die Zeichenkodierung dieser Datei ist unsicher", "Als IBM437 lesen", "Lesarten vergleichen"),
        ("es", "La codificación de este archivo es dudosa", "Leer como IBM437", "Comparar las lecturas"),
    ] {
        let page = async |path: &str| {
            let request =
                server.client().get(format!("{}{path}", server.url)).header("accept-language", language);
            request.send().await.unwrap().text().await.unwrap()
        };
        let job = page("/jobs/1").await;
        for words in [title, button, "<bdi>Brençac</bdi>", "<bdi>Brenáac</bdi>"] {
            assert!(job.contains(words), "{language}: {words}");
        }
        assert!(page("/jobs/1/review/malformed").await.contains(case), "{language}");
    }
    let form = [("encoding", "IBM437"), ("header_line", "")];
    let request = server.client().post(format!("{}/jobs/1/reread", server.url)).form(&form);
    let answer = request.header("sec-fetch-site", "same-origin").send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["location"].to_str().unwrap()), (303, "/jobs/1"));
    assert_eq!(server.world.status_after_run(1).await, "COMPLETED");
    assert_eq!(server.world.contacts("tester").await[0], "p0@example.com|Brençac|Lee|Acme");
}

#[tokio::test]
async fn a_reading_is_chosen_on_the_upload_page_and_on_the_page_of_the_job() {
    let server = serving().await;
    let file = write(&server.world, "dos.csv", &doubtful(3));
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/upload").await;
    screen.find("#file").await.send_keys(&file).await.unwrap();
    screen.step("reading").await;
    screen.sees("#facts", "encoding of this file is in doubt").await;
    assert_eq!(screen.accessibility_violations().await, Vec::<String>::new());
    screen.click("#facts [data-set=encoding][value=IBM437]").await;
    screen.sees("#facts", "IBM437, set by hand").await;
    screen.sees("#preview tbody", "Brençac").await;
    // Without a choice, the page of the job asks.
    screen.find("#encoding").await.send_keys("Detect").await.unwrap();
    screen.sees("#facts", "encoding of this file is in doubt").await;
    screen.step("import").await;
    screen.click("#send").await;
    screen.sees("h1", "dos.csv").await;
    screen.sees("#encoding", "Brençac").await;
    assert_eq!(screen.accessibility_violations().await, Vec::<String>::new());
    screen.click("#encoding button[value=IBM437]").await;
    screen.sees("main", "4 contacts imported").await;
    screen.close().await;
}
