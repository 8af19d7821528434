//! Values in columns that belong to no field: edited, searched, and shown in tables.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Look, Screen, Server, World, free_port, status_and_json};

const FILE: &str = "email,first_name,last_name,company,Phone,Notes\n\
    bad,Ann,Lee,Acme,1,VIP\nbob@example.com,Bob,Ray,Acme,,\"two\r\nlines\"\n";

/// Returns the stored values of the rows of a job in other columns, in the order of the file.
async fn rows(world: &World) -> Vec<Option<Value>> {
    let query = "SELECT staging_extra FROM staging ORDER BY staging_id";
    sqlx::query_scalar(query).fetch_all(&world.pool).await.unwrap()
}

async fn contact_extra(world: &World, email: &str) -> Option<Value> {
    let query = "SELECT contact_extra FROM contacts WHERE contact_email = $1";
    sqlx::query_scalar(query).bind(email).fetch_one(&world.pool).await.unwrap()
}

async fn first_row(world: &World) -> i64 {
    sqlx::query_scalar("SELECT min(staging_id) FROM staging").fetch_one(&world.pool).await.unwrap()
}

async fn last_action(world: &World) -> String {
    let query = "SELECT max(action_id)::text FROM actions";
    sqlx::query_scalar(query).fetch_one(&world.pool).await.unwrap()
}

async fn under_review(file: &str) -> World {
    let world = World::database().await;
    let file = world.file("a.csv", file);
    world.ingest(&["import", &file]).await.expect_status(3);
    world
}

async fn sent(server: &Server, method: Method, path: &str, body: Value) -> (u16, Value) {
    status_and_json(server.send(method, path, Some(body), &[("if-match", "*")]).await).await
}

#[tokio::test]
async fn the_command_line_edits_a_value_and_undo_restores_it() {
    let world = under_review(FILE).await;
    let row = first_row(&world).await.to_string();
    let edit = ["edit", &row, "--other", "phone=2", "--other", "Notes=", "--email", "ann@example.com"];
    world.ingest(&edit).await.expect_status(0);
    assert_eq!(rows(&world).await[0], Some(json!({ "Phone": "2" })));
    let recorded = "SELECT before_extra, after_extra, action_request FROM action_rows
         JOIN actions ON action_id = row_action_id";
    let (before, after, request): (Value, Value, Value) =
        sqlx::query_as(recorded).fetch_one(&world.pool).await.unwrap();
    assert_eq!((before, after), (json!({ "Phone": "1", "Notes": "VIP" }), json!({ "Phone": "2" })));
    assert_eq!(request["decision"]["extra"], json!({ "Phone": "", "Notes": "" }), "{request}");
    let action = last_action(&world).await;
    world.ingest(&["undo", &action]).await.expect_status(0);
    assert_eq!(rows(&world).await[0], Some(json!({ "Phone": "1", "Notes": "VIP" })));
    // Undoing the undo applies the edit again, also where no value remains.
    world.ingest(&["undo", &last_action(&world).await]).await.expect_status(0);
    world.ingest(&["edit", &row, "--other", "Phone="]).await.expect_status(0);
    assert_eq!(rows(&world).await[0], None);
    for (other, words) in [
        (
            "Fax=1",
            "the file of job 1 has no column Fax that belongs to no field; those columns are: Phone, Notes",
        ),
        ("email=x", "the file of job 1 has no column email that"),
    ] {
        let refused = world.ingest(&["edit", &row, "--other", other]).await;
        refused.expect_status(1);
        assert!(refused.stderr.contains(words), "{words}: {}", refused.stderr);
    }
    world.ingest(&["edit", &row, "--other", "Phone"]).await.expect_status(2);
    // Other owners cannot.
    world.ingest(&["edit", &row, "--other", "Phone=3", "--owner", "somebody"]).await.expect_status(1);
    world.ingest(&["reprocess", "1"]).await.expect_status(0);
    assert_eq!(contact_extra(&world, "ann@example.com").await, None);
    assert_eq!(contact_extra(&world, "bob@example.com").await, Some(json!({ "Notes": "two\r\nlines" })));
}

