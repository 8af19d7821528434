//! Parts of files: the sheets of workbooks and the files of archives.

use std::io::Write;

use reqwest::Method;
use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::support::{Look, Screen, Server, World, free_port, status_and_json};

const HEADER: &str = "email,first_name,last_name,company\n";
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/files/workbooks");

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// An archive with two tables, a remark and a picture.
fn two_tables() -> Vec<u8> {
    let table = |name: &str| format!("{HEADER}{name}@example.com,{name},Lee,Acme\n").into_bytes();
    let (ann, bob) = (table("ann"), table("bob"));
    zip(&[("README.txt", b"x"), ("export/a.csv", &ann), ("export/b.csv", &bob), ("logo.png", b"x")])
}

fn write(world: &World, name: &str, bytes: &[u8]) -> String {
    std::fs::write(world.path(name), bytes).unwrap();
    world.path(name).to_str().unwrap().to_owned()
}

#[tokio::test]
async fn each_table_of_an_archive_becomes_a_job() {
    let world = World::database().await;
    let file = write(&world, "two.zip", &two_tables());
    let shown = world.ingest(&["preview", &file]).await;
    for words in ["an import makes a job of each", "--part chooses one of: export/a.csv, export/b.csv"] {
        assert!(shown.stderr.contains(words), "{words}: {}", shown.stderr);
    }
    let done = world.ingest(&["import", &file]).await;
    done.expect_status(0);
    for words in ["two.zip, export/a.csv: job 1 COMPLETED", "two.zip, export/b.csv: job 2 COMPLETED"] {
        assert!(done.stdout.contains(words), "{words}: {}", done.stdout);
    }
    let contacts = ["ann@example.com|ann|Lee|Acme", "bob@example.com|bob|Lee|Acme"];
    assert_eq!(world.contacts("tester").await, contacts);
    let again = world.ingest(&["import", &file]).await;
    again.expect_status(0);
    assert!(again.stderr.contains("as job 1") && again.stderr.contains("as job 2"), "{}", again.stderr);
    // They share the file, which is deleted with the last of them.
    let files = || std::fs::read_dir(world.path("data/objects/uploads/tester")).unwrap().count();
    world.ingest(&["delete", "1", "--yes"]).await.expect_status(0);
    let keys = "SELECT count(DISTINCT job_s3_object_key) FROM jobs";
    assert_eq!(sqlx::query_scalar::<_, i64>(keys).fetch_one(&world.pool).await.unwrap(), 1);
    let key: String =
        sqlx::query_scalar("SELECT job_s3_object_key FROM jobs").fetch_one(&world.pool).await.unwrap();
    assert!(world.path("data/objects").join(&key).exists() && files() > 0);
    world.ingest(&["delete", "2", "--yes"]).await.expect_status(0);
    assert!(!world.path("data/objects").join(&key).exists());
    // Columns are matched for one table at a time.
    let refused = world.ingest(&["import", &file, "--column", "company=1", "--owner", "other"]).await;
    refused.expect_status(1);
    assert!(refused.stderr.contains("choose it with `--part`: export/a.csv"), "{}", refused.stderr);
}

#[tokio::test]
async fn one_table_of_an_archive_is_chosen() {
    let world = World::database().await;
    let file = write(&world, "two.zip", &two_tables());
    for part in ["export/b.csv", "b.csv"] {
        let done = world.ingest(&["import", &file, "--part", part, "--owner", part]).await;
        done.expect_status(0);
        assert_eq!(world.contacts(part).await, ["bob@example.com|bob|Lee|Acme"]);
    }
    let refused = world.ingest(&["import", &file, "--part", "c.csv"]).await;
    refused.expect_status(1);
    assert!(
        refused.stderr.contains("no part `c.csv`; `--part` chooses one of: export/a.csv, export/b.csv"),
        "{}",
        refused.stderr
    );
    let plain = world.file("plain.csv", HEADER);
    let refused = world.ingest(&["preview", &plain, "--part", "a.csv"]).await;
    refused.expect_status(1);
    assert!(refused.stderr.contains("no archive and no workbook"), "{}", refused.stderr);
    let jobs: i64 = sqlx::query_scalar("SELECT count(*) FROM jobs").fetch_one(&world.pool).await.unwrap();
    assert_eq!(jobs, 2, "a refused upload creates no job");
    // A sheet of a workbook in an archive.
    let book = std::fs::read(format!("{FOLDER}/contacts.xlsx")).unwrap();
    let packed = write(&world, "books.zip", &zip(&[("one.xlsx", &book), ("two.xlsx", &book)]));
    let shown = world.ingest(&["preview", &packed, "--part", "two.xlsx/Notes"]).await;
    assert!(shown.stderr.contains("sheet Notes"), "{}", shown.stderr);
    let packed = write(&world, "book.zip", &zip(&[("one.xlsx", &book)]));
    let shown = world.ingest(&["preview", &packed, "--part", "Notes"]).await;
    assert!(shown.stderr.contains("sheet Notes"), "{}", shown.stderr);
}

