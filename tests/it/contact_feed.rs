//! Following the contacts of an owner: what changes arrives, also if transactions commit late.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::support::{Server, World, free_port, status_and_json};

const HEADER: &str = "email,first_name,last_name,company\n";

/// Another program that keeps a copy of the contacts.
struct Copy<'s> {
    server: &'s Server,
    contacts: BTreeMap<i64, Value>,
    next: Option<String>,
    limit: i64,
}

impl Copy<'_> {
    fn of(server: &Server) -> Copy<'_> {
        Copy { server, contacts: BTreeMap::new(), next: None, limit: 100 }
    }

    /// Reads all changes, and returns the ids that were saved and deleted.
    async fn update(&mut self) -> (Vec<i64>, Vec<i64>) {
        let (mut saved, mut deleted) = (Vec::new(), Vec::new());
        for _ in 0..1_000 {
            let since = self.next.as_ref().map(|next| format!("&since={next}")).unwrap_or_default();
            let path = format!("/api/v1/contacts/changes?limit={}{since}", self.limit);
            let (status, page) = self.server.get(&path).await;
            assert_eq!(status, 200, "{page}");
            for item in page["items"].as_array().unwrap() {
                match item["change"].as_str().unwrap() {
                    "saved" => {
                        let id = item["contact"]["id"].as_i64().unwrap();
                        saved.push(id);
                        self.contacts.insert(id, item["contact"].clone());
                    }
                    "deleted" => {
                        let id = item["id"].as_i64().unwrap();
                        deleted.push(id);
                        self.contacts.remove(&id);
                    }
                    other => panic!("{other}"),
                }
            }
            self.next = Some(page["next"].as_str().unwrap().to_owned());
            if page["more"] == false {
                return (saved, deleted);
            }
        }
        panic!("no end: {:?}", self.next);
    }

    /// Returns all contacts as the list of the API has them.
    async fn listed(&self) -> BTreeMap<i64, Value> {
        let (_, page) = self.server.get("/api/v1/contacts?limit=1000").await;
        let items = page["items"].as_array().unwrap().iter();
        items.map(|contact| (contact["id"].as_i64().unwrap(), contact.clone())).collect()
    }
}

fn rows(numbers: std::ops::Range<u32>) -> String {
    let rows = numbers.map(|number| format!("p{number}@example.com,Ann,Lee,Acme\n"));
    HEADER.to_owned() + &rows.collect::<String>()
}

async fn serving() -> Server {
    let world = World::database().await.with(&[("RATE_LIMIT_PER_SECOND", "100000")]);
    Server::start_at(world, free_port(), &["serve"]).await
}

async fn import(server: &Server, name: &str, content: &str) -> i32 {
    let job = server.world.enqueue(name, content, "tester").await;
    server.world.eventually_completed(job).await;
    job
}

async fn send(server: &Server, method: Method, path: &str, body: Option<Value>) -> Value {
    let answer = server.send(method, path, body, &[("if-match", "*")]).await;
    let (status, answer) = status_and_json(answer).await;
    assert_eq!(status, 200, "{path}: {answer}");
    answer
}

#[tokio::test]
async fn a_copy_follows_imports_edits_deletions_and_their_undo() {
    let server = serving().await;
    import(&server, "first.csv", &rows(0..250)).await;
    let mut copy = Copy::of(&server);
    assert_eq!(copy.update().await.0.len(), 250);
    assert_eq!(copy.contacts, copy.listed().await);
    assert_eq!(copy.update().await, (vec![], vec![]));

    let job = import(&server, "second.csv", &rows(250..500)).await;
    let (edited, deleted) = (*copy.contacts.keys().next().unwrap(), *copy.contacts.keys().nth(5).unwrap());
    let path = format!("/api/v1/contacts/{edited}");
    send(&server, Method::PATCH, &path, Some(json!({ "company": "Acme Ltd" }))).await;
    let action = send(&server, Method::DELETE, &format!("/api/v1/contacts/{deleted}"), None).await;
    let (saved, gone) = copy.update().await;
    assert_eq!((saved.len(), gone), (251, vec![deleted]));
    assert_eq!(copy.contacts[&edited]["company"], "Acme Ltd");
    assert_eq!(copy.contacts, copy.listed().await);

    send(&server, Method::POST, &format!("/api/v1/actions/{}/undo", action["action"]), None).await;
    assert_eq!(copy.update().await, (vec![deleted], vec![]));
    let undone = send(&server, Method::POST, &format!("/api/v1/jobs/{job}/undo-import"), None).await;
    assert_eq!(undone["removed"], 250);
    copy.limit = 7;
    assert_eq!(copy.update().await.1.len(), 250);
    assert_eq!(copy.contacts, copy.listed().await);

    let email = json!({ "email": "p3@example.com" });
    send(&server, Method::POST, "/api/v1/people/forget", Some(email)).await;
    assert_eq!(copy.update().await.1.len(), 1);
    assert_eq!(copy.contacts, copy.listed().await);
}

