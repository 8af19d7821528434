//! Contacts are deleted, one or all that match, and restored by an undo. No run brings a deleted contact back.

mod faces;

use std::time::{Duration, Instant};

use ingest::actions::{self, ActionError, Request};
use ingest::domain::contact_filter::ContactFilter;
use ingest::domain::decision::{Edits, Field};
use ingest::domain::ids::{ActionId, ContactId};
use ingest::domain::job::{JobId, Owner};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use crate::support::{Server, World, status_and_json};

const HEADER: &str = "email,first_name,last_name,company,Phone\n";
const ROWS: &str =
    "ann@example.com,Ann,Lee,Acme,1\nbob@example.com,Bob,Ray,Acme,\njoann@example.com,Jo,Ann,Other,3\n";

/// The time limit of a preview, deletion and undo of 120,000 contacts, which take seconds.
const LONGEST: Duration = Duration::from_secs(60);

async fn number(world: &World, query: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(query.to_owned())).fetch_one(&world.pool).await.unwrap()
}

/// Returns all contacts of all owners, with all columns.
async fn whole(world: &World) -> Vec<String> {
    let query = "SELECT to_jsonb(c)::text FROM contacts AS c ORDER BY contact_id";
    sqlx::query_scalar(query).fetch_all(&world.pool).await.unwrap()
}

fn request(owner: &str) -> Request {
    Request { owner: Owner(owner.to_owned()), actor: "a test".to_owned(), idempotency: None }
}

async fn import(world: &World, name: &str, rows: &str, owner: &str) {
    let file = world.file(name, &format!("{HEADER}{rows}"));
    world.ingest(&["import", &file, "--owner", owner]).await.expect_status(0);
}

/// Returns a world in which two owners have the same contacts.
async fn two_owners() -> World {
    let world = World::database().await;
    import(&world, "a.csv", ROWS, "tester").await;
    import(&world, "b.csv", ROWS, "other").await;
    world
}

async fn post(server: &Server, path: &str, body: Value) -> (u16, Value) {
    status_and_json(server.send(Method::POST, path, Some(body), &[]).await).await
}

#[tokio::test]
async fn one_contact_is_deleted_as_it_was_seen_and_restored_whole() {
    let server = Server::start(two_owners().await).await;
    let world = &server.world;
    let before = whole(world).await;
    let contact = server.send(Method::GET, "/api/v1/contacts/1", None, &[]).await;
    let seen = contact.headers()["etag"].to_str().unwrap().to_owned();
    let delete = async |headers: &[(&str, &str)]| {
        status_and_json(server.send(Method::DELETE, "/api/v1/contacts/1", None, headers).await).await
    };
    assert_eq!(delete(&[]).await.0, 428);
    let edits = Edits::of(Field::Company, "Beta");
    actions::edit_contact(&world.owners, &request("tester"), ContactId(1), &edits, None).await.unwrap();
    assert_eq!(delete(&[("if-match", &seen)]).await.0, 412);
    let back = Edits::of(Field::Company, "Acme");
    actions::edit_contact(&world.owners, &request("tester"), ContactId(1), &back, None).await.unwrap();
    assert_eq!(whole(world).await, before);

    let headers = [("if-match", seen.as_str()), ("idempotency-key", "a")];
    let (status, done) = delete(&headers).await;
    assert_eq!((status, &done["deleted"]), (200, &json!(1)), "{done}");
    assert_eq!(whole(world).await, before[1..]);
    assert_eq!(delete(&headers).await, (200, done.clone()), "the same request again");
    let (status, gone) = server.get("/api/v1/contacts/1").await;
    let words = format!("contact 1 was deleted; undo action {} to restore it", done["action"]);
    assert_eq!((status, &gone["detail"]), (404, &json!(words)));
    let (status, gone) = delete(&[("if-match", "*")]).await;
    assert!(status == 404 && gone["detail"].as_str().unwrap().contains("was deleted"), "{gone}");
    let (status, never) = server.get("/api/v1/contacts/99").await;
    assert_eq!((status, &never["detail"]), (404, &json!("there is no contact 99")));
    let (_, audit) = server.get("/api/v1/actions").await;
    assert_eq!(audit["items"][0]["kind"], "DELETE_CONTACTS");
    assert_eq!(audit["items"][0]["request"], json!({ "filter": { "contacts": [1] } }));

    let undo = format!("/api/v1/actions/{}/undo", done["action"]);
    let (status, undone) = post(&server, &undo, json!(null)).await;
    assert_eq!((status, &undone["contacts"]["restored"]), (200, &json!(1)), "{undone}");
    assert_eq!(whole(world).await, before);
    assert_eq!(number(world, "SELECT count(*) FROM deleted_contacts").await, 0);
    assert_eq!(post(&server, &undo, json!(null)).await.0, 409, "it is undone");
    let undo = format!("/api/v1/actions/{}/undo", undone["action"]);
    let (status, refused) = post(&server, &undo, json!(null)).await;
    let words = refused["detail"].as_str().unwrap();
    assert!(status == 409 && words.contains("restored deleted contacts and cannot be undone"), "{words}");
    let history = number(world, "SELECT count(*) FROM contact_changes WHERE change_contact_id = 1").await;
    assert_eq!(history, 2);
}

