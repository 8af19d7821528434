//! Searches and deletions that ignore accents on request, in the API, on pages and on the command line.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Server, World, free_port, status_and_json};

const ROWS: &str = "email,first_name,last_name,company,City
a@example.com,Ann,MÜLLER,Acme,Köln
b@example.com,Bo,Muller,Acme,
c@example.com,Cid,Straße,Ægir,\"Łódź \"\"Süd\"\"\"
d@example.com,Иван,Ёлкин,Ромашка,
e@example.com,Eve,ὁδός,김철수,
f@example.com,Fay,O\u{308}rn,わが,Nin\u{303}o
";

async fn server() -> Server {
    let world = World::database().await;
    let file = world.file("contacts.csv", ROWS);
    world.ingest(&["import", &file]).await.expect_status(0);
    Server::start_at(world, free_port(), &["serve"]).await
}

/// Returns the first letters of the addresses in a list of contacts.
fn initials(contacts: &Value) -> String {
    let emails = contacts.as_array().unwrap().iter().map(|contact| contact["email"].as_str().unwrap());
    emails.map(|email| &email[..1]).collect()
}

#[tokio::test]
async fn searches_and_deletions_ignore_accents_on_request() {
    let server = server().await;
    for (text, exact, folded) in [
        ("muller", "b", "ba"),
        ("MÜLLER", "a", "ba"),
        ("mu\u{308}ller", "", "ba"),
        ("strasse", "", "c"),
        ("aegir", "", "c"),
        ("lodz", "", "c"),
        ("koln ann", "", "a"),
        ("\"sud\"", "", "c"),
        ("елкин иван", "", "d"),
        ("ΟΔΟΣ", "", "e"),
        // Parts of syllables and other marks than accents still matter.
        ("기", "", ""),
        ("わか", "", ""),
        ("orn nino", "", "f"),
        // Accents alone are no text.
        ("\u{301}", "", "fedcba"),
    ] {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("text", text).finish();
        for (fold_accents, expected) in [(false, exact), (true, folded)] {
            let path = format!("/api/v1/contacts?{query}&fold_accents={fold_accents}");
            assert_eq!(initials(&server.get(&path).await.1["items"]), expected, "{path}");
            let filter = json!({ "text": text, "fold_accents": fold_accents });
            let body = json!({ "filter": filter, "dry_run": true });
            let sent = server.send(Method::POST, "/api/v1/contacts/delete", Some(body), &[]).await;
            match status_and_json(sent).await {
                (200, preview) => assert_eq!(initials(&preview["examples"]), expected, "{filter}"),
                (status, refused) => assert!(status == 422 && text == "\u{301}", "{refused}"),
            }
        }
    }
}

#[tokio::test]
async fn pages_and_commands_pass_the_choice_on() {
    let server = server().await;
    let get = async |path: &str| {
        let request = server.client().get(format!("{}{path}", server.url));
        request.send().await.unwrap().text().await.unwrap()
    };
    assert!(!get("/contacts?text=muller").await.contains("a@example.com"));
    let page = get("/contacts?text=muller&fold_accents=on").await;
    assert!(page.contains("a@example.com") && page.contains("name=\"fold_accents\" checked"), "{page}");
    // The forms for a download and a deletion repeat the search.
    assert_eq!(page.matches("type=\"hidden\" name=\"fold_accents\" value=\"on\"").count(), 2, "{page}");
    let file = get("/contacts/export?text=muller&fold_accents=on&format=jsonl").await;
    assert_eq!(file.lines().count(), 2, "{file}");
    let preview = get("/contacts/delete?text=muller&fold_accents=on").await;
    assert!(
        preview.contains("2 contacts") && preview.contains("text=muller&#38;fold_accents=on"),
        "{preview}"
    );
    assert_eq!(server.get("/api/v1/contacts/export?text=muller&fold_accents=true&format=csv").await.0, 200);

    let world = &server.world;
    let save = ["save", "-", "--format", "jsonl", "--text", "muller"];
    assert_eq!(world.ingest(&save).await.stdout.lines().count(), 1);
    assert_eq!(world.ingest(&[&save[..], &["--fold-accents"]].concat()).await.stdout.lines().count(), 2);
    let delete = ["delete-contacts", "--text", "muller", "--yes"];
    let done = world.ingest(&[&delete[..], &["--fold-accents"]].concat()).await;
    assert!(done.stderr.contains("deleted 2 contacts"), "{}", done.stderr);
    assert_eq!(world.contacts("tester").await.len(), 4);
}
