//! Compressed files, archives and workbooks: imported, previewed, and refused with a way out.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::support::{Look, Screen, Server, World, free_port, status_and_json};

const HEADER: &str = "email,first_name,last_name,company\n";
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/files/workbooks");

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in files {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[tokio::test]
async fn workbooks_are_imported_as_a_person_sees_them() {
    let world = World::database().await;
    for (ending, format) in [("xlsx", "XLSX workbook"), ("xls", "XLS workbook"), ("ods", "ODS spreadsheet")] {
        let file = format!("{FOLDER}/contacts.{ending}");
        let shown = world.ingest(&["preview", &file]).await;
        shown.expect_status(0);
        let unpacked = format!("unpacked from {format}, sheet Kontakte 2026\nsheets not imported Notes\n");
        assert!(shown.stderr.contains(&unpacked), "{}", shown.stderr);
        assert!(shown.stderr.contains("\nheader on line 3\n"), "{}", shown.stderr);
        let done = world.ingest(&["import", &file, "--policy", "AT_ONCE"]).await;
        done.expect_status(3);
        for words in [
            format!("unpacked from             {format}, sheet Kontakte 2026\n"),
            "sheets not imported       Notes\n".to_owned(),
            "other columns, kept       Since\n".to_owned(),
        ] {
            assert!(done.stdout.contains(&words), "{words}: {}", done.stdout);
        }
        assert!(!done.stdout.contains("encoding"), "{}", done.stdout);
        assert_eq!(
            world.contacts("tester").await,
            [
                "ada@example.com|Ada|Quint|5581999123456",
                "zoe@example.com|Zoë|O'Neil \"Z\"|Müller, Söhne & Co",
            ]
        );
    }
}

#[tokio::test]
async fn cards_of_an_address_book_become_contacts() {
    let world = World::database().await;
    // The second card is in Windows-1252, as old telephones write it.
    let cards =
        b"BEGIN:VCARD\r\nVERSION:3.0\r\nN:Quint;Ada;;;\r\nORG:Quint Ltd;Sales\r\nEMAIL:home@example.com\r\n\
        EMAIL;TYPE=PREF:ada@example.com\r\nTEL:+49 1\r\nEND:VCARD\r\n\
        BEGIN:VCARD\r\nVERSION:2.1\r\nN:M\xFCller;J\xFCrgen\r\nORG:B\xE4ckerei K\xF6nig\r\n\
        EMAIL;INTERNET:jm@example.com\r\nEND:VCARD\r\n";
    std::fs::write(world.path("phone.vcf"), cards).unwrap();
    let done = world.ingest(&["import", world.path("phone.vcf").to_str().unwrap()]).await;
    done.expect_status(0);
    for words in [
        "unpacked from             vCard file\n",
        "encoding                  windows-1252, detected\n",
        "other columns, kept       vCard EMAIL, vCard TEL\n",
    ] {
        assert!(done.stdout.contains(words), "{words}: {}", done.stdout);
    }
    assert_eq!(
        world.contacts("tester").await,
        ["ada@example.com|Ada|Quint|Quint Ltd", "jm@example.com|Jürgen|Müller|Bäckerei König"]
    );
}

#[tokio::test]
async fn a_large_compressed_file_is_imported_like_its_text() {
    let world = World::database().await;
    // Values without a pattern, which do not shrink.
    let noise = |n: u64, seed: u64| (n + seed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let row = |n| {
        let [one, two, three] = [1 << 20, 1 << 40, 3 << 50].map(|seed| noise(n, seed));
        format!("p{one:x}@example.com,Ann,Lee{two:x},Company {three:x}\n")
    };
    let rows: String = (0..50_000).map(row).collect();
    let packed = gzip(&format!("{HEADER}{rows}"));
    assert!(packed.len() > 1 << 20, "more than what stays in memory: {}", packed.len());
    std::fs::write(world.path("large.csv.gz"), packed).unwrap();
    let file = world.path("large.csv.gz");
    let done = world.ingest(&["import", file.to_str().unwrap()]).await;
    done.expect_status(0);
    assert!(done.stdout.contains("unpacked from             gzip file\n"), "{}", done.stdout);
    assert!(done.stdout.contains("contacts created                 50000\n"), "{}", done.stdout);
    // Which column is which is remembered for a file that needs it, and its beginning is enough for that.
    let odd = format!("a,b,c,d\n{rows}");
    std::fs::write(world.path("odd.csv.gz"), gzip(&odd)).unwrap();
    let file = world.path("odd.csv.gz");
    let columns = ["email=1", "first_name=2", "last_name=3", "company=4"];
    let options = columns.iter().flat_map(|column| ["--column", column]);
    let arguments: Vec<&str> = ["import", file.to_str().unwrap()].into_iter().chain(options).collect();
    world.ingest(&arguments).await.expect_status(3);
}

#[tokio::test]
async fn the_api_and_the_pages_show_what_was_unpacked() {
    let server = Server::start_at(World::database().await, free_port(), &["serve"]).await;
    let post = async |path: &str, body: Vec<u8>| {
        let url = format!("{}/api/v1/uploads{path}", server.url);
        status_and_json(server.client().post(url).body(body).send().await.unwrap()).await
    };
    let workbook = std::fs::read(format!("{FOLDER}/contacts.xlsx")).unwrap();
    let packed = zip(&[("contacts.csv", &format!("{HEADER}ann@example.com,Ann,Lee,Acme\n"))]);
    let (status, shown) = post("/preview", workbook.clone()).await;
    let expected = json!([{ "format": "XLSX", "part": "Kontakte 2026", "others": ["Notes"] }]);
    assert_eq!((status, &shown["containers"], &shown["header_line"]), (200, &expected, &json!(3)), "{shown}");
    assert_eq!(shown["rows"][1][3], "5581999123456");
    let (status, shown) = post("/preview", packed.clone()).await;
    assert_eq!((status, &shown["containers"][0]["part"]), (200, &json!("contacts.csv")), "{shown}");
    let (status, made) = post("?filename=contacts.xlsx", workbook).await;
    assert_eq!((status, &made["job"]), (202, &json!(1)), "{made}");
    assert_eq!(server.world.status_after_run(1).await, "NEEDS_REVIEW");
    let (_, job) = server.get("/api/v1/jobs/1").await;
    assert_eq!(job["interpretation"]["containers"], expected);
    let page = server.client().get(format!("{}/jobs/1", server.url)).send().await.unwrap();
    let page = page.text().await.unwrap();
    assert!(page.contains("XLSX workbook, sheet “Kontakte 2026”") && page.contains("<bdi>Notes</bdi>"));
    let request = server.client().get(format!("{}/jobs/1", server.url)).header("accept-language", "de");
    let page = request.send().await.unwrap().text().await.unwrap();
    assert!(page.contains("XLSX-Arbeitsmappe, Tabelle „Kontakte 2026“"));
    let (_, made) = post("?filename=contacts.zip", packed).await;
    server.world.status_after_run(made["job"].as_i64().unwrap() as i32).await;
    let page = server.client().get(format!("{}/jobs/{}", server.url, made["job"])).send().await.unwrap();
    assert!(page.text().await.unwrap().contains("ZIP archive, file “contacts.csv”"));
    // The page sends all of a workbook for its preview.
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/upload").await;
    let file = format!("{FOLDER}/contacts.ods");
    screen.find("#file").await.send_keys(&file).await.unwrap();
    screen.step("reading").await;
    screen.sees("#facts", "ODS spreadsheet, sheet “Kontakte 2026”").await;
    screen.sees("#preview", "zoe@example.com").await;
    screen.close().await;
}

#[tokio::test]
async fn a_file_that_is_too_large_for_a_preview_is_imported_and_matched_on_its_page() {
    let server = Server::start_at(World::database().await, free_port(), &["serve"]).await;
    // A workbook with a picture. The page sends only its beginning.
    let workbook = std::fs::read(format!("{FOLDER}/contacts.xlsx")).unwrap();
    let mut writer = ZipWriter::new_append(std::io::Cursor::new(workbook)).unwrap();
    let mut picture = vec![0; 9 << 20];
    fastrand::Rng::with_seed(1).fill(&mut picture);
    writer.start_file("xl/media/image1.png", SimpleFileOptions::default()).unwrap();
    writer.write_all(&picture).unwrap();
    let workbook = writer.finish().unwrap().into_inner();
    let file = server.world.path("large.xlsx");
    std::fs::write(&file, &workbook).unwrap();
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/upload").await;
    screen.find("#file").await.send_keys(file.to_str().unwrap()).await.unwrap();
    screen.sees("#preview .notice", "This one is larger: upload it without a preview").await;
    assert_eq!(screen.count("#steps [data-to=check]:enabled").await, 0, "nothing can be checked");
    screen.step("import").await;
    screen.click("#send").await;
    screen.sees("h1", "large.xlsx").await;
    assert_eq!(server.world.status_after_run(1).await, "NEEDS_REVIEW");
    screen.go("/jobs/1/columns").await;
    screen.sees("main", "zoe@example.com").await;
    // The API refuses the preview, with the limit.
    let url = format!("{}/api/v1/uploads/preview", server.url);
    let head = workbook[..256 << 10].to_vec();
    let (status, refused) =
        status_and_json(server.client().post(&url).body(head).send().await.unwrap()).await;
    assert_eq!(status, 422, "{refused}");
    assert!(refused["errors"][0]["detail"].as_str().unwrap().contains("up to 8 MB"), "{refused}");
    // The beginning of a large file of text is enough.
    let row = "ann@example.com,Ann,Lee,Acme\n";
    let text = format!("{HEADER}{}", row.repeat((20 << 20) / row.len()));
    let file = server.world.file("large.csv", &text);
    screen.go("/upload").await;
    screen.find("#file").await.send_keys(&file).await.unwrap();
    screen.step("reading").await;
    screen.sees("#preview", "ann@example.com").await;
    // Of its rows, the first 4 MiB are checked.
    screen.step("check").await;
    screen.sees("#check", "This is about the first ").await;
    screen.close().await;
}

#[tokio::test]
async fn what_cannot_be_unpacked_is_refused_with_a_way_out() {
    let world = World::database().await;
    let cut = gzip(&HEADER.repeat(1000));
    let cases: [(&str, &[u8], &str); 3] = [
        ("cut.gz", &cut[..cut.len() / 2], "the gzip file cannot be read"),
        ("text.zip", &zip(&[("readme.pdf", "x")]), "the ZIP archive contains no table"),
        ("page.csv.gz", &gzip("<html><body>Sign in</body></html>"), "a web page"),
    ];
    for (name, bytes, words) in cases {
        std::fs::write(world.path(name), bytes).unwrap();
        let done = world.ingest(&["import", world.path(name).to_str().unwrap()]).await;
        done.expect_status(1);
        assert!(done.stderr.contains("FAILED") && done.stderr.contains(words), "{name}: {}", done.stderr);
    }
    let failures: Vec<Value> =
        sqlx::query_scalar("SELECT to_jsonb(job_status) FROM jobs").fetch_all(&world.pool).await.unwrap();
    assert_eq!(failures, vec![json!("FAILED"); 3]);
}

#[tokio::test]
async fn a_workbook_that_grows_does_not_fill_the_memory_of_the_server() {
    let server = Server::start(World::database().await).await;
    let strings = format!("<sst>{}</sst>", "<si><t>a</t></si>".repeat(5 << 20));
    let bomb = zip(&[("xl/workbook.xml", "<workbook/>"), ("xl/sharedStrings.xml", &strings)]);
    assert!(bomb.len() < 8 << 20, "{}", bomb.len());
    let preview = async || {
        let url = format!("{}/api/v1/uploads/preview", server.url);
        status_and_json(server.client().post(url).body(bomb.clone()).send().await.unwrap()).await
    };
    let (status, refused) = preview().await;
    let detail = refused["errors"][0]["detail"].as_str().unwrap_or_default();
    assert!(status == 422 && detail.contains("64 MB when they are unpacked"), "{refused}");
    let peak = server.memory_bytes("VmHWM");
    assert!(peak < 256 << 20, "peak {} MiB", peak >> 20);
}