#[tokio::test]
async fn an_archive_from_the_queue_is_refused_with_its_tables() {
    let world = World::database().await;
    world.ingest(&["migrate"]).await.expect_status(0);
    let job = world.enqueue("two.zip", "", "tester").await;
    std::fs::write(world.path("data/objects/uploads/tester/two.zip"), two_tables()).unwrap();
    let refused = world.ingest(&["reprocess", &job.to_string()]).await;
    refused.expect_status(1);
    let words = "2 tables: export/a.csv, export/b.csv; choose one with `ingest reread 1 --part NAME`";
    assert!(refused.stderr.contains(words), "{}", refused.stderr);
    assert!(!refused.stderr.contains("detected wrongly"), "{}", refused.stderr);
    world.ingest(&["reread", "1", "--part", "c.csv"]).await.expect_status(1);
    world.ingest(&["reread", "1", "--part", "b.csv"]).await.expect_status(0);
    assert_eq!(world.contacts("tester").await, ["bob@example.com|bob|Lee|Acme"]);
    world.ingest(&["undo", "--yes", "--import", "1"]).await.expect_status(0);
    // Other settings leave the part as it is.
    world.ingest(&["reread", "1", "--encoding", "utf8"]).await.expect_status(0);
    assert_eq!(world.contacts("tester").await, ["bob@example.com|bob|Lee|Acme"]);
    // A producer can choose one too.
    let job = world.enqueue("two.zip", "", "tester").await;
    std::fs::write(world.path("data/objects/uploads/tester/two.zip"), two_tables()).unwrap();
    sqlx::query("UPDATE jobs SET job_part = 'a.csv' WHERE job_id = 2").execute(&world.pool).await.unwrap();
    world.ingest(&["reprocess", &job.to_string()]).await.expect_status(0);
    assert_eq!(world.contacts("tester").await.len(), 2);
}

#[tokio::test]
async fn the_directory_of_a_large_archive_is_found_at_its_end() {
    let world = World::database().await;
    let picture = picture();
    let table = |name: &str| format!("{HEADER}{name}@example.org,{name},Lee,Acme\n").into_bytes();
    let (ann, bob) = (table("ann"), table("bob"));
    let packed = zip(&[("logo.png", &picture), ("a.csv", &ann), ("b.csv", &bob)]);
    assert!(packed.len() > 8 << 20, "more than a preview reads: {}", packed.len());
    let done = world.ingest(&["import", &write(&world, "large.zip", &packed)]).await;
    done.expect_status(0);
    for words in ["large.zip, a.csv: job 1 COMPLETED", "large.zip, b.csv: job 2 COMPLETED"] {
        assert!(done.stdout.contains(words), "{words}: {}", done.stdout);
    }
}

#[tokio::test]
async fn the_columns_of_a_large_archive_are_assigned() {
    let world = World::database().await;
    let table = |name: &str| {
        format!("Haus;Anschrift;Zweitanschrift;Vor;Nach\nAcme;{name}@x.org;b@x.org;{name};Lee\n").into_bytes()
    };
    let picture = picture();
    let packed = |name: &str| zip(&[("logo.png", &picture), ("contacts.csv", &table(name))]);
    let file = write(&world, "large.zip", &packed("ann"));
    let columns = ["first_name=Vor", "last_name=Nach", "company=1", "email=2"];
    let shown = world.ingest(&["preview", &file]).await;
    shown.expect_status(1);
    assert!(shown.stdout.contains("Zweitanschrift"), "{}", shown.stdout);
    world.ingest(&["import", &file]).await.expect_status(1);
    std::fs::remove_file(&file).unwrap();
    world.ingest(&[&["map", "1"], &columns[..]].concat()).await.expect_status(0);
    assert_eq!(world.contacts("tester").await, ["ann@x.org|ann|Lee|Acme"]);

    let file = write(&world, "other.zip", &packed("bob"));
    let given = columns.iter().flat_map(|column| ["--column", column]);
    let arguments: Vec<&str> = ["import", &file, "--owner", "somebody"].into_iter().chain(given).collect();
    world.ingest(&arguments).await.expect_status(0);
    assert_eq!(world.contacts("somebody").await, ["bob@x.org|bob|Lee|Acme"]);
}

/// Returns 9 MiB that do not shrink when they are compressed: more than a request for a preview may send.
fn picture() -> Vec<u8> {
    let mut seed = 1_u64;
    let noise = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 56) as u8
    };
    std::iter::repeat_with(noise).take(9 << 20).collect()
}

