//! Columns of jobs that exist: matched by a person, remembered for jobs from the queue, changed and forgotten.

use ingest::domain::job::Owner;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Look, Screen, Server, World, eventually, free_port, status_and_json};

const ODD: &str = "Haus;Anschrift;Zweitanschrift;Vor;Nach\nAcme;a@example.com;b@example.com;Ann;Lee\n";
const OTHER: &str = "Haus;Anschrift;Zweitanschrift;Vor;Nach\nBeta;c@example.com;d@example.com;Bob;Ray\n";
const MAP: [&str; 4] = ["first_name=Vor", "last_name=nach", "company=1", "email=2"];

async fn map(world: &World, job: &str, arguments: &[&str]) -> crate::support::Ended {
    world.ingest(&[&["map", job], arguments].concat()).await
}

#[tokio::test]
async fn a_failed_job_is_mapped_and_runs_without_a_new_upload() {
    let world = World::database().await;
    let odd = world.file("odd.csv", ODD);
    let failed = world.ingest(&["import", &odd]).await;
    failed.expect_status(1);
    for words in
        ["`ingest map 1 first_name=", "\"Match the columns\" on the page of the job", "--value FIELD=TEXT"]
    {
        assert!(failed.stderr.contains(words), "{words}: {}", failed.stderr);
    }
    std::fs::remove_file(&odd).unwrap();
    let shown = map(&world, "1", &[]).await;
    shown.expect_status(1);
    assert!(shown.stderr.contains("`ingest map 1 company=COLUMN`"), "{}", shown.stderr);
    assert!(shown.stdout.contains("Zweitanschrift") && shown.stdout.contains("b@example.com"));
    for (wrong, words) in [
        (&["first_name=Vor", "last_name=nach"][..], "no column is recognized as company"),
        (
            &["first_name=Vor", "last_name=nach", "company=Firma"],
            "no column Firma; the columns are: 1 Haus, 2 Anschrift",
        ),
        (&["first_name=4", "last_name=5", "company=5"], "the same column is given for two fields"),
    ] {
        let refused = map(&world, "1", wrong).await;
        refused.expect_status(1);
        assert!(refused.stderr.contains(words), "{words}: {}", refused.stderr);
    }
    let done = map(&world, "1", &MAP).await;
    done.expect_status(0);
    assert!(done.stdout.contains("columns assigned          by you\n"), "{}", done.stdout);
    assert_eq!(world.contacts("tester").await, ["a@example.com|Ann|Lee|Acme"]);

    // Its contacts would lose their rows.
    let refused = map(&world, "1", &["email=3"]).await;
    refused.expect_status(1);
    assert!(refused.stderr.contains("undo the import"), "{}", refused.stderr);
    world.ingest(&["undo", "--yes", "--import", "1"]).await.expect_status(0);
    map(&world, "1", &["email=3"]).await.expect_status(0);
    assert_eq!(world.contacts("tester").await, ["b@example.com|Ann|Lee|Acme"]);
    // Other owners have no such job.
    world.ingest(&["map", "1", "email=3", "--owner", "somebody"]).await.expect_status(1);
}

#[tokio::test]
async fn remembered_columns_apply_to_jobs_from_the_queue() {
    let world = World::database().await;
    world.ingest(&["migrate"]).await.expect_status(0);
    let early = world.enqueue("early.csv", OTHER, "tester").await;
    world.ingest(&["reprocess", &early.to_string()]).await.expect_status(1);
    map(&world, &early.to_string(), &MAP).await.expect_status(0);
    let job = world.enqueue("odd.csv", ODD, "tester").await;
    let done = world.ingest(&["reprocess", &job.to_string()]).await;
    done.expect_status(0);
    assert!(done.stdout.contains("as remembered (`ingest mappings list`)"), "{}", done.stdout);
    assert_eq!(world.contacts("tester").await, ["a@example.com|Ann|Lee|Acme", "c@example.com|Bob|Ray|Beta"]);
    let stored = "SELECT job_columns, job_interpretation->>'columns_by' FROM jobs WHERE job_id = $1";
    let (columns, by): (Value, String) =
        sqlx::query_as(stored).bind(job).fetch_one(&world.pool).await.unwrap();
    let expected = json!({ "places": [1, 3, 4, 0], "columns": 5, "remembered": true });
    assert_eq!((columns, by.as_str()), (expected, "REMEMBERED"));
    // Not to jobs of other owners, nor to other headers.
    let other = world.enqueue("odd.csv", ODD, "somebody").await;
    world.ingest(&["reprocess", &other.to_string(), "--owner", "somebody"]).await.expect_status(1);
    let wide = world.enqueue("wide.csv", &ODD.replace("Nach", "Nach;Ort"), "tester").await;
    world.ingest(&["reprocess", &wide.to_string()]).await.expect_status(1);

    // A job that has FAILED for its columns runs once they are remembered.
    let mapped = ["first_name=Vor", "last_name=Nach", "company=1", "email=2"];
    map(&world, &other.to_string(), &[&mapped[..], &["--owner", "somebody"]].concat()).await.expect_status(0);
    assert_eq!(world.contacts("somebody").await, ["a@example.com|Ann|Lee|Acme"]);
}

