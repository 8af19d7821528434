//! A check before the import finds what the import then finds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::{Server, World, free_port, status_and_json};

const HEADER: &str = "email,first_name,last_name,company\n";

/// What a check finds, or what an import has found.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    rows: i64,
    valid: i64,
    asked: i64,
    repeated: i64,
    /// Issues and their rows, by rule.
    issues: BTreeMap<String, (i64, i64)>,
}

impl Found {
    fn of_check(check: &Value) -> Found {
        let number = |name: &str| check[name].as_i64().unwrap();
        let issues = check["issues"].as_array().unwrap().iter().map(|found| {
            let counts = (found["issues"].as_i64().unwrap(), found["rows"].as_i64().unwrap());
            (found["issue_type"].as_str().unwrap().to_owned(), counts)
        });
        Found {
            rows: number("rows"),
            valid: number("valid_rows"),
            asked: number("issue_rows"),
            repeated: number("repeated_rows"),
            issues: issues.collect(),
        }
    }

    async fn of_job(world: &World, job: i64) -> Found {
        let query = "SELECT job_total_rows::bigint,
                count(*) FILTER (WHERE staging_status IN ('READY', 'SUCCESS')),
                count(*) FILTER (WHERE staging_status = 'ISSUE')
             FROM jobs LEFT JOIN staging ON staging_job_id = job_id WHERE job_id = $1 GROUP BY job_id";
        let (rows, valid, asked): (i64, i64, i64) =
            sqlx::query_as(query).bind(job).fetch_one(&world.pool).await.unwrap();
        let query = "SELECT issue_type::text, count(DISTINCT issue_id), count(*)
             FROM issues JOIN issue_items ON item_issue_id = issue_id WHERE issues_job_id = $1 GROUP BY issue_type";
        let issues: Vec<(String, i64, i64)> =
            sqlx::query_as(query).bind(job).fetch_all(&world.pool).await.unwrap();
        let issues = issues.into_iter().map(|(kind, issues, rows)| (kind, (issues, rows))).collect();
        Found { rows, valid, asked, repeated: rows - valid - asked, issues }
    }
}

async fn last_job(world: &World) -> (i64, Option<String>) {
    let query = "SELECT job_id::bigint, job_status::text FROM jobs ORDER BY job_id DESC LIMIT 1";
    let last: Option<(i64, String)> = sqlx::query_as(query).fetch_optional(&world.pool).await.unwrap();
    last.map_or((0, None), |(job, status)| (job, Some(status)))
}

/// Checks a file, imports it, and compares the results. Returns what was found; `None` if the file was refused.
async fn checked_and_imported(world: &World, file: &Path, options: &[&str]) -> Option<Found> {
    let path = file.to_str().unwrap();
    let checked = world.ingest(&[&["check", path, "--json"], options].concat()).await;
    let (before, _) = last_job(world).await;
    let imported = world.ingest(&[&["import", path, "--force"], options].concat()).await;
    let (job, status) = last_job(world).await;
    if checked.status == Some(1) {
        assert_eq!(imported.status, Some(1), "{path}: {}", checked.stderr);
        assert!(job == before || status.as_deref() == Some("FAILED"), "{path}");
        return None;
    }
    let check: Value = serde_json::from_str(&checked.stdout).unwrap_or_else(|error| {
        panic!("{path}: {error}: {} {}", checked.stdout, checked.stderr);
    });
    if check["is_split"] == json!(true) {
        return None;
    }
    assert_eq!(check["is_whole"], json!(true), "{path}");
    let found = Found::of_check(&check);
    assert_eq!(job, before + 1, "{path}: {}", imported.stderr);
    assert_eq!(found, Found::of_job(world, job).await, "{path}");
    assert_eq!(checked.status, imported.status, "{path}");
    Some(found)
}

#[tokio::test]
async fn a_check_finds_what_the_import_of_the_file_finds() {
    let world = World::database().await;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cases = std::fs::read_to_string(root.join("tests/files/cases.json")).unwrap();
    let cases: Vec<Value> = serde_json::from_str(&cases).unwrap();
    let (mut with_issues, mut refused) = (0, 0);
    for case in cases.iter().step_by(12) {
        let file = root.join("tests/files/files").join(case["file"].as_str().unwrap());
        let options = case["options"].as_array().into_iter().flatten();
        let options: Vec<&str> = options
            .map(|option| option.as_str().unwrap())
            .filter(|option| !option.contains("remember"))
            .collect();
        match checked_and_imported(&world, &file, &options).await {
            Some(found) => with_issues += i32::from(!found.issues.is_empty()),
            None => refused += 1,
        }
    }
    assert!(with_issues > 5 && refused > 0, "{with_issues} files with issues, {refused} refused");
}

