//! Cases that are assigned to people: by one key, by a form, and in the filters of the review and its table.

use reqwest::{Method, StatusCode};

use super::{server, uploaded};
use crate::support::{Look, Screen, Server};

const BAD: &str = "bob@@example.com,Bob,Ray,Acme\nnothing,No,One,Acme\n";

async fn assignee(server: &Server, key: &str) -> Option<String> {
    let query = "SELECT issue_assignee FROM issues WHERE issues_job_id = 2 AND issue_key = $1";
    sqlx::query_scalar(query).bind(key).fetch_one(&server.world.pool).await.unwrap()
}

#[tokio::test]
async fn a_case_is_assigned_by_one_key_and_found_by_filters() {
    let server = server().await;
    uploaded(&server, "bad.csv", BAD).await;
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/jobs/2/review/invalid").await;
    screen.sees(".case.open", "bob@@example.com").await;
    screen.press("t").await;
    screen.sees(".case.open .notice.good", "Assigned to tester.").await;
    assert_eq!(assignee(&server, "bob@@example.com").await.as_deref(), Some("tester"));
    assert_eq!(screen.accessibility_violations().await, Vec::<String>::new());
    screen.go("/jobs/2/review/invalid?assigned=me").await;
    assert_eq!(screen.count(".case").await, 1);
    screen.sees(".case.open", "bob@@example.com").await;
    screen.go("/jobs/2/review/invalid?assigned=nobody").await;
    screen.sees(".case.open", "nothing").await;
    assert_eq!(screen.count(".case").await, 1);
    // The same filter in the table, and in a decision about all that match.
    screen.press("v").await;
    screen.sees("#grid", "nothing").await;
    assert_eq!(screen.count("#grid tbody tr[data-row]").await, 1);
    screen.go("/jobs/2/grid?assigned=me").await;
    screen.sees("#grid td.kinds", "Assigned to tester").await;
    screen.go("/jobs/2/review/invalid?assigned=me").await;
    screen.press("b").await;
    screen.sees("#many", "The only open issue that matches").await;
    screen.click("#many input[value=all]").await;
    screen.click("#many button[value=discard]").await;
    screen.sees("ul.effects", "1").await;
    screen.click("form.actions button.main").await;
    screen.sees("#head", "1 of 2 resolved").await;
    screen.go("/audit").await;
    screen.sees("table.audit", "assigned issues").await;
    screen.close().await;
}

#[tokio::test]
async fn a_case_is_assigned_and_left_to_nobody_without_scripts() {
    let server = server().await;
    uploaded(&server, "bad.csv", BAD).await;
    let mut browser = server.browser().await;
    let url = format!("{}/jobs/2/issues/1/assign", server.url);
    let key: String = sqlx::query_scalar("SELECT issue_key FROM issues WHERE issue_id = 1")
        .fetch_one(&server.world.pool)
        .await
        .unwrap();
    let mine = browser.request(Method::POST, &url, &[("to", "nobody"), ("me", "on")]).await;
    assert!(mine.text().await.unwrap().contains("Assigned to tester."));
    assert_eq!(assignee(&server, &key).await.as_deref(), Some("tester"));
    browser.request(Method::POST, &url, &[("to", "nobody")]).await;
    assert_eq!(assignee(&server, &key).await, None);
    let unknown = browser.request(Method::POST, &url, &[("to", "Zoe")]).await;
    assert_eq!(unknown.status(), StatusCode::OK);
    assert!(unknown.text().await.unwrap().contains("Zoe has not worked on this data"));
    assert_eq!(assignee(&server, &key).await, None);
}