#[tokio::test]
async fn a_mapping_that_changes_does_not_change_a_job_half_way() {
    let world = World::database().await;
    let rows: String =
        (0..3_000).map(|n| format!("Acme;p{n}@example.com;q{n}@example.com;Ann;Lee\n")).collect();
    let first = world.file("odd.csv", ODD);
    world.ingest(&["import", &first]).await.expect_status(1);
    map(&world, "1", &MAP).await.expect_status(0);
    let job = world.enqueue("long.csv", &format!("{}\n{rows}", ODD.lines().next().unwrap()), "tester").await;
    world.ingest(&["reprocess", &job.to_string()]).await.expect_status(0);
    // The state that a run leaves if it is interrupted after a checkpoint.
    let cut = "DELETE FROM contacts; DELETE FROM staging WHERE staging_job_id = 2 AND staging_line > 1001;
               UPDATE jobs SET job_status = 'PROCESSING', job_checkpoint = 1000, job_staged_at = NULL WHERE job_id = 2";
    sqlx::raw_sql(cut).execute(&world.pool).await.unwrap();
    let changed = world.ingest(&["mappings", "change", "1", "email=Zweitanschrift"]).await;
    changed.expect_status(0);
    assert!(changed.stderr.contains("email from Zweitanschrift"), "{}", changed.stderr);
    world.ingest(&["reprocess", &job.to_string()]).await.expect_status(0);
    let contacts = world.contacts("tester").await;
    assert_eq!(contacts.len(), 3_000);
    assert!(contacts.iter().all(|contact| contact.starts_with('p')), "{:?}", contacts.last());
    // The next file is read as it is now, and after that as nothing is remembered.
    let next = world.enqueue("next.csv", OTHER, "tester").await;
    world.ingest(&["reprocess", &next.to_string()]).await.expect_status(0);
    assert!(world.contacts("tester").await.contains(&"d@example.com|Bob|Ray|Beta".to_owned()));
    world.ingest(&["mappings", "forget", "1"]).await.expect_status(0);
    let forgotten = world.ingest(&["mappings", "forget", "1"]).await;
    forgotten.expect_status(1);
    assert!(forgotten.stderr.contains("there is no mapping 1"), "{}", forgotten.stderr);
    let last = world.enqueue("last.csv", OTHER, "tester").await;
    world.ingest(&["reprocess", &last.to_string()]).await.expect_status(1);
}

#[tokio::test]
async fn remembered_columns_are_listed_for_their_owner() {
    let world = World::database().await;
    let file = world.file("odd.csv", ODD);
    world.ingest(&["import", &file]).await.expect_status(1);
    map(&world, "1", &["--no-remember", "company=1", "first_name=4", "last_name=5"]).await.expect_status(0);
    assert_eq!(world.ingest(&["mappings", "list", "--output", "json"]).await.stdout, "[]\n");
    world.ingest(&["undo", "--yes", "--import", "1"]).await.expect_status(0);
    map(&world, "1", &MAP).await.expect_status(0);
    let listed = world.ingest(&["mappings", "list"]).await.stdout;
    for words in ["Haus, Anschrift, Zweitanschrift", "email from Anschrift", "company from Haus"] {
        assert!(listed.contains(words), "{words}: {listed}");
    }
    for arguments in [&["mappings", "forget", "1"][..], &["mappings", "change", "1", "email=3"]] {
        world.ingest(&[arguments, &["--owner", "somebody"]].concat()).await.expect_status(1);
    }
    let wrong = world.ingest(&["mappings", "change", "1", "email=Post"]).await;
    wrong.expect_status(1);
    let doubled = world.ingest(&["mappings", "change", "1", "email=Haus"]).await;
    assert!(doubled.stderr.contains("the same column is given for two fields"), "{}", doubled.stderr);
    let value = ["mappings", "change", "1", "--value", "company=Acme Ltd"];
    let changed = world.ingest(&value).await;
    assert!(changed.stderr.contains("company: Acme Ltd for every row"), "{}", changed.stderr);
    let trail = world.ingest(&["audit"]).await.stdout;
    assert!(trail.contains("MAPPING"), "{trail}");
}

