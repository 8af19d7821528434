//! Contacts are deleted and restored on the command line and on pages.

use reqwest::StatusCode;

use super::*;
use crate::auth::{sign_in, with_provider};
use crate::support::Browser;

#[tokio::test]
async fn the_command_line_previews_confirms_and_says_how_to_undo() {
    let world = two_owners().await;
    let before = whole(&world).await;
    for (arguments, status, words) in [
        (vec![], 2, "required"),
        (vec!["--all", "--text", "ann"], 2, "cannot be used with"),
        (vec!["--text", "ann", "--dry-run"], 0, "would delete 2 contacts; run without --dry-run to delete"),
        (vec!["--text", "ann"], 1, "nobody is there to confirm the deletion of 2 contacts; add --yes"),
        (vec!["--text", "nobody", "--yes"], 0, "no contacts match"),
        (vec!["1", "99", "--yes"], 1, "there is no contact 99\nlist the contacts with `ingest contacts`"),
        (vec!["--job", "2", "--yes"], 1, "there is no job 2"),
        (vec!["--text", " ", "--yes"], 1, "say which contacts are meant"),
    ] {
        let ended = world.ingest(&[&["delete-contacts"][..], &arguments].concat()).await;
        ended.expect_status(status);
        assert!(ended.stderr.contains(words), "{arguments:?}: {}", ended.stderr);
        assert_eq!(whole(&world).await, before, "{arguments:?}");
        let is_shown = arguments.contains(&"--dry-run");
        assert_eq!(ended.stdout.contains("joann@example.com"), is_shown, "{arguments:?}: {}", ended.stdout);
    }
    let done = world.ingest(&["delete-contacts", "1", "2", "--yes"]).await;
    done.expect_status(0);
    let action = number(&world, "SELECT max(action_id) FROM actions").await;
    assert_eq!(done.stderr.trim(), format!("deleted 2 contacts; undo with `ingest undo {action}`"));
    let again = world.ingest(&["delete-contacts", "1", "--yes"]).await;
    assert!(again.stderr.contains("contact 1 was deleted"), "{}", again.stderr);
    assert!(world.ingest(&["audit"]).await.stdout.contains("DELETE_CONTACTS"));
    let undone = world.ingest(&["undo", &action.to_string()]).await;
    assert_eq!(undone.stderr.trim(), "restored 2 contacts");
    assert_eq!(whole(&world).await, before);
}

/// Opens pages as a browser without scripts does.
struct Visitor<'s> {
    server: &'s Server,
    browser: Browser,
}

impl Visitor<'_> {
    async fn get(&mut self, path: &str) -> (StatusCode, String) {
        let url = format!("{}{path}", self.server.url);
        let answer = self.browser.request_with(Method::GET, &url, &[], &[("accept", "text/html")]).await;
        (answer.status(), answer.text().await.unwrap())
    }

    /// Sends a form, and returns the page or where the response leads to.
    async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> String {
        let url = format!("{}{path}", self.server.url);
        let headers = [("accept", "text/html"), ("sec-fetch-site", "same-origin")];
        let answer = self.browser.request_with(Method::POST, &url, form, &headers).await;
        match answer.headers().get("location") {
            Some(to) => to.to_str().unwrap().to_owned(),
            None => answer.text().await.unwrap(),
        }
    }
}

/// Returns the value of the first hidden input with this name after `start`.
fn hidden<'p>(page: &'p str, start: &str, name: &str) -> &'p str {
    let form = page.split_once(start).unwrap_or_else(|| panic!("no {start} in {page}")).1;
    form.split_once(&format!("name=\"{name}\" value=\"")).unwrap().1.split('"').next().unwrap()
}

