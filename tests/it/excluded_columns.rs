//! Columns that a person excludes from the import.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Look, Screen, Server, World, free_port, status_and_json};

const FILE: &str = "email,first_name,last_name,company,Phone,Notes,Phone\n\
    ann@example.com,Ann,Lee,Acme,1,VIP,2\nbob@example.com,Bob,Ray,Acme,3,,4\n";

/// Returns the stored values in other columns of the contacts, in the order of their e-mails.
async fn extras(world: &World) -> Vec<Option<Value>> {
    let query = "SELECT contact_extra FROM contacts ORDER BY contact_email";
    sqlx::query_scalar(query).fetch_all(&world.pool).await.unwrap()
}

async fn stored_columns(world: &World, job: i32) -> Value {
    let query = "SELECT job_columns FROM jobs WHERE job_id = $1";
    sqlx::query_scalar(query).bind(job).fetch_one(&world.pool).await.unwrap()
}

async fn serving() -> Server {
    Server::start_at(World::database().await, free_port(), &["serve"]).await
}

#[tokio::test]
async fn an_excluded_column_is_not_imported_and_named() {
    let world = World::database().await;
    let file = world.file("a.csv", FILE);
    let done = world.ingest(&["import", &file, "--exclude", "notes", "--exclude", "Phone (2)"]).await;
    done.expect_status(0);
    for words in ["other columns, kept       Phone\n", "columns not imported      Notes, Phone\n", "by you\n"]
    {
        assert!(done.stdout.contains(words), "{words}: {}", done.stdout);
    }
    assert_eq!(extras(&world).await, [Some(json!({ "Phone": "1" })), Some(json!({ "Phone": "3" }))]);
    let expected = json!({ "places": [0, 1, 2, 3], "columns": 7, "excluded": [5, 6] });
    assert_eq!(stored_columns(&world, 1).await, expected);
    // Other exclusions are another job; the same ones are not.
    let again = ["import", &file, "--exclude", "6", "--exclude", "7"];
    assert!(world.ingest(&again).await.stderr.contains("already imported as job 1"));
    let other = world.ingest(&["import", &file, "--exclude", "6"]).await;
    assert!(other.stdout.contains("job 2 "), "{}", other.stdout);
}

#[tokio::test]
async fn an_exclusion_that_cannot_be_is_refused_with_the_columns_that_exist() {
    let world = World::database().await;
    let file = world.file("a.csv", FILE);
    for (arguments, words) in [
        (
            &["--exclude", "Fax"][..],
            "the file has no column Fax; the columns are: 1 email, 2 first_name, 3 last_name, 4 company, 5 Phone",
        ),
        (&["--exclude", "8"], "the file has no column 8;"),
        (&["--exclude", "Email"], "email is read from column 1 (email), which cannot be excluded then"),
        (
            &["--column", "company=Notes", "--exclude", "Notes"],
            "company is read from column 6 (Notes), which cannot be excluded then; choose another column for the field",
        ),
    ] {
        let refused = world.ingest(&[&["import", &file], arguments].concat()).await;
        refused.expect_status(1);
        assert!(refused.stderr.contains(words), "{words}: {}", refused.stderr);
    }
    world.ingest(&["import", &file, "--exclude", "Notes", "--no-exclude"]).await.expect_status(2);
    assert_eq!(extras(&world).await, []);
    // A field that is left empty has no column.
    world.ingest(&["import", &file, "--column", "company=", "--exclude", "company"]).await.expect_status(0);
    let expected = json!({ "Phone": "1", "Notes": "VIP", "Phone (2)": "2" });
    assert_eq!(extras(&world).await[0], Some(expected));
    assert_eq!(world.contacts("tester").await[0], "ann@example.com|Ann|Lee|");
}

#[tokio::test]
async fn a_remembered_exclusion_applies_to_later_files_and_to_jobs_from_the_queue() {
    let world = World::database().await;
    let file = world.file("a.csv", FILE);
    world.ingest(&["import", &file, "--exclude", "Notes"]).await.expect_status(0);
    let listed = world.ingest(&["mappings", "list"]).await.stdout;
    assert!(listed.contains("not imported: Notes"), "{listed}");
    let next = world.file("b.csv", &FILE.replace("@example.com", "@example.org"));
    let shown = world.ingest(&["preview", &next]).await;
    for words in ["other columns, kept: Phone, Phone (2)\n", "columns not imported: Notes\n"] {
        assert!(shown.stderr.contains(words), "{words}: {}", shown.stderr);
    }
    let done = world.ingest(&["import", &next]).await;
    assert!(done.stdout.contains("columns not imported      Notes\n"), "{}", done.stdout);
    let job = world.enqueue("c.csv", &FILE.replace("@example.com", "@example.net"), "tester").await;
    let done = world.ingest(&["reprocess", &job.to_string()]).await;
    done.expect_status(0);
    assert!(done.stdout.contains("columns not imported      Notes\n"), "{}", done.stdout);
    let expected = json!({ "places": [0, 1, 2, 3], "columns": 7, "excluded": [5], "remembered": true });
    assert_eq!(stored_columns(&world, job).await, expected);
    assert!(extras(&world).await.iter().flatten().all(|extra| extra.get("Notes").is_none()));
    // It is changed, and does not count where another exclusion is given.
    let changed = world.ingest(&["mappings", "change", "1", "--exclude", "Phone"]).await;
    assert!(changed.stderr.contains("not imported: Phone"), "{}", changed.stderr);
    let refused = world.ingest(&["mappings", "change", "1", "--exclude", "company"]).await;
    refused.expect_status(1);
    assert!(refused.stderr.contains("company is read from column 4"), "{}", refused.stderr);
    let all = world.file("d.csv", &FILE.replace("@example.com", "@example.edu"));
    let done = world.ingest(&["import", &all, "--no-exclude"]).await;
    assert!(done.stdout.contains("other columns, kept       Phone, Notes, Phone (2)\n"), "{}", done.stdout);
    assert!(!world.ingest(&["mappings", "list"]).await.stdout.contains("not imported"));
}