#[tokio::test]
async fn all_that_match_are_deleted_if_they_are_as_many_as_previewed() {
    let server = Server::start(two_owners().await).await;
    let world = &server.world;
    let before = whole(world).await;
    const DELETE: &str = "/api/v1/contacts/delete";
    for (body, pointer) in [
        (json!({ "filter": {}, "expected": 3 }), "#/filter"),
        (json!({ "filter": { "text": " " }, "expected": 3 }), "#/filter"),
        (json!({ "filter": { "text": "ann", "all": true }, "dry_run": true }), "#/filter"),
        (json!({ "filter": { "text": "ann" } }), "#/expected"),
    ] {
        let (status, refused) = post(&server, DELETE, body).await;
        assert_eq!((status, &refused["errors"][0]["pointer"]), (422, &json!(pointer)), "{refused}");
    }
    for (filter, ids) in [
        (json!({ "text": "ANN" }), vec![3, 1]),
        (json!({ "text": "lee acme" }), vec![1]),
        // A complete address finds its contact alone, as in a search.
        (json!({ "text": "ann@example.com" }), vec![1]),
        (json!({ "text": "@example.com" }), vec![3, 2, 1]),
        (json!({ "text": "3", "job": 1 }), vec![3]),
        (json!({ "job": 1 }), vec![3, 2, 1]),
        (json!({ "contacts": [2, 1], "text": "bob" }), vec![2]),
        (json!({ "contacts": [] }), vec![]),
        (json!({ "text": "nobody" }), vec![]),
        (json!({ "all": true }), vec![3, 2, 1]),
    ] {
        let (status, preview) = post(&server, DELETE, json!({ "filter": filter, "dry_run": true })).await;
        let examples = preview["examples"].as_array().unwrap();
        let found: Vec<i64> = examples.iter().map(|contact| contact["id"].as_i64().unwrap()).collect();
        assert_eq!(
            (status, preview["count"].as_u64(), &found),
            (200, Some(ids.len() as u64), &ids),
            "{filter}"
        );
    }
    for filter in [json!({ "job": 2 }), json!({ "contacts": [1, 4] })] {
        let (status, _) = post(&server, DELETE, json!({ "filter": filter, "dry_run": true })).await;
        assert_eq!(status, 404, "{filter}");
    }
    assert_eq!(whole(world).await, before);

    let (status, stale) = post(&server, DELETE, json!({ "filter": { "text": "ann" }, "expected": 3 })).await;
    let words = stale["detail"].as_str().unwrap();
    assert!(
        status == 412 && words.contains("number of selected contacts is 2 now and was 3 in the preview"),
        "{words}"
    );
    assert_eq!(whole(world).await, before);
    let (_, audit) = server.get("/api/v1/actions?limit=1").await;
    assert_eq!(audit["items"][0]["kind"], "UPLOAD", "what is refused is not recorded");

    let (status, done) = post(&server, DELETE, json!({ "filter": { "text": "ann" }, "expected": 2 })).await;
    assert_eq!((status, &done["count"], &done["examples"]), (200, &json!(2), &json!([])), "{done}");
    assert_eq!(world.contacts("tester").await, ["bob@example.com|Bob|Ray|Acme"]);
    assert_eq!(whole(world).await, [&before[1..2], &before[3..]].concat(), "others keep theirs");
    let (_, undone) = post(&server, &format!("/api/v1/actions/{}/undo", done["action"]), json!(null)).await;
    assert_eq!(undone["contacts"]["restored"], 2, "{undone}");
    assert_eq!(whole(world).await, before);
    // Nobody undoes the actions of others.
    let (status, _) =
        post(&server, "/api/v1/contacts/delete", json!({ "filter": { "all": true }, "expected": 3 })).await;
    assert_eq!(status, 200);
    let last = ActionId(number(world, "SELECT max(action_id) FROM actions").await);
    let foreign = actions::undo(&world.owners, &request("other"), last).await;
    assert!(matches!(foreign, Err(ActionError::NoAction(_))), "{foreign:?}");
    assert_eq!(whole(world).await, before[3..]);
}

