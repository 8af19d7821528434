//! Contacts and rows saved as files: all formats contain the same, and an import of a file restores the contacts.

use calamine::{Data, Reader};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use reqwest::Method;
use serde_json::Value;

use crate::support::{Server, World, status_and_json};

const HEADER: &str = "email,first_name,last_name,company\n";

/// Values that a format or a spreadsheet program may change, each as first name and company of one contact.
const TRICKY: [&str; 14] = [
    "=1+1",
    "'=1+1",
    "'quoted",
    "@Home",
    "+49 1",
    "-X-",
    "x;=1;y",
    "Quint, Ada; \\ \"Q\"",
    "007",
    "1/2",
    "TRUE",
    "Zoë 東京 ３M",
    "Rock,'n'Roll",
    "Łódź",
];

async fn with_contacts() -> World {
    let world = World::database().await;
    let row = |(at, value): (usize, &&str)| {
        let cell = format!("\"{}\"", value.replace('"', "\"\""));
        format!("c{at}@example.com,{cell},Lee,{cell}\n")
    };
    let rows: String = TRICKY.iter().enumerate().map(row).collect();
    let file = world.file("in.csv", &format!("{HEADER}{rows}"));
    world.ingest(&["import", &file]).await.expect_status(0);
    assert_eq!(world.contacts("tester").await.len(), TRICKY.len());
    world
}

#[tokio::test]
async fn an_import_of_an_exported_file_restores_the_contacts() {
    let world = with_contacts().await;
    let expected = world.contacts("tester").await;
    for format in ["csv", "xlsx", "vcf"] {
        let file = world.path(&format!("saved.{format}")).to_str().unwrap().to_owned();
        let saved = world.ingest(&["save", &file]).await;
        saved.expect_status(0);
        assert!(saved.stderr.starts_with(&format!("saved {file} (")), "{}", saved.stderr);
        world.ingest(&["import", &file, "--owner", format]).await.expect_status(0);
        assert_eq!(world.contacts(format).await, expected, "{format}");
    }
    let file = world.path("saved.csv").to_str().unwrap().to_owned();
    let bytes = std::fs::read(&file).unwrap();
    let refused = world.ingest(&["save", &file]).await;
    refused.expect_status(1);
    assert!(refused.stderr.contains("the file exists; choose another name, or replace it with `--force`"));
    world.ingest(&["save", &file, "--bom", "--force"]).await.expect_status(0);
    assert_eq!(std::fs::read(&file).unwrap(), [b"\xef\xbb\xbf", bytes.as_slice()].concat());
}

