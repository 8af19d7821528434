//! Fields without a column: one value for every row, or left empty.

use serde_json::json;

use crate::support::{Server, World, free_port, status_and_json};

const SHORT: &str = "email,first_name,last_name\nann@example.com,Ann,Lee\n,,\nbob@example.com,Bob,Ray\n";

#[tokio::test]
async fn a_missing_column_gets_one_value_for_every_row() {
    let world = World::database().await;
    let file = world.file("short.csv", SHORT);
    let refused = world.ingest(&["import", &file]).await;
    refused.expect_status(1);
    assert!(refused.stderr.contains("--value FIELD=TEXT"), "{}", refused.stderr);
    let done = world.ingest(&["import", &file, "--value", "company= Acme Ltd "]).await;
    done.expect_status(0);
    assert!(done.stdout.contains("company                   Acme Ltd for every row\n"), "{}", done.stdout);
    // A blank row is no contact.
    let contacts = world.contacts("tester").await;
    assert_eq!(contacts, ["ann@example.com|Ann|Lee|Acme Ltd", "bob@example.com|Bob|Ray|Acme Ltd"]);
    // Another value is another job; the same one is not.
    assert!(
        world.ingest(&["import", &file, "--value", "company=Acme Ltd"]).await.stderr.contains("as job 2")
    );
    world.ingest(&["import", &file, "--value", "company=Beta"]).await.expect_status(3);
    for (value, words) in [
        ("email=a@example.com", "cannot be the same in every row"),
        ("company= ", "the value for every row is empty"),
        ("company=a\u{7}b", "control character"),
    ] {
        let refused = world.ingest(&["import", &file, "--value", value]).await;
        refused.expect_status(1);
        assert!(refused.stderr.contains(words), "{words}: {}", refused.stderr);
    }
    world.ingest(&["import", &file, "--value", "colour=red"]).await.expect_status(2);
    // A value takes the place of a column.
    let full = world.file("full.csv", "email,first_name,last_name,company\nc@example.com,Cy,Day,Gamma\n");
    world.ingest(&["import", &full, "--value", "company=Acme"]).await.expect_status(0);
    assert!(world.contacts("tester").await.contains(&"c@example.com|Cy|Day|Acme".to_owned()));
}

#[tokio::test]
async fn every_run_of_a_job_uses_its_values() {
    let world = World::database().await;
    let rows: String = (0..3_000).map(|n| format!("p{n}@example.com,Ann,Lee\n")).collect();
    let file = world.file("long.csv", &format!("email,first_name,last_name\n{rows}"));
    world.ingest(&["import", &file, "--value", "company=Acme Ltd"]).await.expect_status(0);
    // The state that a run leaves if it is interrupted after a checkpoint.
    let cut = "DELETE FROM contacts; DELETE FROM staging WHERE staging_id > 1000;
               UPDATE jobs SET job_status = 'PROCESSING', job_checkpoint = 1000, job_staged_at = NULL";
    sqlx::raw_sql(cut).execute(&world.pool).await.unwrap();
    world.ingest(&["reprocess", "1"]).await.expect_status(0);
    let contacts = world.contacts("tester").await;
    assert_eq!((contacts.len(), contacts[0].as_str()), (3_000, "p0@example.com|Ann|Lee|Acme Ltd"));
    world.ingest(&["undo", "--yes", "--import", "1"]).await.expect_status(0);
    world.ingest(&["reread", "1", "--encoding", "windows-1252"]).await.expect_status(0);
    assert!(world.contacts("tester").await.iter().all(|contact| contact.ends_with("|Acme Ltd")));
}

#[tokio::test]
async fn values_are_remembered_only_on_request() {
    let world = World::database().await;
    let odd = |n: u8| format!("Post;Vor;Nach\n{n}@example.com;Ann;Lee\n");
    let columns = ["--column", "email=1", "--column", "first_name=2", "--column", "last_name=3"];
    let first = world.file("1.csv", &odd(1));
    let value = ["--value", "company=Acme"];
    world.ingest(&[&["import", first.as_str()][..], &columns, &value].concat()).await.expect_status(0);
    let job = world.enqueue("2.csv", &odd(2), "tester").await;
    let failed = world.ingest(&["reprocess", &job.to_string()]).await;
    failed.expect_status(1);
    assert!(failed.stderr.contains("no column for company"), "{}", failed.stderr);
    let map = ["map", "2", "--value", "company=Beta", "--remember-values"];
    world.ingest(&map).await.expect_status(0);
    let job = world.enqueue("3.csv", &odd(3), "tester").await;
    world.ingest(&["reprocess", &job.to_string()]).await.expect_status(0);
    // The value that is given counts more than the one that is remembered.
    let fourth = world.file("4.csv", &odd(4));
    world.ingest(&["import", &fourth, "--value", "company=Gamma"]).await.expect_status(0);
    let fifth = world.file("5.csv", &odd(5));
    world.ingest(&["import", &fifth]).await.expect_status(0);
    let companies: Vec<String> = world
        .contacts("tester")
        .await
        .iter()
        .map(|contact| contact.rsplit('|').next().unwrap().to_owned())
        .collect();
    assert_eq!(companies, ["Acme", "Beta", "Beta", "Gamma", "Beta"]);
}