#[tokio::test]
async fn contacts_are_deleted_and_restored_in_parts() {
    let world = World::database().await;
    let rows: String =
        (0..120_000).map(|row| format!("p{row}@example.com,Ann,Lee{row},Acme,{row}\n")).collect();
    import(&world, "large.csv", &rows, "tester").await;
    import(&world, "small.csv", "x@example.com,Ann,Ray,Acme,\n", "tester").await;
    import(&world, "other.csv", ROWS, "other").await;
    let before = whole(&world).await;
    // Statistics of one deleted contact.
    let one = actions::delete_contact(&world.owners, &request("tester"), ContactId(1), None).await.unwrap();
    sqlx::raw_sql("ANALYZE deleted_contacts").execute(&world.pool).await.unwrap();
    actions::undo(&world.owners, &request("tester"), one.action.unwrap()).await.unwrap();
    let owner = Owner("tester".to_owned());
    let of_job = |job| ContactFilter { job: Some(JobId(job)), ..ContactFilter::default() };
    for (filter, count) in [
        (of_job(1), 120_000),
        (of_job(2), 1),
        (ContactFilter::text("lee 7@"), 12_000),
        (ContactFilter { all: true, ..ContactFilter::default() }, 120_001),
    ] {
        let start = Instant::now();
        let preview = actions::preview_deletion(&world.owners, &owner, &filter).await.unwrap();
        assert_eq!((preview.count, preview.examples.len()), (count, count.min(10) as usize), "{filter:?}");
        let deleted =
            actions::delete_contacts(&world.owners, &request("tester"), &filter, Some(count)).await.unwrap();
        assert_eq!(deleted.deleted, count, "{filter:?}");
        assert_eq!(number(&world, "SELECT count(*) FROM contacts").await, 120_004 - count);
        let action = deleted.action.unwrap();
        let undone = actions::undo(&world.owners, &request("tester"), action).await.unwrap();
        println!("{count} contacts deleted and restored in {:?}", start.elapsed());
        assert_eq!(undone.contacts.unwrap().restored, count);
        assert!(start.elapsed() < LONGEST, "{filter:?}: {:?}", start.elapsed());
        assert!(whole(&world).await == before, "{filter:?}");
    }
}

#[tokio::test]
async fn an_undo_skips_contacts_whose_address_another_has() {
    let world = two_owners().await;
    let before = whole(&world).await;
    let deleted = world.ingest(&["delete-contacts", "--all", "--yes"]).await;
    deleted.expect_status(0);
    import(&world, "again.csv", "ANN@example.com,New,Lee,Acme,\n", "tester").await;
    let action =
        number(&world, "SELECT max(action_id) FROM actions WHERE action_kind = 'DELETE_CONTACTS'").await;
    let undone = world.ingest(&["undo", &action.to_string()]).await;
    undone.expect_status(0);
    assert_eq!(
        undone.stderr.trim(),
        "restored 2 contacts\nskipped 1 contact whose e-mail another contact has now: 1"
    );
    let now = whole(&world).await;
    assert_eq!(now[..5], before[1..]);
    // Nothing is left to restore until the address is free.
    let again = world.ingest(&["undo", &action.to_string()]).await;
    again.expect_status(0);
    assert!(again.stderr.starts_with("restored 0 contacts\nskipped 1 contact whose"), "{}", again.stderr);
    world.ingest(&["delete-contacts", "--text", "ann@example.com", "--yes"]).await.expect_status(0);
    world.ingest(&["undo", &action.to_string()]).await.expect_status(0);
    assert_eq!(whole(&world).await, before);
    let undone_by = format!("SELECT count(action_undone_by) FROM actions WHERE action_id = {action}");
    assert_eq!(number(&world, &undone_by).await, 1);
}