async fn serving() -> Server {
    Server::start_at(World::database().await, free_port(), &["serve"]).await
}

async fn uploaded(server: &Server, query: &str, content: &'static str) -> i32 {
    let request = server.client().post(format!("{}/api/v1/uploads{query}", server.url)).body(content);
    let (status, made) = status_and_json(request.send().await.unwrap()).await;
    assert!(matches!(status, 200 | 202), "{made}");
    let job = made["job"].as_i64().unwrap() as i32;
    server.world.status_after_run(job).await;
    job
}

#[tokio::test]
async fn the_api_maps_a_job_and_manages_what_is_remembered() {
    let server = serving().await;
    let job = uploaded(&server, "?filename=odd.csv", ODD).await;
    assert_eq!(server.world.status_after_run(job).await, "FAILED");
    let (_, found) = server.get("/api/v1/jobs/1").await;
    assert!(found["failure"].as_str().unwrap().contains("`ingest map 1 "), "{found}");
    let (status, shown) = server.get("/api/v1/jobs/1/preview").await;
    assert_eq!(
        (status, &shown["names"][4], &shown["columns"][3]["required"]),
        (200, &json!("Nach"), &json!(true))
    );
    let (status, _) = server.get("/api/v1/jobs/1/preview?header_line=9").await;
    assert_eq!(status, 422);
    let send = async |method: Method, path: &str, body: Value| {
        status_and_json(server.send(method, path, Some(body), &[]).await).await
    };
    for body in [
        json!({ "columns": { "first_name": 3, "last_name": 4 } }),
        json!({ "columns": { "first_name": 3, "last_name": 4, "company": 5 } }),
        json!({ "columns": { "first_name": 3, "last_name": 4, "company": 4 } }),
        json!({ "columns": { "colour": 3 } }),
        json!({ "values": { "email": "a@example.com" } }),
    ] {
        let (status, problem) = send(Method::POST, "/api/v1/jobs/1/map", body.clone()).await;
        assert_eq!(status, 422, "{body}: {problem}");
    }
    let body = json!({ "columns": { "first_name": 3, "last_name": 4, "company": 0 }, "remember": true });
    let (status, changed) = send(Method::POST, "/api/v1/jobs/1/map", body.clone()).await;
    assert_eq!((status, &changed["after"]), (202, &json!("PENDING")), "{changed}");
    assert_eq!(server.world.status_after_run(1).await, "COMPLETED");
    assert_eq!(server.world.contacts("tester").await, ["a@example.com|Ann|Lee|Acme"]);
    assert_eq!(send(Method::POST, "/api/v1/jobs/1/map", body.clone()).await.0, 409);
    assert_eq!(send(Method::POST, "/api/v1/jobs/9/map", body).await.0, 404);

    let (_, mappings) = server.get("/api/v1/mappings").await;
    assert_eq!(mappings["items"][0]["columns"]["places"], json!([1, 3, 4, 0]), "{mappings}");
    let path = format!("/api/v1/mappings/{}", mappings["items"][0]["id"]);
    let (status, changed) = send(Method::PUT, &path, json!({ "columns": { "email": 2 } })).await;
    assert_eq!((status, &changed["columns"]["places"]), (200, &json!([2, 3, 4, 0])), "{changed}");
    assert_eq!(send(Method::PUT, &path, json!({ "columns": { "email": 9 } })).await.0, 422);
    assert_eq!(send(Method::PUT, "/api/v1/mappings/99", json!({})).await.0, 404);
    uploaded(&server, "", OTHER).await;
    assert!(server.world.contacts("tester").await.contains(&"d@example.com|Bob|Ray|Beta".to_owned()));
    assert_eq!(send(Method::DELETE, &path, json!({})).await.0, 204);
    assert_eq!(send(Method::DELETE, &path, json!({})).await.0, 404);
    assert_eq!(server.get("/api/v1/mappings").await.1["items"], json!([]));
}