#[tokio::test]
async fn a_check_finds_what_the_import_of_a_messy_file_finds_again() {
    let world = World::database().await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/messy");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 8);
    let mut existing = 0;
    // The second time, the contacts of the first import exist.
    for file in files.iter().chain(&files) {
        let found = checked_and_imported(&world, file, &[]).await.unwrap();
        existing += found.issues.get("EXISTING_EMAIL").map_or(0, |(_, rows)| *rows);
    }
    assert!(existing > 5, "{existing}");
}

#[tokio::test]
async fn a_large_file_with_every_issue_is_checked_like_its_import() {
    let world = World::database().await;
    let known = "known@example.com,Known,Lee,Acme\nchanged@example.com,Old,Lee,Acme\n";
    world.ingest(&["import", &world.file("known.csv", &format!("{HEADER}{known}"))]).await.expect_status(0);
    let mut text = HEADER.to_owned();
    for number in 0..30_000 {
        text += &match number % 1_000 {
            1 => "known@example.com,Known,Lee,Acme\n".to_owned(),
            2 => "changed@example.com,New,Lee,Acme\n".to_owned(),
            3 => format!("twice{}@example.com,Ann,Lee,Acme\n", number / 2_000),
            4 => format!("twice{}@example.com,Anna{number},Lee,Acme\n", number / 2_000),
            5 => format!("no{number}@example.com,,Lee,\n"),
            6 => "bad@@example.com,Ann,Lee,Acme\n".to_owned(),
            7 => format!("wide{number}@example.com,Ann,Lee,Acme,surplus\n"),
            _ => format!("row{number}@example.com,Ann,Lee,Acme\n"),
        };
    }
    let file = world.file("large.csv", &text);
    let found = checked_and_imported(&world, Path::new(&file), &[]).await.unwrap();
    assert_eq!(found.issues.len(), 5, "{found:?}");
    assert!(found.repeated > 50 && found.valid > 29_000, "{found:?}");
}

#[tokio::test]
async fn rows_with_the_values_of_their_contacts_are_counted() {
    let world = World::database().await;
    let rows = "ann@example.com,Ann,Lee,Acme\nbob@example.com,Bob,Ray,Acme\n";
    let file = world.file("a.csv", &format!("{HEADER}{rows}"));
    world.ingest(&["import", &file]).await.expect_status(0);
    let changed = world.file("b.csv", &format!("{HEADER}{}", rows.replace("Bob,Ray", "Rob,Ray")));
    let check = async |file: &str, owner: &str| {
        let checked = world.ingest(&["check", file, "--json", "--owner", owner]).await;
        serde_json::from_str::<Value>(&checked.stdout).unwrap()
    };
    assert_eq!(check(&file, "tester").await["identical_rows"], 2);
    let found = check(&changed, "tester").await;
    assert_eq!((&found["identical_rows"], &found["issue_rows"]), (&json!(1), &json!(2)));
    assert_eq!(found["examples"][0]["issues"][0]["fields"], json!(["email"]));
    // Another owner has no such contacts.
    let found = check(&file, "other").await;
    assert_eq!((&found["identical_rows"], &found["valid_rows"]), (&json!(0), &json!(2)));
    assert_eq!(found["has_unknown_contacts"], false);
    let insert = "INSERT INTO contacts (staging_id, contacts_user_id, contact_email, contact_first_name, contact_last_name,
        contact_company) VALUES (1, 'other', 'x@example.com', 'X', 'Y', 'Z')";
    sqlx::query(insert).execute(&world.pool).await.unwrap();
    assert_eq!(check(&file, "other").await["has_unknown_contacts"], true);
}

#[tokio::test]
async fn a_refused_file_is_refused_by_the_check_with_the_same_words() {
    let world = World::database().await;
    let file = world.file("a.csv", "email,first_name,last_name,size\na@example.com,Ann,Lee,7\n");
    let checked = world.ingest(&["check", &file]).await;
    checked.expect_status(1);
    assert!(checked.stderr.contains("company"), "{}", checked.stderr);
    let assigned = world.ingest(&["check", &file, "--column", "company=size", "--json"]).await;
    assigned.expect_status(0);
    let valued = world.ingest(&["check", &file, "--value", "company=Acme", "--json"]).await;
    valued.expect_status(0);
    let missing = world.ingest(&["check", "no-such-file.csv"]).await;
    missing.expect_status(1);
    assert!(missing.stderr.contains("no-such-file.csv"), "{}", missing.stderr);
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM jobs").fetch_one(&world.pool).await.unwrap();
    assert_eq!(count, 0);
}