#[tokio::test]
async fn no_run_brings_a_deleted_contact_back() {
    let world = World::database().await;
    import(&world, "a.csv", ROWS, "tester").await;
    let before = whole(&world).await;
    world.ingest(&["delete-contacts", "1", "--yes"]).await.expect_status(0);
    world.ingest(&["reprocess", "1"]).await;
    assert_eq!(whole(&world).await, before[1..]);
    world.ingest(&["undo", "--yes", "--import", "1"]).await.expect_status(0);
    assert_eq!(world.contacts("tester").await, Vec::<String>::new());
    assert_eq!(world.statuses(1).await, "1 SUCCESS, 2 READY, 3 READY");
    world.ingest(&["reprocess", "1"]).await.expect_status(0);
    let both = ["bob@example.com|Bob|Ray|Acme", "joann@example.com|Jo|Ann|Other"];
    assert_eq!(world.contacts("tester").await, both);
    assert!(world.job(1).await.starts_with("COMPLETED total 3"), "{}", world.job(1).await);
    // Not even if the job has no other contact.
    world.ingest(&["delete-contacts", "--job", "1", "--yes"]).await.expect_status(0);
    let reopened = "UPDATE jobs SET job_status = 'NEEDS_REVIEW'";
    sqlx::raw_sql(reopened).execute(&world.pool).await.unwrap();
    world.ingest(&["reprocess", "1"]).await.expect_status(0);
    assert_eq!(world.contacts("tester").await, Vec::<String>::new());
    assert_eq!(world.statuses(1).await, "1 SUCCESS, 2 SUCCESS, 3 SUCCESS");
    // The undo of a deletion does.
    for action in number(&world, "SELECT min(action_id) FROM actions WHERE action_kind = 'DELETE_CONTACTS'")
        .await..=number(&world, "SELECT max(action_id) FROM actions").await
    {
        world.ingest(&["undo", &action.to_string()]).await;
    }
    assert_eq!(world.contacts("tester").await.len(), 3);
}

#[tokio::test]
async fn contacts_of_other_programs_get_keys_before_they_are_deleted() {
    let world = World::database().await;
    world.ingest(&["migrate"]).await.expect_status(0);
    let insert = "INSERT INTO contacts (staging_id, contacts_user_id, contact_email, contact_first_name,
            contact_last_name, contact_company) VALUES (0, 'tester', 'ann@example.com', 'Ann', 'Lee', 'Acme')";
    sqlx::raw_sql(insert).execute(&world.pool).await.unwrap();
    world.ingest(&["delete-contacts", "--all", "--yes"]).await.expect_status(0);
    sqlx::raw_sql(insert).execute(&world.pool).await.unwrap();
    let undone = world.ingest(&["undo", "1"]).await;
    assert!(undone.stderr.contains("skipped 1 contact whose e-mail"), "{}", undone.stderr);
    assert_eq!(world.contacts("tester").await.len(), 1);
}