#[tokio::test]
async fn the_page_of_a_failed_job_shows_the_form_for_its_columns() {
    let server = serving().await;
    uploaded(&server, "?filename=odd.csv", ODD).await;
    let page = async |path: &str, language: &str| {
        let request =
            server.client().get(format!("{}{path}", server.url)).header("accept-language", language);
        request.send().await.unwrap().text().await.unwrap()
    };
    for (language, title, button) in [
        ("en", "Match the columns", "Read the file with these columns"),
        ("de", "Spalten zuordnen", "Datei mit diesen Spalten lesen"),
        ("es", "Asignar las columnas", "Leer el archivo con estas columnas"),
    ] {
        let shown = page("/jobs/1", language).await;
        for words in
            [title, button, "<bdi>b@example.com</bdi>", "name=\"column_1\"", "name=\"value_company\""]
        {
            assert!(shown.contains(words), "{language}: {words}");
        }
    }
    // Another line as the header.
    let other = page("/jobs/1/columns?header_line=2", "en").await;
    assert!(
        other.contains("name=\"header_line\" value=\"2\"")
            && other.contains("<label for=\"column-0\"><bdi>Acme</bdi></label>"),
        "{other}"
    );
    let send = async |path: &str, form: &[(&str, &str)]| {
        let request = server.client().post(format!("{}{path}", server.url)).form(form);
        let request = request.header("sec-fetch-site", "same-origin").header("accept", "text/html");
        request.send().await.unwrap()
    };
    let refused = send("/jobs/1/columns", &[("column_1", "email"), ("column_3", "first_name")]).await;
    assert_eq!(refused.status().as_u16(), 422);
    assert!(refused.text().await.unwrap().contains("No column is recognized as last name"));
    let form = [
        ("column_0", ""),
        ("column_1", "email"),
        ("column_2", "exclude"),
        ("column_3", "first_name"),
        ("column_4", "last_name"),
        ("value_company", " Acme Ltd "),
        ("remember", "true"),
    ];
    let answer = send("/jobs/1/columns", &form).await;
    assert_eq!((answer.status().as_u16(), answer.headers()["location"].to_str().unwrap()), (303, "/jobs/1"));
    assert_eq!(server.world.status_after_run(1).await, "COMPLETED");
    assert_eq!(server.world.contacts("tester").await, ["a@example.com|Ann|Lee|Acme Ltd"]);
    let shown = page("/jobs/1", "en").await;
    assert!(shown.contains("Matched by hand") && shown.contains("“Acme Ltd” in every row"), "{shown}");

    let mappings = page("/mappings", "en").await;
    assert!(mappings.contains("Haus, Anschrift") && !mappings.contains("Acme Ltd"), "{mappings}");
    let shown = page("/mappings/1", "de").await;
    assert!(
        shown.contains("Spalten 1 ändern")
            && shown.contains("value=\"email\" data-fields=\"email\" selected>E-Mail"),
        "{shown}"
    );
    let doubled = send("/mappings/1", &[("column_1", "email"), ("column_2", "email")]).await;
    assert_eq!(doubled.status().as_u16(), 422);
    assert!(doubled.text().await.unwrap().contains("Two columns are given for e-mail; choose one of them."));
    let broken = send("/mappings/1", &[("column_1", "colour")]).await;
    assert_eq!(broken.status().as_u16(), 422);
    let without = send("/mappings/1", &[("column_3", "first_name")]).await;
    assert!(without.text().await.unwrap().contains("The e-mail needs a column."));
    let form = [("column_2", "email"), ("column_3", "first_name"), ("value_company", "Beta")];
    let answer = send("/mappings/1", &form).await;
    assert_eq!(
        (answer.status().as_u16(), answer.headers()["location"].to_str().unwrap()),
        (303, "/mappings?done=saved")
    );
    let (_, changed) = server.get("/api/v1/mappings").await;
    let changed = &changed["items"][0];
    assert_eq!(changed["columns"]["places"], json!([2, 3, null, null]), "{changed}");
    assert_eq!(changed["values"], json!({ "company": "Beta" }), "{changed}");
    assert_eq!(send("/mappings/99", &form).await.status().as_u16(), 404);
    assert!(page("/mappings/99", "en").await.contains("99"));
    assert_eq!(send("/mappings/1/forget", &[]).await.status().as_u16(), 303);
    assert!(page("/mappings", "en").await.contains("No columns are remembered"));
}