async fn connected(world: &World) -> PgConnection {
    PgConnection::connect(&world.variable("DATABASE_URL")).await.unwrap()
}

/// Adds a contact as another program does.
async fn add(connection: &mut PgConnection, owner: &str, email: &str) -> i64 {
    let insert = "INSERT INTO contacts (staging_id, contacts_user_id, contact_email, contact_first_name, contact_last_name,
                contact_company)
         VALUES (0, $1, $2, 'Ann', 'Lee', 'Acme') RETURNING contact_id";
    sqlx::query_scalar(insert).bind(owner).bind(email).fetch_one(connection).await.unwrap()
}

#[tokio::test]
async fn a_transaction_that_commits_late_is_not_missed_and_delays_nobody() {
    let server = serving().await;
    let world = &server.world;
    let mut copy = Copy::of(&server);
    copy.update().await;
    let [mut one, mut two, mut three, mut four] =
        [connected(world).await, connected(world).await, connected(world).await, connected(world).await];
    let (mut late, mut later) = (one.begin().await.unwrap(), two.begin().await.unwrap());
    let first = add(&mut late, "tester", "late@example.com").await;
    let second = add(&mut later, "tester", "later@example.com").await;
    let mut others = three.begin().await.unwrap();
    add(&mut others, "other", "others@example.com").await;

    // The transaction that began last commits first.
    let quick = add(&mut four, "tester", "quick@example.com").await;
    assert_eq!(copy.update().await, (vec![quick], vec![]));
    later.commit().await.unwrap();
    assert_eq!(copy.update().await, (vec![second], vec![]));
    late.commit().await.unwrap();
    assert_eq!(copy.update().await, (vec![first], vec![]));
    others.commit().await.unwrap();
    assert_eq!(copy.update().await, (vec![], vec![]));
    assert_eq!(copy.contacts, copy.listed().await);
}

#[tokio::test]
async fn changes_during_the_first_listing_and_between_pages_arrive() {
    let server = serving().await;
    import(&server, "first.csv", &rows(0..30)).await;
    let mut late = server.world.pool.begin().await.unwrap();
    let below = add(&mut late, "tester", "below@example.com").await;
    import(&server, "second.csv", &rows(30..60)).await;
    let (_, page) = server.get("/api/v1/contacts/changes?limit=50").await;
    assert_eq!(page["items"].as_array().unwrap().len(), 50);
    // Both are among the contacts that were already listed.
    let changed = page["items"][0]["contact"]["id"].as_i64().unwrap();
    late.commit().await.unwrap();
    send(&server, Method::PATCH, &format!("/api/v1/contacts/{changed}"), Some(json!({ "last_name": "Day" })))
        .await;
    let mut copy = Copy::of(&server);
    for item in page["items"].as_array().unwrap() {
        copy.contacts.insert(item["contact"]["id"].as_i64().unwrap(), item["contact"].clone());
    }
    (copy.next, copy.limit) = (page["next"].as_str().map(str::to_owned), 3);
    copy.update().await;
    copy.update().await;
    assert_eq!(copy.contacts[&below]["email"], "below@example.com");
    assert_eq!(copy.contacts[&changed]["last_name"], "Day");
    assert_eq!(copy.contacts, copy.listed().await);
}