#[tokio::test]
async fn a_value_that_differs_in_line_ends_only_does_not_change() {
    let world = under_review(FILE).await;
    let row = (first_row(&world).await + 1).to_string();
    let same = world.ingest(&["edit", &row, "--other", "Notes=two\nlines"]).await;
    assert!(same.stderr.contains("nothing to change"), "{}", same.stderr);
    world.ingest(&["edit", &row, "--other", "Notes=two\nlines", "--other", "Phone=7"]).await.expect_status(0);
    assert_eq!(rows(&world).await[1], Some(json!({ "Phone": "7", "Notes": "two\r\nlines" })));
}

#[tokio::test]
async fn bulk_edits_and_merges_set_values_and_show_them_before() {
    let world = under_review(
        "email,first_name,last_name,company,Phone,Notes\nd@example.com,D,One,Co,1,\nd@example.com,D,Two,Co,2,met\n",
    )
    .await;
    let bulk = ["bulk", "1", "edit", "--all", "--other", "Phone=9"];
    let shown = world.ingest(&[&bulk[..], &["--preview"]].concat()).await;
    for words in ["Phone: 1", "Phone: 2; Notes: met", "Phone: 9; Notes: met"] {
        assert!(shown.stdout.contains(words), "{words}: {}", shown.stdout);
    }
    assert!(shown.stderr.contains("2 edited"), "{}", shown.stderr);
    world.ingest(&bulk).await.expect_status(0);
    assert_eq!(
        rows(&world).await,
        [Some(json!({ "Phone": "9" })), Some(json!({ "Phone": "9", "Notes": "met" }))]
    );
    world.ingest(&["undo", &last_action(&world).await]).await.expect_status(0);
    let merge = ["resolve", "1", "1", "merge", "--other", "Notes=", "--other", "Phone=3"];
    let merged = world.ingest(&merge).await;
    merged.expect_status(0);
    assert!(merged.stderr.contains("1 row discarded by the merge"), "{}", merged.stderr);
    world.ingest(&["reprocess", "1"]).await.expect_status(0);
    assert_eq!(contact_extra(&world, "d@example.com").await, Some(json!({ "Phone": "3" })));
}

#[tokio::test]
async fn the_api_edits_rows_and_contacts() {
    let server = Server::start_at(under_review(FILE).await, free_port(), &["serve"]).await;
    let row = first_row(&server.world).await;
    let path = format!("/api/v1/jobs/1/rows/{row}");
    for extra in
        [json!({ "Fax": "1" }), json!({ "Phone": "a\u{0}b" }), json!({ "Phone": 1 }), json!(["Phone"])]
    {
        let (status, problem) = sent(&server, Method::PATCH, &path, json!({ "extra": extra })).await;
        assert_eq!(status, 422, "{extra}: {problem}");
    }
    let body = json!({ "email": "ann@example.com", "extra": { "Phone": "2" } });
    let (status, effect) = sent(&server, Method::PATCH, &path, body).await;
    assert_eq!((status, &effect["changed"]["edited"]), (200, &json!(1)), "{effect}");
    let (_, shown) = server.get(&path).await;
    assert_eq!(shown["extra"], json!({ "Phone": "2", "Notes": "VIP" }));
    let decision = json!({ "decision": { "decision": "edit", "extra": { "Notes": "" } } });
    let (_, preview) = sent(&server, Method::POST, "/api/v1/jobs/1/bulk/preview", decision).await;
    let example = &preview["examples"][0];
    assert_eq!(
        (&example["extra_before"], &example["extra_after"]),
        (&json!({ "Phone": "2", "Notes": "VIP" }), &json!({ "Phone": "2" })),
        "{preview}"
    );
    server.world.ingest(&["reprocess", "1"]).await.expect_status(0);

    let contact = "/api/v1/contacts/1";
    let (_, before) = server.get(contact).await;
    let (status, problem) = sent(&server, Method::PATCH, contact, json!({ "extra": { "Fax": "1" } })).await;
    assert_eq!(status, 422, "{problem}");
    let detail = problem["errors"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("none of your files has a column Fax"), "{problem}");
    let tag = async || {
        let answer = server.send(Method::GET, contact, None, &[]).await;
        answer.headers()["etag"].to_str().unwrap().to_owned()
    };
    let old = tag().await;
    let (status, done) =
        sent(&server, Method::PATCH, contact, json!({ "extra": { "phone": "", "Notes": "new" } })).await;
    assert_eq!((status, done["action"].is_i64()), (200, true), "{done}");
    let email = before["email"].as_str().unwrap();
    assert_eq!(contact_extra(&server.world, email).await, Some(json!({ "Notes": "new" })));
    let (_, after) = server.get(contact).await;
    assert_eq!(after["changes"][0]["extra_before"], before["extra"], "{after}");
    assert_eq!(after["changes"][0]["extra_after"], json!({ "Notes": "new" }), "{after}");
    // Who has seen the values before the edit does not overwrite it.
    assert_ne!(tag().await, old);
    let body = json!({ "extra": { "Notes": "x" } });
    let stale = server.send(Method::PATCH, contact, Some(body), &[("if-match", &old)]).await;
    assert_eq!(stale.status().as_u16(), 412);
    let (_, same) = sent(&server, Method::PATCH, contact, json!({ "extra": { "Notes": "new" } })).await;
    assert_eq!(same["action"], Value::Null, "{same}");
}