#[tokio::test]
async fn a_sheet_of_a_workbook_is_chosen() {
    let world = World::database().await;
    for ending in ["xlsx", "xls", "ods", "xlsb"] {
        let file = format!("{FOLDER}/contacts.{ending}");
        let shown = world.ingest(&["preview", &file, "--part", "notes"]).await;
        assert!(shown.stderr.contains("sheet Notes"), "{ending}: {}", shown.stderr);
        assert!(shown.stderr.contains("--part chooses one of: "), "{ending}: {}", shown.stderr);
        let refused = world.ingest(&["import", &file, "--part", "Sheet9"]).await;
        refused.expect_status(1);
        let words = "no part `Sheet9`; `--part` chooses one of: ";
        assert!(
            refused.stderr.contains(words) && refused.stderr.contains("Kontakte 2026"),
            "{}",
            refused.stderr
        );
        let owner = format!("owner of {ending}");
        let done = world.ingest(&["import", &file, "--part", "Kontakte 2026", "--owner", &owner]).await;
        assert!(matches!(done.status, Some(0 | 3)), "{ending}: {}", done.stderr);
        let part: Option<String> = sqlx::query_scalar("SELECT job_part FROM jobs WHERE job_user_id = $1")
            .bind(&owner)
            .fetch_one(&world.pool)
            .await
            .unwrap();
        assert_eq!(part.as_deref(), Some("Kontakte 2026"));
    }
}

/// Returns a workbook as Excel saves it with macros: its content type, and a part with the macros.
fn with_macros(workbook: &[u8]) -> Vec<u8> {
    let mut from = zip::ZipArchive::new(std::io::Cursor::new(workbook)).unwrap();
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for at in 0..from.len() {
        let mut part = from.by_index(at).unwrap();
        let name = part.name().unwrap().into_owned();
        let mut bytes = Vec::new();
        std::io::copy(&mut part, &mut bytes).unwrap();
        if name == "[Content_Types].xml" {
            let text = String::from_utf8(bytes).unwrap();
            let macros = "application/vnd.ms-excel.sheet.macroEnabled.main+xml";
            let plain = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml";
            assert!(text.contains(plain));
            bytes = text.replace(plain, macros).into_bytes();
        }
        files.push((name, bytes));
    }
    files.push(("xl/vbaProject.bin".to_owned(), b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec()));
    let files: Vec<(&str, &[u8])> =
        files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    zip(&files)
}

#[tokio::test]
async fn workbooks_with_macros_and_binary_ones_are_imported() {
    let world = World::database().await;
    let macros = with_macros(&std::fs::read(format!("{FOLDER}/contacts.xlsx")).unwrap());
    let file = write(&world, "contacts.xlsm", &macros);
    let done = world.ingest(&["import", &file, "--policy", "AT_ONCE"]).await;
    done.expect_status(3);
    assert!(done.stdout.contains("XLSX workbook, sheet Kontakte 2026"), "{}", done.stdout);
    assert_eq!(world.contacts("tester").await[0], "ada@example.com|Ada|Quint|5581999123456");
    let done = world.ingest(&["import", &format!("{FOLDER}/contacts.xlsb"), "--owner", "other"]).await;
    done.expect_status(0);
    assert!(done.stdout.contains("XLSB workbook, sheet Kontakte 2026"), "{}", done.stdout);
    assert_eq!(
        world.contacts("other").await,
        ["ada@example.com|Ada|Quint|5581999123456", "zoe@example.com|Zoë|O'Neil|Müller & Co"]
    );
}

#[tokio::test]
async fn an_encrypted_workbook_is_refused_with_a_way_out() {
    let world = World::database().await;
    let refused = world.ingest(&["import", &format!("{FOLDER}/locked.xlsx")]).await;
    refused.expect_status(1);
    let words = "the XLSX workbook is protected with a password; save it without one and upload that";
    assert!(refused.stderr.contains(words), "{}", refused.stderr);
}

async fn serving() -> Server {
    Server::start_at(World::database().await, free_port(), &["serve"]).await
}

async fn post(server: &Server, path: &str, body: Vec<u8>) -> (u16, Value) {
    let url = format!("{}/api/v1/uploads{path}", server.url);
    status_and_json(server.client().post(url).body(body).send().await.unwrap()).await
}

