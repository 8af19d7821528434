//! Notes on the page of a case, in the table of a review and in the audit log.

use reqwest::{Method, StatusCode};

use super::{ENTER, server, uploaded};
use crate::support::{Look, Screen, Server};

const BAD: &str = "bob@@example.com,Bob,Ray,Acme\nnothing,No,One,Acme\n";
const TAB: &str = "\u{e004}";

async fn note(server: &Server, key: &str) -> Option<String> {
    let query = "SELECT issue_resolution_comment FROM issues WHERE issues_job_id = 2 AND issue_key = $1";
    sqlx::query_scalar(query).bind(key).fetch_one(&server.world.pool).await.unwrap()
}

#[tokio::test]
async fn notes_are_left_by_keyboard_alone_and_with_a_decision() {
    let server = server().await;
    uploaded(&server, "bad.csv", BAD).await;
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/jobs/2/review/invalid").await;
    screen.press("w").await;
    screen.find(".case.open .noting textarea:focus").await;
    screen.press("Asked <b>Bob</b>").await;
    screen.press(TAB).await;
    screen.press(ENTER).await;
    screen.sees(".case.open .notice.good", "Note saved.").await;
    assert_eq!(note(&server, "bob@@example.com").await.as_deref(), Some("Asked <b>Bob</b>"));
    assert_eq!(screen.accessibility_violations().await, Vec::<String>::new());
    // The case is still open. A decision leaves the note that is typed, in the same step.
    screen.press("j").await;
    screen.press("w").await;
    screen.press("No such person").await;
    screen.press(super::ESCAPE).await;
    screen.press("d").await;
    screen.sees(".case.decided", "Discarded").await;
    assert_eq!(note(&server, "nothing").await.as_deref(), Some("No such person"));
    screen.go("/jobs/2/grid").await;
    screen.sees("td.kinds a", "✎").await;
    screen.go("/audit").await;
    screen.sees("table.audit .note", "No such person").await;
    screen.sees("table.audit .note", "Asked <b>Bob</b>").await;
    screen.sees("table.audit", "left a note").await;
    assert_eq!(screen.accessibility_violations().await, Vec::<String>::new());
    screen.close().await;
}

#[tokio::test]
async fn notes_are_left_without_scripts_and_an_empty_one_is_removed() {
    let server = server().await;
    uploaded(&server, "bad.csv", BAD).await;
    let mut browser = server.browser().await;
    let url = format!("{}/jobs/2/issues/1", server.url);
    let key: String = sqlx::query_scalar("SELECT issue_key FROM issues WHERE issue_id = 1")
        .fetch_one(&server.world.pool)
        .await
        .unwrap();
    let saved = browser.request(Method::POST, &url, &[("decision", "note"), ("note", "a\r\nb")]).await;
    let page = saved.text().await.unwrap();
    assert!(page.contains("Note saved.") && page.contains("a\nb</textarea>"), "{page}");
    assert_eq!(note(&server, &key).await.as_deref(), Some("a\nb"));
    browser.request(Method::POST, &url, &[("decision", "note"), ("note", " ")]).await;
    assert_eq!(note(&server, &key).await, None);
    let long = "x".repeat(2_001);
    let long = browser.request(Method::POST, &url, &[("decision", "discard"), ("note", &long)]).await;
    assert_eq!(long.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let open = browser.request(Method::GET, &url, &[]).await.text().await.unwrap();
    assert!(open.contains("value=\"discard\""), "nothing was decided: {open}");
}