#[tokio::test]
async fn retention_removes_the_values_of_deleted_contacts() {
    let world = World::database().await;
    let rows: String = (0..12_000).map(|row| format!("p{row}@example.com,Ann,Lee,Acme,{row}\n")).collect();
    import(&world, "a.csv", &rows, "tester").await;
    world.ingest(&["delete-contacts", "--text", "Lee", "--yes"]).await.expect_status(0);
    let old = number(&world, "SELECT max(action_id) FROM actions").await;
    let age = "UPDATE actions SET action_at = now() - interval '40 days'";
    sqlx::raw_sql(age).execute(&world.pool).await.unwrap();
    import(&world, "b.csv", "young@example.com,Ann,Lee,Acme,\n", "tester").await;
    world.ingest(&["delete-contacts", "--all", "--yes"]).await.expect_status(0);
    let world = world.with(&[("AUDIT_RETENTION_DAYS", "30")]);
    let dry = world.ingest(&["retention", "--dry-run"]).await;
    assert!(dry.stderr.contains(", the values of 12000 deleted contacts;"), "{}", dry.stderr);
    let with_values = "SELECT count(deleted_email) FROM deleted_contacts";
    assert_eq!(number(&world, with_values).await, 12_001);
    let done = world.ingest(&["retention"]).await;
    done.expect_status(0);
    assert!(done.stderr.contains(", the values of 12000 deleted contacts"), "{}", done.stderr);
    assert_eq!(number(&world, with_values).await, 1);
    assert_eq!(number(&world, "SELECT count(*) FROM deleted_contacts").await, 12_001);
    let left = "SELECT count(*) FROM deleted_contacts
         WHERE deleted_email IS NULL AND num_nonnulls(deleted_key, deleted_extra, deleted_action_id) > 0";
    assert_eq!(number(&world, left).await, 0);
    assert_eq!(number(&world, &format!("SELECT count(*) FROM actions WHERE action_id <= {old}")).await, 0);
    let undone = world.ingest(&["undo", &old.to_string()]).await;
    assert!(undone.stderr.contains("there is no action"), "{}", undone.stderr);
    // No run creates them again.
    sqlx::raw_sql("UPDATE jobs SET job_status = 'NEEDS_REVIEW'").execute(&world.pool).await.unwrap();
    world.ingest(&["reprocess", "1"]).await.expect_status(0);
    assert_eq!(world.contacts("tester").await, Vec::<String>::new());
    let last =
        number(&world, "SELECT max(action_id) FROM actions WHERE action_kind = 'DELETE_CONTACTS'").await;
    world.ingest(&["undo", &last.to_string()]).await.expect_status(0);
    assert_eq!(world.contacts("tester").await, ["young@example.com|Ann|Lee|Acme"]);
}

#[tokio::test]
async fn an_erased_person_is_not_restored_and_the_others_are() {
    let world = two_owners().await;
    let before = whole(&world).await;
    // With another address since, and named by another contact.
    let edits = Edits::of(Field::Email, "smith@example.com");
    actions::edit_contact(&world.owners, &request("tester"), ContactId(1), &edits, None).await.unwrap();
    let names = Edits::of(Field::Company, "c/o ann@example.com");
    actions::edit_contact(&world.owners, &request("tester"), ContactId(2), &names, None).await.unwrap();
    world.ingest(&["delete-contacts", "--text", "ann", "--yes"]).await.expect_status(0);
    let action = number(&world, "SELECT max(action_id) FROM actions").await;
    let known = world.ingest(&["about", "ann@example.com"]).await;
    let known: Value = serde_json::from_str(&known.stdout).unwrap();
    let deleted = known["deleted_contacts"].as_array().unwrap();
    assert_eq!((deleted.len(), &deleted[0]["email"]), (1, &json!("smith@example.com")), "{known:#}");
    assert_eq!((&deleted[0]["extra"]["Phone"], &deleted[0]["action"]), (&json!("1"), &json!(action)));

    let dry = world.ingest(&["forget", "ann@example.com", "--dry-run"]).await;
    assert!(
        dry.stderr.contains("1 deleted contact, ") && !dry.stderr.contains("would erase 1 contact,"),
        "{}",
        dry.stderr
    );
    world.ingest(&["forget", "ann@example.com", "--yes"]).await.expect_status(0);
    let emptied = actions::delete_contact(&world.owners, &request("tester"), ContactId(1), None).await;
    assert_eq!(emptied.unwrap_err().to_string(), "contact 1 was deleted", "no undo restores it");
    let undone = world.ingest(&["undo", &action.to_string()]).await;
    assert_eq!(undone.stderr.trim(), "restored 2 contacts\nskipped 1 contact whose values were removed");
    assert_eq!(
        world.contacts("tester").await,
        ["bob@example.com|Bob|Ray|", "joann@example.com|Jo|Ann|Other"]
    );
    assert_eq!(whole(&world).await[2..], before[3..], "others keep theirs");
    let request = format!(
        "SELECT (action_request #> '{{filter,text}}' IS NULL)::int::bigint FROM actions WHERE action_id = {action}"
    );
    assert_eq!(number(&world, &request).await, 1);
}