#[tokio::test]
async fn selected_contacts_are_previewed_deleted_and_restored() {
    let server = Server::start(two_owners().await).await;
    let world = &server.world;
    let before = whole(world).await;
    let mut ann = Visitor { server: &server, browser: server.browser().await };
    let (_, list) = ann.get("/contacts").await;
    for id in ["1", "2"] {
        assert!(list.contains(&format!("type=\"checkbox\" name=\"contact\" value=\"{id}\"")), "{list}");
    }
    let (status, preview) = ann.get("/contacts/delete?contact=1&contact=2").await;
    assert!(status == StatusCode::OK && preview.contains("Delete the selected contacts?"), "{preview}");
    assert!(preview.contains("<strong>2 contacts</strong>"), "{preview}");
    assert_eq!(hidden(&preview, "action=\"/contacts/delete\"", "expected"), "2");
    assert_eq!(whole(world).await, before);
    // Nothing is deleted that no preview has counted.
    let selected = [("contact", "1"), ("contact", "2")];
    assert_eq!(ann.post("/contacts/delete", &selected).await, "/contacts");
    let refused = ann.post("/contacts/delete", &[&selected[..], &[("expected", "3")]].concat()).await;
    assert!(refused.contains("Delete the selected contacts?"), "{refused}");
    assert_eq!(whole(world).await, before);
    let deleted = ann.post("/contacts/delete", &[&selected[..], &[("expected", "2")]].concat()).await;
    let action = deleted.strip_prefix("/contacts?done=").unwrap_or_else(|| panic!("{deleted}"));
    assert!(ann.get(&deleted).await.1.contains("2 contacts deleted."));
    let (status, gone) = ann.get("/contacts/delete?contact=1").await;
    assert!(status == StatusCode::NOT_FOUND && gone.contains("Contact 1 was deleted."), "{gone}");
    ann.post("/contacts/undo", &[("action", action)]).await;
    assert_eq!(whole(world).await, before);
    // Contacts of other owners cannot be selected.
    let others: i64 =
        sqlx::query_scalar("SELECT contact_id FROM contacts WHERE contacts_user_id <> 'tester' LIMIT 1")
            .fetch_one(&world.pool)
            .await
            .unwrap();
    assert_eq!(ann.get(&format!("/contacts/delete?contact={others}")).await.0, StatusCode::NOT_FOUND);
    assert_eq!(ann.get("/contacts/delete").await.0, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn pages_delete_and_restore_contacts_without_scripts() {
    let server = Server::start(two_owners().await).await;
    let world = &server.world;
    let before = whole(world).await;
    let mut ann = Visitor { server: &server, browser: server.browser().await };
    let (_, page) = ann.get("/contacts/1").await;
    let tag = hidden(&page, "/contacts/1/delete", "tag").to_owned();
    let stale = ann.post("/contacts/1/delete", &[("tag", "old")]).await;
    assert!(stale.contains("Someone else changed this contact"), "{stale}");
    assert_eq!(whole(world).await, before);
    let list = ann.post("/contacts/1/delete", &[("tag", &tag)]).await;
    assert!(list.starts_with("/contacts?done="), "{list}");
    let (_, page) = ann.get(&list).await;
    assert!(page.contains("1 contact deleted.") && !page.contains(">ann@example.com"), "{page}");
    let action = hidden(&page, "/contacts/undo", "action").to_owned();
    let (status, gone) = ann.get("/contacts/1").await;
    let words = format!("Contact 1 was deleted. To restore it, undo action {action} in the audit log.");
    assert!(status == 404 && gone.contains(&words), "{gone}");
    let list = ann.post("/contacts/undo", &[("action", &action)]).await;
    let (_, page) = ann.get(&list).await;
    assert!(page.contains("1 contact restored.") && !page.contains("/contacts/undo"), "{page}");
    assert_eq!(whole(world).await, before);

    let (_, all) = ann.get("/contacts").await;
    assert!(!all.contains("Delete all that match"), "only what a search has found: {all}");
    let (_, found) = ann.get("/contacts?text=ann").await;
    assert!(
        found.contains("action=\"/contacts/delete\"") && found.contains("Delete all that match"),
        "{found}"
    );
    let (_, preview) = ann.get("/contacts/delete?text=ann").await;
    assert!(preview.contains("2 contacts") && preview.contains("joann@example.com"), "{preview}");
    assert!(!preview.contains("bob@example.com"), "{preview}");
    assert_eq!((hidden(&preview, "<form", "text"), hidden(&preview, "<form", "expected")), ("ann", "2"));
    import(world, "more.csv", "anna@example.com,Anna,Lee,Acme,\n", "tester").await;
    let stale = ann.post("/contacts/delete", &[("text", "ann"), ("expected", "2")]).await;
    assert!(stale.contains("number of contacts that match is 3 now and was 2 in the preview"), "{stale}");
    assert_eq!(world.contacts("tester").await.len(), 4);
    let list = ann.post("/contacts/delete", &[("text", "ann"), ("expected", "3")]).await;
    let (_, page) = ann.get(&list).await;
    assert!(page.contains("3 contacts deleted."), "{page}");
    assert_eq!(world.contacts("tester").await, ["bob@example.com|Bob|Ray|Acme"]);
    // From the audit log; another contact has one of the addresses now.
    import(world, "again.csv", "ann@example.com,New,Lee,Acme,\n", "tester").await;
    let (_, audit) = ann.get("/audit").await;
    assert!(audit.contains("deleted 3 contacts"), "{audit}");
    let action = hidden(&audit, "/contacts/undo", "action").to_owned();
    let list = ann.post("/contacts/undo", &[("action", &action)]).await;
    let (_, page) = ann.get(&list).await;
    assert!(page.contains("2 contacts restored. 1 contact was not restored, since another"), "{page}");
    let page = ann.post("/contacts/undo", &[("action", &action)]).await;
    assert!(page.contains("0 contacts restored. 1 contact was not restored"), "{page}");
    let (_, audit) = ann.get("/audit").await;
    assert!(audit.contains("undid an action, 2 contacts restored"), "{audit}");
    assert_eq!(whole(world).await[2..5], before[3..], "others keep theirs");
}

#[tokio::test]
async fn readers_cannot_delete_contacts() {
    let (server, _provider) = with_provider().await;
    import(&server.world, "rob.csv", ROWS, "rob").await;
    let mut rob = Visitor { server: &server, browser: Browser::default() };
    sign_in(&server, &mut rob.browser, "rob", "/contacts").await;
    for path in ["/contacts?text=ann", "/contacts/1", "/audit"] {
        let (status, page) = rob.get(path).await;
        assert!(status == 200 && !page.contains("/delete") && !page.contains("/undo"), "{path}: {page}");
    }
    assert_eq!(rob.get("/contacts/delete?text=ann").await.0, StatusCode::FORBIDDEN);
    for (path, form) in [
        ("/contacts/1/delete", [("tag", "x"), ("x", "")]),
        ("/contacts/delete", [("text", "ann"), ("expected", "2")]),
        ("/contacts/undo", [("action", "1"), ("x", "")]),
    ] {
        assert!(rob.post(path, &form).await.contains("needs the role"), "{path}");
    }
    assert_eq!(server.world.contacts("rob").await.len(), 3);
}