#[tokio::test]
async fn every_run_of_a_job_leaves_out_the_same_columns() {
    let world = World::database().await;
    let rows: String = (0..3_000).map(|n| format!("p{n}@example.com,A,B,C,{n},note {n}\n")).collect();
    let file = world.file("a.csv", &format!("email,first_name,last_name,company,Phone,Notes\n{rows}"));
    world.ingest(&["import", &file, "--exclude", "Notes"]).await.expect_status(0);
    // The state that a run leaves if it is interrupted after a checkpoint, and a mapping that was forgotten since.
    let cut =
        "DELETE FROM contacts; DELETE FROM staging WHERE staging_id > 1000; DELETE FROM column_mappings;
               UPDATE jobs SET job_status = 'PROCESSING', job_checkpoint = 1000, job_staged_at = NULL";
    sqlx::raw_sql(cut).execute(&world.pool).await.unwrap();
    world.ingest(&["reprocess", "1"]).await.expect_status(0);
    let right = "SELECT count(*) FROM contacts WHERE contact_extra = jsonb_build_object(
         'Phone', substr(split_part(contact_email, '@', 1), 2))";
    let count: i64 = sqlx::query_scalar(right).fetch_one(&world.pool).await.unwrap();
    assert_eq!(count, 3_000);
    // A job that exists is mapped anew.
    world.ingest(&["undo", "--yes", "--import", "1"]).await.expect_status(0);
    world.ingest(&["map", "1", "--exclude", "Phone", "--no-remember"]).await.expect_status(0);
    assert_eq!(extras(&world).await[0], Some(json!({ "Notes": "note 0" })));
    assert_eq!(world.ingest(&["mappings", "list", "--output", "json"]).await.stdout, "[]\n");
}

