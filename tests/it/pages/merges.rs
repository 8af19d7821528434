//! Merges of rows whose values are chosen on the page of the case.

use reqwest::{Method, StatusCode};

use super::{server, uploaded};
use crate::support::{Look, Screen, Server};

const TWINS: &str =
    "dup@example.com,Ann,Lee,Acme\ndup@example.com,Anna,Leigh,Acme\ndup@example.com,,Leigh,Acme\n";
const DOWN: &str = "\u{e015}";

/// Returns the first and the last name of the first row.
async fn names(server: &Server) -> (String, String) {
    let query = "SELECT staging_first_name, staging_last_name FROM staging WHERE staging_job_id = 2
         ORDER BY staging_id LIMIT 1";
    sqlx::query_as(query).fetch_one(&server.world.pool).await.unwrap()
}

#[tokio::test]
async fn the_values_of_a_merged_row_are_chosen_by_keyboard() {
    let server = server().await;
    uploaded(&server, "twins.csv", TWINS).await;
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/jobs/2/review/duplicate").await;
    // Only values that differ can be chosen, and the first that is not empty is.
    assert_eq!(screen.count(".case input[type=radio]").await, 6);
    assert_eq!(screen.count(".case input[type=radio]:checked").await, 2);
    assert_eq!(screen.accessibility_violations().await, Vec::<String>::new());
    screen.press("c").await;
    screen.find("input[name='from: first_name']:focus:checked").await;
    screen.press(DOWN).await;
    screen.find("td:nth-of-type(2) input[name='from: first_name']:focus:checked").await;
    screen.press("c").await;
    screen.find("td:nth-of-type(1) input[name='from: last_name']:focus:checked").await;
    screen.press("c").await;
    screen.find("td:nth-of-type(2) input[name='from: first_name']:focus:checked").await;
    // Enter in a radio button merges, and does not press the first button of the form.
    screen.press(super::ENTER).await;
    screen.sees(".case.decided", "Merged").await;
    assert_eq!(names(&server).await, ("Anna".to_owned(), "Lee".to_owned()));
    screen.press("u").await;
    screen.find(".case.open").await;
    assert_eq!(names(&server).await, ("Ann".to_owned(), "Lee".to_owned()));
    screen.press("m").await;
    screen.sees(".case.decided", "Merged").await;
    assert_eq!(names(&server).await, ("Ann".to_owned(), "Lee".to_owned()));
    screen.close().await;
}

#[tokio::test]
async fn the_values_of_a_merged_row_are_chosen_without_scripts() {
    let server = server().await;
    uploaded(&server, "twins.csv", TWINS).await;
    let mut browser = server.browser().await;
    let url = format!("{}/jobs/2/issues/1", server.url);
    let broken = [("decision", "merge"), ("from: last_name", "x")];
    let broken = browser.request(Method::POST, &url, &broken).await;
    assert_eq!(broken.status(), StatusCode::BAD_REQUEST);
    let form = [("decision", "merge"), ("from: first_name", "4"), ("from: last_name", "5")];
    let merged = browser.request(Method::POST, &url, &form).await;
    assert_eq!(merged.status(), StatusCode::SEE_OTHER);
    assert_eq!(names(&server).await, ("Anna".to_owned(), "Leigh".to_owned()));
}