async fn serving() -> Server {
    Server::start_at(World::database().await, free_port(), &["serve"]).await
}

async fn check_by_api(server: &Server, query: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
    let request = server.client().post(format!("{}/api/v1/uploads/check{query}", server.url));
    status_and_json(request.body(body).send().await.unwrap()).await
}

#[tokio::test]
async fn the_api_checks_a_file_as_it_would_be_uploaded() {
    let server = serving().await;
    let body = format!(
        "{HEADER}ann@example.com,Ann,Lee,Acme\nann@example.com,Anna,Lee,Acme\nbob@,Bob,,Acme\nann@example.com,Ann,Lee,Acme\n"
    );
    let (status, check) = check_by_api(&server, "", body.clone()).await;
    assert_eq!(status, 200, "{check}");
    let found = Found::of_check(&check);
    let issues = [("DUPLICATE_EMAIL", (1, 2)), ("INVALID_EMAIL", (1, 1)), ("MISSING_REQUIRED_FIELD", (1, 1))];
    let issues = issues.map(|(kind, counts)| (kind.to_owned(), counts)).into();
    assert_eq!(found, Found { rows: 4, valid: 0, asked: 3, repeated: 1, issues });
    let bob = &check["examples"][2];
    assert_eq!((&bob["number"], &bob["line"], &bob["email"]), (&json!(3), &json!(4), &json!("bob@")));
    assert_eq!(bob["issues"][0]["fields"], json!(["last_name"]));
    assert_eq!(bob["issues"][0]["reason"], "missing: last_name");
    // The parameters are those of the upload.
    let headless = "ann@example.com;Ann;Lee\nbob@example.com;Bob;Ray\n";
    let (status, problem) = check_by_api(&server, "", headless).await;
    assert_eq!(status, 422, "{problem}");
    let query = "?email=0&first_name=1&last_name=2&columns=3&values=%7B%22company%22:%22Acme%22%7D";
    let (status, check) = check_by_api(&server, query, headless).await;
    assert_eq!((status, &check["valid_rows"]), (200, &json!(2)), "{check}");
    // Nothing is stored.
    let (_, jobs) = server.get("/api/v1/jobs").await;
    assert_eq!(jobs["items"], json!([]));
}

#[tokio::test]
async fn domains_that_look_misspelt_are_named_though_nobody_is_asked() {
    let server = serving().await;
    let row = |email: &str| format!("{email},Ann,Lee,Acme\n");
    let emails =
        ["a@gmial.con", "b@Gmial.con", "c@hotmial.com", "d@gmail.com", "e@@gmial.con", "f@example.com"];
    let body = HEADER.to_owned() + &emails.map(row).concat();
    let (status, check) = check_by_api(&server, "", body.clone()).await;
    assert_eq!((status, &check["valid_rows"]), (200, &json!(5)), "{check}");
    let expected = json!([
        { "domain": "gmial.con", "intended": "gmail.com", "rows": 2 },
        { "domain": "hotmial.com", "intended": "hotmail.com", "rows": 1 },
    ]);
    assert_eq!(check["misspelt_domains"], expected);
    let file = server.world.file("a.csv", &body);
    let checked = server.world.ingest(&["check", &file]).await;
    assert!(checked.stderr.contains("looks misspelt: gmial.con, probably gmail.com (2 rows)"), "{checked:?}");
    let page = server.client().post(format!("{}/upload/check", server.url)).body(body);
    let page = page.send().await.unwrap().text().await.unwrap();
    for words in [
        "3 valid rows have e-mail addresses whose domains look misspelt",
        "<bdi>gmial.con</bdi> → <bdi>gmail.com</bdi>",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
}

#[tokio::test]
async fn the_beginning_of_a_file_is_checked_without_its_incomplete_row() {
    let server = serving().await;
    let mut text = HEADER.to_owned();
    for number in 0.. {
        // The last cell has line breaks, so that most cuts are within it.
        text += &format!("row{number}@example.com,Ann,Lee,\"{}\"\n", "Acme\nStreet\n".repeat(40));
        if text.len() > 5 << 20 {
            break;
        }
    }
    let beginning = text[..4 << 20].to_owned();
    let complete = beginning.matches("\"\n").count() as u64;
    let (status, check) = check_by_api(&server, "", beginning).await;
    assert_eq!((status, &check["is_whole"]), (200, &json!(false)), "{check}");
    let rows = check["rows"].as_u64().unwrap();
    assert!(rows == complete || rows + 1 == complete, "{rows} of {complete}");
    assert_eq!(check["valid_rows"], check["rows"], "{check}");
    let (status, _) = check_by_api(&server, "", text).await;
    assert_eq!(status, 413);
}