#[tokio::test]
async fn the_pages_edit_values_of_rows_and_contacts() {
    let server = Server::start_at(under_review(FILE).await, free_port(), &["serve"]).await;
    let row = first_row(&server.world).await;
    let page = async |path: &str| {
        let request = server.client().get(format!("{}{path}", server.url));
        request.send().await.unwrap().text().await.unwrap()
    };
    let send = async |path: &str, form: &[(&str, &str)]| {
        let request = server.client().post(format!("{}{path}", server.url)).form(form);
        let request = request.header("sec-fetch-site", "same-origin").header("accept", "text/html");
        request.send().await.unwrap()
    };
    let tag = |page: &str| page.split("name=\"tag\" value=\"").nth(1).unwrap()[..32].to_owned();
    let shown = page("/jobs/1/issues/1?edit=1").await;
    assert!(shown.contains("name=\"other: Phone\" value=\"1\""), "{shown}");
    assert!(!page("/jobs/1/issues/1").await.contains("name=\"other: Phone\""));
    let form = [
        ("tag", tag(&shown)),
        ("email", "ann@example.com".to_owned()),
        ("other: Phone", "5".to_owned()),
        ("other: Notes", String::new()),
    ];
    let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
    let answer = send(&format!("/jobs/1/issues/1/rows/{row}"), &form).await;
    assert_eq!(answer.status().as_u16(), 303);
    assert_eq!(rows(&server.world).await[0], Some(json!({ "Phone": "5" })));
    server.world.ingest(&["reprocess", "1"]).await.expect_status(0);

    let id = "SELECT contact_id FROM contacts WHERE contact_email = 'bob@example.com'";
    let id: i64 = sqlx::query_scalar(id).fetch_one(&server.world.pool).await.unwrap();
    let path = format!("/contacts/{id}");
    let shown = page(&path).await;
    // A value of two lines has an input of several lines, and columns without a value have one too.
    assert!(
        shown.contains("<textarea name=\"other: Notes\"")
            && shown.contains("name=\"other: Phone\" value=\"\""),
        "{shown}"
    );
    let form =
        [("tag", tag(&shown)), ("other: Phone", "8".to_owned()), ("other: Notes", "two\r\nlines".to_owned())];
    let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(send(&path, &form).await.status().as_u16(), 303);
    let expected = json!({ "Phone": "8", "Notes": "two\r\nlines" });
    assert_eq!(contact_extra(&server.world, "bob@example.com").await, Some(expected));
    assert!(page(&path).await.contains("Phone: <del><bdi></bdi></del> <ins><bdi>8</bdi></ins>"));
}