#[tokio::test]
async fn kept_columns_are_exported_and_restored() {
    let world = World::database().await;
    let file = world.file(
        "in.csv",
        "E-mail,Phone,First name,Last name,=Sum,Company,contact\n\
         ann@example.com,+49 1,Ann,Lee,=1+1,Acme,yes\nbob@example.com,,Bob,Ray,,Bolt,\n",
    );
    world.ingest(&["import", &file]).await.expect_status(0);
    let extra = "SELECT contacts_user_id || ' ' || contact_extra::text FROM contacts
         WHERE contact_extra IS NOT NULL AND contacts_user_id = $1";
    let extra = async |owner: &str| -> Vec<String> {
        sqlx::query_scalar(extra).bind(owner).fetch_all(&world.pool).await.unwrap()
    };
    let expected = r#"{"=Sum": "=1+1", "Phone": "+49 1", "contact": "yes"}"#;
    assert_eq!(extra("tester").await, [format!("tester {expected}")]);
    for format in ["csv", "xlsx"] {
        let file = world.path(&format!("saved.{format}")).to_str().unwrap().to_owned();
        world.ingest(&["save", &file]).await.expect_status(0);
        world.ingest(&["import", &file, "--owner", format]).await.expect_status(0);
        assert_eq!(world.contacts(format).await, world.contacts("tester").await, "{format}");
        // A name that is that of a column of ours gets a number.
        assert_eq!(extra(format).await, [format!("{format} {}", expected.replace("contact", "contact (2)"))]);
    }
    let csv = std::fs::read_to_string(world.path("saved.csv")).unwrap();
    let header =
        r#""contact","email","first_name","last_name","company","Phone","'=Sum","contact (2)","created_at""#;
    assert_eq!(csv.lines().next(), Some(header));
    let rows = world.ingest(&["save", "-", "--format", "csv", "--job", "1"]).await.stdout;
    assert!(rows.contains(r#""Acme","'+49 1","'=1+1","yes","SUCCESS","""#), "{rows}");
    let cards = world.ingest(&["save", "-", "--format", "vcf"]).await.stdout;
    assert!(cards.contains("NOTE:Phone: +49 1\\n=Sum: =1+1\\ncontact: yes\r\n"), "{cards}");
}

#[tokio::test]
async fn all_formats_contain_the_same_contacts() {
    let server = Server::start(with_contacts().await).await;
    let (_, listed) = server.get("/api/v1/contacts?limit=1000").await;
    let mut listed = listed["items"].as_array().unwrap().clone();
    listed.reverse();
    let text = |name: &str, contact: &Value| contact[name].as_str().unwrap().to_owned();
    let companies: Vec<String> = listed.iter().map(|contact| text("company", contact)).collect();
    let file = async |format: &str| {
        let path = format!("/api/v1/contacts/export?format={format}");
        let answer = server.send(Method::GET, &path, None, &[]).await;
        assert_eq!(answer.status(), 200, "{format}");
        let disposition = answer.headers()["content-disposition"].to_str().unwrap().to_owned();
        assert_eq!(disposition, format!("attachment; filename*=UTF-8''contacts.{format}"));
        answer.bytes().await.unwrap()
    };

    let lines = file("jsonl").await;
    let lines: Vec<Value> =
        lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(json).collect();
    assert_eq!(lines, listed);

    let parquet = SerializedFileReader::new(file("parquet").await).unwrap();
    let mut rows = Vec::new();
    for row in parquet.get_row_iter(None).unwrap() {
        rows.push(row.unwrap().into_columns());
    }
    let names: Vec<&str> = rows[0].iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["contact", "email", "first_name", "last_name", "company", "created_at"]);
    let shown: Vec<String> = rows.iter().map(|row| string(&row[4].1)).collect();
    assert_eq!(shown, companies);
    assert_eq!(rows[0][0].1, Field::Long(listed[0]["id"].as_i64().unwrap()));
    let Field::TimestampMicros(created) = rows[0][5].1 else { panic!("{:?}", rows[0][5]) };
    let created = chrono::DateTime::from_timestamp_micros(created).unwrap();
    assert_eq!(created, chrono::DateTime::parse_from_rfc3339(&text("created_at", &listed[0])).unwrap());

    let mut workbook: calamine::Xlsx<_> =
        calamine::open_workbook_from_rs(std::io::Cursor::new(file("xlsx").await)).unwrap();
    let sheet = workbook.worksheet_range_at(0).unwrap().unwrap();
    let shown: Vec<String> = sheet.rows().skip(1).map(|row| row[4].to_string()).collect();
    // Without the second apostrophe, an import would take the first for that of a CSV file.
    assert_eq!(
        (&shown[..1], &shown[1], &shown[2..]),
        (&companies[..1], &"''=1+1".to_owned(), &companies[2..])
    );
    let typed = |cell: &Data| matches!(cell, Data::DateTime(_));
    assert!(sheet.rows().skip(1).all(|row| typed(&row[5])), "{:?}", sheet.rows().nth(1));

    let csv = file("csv").await;
    let read =
        csv::Reader::from_reader(csv.as_ref()).into_records().map(|record| record.unwrap()[4].to_owned());
    let read: Vec<String> = read.collect();
    assert_eq!(&read[..4], ["'=1+1", "''=1+1", "'quoted", "'@Home"]);
    let cards = String::from_utf8(file("vcf").await.to_vec()).unwrap();
    assert_eq!(cards.matches("BEGIN:VCARD\r\nVERSION:4.0\r\n").count(), listed.len());
}

fn json(line: &[u8]) -> Value {
    serde_json::from_slice(line).unwrap()
}

fn string(field: &Field) -> String {
    match field {
        Field::Str(text) => text.clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_view_is_exported_as_it_is_filtered_and_only_to_its_owner() {
    let world = World::database().await;
    let file = world.file(
        "in.csv",
        &format!("{HEADER}a@example.com,Ann,Lee,Acme\nb@example.com,Bob,Ray,Bolt\nbad,Cy,Fox,Acme\n"),
    );
    world.ingest(&["import", &file, "--policy", "AT_ONCE"]).await.expect_status(3);
    let others = world.file("others.csv", &format!("{HEADER}z@example.com,Zoë,Foe,Acme\n"));
    world.ingest(&["import", &others, "--owner", "other"]).await.expect_status(0);

    let found = world.ingest(&["save", "-", "--format", "jsonl", "--text", "acme"]).await;
    found.expect_status(0);
    assert!(found.stdout.contains("\"Ann\"") && found.stdout.lines().count() == 1, "{}", found.stdout);
    let rows = world.ingest(&["save", "-", "--format", "csv", "--job", "1", "--status", "ISSUE"]).await;
    rows.expect_status(0);
    let lines: Vec<&str> = rows.stdout.lines().collect();
    let header = r#""row","line","email","first_name","last_name","company","status","residue""#;
    assert_eq!((lines.len(), lines[0]), (2, header), "{}", rows.stdout);
    assert!(lines[1].contains(r#","4","bad","Cy","Fox","Acme","ISSUE","""#), "{}", rows.stdout);
    let none = world.ingest(&["save", "-", "--format", "csv", "--job", "2"]).await;
    none.expect_status(1);
    assert!(none.stderr.contains("there is no job 2"), "{}", none.stderr);
    let wrong = world.ingest(&["save", "-", "--format", "csv", "--status", "ISSUE"]).await;
    wrong.expect_status(1);
    assert!(wrong.stderr.contains("add `--job`, or use only `--text`"), "{}", wrong.stderr);
    let unknown = world.ingest(&["save", "contacts.doc"]).await;
    unknown.expect_status(1);
    assert!(unknown.stderr.contains("one of csv, xlsx, jsonl, parquet, vcf"), "{}", unknown.stderr);

    let server = Server::start(world).await;
    let path = "/api/v1/jobs/1/rows/export?format=csv&issue_type=INVALID_EMAIL";
    let text = server.send(Method::GET, path, None, &[]).await.text().await.unwrap();
    assert!(text.contains("\"bad\"") && text.lines().count() == 2, "{text}");
    assert_eq!(server.get("/api/v1/jobs/2/rows/export?format=csv").await.0, 404);
    assert_eq!(server.get("/api/v1/contacts/export?format=doc").await.0, 400);
    let mut browser = server.browser().await;
    let url = |path: &str| format!("{}{path}", server.url);
    let page = browser.request(Method::GET, &url("/contacts/export?format=csv&text=bolt"), &[]).await;
    let text = page.text().await.unwrap();
    assert!(text.starts_with('\u{feff}') && text.contains("Bob") && !text.contains("Ann"), "{text}");
    let path = "/jobs/1/export?format=csv&show=imported&text=acme";
    let page = browser.request(Method::GET, &url(path), &[]).await;
    let text = page.text().await.unwrap();
    assert!(text.contains("Ann") && !text.contains("Bob") && !text.contains("Cy"), "{text}");
}

#[tokio::test]
async fn a_value_that_does_not_fit_into_a_workbook_is_named() {
    let world = World::database().await;
    let long = "x".repeat(40_000);
    let file = world.file("in.csv", &format!("{HEADER}a@example.com,Ann,Lee,{long}\n"));
    world.ingest(&["import", &file]).await.expect_status(0);
    let path = world.path("out.xlsx").to_str().unwrap().to_owned();
    let refused = world.ingest(&["save", &path]).await;
    refused.expect_status(1);
    let reason = "contact 1 has a value of more than 32767 characters in the column `company`, which xlsx files cannot \
                  contain; export as csv or jsonl";
    assert!(refused.stderr.contains(reason), "{}", refused.stderr);
    assert!(!world.path("out.xlsx").exists());
    world.ingest(&["save", world.path("out.csv").to_str().unwrap()]).await.expect_status(0);
    let server = Server::start(world).await;
    let answer = server.send(Method::GET, "/api/v1/contacts/export?format=xlsx", None, &[]).await;
    let (status, problem) = status_and_json(answer).await;
    assert_eq!((status, &problem["errors"][0]["detail"]), (422, &Value::from(reason)), "{problem}");
}