#[tokio::test]
async fn columns_that_are_optional_here_are_not_demanded() {
    let world = World::database().await.with(&[("REQUIRED_FIELDS", "email,first_name,last_name")]);
    let file = world.file("odd.csv", "Post;Vor;Nach\nann@example.com;Ann;Lee\n");
    let shown = world.ingest(&["preview", &file]).await;
    assert!(shown.stderr.contains("company     no column\n"), "{}", shown.stderr);
    let columns = ["--column", "email=1", "--column", "first_name=2", "--column", "last_name=3"];
    world.ingest(&[&["import", file.as_str()][..], &columns].concat()).await.expect_status(0);
    world.ingest(&["preview", &file]).await.expect_status(0);
    let server = Server::start_at(world, free_port(), &["serve"]).await;
    let post = async |path: &str| {
        let request = server.client().post(format!("{}{path}", server.url));
        request.body("Mail-Box;Vor;Nach\nbob@example.com;Bob;Ray\n").send().await.unwrap()
    };
    let (_, shown) = status_and_json(post("/api/v1/uploads/preview").await).await;
    assert_eq!(
        (&shown["columns"][3]["required"], &shown["columns"][1]["required"]),
        (&json!(false), &json!(true))
    );
    let page = post("/upload/preview").await.text().await.unwrap();
    let line = |field: &str| {
        page.split(&format!("data-field=\"{field}\"")).nth(1).unwrap().split('>').next().unwrap()
    };
    assert!(line("first_name").contains("data-required") && !line("company").contains("data-required"));
    let (status, made) =
        status_and_json(post("/api/v1/uploads?email=0&first_name=1&last_name=2&columns=3").await).await;
    assert_eq!(status, 202, "{made}");
    assert_eq!(server.world.status_after_run(2).await, "COMPLETED");
    assert!(server.world.contacts("tester").await.contains(&"bob@example.com|Bob|Ray|".to_owned()));
}

#[tokio::test]
async fn an_editor_leaves_a_field_empty_in_one_job() {
    let world = World::database().await;
    let file = world.file("short.csv", SHORT);
    world.ingest(&["import", &file]).await.expect_status(1);
    world.ingest(&["map", "1", "email="]).await.expect_status(1);
    world.ingest(&["map", "1", "company="]).await.expect_status(0);
    assert_eq!(world.contacts("tester").await, ["ann@example.com|Ann|Lee|", "bob@example.com|Bob|Ray|"]);
    let required = "SELECT array_to_string(job_required_fields, ',') FROM jobs WHERE job_id = 1";
    let required: String = sqlx::query_scalar(required).fetch_one(&world.pool).await.unwrap();
    assert_eq!(required, "email,first_name,last_name");
    // The next job requires it again, although its columns are remembered.
    let next = world.file("next.csv", &SHORT.replace("Bob", "Bo"));
    world.ingest(&["import", &next]).await.expect_status(1);
}

#[tokio::test]
async fn the_api_takes_values_with_an_upload() {
    let server = Server::start_at(World::database().await, free_port(), &["serve"]).await;
    let post = async |query: &[(&str, &str)]| {
        let mut url = reqwest::Url::parse(&format!("{}/api/v1/uploads", server.url)).unwrap();
        url.query_pairs_mut().extend_pairs(query);
        let request = server.client().post(url).body(SHORT);
        status_and_json(request.send().await.unwrap()).await
    };
    for values in ["{", "{\"colour\":\"red\"}", "[]"] {
        let (status, problem) = post(&[("values", values)]).await;
        assert_eq!((status, &problem["errors"][0]["parameter"]), (422, &json!("values")), "{problem}");
    }
    let (status, problem) = post(&[("values", "{\"email\":\"a@example.com\"}")]).await;
    assert_eq!((status, &problem["errors"][0]["parameter"]), (422, &json!("values")), "{problem}");
    let (status, made) = post(&[("values", "{\"company\":\"Acme Ltd\"}")]).await;
    assert_eq!(status, 202, "{made}");
    assert_eq!(server.world.status_after_run(1).await, "COMPLETED");
    let (_, job) = server.get("/api/v1/jobs/1").await;
    assert_eq!(job["settings"], json!({ "values": { "company": "Acme Ltd" } }), "{job}");
    assert_eq!(job["interpretation"]["values"], json!({ "company": "Acme Ltd" }));
    assert_eq!(server.world.contacts("tester").await[0], "ann@example.com|Ann|Lee|Acme Ltd");
}