#[tokio::test]
async fn rows_side_by_side_are_edited_by_keyboard() {
    let world = under_review(
        "email,first_name,last_name,company,Phone,Notes\nd@example.com,D,One,Co,1,\nd@example.com,D,Two,Co,,\n",
    )
    .await;
    let server = Server::start_at(world, free_port(), &["serve"]).await;
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/jobs/1/issues/1?edit=1").await;
    let row = first_row(&server.world).await + 1;
    let input = format!("[form='edit-1-{row}'][name='other: Phone']");
    screen.find(&input).await.send_keys("77").await.unwrap();
    assert_eq!(screen.accessibility_violations().await, Vec::<String>::new());
    screen.click(&format!("button[form='edit-1-{row}']")).await;
    screen.sees("main", "77").await;
    assert_eq!(rows(&server.world).await[1], Some(json!({ "Phone": "77" })));
    screen.close().await;
}

#[tokio::test]
async fn tables_of_the_command_line_show_the_values() {
    let world = under_review(FILE).await;
    for arguments in [&["issues", "1"][..], &["rows", "1", "1"]] {
        let table = world.ingest(arguments).await.stdout;
        assert!(
            table.contains("other columns") && table.contains("Phone: 1; Notes: VIP"),
            "{arguments:?}: {table}"
        );
        let csv = world.ingest(&[arguments, &["--output", "csv"]].concat()).await.stdout;
        assert!(csv.contains("\"Phone: 1; Notes: VIP\""), "{arguments:?}: {csv}");
    }
    world.ingest(&["bulk", "1", "discard", "--type", "INVALID_EMAIL"]).await.expect_status(0);
    world.ingest(&["reprocess", "1"]).await.expect_status(0);
    let table = world.ingest(&["contacts"]).await.stdout;
    assert!(table.contains("other columns") && table.contains(r"Notes: two\r\nlines"), "{table}");
    // A file without such columns needs no column for them.
    let plain = world.file("b.csv", "email,first_name,last_name,company\nbad,A,B,C\n");
    world.ingest(&["import", &plain]).await.expect_status(3);
    assert!(!world.ingest(&["issues", "2"]).await.stdout.contains("other columns"));
}

#[tokio::test]
async fn a_search_finds_values_of_the_same_owner_only() {
    let file = "email,first_name,last_name,company,Notes\nbad,Ann,Lee,Acme,likes orchids\n\
        bob@example.com,Bob,Ray,Acme,keeps bees\n";
    let world = under_review(file).await;
    let theirs = world.file("theirs.csv", &file.replace("bob@", "carl@").replace("bad", "dora@example.com"));
    world.ingest(&["import", &theirs, "--owner", "somebody"]).await.expect_status(0);
    let server = Server::start_at(world, free_port(), &["serve"]).await;
    let get = async |path: &str| {
        let request = server.client().get(format!("{}{path}", server.url));
        request.send().await.unwrap().text().await.unwrap()
    };
    // The rows of a job, then contacts, by a part of a value in any case.
    let (_, found) = server.get("/api/v1/jobs/1/rows?text=ORCHID").await;
    assert_eq!((found["items"].as_array().unwrap().len(), &found["items"][0]["email"]), (1, &json!("bad")));
    let (_, none) = server.get("/api/v1/jobs/1/rows?text=tulip").await;
    assert_eq!(none["items"], json!([]));
    assert_eq!(server.get("/api/v1/jobs/2/rows?text=orchid").await.0, 404);
    let page = get("/jobs/1?text=orchid").await;
    assert!(page.contains("<bdi>bad</bdi>") && !page.contains("bob@example.com"), "{page}");
    assert_eq!(server.get("/api/v1/contacts?text=bees").await.1["items"], json!([]));
    assert!(!get("/contacts?text=orchid").await.contains("dora@example.com"));

    server.world.ingest(&["bulk", "1", "discard", "--text", "ORCHIDS"]).await.expect_status(0);
    server.world.ingest(&["reprocess", "1"]).await.expect_status(0);
    let (_, found) = server.get("/api/v1/contacts?text=Keeps%20B").await;
    let emails: Vec<&Value> = found["items"].as_array().unwrap().iter().map(|item| &item["email"]).collect();
    assert_eq!(emails, [&json!("bob@example.com")], "{found}");
    let page = get("/contacts?text=bees").await;
    assert!(page.contains("bob@example.com") && !page.contains("carl@example.com"), "{page}");
    // The names of columns are not searched.
    assert_eq!(server.get("/api/v1/contacts?text=Notes").await.1["items"], json!([]));
}