#[tokio::test]
async fn the_api_excludes_columns_of_uploads_and_jobs() {
    let server = serving().await;
    let upload = async |query: &[(&str, &str)], content: String| {
        let mut url = reqwest::Url::parse(&format!("{}/api/v1/uploads", server.url)).unwrap();
        url.query_pairs_mut().extend_pairs(query);
        status_and_json(server.client().post(url).body(content).send().await.unwrap()).await
    };
    for exclude in ["{", "[true]", r#"["Fax"]"#, "[9]", r#"["email"]"#] {
        let (status, problem) = upload(&[("exclude", exclude)], FILE.to_owned()).await;
        let parameter = &problem["errors"][0]["parameter"];
        assert_eq!((status, parameter), (422, &json!("exclude")), "{exclude}: {problem}");
    }
    let positions =
        [("email", "0"), ("first_name", "1"), ("last_name", "2"), ("company", "3"), ("exclude", "[4]")];
    let narrow = upload(&[&positions[..], &[("columns", "6")]].concat(), FILE.to_owned()).await;
    assert_eq!(narrow.0, 422, "{}", narrow.1);
    let query = [&positions[..], &[("columns", "7"), ("remember", "true")]].concat();
    let (status, made) = upload(&query, FILE.to_owned()).await;
    assert_eq!(status, 202, "{made}");
    assert_eq!(server.world.status_after_run(1).await, "COMPLETED");
    assert_eq!(extras(&server.world).await[0], Some(json!({ "Notes": "VIP", "Phone": "2" })));
    let (_, job) = server.get("/api/v1/jobs/1").await;
    assert_eq!(job["interpretation"]["unused"], json!(["Phone"]), "{job}");
    let (_, mappings) = server.get("/api/v1/mappings").await;
    assert_eq!(mappings["items"][0]["columns"]["excluded"], json!([4]), "{mappings}");
    let (_, shown) = server.get("/api/v1/jobs/1/preview").await;
    assert_eq!((&shown["excluded"], &shown["kept"]), (&json!([4]), &json!(["Notes", "Phone"])), "{shown}");

    let bad = FILE.replace("ann@example.com", "bad").replace("bob@", "cy@");
    let (status, made) = upload(&[("exclude", r#"["Notes", 6]"#)], bad).await;
    assert_eq!(status, 202, "{made}");
    assert_eq!(server.world.status_after_run(2).await, "NEEDS_REVIEW");
    let send = async |method: Method, path: &str, body: Value| {
        status_and_json(server.send(method, path, Some(body), &[]).await).await
    };
    for exclude in [json!(["Fax"]), json!([9]), json!(["company"]), json!("Notes")] {
        let body = json!({ "exclude": exclude });
        let (status, problem) = send(Method::POST, "/api/v1/jobs/2/map", body.clone()).await;
        assert_eq!(status, 422, "{body}: {problem}");
        assert_eq!(send(Method::PUT, "/api/v1/mappings/1", body.clone()).await.0, 422, "{body}");
    }
    let (status, changed) = send(Method::POST, "/api/v1/jobs/2/map", json!({ "exclude": ["Notes"] })).await;
    assert_eq!(status, 202, "{changed}");
    assert_eq!(server.world.status_after_run(2).await, "NEEDS_REVIEW");
    let (_, rows) = server.get("/api/v1/jobs/2/rows").await;
    assert_eq!(rows["items"][0]["extra"], json!({ "Phone": "1", "Phone (2)": "2" }), "{rows}");
    let (status, changed) = send(Method::PUT, "/api/v1/mappings/1", json!({ "exclude": [] })).await;
    assert_eq!((status, &changed["columns"]["excluded"]), (200, &Value::Null), "{changed}");
}

#[tokio::test]
async fn the_form_of_a_job_excludes_columns() {
    let server = serving().await;
    let file = server.world.file("a.csv", &FILE.replace("ann@example.com", "bad"));
    server.world.ingest(&["import", &file]).await.expect_status(3);
    let page = async |path: &str| {
        let request = server.client().get(format!("{}{path}", server.url));
        request.send().await.unwrap().text().await.unwrap()
    };
    let shown = page("/jobs/1/columns").await;
    assert!(shown.contains("Not imported") && shown.contains("name=\"column_5\""), "{shown}");
    let send = async |form: &[(&str, &str)]| {
        let request = server.client().post(format!("{}/jobs/1/columns", server.url)).form(form);
        let request = request.header("sec-fetch-site", "same-origin").header("accept", "text/html");
        request.send().await.unwrap()
    };
    let fields = [
        ("column_0", "email"),
        ("column_1", "first_name"),
        ("column_2", "last_name"),
        ("column_3", "company"),
    ];
    // The form says all about the columns: no name of a column counts against it.
    let refused = send(&[&fields[..3], &[("column_3", "exclude")]].concat()).await;
    assert_eq!(refused.status().as_u16(), 422);
    let refused = refused.text().await.unwrap();
    assert!(refused.contains("No column is recognized as company"), "{refused}");
    let others = [("column_4", ""), ("column_5", "exclude"), ("column_6", "exclude"), ("remember", "true")];
    let answer = send(&[&fields[..], &others].concat()).await;
    assert_eq!(answer.status().as_u16(), 303);
    assert_eq!(server.world.status_after_run(1).await, "NEEDS_REVIEW");
    let shown = page("/jobs/1").await;
    assert!(shown.contains("Columns not imported") && shown.contains("<bdi>Notes</bdi>"), "{shown}");
    assert_eq!(stored_columns(&server.world, 1).await["excluded"], json!([5, 6]));
    assert!(page("/mappings").await.contains("Columns not imported: <bdi>Notes</bdi>, <bdi>Phone</bdi>"));
    // The form shows what is remembered.
    let shown = page("/jobs/1/columns").await;
    let select = |at: &str| {
        shown.split(&format!("name=\"column_{at}\"")).nth(1).unwrap().split("</select>").next().unwrap()
    };
    assert!(
        select("5").contains("value=\"exclude\" selected") && select("4").contains("value=\"\" selected"),
        "{shown}"
    );
}

#[tokio::test]
async fn the_upload_page_excludes_columns() {
    let server = serving().await;
    let file = server.world.file("a.csv", FILE);
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/upload").await;
    screen.find("#file").await.send_keys(&file).await.unwrap();
    screen.step("columns").await;
    screen.sees("#column-0 option:checked", "E-mail").await;
    screen.sees("#column-5 option:checked", "Kept with the contact").await;
    screen.click("#column-5 option[value=exclude]").await;
    screen.sees("#column-5 option:checked", "Not imported").await;
    assert_eq!(screen.accessibility_violations().await, Vec::<String>::new());
    screen.step("import").await;
    screen.click("#send").await;
    screen.sees("main", "2 contacts imported").await;
    assert_eq!(extras(&server.world).await[0], Some(json!({ "Phone": "1", "Phone (2)": "2" })));
    screen.close().await;
}