#[tokio::test]
async fn a_deletion_that_is_undone_by_an_older_transaction_leaves_the_contact() {
    let server = serving().await;
    let mut database = connected(&server.world).await;
    let id = add(&mut database, "tester", "back@example.com").await;
    let mut copy = Copy::of(&server);
    copy.update().await;
    // This transaction gets its number before that of the deletion, and creates the contact again after it.
    let mut older = server.world.pool.begin().await.unwrap();
    add(&mut older, "tester", "first@example.com").await;
    sqlx::query("DELETE FROM contacts WHERE contact_id = $1").bind(id).execute(&mut database).await.unwrap();
    let again =
        "INSERT INTO contacts (contact_id, staging_id, contacts_user_id, contact_email, contact_first_name,
                contact_last_name, contact_company)
         VALUES ($1, 0, 'tester', 'back@example.com', 'Ann', 'Lee', 'Acme')";
    sqlx::query(again).bind(id).execute(&mut *older).await.unwrap();
    older.commit().await.unwrap();
    copy.update().await;
    assert_eq!(copy.contacts, copy.listed().await);
    assert!(copy.contacts.contains_key(&id));
}

#[tokio::test]
async fn an_import_takes_few_entries_and_is_read_by_the_index() {
    const CONTACTS: i64 = 30_000;
    let server = serving().await;
    import(&server, "large.csv", &rows(0..CONTACTS as u32)).await;
    let pool = &server.world.pool;
    let entries: i64 = sqlx::query_scalar("SELECT count(*) FROM contact_log").fetch_one(pool).await.unwrap();
    assert!((1..=CONTACTS / 100).contains(&entries), "{entries} entries");
    let refused = server.get("/api/v1/contacts/changes?since=abc").await;
    assert_eq!((refused.0, &refused.1["errors"][0]["parameter"]), (422, &json!("since")));
    // "seen" by a snapshot that this database does not reach.
    let future = "c2VlbiAxOjkwMDAwMDAwMDAwOg";
    assert_eq!(server.get(&format!("/api/v1/contacts/changes?since={future}")).await.0, 409);
    // "seen" by the snapshot before everything: each contact comes once, in pages of bounded size.
    let mut copy = Copy::of(&server);
    (copy.next, copy.limit) = (Some("c2VlbiAxOjE6".to_owned()), 1_000);
    let (saved, _) = copy.update().await;
    assert_eq!((saved.len() as i64, copy.contacts.len() as i64), (CONTACTS, CONTACTS));
}

#[tokio::test]
async fn the_key_of_another_programs_contact_is_no_change_of_it() {
    let server = serving().await;
    let mut database = connected(&server.world).await;
    let id = add(&mut database, "tester", "keyless@example.com").await;
    let mut copy = Copy::of(&server);
    copy.update().await;
    import(&server, "first.csv", &rows(0..1)).await;
    let has_key = "SELECT contact_key IS NOT NULL FROM contacts WHERE contact_id = $1";
    let has_key: bool = sqlx::query_scalar(has_key).bind(id).fetch_one(&mut database).await.unwrap();
    assert!(has_key);
    let (saved, deleted) = copy.update().await;
    assert!(saved.len() == 1 && saved[0] != id && deleted.is_empty(), "{saved:?}");
    // An edit of such a contact fills its key too.
    let id = add(&mut database, "tester", "edited@example.com").await;
    copy.update().await;
    send(&server, Method::PATCH, &format!("/api/v1/contacts/{id}"), Some(json!({ "company": "Acme Ltd" })))
        .await;
    assert_eq!(copy.update().await, (vec![id], vec![]));
}

#[tokio::test]
async fn a_session_that_has_changed_one_contact_changes_many_in_linear_time() {
    let world = World::database().await;
    let mut connection = connected(&world).await;
    let add = "INSERT INTO contacts (staging_id, contacts_user_id, contact_email, contact_first_name, contact_last_name,
             contact_company)
         SELECT n, 'ann', n || '@example.com', 'Ann', 'Lee', 'Acme' FROM generate_series(1, 20000) AS n";
    sqlx::raw_sql(add).execute(&mut connection).await.unwrap();
    // The plan of the trigger's statement is made here, for one contact.
    let one = "UPDATE contacts SET contact_company = 'One' WHERE staging_id = 1";
    sqlx::raw_sql(one).execute(&mut connection).await.unwrap();
    // A comparison of all contacts with each other takes more than a minute.
    sqlx::raw_sql("SET statement_timeout = '30s'").execute(&mut connection).await.unwrap();
    let many = "UPDATE contacts SET contact_company = 'Many'";
    assert_eq!(sqlx::raw_sql(many).execute(&mut connection).await.unwrap().rows_affected(), 20_000);
    let logged: i64 = sqlx::query_scalar("SELECT count(*) FROM contact_log WHERE log_first = log_last")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(logged, 20_001);
}
