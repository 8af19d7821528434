//! The encoding and the line of the header as a person sets them: on the command line, by API, on the upload page, and for
//! every run of the job.

use serde_json::{Value, json};

use crate::support::{Ended, Look, Screen, Server, World, free_port, status_and_json};

/// `Renée` in Mac Roman, which is `RenŽe` in Windows-1252.
const MAC: &[u8] = b"email,first_name,last_name,company\nann@example.com,Ren\x8Ee,Lee,Acme\n";
/// Two lines may be the header; the first one is detected.
const TWO_HEADERS: &str = "email,first_name,last_name,company\nold@example.com,O,L,D\n\
    email,last_name,first_name,company\na@example.com,Lee,Ann,Acme\n";

fn bytes_file(world: &World, name: &str, content: &[u8]) -> String {
    let path = world.path(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

async fn import(world: &World, file: &str, options: &[&str]) -> Ended {
    world.ingest(&[&["import", file], options].concat()).await
}

async fn settings_of(world: &World, job: i32) -> (Option<String>, Option<i32>) {
    let query = "SELECT job_encoding, job_header_line FROM jobs WHERE job_id = $1";
    sqlx::query_as(query).bind(job).fetch_one(&world.pool).await.unwrap()
}

#[tokio::test]
async fn the_encoding_can_be_set_and_is_stored_with_the_job() {
    let world = World::database().await;
    let mac = bytes_file(&world, "mac.csv", MAC);
    let shown = world.ingest(&["preview", &mac, "--encoding", "Mac-Roman"]).await;
    shown.expect_status(0);
    assert!(shown.stdout.contains("Renée") && shown.stderr.contains("macintosh"), "{shown:?}");
    import(&world, &mac, &["--encoding", "mac-roman"]).await.expect_status(0);
    assert_eq!(world.contacts("tester").await, ["ann@example.com|Renée|Lee|Acme"]);
    assert_eq!(settings_of(&world, 1).await, (Some("macintosh".to_owned()), None));

    let refused = import(&world, &mac, &["--encoding", "klingon"]).await;
    refused.expect_status(2);
    for name in ["klingon", "UTF-8", "windows-1251", "macintosh", "IBM850", "gb18030"] {
        assert!(refused.stderr.contains(name), "{name}: {}", refused.stderr);
    }
}

#[tokio::test]
async fn the_line_of_the_header_can_be_set() {
    let world = World::database().await;
    let file = world.file("two.csv", TWO_HEADERS);
    import(&world, &file, &["--header-line", "3"]).await.expect_status(0);
    assert_eq!(world.contacts("tester").await, ["a@example.com|Ann|Lee|Acme"]);
    assert_eq!(settings_of(&world, 1).await, (None, Some(3)));
    // A mapping applies to the columns of that line.
    let odd = world.file("odd.csv", "A report;;;\nHaus;Post;Vor;Nach\nAcme;b@example.com;Bo;Ray\n");
    let options = [
        "--header-line",
        "2",
        "--column",
        "email=Post",
        "--column",
        "first_name=Vor",
        "--column",
        "last_name=Nach",
    ];
    import(&world, &odd, &[&options[..], &["--column", "company=Haus"]].concat()).await.expect_status(0);
    assert_eq!(world.contacts("tester").await.len(), 2);

    let beyond = import(&world, &file, &["--header-line", "5"]).await;
    beyond.expect_status(1);
    assert!(
        beyond.stderr.contains("line 5") && beyond.stderr.contains("ends on line 4"),
        "{}",
        beyond.stderr
    );
    world.ingest(&["preview", &file, "--header-line", "5"]).await.expect_status(1);
    import(&world, &file, &["--header-line", "0"]).await.expect_status(2);
    let jobs: i64 = sqlx::query_scalar("SELECT count(*) FROM jobs").fetch_one(&world.pool).await.unwrap();
    assert_eq!(jobs, 2, "a refused upload creates no job");
}

#[tokio::test]
async fn the_same_file_with_other_settings_is_another_job() {
    let world = World::database().await;
    let file = world.file("two.csv", TWO_HEADERS);
    import(&world, &file, &["--header-line", "3"]).await.expect_status(0);
    assert!(import(&world, &file, &["--header-line", "3"]).await.stderr.contains("imported as job 1"));
    import(&world, &file, &["--header-line", "1"]).await.expect_status(3);
    import(&world, &file, &["--header-line", "1", "--encoding", "windows-1251"]).await.expect_status(3);
    assert!(import(&world, &file, &["--header-line", "1"]).await.stderr.contains("imported as job 2"));
}

#[tokio::test]
async fn a_resumed_run_uses_the_settings_of_the_first() {
    let world = World::database().await;
    let mut content =
        b"email,first_name,last_name,company\nx,y,z,w\nemail,last_name,first_name,company\n".to_vec();
    for n in 0..3_000 {
        content.extend(format!("p{n}@example.com,Lee,").into_bytes());
        content.extend(b"Ren\x8Ee,Acme\n");
    }
    let file = bytes_file(&world, "long.csv", &content);
    import(&world, &file, &["--encoding", "macintosh", "--header-line", "3"]).await.expect_status(0);
    // The state that a run leaves if it is interrupted after a checkpoint.
    let cut = "DELETE FROM contacts; DELETE FROM staging WHERE staging_id > 1000;
               UPDATE jobs SET job_status = 'PROCESSING', job_checkpoint = 1000, job_staged_at = NULL";
    sqlx::raw_sql(cut).execute(&world.pool).await.unwrap();
    world.ingest(&["reprocess", "1"]).await.expect_status(0);
    let contacts = world.contacts("tester").await;
    assert_eq!((contacts.len(), contacts[2_999].as_str()), (3_000, "p9@example.com|Renée|Lee|Acme"));
}

#[tokio::test]
async fn a_producer_can_set_the_encoding_and_an_unknown_one_fails_the_job() {
    let world = World::database().await;
    let content = "email,first_name,last_name,company\nann@example.com,Ann,Lee,Acme\n";
    world.ingest(&["migrate"]).await.expect_status(0);
    let job = world.enqueue_silently("a.csv", content, "tester").await;
    sqlx::query("UPDATE jobs SET job_encoding = 'klingon'").execute(&world.pool).await.unwrap();
    let failed = world.ingest(&["reprocess", &job.to_string()]).await;
    failed.expect_status(1);
    assert!(
        failed.stderr.contains("unknown encoding \"klingon\"") && failed.stderr.contains("UTF-8"),
        "{failed:?}"
    );
    sqlx::query("UPDATE jobs SET job_encoding = 'cp1251'").execute(&world.pool).await.unwrap();
    world.ingest(&["reprocess", &job.to_string()]).await.expect_status(0);
}

async fn post(server: &Server, path: &str, body: &[u8]) -> (u16, Value) {
    let request = server.client().post(format!("{}/api/v1/uploads{path}", server.url));
    let request = request.header("content-type", "text/csv").body(body.to_vec());
    status_and_json(request.send().await.unwrap()).await
}

#[tokio::test]
async fn the_api_previews_and_imports_a_file_with_settings() {
    let server = Server::start_at(World::database().await, free_port(), &["serve"]).await;
    let (status, shown) = post(&server, "/preview?encoding=MacRoman", MAC).await;
    assert_eq!(
        (status, &shown["rows"][0][1], &shown["encoding"]),
        (200, &json!("Renée"), &json!("macintosh"))
    );
    let (_, shown) = post(&server, "/preview?header_line=3", TWO_HEADERS.as_bytes()).await;
    assert_eq!((&shown["header_line"], &shown["row_lines"]), (&json!(3), &json!([4])), "{shown}");
    let first = json!({ "line": 1, "text": "email first_name last_name company" });
    assert_eq!((&shown["skipped"][0], shown["skipped"].as_array().unwrap().len()), (&first, 2));

    let (status, made) = post(&server, "?encoding=MacRoman&header_line=1", MAC).await;
    assert_eq!(status, 202, "{made}");
    assert_eq!(server.world.status_after_run(1).await, "COMPLETED");
    assert_eq!(server.world.contacts("tester").await, ["ann@example.com|Renée|Lee|Acme"]);
    let (_, job) = server.get("/api/v1/jobs/1").await;
    assert_eq!(job["settings"], json!({ "encoding": "macintosh", "header_line": 1 }));

    for (query, parameter, words) in [
        ("encoding=klingon", "encoding", "windows-1251"),
        ("header_line=0", "header_line", "numbered from 1"),
        ("header_line=-1", "header_line", "numbered from 1"),
        ("header_line=9", "header_line", "ends on line 4"),
    ] {
        for path in ["", "/preview"] {
            let (status, problem) = post(&server, &format!("{path}?{query}"), TWO_HEADERS.as_bytes()).await;
            let error = &problem["errors"][0];
            assert_eq!((status, &error["parameter"]), (422, &json!(parameter)), "{path} {query}: {problem}");
            assert!(error["detail"].as_str().unwrap().contains(words), "{path} {query}: {problem}");
        }
    }
    assert_eq!(server.get("/api/v1/jobs").await.1["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_settings_of_the_upload_page_work_without_scripts() {
    let server = Server::start_at(World::database().await, free_port(), &["serve"]).await;
    let page =
        server.client().get(format!("{}/upload", server.url)).send().await.unwrap().text().await.unwrap();
    let before_the_file = page.split("type=\"file\"").next().unwrap();
    assert!(
        before_the_file.contains("<option>macintosh</option>")
            && before_the_file.contains("name=\"header_line\"")
    );
    let send = async |encoding: &str, line: &str| {
        let part =
            |name: &str, rest: &str| format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"{rest}");
        let mut form = part("encoding", &format!("\r\n\r\n{encoding}\r\n"));
        form += &part("header_line", &format!("\r\n\r\n{line}\r\n"));
        form += &part("file", "; filename=\"mac.csv\"\r\n\r\n");
        let body = [form.as_bytes(), MAC, b"\r\n--b--\r\n"].concat();
        let request = server.client().post(format!("{}/upload", server.url)).header("accept", "text/html");
        request.header("content-type", "multipart/form-data; boundary=b").body(body).send().await.unwrap()
    };
    let answer = send("macintosh", "").await;
    assert_eq!((answer.status().as_u16(), answer.headers()["location"].to_str().unwrap()), (303, "/jobs/1"));
    assert_eq!(server.world.status_after_run(1).await, "COMPLETED");
    assert_eq!(server.world.contacts("tester").await, ["ann@example.com|Renée|Lee|Acme"]);
    for (encoding, line, words) in [
        ("", "9", "ends on line 2"),
        ("", "first", "not a number"),
        ("klingon", "", "known encodings are UTF-8"),
    ] {
        let answer = send(encoding, line).await;
        assert_eq!(answer.status().as_u16(), 422);
        let page = answer.text().await.unwrap();
        assert!(page.contains(words), "{words}: {page}");
    }
}

#[tokio::test]
async fn a_row_of_the_preview_becomes_the_header_by_keyboard_and_by_click() {
    const SPACE: &str = " ";
    let server = Server::start_at(World::database().await, free_port(), &["serve"]).await;
    let file = server.world.file("two.csv", TWO_HEADERS);
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/upload").await;
    screen.find("#file").await.send_keys(&file).await.unwrap();
    screen.step("reading").await;
    screen.sees("#facts", "On line 1").await;
    screen.find("#preview [data-line='3'] button").await.send_keys(SPACE).await.unwrap();
    screen.sees("#facts", "On line 3").await;
    assert_eq!(screen.accessibility_violations().await, Vec::<String>::new());
    screen.click("#preview [data-line='1'] td:last-child").await;
    screen.sees("#facts", "On line 1").await;
    screen.click("#preview [data-line='3'] td:last-child").await;
    screen.sees("#facts", "On line 3").await;
    screen.step("columns").await;
    screen.sees("#preview .matching td", "a@example.com").await;
    screen.step("reading").await;
    screen.find("#encoding").await.send_keys("windows-1251").await.unwrap();
    screen.sees("#facts", "windows-1251, set by hand").await;
    screen.step("import").await;
    screen.click("#send").await;
    screen.sees("h1", "two.csv").await;
    assert_eq!(server.world.status_after_run(1).await, "COMPLETED");
    assert_eq!(server.world.contacts("tester").await, ["a@example.com|Ann|Lee|Acme"]);
    assert_eq!(settings_of(&server.world, 1).await, (Some("windows-1251".to_owned()), Some(3)));
    screen.close().await;
}

/// Semicolons separate the cells, but commas look as if they did; apostrophes are letters.
const ODD: &str = "email;first_name;last_name;company\na@example.com;'Ann;Lee;Acme, Inc, Ltd'\n";

#[tokio::test]
async fn the_dialect_can_be_set_and_is_used_by_every_run() {
    let world = World::database().await;
    let file = world.file("odd.csv", ODD);
    let shown = world.ingest(&["preview", &file, "--delimiter", "comma"]).await;
    assert!(shown.stderr.contains("delimiter ,"), "{}", shown.stderr);
    let done = import(&world, &file, &["--delimiter", ";", "--quote", "none"]).await;
    done.expect_status(0);
    assert!(done.stdout.contains("quotes                    none\n"), "{}", done.stdout);
    assert_eq!(world.contacts("tester").await, ["a@example.com|'Ann|Lee|Acme, Inc, Ltd'"]);
    let dialect = "SELECT job_delimiter, job_quote FROM jobs WHERE job_id = 1";
    let dialect: (String, String) = sqlx::query_as(dialect).fetch_one(&world.pool).await.unwrap();
    assert_eq!(dialect, (";".to_owned(), "none".to_owned()));
    // With apostrophes as quotes, the first one opens a cell.
    let quoted =
        world.file("quoted.csv", "email|first_name|last_name|company\nb@example.com|'Bob|Bo'|Ray|Acme\n");
    import(&world, &quoted, &["--quote", "single"]).await.expect_status(0);
    assert!(world.contacts("tester").await.contains(&"b@example.com|Bob|Bo|Ray|Acme".to_owned()));
    // A file without a header, in which nothing tells what separates the cells.
    let tilde = world.file("tilde.csv", "email+first_name+last_name+company\nc@example.com+Cy+Day+Acme\n");
    import(&world, &tilde, &[]).await.expect_status(1);
    world.ingest(&["reread", "3", "--delimiter", "+"]).await.expect_status(0);
    assert_eq!(world.contacts("tester").await.len(), 3);
    for (option, value) in
        [("--delimiter", "a"), ("--delimiter", "::"), ("--delimiter", "\""), ("--quote", "x")]
    {
        let refused = import(&world, &file, &[option, value]).await;
        refused.expect_status(2);
        assert!(refused.stderr.contains("expected one"), "{}", refused.stderr);
    }
    // Cells of a workbook have no delimiter.
    let book = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/files/workbooks/contacts.xlsx");
    let shown = world.ingest(&["preview", book, "--delimiter", ";", "--quote", "none"]).await;
    shown.expect_status(0);
    import(&world, book, &["--delimiter", ";", "--quote", "none"]).await.expect_status(3);
}

#[tokio::test]
async fn the_api_and_the_pages_set_the_dialect() {
    let server = Server::start_at(World::database().await, free_port(), &["serve"]).await;
    let (_, shown) = post(&server, "/preview?delimiter=semicolon&quote=none", ODD.as_bytes()).await;
    assert_eq!(
        (&shown["delimiter"], &shown["quote"], &shown["rows"][0][1]),
        (&json!(";"), &json!("none"), &json!("'Ann"))
    );
    for (query, parameter) in [("delimiter=ab", "delimiter"), ("quote=x", "quote")] {
        for path in ["", "/preview"] {
            let (status, problem) = post(&server, &format!("{path}?{query}"), ODD.as_bytes()).await;
            assert_eq!((status, &problem["errors"][0]["parameter"]), (422, &json!(parameter)), "{problem}");
        }
    }
    let (status, made) = post(&server, "?delimiter=%3B&quote=none", ODD.as_bytes()).await;
    assert_eq!(status, 202, "{made}");
    assert_eq!(server.world.status_after_run(1).await, "COMPLETED");
    let (_, job) = server.get("/api/v1/jobs/1").await;
    assert_eq!(job["settings"], json!({ "delimiter": ";", "quote": "none" }));
    let page =
        server.client().get(format!("{}/jobs/1", server.url)).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("<dt>Quotes</dt><dd>none</dd>"), "{page}");
    // Read again by the form of the page, with a tab.
    let (_, made) = post(&server, "?filename=t.csv", b"email+a,first_name+b,last_name+c,company+d\n").await;
    let job = made["job"].as_i64().unwrap() as i32;
    assert_eq!(server.world.status_after_run(job).await, "FAILED");
    let page =
        server.client().get(format!("{}/jobs/{job}", server.url)).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("id=\"reread-delimiter\"") && page.contains("id=\"reread-quote\""), "{page}");
    let form =
        [("delimiter", "tab"), ("quote", "single"), ("encoding", ""), ("header_line", ""), ("part", "")];
    let request = server.client().post(format!("{}/jobs/{job}/reread", server.url)).form(&form);
    let answer = request.header("sec-fetch-site", "same-origin").send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 303);
    server.world.status_after_run(job).await;
    let (_, found) = server.get(&format!("/api/v1/jobs/{job}")).await;
    assert_eq!(found["settings"], json!({ "delimiter": "\t", "quote": "single" }));
}
