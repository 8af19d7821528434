//! What pages show before a decision or a file changes anything.

use reqwest::Method;
use serde_json::json;

use super::{ENTER, MESSY, server, uploaded};
use crate::support::{Look, Screen, Server};

/// Downloads the corrections of job 2.
async fn sheet(server: &Server) -> String {
    server.send(Method::GET, "/jobs/2/corrections.csv", None, &[]).await.text().await.unwrap()
}

#[tokio::test]
async fn an_overwrite_is_previewed_beside_the_contacts_as_they_are_now() {
    let server = server().await;
    uploaded(&server, "messy.csv", MESSY).await;
    let screen = Screen::open(&server, Look::DESK).await;
    for (decision, name, is_changed) in [("overwrite", "Old New", true), ("fill", "Old", false)] {
        screen.go("/jobs/2/review/existing").await;
        screen.press("b").await;
        screen.click(&format!("#many button[value={decision}]")).await;
        screen.sees("main", "each contact as it is now and as it will be").await;
        screen.sees("tbody tr:first-child td:nth-child(2)", name).await;
        assert_eq!(screen.count("tbody ins").await > 0, is_changed, "{decision}");
    }
    screen.go("/jobs/2/review/existing").await;
    screen.press("b").await;
    screen.click("#many button[value=overwrite]").await;
    screen.sees("tbody tr:first-child del", "Old Co").await;
    screen.sees("tbody tr:first-child ins", "New Co").await;
    screen.press(ENTER).await;
    screen.sees("#head", "2 of 2 resolved").await;
    screen.close().await;
}

#[tokio::test]
async fn rows_that_are_identical_to_their_contacts_are_offered_to_be_skipped() {
    let server = server().await;
    let rows =
        "old@example.com,Old,Name,Old Co\nOlder@Example.com,Older,Name,New Co\nok@example.com,O,K,Acme\n";
    uploaded(&server, "again.csv", rows).await;
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/jobs/2/review/existing").await;
    screen.sees("form.notice", "1 row below is identical to its contact.").await;
    screen.click("form.notice button").await;
    screen.sees(".effects", "1\nrow is discarded").await;
    screen.sees("tbody", "old@example.com").await;
    screen.press(ENTER).await;
    screen.sees("#head", "1 of 2 resolved").await;
    assert_eq!(screen.count("form.notice").await, 0);
    screen.close().await;
}

#[tokio::test]
async fn a_file_of_corrections_is_previewed_before_it_is_applied() {
    let server = server().await;
    uploaded(&server, "messy.csv", MESSY).await;
    let corrected = sheet(&server).await.replacen("bob@@example.com", "bob@example.com", 1);
    let file = server.world.file("corrected.csv", &corrected);
    let screen = Screen::open(&server, Look::DESK).await;
    screen.go("/jobs/2").await;
    screen.click("a[href='/jobs/2/corrections']").await;
    screen.find("input[type=file]").await.send_keys(&file).await.unwrap();
    screen.sees("#corrections .effects", "1\nrow gets new values").await;
    screen.sees("#corrections .effects", "1\nissue is resolved").await;
    screen.sees("#corrections ins", "bob@example.com").await;
    let email = "SELECT count(*) FROM staging WHERE staging_job_id = 2 AND staging_email = 'bob@example.com'";
    let count = async || sqlx::query_scalar::<_, i64>(email).fetch_one(&server.world.pool).await.unwrap();
    assert_eq!(count().await, 0);
    screen.click("#corrections button.main").await;
    screen.sees("main", "1 row changed, 1 issue resolved").await;
    assert_eq!(count().await, 1);
    screen.close().await;
}

#[tokio::test]
async fn a_refused_file_of_corrections_says_what_is_wrong_and_where() {
    let server = server().await;
    uploaded(&server, "messy.csv", MESSY).await;
    let good = sheet(&server).await;
    let wide = good.replacen(
        "bob@@example.com\"",
        "bob@example.com\",surplus,surplus,surplus,surplus,surplus,surplus,surplus",
        1,
    );
    let keyless = good.replacen("row_key", "key", 1);
    let screen = Screen::open(&server, Look::DESK).await;
    for (content, reason) in
        [(&wide, "has more cells than the header"), (&keyless, "The header on line 1 has no column row_key")]
    {
        let file = server.world.file("refused.csv", content);
        screen.go("/jobs/2/corrections").await;
        screen.find("input[type=file]").await.send_keys(&file).await.unwrap();
        screen.sees("#corrections [role=alert]", "Nothing was changed.").await;
        screen.sees("#corrections [role=alert]", reason).await;
        assert_eq!(screen.count("#corrections button").await, 0);
        // Without the preview of the script: the page has the form and the same words.
        screen.run("document.querySelector('form[enctype]').requestSubmit()", vec![]).await;
        screen.sees("main [role=alert]", reason).await;
        screen.find("input[type=file]").await;
        screen.sees("main", "messy.csv").await;
        let is_gone = "return document.querySelector('input[type=file]').files.length";
        assert_eq!(screen.run(is_gone, vec![]).await, json!(0));
    }
    screen.close().await;
}