#[tokio::test]
async fn the_api_makes_a_job_of_each_table() {
    let server = serving().await;
    let (_, shown) = post(&server, "/preview", two_tables()).await;
    assert_eq!(
        (&shown["parts"], &shown["is_split"]),
        (&json!(["export/a.csv", "export/b.csv"]), &json!(true))
    );
    let (_, shown) = post(&server, "/preview?part=b.csv", two_tables()).await;
    assert_eq!((&shown["rows"][0][0], &shown["is_split"]), (&json!("bob@example.com"), &json!(false)));
    for path in ["/preview?part=c.csv", "?part=c.csv"] {
        let (status, problem) = post(&server, path, two_tables()).await;
        let error = &problem["errors"][0];
        assert_eq!((status, &error["parameter"]), (422, &json!("part")), "{problem}");
        assert!(error["detail"].as_str().unwrap().contains("export/a.csv, export/b.csv"), "{problem}");
    }
    let request = || {
        let url = format!("{}/api/v1/uploads?filename=two.zip", server.url);
        server.client().post(url).header("idempotency-key", "once").body(two_tables()).send()
    };
    let (status, made) = status_and_json(request().await.unwrap()).await;
    let parts = json!([
        { "part": "export/a.csv", "job": 1, "earlier": false },
        { "part": "export/b.csv", "job": 2, "earlier": false },
    ]);
    assert_eq!((status, &made["job"], &made["parts"]), (202, &json!(1), &parts), "{made}");
    assert_eq!(status_and_json(request().await.unwrap()).await.1, made, "the recorded response");
    for job in [1, 2] {
        assert_eq!(server.world.status_after_run(job).await, "COMPLETED");
    }
    assert_eq!(server.world.contacts("tester").await.len(), 2);
    let (status, again) = post(&server, "", two_tables()).await;
    assert_eq!((status, &again["parts"][1]["earlier"]), (200, &json!(true)), "{again}");
    let (_, job) = server.get("/api/v1/jobs/2").await;
    assert_eq!(job["settings"], json!({ "part": "export/b.csv" }));
    let (status, single) = post(&server, "?part=b.csv&force=true", two_tables()).await;
    assert_eq!((status, &single["parts"]), (202, &json!([])), "{single}");
}

#[tokio::test]
async fn the_pages_choose_a_part() {
    let server = serving().await;
    let file = write(&server.world, "two.zip", &two_tables());
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/upload").await;
    screen.find("#file").await.send_keys(&file).await.unwrap();
    screen.step("reading").await;
    screen.sees("#facts", "Each becomes a job of its own").await;
    assert_eq!(screen.accessibility_violations().await, Vec::<String>::new());
    screen.click("#facts [data-set=part][value='export/b.csv']").await;
    screen.sees("#preview tbody", "bob@example.com").await;
    screen.step("columns").await;
    screen.step("import").await;
    screen.click("#send").await;
    screen.sees("h1", "two.zip, export/b.csv").await;
    assert_eq!(server.world.status_after_run(1).await, "COMPLETED");
    screen.close().await;

    // A job from the queue offers its tables.
    let job = server.world.enqueue_silently("two.zip", "", "tester").await;
    std::fs::write(server.world.path("data/objects/uploads/tester/two.zip"), two_tables()).unwrap();
    assert_eq!(server.world.status_after_run(job).await, "FAILED");
    let page = async |path: &str| {
        server.client().get(format!("{}{path}", server.url)).send().await.unwrap().text().await.unwrap()
    };
    let shown = page(&format!("/jobs/{job}")).await;
    assert!(
        shown.contains("name=\"part\" value=\"export/a.csv\"") && !shown.contains("name=\"value_company\""),
        "{shown}"
    );
    let shown = page(&format!("/jobs/{job}/columns?part=export/a.csv")).await;
    assert!(
        shown.contains("<bdi>ann@example.com</bdi>") && shown.contains("name=\"value_company\""),
        "{shown}"
    );
    let form = [
        ("part", "export/a.csv"),
        ("column_0", "email"),
        ("column_1", "first_name"),
        ("column_2", "last_name"),
        ("column_3", "company"),
    ];
    let request = server.client().post(format!("{}/jobs/{job}/columns", server.url)).form(&form);
    let answer = request.header("sec-fetch-site", "same-origin").send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 303);
    assert_eq!(server.world.status_after_run(job).await, "COMPLETED");
    // Without scripts, an archive leads to the list of its jobs.
    let form = [
        &b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"t.zip\"\r\n\r\n"[..],
        &two_tables(),
        b"\r\n--b--\r\n",
    ];
    let request = server.client().post(format!("{}/upload", server.url)).body(form.concat());
    let answer = request.header("content-type", "multipart/form-data; boundary=b").send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["location"].to_str().unwrap()), (303, "/jobs"));
    let (_, jobs) = status_and_json(server.send(Method::GET, "/api/v1/jobs", None, &[]).await).await;
    assert_eq!(jobs["items"].as_array().unwrap().len(), 3, "the first table was imported before: {jobs}");
}