#[tokio::test]
async fn a_failed_job_is_mapped_by_keyboard() {
    let server = serving().await;
    uploaded(&server, "?filename=odd.csv", ODD).await;
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/jobs/1").await;
    screen.sees("#columns", "b@example.com").await;
    assert_eq!(screen.accessibility_violations().await, Vec::<String>::new());
    screen.sees("[data-incomplete]", "No column is chosen for: First name, Last name, Company").await;
    screen.click("#column-3 option[value=first_name]").await;
    screen.click("#column-4 option[value=last_name]").await;
    screen.sees("[data-incomplete]", "No column is chosen for: Company").await;
    // A field that a column goes to has no other value.
    assert_eq!(screen.count("[data-field]:not([hidden])").await, 1);
    screen.click("[data-field=company] summary").await;
    screen.find("[name=value_company]").await.send_keys("Acme Ltd").await.unwrap();
    screen.click("#columns form[method=post] button").await;
    screen.sees("main", "1 contact imported").await;
    assert_eq!(server.world.contacts("tester").await, ["a@example.com|Ann|Lee|Acme Ltd"]);
    screen.go("/mappings").await;
    assert_eq!(screen.accessibility_violations().await, Vec::<String>::new());
    screen.close().await;
}

#[tokio::test]
async fn the_columns_of_a_job_under_review_can_be_changed() {
    let server = serving().await;
    let swapped = "email,first_name,last_name,company\nx,Lee,Ann,Acme\na@example.com,Lee,Ann,Acme\n";
    let job = uploaded(&server, "", swapped).await;
    assert_eq!(server.world.status_after_run(job).await, "NEEDS_REVIEW");
    let page =
        server.client().get(format!("{}/jobs/1", server.url)).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("href=\"/jobs/1/columns\"") && !page.contains("Read the file with these columns"));
    let body = json!({ "columns": { "first_name": 2, "last_name": 1 } });
    let path = "/api/v1/jobs/1/map";
    let (status, _) = status_and_json(server.send(Method::POST, path, Some(body), &[]).await).await;
    assert_eq!(status, 202);
    assert_eq!(server.world.status_after_run(1).await, "NEEDS_REVIEW");
    let owner = Owner("tester".to_owned());
    let rows = "SELECT string_agg(staging_first_name, ',') FROM staging JOIN jobs ON job_id = staging_job_id
         WHERE job_user_id = $1";
    let names: String = sqlx::query_scalar(rows).bind(owner.0).fetch_one(&server.world.pool).await.unwrap();
    assert_eq!(names, "Ann,Ann");
}

#[tokio::test]
async fn columns_are_assigned_for_the_file_that_the_job_has_at_the_commit() {
    let server = serving().await;
    uploaded(&server, "?filename=odd.csv", ODD).await;
    let world = &server.world;
    let wide = "Land;Haus;Anschrift;Vor;Nach;Ort\nDE;Acme;a@example.com;Ann;Lee;Ulm\n";
    world.put_object("uploads/tester/wide.csv", wide).await;
    // Changes the job after the request has read the file, and before it can lock the job.
    let mut change = world.pool.begin().await.unwrap();
    let replace = "UPDATE jobs SET job_s3_object_key = 'uploads/tester/wide.csv' WHERE job_id = 1";
    sqlx::query(replace).execute(&mut *change).await.unwrap();
    let body = json!({ "columns": { "email": 2, "first_name": 3, "last_name": 4, "company": 1 } });
    let mapped = server.send(Method::POST, "/api/v1/jobs/1/map", Some(body), &[]);
    let changed = async {
        let waiting = "SELECT count(*) FROM pg_stat_activity
             WHERE datname = current_database() AND application_name = 'ingest' AND wait_event_type = 'Lock'";
        eventually("the request waits for the job", async || {
            sqlx::query_scalar::<_, i64>(waiting).fetch_one(&world.pool).await.unwrap() > 0
        })
        .await;
        change.commit().await.unwrap();
    };
    let (answer, ()) = tokio::join!(mapped, changed);
    assert_eq!(answer.status().as_u16(), 202);
    assert_eq!(world.status_after_run(1).await, "COMPLETED");
    assert_eq!(world.contacts("tester").await, ["a@example.com|Ann|Lee|Acme"]);
}
